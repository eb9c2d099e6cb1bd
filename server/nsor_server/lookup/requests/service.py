"""The access requests' part of LookupService: asked for, shown, granted and returned.

Translates between messages and the domain. The law stands in rules.py, SQL in store.py.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

from nsor.v1 import access_requests_pb2, errors_pb2, grants_pb2, lookup_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions, rows
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import instant, to_us
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.lookup import fir_places
from nsor_server.lookup import rules as look_ups
from nsor_server.lookup.grants import records as grant_records
from nsor_server.lookup.grants import rules as grant_rules
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.grants.service import message as grant_message
from nsor_server.lookup.requests import records, repeated, rules, store, told, work
from nsor_server.lookup.requests.escalation.rules import steps
from nsor_server.policy.deadlines import GRANT_EXPIRY, JUVENILE_ACCESS, PROSECUTOR_FORWARDING
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DISTRICT: Final = 2
"""Parts of the code of a district: its police have the District Police Officer."""
_INVESTIGATED: Final = frozenset(
    classes_shown(lookup_pb2.LookUpRegistrationResponse.DESCRIPTOR, options_pb2.PURPOSE_INVESTIGATION)
)
"""The classes of fields that a look-up shows an investigation."""


class AccessRequests:
    """Takes, shows and decides access requests."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                access_requests_pb2.CreateAccessRequestRequest,
                access_requests_pb2.CreateAccessRequestResponse,
                self.create_access_request,
                self._requested_again,
            ),
            Unary(
                access_requests_pb2.GetAccessRequestRequest,
                access_requests_pb2.GetAccessRequestResponse,
                self.get_access_request,
                charge=lambda request: Charge(request.access_request_id),
            ),
            Unary(
                access_requests_pb2.ApproveAccessRequestRequest,
                access_requests_pb2.ApproveAccessRequestResponse,
                self.approve_access_request,
                self._decided_again,
            ),
            Unary(
                access_requests_pb2.ReturnAccessRequestRequest,
                access_requests_pb2.ReturnAccessRequestResponse,
                self.return_access_request,
                self._decided_again,
            ),
        )

    def create_access_request(
        self, call: Call, request: access_requests_pb2.CreateAccessRequestRequest, conn: Connection
    ) -> Outcome[access_requests_pb2.CreateAccessRequestResponse]:
        """Take an application, and tell the prosecution of the FIR's district.

        Raises:
            Denied: OUTSIDE_JURISDICTION.
            InvalidFields: the application isn't for an FIR under the Act.
        """
        rows.require_within(call.agency, call.officer, [request.fir.police_station])
        rules.check_access_request(request, policy_of(call).offences)
        district = policy_of(call).places.district(request.fir.police_station)
        if district is None:
            raise errors.InvalidFields(
                violations=(errors.Violation("fir.police_station", errors_pb2.FIELD_REASON_PLACE_UNKNOWN),)
            )
        deadline = policy_of(call).deadlines.due(PROSECUTOR_FORWARDING, call.now())
        response = access_requests_pb2.CreateAccessRequestResponse(decision_deadline=deadline.message())
        detail = record_pb2.AccessDetail(outcome="VALIDATED", case_reference=look_ups.fir_reference(request.fir))
        if request.validate_only:
            return Outcome(disclose(response, call.purpose), detail)
        request_id = uuid.uuid4()
        number = call.officer.officer_number if call.officer else ""
        record = records.new_request(
            request,
            call,
            request_id=request_id,
            deadline=deadline,
            juvenile_deadline=policy_of(call).deadlines.due(JUVENILE_ACCESS, deadline.start),
            officer_label=work.officer_label(self._blind_index, call.agency.agency_id, number),
            fir_label=work.fir_label(self._blind_index, call.agency.agency_id, detail.case_reference),
            place=fir_places.written(self._blind_index, request.fir.police_station),
            steps=steps(policy_of(call).deadlines, deadline.start, juveniles=request.juvenile_records),
        )
        earlier = repeated.earlier(conn, self._sealer, record)
        record.repeats = earlier.request_id
        row, ref, response.etag = store.request_row(self._sealer, record)
        response.access_request_id = str(request_id)
        response.repeated_access_request_id = str(uuid.UUID(bytes=record.repeats)) if record.repeats else ""
        detail.outcome = "CREATED"
        detail.subjects.append(request_id.bytes)
        events = outbox.owed(
            notification_pb2.EVENT_KIND_ACCESS_REQUESTED,
            [
                *recipients.prosecution_for(call.agencies, district),
                recipients.Found.at(record.agency, district),
                *recipients.police_at(call.agencies, district, _DISTRICT),
            ],
            access_request_id=request_id.bytes,
        )
        if request.juvenile_records:
            events += outbox.owed(
                notification_pb2.EVENT_KIND_JUVENILE_ACCESS_REQUESTED,
                recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
                access_request_id=request_id.bytes,
            )
        return Outcome(disclose(response, call.purpose), detail, (row, *events), (ref,), (earlier.seen,))

    def get_access_request(
        self, call: Call, request: access_requests_pb2.GetAccessRequestRequest, conn: Connection
    ) -> Outcome[access_requests_pb2.GetAccessRequestResponse]:
        """Show an access request to who made it and to who decides it.

        Raises:
            NoRecord: it isn't there, or isn't the caller's to see.
        """
        found = store.newest(conn, (self._sealer, self._blind_index), raw(request.access_request_id), call)
        if found is None:
            raise errors.NoRecord
        record = found.record
        grant = grants.grant(conn, self._sealer, record.grant_id) if record.grant_id else None
        deadlines, start = policy_of(call).deadlines, instant(record.create_time_us)
        message = records.request_message(
            record,
            etag=found.etag,
            deadline=deadlines.due(record.decision_rule, start),
            juvenile_deadline=deadlines.due(record.juvenile_rule, start) if record.juvenile_rule else None,
            grant=None
            if grant is None
            else _grant_message(call, record, grant.record, grant.ended_at(call.compromised)),
            now_us=to_us(call.now()),
        )
        response = disclose(access_requests_pb2.GetAccessRequestResponse(access_request=message), call.purpose)
        detail = _detail("FOUND", record)
        detail.shown_version = record.version
        if grant is not None:
            withdrawn_us = to_us(grant.withdrawn_at) if grant.withdrawn_at else 0
            detail.rests_on = rests_on.digest([(record.grant_id, withdrawn_us)])
        detail.classes_shown.extend(classes_shown(response.DESCRIPTOR, call.purpose))
        return Outcome(response, detail, seen=(store.seen(found), *((grant.seen,) if grant else ())))

    def approve_access_request(
        self, call: Call, request: access_requests_pb2.ApproveAccessRequestRequest, conn: Connection
    ) -> Outcome[access_requests_pb2.ApproveAccessRequestResponse]:
        """Grant an access request, or a part of it.

        Raises:
            InvalidFields: the part reaches further than the request or the policy.
            NoRecord: it isn't there, or isn't this prosecutor's to decide.
            Denied: SECOND_PERSON_REQUIRED.
            EtagMismatch: it has moved on.
            WrongState: it is decided, or rests on an act of a compromised key.
        """
        if request.validate_only:
            return Outcome(
                access_requests_pb2.ApproveAccessRequestResponse(), record_pb2.AccessDetail(outcome="VALIDATED")
            )
        found = self._to_decide(call, request, conn)
        expiry = policy_of(call).deadlines.due(GRANT_EXPIRY, call.now())
        part = grant_rules.granted_part(
            request.part,
            suspects=len(found.record.suspects),
            asks_for_juveniles=bool(found.record.juvenile_decision),
            shown=_INVESTIGATED,
            most_uses=policy_of(call).grants.uses_per_subject,
            now_us=to_us(call.now()),
            end_us=to_us(expiry.due),
        )
        grant = grant_records.new_grant(
            found.record,
            call,
            grant_id=uuid.uuid4(),
            part=part,
            expiry=expiry,
            case_blinds=registrations.case_blinds(
                self._blind_index, registrations.fir_case(registrations.case_reference(found.record.fir))
            ),
        )
        record = records.decided(
            found.record, call, access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED, grant_id=grant.grant_id
        )
        row, ref, etag = store.request_row(self._sealer, record)
        grant_row, grant_ref = grants.grant_row(self._sealer, grant)
        allowed = (
            [grants.juvenile_row(grant.grant_id, record.juvenile_decided_by_key, call.now())]
            if _shows_juveniles(record, grant)
            else []
        )
        response = access_requests_pb2.ApproveAccessRequestResponse(
            access_request_id=request.access_request_id, etag=etag, grant=_grant_message(call, record, grant)
        )
        events = told.of_grant(
            notification_pb2.EVENT_KIND_ACCESS_APPROVED,
            record,
            [record.agency],
            recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
            about_agency=record.decided_by_agency,
        )
        return Outcome(
            disclose(response, call.purpose),
            _decision_detail("APPROVED", call, record),
            (row, grant_row, *allowed, *events),
            (ref, grant_ref),
            (store.seen(found),),
        )

    def return_access_request(
        self, call: Call, request: access_requests_pb2.ReturnAccessRequestRequest, conn: Connection
    ) -> Outcome[access_requests_pb2.ReturnAccessRequestResponse]:
        """Return an access request with reasons.

        Raises:
            NoRecord, Denied, EtagMismatch, WrongState: as for an approval.
        """
        if request.validate_only:
            return Outcome(
                access_requests_pb2.ReturnAccessRequestResponse(), record_pb2.AccessDetail(outcome="VALIDATED")
            )
        found = self._to_decide(call, request, conn)
        record = records.decided(
            found.record, call, access_requests_pb2.ACCESS_REQUEST_STATE_RETURNED, reasons=request.reasons
        )
        row, ref, etag = store.request_row(self._sealer, record)
        response = access_requests_pb2.ReturnAccessRequestResponse(
            access_request_id=request.access_request_id, etag=etag
        )
        events = outbox.owed(
            notification_pb2.EVENT_KIND_ACCESS_RETURNED, [record.agency], access_request_id=record.access_request_id
        )
        return Outcome(
            disclose(response, call.purpose),
            _decision_detail("RETURNED", call, record),
            (row, *events),
            (ref,),
            (store.seen(found),),
        )

    def _requested_again(
        self, call: Call, request: access_requests_pb2.CreateAccessRequestRequest, _conn: Connection
    ) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.fir.police_station])
        return ()

    def _decided_again(
        self,
        call: Call,
        request: access_requests_pb2.ApproveAccessRequestRequest | access_requests_pb2.ReturnAccessRequestRequest,
        conn: Connection,
    ) -> tuple[Seen, ...]:
        return (store.seen(self._to_decide(call, request, conn)),)

    def _to_decide(
        self,
        call: Call,
        request: access_requests_pb2.ApproveAccessRequestRequest | access_requests_pb2.ReturnAccessRequestRequest,
        conn: Connection,
    ) -> store.StoredRequest:
        """The request that the prosecutor decides on.

        A request past its deadline may still be decided: the 48 hours bind the prosecutor, not the investigator.
        """
        found = store.newest(conn, (self._sealer, self._blind_index), raw(request.access_request_id), call)
        if found is None:
            raise errors.NoRecord
        decisions.check_acts(
            call,
            (*rules.asked(found.record), rules.of_npb(found.record)),
            etag_is_current=request.etag == found.etag,
            open_state=found.record.state == access_requests_pb2.ACCESS_REQUEST_STATE_PENDING,
        )
        return found


def _shows_juveniles(record: record_pb2.AccessRequestRecord, grant: record_pb2.GrantRecord) -> bool:
    """Whether both have said so: the prosecutor by his grant, and NPB of the request."""
    return grant.juvenile and record.juvenile_decision == access_requests_pb2.JUVENILE_DECISION_ALLOWED


def _grant_message(
    call: Call,
    record: record_pb2.AccessRequestRecord,
    grant: record_pb2.GrantRecord,
    ended_at: dt.datetime | None = None,
) -> grants_pb2.Grant:
    return grant_message(call, grant, ended_at, juveniles=_shows_juveniles(record, grant))


def _detail(outcome: str, record: record_pb2.AccessRequestRecord) -> record_pb2.AccessDetail:
    subjects = [record.access_request_id, record.grant_id] if record.grant_id else [record.access_request_id]
    case = registrations.case_reference(record.fir)
    return record_pb2.AccessDetail(outcome=outcome, case_reference=case, subjects=subjects)


def _decision_detail(outcome: str, call: Call, record: record_pb2.AccessRequestRecord) -> record_pb2.AccessDetail:
    late = rules.time_left(record, to_us(call.now())).late
    return _detail(f"{outcome}_LATE" if late else outcome, record)
