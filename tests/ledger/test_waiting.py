"""Who waits for the ledger's writer is taken in turns, whoever puts in the most."""

from __future__ import annotations

import threading

from nsor_server.ledger.waiting import Waiting


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
