"""LookupService on the wire: access requests, their decisions, and the way into the grouped look-up.

Translates between messages and the domain. The law stands in rules.py, SQL in store.py, the look-up in batch.py.
"""

from __future__ import annotations

import uuid

from google.protobuf.message import Message

from nsor.v1 import errors_pb2, lookup_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose
from nsor_server.directory import agencies
from nsor_server.ledger.naming import named
from nsor_server.lookup import records, rules, store
from nsor_server.notification import outbox
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_server.registration.dates import to_us
from nsor_server.registration.record import case_reference
from nsor_server.rpc.calls import Call, Connection, Outcome
from nsor_server.storage.sealing import Sealing
from nsor_server.storage.v1 import record_pb2

DECISION_RULE = "prosecutor-forwarding"
EXPIRY_RULE = "grant-expiry"


class LookupService:
    """Access requests and their decisions."""

    def __init__(
        self, sealer: Sealing, *, places: Places, offences: OffenceTable, deadlines: Deadlines, grants: GrantPolicy
    ) -> None:
        self._sealer = sealer
        self._places = places
        self._offences = offences
        self._deadlines = deadlines
        self._grants = grants

    def CreateAccessRequest(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Take an application, and tell the prosecution of the FIR's district.

        Raises:
            Denied: OUTSIDE_JURISDICTION.
            InvalidFields: the application doesn't hang together, or isn't for an FIR under the Act.
        """
        assert isinstance(request, lookup_pb2.CreateAccessRequestRequest)  # noqa: S101 - narrows the handler's type
        rules.require_place(call.agency, call.officer, request.fir.police_station)
        rules.check_access_request(request, self._offences)
        district = self._places.district(request.fir.police_station)
        if district is None:
            raise errors.InvalidFields(
                violations=(errors.Violation("fir.police_station", errors_pb2.FIELD_REASON_PLACE_UNKNOWN),)
            )
        deadline = self._deadlines.due(DECISION_RULE, store.now(conn))
        response = lookup_pb2.CreateAccessRequestResponse(decision_deadline=records.deadline_message(deadline))
        detail = record_pb2.AccessDetail(outcome="VALIDATED", case_reference=rules.fir_reference(request.fir))
        if request.validate_only:
            return Outcome(disclose(response, call.purpose), detail)
        request_id = uuid.uuid4()
        record = records.new_request(request, call, request_id=request_id, deadline=deadline)
        ref, response.etag = store.insert_request(conn, self._sealer, record, district)
        response.access_request_id = str(request_id)
        detail.outcome = "CREATED"
        detail.subjects.append(request_id.bytes)
        outbox.publish(
            conn,
            notification_pb2.EVENT_KIND_ACCESS_REQUESTED,
            agencies.prosecution_for(conn, district),
            access_request_id=request_id,
        )
        return Outcome(disclose(response, call.purpose), detail, (ref,))

    def GetAccessRequest(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Show an access request to who made it and to who decides it.

        Raises:
            NoRecord: it isn't there, or isn't the caller's to see.
        """
        assert isinstance(request, lookup_pb2.GetAccessRequestRequest)  # noqa: S101 - narrows the handler's type
        request_id = uuid.UUID(request.access_request_id)
        if call.agency.kind == options_pb2.AGENCY_KIND_PROSECUTION:
            found = self._within(call, request_id, conn)
        else:
            found = store.request_of_agency(conn, self._sealer, request_id, call.agency.agency_id)
        if found is None:
            raise errors.NoRecord
        record = found.record
        grant = store.grant(conn, self._sealer, record.grant_id) if record.grant_id else None
        message = records.request_message(
            record,
            etag=found.etag,
            deadline=self._deadlines.due(record.decision_rule, records.instant(record.create_time_us)),
            grant=None if grant is None else self._grant_message(grant),
        )
        response = disclose(lookup_pb2.GetAccessRequestResponse(access_request=message), call.purpose)
        detail = _detail("FOUND", record)
        detail.named = named(request)
        return Outcome(response, detail)

    def ApproveAccessRequest(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Grant an access request.

        Raises:
            NoRecord: it isn't there, or isn't this prosecutor's to decide.
            Denied: SECOND_PERSON_REQUIRED.
            EtagMismatch: it has moved on, or somebody else decides it at this moment.
            WrongState: it is decided.
        """
        assert isinstance(request, lookup_pb2.ApproveAccessRequestRequest)  # noqa: S101 - narrows the handler's type
        found = self._to_decide(call, request.access_request_id, request.etag, conn)
        grant = records.new_grant(
            found.record,
            grant_id=uuid.uuid4(),
            uses_per_subject=self._grants.uses_per_subject,
            expiry=self._deadlines.due(EXPIRY_RULE, found.now),
        )
        record = records.decided(found.record, call, lookup_pb2.ACCESS_REQUEST_STATE_APPROVED, grant_id=grant.grant_id)
        ref, etag = store.insert_request(conn, self._sealer, record, found.district)
        grant_ref = store.insert_grant(conn, self._sealer, grant)
        _tell_requester(conn, notification_pb2.EVENT_KIND_ACCESS_APPROVED, record)
        response = lookup_pb2.ApproveAccessRequestResponse(
            access_request_id=request.access_request_id, etag=etag, grant=self._grant_message(grant)
        )
        return Outcome(
            disclose(response, call.purpose),
            _decision_detail("APPROVED", request, found, record),
            (ref, grant_ref),
        )

    def ReturnAccessRequest(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Return an access request with reasons.

        Raises:
            InvalidFields: a reason is given twice.
            NoRecord, Denied, EtagMismatch, WrongState: as for an approval.
        """
        assert isinstance(request, lookup_pb2.ReturnAccessRequestRequest)  # noqa: S101 - narrows the handler's type
        rules.check_return(request)
        found = self._to_decide(call, request.access_request_id, request.etag, conn)
        record = records.decided(found.record, call, lookup_pb2.ACCESS_REQUEST_STATE_RETURNED, reasons=request.reasons)
        ref, etag = store.insert_request(conn, self._sealer, record, found.district)
        _tell_requester(conn, notification_pb2.EVENT_KIND_ACCESS_RETURNED, record)
        response = lookup_pb2.ReturnAccessRequestResponse(access_request_id=request.access_request_id, etag=etag)
        return Outcome(disclose(response, call.purpose), _decision_detail("RETURNED", request, found, record), (ref,))

    def _within(self, call: Call, request_id: uuid.UUID, conn: Connection) -> store.StoredRequest | None:
        agency_places = call.agency.jurisdiction
        officer_places = (call.officer.jurisdiction if call.officer else ()) or agency_places
        return store.request_within(conn, self._sealer, request_id, agency_places, officer_places)

    def _to_decide(self, call: Call, request_id: str, etag: str, conn: Connection) -> store.StoredRequest:
        found = self._within(call, uuid.UUID(request_id), conn)
        if found is None:
            raise errors.NoRecord
        rules.check_decision(
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
            requester=found.record.agency,
            requester_key=found.record.officer_key,
            etag=etag,
            newest_etag=found.etag,
            state=found.record.state,
        )
        return found

    def _grant_message(self, grant: record_pb2.GrantRecord) -> lookup_pb2.Grant:
        expiry = self._deadlines.due(grant.expiry_rule, records.instant(grant.create_time_us))
        return records.grant_message(grant, expiry)


def _tell_requester(
    conn: Connection, kind: notification_pb2.EventKind.ValueType, record: record_pb2.AccessRequestRecord
) -> None:
    outbox.publish(conn, kind, [record.agency], access_request_id=uuid.UUID(bytes=record.access_request_id))


def _detail(outcome: str, record: record_pb2.AccessRequestRecord) -> record_pb2.AccessDetail:
    subjects = [record.access_request_id, record.grant_id] if record.grant_id else [record.access_request_id]
    return record_pb2.AccessDetail(outcome=outcome, case_reference=case_reference(record.fir), subjects=subjects)


def _decision_detail(
    outcome: str, request: Message, found: store.StoredRequest, record: record_pb2.AccessRequestRecord
) -> record_pb2.AccessDetail:
    late = to_us(found.now) > record.decision_due_us
    detail = _detail(f"{outcome}_LATE" if late else outcome, record)
    detail.named = named(request)
    return detail
