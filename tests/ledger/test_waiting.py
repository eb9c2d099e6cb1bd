"""Who waits for the ledger's writer is taken in turns, whoever puts in the most."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from nsor_server.ledger import waiting as module
from nsor_server.ledger.waiting import GATHERING_SECONDS, SEVERAL, Waiting

PATIENCE = 5.0


def test_one_of_each_owner_in_turn() -> None:
    waiting: Waiting[str] = Waiting(64)
    for number in range(140):
        waiting.put("greedy", f"greedy {number}")
    waiting.put("modest", "modest 0")
    waiting.put("other", "other 0")
    waiting.put("other", "other 1")
    assert waiting.take(6) == ["greedy 0", "modest 0", "other 0", "greedy 1", "other 1", "greedy 2"]


def test_a_batch_has_only_so_many_of_one() -> None:
    # A batch is the time for which everybody else waits.
    waiting: Waiting[int] = Waiting(64)
    for number in range(140):
        waiting.put("greedy", number)
    assert [len(waiting.take(128)) for _ in range(3)] == [64, 64, 12]
    assert len(waiting) == 0


def test_whom_a_full_batch_leaves_out_the_next_one_begins_with() -> None:
    waiting: Waiting[str] = Waiting(64)
    for owner in "abcde":
        for number in range(3):
            waiting.put(owner, f"{owner}{number}")
    assert waiting.take(3) == ["a0", "b0", "c0"]
    assert waiting.take(3) == ["d0", "e0", "a1"]
    assert waiting.take(9) == ["b1", "c1", "d1", "e1", "a2", "b2", "c2", "d2", "e2"]


def test_the_order_of_one_owner_stays() -> None:
    waiting: Waiting[int] = Waiting(64)
    for number in range(10):
        waiting.put("one", number)
    assert [*waiting.take(4), *waiting.take(9)] == list(range(10))


def test_a_wait_ends_with_an_item_and_when_it_is_closed() -> None:
    waiting: Waiting[str] = Waiting(64)
    taken: list[list[str]] = []

    def take() -> None:
        while found := waiting.take(9):
            taken.append(found)

    thread = threading.Thread(target=take)
    thread.start()
    waiting.put("one", "first")
    waiting.put("one", "last")
    waiting.close()
    thread.join(60)
    assert not thread.is_alive()
    assert [item for found in taken for item in found] == ["first", "last"]


def test_what_weighs_much_comes_alone() -> None:
    # A commit of two imports' messages would hold the head's lock for as long as both take.
    waiting: Waiting[str] = Waiting(64, lambda item: 100 if item.startswith("import") else 1)
    for owner in ("one", "other"):
        waiting.put(owner, f"import of {owner}")
        waiting.put(owner, f"call of {owner}")
    waiting.close()
    assert [waiting.take(128) for _ in range(3)] == [
        ["import of one"],
        ["import of other", "call of one"],
        ["call of other"],
    ]


class Waits(threading.Condition):
    """Whoever waits sees what he waited for at once."""

    def __init__(self, seen: Callable[[float | None], None]) -> None:
        super().__init__(threading.RLock())
        self._seen = seen

    def wait(self, timeout: float | None = None) -> bool:
        self._seen(timeout)
        return True


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found = [1000.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: found[0]))
    return found


def test_what_is_in_no_hurry_waits_for_another_and_is_taken_with_it(now: list[float]) -> None:
    # Otherwise whoever comes a moment later waits for one commit more.
    waiting: Waiting[str] = Waiting(64, patience=lambda item: PATIENCE if item == "patient" else 0.0)

    def comes(timeout: float | None) -> None:
        assert timeout == PATIENCE - 1
        waiting.put("one", "call")

    waiting._changed = Waits(comes)
    waiting.put("nobody", "patient")
    now[0] += 1
    assert waiting.take(9) == ["patient", "call"]
    assert waiting.waited == 0
    # Who is there already waits for nobody, and what a batch leaves out doesn't any more.
    waiting.put("one", "call")
    waiting.put("nobody", "patient")
    assert [waiting.take(1), waiting.take(1)] == [["call"], ["patient"]]


def test_what_is_in_no_hurry_is_taken_alone_when_nobody_comes(now: list[float]) -> None:
    waiting: Waiting[str] = Waiting(64, patience=lambda _item: PATIENCE)

    def passes(timeout: float | None) -> None:
        assert timeout is not None
        now[0] += timeout

    waiting._changed = Waits(passes)
    waiting.put("nobody", "patient")
    assert waiting.take(9) == ["patient"]
    assert now[0] == 1000 + PATIENCE
    # And at once when nothing comes any more.
    waiting.put("nobody", "patient")
    waiting.close()
    assert waiting.take(9) == ["patient"]
    assert now[0] == 1000 + PATIENCE


class Calls:
    """Callers who call again while the writer rests: one at each rest, so many of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.waiting: Waiting[str] = Waiting(64)
        self.rested = 0.0
        self._left = number
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.rested, sleep=self._rests))

    def _rests(self, seconds: float) -> None:
        self.rested += seconds
        if self._left:
            self._left -= 1
            self.waiting.put("one", "again")

    def taken_behind(self, number: int, most: int = 64) -> list[str]:
        """What is taken behind a batch of so many, while one call waits."""
        for _ in range(number):
            self.waiting.put("one", "first")
        self.waiting.take(64)
        assert self.rested == 0
        self.waiting.put("one", "call")
        return self.waiting.take(most)


def test_behind_a_batch_of_several_the_next_one_is_taken_when_no_more_come(monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise of many callers at a time one half waits while the other is written: twice as many commits.
    assert Calls(monkeypatch, 3).taken_behind(SEVERAL) == ["call", "again", "again", "again"]


def test_whoever_comes_behind_a_few_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, 3)
    assert calls.taken_behind(SEVERAL - 1) == ["call"]
    assert calls.rested == 0


def test_a_batch_isnt_gathered_for_longer_whoever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, 1000)
    assert len(calls.taken_behind(SEVERAL)) > SEVERAL
    assert calls.rested == pytest.approx(GATHERING_SECONDS)


def test_a_batch_that_is_full_is_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, 1000)
    assert calls.taken_behind(SEVERAL, most=1) == ["call"]
    assert calls.rested == 0
