"""PassAccessRequest: the investigation has a new officer, and his agency hands the request and its grant on to him.

The prosecutor has granted access in one matter; who investigates it is for the police to say, and he hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from nsor.v1 import access_requests_pb2, errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions, rows
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.events import recipients
from nsor_server.formats.uuids import raw
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.requests import records, rules, store, told, work
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class Passing:
    """Hands access requests and their grants on to successors."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                access_requests_pb2.PassAccessRequestRequest,
                access_requests_pb2.PassAccessRequestResponse,
                self.pass_access_request,
                self._passed_again,
            ),
        )

    def pass_access_request(
        self, call: Call, request: access_requests_pb2.PassAccessRequestRequest, conn: Connection
    ) -> Outcome[access_requests_pb2.PassAccessRequestResponse]:
        """Hand an access request of the caller's agency on to another officer of it.

        Raises:
            Denied: SECOND_PERSON_REQUIRED, OFFICER_NOT_KNOWN, OUTSIDE_JURISDICTION.
            NoRecord: it isn't there, or isn't of where the officer may act.
            EtagMismatch: it has moved on.
            WrongState: it was returned, he has it already, or its grant counts no more.
        """
        decisions.check_named(call, _successor(call, request))
        if request.validate_only:
            return Outcome(
                access_requests_pb2.PassAccessRequestResponse(), record_pb2.AccessDetail(outcome="VALIDATED")
            )
        found = self._to_pass(call, request, conn)
        officer = rules.successor(call.agency, call.officers.get(request.successor_key_id))
        if not rows.within(call.agency, officer, [found.record.fir.police_station]):
            raise errors.Denied(errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION)
        label = work.officer_label(self._blind_index, call.agency.agency_id, officer.officer_number)
        record = records.passed(found.record, call, officer, label)
        row, ref, etag = store.request_row(self._sealer, record)
        holder, seen = self._granted(call, record, conn) if record.grant_id else ((), ())
        events = told.of_grant(
            notification_pb2.EVENT_KIND_ACCESS_PASSED,
            record,
            [recipients.Found.at(record.agency, found.district)],
            [
                *recipients.prosecution_for(call.agencies, found.district),
                *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
            ],
            about_agency=record.agency,
        )
        response = access_requests_pb2.PassAccessRequestResponse(access_request_id=request.access_request_id, etag=etag)
        detail = record_pb2.AccessDetail(
            outcome="PASSED",
            case_reference=registrations.case_reference(record.fir),
            subjects=[record.access_request_id, *([record.grant_id] if record.grant_id else [])],
            decided_key=officer.key_id,
        )
        return Outcome(
            disclose(response, call.purpose), detail, (row, *holder, *events), (ref,), (store.seen(found), *seen)
        )

    def _granted(
        self, call: Call, record: record_pb2.AccessRequestRecord, conn: Connection
    ) -> tuple[Sequence[Row], Sequence[Seen]]:
        """The row with which the grant is the successor's, and what it rests on."""
        passes = grants.passes(conn, record.grant_id)
        grant = grants.grant(conn, self._sealer, record.grant_id)
        rules.check_counts(grant.record, grant.ended_at(call.compromised), call.now())
        row, as_read = grants.passing(record.grant_id, passes, record.officer_key, call.officer_key, call.now())
        return (row,), (as_read, grant.seen)

    def _passed_again(
        self, call: Call, request: access_requests_pb2.PassAccessRequestRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        decisions.check_named(call, _successor(call, request))
        return (store.seen(self._to_pass(call, request, conn)),)

    def _to_pass(
        self, call: Call, request: access_requests_pb2.PassAccessRequestRequest, conn: Connection
    ) -> store.StoredRequest:
        """The request that is passed. Neither who passes it nor who gets it has decided of it.

        Raises:
            NoRecord, Denied, EtagMismatch, WrongState: as ``pass_access_request``.
        """
        found = store.newest(conn, (self._sealer, self._blind_index), raw(request.access_request_id), call)
        if found is None:
            raise errors.NoRecord
        decisions.check_acts(
            call,
            (rules.of_prosecutor(found.record), rules.of_npb(found.record)),
            etag_is_current=request.etag == found.etag,
            open_state=rules.may_be_passed(found.record, request.successor_key_id),
        )
        return found


def _successor(call: Call, request: access_requests_pb2.PassAccessRequestRequest) -> decisions.Person:
    return decisions.holder(call, call.agency.agency_id, request.successor_key_id)
