"""How exactly a span tells of time: never so that the time tells what a call has found.

Opening a record takes some 50 microseconds, which an exact duration would tell to whoever reads spans. So a span
lasts one of a few steps, rounded up; and the times of its phases, which are the same whatever is found, are whole
milliseconds. docs/decisions/0032-traces.md says what that leaves.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

_MS_NS: Final = 1_000_000
SECOND_NS: Final = 1000 * _MS_NS
STEPS_NS: Final = tuple(step * 10**power * _MS_NS for power in range(1, 8) for step in (1, 2, 5))
"""10, 20, 50, 100 milliseconds and so on, in nanoseconds, up to more than a day."""


def rounded_up(nanoseconds: int) -> int:
    """The shortest step that is as long as a duration; beyond the last one the duration."""
    at = bisect_left(STEPS_NS, nanoseconds)
    return STEPS_NS[at] if at < len(STEPS_NS) else nanoseconds


def rounded_down(nanoseconds: int) -> int:
    """The longest step that isn't longer than a duration; 0 where none is that short."""
    at = bisect_right(STEPS_NS, nanoseconds)
    return STEPS_NS[at - 1] if at else 0


def rounded_up_to_a_second(nanoseconds: int) -> int:
    """The fewest whole seconds that are as long as a duration, at least one; in nanoseconds."""
    return max(1, -(-nanoseconds // SECOND_NS)) * SECOND_NS


def rounded_up_seconds(seconds: float) -> float:
    """As ``rounded_up``, in seconds."""
    return rounded_up(int(seconds * 1e9)) / 1e9


def whole_milliseconds(seconds: float) -> float:
    """A duration without its fractions of a millisecond, in seconds."""
    return int(seconds * 1000) / 1000
