"""Limits per agency: calls per second, calls at a time, streams at a time. What they protect is the other agencies.

Of its streams each officer or system has a part only: one key that was stolen, or a program that opens streams and
closes none, doesn't keep the agency's other consumers from hearing their events.

Callers that the gate doesn't know share one small allowance. All of it is of this process; nothing is stored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from nsor_server import errors

UNKNOWN = ""
"""The name under which all callers count whose certificate isn't accepted."""
UNKNOWN_AT_A_TIME = 8
"""Calls of unaccepted callers that may be in work at a time."""
UNKNOWN_STREAMS = 2
"""The same for streams."""
BUSY_RETRY_SECONDS = 0.1


@dataclass(slots=True)
class _Use:
    """What an agency uses.

    Attributes:
        tokens: calls that it may make at once.
        filled: when the tokens were counted, seconds.
        calls: unary calls in work.
        streams: open streams.
    """

    tokens: float
    filled: float
    calls: int = 0
    streams: int = 0


class Hold:
    """A call or a stream that counts until it is released; releasing it twice does nothing."""

    __slots__ = ("_calls", "_lock", "_streams", "_use")

    def __init__(self, lock: threading.Lock, use: _Use, *, calls: int = 0, streams: int = 0) -> None:
        self._lock = lock
        self._use = use
        self._calls = calls
        self._streams = streams

    def release(self) -> None:
        """Count it no more."""
        with self._lock:
            self._use.calls -= self._calls
            self._use.streams -= self._streams
            self._calls = self._streams = 0


class Limits:
    """Counts and refuses.

    Args:
        rate_per_second: calls per second of one agency; twice that may come at once after a pause.
        in_flight: unary calls of one agency at a time.
        streams: streams of one agency at a time.
        streams_of_one: of these, those of one officer or system.
        all_streams: streams of all agencies at a time. Whoever comes later is told so; without this bound it would
            wait for a thread and hear nothing.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        *,
        rate_per_second: float,
        in_flight: int,
        streams: int,
        streams_of_one: int,
        all_streams: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate_per_second
        self._burst = 2 * rate_per_second
        self._in_flight = in_flight
        self._streams = streams
        self._streams_of_one = streams_of_one
        self._all_streams = all_streams
        self._clock = clock
        self._lock = threading.Lock()
        self._uses: dict[str, _Use] = {}
        self._of_one: dict[tuple[str, str], _Use] = {}

    def call(self, agency_id: str) -> Hold:
        """Take one of the agency's unary calls.

        Raises:
            Exhausted: with the seconds to wait.
        """
        most = self._in_flight if agency_id else UNKNOWN_AT_A_TIME
        with self._lock:
            use = self._use(agency_id)
            if use.calls >= most:
                raise errors.Exhausted(retry_after_seconds=BUSY_RETRY_SECONDS)
            self._spend(use)
            use.calls += 1
        return Hold(self._lock, use, calls=1)

    def stream(self, agency_id: str) -> Hold:
        """Take one of the agency's streams.

        Raises:
            Exhausted: with the seconds to wait.
        """
        most = self._streams if agency_id else UNKNOWN_STREAMS
        with self._lock:
            use = self._use(agency_id)
            if use.streams >= most or sum(each.streams for each in self._uses.values()) >= self._all_streams:
                raise errors.Exhausted(retry_after_seconds=1.0)
            self._spend(use)
            use.streams += 1
        return Hold(self._lock, use, streams=1)

    def stream_of(self, agency_id: str, officer_number: str) -> Hold:
        """Count a stream that the agency has taken as one of an officer's or a system's, who has proved to be that.

        By number and not by key: another key of the same number gets no more of them.

        Raises:
            Exhausted: with the seconds to wait.
        """
        with self._lock:
            # Only officers whom the directory knows get here, as for agencies.
            use = self._of_one.setdefault((agency_id, officer_number), _Use(tokens=0.0, filled=0.0))
            if use.streams >= self._streams_of_one:
                raise errors.Exhausted(retry_after_seconds=1.0)
            use.streams += 1
        return Hold(self._lock, use, streams=1)

    def charge(self, agency_id: str, calls: float) -> None:
        """Count a call that was taken as so many more: it reads as much as they would."""
        with self._lock:
            self._use(agency_id).tokens -= calls

    def is_full(self, agency_id: str) -> bool:
        """Whether the agency's next unary call would be refused now; takes no lock and never waits."""
        use = self._uses.get(agency_id)
        if use is None:
            return False
        most = self._in_flight if agency_id else UNKNOWN_AT_A_TIME
        return self.seconds_left(agency_id) > 0 or use.calls >= most

    def seconds_left(self, agency_id: str) -> float:
        """In how many seconds the agency's rate lets it make another call; 0: now. Takes no lock and never waits."""
        use = self._uses.get(agency_id)
        if use is None:
            return 0.0
        tokens = use.tokens + (self._clock() - use.filled) * self._rate
        return max(0.0, (1 - tokens) / self._rate)

    def _use(self, agency_id: str) -> _Use:
        use = self._uses.get(agency_id)
        if use is None:
            # Only ids that the directory knows get here, and UNKNOWN: the table is as small as the directory.
            use = self._uses[agency_id] = _Use(tokens=self._burst, filled=self._clock())
        return use

    def _spend(self, use: _Use) -> None:
        now = self._clock()
        use.tokens = min(self._burst, use.tokens + (now - use.filled) * self._rate)
        use.filled = now
        if use.tokens < 1:
            raise errors.Exhausted(retry_after_seconds=(1 - use.tokens) / self._rate)
        use.tokens -= 1

    def open_streams(self) -> dict[str, int]:
        """Open streams by agency; none of agencies that have none."""
        with self._lock:
            return {agency_id: use.streams for agency_id, use in self._uses.items() if use.streams}
