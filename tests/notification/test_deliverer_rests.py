"""The deliverer rests for longer when many events come, so that few deliveries take them: calls wait beside each."""

from __future__ import annotations

import threading

import pytest

from nsor_server.events import deliverer
from nsor_server.events.deliverer import BATCH, LONG_REST_SECONDS, MANY, REST_SECONDS, Deliverer
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


def test_it_rests_for_longer_after_many_events_and_not_while_more_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = iter([1, MANY - 1, MANY, BATCH, 1, BATCH, MANY])
    made = Deliverer(None, Numbered(), TRACING)  # type: ignore[arg-type]  # nothing is read

    def deliver(*_: object) -> int:
        made.wake()
        return next(waiting)

    monkeypatch.setattr(deliverer, "deliver", deliver)
    made._stopped = stops = Stops(5)
    made._follow(None)  # type: ignore[arg-type]  # as above
    assert stops.rests == [REST_SECONDS, REST_SECONDS, LONG_REST_SECONDS, REST_SECONDS, LONG_REST_SECONDS]
