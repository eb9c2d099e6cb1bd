"""What an officer has named on a day: each is found again, and a million of them don't take a hundred megabytes."""

import random

from nsor_server.verification.names_of_day import LEAST, NamesOfDay
from tests.held import held_bytes

MANY = 10 * LEAST


def names(number: int) -> list[bytes]:
    dice = random.Random(number)  # noqa: S311 - repeatable
    return [dice.randbytes(8) for _ in range(number)]


def test_what_was_named_is_found_and_nothing_else() -> None:
    of_day, added = NamesOfDay(), set[bytes]()
    assert not of_day
    for nth, each in enumerate([b"", bytes(8), *names(MANY)]):
        assert each not in of_day
        of_day.add(each)
        added.add(each)
        if nth % 97 == 0:
            assert all(one in of_day for one in added)
    assert all(each in of_day for each in added)
    assert not any(each in of_day for each in names(MANY + 1) if each not in added)
    of_day.clear()
    assert not of_day
    assert not any(each in of_day for each in added)


def test_many_take_little() -> None:
    # A set of them takes 90 bytes for each.
    of_day = NamesOfDay()
    for each in names(MANY):
        of_day.add(each)
    assert held_bytes(of_day) < 30 * MANY
