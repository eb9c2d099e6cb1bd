"""Which accesses are unusual: kinds, how many of what within how many hours, and when it is night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

import msgspec

from nsor.counting import counted
from nsor.v1 import options_pb2, tripwires_pb2
from nsor_server.policy import source
from nsor_server.policy.deadlines import MOVEMENT_EXPIRY, Deadlines
from nsor_server.policy.screening import ScreeningPolicy

KINDS: Final = {name.removeprefix("TRIPWIRE_KIND_"): kind for name, kind in tripwires_pb2.TripwireKind.items() if kind}
"""Name of a kind -> its number in the contract."""
PURPOSES: Final = {name.removeprefix("PURPOSE_"): number for name, number in options_pb2.Purpose.items() if number}
"""Name of a purpose -> its number in the contract."""
LONGEST_HOURS: Final = 72
"""The longest window: what lies within it is kept in memory."""
LONGEST_TRAVELLED_HOURS: Final = 36
"""Of NOT_TRAVELLED: so long behind its end a manifest is looked at, and verification has as long again."""
VERIFIED_TRAVELLED: Final = dt.timedelta(days=3)
"""So long behind its end verification looks once more who of a manifest has travelled."""
_HOUR_US: Final = 3_600_000_000
_Hour = Annotated[int, msgspec.Meta(ge=1, le=24)]


class Tripwire(source.Row, frozen=True, kw_only=True):
    """When one kind of accesses is unusual.

    Attributes:
        kind: of nsor.v1.TripwireKind, without its prefix.
        purposes: of nsor.v1.Purpose, without their prefix: only accesses for these; empty: for all that no other row
            of the kind names.
        window_hours: what lies so close together counts together. The same officer isn't told of again for so long.
        at_least: from so many on.
        travelled_percent: of NOT_TRAVELLED, of how many in a hundred screened passengers there has to be a movement.
    """

    kind: str
    purposes: tuple[str, ...] = ()
    window_hours: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_HOURS)]
    at_least: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1
    travelled_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1

    def __post_init__(self) -> None:
        """Refuse names that the contract doesn't have."""
        source.Row.__post_init__(self)
        if self.kind not in KINDS or not PURPOSES.keys() >= set(self.purposes):
            raise ValueError("a kind or a purpose has a name that the contract doesn't know")
        if self.kind == "NOT_TRAVELLED" and self.window_hours > LONGEST_TRAVELLED_HOURS:
            raise ValueError("the window of NOT_TRAVELLED is longer than verification can follow")

    @property
    def number(self) -> int:
        """The kind's number in the contract."""
        return int(KINDS[self.kind])

    @property
    def window_us(self) -> int:
        """The window in microseconds."""
        return self.window_hours * _HOUR_US


class TripwirePolicy(source.Part, frozen=True):
    """The policy of tripwires in force.

    Attributes:
        night_from: the hour in Asia/Karachi at which the night begins, 1 to 24, which is midnight.
        night_until: the hour at which it is over.
        tripwire: when each kind is unusual; one without a row isn't looked for.
    """

    night_from: _Hour
    night_until: _Hour
    tripwire: tuple[Tripwire, ...]

    def __post_init__(self) -> None:
        """Refuse two rows that would count the same access, and a night without an hour."""
        named = [(each.kind, purpose) for each in self.tripwire for purpose in each.purposes or ("",)]
        if len(set(named)) < len(named):
            raise ValueError("two rows of a kind are for the same purpose")
        if self.night_from == self.night_until:
            raise ValueError("the night has no hour")

    def check_movements(self, deadlines: Deadlines, screening: ScreeningPolicy, since: dt.date = dt.date.min) -> None:
        """See that movements live until it was looked, and verified, who of a manifest has travelled.

        Of a manifest that was declared for an instant they are looked for from a window before it; it ends
        ``late_hours`` behind it.

        Args:
            deadlines: how long movements live.
            screening: how late a manifest may be.
            since: on this day in Asia/Karachi, and on any later one.

        Raises:
            source.PolicyError: they don't.
        """
        windows = [each.window_hours for each in self.tripwire if each.kind == "NOT_TRAVELLED"]
        if not windows:
            return
        needed = dt.timedelta(hours=max(windows) + screening.late_hours) + VERIFIED_TRAVELLED
        days = deadlines.whole_days(MOVEMENT_EXPIRY, since)
        if dt.timedelta(days=days) < needed:
            # What has begun to count isn't changed (``succession``), and a later row leaves it until then.
            mended = f"; a row that counts already stays: add one that is long enough, with valid_from = {since}"
            raise source.PolicyError(
                f"deadlines: {MOVEMENT_EXPIRY} is {counted(days, 'days')} at least, and NOT_TRAVELLED of tripwires with"
                f" late_hours of screening needs movements of {counted(needed // dt.timedelta(hours=1), 'hours')}"
                + (mended if since > dt.date.min else "")
            )

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return source.read(path or source.packaged("tripwires.toml"), cls)

    @property
    def longest_us(self) -> int:
        """The longest of the windows, in microseconds."""
        return max((each.window_us for each in self.tripwire), default=0)

    def by_purpose(self, kind: int) -> Mapping[int, Tripwire]:
        """The row of a kind for each purpose, by its number; 0: for purposes that have none of their own."""
        rows = [each for each in self.tripwire if each.number == kind]
        return {PURPOSES[name] if name else 0: each for each in rows for name in each.purposes or ("",)}

    def is_night(self, hour: int) -> bool:
        """Whether an hour of the day in Asia/Karachi, 0 to 23, belongs to the night."""
        begins, ends = self.night_from % 24, self.night_until % 24
        return begins <= hour < ends if begins < ends else hour >= begins or hour < ends
