"""`nsor-server agency focal-person`: operators enter and disable focal persons, as the owner and on the record."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from nsor.cli import screen
from nsor.v1 import options_pb2
from nsor_server import config
from nsor_server.commands import again as again_
from nsor_server.commands import in_force, known_agency
from nsor_server.commands.recording import recording
from nsor_server.directory import focal_persons
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.blind_index import BlindIndex


@click.group("focal-person")
def focal_person() -> None:
    """Add, list and disable focal persons, who enrol an agency's officers.

    An agency needs two, since its deciding officers are enrolled by two. Each change is an entry of the ledger, and an
    event to the agency and to NPB.
    """


@focal_person.command()
@click.argument("agency_id", required=False)
@click.option("--number", help="Personal number, such as PB-1234.")
@click.option(
    "--public-key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The public key in PEM, which `nsor officer new-key FILE` writes to FILE.pub. Compare its id by telephone.",
)
@click.option(
    "--own-number-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The focal person's own CNIC, in the first line of a file; default: asked for, or read from stdin.",
)
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A list of [[focal_person]] entries with agency, number, own_number and public_key_file, instead of one.",
)
def add(
    *,
    agency_id: str | None,
    number: str | None,
    public_key_file: Path | None,
    own_number_file: Path | None,
    file: Path | None,
) -> None:
    """Add one focal person, or all of a file that aren't there yet."""
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    numbers = in_force.policy(settings).forms.numbers[options_pb2.FORMAT_OFFICER_NUMBER]
    forms = focal_persons.Forms(numbers, BlindIndex(keyring))
    if file is not None:
        if agency_id or number or public_key_file or own_number_file:
            raise click.UsageError("Give either --file or one focal person with the options.")
        wanted = focal_persons.read(file, forms)
    else:
        if not (agency_id and number and public_key_file):
            raise click.UsageError("A focal person needs AGENCY_ID, --number and --public-key-file; or give --file.")
        own = _own_number(own_number_file)
        wanted = [focal_persons.checked(forms, agency_id, number, own, public_key_file.read_bytes())]
    with attached(settings) as database, recording(database, settings) as owner:
        added = focal_persons.add(owner, keyring, wanted)
    for person in added if file is None else ():
        screen.echo(f"{person.number} of {person.agency_id}, key {person.key_id.hex()}")
    screen.echo(f"{len(added)} added, {len(wanted) - len(added)} there already.")


@focal_person.command("list")
@click.argument("agency_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def list_(*, agency_id: str | None, as_json: bool) -> None:
    """List the focal persons of AGENCY_ID, or of all agencies; disabled ones too."""
    with attached(config.load(os.environ)) as database, database.owner() as owner:
        if agency_id is not None:
            known_agency.find(owner, agency_id)
        found = focal_persons.find(owner, agency_id)
    if as_json:
        for one in found:
            screen.echo_json(_plain(one))
        return
    table = Table("Agency", "Number", "Entered", "State", "Key")
    for one in found:
        state = "[green]live[/]" if one.disabled_at is None else f"[red]disabled {_day(one.disabled_at)}[/]"
        table.add_row(one.agency_id, escape(one.number), _day(one.entered_at), state, one.key_id.hex())
    screen.console(markup=True).print(table)


@focal_person.command()
@click.argument("agency_id")
@click.option("--number", required=True, help="Personal number, as `list` shows it.")
@again_.OPTION
def disable(*, agency_id: str, number: str, again: str | None) -> None:
    """Disable the key of a focal person: nothing more is decided by it. Whom it has enrolled stays enrolled."""
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    what = f"The key of focal person {number} of {agency_id} will be disabled, for good; a new key may follow."
    again_.typed(number, again, what=what)
    with attached(settings) as database, recording(database, settings) as owner:
        changed = focal_persons.disable(owner, keyring, agency_id, number)
    screen.echo(f"{number} of {agency_id} is disabled." if changed else f"{number} of {agency_id} was disabled before.")


def _own_number(file: Path | None) -> str:
    """From a file, typed unseen at the terminal, or else from stdin: never from the command line."""
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0]
    if sys.stdin.isatty():
        return str(click.prompt("The focal person's own CNIC", hide_input=True, err=True))
    return sys.stdin.readline()


def _day(at: dt.datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d}"


def _plain(one: focal_persons.FocalPerson) -> dict[str, str | None]:
    return {
        "agency_id": one.agency_id,
        "number": one.number,
        "key_id": one.key_id.hex(),
        "entered_at": None if one.entered_at is None else one.entered_at.isoformat(),
        "disabled_at": None if one.disabled_at is None else one.disabled_at.isoformat(),
    }
