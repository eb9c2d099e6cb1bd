"""How waits for the ledger's head add up, and when they are too long."""

import contextlib

import pytest

from nsor_server.storage.waits import LATE_SECONDS, Waits


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("nsor_server.storage.waits.time.monotonic", lambda: now[0])
    return now


def waited(waits: Waits, clock: list[float], seconds: float) -> None:
    with waits.measured():
        clock[0] += seconds


def test_one_who_takes_it_in_turns_is_as_bad_as_one_who_stays(clock: list[float]) -> None:
    # Each of his turns is shorter than anybody is blamed for.
    waits, found = Waits(), []
    for _ in range(2):
        waited(waits, clock, 2.2)
        found.append(waits.too_long)
    clock[0] += LATE_SECONDS
    assert [*found, waits.too_long] == [False, True, False]


def test_whoever_waits_still_counts(clock: list[float]) -> None:
    # Nobody has to get the lock before it is seen that he doesn't.
    waits = Waits()
    with waits.measured():
        found = []
        for seconds in (2.9, 0.1):
            clock[0] += seconds
            found.append(waits.too_long)
    assert found == [False, True]


def test_a_wait_in_vain_is_one(clock: list[float]) -> None:
    waits = Waits()
    with contextlib.suppress(TimeoutError), waits.measured():
        clock[0] += 5.0
        raise TimeoutError
    assert waits.too_long


def test_many_short_waits_are_no_fault(clock: list[float]) -> None:
    # Many honest processes hold the head for milliseconds each, all day.
    waits = Waits()
    for _ in range(1000):
        waited(waits, clock, 0.9)
        assert not waits.too_long
