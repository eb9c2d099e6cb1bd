"""Unusual accesses on the wire: listed, and reviewed by NPB. No SQL; what is unusual say the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nsor.v1 import options_pb2, tripwires_pb2
from nsor_server import errors
from nsor_server.access import decisions, lists
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.lookup.tripwires import messages, store
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DEFAULT_PAGE = 50


class UnusualAccesses:
    """Lists unusual accesses, and takes NPB's reviews."""

    def __init__(self, sealer: Sealer, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register of before."""
        self._sealer, self._durable = sealer, durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                tripwires_pb2.ListUnusualAccessesRequest,
                tripwires_pb2.ListUnusualAccessesResponse,
                self.list,
            ),
            Unary(
                tripwires_pb2.ReviewUnusualAccessRequest,
                tripwires_pb2.ReviewUnusualAccessResponse,
                self.review,
                lambda call, request, conn: (self._to_review(call, request, conn).seen,),
            ),
        )

    def list(
        self, call: Call, request: tripwires_pb2.ListUnusualAccessesRequest, conn: Connection
    ) -> Outcome[tripwires_pb2.ListUnusualAccessesResponse]:
        """List unusual accesses, the newest in front.

        Raises:
            errors.Denied: NOT_ALLOWED: an agency asks what NPB has reviewed.
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: the list contradicts the register, or is one of before.
        """
        of_all = call.rows == options_pb2.ROW_SCOPE_ALL
        if request.reviewed and not of_all:
            raise errors.Denied
        which = store.EVERY if not of_all else store.DONE if request.reviewed else store.WAITING
        size = request.page_size or _DEFAULT_PAGE
        after = lists.place(self._sealer, call, request.page_token, request.reviewed) or b""
        durable = self._durable()
        page = store.page(conn, self._sealer, call, after=after, most=size + 1, which=which)
        lists.require_durable(page.size, durable)
        answer = tripwires_pb2.ListUnusualAccessesResponse(items=map(messages.item, page.found[:size]))
        if len(page.found) > size:
            last = page.found[size - 1].record.unusual_access_id
            answer.next_page_token = lists.token(self._sealer, call, last, request.reviewed)
        listed = record_pb2.ListedUnusual(
            agency=None if of_all else call.agency.agency_id,
            before=page.size,
            after=after,
            most=size + 1,
            reviewed=request.reviewed,
            found=rests_on.digest(
                (each.record.unusual_access_id, each.finding if of_all else 0) for each in page.found
            ),
        )
        detail = record_pb2.AccessDetail(outcome="LISTED", listed_unusual=listed)
        return Outcome(disclose(answer, call.purpose), detail)

    def review(
        self, call: Call, request: tripwires_pb2.ReviewUnusualAccessRequest, conn: Connection
    ) -> Outcome[tripwires_pb2.ReviewUnusualAccessResponse]:
        """Say what NPB makes of an unusual access, once; nobody is told.

        Raises:
            errors.NoRecord: there is none.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it is reviewed.
        """
        answer = tripwires_pb2.ReviewUnusualAccessResponse()
        detail = record_pb2.AccessDetail(outcome="VALIDATED")
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), detail)
        found = self._to_review(call, request, conn)
        detail.outcome = "REVIEWED"
        detail.subjects.append(found.record.unusual_access_id)
        row = store.review(found.record, request.finding, call.officer_key)
        return Outcome(disclose(answer, call.purpose), detail, (row,), seen=(found.seen,))

    def _to_review(
        self, call: Call, request: tripwires_pb2.ReviewUnusualAccessRequest, conn: Connection
    ) -> store.Reviewed:
        """An unusual access of another officer.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``review``.
        """
        found = store.one(conn, self._sealer, raw(request.unusual_access_id), call)
        if found is None:
            raise errors.NoRecord
        record = found.record
        call.looks_at(record_pb2.LOOKED_AT_KIND_UNUSUAL_ACCESS_REVIEW, record.unusual_access_id, int(found.finding > 0))
        his = ((record.agency, record.officer_number), *((each.agency, each.officer_number) for each in record.others))
        acts = [decisions.Act(agency_id, b"", number) for agency_id, number in his]
        decisions.check_acts(call, acts, open_state=found.finding == 0)
        return found
