"""Lists and withdraws what an agency has granted or opened: a prosecutor's grants, NPB's tickets, courts' cases."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

from nsor.cli import agreement
from nsor.cli.arguments import fits, is_whole
from nsor.cli.session import Session
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import grants_pb2

SHORTEST_ID = 8
"""So many digits of an id are taken, where the list has one that begins with them."""


class Kind(NamedTuple):
    """What one kind of agency grants or opens.

    Attributes:
        one: what it is called.
        several: the same of more than one.
        withdraw: the command that withdraws it.
    """

    one: str
    several: str
    withdraw: str


GRANT = Kind("grant", "grants", "nsor access withdraw")
TICKET = Kind("ticket", "tickets", "nsor ticket withdraw")
CASE = Kind("case", "cases", "nsor case withdraw")


def withdraw(session: Session, grant_id: str, kind: Kind, *, agreed: bool) -> None:
    """Withdraw a grant, a ticket or an opened case: show what it is, ask, sign.

    Args:
        session: the run.
        grant_id: its id, or a part of it (`arguments.part_of_id`).
        kind: what the person calls it; another kind is refused.
        agreed: don't ask.
    """
    from nsor.v1 import grants_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    with session.client(officer=True) as client:
        found = _that_counts(client, grant_id)
        if found is not None:
            if (actual := _kind(found)) is not kind:
                raise WrongUse("This is a {}: `{} {}`", WrongUse(actual.one), actual.withdraw, found.grant.grant_id)
            if not session.as_json:
                _show(session, client, kind.one.capitalize(), [found])
            question = session.said("Withdraw this {} for good?", session.said(kind.one))
            agreement.obtain(session, question, agreed=agreed)
        request = grants_pb2.WithdrawGrantRequest(
            request_id=str(uuid.uuid4()), grant_id=found.grant.grant_id if found else grant_id
        )
        # Of what the list doesn't have, the answer says since when it counts no more.
        title = f"{kind.one.capitalize()} withdrawn" if found else "It counted no more: it was withdrawn, or is over"
        session.answer(client.lookup.withdraw_grant(request), title=title)


def show_all(session: Session, kind: Kind) -> None:
    """List what the agency has granted or opened and what still counts, the one that ends first in front."""
    with session.client(officer=True) as client:
        found = _every(client)
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    kinds = {_kind(each) for each in found} or {kind}
    shown = kinds.pop() if len(kinds) == 1 else Kind("grant", "grants, tickets and cases", kind.withdraw)
    if found:
        _show(session, client, shown.several.capitalize(), found)
    session.counted(len(found), len(found), shown.several)
    if found:
        session.say("To take one back for good: `{} {}`", shown.withdraw, found[0].grant.grant_id[:SHORTEST_ID])


def _show(session: Session, client: Client, title: str, found: list[grants_pb2.OpenGrant]) -> None:
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import grants_pb2, types_pb2  # noqa: PLC0415 - as above

    due = types_pb2.Deadline.DESCRIPTOR.fields_by_name["due_time"]
    own = client.officer_key_id
    tickets = any(each.work for each in found)
    rows = [
        (
            each.grant.grant_id,
            _key(each.opened_by_key_id, own),
            _key(each.officer_key_id, own) or "any officer of the place",
            *([grants_pb2.TicketWork.Name(each.work).removeprefix("TICKET_WORK_").lower()] if tickets else []),
            str(each.persons),
            str(each.uses_left),
            render.text(due, each.grant.expiry.due_time),
        )
        for each in found
    ]
    work = ("work",) if tickets else ()
    session.table(title, ("id", "opened by", "for", *work, "persons", "uses left", "until"), rows)


def _that_counts(client: Client, grant_id: str) -> grants_pb2.OpenGrant | None:
    """The one of an id or of a part of it; None for a whole id that the list doesn't have."""
    fitting = [each for each in _every(client) if fits(grant_id, each.grant.grant_id)]
    if len(fitting) == 1:
        return fitting[0]
    if is_whole(grant_id):
        return None
    raise WrongUse("None that counts has an id with these digits, or several have. Give the whole id.")


def _every(client: Client) -> list[grants_pb2.OpenGrant]:
    from nsor.v1 import grants_pb2  # noqa: PLC0415 - as above

    request = grants_pb2.ListGrantsRequest(page_size=100)
    found: list[grants_pb2.OpenGrant] = []
    while True:
        page = client.lookup.list_grants(request).message
        found += page.grants
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def _kind(each: grants_pb2.OpenGrant) -> Kind:
    """A ticket is for a kind of work; a case is for any officer of its place."""
    if each.work:
        return TICKET
    return GRANT if each.officer_key_id else CASE


def _key(key_id: bytes, own: bytes | None) -> str:
    return "you" if key_id and key_id == own else key_id.hex()[:8]
