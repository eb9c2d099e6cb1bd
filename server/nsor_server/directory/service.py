"""DirectoryService on the wire: officers by their own agency, and the list of agencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nsor.v1 import directory_pb2, errors_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Agency, Call, Officer, Outcome
from nsor_server.directory import officers, pages, rules
from nsor_server.formats.instants import from_us, to_us
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

CHANGES_PER_MINUTE: Final = 60
"""Keys that one agency may enrol and disable; a province's investigators are enrolled within the hour."""


class DirectoryService:
    """Enrols and disables officers, and lists agencies."""

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(directory_pb2.EnrolOfficerRequest, directory_pb2.EnrolOfficerResponse, self.enrol_officer),
            Unary(directory_pb2.DisableOfficerRequest, directory_pb2.DisableOfficerResponse, self.disable_officer),
            Unary(directory_pb2.ListAgenciesRequest, directory_pb2.ListAgenciesResponse, self.list_agencies),
        )

    def enrol_officer(
        self, call: Call, request: directory_pb2.EnrolOfficerRequest, conn: Connection
    ) -> Outcome[directory_pb2.EnrolOfficerResponse]:
        """Enrol an officer's key for the caller's own agency."""
        agency_id = call.agency.agency_id
        rules.check_jurisdiction(call.agency, request.jurisdiction)
        rules.check_key(request.public_key)
        rules.check_proof(
            request.public_key,
            request.proof_of_possession,
            agency_id=agency_id,
            officer_number=request.officer_number,
        )
        if request.validate_only:
            return Outcome(directory_pb2.EnrolOfficerResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        officer = Officer(
            key_id=rules.key_id(request.public_key),
            agency_id=agency_id,
            officer_number=request.officer_number,
            public_key=request.public_key,
            jurisdiction=tuple(request.jurisdiction),
            grade=request.grade,
        )
        _within_rate(conn, agency_id)
        if officers.is_known(conn, officer.key_id):
            taken = errors.Violation("public_key", errors_pb2.FIELD_REASON_DUPLICATE)
            raise errors.InvalidFields(violations=(taken,))
        enrolled_at = call.now()
        row, ref, unused = officers.enrolment(officer, call.access_id, enrolled_at)
        answer = directory_pb2.EnrolOfficerResponse(
            officer=directory_pb2.Officer(
                officer_key_id=officer.key_id,
                agency_id=agency_id,
                officer_number=officer.officer_number,
                jurisdiction=officer.jurisdiction,
                grade=officer.grade,
                enrol_time=from_us(to_us(enrolled_at)),
            )
        )
        # Whose key it is stands in the agency's own log: nobody acts under a colleague's number without his seeing it.
        detail = record_pb2.AccessDetail(
            outcome="ENROLLED", officer_key=officer.key_id, officer_number=officer.officer_number
        )
        return Outcome(disclose(answer, call.purpose), detail, (row,), (ref,), (unused,))

    def disable_officer(
        self, call: Call, request: directory_pb2.DisableOfficerRequest, conn: Connection
    ) -> Outcome[directory_pb2.DisableOfficerResponse]:
        """Disable a key of the caller's own agency; a second time changes nothing."""
        if request.validate_only:
            return Outcome(directory_pb2.DisableOfficerResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        key_id, agency_id = request.officer_key_id, call.agency.agency_id
        if not officers.is_of(conn, key_id, agency_id):
            raise errors.NoRecord
        _within_rate(conn, agency_id)
        before = officers.disabled_at(conn, key_id)
        disabled_at = before or call.now()
        answer = directory_pb2.DisableOfficerResponse(disable_time=from_us(to_us(disabled_at)))
        if before is not None:
            detail = record_pb2.AccessDetail(outcome="DISABLED_BEFORE", officer_key=key_id)
            return Outcome(disclose(answer, call.purpose), detail)
        reason = directory_pb2.DisableReason.Name(request.reason).removeprefix("DISABLE_REASON_")
        detail = record_pb2.AccessDetail(outcome=f"DISABLED {reason}", officer_key=key_id)
        row, ref, unused = officers.disabling(key_id, agency_id, call.access_id, disabled_at)
        return Outcome(disclose(answer, call.purpose), detail, (row,), (ref,), (unused,))

    def list_agencies(
        self, call: Call, request: directory_pb2.ListAgenciesRequest, conn: Connection
    ) -> Outcome[directory_pb2.ListAgenciesResponse]:
        """List the agencies, ordered by id."""
        page = pages.read(conn, page_size=request.page_size, page_token=request.page_token)
        answer = directory_pb2.ListAgenciesResponse(
            agencies=[_agency(agency) for agency in page.agencies], next_page_token=page.next_page_token
        )
        return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="LISTED"))


def _within_rate(conn: Connection, agency_id: str) -> None:
    """See that the agency doesn't change the directory too often: each change is read anew for everybody.

    Raises:
        errors.Exhausted: it does.
    """
    if officers.changes(conn, agency_id) >= CHANGES_PER_MINUTE:
        raise errors.Exhausted(retry_after_seconds=10.0)


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
