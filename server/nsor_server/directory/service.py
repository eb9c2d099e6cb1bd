"""DirectoryService on the wire: officers by their own agency, and the list of agencies."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import Message

from nsor.v1 import directory_pb2, errors_pb2
from nsor_server import errors
from nsor_server.access import facts
from nsor_server.access.disclosure import disclose
from nsor_server.directory import officers, pages, rules
from nsor_server.registration.dates import from_us, to_us
from nsor_server.rpc.calls import Call, Connection, Outcome
from nsor_server.storage.v1 import record_pb2

CHANGES_PER_MINUTE: Final = 60
"""Keys that one agency may enrol and disable; a province's investigators are enrolled within the hour."""


class DirectoryService:
    """Enrols and disables officers, and lists agencies."""

    def EnrolOfficer(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Enrol an officer's key for the caller's own agency."""
        assert isinstance(request, directory_pb2.EnrolOfficerRequest)  # noqa: S101 - narrows the handler's type
        agency_id = call.agency.agency_id
        rules.check_jurisdiction(call.agency, request.jurisdiction)
        rules.check_key(request.public_key)
        rules.check_proof(
            request.public_key,
            request.proof_of_possession,
            agency_id=agency_id,
            officer_number=request.officer_number,
        )
        officer = facts.Officer(
            key_id=rules.key_id(request.public_key),
            agency_id=agency_id,
            officer_number=request.officer_number,
            public_key=request.public_key,
            jurisdiction=tuple(request.jurisdiction),
            grade=request.grade,
        )
        _within_rate(conn, agency_id)
        enrolled = officers.enrol(conn, officer, call.access_id)
        if enrolled is None:
            taken = errors.Violation("public_key", errors_pb2.FIELD_REASON_DUPLICATE)
            raise errors.InvalidFields(violations=(taken,))
        enrolled_at, row = enrolled
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
            outcome="ENROLLED",
            officer_key=officer.key_id,
            officer_number=officer.officer_number,
        )
        return Outcome(disclose(answer, call.purpose), detail, (row,), directory_changed=True)

    def DisableOfficer(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Disable a key of the caller's own agency; a second time changes nothing."""
        assert isinstance(request, directory_pb2.DisableOfficerRequest)  # noqa: S101 - narrows the handler's type
        if not officers.is_of(conn, request.officer_key_id, call.agency.agency_id):
            raise errors.NoRecord
        _within_rate(conn, call.agency.agency_id)
        row = officers.disable(conn, request.officer_key_id, call.agency.agency_id, call.access_id)
        disabled_at = officers.disabled_at(conn, request.officer_key_id)
        answer = directory_pb2.DisableOfficerResponse(disable_time=from_us(to_us(disabled_at)))
        reason = directory_pb2.DisableReason.Name(request.reason).removeprefix("DISABLE_REASON_")
        detail = record_pb2.AccessDetail(
            outcome="DISABLED_BEFORE" if row is None else f"DISABLED {reason}",
            officer_key=request.officer_key_id,
        )
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            () if row is None else (row,),
            directory_changed=row is not None,
        )

    def ListAgencies(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """List the agencies, ordered by id."""
        assert isinstance(request, directory_pb2.ListAgenciesRequest)  # noqa: S101 - narrows the handler's type
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


def _agency(agency: facts.Agency) -> directory_pb2.Agency:
    return directory_pb2.Agency(
        agency_id=agency.agency_id,
        kind=agency.kind,
        name_en=agency.name_en,
        name_ur=agency.name_ur,
        jurisdiction=agency.jurisdiction,
        enabled=agency.enabled,
        court_kinds=agency.court_kinds,
    )
