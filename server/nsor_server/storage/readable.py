"""What a fixed time reads: one row that isn't what was sealed is left out, and the others are told of as ever.

Else whoever owns the database could keep everybody from hearing of anything, by one byte of one row. Where it was read
there is an alert, and ``ledger verify`` reports the row; if it was put back, it reports the time, which left it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from nsor_server import errors

_Row = TypeVar("_Row")
_Read = TypeVar("_Read")


def readable(rows: Iterable[_Row], read: Callable[[_Row], _Read]) -> Iterator[_Read]:
    """What ``read`` makes of each row, but for those of which it says that they aren't what was sealed."""
    for row in rows:
        try:
            found = read(row)
        except errors.Internal:
            continue
        yield found
