"""Penalties: whose calls are dropped for a while, before anything of them is read.

Whoever resets calls faster than they can be taken, or goes on sending what is refused, costs the others their calls
long before a limit of what is in work is reached. The calls of such a certificate are dropped where grpc hands them
over. Buckets in memory, of this process; a certificate is never accepted here, only put off.

All of it is asked and told by one thread, the one in which grpc hands calls over, so there is no lock; others may read.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PENALTY_SECONDS: Final = 60.0
"""How long calls are dropped."""
SHORT_SECONDS: Final = 0.1
"""A call that had less than this left when it came may be given up without having been reset on purpose."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a bucket gives.

    Attributes:
        per_second: tokens that come back each second.
        burst: tokens of a full bucket.
    """

    per_second: float
    burst: float


GIVEN_UP: Final = Rate(50, 600)
"""Calls that their caller gave up before anybody looked at them: streams that are reset.

The burst is more than one connection may have open: a line that breaks is no attack.
"""
IN_VAIN: Final = Rate(2_000, 2_000)
"""Calls that can't be served: over the agency's limits, or with a deadline that is over when they come."""
NOT_ACCEPTED: Final = Rate(20, 100)
"""Calls of a certificate that the gate doesn't accept, such as a revoked one."""
WORDED: Final = Rate(500, 1_000)
"""Refusals over the agency's limits that are worded and sent; the rest is dropped."""
WORDED_WHEN_DROPPED: Final = Rate(5, 20)
"""The same while the certificate's calls are dropped: enough for a person to read why."""


class Bucket:
    """Tokens that come back with time."""

    __slots__ = ("_filled", "_rate", "_tokens")

    def __init__(self, rate: Rate, now: float) -> None:
        """A full one; ``now`` in seconds."""
        self._rate = rate
        self._tokens = rate.burst
        self._filled = now

    def take(self, now: float) -> bool:
        """Take a token; False: there is none."""
        tokens = self._tokens + (now - self._filled) * self._rate.per_second
        tokens = min(tokens, self._rate.burst)
        self._filled = now
        if tokens < 1:
            self._tokens = tokens
            return False
        self._tokens = tokens - 1
        return True


class Decision(enum.Enum):
    """What becomes of a call that comes."""

    TAKE = enum.auto()
    """It goes on to the gate."""
    REFUSE = enum.auto()
    """It is refused with the reason."""
    DROP = enum.auto()
    """It ends unread."""


@dataclass(slots=True, eq=False)
class Standing:
    """How a certificate stands.

    Attributes:
        agency_id: the agency that it names, if the directory knows it; "" otherwise.
        accepted: whether the gate accepted it when it was last looked at. Never used to let a call in.
        until: ``now`` until which its calls are dropped.
        dropped: calls that were dropped, ever.
        penalties: penalties that began, ever.
        closed: connections beyond the bound that were shut down, ever; `rpc/connections.py` counts them in its thread.
        crowded: times that there began to be too many; counted there too.
    """

    agency_id: str
    accepted: bool
    given_up: Bucket
    in_vain: Bucket
    not_accepted: Bucket
    worded: Bucket
    worded_when_dropped: Bucket
    until: float = 0.0
    dropped: int = 0
    penalties: int = 0
    closed: int = 0
    crowded: int = 0


@dataclass(slots=True)
class Penalties:
    """Decides; each method is for the thread in which calls are handed over.

    Attributes:
        full: whether an agency may have no more calls in work now.
    """

    full: Callable[[str], bool]

    def standing(self, agency_id: str, now: float, *, accepted: bool) -> Standing:
        """A new certificate's."""
        return Standing(
            agency_id,
            accepted,
            given_up=Bucket(GIVEN_UP, now),
            in_vain=Bucket(IN_VAIN, now),
            not_accepted=Bucket(NOT_ACCEPTED, now),
            worded=Bucket(WORDED, now),
            worded_when_dropped=Bucket(WORDED_WHEN_DROPPED, now),
        )

    def decide(self, standing: Standing, now: float, seconds_left: float) -> Decision:
        """What becomes of a call.

        Args:
            standing: its certificate's.
            now: seconds, monotonic.
            seconds_left: until the caller gives up.
        """
        if standing.until > now:
            if not standing.in_vain.take(now):
                standing.until = now + PENALTY_SECONDS  # it goes on: the minute begins anew
            return self._refused(standing, standing.worded_when_dropped, now)
        if not standing.accepted:
            if standing.not_accepted.take(now):
                return Decision.TAKE
            self._penalise(standing, now)
            return self._refused(standing, standing.worded_when_dropped, now)
        over = seconds_left <= 0
        if not over and not self.full(standing.agency_id):
            return Decision.TAKE
        if not standing.in_vain.take(now):
            self._penalise(standing, now)
        if over:
            standing.dropped += 1
            return Decision.DROP
        return self._refused(standing, standing.worded, now)

    def gave_up(self, standing: Standing, now: float, seconds_left: float) -> None:
        """A call was given up before anybody looked at it; ``seconds_left`` is what it had left when it came."""
        if seconds_left >= SHORT_SECONDS and not standing.given_up.take(now) and standing.until <= now:
            self._penalise(standing, now)

    def _penalise(self, standing: Standing, now: float) -> None:
        standing.until = now + PENALTY_SECONDS
        standing.penalties += 1

    def _refused(self, standing: Standing, worded: Bucket, now: float) -> Decision:
        if worded.take(now):
            return Decision.REFUSE
        standing.dropped += 1
        return Decision.DROP
