"""Who confirmed or unsealed is told again: another agency, and another person whatever key he has."""

from dataclasses import replace

import pytest

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer
from tests import sides
from tests.agencies import LAHORE_COURT, LAHORE_HIGH_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.directory.test_own_number import enrolled, officer
from tests.orders import cnic, confirmation
from tests.registration import test_closure as closures
from tests.registration import test_proposals as proposals
from tests.registration import test_sealed_reading as readings
from tests.registration.test_judgments import (
    by_prosecution,
    by_registry,
    confirmed,
    confirming,
    judgment,
    proposing,
    unsealing,
)
from tests.registration.test_review_decisions import MERGE, Pair, pair
from tests.registration.test_reviews import clock, times
from tests.services import Services

__all__ = ["clock", "pair", "times"]  # fixtures
CONVICTION = "a conviction was confirmed by the agency or the officer that had entered it"
CLOSURE = "how a record ends wasn't proposed and confirmed by two officers"
READING = "a reading of what is sealed wasn't opened by a second officer"
AMENDMENT = "an amendment was accepted by the officer who had proposed it"
REVIEW = "a decision on a review was confirmed by the officer who had proposed it"
JUDGMENT = "a judgment was confirmed or unsealed by who had recorded or proposed it"


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server lets one person decide twice."""
    sides.compare_nobody(monkeypatch)


def with_number(agency: Agency, of: Officer) -> Officer:
    """Another key under an officer's number."""
    return replace(officer_of(agency), officer_number=of.officer_number)


@pytest.mark.parametrize(
    ("court", "same_key"),
    [
        pytest.param(LAHORE_COURT, True, id="one key"),
        pytest.param(replace(LAHORE_COURT, agency_id=PUNJAB_PROSECUTION.agency_id), False, id="one agency"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_conviction_that_one_person_entered_and_confirmed_is_found(
    services: Services, owner: Owner, court: Agency, *, same_key: bool
) -> None:
    prosecutor = officer_of(PUNJAB_PROSECUTION)
    created = services.create(call=call_of(PUNJAB_PROSECUTION, prosecutor))
    services.confirm(created, call_of(court, officer_of(court, key_id=prosecutor.key_id if same_key else None)))
    assert owner.findings() == [CONVICTION]


def of_two_agencies(services: Services) -> tuple[Officer, Officer]:
    """One human who is an officer of a prosecution and of a court."""
    own = cnic()
    for agency, number in ((PUNJAB_PROSECUTION, "LHR-1"), (LAHORE_COURT, "LHR-2")):
        enrolled(services, number, own, agency=agency)
    return officer(services, PUNJAB_PROSECUTION, "LHR-1"), officer(services, LAHORE_COURT, "LHR-2")


def test_one_human_of_two_agencies_does_not_confirm_what_he_has_entered(services: Services, owner: Owner) -> None:
    prosecutor, registrar = of_two_agencies(services)
    created = services.create(call=call_of(PUNJAB_PROSECUTION, prosecutor))
    refused = services.refused(errors.Denied, call_of(LAHORE_COURT, registrar), confirmation(created))
    assert refused.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.confirm(created)
    assert owner.findings() == []


@pytest.mark.usefixtures("unchecked")
def test_a_conviction_that_one_human_of_two_agencies_entered_and_confirmed_is_found(
    services: Services, owner: Owner
) -> None:
    prosecutor, registrar = of_two_agencies(services)
    created = services.create(call=call_of(PUNJAB_PROSECUTION, prosecutor))
    services.confirm(created, call_of(LAHORE_COURT, registrar))
    assert owner.findings() == [CONVICTION]


@pytest.mark.usefixtures("unchecked")
def test_a_judgment_that_one_person_recorded_and_confirmed_is_found(services: Services, owner: Owner) -> None:
    prosecutor = officer_of(PUNJAB_PROSECUTION)
    recorded = services.ask(call_of(PUNJAB_PROSECUTION, prosecutor), judgment("SET_ASIDE")).response.judgment_id
    registrar = officer_of(LAHORE_HIGH_COURT, key_id=prosecutor.key_id)
    services.ask(call_of(LAHORE_HIGH_COURT, registrar), confirming(recorded))
    assert owner.findings() == [JUDGMENT]


@pytest.mark.parametrize("next_key", [True, False])
@pytest.mark.usefixtures("unchecked")
def test_an_unsealing_that_one_person_proposed_and_confirmed_is_found(
    services: Services, owner: Owner, *, next_key: bool
) -> None:
    # A number is one person under each of its keys.
    confirmed(services)
    by_registry(services, judgment("SET_ASIDE"))
    restored = by_registry(services, judgment("RESTORED")).response.judgment_id
    first = services.enrolled(officer_of(NPB), disabled=next_key)
    again = services.enrolled(with_number(NPB, first)) if next_key else first
    services.ask(call_of(NPB, first), proposing(restored))
    services.ask(call_of(NPB, again), unsealing(restored))
    assert owner.findings() == [JUDGMENT]


@pytest.mark.parametrize("next_key", [True, False])
@pytest.mark.usefixtures("unchecked")
def test_a_reading_of_what_is_sealed_that_one_person_opened_is_found(
    services: Services, owner: Owner, *, next_key: bool
) -> None:
    first = services.enrolled(officer_of(NPB), disabled=next_key)
    again = services.enrolled(with_number(NPB, first)) if next_key else first
    created = confirmed(services)
    by_registry(services, judgment("SET_ASIDE"))
    reading = readings.proposed(services, first, created.registration_id)
    services.ask(call_of(NPB, again), readings.confirming(reading, created.registration_id))
    assert owner.findings() == [READING]


@pytest.mark.parametrize("next_key", [True, False])
@pytest.mark.usefixtures("unchecked")
def test_an_end_that_one_person_proposed_and_confirmed_is_found(
    services: Services, owner: Owner, *, next_key: bool
) -> None:
    first = services.enrolled(officer_of(NPB), disabled=next_key)
    again = services.enrolled(with_number(NPB, first)) if next_key else first
    created = confirmed(services)
    closure_id = closures.proposed(services, created, first)
    services.ask(call_of(NPB, again), closures.confirming(created, closure_id))
    assert owner.findings() == [CLOSURE]


@pytest.mark.parametrize("next_key", [True, False])
@pytest.mark.usefixtures("unchecked")
def test_an_amendment_that_one_person_proposed_and_accepted_is_found(
    services: Services, owner: Owner, *, next_key: bool
) -> None:
    first = services.enrolled(officer_of(PUNJAB_POLICE), disabled=next_key)
    again = services.enrolled(with_number(PUNJAB_POLICE, first)) if next_key else first
    created = confirmed(services)
    proposal = proposals.proposal(created, **proposals.numbered("3520112345671"))
    found = services.ask(call_of(PUNJAB_POLICE, first), proposal).response.amendment_id
    services.ask(call_of(PUNJAB_POLICE, again), proposals.acceptance(services, created, found))
    assert owner.findings() == [AMENDMENT]


@pytest.mark.parametrize("next_key", [True, False])
@pytest.mark.usefixtures("unchecked")
def test_a_review_that_one_person_decided_is_found(pair: Pair, owner: Owner, *, next_key: bool) -> None:
    services = pair.services
    first = services.enrolled(officer_of(NPB), disabled=next_key)
    again = services.enrolled(with_number(NPB, first)) if next_key else first
    services.ask(call_of(NPB, first), pair.proposing(MERGE))
    services.ask(call_of(NPB, again), pair.confirming(MERGE))
    assert owner.findings() == [REVIEW]


def test_two_persons_are_no_finding(services: Services, owner: Owner) -> None:
    # One number in two agencies is two persons.
    prosecutor = services.enrolled(officer_of(PUNJAB_PROSECUTION))
    court = services.enrolled(with_number(LAHORE_COURT, prosecutor))
    services.confirm(services.create(call=call_of(PUNJAB_PROSECUTION, prosecutor)), call_of(LAHORE_COURT, court))
    services.ask(call_of(LAHORE_HIGH_COURT), confirming(by_prosecution(services)))
    assert owner.findings() == []
