"""The grants' part of LookupService: tickets and court cases opened, whatever was granted withdrawn and listed.

Translates between messages and the domain. Who may stands in rules.py, SQL in store.py.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from google.protobuf.message import Message

from nsor.v1 import grants_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions, lists, rows
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import from_us, instant, to_us
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.lookup.grants import records, rules, store
from nsor_server.policy.deadlines import COURT_CASE_EXPIRY, TICKET_EXPIRY
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

A = TypeVar("A", bound=Message)


class Grants:
    """Opens, withdraws and lists what lets somebody look up."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, durable: Callable[[], int]) -> None:
        self._sealer = sealer
        self._blind_index = blind_index
        self._durable = durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(grants_pb2.OpenTicketRequest, grants_pb2.OpenTicketResponse, self.open_ticket, self._ticket_again),
            Unary(
                grants_pb2.OpenCourtCaseRequest,
                grants_pb2.OpenCourtCaseResponse,
                self.open_court_case,
                self._case_again,
            ),
            Unary(
                grants_pb2.WithdrawGrantRequest,
                grants_pb2.WithdrawGrantResponse,
                self.withdraw_grant,
                lambda call, request, conn: (self._to_withdraw(call, request, conn).seen,),
            ),
            Unary(grants_pb2.ListGrantsRequest, grants_pb2.ListGrantsResponse, self.list_grants),
        )

    def open_ticket(
        self, call: Call, request: grants_pb2.OpenTicketRequest, _conn: Connection
    ) -> Outcome[grants_pb2.OpenTicketResponse]:
        """Let another officer of NPB look named persons up.

        Raises:
            Denied: OFFICER_NOT_KNOWN, SECOND_PERSON_REQUIRED.
        """
        _check_worker(call, request)
        if request.validate_only:
            return Outcome(grants_pb2.OpenTicketResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        rules.check_worker(call.agency, call.officers.get(request.officer_key_id))
        grant = records.new_ticket(
            request,
            call,
            grant_id=uuid.uuid4(),
            uses_per_subject=policy_of(call).grants.ticket_uses_per_subject,
            expiry=policy_of(call).deadlines.due(TICKET_EXPIRY, call.now()),
        )
        response = grants_pb2.OpenTicketResponse(grant=message(call, grant))
        return self._opened(call, response, grant)

    def open_court_case(
        self, call: Call, request: grants_pb2.OpenCourtCaseRequest, _conn: Connection
    ) -> Outcome[grants_pb2.OpenCourtCaseResponse]:
        """Let the court's officers look up who is named in a case that is before it.

        Raises:
            Denied: OUTSIDE_JURISDICTION, for the case's place or kind of court.
        """
        rules.check_court_kind(call.agency, request.court_case)
        rows.require_within(call.agency, call.officer, [request.court_case.place_code])
        if request.validate_only:
            return Outcome(grants_pb2.OpenCourtCaseResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        grant = records.new_court_case(
            request,
            call,
            grant_id=uuid.uuid4(),
            uses_per_subject=policy_of(call).grants.court_case_uses_per_subject,
            expiry=policy_of(call).deadlines.due(COURT_CASE_EXPIRY, call.now()),
        )
        response = grants_pb2.OpenCourtCaseResponse(grant=message(call, grant))
        return self._opened(call, response, grant)

    def withdraw_grant(
        self, call: Call, request: grants_pb2.WithdrawGrantRequest, conn: Connection
    ) -> Outcome[grants_pb2.WithdrawGrantResponse]:
        """Take back what an officer of the caller's agency has granted or opened; a second time changes nothing.

        Raises:
            NoRecord: it isn't there, nobody of the agency has opened it, or it is of where the officer may not act.
            Exhausted: he has taken back too many of his colleagues' in a day.
        """
        if request.validate_only:
            return Outcome(grants_pb2.WithdrawGrantResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        found = self._to_withdraw(call, request, conn)
        grant, ended_at = found.record, found.ended_at(call.compromised)
        at = ended_at or call.now()
        response = grants_pb2.WithdrawGrantResponse(withdraw_time=from_us(to_us(at)))
        detail = record_pb2.AccessDetail(
            outcome="WITHDRAWN" if ended_at is None else "WITHDRAWN_BEFORE",
            case_reference=records.case_reference(grant),
            subjects=[grant.grant_id],
        )
        if ended_at is not None:
            return Outcome(disclose(response, call.purpose), detail, seen=(found.seen,))
        own = decisions.is_own(call, _opened_by(grant))
        of_colleagues, no_other = store.withdrawn_of_colleagues(conn, decisions.acting(call))
        if not own:
            rules.check_withdrawals(of_colleagues)
        row, as_read = store.withdrawal(found, call.officer_key, at, of_colleague=not own)
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        events = _withdrawal_events(grant, [grant.agency, grant.opened_by_agency, *npb])
        seen = (as_read,) if own else (as_read, no_other)
        return Outcome(disclose(response, call.purpose), detail, (row, *events), (), seen)

    def _to_withdraw(self, call: Call, request: grants_pb2.WithdrawGrantRequest, conn: Connection) -> store.StoredGrant:
        """What an officer of the caller's agency has granted or opened, whether it still counts or not.

        Raises:
            NoRecord: as ``withdraw_grant``.
        """
        found = store.opened(conn, (self._sealer, self._blind_index), raw(request.grant_id), call)
        if found is None:
            raise errors.NoRecord
        decisions.check_acts(call, [_opened_by(found.record)], open_state=True)
        return found

    def ended_with(self, call: Call, key_id: bytes, conn: Connection) -> list[Row]:
        """The events that are owed when a key of the caller's agency turns out to be compromised.

        Whoever was granted something with it hears that it counts no more. They rest on what was read a moment before:
        disabling a key waits for nobody, and whoever has it could keep it waiting by granting more.
        """
        granted = [each for each in store.counting(conn, self._sealer, call) if each.opened_by_key == key_id]
        return [row for each in granted if each.access_request_id for row in _withdrawal_events(each, [each.agency])]

    def list_grants(
        self, call: Call, request: grants_pb2.ListGrantsRequest, conn: Connection
    ) -> Outcome[grants_pb2.ListGrantsResponse]:
        """List what officers of the caller's agency have granted or opened where he acts and what still counts.

        Raises:
            Denied: OFFICER_MAY_NOT_DECIDE.
            InvalidFields: PAGE_TOKEN_INVALID.
        """
        rules.check_lists(call.officer)
        size, after = request.page_size or rules.DEFAULT_PAGE, lists.place(self._sealer, call, request.page_token)
        durable, now_us, keys = self._durable(), to_us(call.now()), (self._sealer, self._blind_index)
        page = store.page(conn, keys, call, now_us=now_us, after=after or b"", limit=size + 1)
        lists.require_durable(page.size, durable)
        found = page.grants
        response = grants_pb2.ListGrantsResponse(
            grants=[
                records.open_grant_message(
                    each.record, message(call, each.record, juveniles=each.juveniles), each.used, each.holder
                )
                for each in found[:size]
                if each.record.opened_by_key not in call.compromised
            ]
        )
        if len(found) > size:
            response.next_page_token = lists.token(self._sealer, call, found[size - 1].record.grant_id)
        listed = record_pb2.ListedGrants(
            rows=call.rows,
            jurisdiction=call.agency.jurisdiction,
            acts_at=rows.acts_at(call.agency, call.officer),
            after=after or b"",
            now_us=now_us,
            before=page.size,
            most=size + 1,
            found=rests_on.digest((each.record.grant_id, each.as_listed) for each in found),
            used=(each.used for each in found),
        )
        detail = record_pb2.AccessDetail(outcome="LISTED", listed_grants=listed)
        return Outcome(disclose(response, call.purpose), detail)

    def _ticket_again(self, call: Call, request: grants_pb2.OpenTicketRequest, _conn: Connection) -> tuple[Seen, ...]:
        _check_worker(call, request)
        return ()

    def _case_again(self, call: Call, request: grants_pb2.OpenCourtCaseRequest, _conn: Connection) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.court_case.place_code])
        return ()

    def _opened(self, call: Call, response: A, grant: record_pb2.GrantRecord) -> Outcome[A]:
        """What is written of a ticket or a court case; NPB hears of it, as of a prosecutor's grant."""
        case = records.case_of(grant)
        grant.case_blinds = registrations.case_blinds(self._blind_index, case) if case else b""
        row, ref = store.grant_row(self._sealer, grant)
        detail = record_pb2.AccessDetail(
            outcome="OPENED", case_reference=records.case_reference(grant), subjects=[grant.grant_id]
        )
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        events = outbox.owed(notification_pb2.EVENT_KIND_ACCESS_OPENED, npb, about_agency=grant.opened_by_agency)
        return Outcome(disclose(response, call.purpose), detail, (row, *events), (ref,))


def _check_worker(call: Call, request: grants_pb2.OpenTicketRequest) -> None:
    """See that nobody opens a ticket for himself.

    Raises:
        Denied: SECOND_PERSON_REQUIRED.
    """
    decisions.check_named(call, decisions.holder(call, call.agency.agency_id, request.officer_key_id))


def _opened_by(grant: record_pb2.GrantRecord) -> decisions.Act:
    return decisions.Act(grant.opened_by_agency, grant.opened_by_key)


def message(
    call: Call, grant: record_pb2.GrantRecord, ended_at: dt.datetime | None = None, *, juveniles: bool = False
) -> grants_pb2.Grant:
    """As ``records.grant_message``, with the rule of its end."""
    expiry = policy_of(call).deadlines.due(grant.expiry_rule, instant(grant.create_time_us))
    return records.grant_message(grant, expiry, ended_at, juveniles=juveniles)


def _withdrawal_events(grant: record_pb2.GrantRecord, told: Sequence[str]) -> list[Row]:
    return outbox.owed(
        notification_pb2.EVENT_KIND_ACCESS_WITHDRAWN,
        told,
        access_request_id=grant.access_request_id or None,
        about_agency=grant.opened_by_agency,
    )
