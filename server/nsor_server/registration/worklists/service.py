"""ListRegistrations on the wire. No SQL, no law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import options_pb2, types_pb2, worklists_pb2
from nsor_server.access import lists
from nsor_server.access import rows as scopes
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import set_day
from nsor_server.formats.uuids import text
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.loaded import policy_of
from nsor_server.registration.validation import rules as validations
from nsor_server.registration.worklists import owed, rules, store
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DEFAULT_PAGE: Final = 50
_MOST_READ: Final = 400
"""Works that are read for one page: after more that aren't to do any more it ends, and the next one goes on."""


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
        size = request.page_size or _DEFAULT_PAGE
        found, most = self._filled(conn, call, wanted, after, size)
        current = [each for each in found.items if each.is_current]
        page, shown = found.items, current[:size]
        if len(current) > size:
            page = page[: page.index(shown[-1]) + 1]
        response = worklists_pb2.ListRegistrationsResponse(items=[_shown(call, deadlines, each) for each in shown])
        if len(current) > size or len(found.items) == most:
            response.next_page_token = lists.token(self._sealer, call, store.packed(page[-1].place), request.kind)
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            subjects=[each.record.registration_id for each in shown],
            classes_shown=classes_shown(response.DESCRIPTOR, call.purpose),
            listed_work=listed(call, wanted, None if ended is None else after, found, most),
        )
        seen = [seen for each in page for seen in each.seen]
        return Outcome(disclose(response, call.purpose), detail, seen=seen)

    def _filled(
        self, conn: Connection, call: Call, wanted: rules.Wanted, after: rules.Place, size: int
    ) -> tuple[store.Page, int]:
        """Read as many works as have one more on the page than it shows; gives them, and how many were asked for.

        What isn't to do any more is passed over. Else a page with fewer items than it should have would say to whoever
        owned a record once that it is sealed, archived or another's now. All is of one statement, as ``ledger verify``
        reads it again.
        """
        most = size + 1
        while True:
            durable = self._durable()
            found = store.page(conn, self._sealer, call, wanted, after, most=most)
            lists.require_durable(found.size, durable)
            if len(found.items) < most or most >= _MOST_READ or sum(each.is_current for each in found.items) > size:
                return found, most
            most = min(4 * most, _MOST_READ)


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


def listed(
    call: Call, wanted: rules.Wanted, after: rules.Place | None, found: store.Page, most: int
) -> record_pb2.ListedWork:
    """What the entry says of a page, so that ``ledger verify`` makes it again."""
    return record_pb2.ListedWork(
        rows=call.rows,
        jurisdiction=call.agency.jurisdiction,
        acts_at=scopes.acts_at(call.agency, call.officer),
        **wanted._asdict(),
        after=None if after is None else record_pb2.WorkPlace(**after._asdict()),
        before=found.size,
        most=most,
        sha256=store.hashed(each.place for each in found.items),
    )
