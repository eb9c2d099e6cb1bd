"""`nsor counter`: who stands at the counter, by the number that he shows, and what to do next."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import duties, shown_number
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.v1 import arrivals_pb2, duties_pb2

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--cnic-file", type=_FILE, help="File with the CNIC on its first line.")
@click.option(
    "--document-file", type=_FILE, help="Instead of a CNIC: a JSON file with number, country and kind of a document."
)
@common
def counter(session: Session, cnic_file: Path | None, document_file: Path | None) -> None:
    """Find whoever shows his number at your counter, among your own stations' records.

    Everybody else is no record. A CNIC is personal data and is never given on the command line: it is asked for, or
    read from --cnic-file, or from stdin when that is no terminal. Each number is recorded and costs budget.
    """
    from nsor.v1 import arrivals_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = arrivals_pb2.FindRegistrantRequest()
    if document_file is not None:
        request.travel_document.CopyFrom(shown_number.document(session, document_file))
    else:
        request.cnic = shown_number.cnic(cnic_file)
    with session.client(officer=True) as client:
        answer = client.notification.find_registrant(request)
    found = answer.message.registrants
    session.answer(answer, title="Found" if found else "No record at your stations", confidential=True)
    if session.as_json:
        return
    if not found:
        session.say("If he has moved to you, take an arrival notice: `nsor arrival enter --help`.")
    for each in found:
        _say_what_is_next(session, each)


def _say_what_is_next(session: Session, registrant: arrivals_pb2.Registrant) -> None:
    """What he owes first, and the commands that are ready to be typed."""
    record = registrant.registration_id
    for duty in registrant.duties[:1]:
        session.say("Next he owes: {} (by {}).", session.said(duties.WORDS[duty.kind]), _day(duty))
    session.say("What he tells: `nsor notice enter --template`, for {}", record)
    session.say("All that he owes: `nsor duties --of {}`", record)
    session.say("Who he is: `nsor show {}`", record)


def _day(duty: duties_pb2.Duty) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(duty.deadline.due_time.seconds, render.PAKISTAN).strftime("%Y-%m-%d")
