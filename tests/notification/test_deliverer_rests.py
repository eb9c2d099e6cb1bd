"""The deliverer rests between two deliveries, and other work lets it deliver: calls wait beside each."""

from __future__ import annotations

import threading

import pytest

from nsor_server.events import deliverer
from nsor_server.events.deliverer import BATCH, DELIVERING, REST_SECONDS, Deliverer
from nsor_server.events.numbered import Numbered
from tests.calls import TRACING


class Stops(threading.Event):
    """Takes no time for a rest, and ends after so many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.rests: list[float | None] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout)
        if len(self.rests) == self._most:
            self.set()
        return self.is_set()


def test_it_rests_alike_after_many_and_few_events_and_not_while_more_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    # By another rest after many a reader of its own events would learn that many were told.
    waiting = iter([0, 1, BATCH - 1, BATCH, 1, BATCH, BATCH, 7])
    made = Deliverer(None, Numbered(), TRACING)  # type: ignore[arg-type]  # nothing is read

    def deliver(*_: object) -> int:
        made.wake()
        return next(waiting)

    monkeypatch.setattr(deliverer, "deliver", deliver)
    made._stopped = stops = Stops(5)
    made._follow(None)  # type: ignore[arg-type]  # as above
    assert stops.rests == [REST_SECONDS] * 5
    assert next(waiting, None) is None


class Asked:
    """A lock that somebody else has: says for how long it was waited for."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def acquire(self, timeout: float) -> bool:
        self.seconds.append(timeout)
        return False


def test_it_says_so_while_it_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[bool]()

    def deliver(*_: object) -> int:
        seen.append(DELIVERING.locked())
        return 0

    monkeypatch.setattr(deliverer, "deliver", deliver)
    Deliverer(None, Numbered(), TRACING)._deliver(None)  # type: ignore[arg-type]  # nothing is read
    assert seen == [True]
    assert not DELIVERING.locked()


def test_whoever_lets_it_deliver_waits_for_no_longer_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of another process one that hangs would keep its recalls from ever being told.
    deliverer.let_deliver()
    assert not DELIVERING.locked()
    monkeypatch.setattr(deliverer, "DELIVERING", asked := Asked())
    deliverer.let_deliver()
    (seconds,) = asked.seconds
    assert 0 < seconds < 1
