"""Whoever owns the database takes events from a consumer, or gives it others: ledger verify finds it."""

import pytest

from nsor_server import errors
from nsor_server.calls import Officer
from tests.attack.conftest import Owner
from tests.consumers import enrolled, messages
from tests.notification.test_consumers import CONFIRMED, MOVED, acknowledge, confirmed_and_moved
from tests.services import Services

PROBLEM = "event {} of punjab-police isn't numbered for its consumers as they are enrolled"


def told(services: Services, follower: Officer, after: int = 0) -> list[int]:
    """The numbers that a consumer's stream tells; each message is recorded, as at the front door."""
    found = []
    for call, outcome in messages(services, follower, after):
        call.outcome, call.answer = outcome, outcome.response.SerializeToString()
        services.writer.submit(call)
        found += [event.sequence for event in outcome.response.events]
    return found


@pytest.fixture
def follower(services: Services) -> Officer:
    """A system that hears of Lahore; there are two events for it, the last two of the agency's four."""
    found = enrolled(services, places=["PK-PB/LHR"], kinds=[CONFIRMED, MOVED])
    confirmed_and_moved(services)
    return found


def test_what_is_as_it_was_made_is_no_finding(services: Services, owner: Owner, follower: Officer) -> None:
    assert told(services, follower) == [1, 2]
    acknowledge(services, 1, follower)
    assert told(services, follower) == [2]
    assert told(services, follower, after=2) == []
    assert owner.findings() == []


def test_an_event_that_a_consumer_is_passed_over_with_is_found(
    services: Services, owner: Owner, follower: Officer
) -> None:
    owner.does("DELETE FROM consumer_event WHERE sequence = 2")
    assert told(services, follower) == [1]
    assert owner.findings() == [PROBLEM.format(4)]


def test_a_gap_among_a_consumers_events_ends_its_stream(services: Services, owner: Owner, follower: Officer) -> None:
    with owner.without("consumer_event", "sequence = 1"), pytest.raises(errors.Unavailable):
        told(services, follower)
    assert told(services, follower) == [1, 2]
    assert owner.findings() == []


def test_an_event_that_a_consumer_had_not_to_hear_is_found(services: Services, owner: Owner, follower: Officer) -> None:
    owner.does("INSERT INTO consumer_event SELECT consumer_id, 3, agency_id, 1 FROM event_consumer")
    assert told(services, follower) == [1, 2, 3]
    assert owner.findings() == [PROBLEM.format(number) for number in (1,)]


def test_what_was_told_a_consumer_instead_is_found(services: Services, owner: Owner, follower: Officer) -> None:
    # For the time of one call: what stands afterwards is what it must be.
    with owner.without("consumer_event", "sequence = 2"):
        owner.does("INSERT INTO consumer_event SELECT consumer_id, 2, agency_id, 2 FROM event_consumer")
        assert told(services, follower) == [1, 2]
        owner.does("DELETE FROM consumer_event WHERE sequence = 2")
    assert told(services, follower) == [1, 2]
    assert owner.findings() == ["the events that were told aren't those that the agency was owed"]


def test_a_consumers_acknowledgement_that_is_taken_back_is_found(
    services: Services, owner: Owner, follower: Officer
) -> None:
    acknowledge(services, 1, follower)
    owner.does("DELETE FROM consumer_acknowledgement")
    assert told(services, follower) == [1, 2]
    (found,) = owner.findings()
    assert "consumer_acknowledgement" in found


def test_a_place_that_was_changed_is_found(services: Services, owner: Owner, follower: Officer) -> None:
    with owner.changing(
        "UPDATE agency_event SET places = '{PK-PB/MUL}' WHERE sequence = 4",
        "UPDATE agency_event SET places = '{PK-PB/FSD/PS-003,PK-PB/LHR/PS-001}' WHERE sequence = 4",
    ):
        with pytest.raises(errors.Unavailable):
            told(services, follower)
        assert owner.findings()
    assert told(services, follower) == [1, 2]
