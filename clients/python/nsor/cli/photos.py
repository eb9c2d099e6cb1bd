"""`nsor photo`: add, list, look at, confirm and reject photos of an offender."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from pathlib import Path

import click

from nsor.cli.arguments import day, record_id
from nsor.cli.session import Session, common, warn_if_shared
from nsor.misuse import WrongUse

_MOST_BYTES = 262_144
_REASONS = ("other-person", "not-alone", "unclear", "outdated")


@click.group()
def photo() -> None:
    """Add, list, look at, confirm or reject photos of an offender."""


@photo.command()
@click.argument("registration_id", type=record_id)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--taken", required=True, type=day, metavar="DAY", help="Day it was taken.")
@click.option("--validate-only", is_flag=True, help="Check the photo and add nothing.")
@common
def add(session: Session, registration_id: str, file: Path, taken: dt.date, validate_only: bool) -> None:
    """Add a photo, a JPEG or PNG of at most 256 KiB.

    The register keeps the picture alone, without what else the file holds. Others are shown it once another officer of
    the record's owner has confirmed it.
    """
    from google.type import date_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    warn_if_shared(file, "FILE")
    with file.open("rb") as opened:
        content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise WrongUse("The photo has more than 256 KiB: save a smaller copy of it first.")
    request = registration_pb2.AddPhotoRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=registration_id,
        file=content,
        taken_date=date_pb2.Date(year=taken.year, month=taken.month, day=taken.day),
    )
    with session.client(officer=True) as client:
        answer = client.registration.add_photo(request)
        session.answer(answer, title="Correct: nothing was added" if validate_only else "Photo added")
    if answer.message.photo_id and not session.as_json:
        session.say("Another officer of the record's owner looks at it and confirms it:")
        session.say("`nsor photo show {} {} --output FILE`", registration_id, answer.message.photo_id)
        session.say("`nsor photo confirm {} {}`", registration_id, answer.message.photo_id)


@photo.command("list")
@click.argument("registration_id", type=record_id)
@common
def list_(session: Session, registration_id: str) -> None:
    """List the photos of a registration that you may see, the newest first."""
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        request = registration_pb2.ListPhotosRequest(registration_id=registration_id)
        found = client.registration.list_photos(request).message.photos
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    shown = [{field.name: render.text(field, value) for field, value in each.ListFields()} for each in found]
    names = ("photo_id", "state", "taken_date", "added_by_agency")
    if shown:
        rows = [tuple(values.get(name, "") for name in names) for values in shown]
        session.table("Photos", ("photo", "state", "taken", "added by"), rows)
    session.say("{} shown: all that you may see.", len(shown))


@photo.command()
@click.argument("registration_id", type=record_id)
@click.argument("photo_id", type=record_id)
@click.option(
    "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="New file for the picture, a JPEG."
)
@common
def show(session: Session, registration_id: str, photo_id: str, output: Path) -> None:
    """Write a photo into a new file that only you can read. Delete it when you have seen it."""
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    if output.exists():
        raise WrongUse("The file is there already: name a new one. Nothing was asked.")
    with session.client(officer=True) as client:
        request = registration_pb2.GetPhotoRequest(registration_id=registration_id, photo_id=photo_id)
        found = client.registration.get_photo(request).message
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(found.picture)
    if session.as_json:
        session.json_of(found.photo)
    else:
        session.say("Written. CONFIDENTIAL: delete it when you have seen it: `rm {}`", output)


@photo.command()
@click.argument("registration_id", type=record_id)
@click.argument("photo_id", type=record_id)
@common
def confirm(session: Session, registration_id: str, photo_id: str) -> None:
    """Confirm that a photo shows this person and nobody else; you sign. Look at it first: `nsor photo show`."""
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    request = registration_pb2.ConfirmPhotoRequest(
        request_id=str(uuid.uuid4()), registration_id=registration_id, photo_id=photo_id
    )
    with session.client(officer=True) as client:
        session.answer(client.registration.confirm_photo(request), title="Photo confirmed")


@photo.command()
@click.argument("registration_id", type=record_id)
@click.argument("photo_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(_REASONS), help="Why.")
@common
def reject(session: Session, registration_id: str, photo_id: str, reason: str) -> None:
    """Reject a photo, before or after it was confirmed; you sign. Nobody is shown it from then on."""
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    request = registration_pb2.RejectPhotoRequest(
        request_id=str(uuid.uuid4()),
        registration_id=registration_id,
        photo_id=photo_id,
        reason=registration_pb2.PhotoRejection.Value(f"PHOTO_REJECTION_{reason.upper().replace('-', '_')}"),
    )
    with session.client(officer=True) as client:
        session.answer(client.registration.reject_photo(request), title="Photo rejected")
