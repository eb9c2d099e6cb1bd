"""The database's clock, as this process knows it: it runs on by the monotonic clock, and the database moves it little.

Whoever sets the host's clock, or the database's, neither locks officers out nor lets a grant expire. What is measured
is followed as slowly as NTP slews a clock, and only while this host's clock agrees with it: whoever has the database
alone moves the time by two seconds, however often he tries. Another time counts when both have agreed on it for a
minute, with an alert: so a machine that was suspended, or both whose clocks were wrong, go on by themselves.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

from nsor_server.alerts import Alert, alert

AGREED_US: Final = 2_000_000
"""Most by which two clocks may differ that agree: with more the register doesn't start (`storage.pool`)."""
FOLLOWED_PER_SECOND_US: Final = 500
"""How fast a difference is made up for: as fast as NTP slews a clock (500 ppm)."""
BELIEVED_SECONDS: Final = 60.0
"""How long database and host must have agreed on another time until it counts; no alert comes more often."""
_FOLLOWED_EVERY_SECONDS: Final = 1.0
"""Of a shorter time a clock may make up for less than a microsecond."""


@dataclass(frozen=True, slots=True)
class _Other:
    """A time of the database's that isn't believed.

    Attributes:
        offset_us: to the monotonic clock.
        agreed: this host's clock agrees with it.
        since: ``time.monotonic``.
    """

    offset_us: int
    agreed: bool
    since: float


class Clock:
    """Microseconds since 1970 by the database's clock. Threads share it."""

    def __init__(self) -> None:
        """By this host's clock, until the first measurement."""
        self._lock = threading.Lock()
        self._offset_us = _host_us()
        self._followed: float | None = None
        self._other: _Other | None = None
        self._told = -BELIEVED_SECONDS

    def now_us(self) -> int:
        """The time now."""
        return _monotonic_us() + self._offset_us

    def observe(self, there_us: int) -> int:
        """Take a measurement of the database's clock; returns the time now."""
        here_us, moment = _monotonic_us(), time.monotonic()
        offset_us = there_us - here_us
        with self._lock:
            if self._followed is None:
                self._offset_us, self._followed = offset_us, moment
            elif _agree(offset_us, self._offset_us) and _agree(offset_us, _host_us()):
                self._other = None
                self._follow(offset_us, moment)
            else:
                self._consider(_Other(offset_us, _agree(offset_us, _host_us()), moment))
            return here_us + self._offset_us

    def _follow(self, offset_us: int, moment: float) -> None:
        passed = moment - (self._followed or 0.0)
        if passed >= _FOLLOWED_EVERY_SECONDS:
            most = int(passed * FOLLOWED_PER_SECOND_US)
            self._offset_us += max(-most, min(most, offset_us - self._offset_us))
            self._followed = moment

    def _consider(self, found: _Other) -> None:
        known = self._other
        if known is None or known.agreed != found.agreed or not _agree(known.offset_us, found.offset_us):
            self._other = known = found
        if not found.agreed:
            self._tell(found, "isn't followed while this host's clock says otherwise")
        elif found.since - known.since < BELIEVED_SECONDS:
            self._tell(found, "isn't believed yet")
        else:
            self._tell(found, "has stayed, with this host's, and counts from now on")
            self._offset_us, self._followed, self._other = found.offset_us, found.since, None

    def _tell(self, found: _Other, what: str) -> None:
        if found.since - self._told >= BELIEVED_SECONDS:
            self._told = found.since
            step = (found.offset_us - self._offset_us) / 1e6
            alert(Alert.CLOCK_STEPPED, "the database's clock is %+.0f s from where it should be, and %s", step, what)


def _agree(one_us: int, other_us: int) -> bool:
    return abs(one_us - other_us) <= AGREED_US


def _host_us() -> int:
    """This host's clock, as an offset to the monotonic one."""
    return time.time_ns() // 1000 - _monotonic_us()


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1000
