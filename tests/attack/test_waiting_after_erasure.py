"""What had to wait at a time stays right when whom that time wrote otherwise was erased since."""

import pytest

from nsor_server.registration.movements import meeting
from nsor_server.registration.reviews import ReviewTimes
from tests.agencies import SINDH_POLICE
from tests.attack.conftest import Owner
from tests.attack.test_set_back import confirmed
from tests.calls import call_of
from tests.notification.test_arrivals import matches
from tests.notification.test_arrivals import take as arrives
from tests.notification.test_notice import notice, take
from tests.notification.test_transfers import AWAY, BEYOND, deciding
from tests.orders import Created, cnic
from tests.registration.test_closure import close
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_held import CASES, restore
from tests.registration.test_movements import reports
from tests.registration.test_movements import services as services  # noqa: PLC0414 - a fixture
from tests.registration.test_movements import shown as movements_of
from tests.registration.test_movements import times as times  # noqa: PLC0414 - a fixture
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair
from tests.registration.test_reviews import Clock, clock
from tests.registration.test_stations_of_person import set_aside
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock"]


def erased(services: Services, created: Created) -> None:
    close(services, created, **WITHDRAWN)
    decided(services, created)
    destroy(services, services.keyring)


@pytest.mark.parametrize("crosses", [True, False])
def test_what_waited_for_a_registration_that_stood_again_stays_right(
    *, services: Services, times: ReviewTimes, clock: Clock, owner: Owner, crosses: bool
) -> None:
    # The time has joined it to its person: a version that nobody can open any more.
    number = cnic()
    first, second = (confirmed(services, number, case) for case in CASES[:2])
    pair = Pair(services, number, first, second)
    clock.passes()
    assert times.look()
    pair.decide(MERGE)
    set_aside(pair, CASES[1])
    take(services, notice(pair.first, AWAY))
    services.ask(call_of(SINDH_POLICE), deciding(services, pair.first))
    restore(services, CASES[1])
    if crosses:
        reports(services, number)
    else:
        arrives(services, number, BEYOND)
    for is_met in (False, True):
        clock.passes()
        assert times.look()
        met = len(movements_of(services, pair.first, SINDH_POLICE)) if crosses else matches(services)
        assert bool(met) == is_met
    pair.decide(REOPEN)
    assert owner.findings() == []
    erased(services, pair.second)
    assert owner.findings() == []


def test_an_older_movement_that_waited_for_it_stays_right(
    *, services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # It was compared while the registration was sealed, and again when that stood again: one time later.
    number = cnic()
    first, second = (confirmed(services, number, case) for case in CASES[:2])
    pair = Pair(services, number, first, second)
    clock.passes()
    assert times.look()
    pair.decide(MERGE)
    set_aside(pair, CASES[1])
    take(services, notice(pair.first, AWAY))
    services.ask(call_of(SINDH_POLICE), deciding(services, pair.first))
    reports(services, number)
    clock.passes()
    assert times.look()
    restore(services, CASES[1])
    for met in (0, 1):
        clock.passes()
        assert times.look()
        assert len(movements_of(services, pair.second)) == met
    pair.decide(REOPEN)
    assert owner.findings() == []
    erased(services, pair.second)
    assert owner.findings() == []


def test_a_movement_that_was_too_much_for_a_time_stays_right(
    *, services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "MOST", 1)
    created = [services.confirmed() for _ in range(2)]
    for each in created:
        reports(services, each)
    for met in ([1, 0], [1, 1]):
        clock.passes()
        assert times.look()
        assert [len(movements_of(services, each)) for each in created] == met
    erased(services, created[1])
    assert owner.findings() == []
