"""What a key has proposed that is disabled as compromised counts no more: no second officer makes it count."""

from __future__ import annotations

import uuid

import pytest

from nsor.v1 import directory_pb2, proposals_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from tests import sides
from tests.agencies import NPB, officer_of
from tests.attack.conftest import Owner
from tests.attack.test_two_persons import CLOSURE, JUDGMENT, READING, REVIEW
from tests.calls import call_of
from tests.registration import test_judgments as judgments
from tests.registration import test_sealed_reading as readings
from tests.registration.test_ended_proposals import Make, each_kind, refusing, unsealing
from tests.registration.test_pending import pending
from tests.registration.test_review_decisions import MERGE, Pair, pair
from tests.registration.test_reviews import clock, times
from tests.services import Services

__all__ = ["clock", "pair", "times"]  # fixtures

COMPROMISED = directory_pb2.DISABLE_REASON_KEY_COMPROMISED


@pytest.fixture
def first(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


@pytest.fixture
def second(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


def disable(services: Services, who: Officer, reason: directory_pb2.DisableReason.ValueType = COMPROMISED) -> None:
    request = directory_pb2.DisableOfficerRequest(
        request_id=str(uuid.uuid4()), officer_key_id=who.key_id, reason=reason
    )
    services.ask(call_of(NPB), request)


@each_kind
def test_nobody_confirms_it_and_a_second_officer_still_refuses_it(
    services: Services, owner: Owner, first: Officer, second: Officer, make: Make
) -> None:
    proposed = make(services, first)
    disable(services, first)
    assert [each.state for each in pending(services)] == [proposals_pb2.PROPOSAL_STATE_OUTDATED]
    services.refused(errors.WrongState, call_of(NPB, second), proposed.confirming())
    outcome = services.ask(call_of(NPB, second), refusing(proposed))
    assert outcome.response.state == proposals_pb2.PROPOSAL_STATE_REFUSED
    assert owner.findings() == []


@each_kind
def test_what_was_proposed_by_who_left_is_confirmed(
    services: Services, first: Officer, second: Officer, make: Make
) -> None:
    proposed = make(services, first)
    disable(services, first, directory_pb2.DISABLE_REASON_LEFT_POST)
    services.ask(call_of(NPB, second), proposed.confirming())


def test_an_unsealing_is_proposed_anew_once_it_is_refused(services: Services, first: Officer, second: Officer) -> None:
    proposed = unsealing(services, first)
    disable(services, first)
    services.ask(call_of(NPB, second), refusing(proposed))
    (judgment_id,) = proposed.names.values()
    services.ask(call_of(NPB, second), judgments.proposing(judgment_id))
    services.ask(call_of(NPB), proposed.confirming())


@each_kind
def test_a_confirmation_of_it_all_the_same_is_found(
    *,
    services: Services,
    owner: Owner,
    first: Officer,
    second: Officer,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proposed = make(services, first)
    disable(services, first)
    sides.count_stolen_keys(monkeypatch)
    services.ask(call_of(NPB, second), proposed.confirming())
    (finding,) = owner.findings()
    assert finding in {CLOSURE, JUDGMENT, READING}


@pytest.mark.parametrize("stolen", ["first", "second"])
def test_nothing_sealed_is_read_by_what_it_opened(
    services: Services, owner: Owner, first: Officer, second: Officer, stolen: str
) -> None:
    created = readings.sealed(services)
    reading_id = readings.opened(services, first, second, created.registration_id)
    gone, left = (first, second) if stolen == "first" else (second, first)
    request = readings.Get(sealed_reading_id=reading_id)
    services.ask(call_of(NPB, left), request)
    disable(services, gone)
    services.refused(errors.NoRecord, call_of(NPB, left), request)
    assert owner.findings() == []


def test_a_merge_is_confirmed_by_nobody_and_proposed_anew(
    pair: Pair, owner: Owner, first: Officer, second: Officer
) -> None:
    services = pair.services
    services.ask(call_of(NPB, first), pair.proposing(MERGE))
    disable(services, first)
    assert pair.get().review.proposal_state == proposals_pb2.PROPOSAL_STATE_OUTDATED
    services.refused(errors.WrongState, call_of(NPB, second), pair.confirming(MERGE))
    services.ask(call_of(NPB, second), pair.proposing(MERGE))
    services.ask(call_of(NPB), pair.confirming(MERGE))
    assert owner.findings() == []


def test_a_merge_that_is_confirmed_all_the_same_is_found(
    pair: Pair, owner: Owner, first: Officer, second: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = pair.services
    services.ask(call_of(NPB, first), pair.proposing(MERGE))
    disable(services, first)
    sides.count_stolen_keys(monkeypatch)
    services.ask(call_of(NPB, second), pair.confirming(MERGE))
    assert owner.findings() == [REVIEW]
