"""Whoever owns the database hides a movement, or whom it would meet; whoever holds the keys makes one up."""

import pytest

from nsor_server.notification.notices import effects
from nsor_server.policy.loaded import Policy
from nsor_server.registration.duties.due_dates import Counting
from nsor_server.registration.movements import rules, store
from nsor_server.registration.movements import times as movement_times
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from tests.agencies import PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_notice import notice
from tests.registration.test_movements import (
    ARRIVAL,
    WITHOUT,
    clock,
    journey,
    keys,
    passes,
    reports,
    services,
    shown,
    times,
)
from tests.registration.test_reviews import Clock
from tests.services import Services

__all__ = ["clock", "services", "times"]
LEFT_OUT = "a time for reviews doesn't name whom a movement over the border has met"
PASSED_OVER = "a time for reviews has left out movements over the border that were reported before the last one"
SAYS = "a registration doesn't say of the movements over the border what the time for reviews has made of them"
DELETED = "the key of a movement over the border is missing, and no time for reviews has said that it is deleted"
KEPT = "the key of a movement over the border is there, and a time for reviews has said that it is deleted"
POLICY = "a time for reviews has compared movements over the border by a policy that wasn't in force"
TOO_EARLY = "a time for reviews deletes keys of movements over the border otherwise than policy says"
Record = record_pb2.RegistrationRecord


def test_a_movement_that_was_hidden_from_its_time_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # Otherwise nobody would hear that somebody has left.
    reports(services, services.confirmed())
    passes(times, clock)
    reports(services, services.confirmed())
    with owner.without("movement", "created_at = (SELECT max(created_at) FROM movement)"):
        passes(times, clock)
    passes(times, clock)
    assert len(services.owed(WITHOUT)) == 2
    assert owner.findings() == [LEFT_OUT]


def test_a_number_that_was_hidden_from_a_movement_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    reports(services, services.confirmed())
    with owner.without("registration_identifier", "true"):
        passes(times, clock)
    assert services.owed(WITHOUT) == []
    assert owner.findings() == [LEFT_OUT]


def test_a_key_that_was_deleted_before_its_time_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # Without the key the movement opens nowhere: it would meet nobody, and nobody could say whom it had to meet.
    reports(services, services.confirmed())
    owner.does("DELETE FROM movement_key")
    passes(times, clock)
    assert services.owed(WITHOUT) == []
    assert owner.findings() == [DELETED]


def test_a_key_that_was_kept_is_found(services: Services, times: ReviewTimes, clock: Clock, owner: Owner) -> None:
    # What nobody was to keep any more could be opened by whoever gets the keys.
    reports(services, "3520199999991")
    passes(times, clock)
    owner.does("CREATE TEMP TABLE hidden AS SELECT * FROM movement_key")
    for days in (8, 9):
        clock.days = days
        assert times.look()
    assert keys(services) == 0
    assert owner.findings() == []
    owner.does("INSERT INTO movement_key SELECT * FROM hidden")
    assert owner.findings() == [KEPT]


def test_a_key_of_no_movement_is_found(services: Services, owner: Owner) -> None:
    services.confirmed()
    owner.does("INSERT INTO movement_key (movement_id, border_crossing, wrapped) VALUES (gen_random_uuid(), 2, 'x')")
    assert "movement_key has 1 row of movements that aren't there, or of another time" in owner.findings()


def _elsewhere(record: Record) -> None:
    record.movements[-1].country = "IN"


def _noticed(record: Record) -> None:
    record.movements[-1].notice_id = bytes(16)


def _no_duty(record: Record) -> None:
    del record.duties[:]


def _another_name(record: Record) -> None:
    record.names[0].name = "Zafar Khan"


@pytest.fixture(params=[_elsewhere, _noticed, _no_duty, _another_name])
def _changed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds the keys changes something of each version that a movement makes."""
    honest = rules.after

    def made_up(*args: object) -> Record:
        following = honest(*args)  # type: ignore[arg-type]  # as it is called
        request.param(following)
        return following

    monkeypatch.setattr(rules, "after", made_up)


@pytest.mark.usefixtures("_changed")
def test_a_version_that_says_something_else_of_a_movement_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports(services, services.confirmed())
    passes(times, clock)
    monkeypatch.undo()
    assert SAYS in owner.findings()


def test_movements_that_a_later_version_forgets_are_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = services.confirmed()
    reports(services, created)
    passes(times, clock)
    honest = effects._next

    def made_up(record: Record) -> Record:
        following = honest(record)
        del following.movements[:]
        return following

    with monkeypatch.context() as patched:
        patched.setattr(effects, "_next", made_up)
        services.ask(call_of(PUNJAB_POLICE), notice(created))
    assert shown(services, created) == []
    assert SAYS in owner.findings()


def test_a_movement_that_nobody_has_reported_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The version of a notice says that he has come back, too.
    created = services.confirmed()
    passes(times, clock)
    honest = effects._next

    def made_up(record: Record) -> Record:
        following = honest(record)
        following.movements.add(movement_id=bytes(16), direction=ARRIVAL, version=following.version)
        return following

    with monkeypatch.context() as patched:
        patched.setattr(effects, "_next", made_up)
        journey(services, created, days=3)
    assert len(shown(services, created)) == 1
    assert SAYS in owner.findings()


def test_a_movement_in_the_name_of_another_agency_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = store.rows

    def made_up(sealer: Sealer, record: record_pb2.MovementRecord) -> object:
        record.agency = "npb"
        return honest(sealer, record)

    with monkeypatch.context() as patched:
        patched.setattr("nsor_server.registration.facts.movement_rows", made_up)
        reports(services, "3520199999991")
    assert owner.findings() == ["a movement over the border names another agency or officer than its entry"]


def test_keys_that_a_time_deletes_too_early_are_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports(services, "3520199999991")
    with monkeypatch.context() as patched:
        patched.setattr(movement_times, "expired", lambda _deadlines, now_us: now_us)
        passes(times, clock)
    assert owner.findings() == [TOO_EARLY]


def test_a_policy_that_was_not_in_force_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By another one a departure would be nearer to a notice, or nobody would be waited for.
    reports(services, "3520199999991")
    honest = Counting.by

    def another(policy: Policy) -> Counting:
        found = honest(policy)
        found.policy.deadlines += 1
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Counting, "by", another)
        passes(times, clock)
    assert POLICY in owner.findings()
