"""`nsor-server agency`: operators enter, show, disable and enable agencies, as the owner and on the record."""

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from nsor.cli import screen
from nsor.counting import counted
from nsor.v1 import options_pb2, types_pb2
from nsor_server import config
from nsor_server.calls import Agency
from nsor_server.commands import again as again_
from nsor_server.commands import in_force, known_agency
from nsor_server.commands.focal_person import focal_person
from nsor_server.commands.recording import recording
from nsor_server.directory import agencies, entries, focal_persons, rules
from nsor_server.directory import standing as standings
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import instant
from nsor_server.ledger import activity, operator
from nsor_server.storage.attach import attached, keyring_of


@click.group()
def agency() -> None:
    """Add, list, show, disable and enable agencies. A change is an entry and counts from the next call."""


agency.add_command(focal_person)


@agency.command()
@click.argument("agency_id", required=False)
@click.option("--kind", type=click.Choice(entries.KINDS, case_sensitive=False))
@click.option("--name-en", help="Name in English.")
@click.option("--name-ur", help="Name in Urdu.")
@click.option("--jurisdiction", multiple=True, help="A place such as PK-PB or PK-PB/LHR, or PK; repeatable.")
@click.option(
    "--court-kind",
    "court_kinds",
    type=click.Choice(entries.COURT_KINDS, case_sensitive=False),
    multiple=True,
    help="For a court, which kind of court it is; repeatable.",
)
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of [[agency]] entries, such as certs/agencies.toml, instead of the options.",
)
def add(
    *,
    agency_id: str | None,
    kind: str | None,
    name_en: str | None,
    name_ur: str | None,
    jurisdiction: tuple[str, ...],
    court_kinds: tuple[str, ...],
    file: Path | None,
) -> None:
    """Add one agency, or all of a file that aren't there yet."""
    settings = config.load(os.environ)
    places = in_force.policy(settings).places
    if file is not None:
        if agency_id or kind or name_en or name_ur or jurisdiction or court_kinds:
            raise click.UsageError("Give either --file or one agency with its options.")
        wanted = entries.read(file, places)
    else:
        if not (agency_id and kind and name_en and name_ur and jurisdiction):
            raise click.UsageError(
                "An agency needs its id, --kind, --name-en, --name-ur and --jurisdiction; or give --file."
            )
        one = entries.checked(
            places,
            agency_id=agency_id,
            kind=kind,
            name_en=name_en,
            name_ur=name_ur,
            jurisdiction=jurisdiction,
            court_kinds=court_kinds,
        )
        wanted = [one]
    keyring = keyring_of(settings)
    with attached(settings) as database, recording(database, settings) as owner:
        added = entries.add(owner, keyring, wanted)
    screen.echo(f"{len(added)} added, {len(wanted) - len(added)} there already.")


@agency.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def list_(*, as_json: bool) -> None:
    """List the agencies."""
    with attached(config.load(os.environ)) as database, database.owner() as owner:
        found = agencies.page(owner, after="", limit=known_agency.MOST_AGENCIES)
    if as_json:
        for one in found:
            screen.echo_json(_plain(one))
        return
    table = Table("Agency", "Kind", "Name", "Jurisdiction", "Courts", "State")
    for one in found:
        state = "[green]enabled[/]" if one.enabled else "[red]disabled[/]"
        names, places = f"{one.name_en}\n{one.name_ur}", " ".join(one.jurisdiction)
        table.add_row(one.agency_id, _kind(one), escape(names), escape(places), " ".join(_court_kinds(one)), state)
    screen.console(markup=True).print(table)


@agency.command()
@click.argument("agency_id")
def show(agency_id: str) -> None:
    """Show an agency: its facts, certificates, focal persons, officers and last call."""
    with attached(config.load(os.environ)) as database, database.owner() as owner:
        one = known_agency.find(owner, agency_id)
        standing = standings.of_agencies(owner, [agency_id])[agency_id]
        last = activity.last_calls(owner, [agency_id]).get(agency_id)
        at = operator.now(owner)
        focal = [each.number for each in focal_persons.find(owner, agency_id) if each.disabled_at is None]
    for name, value in _card(one, standing, last, at, focal):
        screen.echo(f"{name:<15}{value}")
    screen.echo(f"\nNext: {_next(one, standing, at, focal)}")


@agency.command()
@click.argument("agency_id")
@again_.OPTION
def disable(agency_id: str, again: str | None) -> None:
    """Disable an agency: it may not call any more, and its open streams end."""
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    with attached(settings) as database:
        with database.owner() as owner:
            one = known_agency.find(owner, agency_id)
        if one.enabled:
            what = f"{one.name_en} ({_kind(one)}, {' '.join(one.jurisdiction)}) will not be able to call any more."
            again_.typed(agency_id, again, what=what)
        with recording(database, settings) as owner:
            changed = entries.disable(owner, keyring, agency_id)
    screen.echo(f"{agency_id} is disabled." if changed else f"{agency_id} was disabled before.")
    screen.echo(f"The way back: nsor-server agency enable {agency_id}", err=True)


@agency.command()
@click.argument("agency_id")
@again_.OPTION
def enable(agency_id: str, again: str | None) -> None:
    """Enable a disabled agency: its certificates and officers count again from the next call on."""
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    with attached(settings) as database:
        with database.owner() as owner:
            one = known_agency.find(owner, agency_id)
            standing = standings.of_agencies(owner, [agency_id])[agency_id]
            valid = len(standing.valid(operator.now(owner)))
        if not one.enabled:
            having = f"{counted(valid, 'certificates')}, {counted(standing.officers, 'officers')}"
            what = f"{one.name_en} will be able to call again: {having}."
            again_.typed(agency_id, again, what=what)
        with recording(database, settings) as owner:
            changed = entries.enable(owner, keyring, agency_id)
    screen.echo(f"{agency_id} is enabled." if changed else f"{agency_id} was enabled before.")


def _next(one: Agency, standing: standings.Standing, at: dt.datetime, focal: Sequence[str]) -> str:
    """What an agency lacks before it can work; of one that lacks nothing, how it is stopped."""
    if not one.enabled:
        return f"nsor-server agency enable {one.agency_id}"
    if len(focal) < rules.FOCAL_PERSONS:
        return f"nsor-server agency focal-person add {one.agency_id} --number PB-1234 --public-key-file FILE.pub"
    if not standing.valid(at):
        return (
            f"at the agency: nsor credentials request {one.agency_id}\n"
            "      on the CA's machine: "
            f"nsor-server pki issue --profile agency --agency {one.agency_id} --csr {one.agency_id}.csr --folder CA"
        )
    return f"nothing is missing. To stop it: nsor-server agency disable {one.agency_id}"


def _card(
    one: Agency, standing: standings.Standing, last_us: int | None, at: dt.datetime, focal: Sequence[str]
) -> list[tuple[str, str]]:
    valid = standing.valid(at)
    revoked = sum(each.revoked for each in standing.certificates)
    certificates = f"{len(valid)} valid, {revoked} revoked, {len(standing.certificates) - len(valid) - revoked} over"
    return [
        ("agency", one.agency_id),
        ("name", one.name_en),
        ("", one.name_ur),
        ("kind", " ".join([_kind(one), *_court_kinds(one)])),
        ("jurisdiction", " ".join(one.jurisdiction)),
        ("state", "enabled" if one.enabled else "disabled"),
        ("certificates", certificates),
        *(("", f"{each.serial} until {each.not_after.astimezone(KARACHI):%Y-%m-%d}") for each in valid),
        ("focal persons", ", ".join(focal) or "none: nsor-server agency focal-person add"),
        ("officers", str(standing.officers)),
        ("last call", "none" if last_us is None else f"{instant(last_us).astimezone(KARACHI):%Y-%m-%d %H:%M:%S} PKT"),
    ]


def _kind(one: Agency) -> str:
    return options_pb2.AgencyKind.Name(one.kind).removeprefix("AGENCY_KIND_")


def _court_kinds(one: Agency) -> list[str]:
    return [types_pb2.CourtKind.Name(court_kind).removeprefix("COURT_KIND_") for court_kind in one.court_kinds]


def _plain(one: Agency) -> dict[str, object]:
    return {
        "agency_id": one.agency_id,
        "kind": _kind(one),
        "name_en": one.name_en,
        "name_ur": one.name_ur,
        "jurisdiction": list(one.jurisdiction),
        "court_kinds": _court_kinds(one),
        "enabled": one.enabled,
    }
