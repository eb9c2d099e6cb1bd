"""Arrival notices of a merged person: all of his registrations meet them at one time, and nobody hears too little."""

import pytest

from nsor.v1 import notification_pb2, types_pb2
from nsor_server.notification import persons
from nsor_server.registration.reviews import ReviewTimes
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.notification.test_arrivals import matches, opened, take, transfer
from tests.notification.test_counter import with_number
from tests.notification.test_merged_persons import both
from tests.notification.test_notice import notice
from tests.notification.test_notice import take as takes_notice
from tests.notification.test_transfers import AWAY, BEYOND
from tests.orders import cnic
from tests.registration.test_movements import PASSPORT, date_of, reports
from tests.registration.test_movements import services as services  # noqa: PLC0414 - a fixture
from tests.registration.test_movements import times as times  # noqa: PLC0414 - a fixture
from tests.registration.test_review_decisions import MERGE, Pair
from tests.registration.test_reviews import Clock, clock
from tests.services import Services

__all__ = ["clock"]

CLOSED = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_CLOSED


@pytest.fixture
def number() -> str:
    return cnic()


@pytest.fixture
def pair(services: Services, times: ReviewTimes, clock: Clock, number: str) -> Pair:
    """Two registrations of one person, of which one alone has the passport."""
    first = with_number(services, number, PASSPORT.number)
    pair = Pair(services, number, first, with_number(services, number))
    clock.passes()
    assert times.look()
    pair.decide(MERGE)
    return pair


@pytest.fixture
def _apart(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second alone is being transferred elsewhere, as one that didn't stand when they were merged."""
    with monkeypatch.context() as alone:
        alone.setattr(persons, "others", lambda *_: persons.Others([], []))
        takes_notice(pair.services, notice(pair.second, BEYOND))


@pytest.mark.usefixtures("_apart")
@pytest.mark.parametrize("by_notice", [False, True])
def test_the_end_of_one_transfer_is_told_though_the_next_is_told_of_another_registration(
    *, services: Services, times: ReviewTimes, clock: Clock, number: str, pair: Pair, by_notice: bool
) -> None:
    # Otherwise the police of the place to which he doesn't come go on waiting for him.
    before = opened(services)
    if by_notice:
        takes_notice(services, notice(pair.first, AWAY))
    else:
        take(services, number, event_date=date_of(0), received_date=date_of(0))
        clock.passes()
        assert times.look()
    assert [transfer(services, each).to_place for each in both(pair)] == [AWAY, AWAY]
    assert services.owed(CLOSED) == [NPB.agency_id, PUNJAB_POLICE.agency_id]
    # And the beginning of the next one once, not of each.
    once = [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]
    assert opened(services) == sorted([*before, *once])


def test_all_of_a_person_wait_while_a_time_writes_one_of_his_registrations_otherwise(
    *, services: Services, times: ReviewTimes, clock: Clock, number: str, pair: Pair, owner: Owner
) -> None:
    # A notice ends with the first time that names it: who was left to the next one would never meet it.
    passport = types_pb2.TravelDocument(number=PASSPORT.number, country="PK", kind=PASSPORT.kind)
    reports(services, "", shown_document=passport)
    take(services, number)
    clock.passes()
    assert times.look()
    assert matches(services) == 0
    clock.passes()
    assert times.look()
    assert [transfer(services, each).to_place for each in both(pair)] == [AWAY, AWAY]
    assert owner.findings() == []
