"""When a call is sent again: only when it is safe, not for long, and never in step with everybody else.

Safe is a read, or a change that its request id makes repeatable. Every attempt has a fresh nonce, and a decision is
signed anew over it, so that each attempt is an entry of its own in the ledger.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from nsor.contract import Method
from nsor.errors import NsorError, Refused, Unreachable

_LOST = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"})
"""CANCELLED is how gRPC ends calls that a server which shuts down hasn't taken up; nobody cancels on this side."""
_PASSING = frozenset({"RATE_LIMITED", "LEDGER_UNAVAILABLE", "SHUTTING_DOWN", "SEARCH_NOT_READY", "DEADLINE"})


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how soon.

    Attributes:
        attempts: the most attempts, the first one counted.
        first_seconds: the longest wait before the second attempt; it doubles with each further one.
        longest_seconds: no wait is longer.
        chance: gives a float from 0 to 1; another one makes tests repeatable.
    """

    attempts: int = 5
    first_seconds: float = 0.1
    longest_seconds: float = 2.0
    chance: random.Random = field(default_factory=random.SystemRandom)

    def wait_before(self, attempt: int, error: NsorError, method: Method, remaining_seconds: float) -> float | None:
        """Seconds to wait before attempt number ``attempt`` (the second is 2), or ``None`` to give up.

        Args:
            attempt: the attempt that would come next.
            error: why the last one failed.
            method: what was called.
            remaining_seconds: what is left of the caller's time.
        """
        if attempt > self.attempts or not _safe(error, method):
            return None
        ceiling = min(self.longest_seconds, self.first_seconds * 2 ** (attempt - 2))
        wait = max(error.retry_after_seconds, ceiling * self.chance.random())
        return wait if wait < remaining_seconds else None


def _safe(error: NsorError, method: Method) -> bool:
    if isinstance(error, Unreachable):
        return method.repeatable and error.code in _LOST
    return isinstance(error, Refused) and method.repeatable and error.reason in _PASSING


def pauses(first_seconds: float = 1.0, longest_seconds: float = 300.0) -> Iterator[float]:
    """How long to wait after each failure of what is tried for good, without end: twice as long each time."""
    wait = first_seconds
    while True:
        yield min(wait, longest_seconds)
        wait = min(wait * 2, longest_seconds)
