"""`nsor officer`: the keys of an agency's officers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import kept
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.answers import Answer
    from nsor.client import Client
    from nsor.v1 import directory_pb2

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
        session.json({"officer_key_id": key.key_id.hex(), "file": str(file)})
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
        answer = _enrolled(client, request)
        kept.keep_officer(client.state_folder, answer.message.officer)
        session.answer(answer, title="Enrolled")


def _enrolled(client: Client, request: directory_pb2.EnrolOfficerRequest) -> Answer[directory_pb2.EnrolOfficerResponse]:
    from nsor.advice import Words  # noqa: PLC0415 - as above
    from nsor.errors import Refused  # noqa: PLC0415 - as above

    try:
        return client.directory.enrol_officer(request)
    except Refused as error:
        if any((found.field, found.reason) == ("public_key", "DUPLICATE") for found in error.violations):
            error.message = Words("This key is already enrolled.", "یہ کلید پہلے سے درج ہے۔")  # noqa: RUF001 - Urdu
            error.next_step = Words(
                "If it is this officer's, use it; another officer needs a key of their own: `nsor officer new-key`.",
                "اگر اسی افسر کی ہے تو استعمال کریں؛ دوسرے افسر کے لیے نئی کلید بنائیں: `nsor officer new-key`۔",  # noqa: RUF001 - Urdu
            )
        raise


@officer.command()
@click.argument("key_id", required=False)
@click.option(
    "--officer-key-file",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The officer's key, instead of KEY_ID.",
)
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why.")
@common
def disable(session: Session, key_id: str | None, key_file: Path | None, reason: str) -> None:
    """Disable an officer's key of your agency, for good: KEY_ID is what `enrol` and `new-key` print."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    raw = _key_id(key_id, key_file)
    value = directory_pb2.DisableReason.Value(f"DISABLE_REASON_{reason.upper().replace('-', '_')}")
    with session.client() as client:
        request = directory_pb2.DisableOfficerRequest(officer_key_id=raw, reason=value)
        session.answer(client.directory.disable_officer(request), title="Disabled")


def _key_id(text: str | None, file: Path | None) -> bytes:
    if (text is None) == (file is None):
        raise click.UsageError("Name the key with KEY_ID or with --officer-key-file, not with both.")
    if file is not None:
        from nsor.officer import OfficerKey  # noqa: PLC0415 - as above

        return OfficerKey.load(file).key_id
    try:
        raw = bytes.fromhex(text or "")
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise click.UsageError("KEY_ID is 64 hexadecimal digits, as `nsor officer enrol` printed them.")
    return raw
