"""`nsor officer`: the keys of an agency's officers."""

from __future__ import annotations

from pathlib import Path

import click

from nsor.cli.session import Session, common

_REASONS = ("left-post", "key-compromised", "suspended", "replaced")


@click.group()
def officer() -> None:
    """Make, enrol and disable officers' keys."""


@officer.command("new-key")
@click.argument("file", type=click.Path(path_type=Path))
@common
def new_key(session: Session, file: Path) -> None:
    """Make a key in a new FILE that only you can read.

    It stays with the officer: whoever has the file decides in the officer's name.
    """
    from nsor.officer import OfficerKey  # noqa: PLC0415 - loaded late, so that help is quick

    key = OfficerKey.generate()
    try:
        key.save(file)
    except FileExistsError:
        raise click.UsageError(f"{file} exists already, and a key is never overwritten. Name another file.") from None
    if session.as_json:
        session.json({"officerKeyId": key.key_id.hex(), "file": str(file)})
        return
    click.echo(key.key_id.hex())
    session.say(f"Key made. Next: `nsor officer enrol --officer-key-file {file} --number ... --grade ...`")


@officer.command()
@click.option(
    "--officer-key-file",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The officer's key.",
)
@click.option("--number", required=True, help="Personal or belt number.")
@click.option("--grade", type=click.IntRange(1, 22), required=True, help="BPS grade.")
@click.option(
    "--place", "places", multiple=True, help="Where the officer may act; repeatable; default: wherever the agency may."
)
@common
def enrol(session: Session, key_file: Path, number: str, grade: int, places: tuple[str, ...]) -> None:
    """Enrol an officer's key for your agency. A key belongs to one officer, for good."""
    from nsor.officer import OfficerKey  # noqa: PLC0415 - as above
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    key = OfficerKey.load(key_file)
    with session.client() as client:
        request = directory_pb2.EnrolOfficerRequest(
            officer_number=number,
            public_key=key.public_key,
            proof_of_possession=key.prove_possession(client.agency_id, number),
            jurisdiction=places,
            grade=grade,
        )
        session.answer(client.directory.enrol_officer(request), title="Enrolled")


@officer.command()
@click.argument("key_id")
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why.")
@common
def disable(session: Session, key_id: str, reason: str) -> None:
    """Disable an officer's key of your agency, for good: KEY_ID is what `enrol` and `new-key` print."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    try:
        raw = bytes.fromhex(key_id)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise click.UsageError("KEY_ID is 64 hexadecimal digits, as `nsor officer enrol` printed them.")
    value = directory_pb2.DisableReason.Value(f"DISABLE_REASON_{reason.upper().replace('-', '_')}")
    with session.client() as client:
        request = directory_pb2.DisableOfficerRequest(officer_key_id=raw, reason=value)
        session.answer(client.directory.disable_officer(request), title="Disabled")
