"""Which counts of a month's table are shown, so that a small one follows from none of them. Pure.

A table is one tree: all facts of a measure, divided by what became of them (or of what kind they are), then by
province, by district, by the agency that acted, and accesses by their purpose. So each count is divided in one way
only, and no two sums cross: a total of an agency over all districts is not shown: whoever knows where it acts would
subtract it from a district's. Nor is one of a purpose over all methods.

Shown is a count that

- is 5 or more, and stands under one that is shown;
- unless of those beside it fewer than two, or together fewer than 5, would be left over: then the smallest is left out
  too, and whatever is as small, until that is so.

What is left out isn't named, so that it looks as what there is nothing of: whoever subtracts what is shown from the
count above learns how many facts, 5 or more, lie somewhere in the rest. Where there can be three parts or more he
learns of none of it whether it has any; where there can be two only, that one of them has 1 to 4.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors

LEAST: Final = 5
"""A smaller count isn't shown, nor is an average over it."""
COUNTRY: Final = "PK"
"""Where facts stand of which no other place is known."""
_PAKISTAN: Final = zoneinfo.ZoneInfo("Asia/Karachi")

Path = tuple[str, ...]
"""Of a count: part, province, district, agency and purpose, or the first of them; nothing: all facts of the measure."""


class MonthNotCounted(errors.WrongState):
    """There is no table of this month: it isn't over, or not yet counted, or before the register began."""

    reason = errors_pb2.ERROR_REASON_MONTH_NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Fact:
    """Facts that were recorded in a month.

    Attributes:
        part: what became of them, or of what kind they are.
        place: code of the place that they concern, in whatever detail.
        agency: who acted; empty: nobody who is known.
        count: how many.
        total: the sum of what is averaged over them; 0 where nothing is.
        purpose: for which the agency acted; empty: the measure isn't divided by it.
    """

    part: str
    place: str
    agency: str
    count: int
    total: int = 0
    purpose: str = ""

    @property
    def path(self) -> Path:
        """Where it is counted."""
        levels = self.place.split("/")
        path = self.part, levels[0], "/".join(levels[:2]), self.agency
        return (*path, self.purpose) if self.purpose else path


@dataclass(slots=True)
class Counted:
    """A count, and the sum of what is averaged over it."""

    count: int = 0
    total: int = 0


def shown(facts: Iterable[Fact]) -> dict[Path, Counted]:
    """The counts of a table that are shown, each behind the one above it."""
    counts: defaultdict[Path, Counted] = defaultdict(Counted)
    for fact in facts:
        for level in range(len(fact.path) + 1):
            counted = counts[fact.path[:level]]
            counted.count += fact.count
            counted.total += fact.total
    below: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in sorted(counts):
        if path and counts[path].count:
            below[path[:-1]].append(path)
    if counts[()].count < LEAST:
        return {}
    return {path: counts[path] for path in [(), *_below((), counts, below)]}


def _below(path: Path, counts: Mapping[Path, Counted], below: Mapping[Path, list[Path]]) -> list[Path]:
    """What is shown below a count that is shown."""
    found = []
    for each in _divided(below.get(path, []), counts):
        found += [each, *_below(each, counts, below)]
    return found


def _divided(parts: list[Path], counts: Mapping[Path, Counted]) -> list[Path]:
    """Those of the parts of one count that are shown."""
    by_size = sorted(parts, key=lambda each: (counts[each].count, each))
    left = sum(counts[each].count < LEAST for each in by_size)
    while 0 < left < len(by_size) and sum(counts[each].count for each in by_size[:left]) < LEAST:
        left += 1  # one alone is less than that
    while 0 < left < len(by_size) and counts[by_size[left]].count == counts[by_size[left - 1]].count:
        left += 1  # otherwise their order would tell whoever knows it
    return sorted(by_size[left:])


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A month in Pakistan."""

    year: int
    month: int

    @classmethod
    def of(cls, instant: dt.datetime) -> Month:
        """The month in which an instant lies."""
        local = instant.astimezone(_PAKISTAN)
        return cls(local.year, local.month)

    @classmethod
    def numbered(cls, number: int) -> Month:
        """As ``number`` gives it."""
        return cls(number // 100, number % 100)

    @property
    def number(self) -> int:
        """Year and month in one number, such as 202610."""
        return self.year * 100 + self.month

    @property
    def row_id(self) -> bytes:
        """The number as an id, 16 bytes."""
        return self.number.to_bytes(16, "big")

    @property
    def next(self) -> Month:
        """The month behind it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def start(self) -> dt.datetime:
        """Its first instant; that of the next month is its end."""
        return dt.datetime(self.year, self.month, 1, tzinfo=_PAKISTAN)
