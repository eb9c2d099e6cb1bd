"""Searches of a small register: people with names, and an officer's grant, ticket or court case for one of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, errors_pb2, grants_pb2, registration_pb2, search_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Officer, Outcome
from tests.access.requests import application
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.calls import call_of
from tests.lookup.conftest import officer
from tests.orders import Created, conviction, order
from tests.services import Services

Refused = tuple[str, list[str]]
"""The reason, and of each field that is wrong its name and the rule."""
Request = search_pb2.SearchRegistrationsRequest
Basis = search_pb2.SearchBasis
LIKELY, POSSIBLE = search_pb2.CANDIDATE_BAND_LIKELY, search_pb2.CANDIDATE_BAND_POSSIBLE
CASE = "Sessions Case No. 9/2026"


def written(name: str, relative: str = "", *by_names: str) -> types_pb2.SearchedName:
    found = types_pb2.SearchedName(name=name, relative_name=relative, by_names=by_names)
    if relative:
        found.relation = types_pb2.RELATION_SON_OF
    return found


def named(name: str, relative: str = "", year: int = 1980, **fields: Any) -> registration_pb2.CreateRegistrationRequest:
    """A conviction order of somebody with a name."""
    found = order(**fields)
    del found.person.names[:]
    registered = found.person.names.add(kind=types_pb2.NAME_KIND_OFFICIAL, name=name, relative_name=relative)
    if relative:
        registered.relation = types_pb2.RELATION_SON_OF
    found.person.birth_date.year = year
    return found


def suspect(
    name: str = "", relative: str = "", year: int = 0, number: str = "", by_names: Sequence[str] = ()
) -> grants_pb2.Suspect:
    found = grants_pb2.Suspect(birth_year=year)
    if name:
        found.name.CopyFrom(written(name, relative, *by_names))
    if number:
        found.cnic = number
    return found


@dataclass(frozen=True, slots=True)
class Searching:
    """A register whose names are read, and officers who may search."""

    services: Services

    def confirmed(self, *orders: registration_pb2.CreateRegistrationRequest) -> list[Created]:
        found = [self.services.confirmed(each) for each in orders]
        self.read()
        return found

    def read(self) -> None:
        """Have the names read as far as the ledger goes."""
        while self.services.names.work():
            pass

    def ticket(
        self,
        *persons: grants_pb2.Suspect,
        work: grants_pb2.TicketWork.ValueType = grants_pb2.TICKET_WORK_CORRECTION,
    ) -> Basis:
        request = grants_pb2.OpenTicketRequest(
            request_id=str(uuid.uuid4()),
            officer_key_id=WORKER.key_id,
            work=work,
            persons=persons,
        )
        opened = self.services.ask(call_of(NPB, OPENER), request).response.grant
        return Basis(ticket_id=opened.grant_id)

    def case(self, *persons: grants_pb2.Suspect) -> Basis:
        request = grants_pb2.OpenCourtCaseRequest(
            request_id=str(uuid.uuid4()), court_case=conviction(case_number=CASE).court_case, persons=persons
        )
        return Basis(court_case_id=self.services.ask(call_of(LAHORE_COURT), request).response.grant.grant_id)

    def grant(self, *persons: grants_pb2.Suspect, **part: Any) -> Basis:
        """A prosecutor's grant to an officer of Punjab's police, or a part of it."""
        request = application()
        del request.suspects[:]
        request.suspects.extend(persons)
        asked = self.services.ask(call_of(PUNJAB_POLICE, INVESTIGATOR), request).response
        approval = access_requests_pb2.ApproveAccessRequestRequest(
            request_id=str(uuid.uuid4()),
            access_request_id=asked.access_request_id,
            etag=asked.etag,
            part=access_requests_pb2.GrantedPart(**part),
        )
        return Basis(grant_id=self.services.ask(call_of(PUNJAB_PROSECUTION), approval).response.grant.grant_id)

    def fir(self, serial: int = 679) -> Basis:
        key = conviction().fir
        key.serial = serial
        return Basis(fir=key)

    def outcome(self, basis: Basis, call: Call | None = None, **fields: Any) -> Outcome[Any]:
        if not basis.HasField("fir"):
            fields = {"subject": 1, **fields}
        return self.services.ask(call or asking(basis), Request(basis=basis, **fields))

    def search(self, basis: Basis, call: Call | None = None, **fields: Any) -> search_pb2.SearchRegistrationsResponse:
        response: search_pb2.SearchRegistrationsResponse = self.outcome(basis, call, **fields).response
        return response

    def shown(self, basis: Basis, call: Call | None = None, **fields: Any) -> list[uuid.UUID]:
        """The registrations that a search shows."""
        return [uuid.UUID(bytes=each.registration_id) for each in self.outcome(basis, call, **fields).shown]

    def refusal(self, basis: Basis, call: Call | None = None, **fields: Any) -> Refused:
        """Why a search is refused, and which fields are wrong and why."""
        with pytest.raises(errors.ApiError) as raised:
            self.outcome(basis, call, **fields)
        reason = errors_pb2.ErrorReason.Name(raised.value.reason).removeprefix("ERROR_REASON_")
        wrong = [
            f"{each.field} {errors_pb2.FieldReason.Name(each.reason).removeprefix('FIELD_REASON_')}"
            for each in raised.value.violations
        ]
        return reason, wrong


INVESTIGATOR = officer(PUNJAB_POLICE.agency_id, 1)
OPENER, WORKER = officer(NPB.agency_id, 1), officer(NPB.agency_id, 2)


def asking(basis: Basis, who: Officer | None = None) -> Call:
    """A call of whoever has such a basis."""
    by: dict[str | None, tuple[Agency, Officer | None]] = {
        "ticket_id": (NPB, WORKER),
        "court_case_id": (LAHORE_COURT, None),
        "grant_id": (PUNJAB_POLICE, INVESTIGATOR),
        "fir": (PUNJAB_PROSECUTION, None),
    }
    agency, usual = by[basis.WhichOneof("basis")]
    return call_of(agency, who or usual)


@pytest.fixture
def searching(services: Services) -> Searching:
    for each in (OPENER, WORKER):
        services.enrolled(each)
    return Searching(services)
