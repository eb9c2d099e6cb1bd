"""ListRegistrations on the wire. No SQL, no law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import options_pb2, types_pb2, worklists_pb2
from nsor_server.access import lists
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import set_day
from nsor_server.formats.uuids import text
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.loaded import policy_of
from nsor_server.registration.validation import rules as validations
from nsor_server.registration.worklists import owed, pages, rules, store
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DEFAULT_PAGE: Final = 50


class Worklists:
    """Lists what an agency has to do."""

    def __init__(self, sealer: Sealer, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register before them."""
        self._sealer = sealer
        self._durable = durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                worklists_pb2.ListRegistrationsRequest,
                worklists_pb2.ListRegistrationsResponse,
                self.list_registrations,
                charge=lambda _request: Charge(""),
                shows=lambda request: request.page_size or _DEFAULT_PAGE,
            ),
        )

    def list_registrations(
        self, call: Call, request: worklists_pb2.ListRegistrationsRequest, conn: Connection
    ) -> Outcome[worklists_pb2.ListRegistrationsResponse]:
        """List what the caller has to do, kind by kind, and of each what began first.

        Raises:
            errors.Denied: that kind of work isn't the caller's.
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: the list contradicts the register, or is one of before.
        """
        deadlines = policy_of(call).deadlines
        wanted = rules.wanted(call.agency, request.kind, deadlines, call.now())
        ended = lists.place(self._sealer, call, request.page_token, request.kind)
        after = store.START if ended is None else store.unpacked(ended)
        page = pages.filled(
            lambda most: store.page(conn, self._sealer, call, wanted, after, most=most),
            self._durable,
            request.page_size or _DEFAULT_PAGE,
        )
        response = worklists_pb2.ListRegistrationsResponse(items=[_shown(call, deadlines, each) for each in page.items])
        if page.last is not None:
            response.next_page_token = lists.token(self._sealer, call, store.packed(page.last), request.kind)
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            subjects=[each.record.registration_id for each in page.items],
            classes_shown=classes_shown(response.DESCRIPTOR, call.purpose),
            listed_work=pages.told(call, wanted, None if ended is None else after, page),
        )
        seen = [seen for each in page.read for seen in each.seen]
        shown = store.shown(page.items)
        return Outcome(disclose(response, call.purpose), detail, seen=seen, shown=shown)


def _shown(call: Call, deadlines: Deadlines, item: store.Item) -> worklists_pb2.WorkItem:
    """An item with the fields of the purpose; what the caller has to confirm from its own record isn't told it."""
    if item.work.part in owed.PARTS:
        return disclose(_of_owner(call, deadlines, item), call.purpose)
    if item.work.part != rules.OF_CONVICTION:
        return disclose(_of_custody(item), call.purpose)
    conviction, fir = item.conviction, item.conviction.fir
    made = worklists_pb2.WorkItem(
        registration_id=text(item.record.registration_id),
        kind=worklists_pb2.WorkKind.ValueType(item.work.kind),
        deadline=rules.due(item.work.kind, conviction, deadlines).message(),
        person=rules.masked(item.record),
        court_case=types_pb2.CourtCase(
            court_kind=types_pb2.CourtKind.ValueType(conviction.court_kind),
            place_code=conviction.court_place,
            case_number=conviction.case_number,
        ),
        fir=types_pb2.FirKey(police_station=fir.police_station, year=fir.year, serial=fir.serial),
    )
    set_day(made.judgment_date, conviction.judgment_day)
    set_day(made.fir.fir_date, fir.day)
    waits = item.work.kind == rules.PENDING_CONFIRMATION
    return disclose(made, call.purpose, call.agency.kind if waits else options_pb2.AGENCY_KIND_UNSPECIFIED)


def _of_owner(call: Call, deadlines: Deadlines, item: store.Item) -> worklists_pb2.WorkItem:
    made = worklists_pb2.WorkItem(
        registration_id=text(item.record.registration_id),
        kind=worklists_pb2.WorkKind.ValueType(item.work.kind),
        person=rules.masked(item.record),
    )
    if item.validation is not None:
        made.deadline.CopyFrom(validations.message(deadlines, item.validation, call.now()).deadline)
    return made


def _of_custody(item: store.Item) -> worklists_pb2.WorkItem:
    made = worklists_pb2.WorkItem(
        registration_id=text(item.record.registration_id),
        kind=worklists_pb2.WorkKind.ValueType(item.work.kind),
        person=rules.masked(item.record),
    )
    if item.work.part in {rules.OF_RELEASE, rules.OF_OVERDUE}:
        set_day(made.release_date, item.record.expected_release.day)
    return made
