"""How far recalls have come, and what of their orders is left: pure."""

from __future__ import annotations

from collections.abc import Sequence

from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls.rules import Order, Place
from nsor_server.storage.v1 import record_pb2

FIRST, SECOND, OF_THE_SAME, LAST = (
    Order(entry, bytes([nth]) * 16, 2, "registration_version", bytes([nth]) * 16)
    for nth, entry in enumerate((5, 7, 7, 9))
)
EVERY = (FIRST, SECOND, OF_THE_SAME, LAST)


def ended(
    until: int, going_on: Place | None, left_out: Sequence[Order] = (), nth: int = rules.ENTRIES
) -> record_pb2.RecallPassRecord:
    """A pass that says so; the one before it had come to ``until``."""
    record = record_pb2.RecallPassRecord(to=9, nth=nth)
    rules.ends(record, until, going_on, map(Place, left_out))
    return record


def test_an_order_goes_on_and_those_behind_it_come_next_also_of_the_same_entry() -> None:
    record = ended(-1, Place(SECOND, 6, 3))
    assert rules.left(EVERY, record) == [Place(SECOND, 6, 3), Place(OF_THE_SAME), Place(LAST)]
    assert rules.left(EVERY, ended(-1, None)) == []


def test_what_was_left_out_comes_before_what_is_new_and_not_within_its_time() -> None:
    assert rules.left(EVERY, ended(-1, None, [FIRST, SECOND])) == [Place(FIRST), Place(SECOND)]
    assert rules.left(EVERY, ended(-1, None, [FIRST, SECOND], nth=1)) == []


def test_what_goes_on_after_it_was_left_out_has_nothing_told_again() -> None:
    record = ended(9, Place(FIRST, 0, 1), [SECOND])
    newer = LAST._replace(entry=12)
    assert rules.left([*EVERY, newer], record) == [Place(FIRST, 0, 1), Place(SECOND), Place(newer)]
