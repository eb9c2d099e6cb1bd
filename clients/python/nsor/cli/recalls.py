"""`nsor recalls`: what your agency was shown and is told otherwise now, and that somebody has put its files right."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import click

from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

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
    several = next((each for each in found if each.access_count > 1), None)
    if several is not None:
        session.say(
            "Where there are several accesses, each of them: `nsor recalls show {}`", several.recall_id[:_SHORT]
        )
    session.say(
        "Find the access in your own file and put it right. Then: `nsor recalls acknowledge {} --did file-corrected`",
        found[0].recall_id[:_SHORT],
    )


@recalls.command()
@click.argument("recall_id", type=record_id)
@common
def show(session: Session, recall_id: str) -> None:
    """Show every access of a recall, the newest first: who had it, for which case, flight or crossing, and which row.

    RECALL_ID may be its first or last 8 digits.
    """
    with session.client(officer=True) as client:
        found = next(
            (
                each
                for acknowledged in (False, True)
                for each in _every(client, acknowledged=acknowledged)
                if each.recall_id == recall_id
            ),
            None,
        )
    if found is None:
        raise WrongUse("Your agency has no recall with this id.")
    if session.as_json:
        session.json_of(found)
        return
    columns = ("access", "of", "method", "officer", "case", "flight or crossing", "rows")
    session.table(
        "Recalls",
        ("recall", "what was shown", "accesses", "acknowledge by"),
        [(found.recall_id, _reason(found), str(found.access_count), _acknowledge_by(found))],
    )
    session.table("", columns, [_access(each) for each in found.accesses])
    session.counted(len(found.accesses), found.access_count, "accesses")


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
    from nsor.v1 import recalls_pb2  # noqa: PLC0415 - as above

    rows = []
    for each in found:
        access_id, at, _, officer, case, crossing, numbers = _access(
            each.accesses[0] if each.accesses else recalls_pb2.RecalledAccess()
        )
        of = case or " ".join(filter(None, (crossing, numbers and f"row {numbers}")))
        counted = str(each.access_count)
        rows.append((each.recall_id, _reason(each), access_id, at, counted, officer, of, _acknowledge_by(each)))
    columns = ("recall", "what was shown", "access", "of", "accesses", "officer", "case", "acknowledge by")
    session.table("Recalls", columns, rows)


def _access(access: recalls_pb2.RecalledAccess) -> tuple[str, ...]:
    """What is said of an access: id, time, method, officer, case, flight or crossing, and rows."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    at = access.DESCRIPTOR.fields_by_name["access_time"]
    crossing, rows = "", ""
    if access.HasField("manifest"):
        of = access.manifest
        fields = of.DESCRIPTOR.fields_by_name
        where = render.text(fields["border_crossing"], of.border_crossing)
        when = render.text(fields["scheduled_time"], of.scheduled_time)
        crossing, rows = f"{where} {of.carrier_code}{of.number} {when}", ", ".join(map(str, of.rows))
    method = access.method.rpartition("/")[2]
    time = render.text(at, access.access_time)
    return access.access_id, time, method, access.officer_number, access.case_reference, crossing, rows


def _reason(recall: recalls_pb2.Recall) -> str:
    from nsor.v1 import recalls_pb2  # noqa: PLC0415 - as above

    name = recalls_pb2.RecallReason.Name(recall.reason)
    return name.removeprefix("RECALL_REASON_").lower().replace("_", " ")


def _acknowledge_by(recall: recalls_pb2.Recall) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    due = recall.deadline.DESCRIPTOR.fields_by_name["due_time"]
    return "overdue" if recall.overdue else render.text(due, recall.deadline.due_time)
