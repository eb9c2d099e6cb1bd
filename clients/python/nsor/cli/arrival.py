"""`nsor arrival`: take an arrival notice of whoever isn't your own, by the number that he shows; see what was taken."""

from __future__ import annotations

import uuid
from pathlib import Path

import click

from nsor.cli import agreement, shown_number
from nsor.cli.arguments import day, record_id
from nsor.cli.session import Session, common, read_request, read_text, warn_if_shared

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PAGE = 100
_COLUMNS = ("taken", "moved", "home", "station", "number", "arrival")


@click.group()
def arrival() -> None:
    """Take arrival notices of persons who aren't your station's own, and list them."""


@arrival.command()
@click.option("--station", required=True, metavar="PLACE", help="Your station, such as PK-SD/KHI/PS-002.")
@click.option("--home", metavar="PLACE", help="The place of his new home, if it isn't your station's.")
@click.option("--moved", required=True, metavar="DATE", help="The day on which he moved.")
@click.option("--received", required=True, metavar="DATE", help="The day on which he told you.")
@click.option("--cnic-file", type=_FILE, help="File with the CNIC on its first line.")
@click.option(
    "--document-file", type=_FILE, help="Instead of a CNIC: a JSON file with number, country and kind of a document."
)
@click.option("--validate-only", is_flag=True, help="Check the notice and change nothing.")
@agreement.option
@common
def enter(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    station: str,
    home: str | None,
    moved: str,
    received: str,
    cnic_file: Path | None,
    document_file: Path | None,
    validate_only: bool,
    agreed: bool,
) -> None:
    """Take an arrival notice by the number that he shows; you sign it.

    The answer is the same whether or not there is a record, and few are taken in a day. If there is one of another
    station, a transfer to you is opened within the hour, and the old station and NPB hear of it.
    """
    from nsor.v1 import arrivals_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = arrivals_pb2.CreateArrivalNoticeRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        receiving_station=station,
        home_place=home or station,
    )
    for field, text in ((request.event_date, moved), (request.received_date, received)):
        at = day(text)
        field.year, field.month, field.day = at.year, at.month, at.day
    if document_file is not None:
        warn_if_shared(document_file, "--document-file")
        read_request(read_text(str(document_file)), request.travel_document)
    else:
        request.cnic = shown_number.cnic(cnic_file)
    if not validate_only:
        agreement.obtain(session, "Sign that he has moved to your place?", agreed=agreed)
    with session.client(officer=True) as client:
        answer = client.notification.create_arrival_notice(request)
    session.answer(answer, title="Correct: nothing was taken" if validate_only else "Taken")
    if not (session.as_json or validate_only):
        session.say("If he is registered elsewhere, `nsor transfers` lists him at the next fixed time.")


@arrival.command("list")
@common
def list_(session: Session) -> None:
    """List what your stations have taken, the newest first. What became of it is told by `nsor transfers` alone."""
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import arrivals_pb2  # noqa: PLC0415 - as above

    request = arrivals_pb2.ListArrivalNoticesRequest(page_size=_PAGE)
    with session.client(officer=True) as client:
        page = client.notification.list_arrival_notices(request).message
    if session.as_json:
        for each in page.items:
            session.json_of(each)
        return
    rows = []
    for each in page.items:
        shown = {field.name: render.text(field, value) for field, value in each.ListFields()}
        names = ("create_time", "event_date", "home_place", "receiving_station", "number_ending", "arrival_id")
        rows.append(tuple(shown.get(name, "") for name in names))
    if rows:
        session.table("Arrival notices", _COLUMNS, rows)
    session.say("{} shown: all of your stations whose number is still looked for, or the newest 100.", len(rows))


@arrival.command()
@click.argument("arrival_id", type=record_id)
@common
def show(session: Session, arrival_id: str) -> None:
    """Show an arrival notice as it was given in."""
    from nsor.v1 import arrivals_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        answer = client.notification.get_arrival_notice(arrivals_pb2.GetArrivalNoticeRequest(arrival_id=arrival_id))
    session.answer(answer, title="Arrival notice", confidential=True)
