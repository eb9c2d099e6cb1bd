"""A page of open transfers: one of the worklists, which ``ledger verify`` makes again as it does all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from nsor.v1 import transfers_pb2
from nsor_server.access import lists
from nsor_server.calls import Call, Shown
from nsor_server.formats.uuids import text
from nsor_server.policy.loaded import policy_of
from nsor_server.registration.transfers.record import transfer_message
from nsor_server.registration.worklists import pages, rules, store
from nsor_server.storage.blind_index import BlindIndex
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
    shown: Sequence[Shown]


def shows(request: transfers_pb2.ListTransfersRequest) -> int:
    """How many transfers a page shows at most."""
    return request.page_size or DEFAULT_PAGE


def page(
    conn: Connection,
    keys: tuple[Sealer, BlindIndex],
    call: Call,
    request: transfers_pb2.ListTransfersRequest,
    durable: Callable[[], int],
) -> Listed:
    """A page of what the contract shows the caller.

    Args:
        conn: any.
        keys: what opens versions and tokens, and reads the other registrations of a person.
        call: past the gate.
        request: of a form that was checked.
        durable: gives how many entries this process knows to be durable.

    Raises:
        errors.Denied: that side isn't of the caller's kind of agency.
        errors.InvalidFields: PAGE_TOKEN_INVALID.
        errors.Internal: the list contradicts the register, or is one of before.
    """
    wanted = rules.wanted_transfers(call.agency, _KINDS[request.side], call.now())
    ended = lists.place(keys[0], call, request.page_token, request.side)
    after = store.START if ended is None else store.unpacked(ended)
    sealer, blind_index = keys

    def read(most: int) -> store.Page:
        found = store.page(conn, sealer, call, wanted, after, most=most)
        return pages.once(conn, sealer, blind_index, found, wanted.due_us)

    made = pages.filled(read, durable, shows(request))
    deadlines = policy_of(call).deadlines
    response = transfers_pb2.ListTransfersResponse(
        items=[
            transfers_pb2.TransferItem(
                registration_id=text(each.record.registration_id),
                side=_SIDES[each.work.kind],
                person=rules.masked(each.record),
                transfer=transfer_message(each.record.transfer, deadlines),
            )
            for each in made.items
        ]
    )
    if made.last is not None:
        response.next_page_token = lists.token(keys[0], call, store.packed(made.last), request.side)
    told = pages.told(call, wanted, None if ended is None else after, made)
    return Listed(response, made.found.items, told, store.shown(made.items))
