"""A page of open transfers: one of the worklists, which ``ledger verify`` makes again as it does all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from nsor.v1 import transfers_pb2
from nsor_server.access import lists
from nsor_server.access import rows as scopes
from nsor_server.calls import Call
from nsor_server.formats.uuids import text
from nsor_server.policy.loaded import policy_of
from nsor_server.registration.transfers.record import transfer_message
from nsor_server.registration.worklists import rules, store
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

DEFAULT_PAGE: Final = 50
_KINDS: Final = {
    transfers_pb2.TRANSFER_SIDE_UNSPECIFIED: rules.NONE,
    transfers_pb2.TRANSFER_SIDE_INCOMING: rules.TRANSFER_INCOMING,
    transfers_pb2.TRANSFER_SIDE_OUTGOING: rules.TRANSFER_OUTGOING,
    transfers_pb2.TRANSFER_SIDE_UNRESOLVED: rules.TRANSFER_UNRESOLVED,
}
"""A side, and the kind of work that it is."""
_SIDES: Final = {kind: side for side, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Listed:
    """A page.

    Attributes:
        response: with every field; disclosure copies from it.
        items: what was read for it.
        work: what the entry says, so that ``ledger verify`` makes it again.
    """

    response: transfers_pb2.ListTransfersResponse
    items: Sequence[store.Item]
    work: record_pb2.ListedWork


def page(
    conn: Connection,
    sealer: Sealer,
    call: Call,
    request: transfers_pb2.ListTransfersRequest,
    durable: Callable[[], int],
) -> Listed:
    """A page of what the contract shows the caller.

    Args:
        conn: any.
        sealer: opens versions and tokens.
        call: past the gate.
        request: of a form that was checked.
        durable: gives how many entries this process knows to be durable.

    Raises:
        errors.Denied: that side isn't of the caller's kind of agency.
        errors.InvalidFields: PAGE_TOKEN_INVALID.
        errors.Internal: the list contradicts the register, or is one of before.
    """
    wanted = rules.wanted_transfers(call.agency, _KINDS[request.side], call.now())
    ended = lists.place(sealer, call, request.page_token, request.side)
    after = store.START if ended is None else store.unpacked(ended)
    most = (request.page_size or DEFAULT_PAGE) + 1
    before = durable()
    found = store.page(conn, sealer, call, wanted, after, most=most)
    lists.require_durable(found.size, before)
    items = found.items[: most - 1]
    deadlines = policy_of(call).deadlines
    response = transfers_pb2.ListTransfersResponse(
        items=[
            transfers_pb2.TransferItem(
                registration_id=text(each.record.registration_id),
                side=_SIDES[each.work.kind],
                person=rules.masked(each.record),
                transfer=transfer_message(each.record.transfer, deadlines),
            )
            for each in items
        ]
    )
    if len(found.items) == most:
        response.next_page_token = lists.token(sealer, call, store.packed(items[-1].place), request.side)
    work = record_pb2.ListedWork(
        rows=call.rows,
        jurisdiction=call.agency.jurisdiction,
        acts_at=scopes.acts_at(call.agency, call.officer),
        **wanted._asdict(),
        after=None if ended is None else record_pb2.WorkPlace(**after._asdict()),
        before=found.size,
        most=most,
        sha256=store.hashed(each.place for each in found.items),
    )
    return Listed(response, items, work)
