"""Whoever comes to stand after his movement was compared is met by it too, as long as its key lives; and once."""

from collections.abc import Collection
from typing import Any, Final

import pytest

from nsor_server.registration.movements import again, meeting, rules, store
from nsor_server.registration.movements import times as movement_times
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.v1 import record_pb2
from tests.agencies import LAHORE_HIGH_COURT, NPB
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_movements_set_back import LEFT_OUT, PASSED_OVER
from tests.calls import call_of
from tests.orders import Created, cnic, judgment, order
from tests.registration.test_judgments import proposing, unsealing
from tests.registration.test_movements import (
    POLICE_AND_NPB,
    WITHOUT,
    clock,
    cnic_of,
    keys,
    passes,
    reports,
    services,
    shown,
    times,
)
from tests.registration.test_movements_waiting import NOBODY, met
from tests.registration.test_reviews import Clock
from tests.services import Services

__all__ = ["clock", "services", "times"]


@pytest.fixture
def before(services: Services, times: ReviewTimes, clock: Clock) -> Created:
    """Somebody whom no court has confirmed when his departure is compared."""
    number = cnic()
    created = services.create(order(number))
    services.confirmed()
    reports(services, number)
    passes(times, clock)
    return created


def test_who_is_confirmed_later_is_met_by_what_was_compared_before(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, before: Created
) -> None:
    assert services.owed(WITHOUT) == []
    services.confirm(before)
    passes(times, clock)
    assert met(services, before) == [1]
    assert sorted(services.owed(WITHOUT)) == POLICE_AND_NPB
    passes(times, clock)
    assert met(services, before) == [1]
    assert sorted(services.owed(WITHOUT)) == POLICE_AND_NPB
    assert owner.findings() == []


def sealed_for_a_time(services: Services, times: ReviewTimes, clock: Clock) -> Created:
    """Somebody who has left, is back again by a judgment that was restored, and has left meanwhile, too."""
    number = cnic()
    created = services.confirmed(order(number))
    reports(services, number, days=2)
    passes(times, clock)
    (convicted,) = services.get(created.registration_id, NPB).convictions
    services.judge_all(created, "SET_ASIDE")
    reports(services, number)
    passes(times, clock)
    restoring = judgment("RESTORED", convicted, cnics=[number])
    judgment_id = services.ask(call_of(LAHORE_HIGH_COURT), restoring).response.judgment_id
    for ask in (proposing, unsealing):
        services.ask(call_of(NPB), ask(judgment_id))
    return created


def test_who_is_unsealed_is_met_by_what_came_meanwhile_and_not_twice(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    created = sealed_for_a_time(services, times, clock)
    assert met(services, created) == [1]
    for _ in range(2):
        passes(times, clock)
        assert met(services, created) == [2]
    assert owner.findings() == []


def test_who_may_have_forgotten_a_movement_meets_no_older_one(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # He would meet one twice, and be told of as if he had left again.
    monkeypatch.setattr(rules, "MOST", 1)
    sealed_for_a_time(services, times, clock)
    passes(times, clock)
    assert sorted(services.owed(WITHOUT)) == POLICE_AND_NPB
    assert owner.findings() == []


def test_a_movement_whose_key_is_deleted_meets_nobody_any_more(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, before: Created
) -> None:
    clock.days = 8
    assert times.look()
    assert keys(services) == 0
    services.confirm(before)
    clock.days = 9
    assert times.look()
    assert met(services, before) == [0]
    assert owner.findings() == []


def test_nothing_is_opened_again_where_nobody_has_come_to_stand(
    services: Services, times: ReviewTimes, clock: Clock, before: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes(times, clock)
    honest, read = store.reported_between, []

    def counting(*args: Any, **fields: Any) -> Any:
        read.append(args)
        return honest(*args, **fields)

    monkeypatch.setattr(store, "reported_between", counting)
    passes(times, clock)
    assert read == []
    services.confirm(before)
    passes(times, clock)
    assert len(read) == 1


def test_a_time_opens_so_many_again_and_who_comes_meanwhile_is_next(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "MOST", 2)
    numbers = [cnic() for _ in range(2)]
    created = [services.create(order(number)) for number in numbers]
    services.confirmed()
    for number in (numbers[1], *NOBODY[:2], numbers[0]):
        reports(services, number)
    passes(times, clock)
    services.confirm(created[0])
    passes(times, clock)
    assert met(services, created[0]) == [0]
    services.confirm(created[1])
    passes(times, clock)
    assert met(services, *created) == [1, 0]
    passes(times, clock)
    assert met(services, *created) == [1, 1]
    passes(times, clock)
    assert met(services, *created) == [1, 1]
    assert owner.findings() == []


def test_a_round_is_of_so_many_registrations(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "MOST_STANDING", 1)
    created = [services.create(order(cnic())) for _ in range(2)]
    services.confirmed()
    for each in created:
        reports(services, cnic_of(services, each))
    passes(times, clock)
    for each in created:
        services.confirm(each)
    passes(times, clock)
    assert sorted(met(services, *created)) == [0, 1]
    passes(times, clock)
    assert met(services, *created) == [1, 1]
    assert owner.findings() == []


def test_those_who_come_meanwhile_wait_in_their_order_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "MOST_STANDING", 2)
    monkeypatch.setattr(again, "MOST_NEXT", 3)
    before = record_pb2.ReviewTimeRecord(movements_to=10)
    came = [bytes([nth]) * 16 for nth in range(9)]
    before.movements_again.CopyFrom(again.following(before, came[5:8]))
    assert (list(before.movements_again.registration_ids), before.movements_again.end) == (came[5:7], 10)
    before.movements_again.CopyFrom(again.following(before, came[1:5]))
    assert list(before.movements_again.registration_ids) == came[5:7]
    assert list(before.movements_again.next_ids) == [came[7], came[1], came[2]]
    before.movements_again.to = before.movements_again.end
    following = again.following(before, [came[0]])
    assert (list(following.registration_ids), list(following.next_ids)) == ([came[7], came[1]], [came[2], came[0]])


def test_no_more_registrations_are_written_than_a_time_may(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "MOST", 1)
    created = [services.create(order(cnic())) for _ in range(2)]
    other = services.confirmed()
    for each in created:
        reports(services, cnic_of(services, each))
    passes(times, clock)
    for each in created:
        services.confirm(each)
    reports(services, other)
    # What is compared for the first time comes first.
    for expected in ([1, 0, 0], [1, 1, 0], [1, 1, 1]):
        passes(times, clock)
        assert met(services, other, *created) == expected
    assert owner.findings() == []


def test_what_still_waits_at_its_crossing_is_compared_once(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movement_times, "MOST", 1)
    created = services.create(order(cnic()))
    services.confirmed()
    for days in (3, 2):
        reports(services, cnic_of(services, created), days=days)
    passes(times, clock)
    services.confirm(created)
    passes(times, clock)
    passes(times, clock)
    assert met(services, created) == [2]
    assert owner.findings() == []


def test_who_was_hidden_when_he_came_to_stand_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, before: Created
) -> None:
    services.confirm(before)
    with owner.without("movement", "true"):
        passes(times, clock)
    passes(times, clock)
    assert met(services, before) == [0]
    assert owner.findings() == [LEFT_OUT]


def _nobody(*_: object) -> record_pb2.MovementsAgain:
    return record_pb2.MovementsAgain()


HONEST: Final = again.following


def _without_him(before: record_pb2.ReviewTimeRecord, came: Collection[bytes]) -> record_pb2.MovementsAgain:
    made = HONEST(before, came)
    del made.registration_ids[:]
    return made


def _nothing(_conn: object, _sealer: object, time: record_pb2.ReviewTimeRecord, *_: object) -> None:
    time.movements_again.to = time.movements_again.end


def _no_further(*_: object) -> None:
    """It says that it has got nowhere."""


@pytest.mark.parametrize(
    ("name", "instead", "problem"),
    [
        ("following", _nobody, PASSED_OVER),
        ("following", _without_him, PASSED_OVER),
        ("compare", _nothing, LEFT_OUT),
        ("compare", _no_further, PASSED_OVER),
    ],
)
def test_a_time_that_compares_less_again_than_it_had_to_is_found(
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    owner: Owner,
    *,
    before: Created,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    instead: Any,
    problem: str,
) -> None:
    services.confirm(before)
    with monkeypatch.context() as patched:
        patched.setattr(again, name, instead)
        passes(times, clock)
    assert owner.findings() == [problem]


def test_a_movement_that_is_said_to_have_met_somebody_again_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # He has met it when it was reported.
    created = services.confirmed()
    reports(services, created)
    passes(times, clock)
    assert len(shown(services, created)) == 1
    other = services.create(order(cnic()))
    services.confirm(other)

    def both(last: record_pb2.ReviewTimeRecord, came: Collection[bytes]) -> record_pb2.MovementsAgain:
        return HONEST(last, {*came, created.key.bytes})

    with monkeypatch.context() as patched:
        patched.setattr(again, "following", both)
        patched.setattr(again, "_has_met", lambda *_: False)
        passes(times, clock)
    assert LEFT_OUT in owner.findings()
