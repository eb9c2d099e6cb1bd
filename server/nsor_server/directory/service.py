"""DirectoryService on the wire: keys of officers and systems by their own agency, and the list of agencies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

from google.protobuf import timestamp_pb2
from google.protobuf.message import Message

from nsor.v1 import directory_pb2, errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions, watched
from nsor_server.access.decisions import Person
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Agency, Call, Officer, Outcome, RecordRef, Row, Seen
from nsor_server.directory import certificates, focal_persons, limits, officers, pages, rules
from nsor_server.directory.consumer_service import ConsumerHandlers
from nsor_server.directory.policy_service import PolicyHandlers
from nsor_server.directory.register_seal_service import RegisterSealHandlers
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import from_us, to_us
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

A = TypeVar("A", bound=Message)


EndedWith = Callable[[Call, bytes, Connection], Sequence[Row]]
"""The events that are owed since what was granted with a key counts no more: it is disabled as compromised."""


class DirectoryService:
    """Enrols, replaces, disables and lists keys, and lists agencies."""

    def __init__(self, ended_with: EndedWith, blind_index: BlindIndex) -> None:
        self._ended_with, self._blind_index = ended_with, blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                directory_pb2.EnrolOfficerRequest,
                directory_pb2.EnrolOfficerResponse,
                self.enrol_officer,
                self._enrolled_again,
                by_directory=True,
            ),
            Unary(
                directory_pb2.DisableOfficerRequest,
                directory_pb2.DisableOfficerResponse,
                self.disable_officer,
                by_directory=True,
            ),
            Unary(
                directory_pb2.DisableOwnKeyRequest,
                directory_pb2.DisableOwnKeyResponse,
                self.disable_own_key,
                _disabled_again,
                by_directory=True,
            ),
            Unary(
                directory_pb2.ListOfficersRequest,
                directory_pb2.ListOfficersResponse,
                self.list_officers,
                by_directory=True,
            ),
            Unary(
                directory_pb2.ListAgenciesRequest,
                directory_pb2.ListAgenciesResponse,
                self.list_agencies,
                by_directory=True,
            ),
            *ConsumerHandlers().handlers(),
            *PolicyHandlers().handlers(),
            *RegisterSealHandlers().handlers(),
        )

    def enrol_officer(
        self, call: Call, request: directory_pb2.EnrolOfficerRequest, _conn: Connection
    ) -> Outcome[directory_pb2.EnrolOfficerResponse]:
        """Enrol a key for the caller's own agency, or replace the live key of its number by it."""
        agency_id, number = call.agency.agency_id, request.officer_number
        own_values = self._check_named(call, request)
        if request.decides:
            rules.check_two(call.focal_persons)
        rules.check_jurisdiction(call.agency, request.jurisdiction)
        rules.check_key(request.public_key)
        rules.check_proof(request.public_key, request.proof_of_possession, agency_id=agency_id, officer_number=number)
        if request.validate_only:
            return Outcome(directory_pb2.EnrolOfficerResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        officer = Officer(
            key_id=rules.key_id(request.public_key),
            agency_id=agency_id,
            officer_number=number,
            public_key=request.public_key,
            jurisdiction=tuple(request.jurisdiction),
            grade=request.grade,
            decides=request.decides,
            system=request.kind == directory_pb2.KEY_KIND_SYSTEM,
        )
        limits.check_enrolments(officers.enrolled_of_late(call))
        if officers.is_known(call.decided, officer.key_id):
            known = errors.Violation("public_key", errors_pb2.FIELD_REASON_KEY_ENROLLED)
            raise errors.InvalidFields(violations=(known,))
        before = officers.of_number(call, number)
        rules.check_replaced(before.live, request.replaced_key_id, same_kind=officer.system == before.system)
        if before.ever_decided:
            # Also where the new key decides nothing, and where the old one is disabled: else one focal person disables
            # it in one call and in another puts a key of his own there, and acts in the number of who decided.
            rules.check_two(call.focal_persons)
        own = officers.own_number(call, number, own_values) if own_values else None
        if own is not None:
            rules.check_own_number(has_another=own.has_another)
        enrolled_at = call.now()
        row, ref, seen = officers.enrolment(officer, before, own, call, enrolled_at)
        rows, refs, kind, outcome = [row], [ref], notification_pb2.EVENT_KIND_KEY_ENROLLED, "ENROLLED"
        if before.live is not None:
            replaced = directory_pb2.DISABLE_REASON_REPLACED
            old, old_ref, live = officers.disabling(before.live, replaced, call, enrolled_at)
            rows, refs, seen = [old, *rows], [old_ref, *refs], (*seen, live)
            kind, outcome = notification_pb2.EVENT_KIND_KEY_REPLACED, "REPLACED"
        answer = directory_pb2.EnrolOfficerResponse(officer=_officer(officers.Enrolled(officer, enrolled_at)))
        detail = record_pb2.AccessDetail(outcome=outcome, decided_key=officer.key_id)
        return Outcome(disclose(answer, call.purpose), detail, (*rows, *_events(call, kind)), refs, seen)

    def _check_named(self, call: Call, request: directory_pb2.EnrolOfficerRequest) -> list[tuple[int, bytes]]:
        """See that no focal person enrols himself.

        Returns:
            (key id, value) of the officer's own CNIC under every live key; of a system none.

        Raises:
            errors.Denied: SECOND_PERSON_REQUIRED: by the number or the CNIC.
        """
        values = watched.own_values(self._blind_index, request.own_number) if request.own_number else []
        own = frozenset(value for _, value in values)
        key_id = rules.key_id(request.public_key)
        decisions.check_named(call, Person(call.agency.agency_id, request.officer_number, key_id, own=own))
        return values

    def _enrolled_again(
        self, call: Call, request: directory_pb2.EnrolOfficerRequest, _conn: Connection
    ) -> Sequence[Seen]:
        self._check_named(call, request)
        return ()

    def disable_officer(
        self, call: Call, request: directory_pb2.DisableOfficerRequest, conn: Connection
    ) -> Outcome[directory_pb2.DisableOfficerResponse]:
        """Disable a key of the caller's own agency: a key that is misused can't wait for a second person, nor a minute.

        Of deciding officers one focal person disables only a few in a day.
        A second time changes nothing, unless it says now that the key is compromised: whoever has misused it could
        otherwise have it disabled for an ordinary reason first, and go on with what it has opened.
        """
        if request.validate_only:
            return Outcome(directory_pb2.DisableOfficerResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        key_id = request.officer_key_id
        known = call.officers.get(key_id)
        if known is None or known.agency_id != call.agency.agency_id:
            raise errors.NoRecord
        before, now = officers.disabled(call, key_id), call.now()
        compromised = request.reason == directory_pb2.DISABLE_REASON_KEY_COMPROMISED
        answer = directory_pb2.DisableOfficerResponse(disable_time=from_us(to_us(before.at or now)))
        if before.at is not None and (before.compromised or not compromised):
            detail = record_pb2.AccessDetail(outcome="DISABLED_BEFORE", decided_key=key_id)
            return Outcome(disclose(answer, call.purpose), detail)
        row, ref, as_read = officers.disabling(key_id, request.reason, call, now, before)
        seen = [as_read]
        if known.decides:
            alone, no_other = officers.disabled_alone(call)
            if alone >= limits.DECIDERS_ALONE_A_DAY:
                rules.check_two(call.focal_persons)
            seen.append(no_other)
        ended = self._ended_with(call, key_id, conn) if compromised else ()
        return _disabled(call, key_id, request.reason, (row, ref, seen, ended), disclose(answer, call.purpose))

    def disable_own_key(
        self, call: Call, request: directory_pb2.DisableOwnKeyRequest, conn: Connection
    ) -> Outcome[directory_pb2.DisableOwnKeyResponse]:
        """Disable the key that has signed the call. It has no limit either."""
        if request.validate_only:
            return Outcome(directory_pb2.DisableOwnKeyResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        decisions.check_own_act(call, decisions.Act(call.agency.agency_id, call.officer_key))
        if officers.disabled(call, call.officer_key).at is not None:
            # The gate's directory was older than what is read here; it is newer when the call runs again.
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
        now = call.now()
        answer = directory_pb2.DisableOwnKeyResponse(disable_time=from_us(to_us(now)))
        key_id = call.officer_key
        row, ref, as_read = officers.disabling(key_id, request.reason, call, now)
        compromised = request.reason == directory_pb2.DISABLE_REASON_KEY_COMPROMISED
        ended = self._ended_with(call, key_id, conn) if compromised else ()
        return _disabled(call, key_id, request.reason, (row, ref, [as_read], ended), disclose(answer, call.purpose))

    def list_officers(
        self, call: Call, request: directory_pb2.ListOfficersRequest, _conn: Connection
    ) -> Outcome[directory_pb2.ListOfficersResponse]:
        """List the keys of the caller's own agency, by number; first of all its focal persons and certificates."""
        found = pages.read_officers(call, page_size=request.page_size, page_token=request.page_token)
        people = [] if request.page_token else focal_persons.listed(call)
        own = [] if request.page_token else certificates.listed(call)
        answer = directory_pb2.ListOfficersResponse(
            officers=[_officer(each) for each in found.officers],
            focal_persons=[_focal_person(person) for person in people],
            next_page_token=found.next_page_token,
            certificates=[_certificate(each) for each in own],
        )
        return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="LISTED"))

    def list_agencies(
        self, call: Call, request: directory_pb2.ListAgenciesRequest, _conn: Connection
    ) -> Outcome[directory_pb2.ListAgenciesResponse]:
        """List the agencies, ordered by id."""
        page = pages.read_agencies(call, page_size=request.page_size, page_token=request.page_token)
        answer = directory_pb2.ListAgenciesResponse(
            agencies=[_agency(agency) for agency in page.agencies], next_page_token=page.next_page_token
        )
        return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="LISTED"))


def _disabled_again(call: Call, _request: directory_pb2.DisableOwnKeyRequest, _conn: Connection) -> Sequence[Seen]:
    decisions.check_own_act(call, decisions.Act(call.agency.agency_id, call.officer_key))
    return ()


def _disabled(
    call: Call,
    key_id: bytes,
    reason: directory_pb2.DisableReason.ValueType,
    disabling: tuple[Row, RecordRef, Sequence[Seen], Sequence[Row]],
    answer: A,
) -> Outcome[A]:
    """What disables a key: its row, an event to the agency and to NPB, and those to whoever loses what it granted."""
    name = directory_pb2.DisableReason.Name(reason).removeprefix("DISABLE_REASON_")
    detail = record_pb2.AccessDetail(outcome=f"DISABLED {name}", decided_key=key_id)
    row, ref, seen, ended = disabling
    events = _events(call, notification_pb2.EVENT_KIND_KEY_DISABLED)
    return Outcome(answer, detail, (row, *events, *ended), (ref,), seen)


def _events(call: Call, kind: notification_pb2.EventKind.ValueType) -> list[Row]:
    """The agency and NPB hear of each change of a key: nobody gets one behind their backs."""
    agency_id = call.agency.agency_id
    told = [agency_id, *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)]
    return outbox.owed(kind, told, about_agency=agency_id)


def _certificate(listed: certificates.Listed) -> directory_pb2.AgencyCertificate:
    return directory_pb2.AgencyCertificate(
        serial=listed.serial,
        start_time=_time(listed.not_before),
        end_time=_time(listed.not_after),
        revoke_time=_time(listed.revoked_at),
    )


def _officer(enrolled: officers.Enrolled) -> directory_pb2.Officer:
    officer = enrolled.officer
    return directory_pb2.Officer(
        officer_key_id=officer.key_id,
        agency_id=officer.agency_id,
        officer_number=officer.officer_number,
        jurisdiction=officer.jurisdiction,
        grade=officer.grade,
        enrol_time=from_us(to_us(enrolled.enrolled_at)),
        kind=directory_pb2.KEY_KIND_SYSTEM if officer.system else directory_pb2.KEY_KIND_OFFICER,
        decides=officer.decides,
        disable_time=_time(enrolled.disabled_at),
    )


def _focal_person(person: focal_persons.FocalPerson) -> directory_pb2.FocalPerson:
    return directory_pb2.FocalPerson(
        key_id=person.key_id,
        number=person.number,
        enter_time=_time(person.entered_at),
        disable_time=_time(person.disabled_at),
    )


def _time(at: dt.datetime | None) -> timestamp_pb2.Timestamp | None:
    return None if at is None else from_us(to_us(at))


def _agency(agency: Agency) -> directory_pb2.Agency:
    return directory_pb2.Agency(
        agency_id=agency.agency_id,
        kind=agency.kind,
        name_en=agency.name_en,
        name_ur=agency.name_ur,
        jurisdiction=agency.jurisdiction,
        enabled=agency.enabled,
        court_kinds=agency.court_kinds,
    )
