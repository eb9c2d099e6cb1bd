"""What watches tells when it last ended a round: by that somebody sees that nothing is told any more."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import psycopg
import pytest

from nsor_server.ledger import watching
from nsor_server.ledger.watching import Watching
from nsor_server.tracing.spans import Tracing
from tests.polling import until


class Writer:
    """Of whom nothing is asked here but how many entries there are."""

    size = 0


class Watch(Watching):
    """Does one kind of work, which fails as long as it is told to."""

    def __init__(self) -> None:
        tracing = Tracing([], host="test.example")
        super().__init__("some-watch", "some", Writer(), tracing)  # type: ignore[arg-type]  # nothing is written
        self.fails = True
        self.rounds = threading.Semaphore(0)

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        return self.look, lambda: False

    def look(self) -> bool:
        self.rounds.release()
        if self.fails:
            raise psycopg.OperationalError
        return False


def test_a_round_counts_only_if_all_of_it_went_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.01)
    now = [1000.0]
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: now[0]))
    watch = Watch()
    watch.start()
    try:
        now[0] += 600
        for _ in range(3):
            assert watch.rounds.acquire(timeout=60)
        assert (watch.name, watch.age_seconds) == ("some-watch", 600)
        watch.fails = False
        until(lambda: watch.age_seconds == 0, seconds=60)
    finally:
        watch.stop()
    # A thread that has ended will never tell of anything.
    assert watch.age_seconds == math.inf


def test_calls_are_recorded_for_a_while_after_one_was_and_its_own_entries_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whatever writes by itself waits for calls to be committed with; without calls it would wait in vain.
    now = [1000.0]
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: now[0]))
    watch, writer = Watch(), Writer()
    watch._writer = writer  # type: ignore[assignment]  # as above
    assert not watch._is_beside_calls()
    writer.size += 1
    now[0] += 600
    assert watch._is_beside_calls()
    assert watch._rest() == watching.REST_SECONDS
    assert watch._is_beside_calls()
    assert watch._rest() == 0
    now[0] += 2 * watching.LATE_SECONDS
    assert not watch._is_beside_calls()
    writer.size, watch._own = writer.size + 1, 1
    assert not watch._is_beside_calls()
