"""ListAccessRequests on the wire: where an officer who asks and a prosecutor who decides begin their day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import access_requests_pb2, options_pb2
from nsor_server.access import lists, rows
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import rests_on
from nsor_server.lookup.requests import pages, records, rules, work
from nsor_server.policy.loaded import policy_of
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

DEFAULT_PAGE: Final = 50
"""Requests of a page whose size isn't said."""


class AccessRequestLists:
    """Lists access requests."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, durable: Callable[[], int]) -> None:
        """Prepare.

        Args:
            sealer: opens versions and tokens.
            blind_index: finds an officer's own.
            durable: gives how many entries this process knows to be durable: no page is of a register of before.
        """
        self._sealer, self._blind_index, self._durable = sealer, blind_index, durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                access_requests_pb2.ListAccessRequestsRequest,
                access_requests_pb2.ListAccessRequestsResponse,
                self.list_access_requests,
                charge=lambda _request: Charge(""),
            ),
        )

    def list_access_requests(
        self, call: Call, request: access_requests_pb2.ListAccessRequestsRequest, conn: Connection
    ) -> Outcome[access_requests_pb2.ListAccessRequestsResponse]:
        """List what waits and what is decided, of the caller's agency or jurisdiction.

        Raises:
            InvalidFields: PAGE_TOKEN_INVALID.
            Internal: the list contradicts the requests, or is one of before.
        """
        own = self._label(call)
        wanted = self._wanted(call, request, own)
        ended = lists.place(self._sealer, call, request.page_token, request.state, request.own)
        after = work.START if ended is None else work.Place.unpacked(ended)
        size, durable = request.page_size or DEFAULT_PAGE, self._durable()
        page = pages.page(conn, (self._sealer, self._blind_index), call, wanted, after, most=size + 1)
        lists.require_durable(page.size, durable)
        response = access_requests_pb2.ListAccessRequestsResponse(
            items=[_message(call, each, own=each.work.officer == own) for each in page.items[:size]]
        )
        if len(page.items) > size:
            place = page.items[size - 1].work.place.packed
            response.next_page_token = lists.token(self._sealer, call, place, request.state, request.own)
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            listed_requests=record_pb2.ListedRequests(
                rows=call.rows,
                jurisdiction=call.agency.jurisdiction,
                acts_at=rows.acts_at(call.agency, call.officer),
                states=wanted.states,
                officer_label=wanted.officer_label,
                due_us=wanted.due_us,
                after=ended or b"",
                before=page.size,
                most=size + 1,
                found=rests_on.digest((each.work.access_request_id, each.record.version) for each in page.items),
            ),
        )
        detail.classes_shown.extend(classes_shown(response.DESCRIPTOR, call.purpose))
        return Outcome(disclose(response, call.purpose), detail, seen=tuple(each.seen for each in page.items))

    def _wanted(self, call: Call, request: access_requests_pb2.ListAccessRequestsRequest, own: bytes) -> pages.Wanted:
        states = rules.STATES if request.state == 0 else (int(request.state),)
        sees_own_alone = call.agency.kind == options_pb2.AGENCY_KIND_POLICE and not rules.sees_colleagues(call.officer)
        if call.agency.kind == options_pb2.AGENCY_KIND_NPB:
            return pages.Wanted(states, own if request.own else b"", to_us(call.now()))
        return pages.Wanted(states, own if request.own or sees_own_alone else b"")

    def _label(self, call: Call) -> bytes:
        number = call.officer.officer_number if call.officer else ""
        return work.officer_label(self._blind_index, call.agency.agency_id, number)


def _message(call: Call, item: pages.Item, *, own: bool) -> access_requests_pb2.AccessRequestItem:
    record, deadlines = item.record, policy_of(call).deadlines
    start = instant(record.create_time_us)
    return records.item_message(
        record,
        deadline=deadlines.due(record.decision_rule, start),
        juvenile_deadline=deadlines.due(record.juvenile_rule, start) if item.work.juvenile_us else None,
        own=own,
        now_us=to_us(call.now()),
    )
