"""Spans of a collector by windows of time: as long as they may be for an answer that isn't too large."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.collectors.fetch import NoAnswer, TooMuch
from nsor_server.verification.spans import Window

MOST_TRACES: Final = 1000
"""Traces that are asked for at once; whoever gives so many may have more."""
SERVICE: Final = "nsor-server"
"""The name by which the register's spans say whose they are: agencies' programs may send theirs to the same place."""

_FIRST_US: Final = 60_000_000
_LONGEST_US: Final = 7 * 24 * 3600 * 1_000_000
_TRIES: Final = 3
_MOST_PASSED_OVER: Final = 20
SECONDS: Final = 3600.0

Read = Callable[[int, int], tuple[list[StoredSpan], int]]
"""(first_us, end_us) -> the spans of the traces that have one in this time, and how many traces these are.

Raises NoAnswer; TooMuch where an answer for a shorter time may be whole."""


def windows(
    read: Read, since_us: int, until_us: int, *, shortest_us: int, seconds: float = SECONDS
) -> Iterator[Window]:
    """All spans of a time that ended in it. A collector that fails again and again, or has no end, is asked no more.

    Args:
        read: asks the collector.
        since_us: from this microsecond since 1970 on.
        until_us: before this one.
        shortest_us: no window is shorter, but the last one.
        seconds: for everything.
    """
    at, width, failed, passed_over = since_us, _FIRST_US, 0, 0
    ends = time.monotonic() + seconds
    while at < until_us:
        if time.monotonic() > ends or passed_over == _MOST_PASSED_OVER:
            yield Window(at, until_us, (), "reading them takes too long")
            return
        end = min(at + width, until_us)
        try:
            spans, traces = read(at, end)
        except TooMuch as much:
            if end - at > shortest_us:
                width = max((end - at) // 4, shortest_us)
                continue
            yield Window(at, end, (), str(much))
            at, passed_over = end, passed_over + 1
            continue
        except NoAnswer as no:
            failed += 1
            if failed == _TRIES:
                yield Window(at, until_us, (), str(no))
                return
            # What takes it too long may be shorter.
            width = max((end - at) // 4, shortest_us)
            continue
        failed = 0
        yield Window(at, end, [span for span in spans if _is_of(span, at, end, until_us)])
        at = end
        if 4 * traces < MOST_TRACES:
            width = min(width * 4, _LONGEST_US)


def _is_of(span: StoredSpan, first_us: int, end_us: int, until_us: int) -> bool:
    return first_us <= span.start_ns // 1000 < end_us and span.end_ns // 1000 <= until_us
