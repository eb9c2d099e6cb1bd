"""How waits for the ledger's head add up, and when they are too long."""

import contextlib

import pytest

from nsor_server.storage.waits import LATE_SECONDS, LONG_SECONDS, LOOK_SECONDS, RUNS_SECONDS, Waits


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("nsor_server.storage.waits.time.monotonic", lambda: now[0])
    return now


def ran(waits: Waits, clock: list[float], seconds: float) -> None:
    """The process runs for so long, and looks as often as it does."""
    end = clock[0] + seconds
    while clock[0] < end:
        clock[0] = min(clock[0] + LOOK_SECONDS, end)
        waits.look()


def waited(waits: Waits, clock: list[float], seconds: float) -> None:
    with waits.measured():
        ran(waits, clock, seconds)


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
        for seconds in (2.9, 0.2):
            ran(waits, clock, seconds)
            found.append(waits.too_long)
    assert found == [False, True]


def test_a_wait_in_vain_is_one(clock: list[float]) -> None:
    waits = Waits()
    with contextlib.suppress(TimeoutError), waits.measured():
        ran(waits, clock, 5.0)
        raise TimeoutError
    assert waits.too_long


def test_many_short_waits_are_no_fault(clock: list[float]) -> None:
    # Many honest processes hold the head for milliseconds each, all day.
    waits = Waits()
    for _ in range(1000):
        waited(waits, clock, 0.9)
        assert not waits.too_long


@pytest.mark.parametrize("paused", [5.0, 3600.0])
def test_a_pause_of_its_own_is_no_wait(clock: list[float], paused: float) -> None:
    # Somebody had the head for a moment; it was free long before the process went on and saw so.
    waits = Waits()
    with waits.measured():
        ran(waits, clock, 1.0)
        clock[0] += paused
        assert not waits.too_long
    assert not waits.too_long


def test_a_pause_alone_is_never_a_long_wait(clock: list[float]) -> None:
    # However often: what counts of each is less than a wait that counts.
    assert LOOK_SECONDS < RUNS_SECONDS < LONG_SECONDS
    waits = Waits()
    for _ in range(20):
        with waits.measured():
            clock[0] += 5.0
        assert not waits.too_long


def test_a_pause_hides_nobody_who_holds_the_head_before_and_after(clock: list[float]) -> None:
    waits = Waits()
    with waits.measured():
        ran(waits, clock, 1.5)
        clock[0] += 60.0
        ran(waits, clock, 1.5)
        assert waits.too_long
    assert waits.too_long


def test_what_was_waited_before_a_pause_is_forgotten_in_it(clock: list[float]) -> None:
    # It was long ago, whoever ran meanwhile.
    waits = Waits()
    waited(waits, clock, 5.0)
    assert waits.too_long
    clock[0] += LATE_SECONDS
    assert not waits.too_long
