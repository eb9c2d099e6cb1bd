"""`nsor recalls`: what your agency was shown and is told otherwise now, and that somebody has put its files right."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import click

from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import recalls_pb2

_MEASURES: Final = ("file-corrected", "nothing-kept", "others-told")
_SHORT: Final = 8
"""So many digits of an id are enough once it was shown."""


@click.group()
def recalls() -> None:
    """List what your agency was shown and is told otherwise now; say what was done about it."""


@recalls.command("list")
@click.option("--acknowledged", is_flag=True, help="Those that were acknowledged, instead of those that are open.")
@common
def list_(session: Session, acknowledged: bool) -> None:
    """List the recalls of your agency that are open, the oldest first: by access, never by person.

    The access is the one on your receipt: your own file and journal say whom it was about.
    """
    with session.client(officer=True) as client:
        found = _every(client, acknowledged=acknowledged)
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    if found:
        _show(session, found)
    session.counted(len(found), len(found), "recalls")
    if not found or acknowledged:
        return
    session.say("No longer: strike out what was shown. Changed: something of it is wrong. Restored: it stands again.")
    session.say(
        "Find the access in your own file and put it right. Then: `nsor recalls acknowledge {} --did file-corrected`",
        found[0].recall_id[:_SHORT],
    )


@recalls.command()
@click.argument("recall_id", type=record_id)
@click.option(
    "--did",
    "measure",
    required=True,
    type=click.Choice(_MEASURES),
    help="Your file put right; nothing kept of it; or others told again, whom you had told.",
)
@common
def acknowledge(session: Session, recall_id: str, measure: str) -> None:
    """Acknowledge a recall, and say what was done about it; you sign."""
    from nsor.v1 import recalls_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = recalls_pb2.AcknowledgeRecallRequest(
        request_id=str(uuid.uuid4()),
        recall_id=recall_id,
        measure=recalls_pb2.RecallMeasure.Value(f"RECALL_MEASURE_{measure.upper().replace('-', '_')}"),
    )
    with session.client(officer=True) as client:
        session.answer(client.lookup.acknowledge_recall(request), title="Recall acknowledged")


def _every(client: Client, *, acknowledged: bool) -> list[recalls_pb2.Recall]:
    from nsor.v1 import recalls_pb2  # noqa: PLC0415 - as above

    request = recalls_pb2.ListRecallsRequest(page_size=100, acknowledged=acknowledged)
    found: list[recalls_pb2.Recall] = []
    while True:
        page = client.lookup.list_recalls(request).message
        found += page.recalls
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def _show(session: Session, found: list[recalls_pb2.Recall]) -> None:
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import recalls_pb2, types_pb2  # noqa: PLC0415 - as above

    due = types_pb2.Deadline.DESCRIPTOR.fields_by_name["due_time"]
    at = recalls_pb2.RecalledAccess.DESCRIPTOR.fields_by_name["access_time"]
    rows = []
    for each in found:
        newest = each.accesses[0] if each.accesses else recalls_pb2.RecalledAccess()
        rows.append(
            (
                each.recall_id,
                _words(recalls_pb2.RecallReason.Name(each.reason), "RECALL_REASON_"),
                newest.access_id,
                render.text(at, newest.access_time),
                str(each.access_count),
                newest.officer_number,
                newest.case_reference,
                "overdue" if each.overdue else render.text(due, each.deadline.due_time),
            )
        )
    columns = ("recall", "what was shown", "access", "of", "accesses", "officer", "case", "acknowledge by")
    session.table("Recalls", columns, rows)


def _words(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower().replace("_", " ")
