"""`nsor watched`: two officers of NPB have a number watched, or watched no more; it is listed without the number."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nsor.cli import agreement, shown_number
from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.v1 import watched_pb2

KINDS: Final = ("decoy", "protected-person")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def watched() -> None:
    """Have numbers watched: decoys and protected persons (NPB).

    Whoever looks such a number up is answered as always, and NPB hears of it at a fixed time. Two officers enter each
    number, and two end it. The register keeps a keyed hash of it alone: write the ids down beside what they stand for.
    """


@watched.command()
@click.option("--kind", type=click.Choice(KINDS), required=True, help="Why it is watched.")
@click.option("--second", "watched_id", type=record_id, metavar="ID", help="You are the second: the first one's id.")
@click.option("--number-file", "number_file", type=_FILE, help="File with the CNIC on its first line.")
@click.option(
    "--document-file", type=_FILE, help="Instead of a CNIC: a JSON file with number, country and kind of a document."
)
@common
def enter(
    session: Session, kind: str, watched_id: str | None, number_file: Path | None, document_file: Path | None
) -> None:
    """Enter a number; you sign. The second officer types it himself: where they differ, both begin again.

    It is never given on the command line: it is asked for and not shown, or read from --number-file, or from stdin when
    that is no terminal.
    """
    from nsor.v1 import watched_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = watched_pb2.EnterWatchedNumberRequest(
        request_id=str(uuid.uuid4()),
        kind=watched_pb2.WatchedKind.Value(f"WATCHED_KIND_{kind.upper().replace('-', '_')}"),
        watched_id=watched_id or "",
    )
    if document_file is not None:
        request.travel_document.CopyFrom(shown_number.document(session, document_file))
    else:
        request.cnic = shown_number.hidden(session, "The number to be watched", number_file, "--number-file")
    with session.client(officer=True) as client:
        answer = client.lookup.enter_watched_number(request)
    session.answer(answer, title="Entered")
    if session.as_json:
        return
    if answer.message.state == watched_pb2.WATCHED_STATE_PROPOSED:
        session.say(
            "It isn't watched yet. Next, another officer of NPB: `nsor watched enter --kind {} --second {}`",
            kind,
            answer.message.watched_id,
        )
    elif answer.message.state == watched_pb2.WATCHED_STATE_DIFFERS:
        session.say("The two entries differ: it isn't watched. The first officer begins again.")


@watched.command()
@click.argument("watched_id", type=record_id)
@agreement.option
@common
def end(session: Session, watched_id: str, *, agreed: bool) -> None:
    """End the watching of a number, by its id; you sign. It ends when a second officer does the same."""
    from nsor.v1 import watched_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        agreement.obtain(session, session.said("Have this number watched no more?"), agreed=agreed)
        request = watched_pb2.EndWatchedNumberRequest(request_id=str(uuid.uuid4()), watched_id=watched_id)
        answer = client.lookup.end_watched_number(request)
    session.answer(answer, title="Ended")
    if not session.as_json and answer.message.state == watched_pb2.WATCHED_STATE_END_PROPOSED:
        session.say("It is watched until another officer of NPB ends it too: `nsor watched end {}`", watched_id)


@watched.command("list")
@common
def list_(session: Session) -> None:
    """List what is and was watched, the newest in front: ids, who and when. The register doesn't have the numbers."""
    from nsor.v1 import watched_pb2  # noqa: PLC0415 - as above

    found: list[watched_pb2.WatchedNumber] = []
    request = watched_pb2.ListWatchedNumbersRequest(page_size=100)
    with session.client(officer=True) as client:
        while True:
            page = client.lookup.list_watched_numbers(request).message
            found += page.items
            request.page_token = page.next_page_token
            if not request.page_token:
                break
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    if found:
        columns = ("id", "kind", "state", "entered by", "on", "decided by", "on", "second officer by")
        session.table("Watched numbers", columns, [_row(each) for each in found])
    session.counted(len(found), len(found), "watched numbers")


def _row(each: watched_pb2.WatchedNumber) -> tuple[str, ...]:
    from nsor.v1 import watched_pb2  # noqa: PLC0415 - as above

    return (
        each.watched_id,
        watched_pb2.WatchedKind.Name(each.kind).removeprefix("WATCHED_KIND_").lower().replace("_", "-"),
        watched_pb2.WatchedState.Name(each.state).removeprefix("WATCHED_STATE_").lower().replace("_", "-"),
        each.entered_by,
        _minute(each.enter_time),
        each.decided_by,
        _minute(each.decide_time),
        _minute(each.expire_time) if each.HasField("expire_time") else "",
    )


def _minute(at: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(at.seconds, render.PAKISTAN).strftime("%Y-%m-%d %H:%M")
