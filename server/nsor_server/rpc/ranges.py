"""Durations and sizes by ranges, each with the newest example: what a call adds to costs less than a microsecond.

Prometheus' own histogram takes a lock for each number and looks at each example's text, for four times as much. A sum
of seconds is one of whole milliseconds, rounded up: of two calls between two readings it would else tell by some
microseconds for which one a record was opened.
"""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from prometheus_client.core import Exemplar

MILLISECONDS: Final = 1000
"""Durations: given in seconds, kept in milliseconds."""
COUNTS: Final = 1
"""Sizes: kept as they are."""


Example = tuple[bytes, int, float]
"""The id of a trace, the value as it is kept, and when that was, seconds since 1970."""
Shown = tuple[list[tuple[str, float] | tuple[str, float, Exemplar]], float]
"""As Prometheus wants it: how many up to each bound, with the examples; and the sum."""


class Reading(NamedTuple):
    """What was counted until now.

    Attributes:
        counts: by range.
        total: of all values, as they are kept.
        examples: by range, the newest.
    """

    counts: Sequence[int]
    total: int
    examples: Sequence[Example | None]


class Ranges:
    """How many values lay in each range.

    Args:
        bounds: upper ends of the ranges, in the unit that is kept; there is one more behind the last.
        scale: what a value is multiplied by, before it is rounded up.
    """

    __slots__ = ("_bounds", "_counts", "_examples", "_lock", "_scale", "_total")

    def __init__(self, bounds: Sequence[int], scale: int = MILLISECONDS) -> None:
        self._bounds = bounds
        self._scale = scale
        self._total = 0
        self._lock = threading.Lock()
        self._counts = [0] * (len(bounds) + 1)
        self._examples: list[Example | None] = [None] * (len(bounds) + 1)

    def add(self, value: float, trace_id: bytes = b"") -> None:
        """Count a value; with the id of a trace, 16 bytes, it is its range's example."""
        kept = math.ceil(value * self._scale)
        at = bisect_left(self._bounds, kept)
        with self._lock:
            self._counts[at] += 1
            self._total += kept
            if trace_id:
                self._examples[at] = trace_id, kept, time.time()

    def read(self) -> Reading:
        """What was counted until now."""
        with self._lock:
            return Reading(tuple(self._counts), self._total, tuple(self._examples))


def merged(readings: Sequence[Reading]) -> Reading:
    """Several of the same ranges as one, with the newest examples."""
    return Reading(
        [sum(counts) for counts in zip(*(each.counts for each in readings), strict=True)],
        sum(each.total for each in readings),
        [_newest(found) for found in zip(*(each.examples for each in readings), strict=True)],
    )


def shown(reading: Reading, bounds: Sequence[int], scale: int = MILLISECONDS) -> Shown:
    """A reading of such ranges in seconds, or as sizes."""
    found: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
    so_far = 0
    for bound, count, example in zip((*bounds, math.inf), reading.counts, reading.examples, strict=True):
        so_far += count
        end = "+Inf" if bound == math.inf else str(float(bound / scale))
        if example is None:
            found.append((end, float(so_far)))
        else:
            trace_id, kept, at = example
            found.append((end, float(so_far), Exemplar({"trace_id": trace_id.hex()}, kept / scale, round(at, 3))))
    return found, reading.total / scale


def _newest(examples: Sequence[Example | None]) -> Example | None:
    return max((each for each in examples if each is not None), key=lambda each: each[2], default=None)
