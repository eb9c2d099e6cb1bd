"""More movements than a time compares: each crossing waits for itself, no key is kept for it, and ops hear."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsor.v1 import notices_pb2
from nsor_server.registration.movements import meeting, queues, store
from nsor_server.registration.movements import times as movement_times
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.session import Statement
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_movements_set_back import LEFT_OUT, PASSED_OVER
from tests.orders import Created
from tests.registration.test_movements import LAHORE, clock, keys, passes, reports, services, shown, times
from tests.registration.test_reviews import Clock
from tests.services import Services

__all__ = ["clock", "services", "times"]
WAGAH = notices_pb2.BORDER_CROSSING_WAGAH
NOBODY = [f"352019876{number:04d}" for number in range(1, 10)]
"""Numbers that nobody of the register has."""


def met(services: Services, *created: Created) -> list[int]:
    """How many movements each has met."""
    return [len(shown(services, each)) for each in created]


@given(st.dictionaries(st.integers(1, 40), st.integers(1, 60), max_size=12), st.integers(12, 100))
def test_a_share_is_as_large_as_any_other_of_those_that_have_more(waiting: Mapping[int, int], most: int) -> None:
    shares = queues.shares(waiting, most)
    assert sum(shares.values()) == min(most, sum(waiting.values()))
    cut = [shares[one] for one in waiting if shares[one] < waiting[one]]
    # Who has to wait had as much as everybody else, but for one that can't be divided.
    assert not cut or max(shares.values()) - min(cut) <= 1


def test_movements_of_every_crossing_are_compared() -> None:
    assert {number for number in notices_pb2.BorderCrossing.values() if number} <= set(queues.CROSSINGS)


def test_a_crossing_that_reports_much_delays_itself_alone(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movement_times, "MOST", 4)
    lahore, wagah = services.confirmed(), services.confirmed()
    for number in NOBODY[:5]:
        reports(services, number)
    reports(services, lahore)
    reports(services, wagah, border_crossing=WAGAH)
    passes(times, clock)
    # One of Wagah, and three of Lahore: what Wagah leaves of its share.
    assert met(services, lahore, wagah) == [0, 1]
    reports(services, wagah, border_crossing=WAGAH, days=2)
    passes(times, clock)
    assert met(services, lahore, wagah) == [1, 2]
    assert owner.findings() == []


def test_those_of_one_instant_are_compared_in_their_order(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Calls that are recorded together have one instant; so have all while the database's clock is set back.
    monkeypatch.setattr(movement_times, "MOST", 1)
    created = [services.confirmed() for _ in range(3)]
    for each in created:
        reports(services, each)
    # In the table, and so in the index, the first of them lies behind the others.
    first = "SELECT encode(row_id, 'hex')::uuid FROM ledger_record WHERE table_name = 'movement' ORDER BY index LIMIT 1"
    for which in ("<>", "="):
        instant = "(SELECT max(created_at) FROM movement)"
        owner.does(f"UPDATE movement_key SET created_at = {instant} WHERE movement_id {which} ({first})")  # noqa: S608 - constants
    for expected in ([1, 0, 0], [1, 1, 0], [1, 1, 1]):
        passes(times, clock)
        assert met(services, *created) == expected


@pytest.mark.parametrize(
    ("statement", "index"), [(store._WAITING, "movement_key_crossing"), (store._REPORTED, "movement_key_age")]
)
@pytest.mark.new_database
def test_nothing_of_it_reads_a_whole_table(owner: Owner, statement: Statement, index: str) -> None:
    # With hundreds of thousands of movements, and before PostgreSQL knows how many there are.
    types = [f"NULL::{each}" for each in ("smallint[]", "bigint[]", "bigint[]", "bigint", "bigint")]
    given = ", ".join(types if statement is store._WAITING else types[3:] * 2)
    for method in ("seqscan", "bitmapscan", "nestloop"):
        owner.does(f"SET enable_{method} = off")  # it looks them up one by one even if it would rather not
    owner.does("SET plan_cache_mode = force_generic_plan")
    owner.does(f"PREPARE asked AS {statement.sql.decode()}")
    plan = "\n".join(line for (line,) in owner.conn.execute(f"EXPLAIN EXECUTE asked ({given})".encode()))
    assert f"using {index} on movement_key" in plan
    assert "using ledger_record_pkey on ledger_record" in plan
    assert not {word for word in ("Hash", "Merge Join", "Seq Scan") if word in plan}


def test_registrations_are_written_of_each_crossing_in_turn(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever is met at a crossing with many others doesn't keep those of another one waiting.
    monkeypatch.setattr(meeting, "MOST", 2)
    lahore = [services.confirmed() for _ in range(3)]
    wagah = services.confirmed()
    for each in lahore:
        reports(services, each)
    reports(services, wagah, border_crossing=WAGAH)
    passes(times, clock)
    assert met(services, *lahore, wagah) == [1, 0, 0, 1]
    reports(services, NOBODY[0], border_crossing=WAGAH)
    passes(times, clock)
    assert met(services, *lahore, wagah) == [1, 1, 1, 1]
    assert owner.findings() == []


def test_nothing_overtakes_what_waits_at_its_crossing(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "MOST", 1)
    first, second = services.confirmed(), services.confirmed()
    for each in (first, second, first):
        reports(services, each, days=3 if each is second else 1)
    passes(times, clock)
    assert met(services, first, second) == [1, 0]
    passes(times, clock)
    assert met(services, first, second) == [1, 1]
    passes(times, clock)
    assert met(services, first, second) == [2, 1]
    assert owner.findings() == []


def test_what_was_compared_keeps_no_key_for_what_waits(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movement_times, "MOST", 2)
    for number in NOBODY[:4]:
        reports(services, number)
    for days, left in ((8, 2), (9, 0)):
        clock.days = days
        assert times.look()
        assert keys(services) == left
    clock.days = 10
    assert times.look()
    assert owner.findings() == []


def test_the_operator_is_alerted_when_movements_wait_too_long(
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(movement_times, "MOST", 2)
    caplog.set_level(logging.CRITICAL)
    assert times.movements_wait_seconds() == 0
    for number in NOBODY[:3]:
        reports(services, number)
    passes(times, clock)  # a day after they were reported
    assert times.movements_wait_seconds() > 0
    (line,) = (each.message for each in caplog.records if "MOVEMENTS_WAIT" in each.message)
    assert line == "ALERT MOVEMENTS_WAIT: movements over the border at 1 crossings wait for longer than policy says"
    passes(times, clock)
    assert times.movements_wait_seconds() == 0
    assert len([each for each in caplog.records if "MOVEMENTS_WAIT" in each.message]) == 1


def _starved(honest: Any) -> Any:
    """Shares of a server that has Wagah wait."""

    def shares(waiting: Mapping[int, int], most: int) -> dict[int, int]:
        return {**honest(waiting, most), WAGAH: 0}

    return shares


def test_a_crossing_that_was_kept_waiting_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.confirmed()
    for crossing in (LAHORE, WAGAH):
        reports(services, NOBODY[0], border_crossing=crossing)
    with monkeypatch.context() as patched:
        patched.setattr(queues, "shares", _starved(queues.shares))
        passes(times, clock)
    passes(times, clock)
    assert owner.findings() == [PASSED_OVER]


def test_movements_of_which_nobody_says_that_they_wait_are_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = services.confirmed()
    reports(services, created, border_crossing=WAGAH)
    with monkeypatch.context() as patched:
        patched.setattr(queues, "shares", _starved(queues.shares))
        patched.setattr(queues.Queue, "left", lambda _queue, _after: None)
        passes(times, clock)
    passes(times, clock)
    assert met(services, created) == [0]
    assert owner.findings() == [LEFT_OUT]


def test_a_movement_that_was_put_at_another_crossing_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # It isn't what its seal says: there is an alert, and it meets nobody.
    created = services.confirmed()
    reports(services, created)
    other, back = (f"UPDATE movement_key SET border_crossing = {number}" for number in (WAGAH, LAHORE))  # noqa: S608 - constants
    with owner.changing(other, back):
        passes(times, clock)
        assert owner.findings() == ["a seal of movement doesn't open, or a column beside it was changed"]
    assert met(services, created) == [0]
    assert owner.findings() == [LEFT_OUT]
