"""LookupService on the wire: access requests, their decisions, and the grouped look-up.

Translates between messages and the domain. The law stands in rules.py, SQL in store.py, the look-up in batch.py.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from google.protobuf.message import Message

from nsor.v1 import errors_pb2, lookup_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions, lists, rows
from nsor_server.access.decisions import Person
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import from_us, instant, to_us
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.lookup import records, rules, store
from nsor_server.lookup.batch import Decider
from nsor_server.policy.deadlines import COURT_CASE_EXPIRY, GRANT_EXPIRY, PROSECUTOR_FORWARDING, TICKET_EXPIRY
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Grouped, Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

A = TypeVar("A", bound=Message)


class LookupService:
    """Access requests, their decisions, tickets, court cases, and look-ups."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, durable: Callable[[], int]) -> None:
        """Prepare.

        Args:
            sealer: opens and seals records.
            blind_index: finds what is looked up.
            durable: gives how many entries this process knows to be durable: no page is of a register of before.
        """
        self._sealer = sealer
        self._blind_index = blind_index
        self._durable = durable
        self._decider = Decider(sealer, blind_index)

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                lookup_pb2.CreateAccessRequestRequest,
                lookup_pb2.CreateAccessRequestResponse,
                self.create_access_request,
                self._requested_again,
            ),
            Unary(
                lookup_pb2.GetAccessRequestRequest,
                lookup_pb2.GetAccessRequestResponse,
                self.get_access_request,
                charge=lambda request: Charge(request.access_request_id),
            ),
            Unary(
                lookup_pb2.ApproveAccessRequestRequest,
                lookup_pb2.ApproveAccessRequestResponse,
                self.approve_access_request,
                self._decided_again,
            ),
            Unary(
                lookup_pb2.ReturnAccessRequestRequest,
                lookup_pb2.ReturnAccessRequestResponse,
                self.return_access_request,
                self._decided_again,
            ),
            Unary(lookup_pb2.OpenTicketRequest, lookup_pb2.OpenTicketResponse, self.open_ticket),
            Unary(
                lookup_pb2.OpenCourtCaseRequest,
                lookup_pb2.OpenCourtCaseResponse,
                self.open_court_case,
                self._case_again,
            ),
            Unary(lookup_pb2.WithdrawGrantRequest, lookup_pb2.WithdrawGrantResponse, self.withdraw_grant),
            Unary(lookup_pb2.ListGrantsRequest, lookup_pb2.ListGrantsResponse, self.list_grants),
            Grouped(
                lookup_pb2.LookUpRegistrationRequest,
                lookup_pb2.LookUpRegistrationResponse,
                self._decider.prepare,
                self._decider.reads,
                self._decider.decide,
            ),
        )

    def create_access_request(
        self, call: Call, request: lookup_pb2.CreateAccessRequestRequest, _conn: Connection
    ) -> Outcome[lookup_pb2.CreateAccessRequestResponse]:
        """Take an application, and tell the prosecution of the FIR's district.

        Raises:
            Denied: OUTSIDE_JURISDICTION.
            InvalidFields: the application doesn't hang together, or isn't for an FIR under the Act.
        """
        rows.require_within(call.agency, call.officer, [request.fir.police_station])
        rules.check_access_request(request, policy_of(call).offences)
        district = policy_of(call).places.district(request.fir.police_station)
        if district is None:
            raise errors.InvalidFields(
                violations=(errors.Violation("fir.police_station", errors_pb2.FIELD_REASON_PLACE_UNKNOWN),)
            )
        deadline = policy_of(call).deadlines.due(PROSECUTOR_FORWARDING, call.now())
        response = lookup_pb2.CreateAccessRequestResponse(decision_deadline=deadline.message())
        detail = record_pb2.AccessDetail(outcome="VALIDATED", case_reference=rules.fir_reference(request.fir))
        if request.validate_only:
            return Outcome(disclose(response, call.purpose), detail)
        request_id = uuid.uuid4()
        record = records.new_request(request, call, request_id=request_id, deadline=deadline)
        row, ref, response.etag = store.request_row(self._sealer, record, district)
        response.access_request_id = str(request_id)
        detail.outcome = "CREATED"
        detail.subjects.append(request_id.bytes)
        events = outbox.owed(
            notification_pb2.EVENT_KIND_ACCESS_REQUESTED,
            recipients.prosecution_for(call.agencies, district),
            access_request_id=request_id.bytes,
        )
        return Outcome(disclose(response, call.purpose), detail, (row, *events), (ref,))

    def get_access_request(
        self, call: Call, request: lookup_pb2.GetAccessRequestRequest, conn: Connection
    ) -> Outcome[lookup_pb2.GetAccessRequestResponse]:
        """Show an access request to who made it and to who decides it.

        Raises:
            NoRecord: it isn't there, or isn't the caller's to see.
        """
        found = store.newest(conn, self._sealer, raw(request.access_request_id), call)
        if found is None:
            raise errors.NoRecord
        record = found.record
        grant = store.grant(conn, self._sealer, record.grant_id) if record.grant_id else None
        message = records.request_message(
            record,
            etag=found.etag,
            deadline=policy_of(call).deadlines.due(record.decision_rule, instant(record.create_time_us)),
            grant=None if grant is None else self._grant_message(call, grant.record, grant.ended_at(call.compromised)),
        )
        response = disclose(lookup_pb2.GetAccessRequestResponse(access_request=message), call.purpose)
        detail = _detail("FOUND", record)
        detail.shown_version = record.version
        if grant is not None:
            withdrawn_us = to_us(grant.withdrawn_at) if grant.withdrawn_at else 0
            detail.rests_on = rests_on.digest([(record.grant_id, withdrawn_us)])
        detail.classes_shown.extend(classes_shown(response.DESCRIPTOR, call.purpose))
        return Outcome(response, detail, seen=(store.seen(found), *((grant.seen,) if grant else ())))

    def approve_access_request(
        self, call: Call, request: lookup_pb2.ApproveAccessRequestRequest, conn: Connection
    ) -> Outcome[lookup_pb2.ApproveAccessRequestResponse]:
        """Grant an access request.

        Raises:
            NoRecord: it isn't there, or isn't this prosecutor's to decide.
            Denied: SECOND_PERSON_REQUIRED.
            EtagMismatch: it has moved on.
            WrongState: it is decided.
        """
        if request.validate_only:
            return Outcome(lookup_pb2.ApproveAccessRequestResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        found = self._to_decide(call, request.access_request_id, request.etag, conn)
        grant = records.new_grant(
            found.record,
            call,
            grant_id=uuid.uuid4(),
            uses_per_subject=policy_of(call).grants.uses_per_subject,
            expiry=policy_of(call).deadlines.due(GRANT_EXPIRY, call.now()),
            district=found.district,
            case_blinds=registrations.case_blinds(
                self._blind_index, registrations.fir_case(registrations.case_reference(found.record.fir))
            ),
        )
        record = records.decided(found.record, call, lookup_pb2.ACCESS_REQUEST_STATE_APPROVED, grant_id=grant.grant_id)
        row, ref, etag = store.request_row(self._sealer, record, found.district)
        grant_row, grant_ref = store.grant_row(self._sealer, grant)
        response = lookup_pb2.ApproveAccessRequestResponse(
            access_request_id=request.access_request_id, etag=etag, grant=self._grant_message(call, grant)
        )
        events = _requester_event(notification_pb2.EVENT_KIND_ACCESS_APPROVED, record)
        return Outcome(
            disclose(response, call.purpose),
            _decision_detail("APPROVED", call, record),
            (row, grant_row, *events),
            (ref, grant_ref),
            (store.seen(found),),
        )

    def return_access_request(
        self, call: Call, request: lookup_pb2.ReturnAccessRequestRequest, conn: Connection
    ) -> Outcome[lookup_pb2.ReturnAccessRequestResponse]:
        """Return an access request with reasons.

        Raises:
            InvalidFields: a reason is given twice.
            NoRecord, Denied, EtagMismatch, WrongState: as for an approval.
        """
        rules.check_return(request)
        if request.validate_only:
            return Outcome(lookup_pb2.ReturnAccessRequestResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        found = self._to_decide(call, request.access_request_id, request.etag, conn)
        record = records.decided(found.record, call, lookup_pb2.ACCESS_REQUEST_STATE_RETURNED, reasons=request.reasons)
        row, ref, etag = store.request_row(self._sealer, record, found.district)
        response = lookup_pb2.ReturnAccessRequestResponse(access_request_id=request.access_request_id, etag=etag)
        events = _requester_event(notification_pb2.EVENT_KIND_ACCESS_RETURNED, record)
        return Outcome(
            disclose(response, call.purpose),
            _decision_detail("RETURNED", call, record),
            (row, *events),
            (ref,),
            (store.seen(found),),
        )

    def _requested_again(
        self, call: Call, request: lookup_pb2.CreateAccessRequestRequest, _conn: Connection
    ) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.fir.police_station])
        return ()

    def _decided_again(
        self,
        call: Call,
        request: lookup_pb2.ApproveAccessRequestRequest | lookup_pb2.ReturnAccessRequestRequest,
        conn: Connection,
    ) -> tuple[Seen, ...]:
        found = store.newest(conn, self._sealer, raw(request.access_request_id), call)
        if found is None:
            raise errors.NoRecord
        return (store.seen(found),)

    def _case_again(self, call: Call, request: lookup_pb2.OpenCourtCaseRequest, _conn: Connection) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.court_case.place_code])
        return ()

    def open_ticket(
        self, call: Call, request: lookup_pb2.OpenTicketRequest, _conn: Connection
    ) -> Outcome[lookup_pb2.OpenTicketResponse]:
        """Let another officer of NPB look named persons up.

        Raises:
            InvalidFields: a person is named twice.
            Denied: OFFICER_NOT_KNOWN, SECOND_PERSON_REQUIRED.
        """
        rules.check_named(request.cnics)
        worker = decisions.holder(call, call.agency.agency_id, request.officer_key_id)
        decisions.check_another(worker, decisions.acting(call))
        if request.validate_only:
            return Outcome(lookup_pb2.OpenTicketResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        rules.check_worker(call.agency, call.officers.get(request.officer_key_id))
        grant = records.new_ticket(
            request,
            call,
            grant_id=uuid.uuid4(),
            uses_per_subject=policy_of(call).grants.ticket_uses_per_subject,
            expiry=policy_of(call).deadlines.due(TICKET_EXPIRY, call.now()),
        )
        response = lookup_pb2.OpenTicketResponse(grant=self._grant_message(call, grant))
        return self._opened(call, response, grant)

    def open_court_case(
        self, call: Call, request: lookup_pb2.OpenCourtCaseRequest, _conn: Connection
    ) -> Outcome[lookup_pb2.OpenCourtCaseResponse]:
        """Let the court's officers look up who is named in a case that is before it.

        Raises:
            InvalidFields: a person is named twice.
            Denied: OUTSIDE_JURISDICTION, for the case's place or kind of court.
        """
        rules.check_named(request.cnics)
        rules.check_court_kind(call.agency, request.court_case)
        rows.require_within(call.agency, call.officer, [request.court_case.place_code])
        if request.validate_only:
            return Outcome(lookup_pb2.OpenCourtCaseResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        grant = records.new_court_case(
            request,
            call,
            grant_id=uuid.uuid4(),
            uses_per_subject=policy_of(call).grants.court_case_uses_per_subject,
            expiry=policy_of(call).deadlines.due(COURT_CASE_EXPIRY, call.now()),
        )
        response = lookup_pb2.OpenCourtCaseResponse(grant=self._grant_message(call, grant))
        return self._opened(call, response, grant)

    def withdraw_grant(
        self, call: Call, request: lookup_pb2.WithdrawGrantRequest, conn: Connection
    ) -> Outcome[lookup_pb2.WithdrawGrantResponse]:
        """Take back what an officer of the caller's agency has granted or opened; a second time changes nothing.

        Raises:
            NoRecord: it isn't there, nobody of the agency has opened it, or it is of where the officer may not act.
            Exhausted: he has taken back too many of his colleagues' in a day.
        """
        if request.validate_only:
            return Outcome(lookup_pb2.WithdrawGrantResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        found = store.opened(conn, self._sealer, raw(request.grant_id), call)
        if found is None:
            raise errors.NoRecord
        grant, ended_at = found.record, found.ended_at(call.compromised)
        at = ended_at or call.now()
        response = lookup_pb2.WithdrawGrantResponse(withdraw_time=from_us(to_us(at)))
        detail = record_pb2.AccessDetail(
            outcome="WITHDRAWN" if ended_at is None else "WITHDRAWN_BEFORE",
            case_reference=records.case_reference(grant),
            subjects=[grant.grant_id],
        )
        if ended_at is not None:
            return Outcome(disclose(response, call.purpose), detail, seen=(found.seen,))
        officer = decisions.acting(call)
        own = officer.is_same(decisions.holder(call, grant.opened_by_agency, grant.opened_by_key))
        of_colleagues, no_other = store.withdrawn_of_colleagues(conn, officer)
        if not own:
            rules.check_withdrawals(of_colleagues)
        row, as_read = store.withdrawal(found, officer.key_id, at, of_colleague=not own)
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        events = _withdrawal_events(grant, [grant.agency, grant.opened_by_agency, *npb])
        seen = (as_read,) if own else (as_read, no_other)
        return Outcome(disclose(response, call.purpose), detail, (row, *events), (), seen)

    def ended_with(self, call: Call, key_id: bytes, conn: Connection) -> list[Row]:
        """The events that are owed when a key of the caller's agency turns out to be compromised.

        Whoever was granted something with it hears that it counts no more. They rest on what was read a moment before:
        disabling a key waits for nobody, and whoever has it could keep it waiting by granting more.
        """
        granted = [each for each in store.counting(conn, self._sealer, call) if each.opened_by_key == key_id]
        return [row for each in granted if each.access_request_id for row in _withdrawal_events(each, [each.agency])]

    def list_grants(
        self, call: Call, request: lookup_pb2.ListGrantsRequest, conn: Connection
    ) -> Outcome[lookup_pb2.ListGrantsResponse]:
        """List what officers of the caller's agency have granted or opened where he acts and what still counts.

        Raises:
            Denied: OFFICER_MAY_NOT_DECIDE.
            InvalidFields: PAGE_TOKEN_INVALID.
        """
        rules.check_lists(call.officer)
        size, after = request.page_size or rules.DEFAULT_PAGE, lists.place(self._sealer, call, request.page_token)
        durable, now_us = self._durable(), to_us(call.now())
        page = store.page(conn, self._sealer, call, now_us=now_us, after=after or b"", limit=size + 1)
        lists.require_durable(page.size, durable)
        found = page.grants
        response = lookup_pb2.ListGrantsResponse(
            grants=[
                records.open_grant_message(grant, self._grant_message(call, grant), used)
                for grant, used in found[:size]
                if grant.opened_by_key not in call.compromised
            ]
        )
        if len(found) > size:
            response.next_page_token = lists.token(self._sealer, call, found[size - 1][0].grant_id)
        listed = record_pb2.ListedGrants(
            rows=call.rows,
            jurisdiction=call.agency.jurisdiction,
            acts_at=rows.acts_at(call.agency, call.officer),
            after=after or b"",
            now_us=now_us,
            before=page.size,
            most=size + 1,
            found=rests_on.digest((grant.grant_id, 1) for grant, _ in found),
            used=(used for _, used in found),
        )
        detail = record_pb2.AccessDetail(outcome="LISTED", listed_grants=listed)
        return Outcome(disclose(response, call.purpose), detail)

    def _opened(self, call: Call, response: A, grant: record_pb2.GrantRecord) -> Outcome[A]:
        """What is written of a ticket or a court case."""
        case = records.case_of(grant)
        grant.case_blinds = registrations.case_blinds(self._blind_index, case) if case else b""
        row, ref = store.grant_row(self._sealer, grant)
        detail = record_pb2.AccessDetail(
            outcome="OPENED", case_reference=records.case_reference(grant), subjects=[grant.grant_id]
        )
        return Outcome(disclose(response, call.purpose), detail, (row,), (ref,))

    def _to_decide(self, call: Call, request_id: str, etag: str, conn: Connection) -> store.StoredRequest:
        found = store.newest(conn, self._sealer, raw(request_id), call)
        if found is None:
            raise errors.NoRecord
        rules.check_decision(
            prosecutor=decisions.acting(call),
            requester=Person(found.record.agency, found.record.officer_number, found.record.officer_key),
            etag=etag,
            newest_etag=found.etag,
            state=found.record.state,
        )
        return found

    def _grant_message(
        self, call: Call, grant: record_pb2.GrantRecord, ended_at: dt.datetime | None = None
    ) -> lookup_pb2.Grant:
        expiry = policy_of(call).deadlines.due(grant.expiry_rule, instant(grant.create_time_us))
        return records.grant_message(grant, expiry, ended_at)


def _requester_event(kind: notification_pb2.EventKind.ValueType, record: record_pb2.AccessRequestRecord) -> list[Row]:
    return outbox.owed(kind, [record.agency], access_request_id=record.access_request_id)


def _withdrawal_events(grant: record_pb2.GrantRecord, told: Sequence[str]) -> list[Row]:
    return outbox.owed(
        notification_pb2.EVENT_KIND_ACCESS_WITHDRAWN,
        told,
        access_request_id=grant.access_request_id or None,
        about_agency=grant.opened_by_agency,
    )


def _detail(outcome: str, record: record_pb2.AccessRequestRecord) -> record_pb2.AccessDetail:
    subjects = [record.access_request_id, record.grant_id] if record.grant_id else [record.access_request_id]
    case = registrations.case_reference(record.fir)
    return record_pb2.AccessDetail(outcome=outcome, case_reference=case, subjects=subjects)


def _decision_detail(outcome: str, call: Call, record: record_pb2.AccessRequestRecord) -> record_pb2.AccessDetail:
    late = to_us(call.now()) > record.decision_due_us
    return _detail(f"{outcome}_LATE" if late else outcome, record)
