"""What is summed from a monthly table of accesses, for the terminal and the pages.

A table shows no count below 5, so that a sum over methods is of what is shown of them: at least so many. What is
missing from it is the rest of the count of all, whoever called and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nsor.v1 import oversight_pb2

_ALL: Final = 0
_PURPOSE: Final = 5
"""By how many things a count is divided that stands for one purpose of an agency."""


def every(counts: Iterable[oversight_pb2.StatisticsCount]) -> int:
    """The count of all of them; 0 where fewer than 5 are."""
    return sum(each.count for each in counts if each.level == _ALL)


def by_agency_and_purpose(counts: Iterable[oversight_pb2.StatisticsCount]) -> Counter[tuple[str, str]]:
    """What is shown of each agency's calls for each purpose, over all methods.

    Args:
        counts: the table of STATISTICS_MEASURE_ACCESSES.

    Returns:
        By agency and name of the purpose, such as INVESTIGATION.
    """
    from nsor.v1 import options_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    found: Counter[tuple[str, str]] = Counter()
    for each in counts:
        if each.level == _PURPOSE:
            known = options_pb2.Purpose.DESCRIPTOR.values_by_number.get(each.purpose)
            name = str(each.purpose) if known is None else known.name.removeprefix("PURPOSE_")
            found[each.agency_id, name] += each.count
    return found
