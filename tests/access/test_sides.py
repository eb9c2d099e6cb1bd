"""One human never stands on both sides: who decides on an act has done none of it, in whichever agency."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from google.protobuf.message import Message

from nsor.v1 import access_requests_pb2, directory_pb2, errors_pb2, identity_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.agencies import (
    NADRA,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    officer_of,
)
from tests.calls import call_of
from tests.lookup.test_access_requests import AccessRequests, application, approval
from tests.lookup.test_withdrawal import disable
from tests.orders import cnic, current_address
from tests.registration import test_corrections, test_custody, test_identity_changes
from tests.services import Services, review_times

Request = Callable[[], Message]
"""Makes the request of a decision, by what stands then."""


@dataclass(frozen=True)
class Begun:
    """What somebody has begun: how another one grants it, and how he refuses it, if he can."""

    grant: Request
    refuse: Request | None = None


@dataclass(frozen=True)
class Side:
    """A method that decides on what another officer has done.

    Attributes:
        first: agency of who has done it.
        second: agency of who decides.
        begin: has it done by an officer.
    """

    first: Agency
    second: Agency
    begin: Callable[[Services, Officer], Begun]


def _id() -> str:
    return str(uuid.uuid4())


class _Matter:
    """An access request, and what is decided on it."""

    def __init__(self, services: Services, acting: Officer | None = None) -> None:
        self.services, self.requests = services, AccessRequests(services)
        acting = acting or services.enrolled(officer_of(PUNJAB_POLICE))
        self.request_id = self.requests.create(application(juvenile_records=True), acting).response.access_request_id

    @property
    def etag(self) -> str:
        return self.requests.get(self.request_id).etag

    def approval(self) -> Message:
        return approval(self.request_id, self.etag)

    def returning(self) -> Message:
        reasons = [access_requests_pb2.RETURN_REASON_PERSON_UNRELATED]
        return access_requests_pb2.ReturnAccessRequestRequest(
            request_id=_id(), access_request_id=self.request_id, etag=self.etag, reasons=reasons
        )

    def juveniles(self, decision: str) -> Message:
        return access_requests_pb2.DecideJuvenileAccessRequest(
            request_id=_id(),
            access_request_id=self.request_id,
            etag=self.etag,
            decision=access_requests_pb2.JuvenileDecision.Value(f"JUVENILE_DECISION_{decision}"),
        )

    def passing(self, successor: Officer | None = None) -> Message:
        to = successor or self.services.enrolled(officer_of(PUNJAB_POLICE))
        return access_requests_pb2.PassAccessRequestRequest(
            request_id=_id(), access_request_id=self.request_id, etag=self.etag, successor_key_id=to.key_id
        )

    def deciding(self) -> Begun:
        return Begun(self.approval, self.returning)

    def deciding_of_juveniles(self) -> Begun:
        return Begun(lambda: self.juveniles("ALLOWED"), lambda: self.juveniles("REFUSED"))


def _asked(services: Services, first: Officer) -> Begun:
    return _Matter(services, first).deciding()


def _asked_and_passed(services: Services, first: Officer) -> Begun:
    matter = _Matter(services, first)
    services.ask(call_of(PUNJAB_POLICE, services.enrolled(officer_of(PUNJAB_POLICE))), matter.passing())
    return matter.deciding()


def _passed(services: Services, first: Officer) -> Begun:
    matter = _Matter(services)
    services.ask(call_of(PUNJAB_POLICE, first), matter.passing())
    return matter.deciding()


def _juveniles_allowed(services: Services, first: Officer) -> Begun:
    matter = _Matter(services)
    services.ask(call_of(NPB, first), matter.juveniles("ALLOWED"))
    return matter.deciding()


def _asked_of_juveniles(services: Services, first: Officer) -> Begun:
    return _Matter(services, first).deciding_of_juveniles()


def _approved(services: Services, first: Officer) -> Begun:
    matter = _Matter(services)
    services.ask(call_of(PUNJAB_PROSECUTION, first), matter.approval())
    return matter.deciding_of_juveniles()


def _granted(services: Services, first: Officer) -> Begun:
    matter = _Matter(services)
    services.ask(call_of(PUNJAB_PROSECUTION, first), matter.approval())
    return Begun(matter.passing)


def _reported(services: Services, first: Officer) -> Begun:
    created, handle = test_identity_changes.verified(services)
    services.ask(call_of(NADRA, first), test_identity_changes.report(handle))

    def decision(**fields: Any) -> Message:
        return test_identity_changes.decision(services, created, **fields)

    dispute = {
        "decision": identity_pb2.IDENTITY_CHANGE_STATE_DISPUTED,
        "dispute": identity_pb2.IDENTITY_DISPUTE_OTHER_PERSON,
    }
    return Begun(decision, lambda: decision(**dispute))


def _release_expected(services: Services, first: Officer) -> Begun:
    created = test_custody.held(services)
    address = current_address("PK-PB/LHR/PS-001")
    request = test_custody.event(
        services, created, "RELEASE_EXPECTED", expected_date=test_custody.soon(), address=address
    )
    services.ask(call_of(PUNJAB_PRISONS, first), request)
    return Begun(
        lambda: test_custody.acceptance(services, created),
        lambda: test_custody.refusal(services, created),
    )


def _correction_taken(services: Services, first: Officer) -> Begun:
    created = test_corrections.confirmed(services, number := cnic())
    station = {} if first.agency_id == SINDH_POLICE.agency_id else {"receiving_station": "PK-PB/LHR/PS-001"}
    services.ask(call_of(AGENCY[first.agency_id], first), test_corrections.asking(cnic=number, **station))
    with review_times(services, services.keyring) as times:
        assert times.look()
    (met,) = test_corrections.listed(services, created)
    refusal = test_corrections.AGREES
    return Begun(
        lambda: test_corrections.decision(created, met.correction_id),
        lambda: test_corrections.decision(created, met.correction_id, refusal),
    )


AGENCY = {
    each.agency_id: each for each in (NADRA, NPB, PUNJAB_POLICE, PUNJAB_PRISONS, PUNJAB_PROSECUTION, SINDH_POLICE)
}
SIDES = {
    "who asks is granted it": Side(PUNJAB_POLICE, PUNJAB_PROSECUTION, _asked),
    "who asked first is granted it": Side(PUNJAB_POLICE, PUNJAB_PROSECUTION, _asked_and_passed),
    "who passed it on is granted it": Side(PUNJAB_POLICE, PUNJAB_PROSECUTION, _passed),
    "who allowed juveniles' records grants it": Side(NPB, PUNJAB_PROSECUTION, _juveniles_allowed),
    "who asks is allowed juveniles' records": Side(PUNJAB_POLICE, NPB, _asked_of_juveniles),
    "who granted it allows juveniles' records": Side(PUNJAB_PROSECUTION, NPB, _approved),
    "who granted it passes it on": Side(PUNJAB_PROSECUTION, PUNJAB_POLICE, _granted),
    "who reported a change accepts it": Side(NADRA, PUNJAB_POLICE, _reported),
    "who expects a release accepts it": Side(PUNJAB_PRISONS, PUNJAB_POLICE, _release_expected),
    "who took a correction accepts it": Side(SINDH_POLICE, PUNJAB_POLICE, _correction_taken),
}
every_side = pytest.mark.parametrize("side", [pytest.param(side, id=name) for name, side in SIDES.items()])


@pytest.fixture
def services(database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    with Services(database, keyring) as running:
        yield running


def refused(services: Services, second: Officer, request: Message) -> str:
    """The reason of a refusal by the register; empty: it is no refusal."""
    try:
        services.ask(call_of(AGENCY[second.agency_id], second), request)
    except errors.ApiError as refusal:
        return errors_pb2.ErrorReason.Name(refusal.reason).removeprefix("ERROR_REASON_")
    return ""


@every_side
def test_one_human_of_two_agencies_is_one(services: Services, side: Side) -> None:
    human = frozenset({os.urandom(32)})
    first = services.enrolled(replace(officer_of(side.first), own=human))
    second = services.enrolled(replace(officer_of(side.second), own=human))
    begun = side.begin(services, first)
    for request in filter(None, (begun.grant, begun.refuse)):
        assert refused(services, second, request()) == "SECOND_PERSON_REQUIRED"
    another = services.enrolled(replace(officer_of(side.second), own=frozenset({os.urandom(32)})))
    assert refused(services, another, begun.grant()) == ""


@every_side
def test_what_a_compromised_key_has_done_is_only_refused(services: Services, side: Side) -> None:
    # Otherwise a thief's application is granted after the theft is known.
    first, second = services.enrolled(officer_of(side.first)), services.enrolled(officer_of(side.second))
    begun = side.begin(services, first)
    disable(services, first, directory_pb2.DISABLE_REASON_KEY_COMPROMISED)
    assert refused(services, second, begun.grant()) == "WRONG_STATE"
    if begun.refuse:
        assert refused(services, second, begun.refuse()) == ""


def test_the_successor_has_not_granted_what_he_gets(services: Services) -> None:
    human = frozenset({os.urandom(32)})
    matter = _Matter(services)
    prosecutor = services.enrolled(replace(officer_of(PUNJAB_PROSECUTION), own=human))
    services.ask(call_of(PUNJAB_PROSECUTION, prosecutor), matter.approval())
    successor = services.enrolled(replace(officer_of(PUNJAB_POLICE), own=human))
    head = services.enrolled(officer_of(PUNJAB_POLICE))
    assert refused(services, head, matter.passing(successor)) == "SECOND_PERSON_REQUIRED"
    assert refused(services, head, matter.passing()) == ""


def test_an_officer_with_a_later_key_is_who_took_the_correction(services: Services) -> None:
    first = services.enrolled(officer_of(PUNJAB_POLICE))
    begun = _correction_taken(services, first)
    assert refused(services, first, begun.grant()) == "SECOND_PERSON_REQUIRED"
    disable(services, first, directory_pb2.DISABLE_REASON_REPLACED)
    again = services.enrolled(replace(officer_of(PUNJAB_POLICE), officer_number=first.officer_number))
    assert refused(services, again, begun.grant()) == "SECOND_PERSON_REQUIRED"
