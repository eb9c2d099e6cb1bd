"""`nsor agencies` and `nsor credentials`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import screen
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import directory_pb2


@click.command()
@common
def agencies(session: Session) -> None:
    """List the agencies of the register."""
    with session.client() as client:
        found = every(client)
    if session.as_json:
        for agency in found:
            session.json_of(agency)
        return
    rows = [
        (
            agency.agency_id,
            _kind(agency.kind),
            "yes" if agency.enabled else "no",
            " ".join(agency.jurisdiction),
            agency.name_en,
            agency.name_ur,
        )
        for agency in found
    ]
    session.table("Agencies", ("agency", "kind", "may call", "where", "name", "نام"), rows)
    session.counted(len(rows), len(rows), "agencies")


def every(client: Client) -> list[directory_pb2.Agency]:
    """All agencies of the register."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    found: list[directory_pb2.Agency] = []
    request = directory_pb2.ListAgenciesRequest(page_size=500)
    while True:
        page = client.directory.list_agencies(request).message
        found += page.agencies
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


@click.group()
def credentials() -> None:
    """Make your agency's key and the request for its certificate."""


@credentials.command()
@click.argument("agency_id")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to put them.")
@common
def request(session: Session, agency_id: str, folder: Path) -> None:
    """Make a key that stays here and a request (CSR) for the register's CA.

    AGENCY_ID is how the register knows the agency, such as punjab-police.
    """
    from nsor.credentials import new_key_and_csr, write_key  # noqa: PLC0415 - as above

    try:
        key, csr = new_key_and_csr(agency_id)
    except ValueError as error:
        raise WrongUse("{}.", error) from None
    if not folder.parent.is_dir():
        # A mistyped mount point would be made on a disk that the key isn't meant for.
        raise WrongUse("{} isn't there: mount it, or make it first.", folder.parent)
    folder.mkdir(exist_ok=True)
    key_path, csr_path = folder / f"{agency_id}.key", folder / f"{agency_id}.csr"
    try:
        write_key(key_path, key)
    except FileExistsError:
        raise WrongUse("{} exists already, and a key is never overwritten. Name another --folder.", key_path) from None
    csr_path.write_bytes(csr)
    if session.as_json:
        session.json({"key": str(key_path), "request": str(csr_path)})
        return
    screen.echo(str(csr_path))
    session.say("Send {} to the register's CA. Keep {} here: nobody else may have it.", csr_path.name, key_path.name)


def _kind(number: int) -> str:
    """The kind of an agency in words; its number when the register knows kinds that this client doesn't."""
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    value = options_pb2.AgencyKind.DESCRIPTOR.values_by_number.get(number)
    return f"kind {number}" if value is None else value.name.removeprefix("AGENCY_KIND_").lower().replace("_", " ")
