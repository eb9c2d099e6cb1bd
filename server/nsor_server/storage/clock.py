"""The database's clock, as this process knows it: it runs on by the monotonic clock, and a step isn't believed at once.

Whoever sets the host's clock, or the database's for a moment, neither locks officers out nor lets a grant expire. What
is measured and lies within two seconds is followed; another time counts when it has stayed for a minute, with an alert.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from nsor_server.alerts import Alert, alert

FOLLOWED_US: Final = 2_000_000
"""Most by which the database's clock may differ from where it should be, to be followed at once."""
BELIEVED_SECONDS: Final = 60.0
"""How long another time must have stayed until it counts."""


class Clock:
    """Microseconds since 1970 by the database's clock. Threads share it."""

    def __init__(self) -> None:
        """By this host's clock, until the first measurement."""
        self._lock = threading.Lock()
        self._offset_us = time.time_ns() // 1000 - _monotonic_us()
        self._measured = False
        self._other: tuple[int, float] | None = None

    def now_us(self) -> int:
        """The time now."""
        return _monotonic_us() + self._offset_us

    def observe(self, there_us: int) -> int:
        """Take a measurement of the database's clock; returns the time now."""
        here_us, moment = _monotonic_us(), time.monotonic()
        offset_us = there_us - here_us
        with self._lock:
            if not self._measured or abs(offset_us - self._offset_us) <= FOLLOWED_US:
                self._offset_us, self._measured, self._other = offset_us, True, None
            elif self._other is None or abs(offset_us - self._other[0]) > FOLLOWED_US:
                self._other = offset_us, moment
                _tell(offset_us - self._offset_us, "isn't believed yet")
            elif moment - self._other[1] >= BELIEVED_SECONDS:
                _tell(offset_us - self._offset_us, "has stayed, and counts from now on")
                self._offset_us, self._other = offset_us, None
            return here_us + self._offset_us


def _tell(step_us: int, what: str) -> None:
    alert(Alert.CLOCK_STEPPED, "the database's clock has stepped by %.0f s, which %s", step_us / 1e6, what)


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1000
