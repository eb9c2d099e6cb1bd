"""Lists and withdraws what an agency has granted or opened: a prosecutor's grants, NPB's tickets, courts' cases."""

from __future__ import annotations

import uuid

from nsor.cli.session import Session


def withdraw(session: Session, grant_id: str, title: str) -> None:
    """Withdraw a grant, a ticket or an opened case."""
    from nsor.v1 import lookup_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = lookup_pb2.WithdrawGrantRequest(request_id=str(uuid.uuid4()), grant_id=grant_id)
    with session.client(officer=True) as client:
        session.answer(client.lookup.withdraw_grant(request), title=title)


def show_all(session: Session, title: str) -> None:
    """List what the agency has granted or opened and what still counts, the one that ends first in front."""
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - as above

    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import lookup_pb2, types_pb2  # noqa: PLC0415 - as above

    request = lookup_pb2.ListGrantsRequest(page_size=100)
    found: list[lookup_pb2.OpenGrant] = []
    with session.client(officer=True) as client:
        own = client.officer_key_id
        while True:
            page = client.lookup.list_grants(request).message
            found += page.grants
            request.page_token = page.next_page_token
            if not request.page_token:
                break
    if session.as_json:
        for each in found:
            session.json(MessageToDict(each, preserving_proto_field_name=True))
        return
    due = types_pb2.Deadline.DESCRIPTOR.fields_by_name["due_time"]
    rows = [
        (
            each.grant.grant_id,
            _key(each.opened_by_key_id, own),
            _key(each.officer_key_id, own) or "any officer of the place",
            lookup_pb2.TicketWork.Name(each.work).removeprefix("TICKET_WORK_").lower() if each.work else "",
            str(each.persons),
            str(each.uses_left),
            render.text(due, each.grant.expiry.due_time),
        )
        for each in found
    ]
    if rows:
        session.table(title, ("id", "opened by", "for", "work", "persons", "uses left", "until"), rows)
    session.counted(len(rows), len(rows), title.lower())


def _key(key_id: bytes, own: bytes | None) -> str:
    return "you" if key_id and key_id == own else key_id.hex()[:8]
