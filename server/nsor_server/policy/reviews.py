"""When reviews are written: at fixed times, so that no time tells of what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Self

import msgspec

from nsor_server.policy import source

_MINUTE_US: Final = 60_000_000


class ReviewPolicy(source.Row, frozen=True):
    """The policy of reviews in force.

    Attributes:
        every_minutes: a time comes whenever so many minutes have passed since 1970.
        per_agency_and_day: reviews that one agency's entries may cause in a day.
        likely_strength: share of what is known of a person that must be found in another record, by rarity.
        likely_margin: nats by which that must be rarer than one chance in all compared registrations.
    """

    every_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)]
    per_agency_and_day: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    likely_strength: Annotated[float, msgspec.Meta(ge=0.5, le=1.0)] = 0.7
    likely_margin: Annotated[float, msgspec.Meta(ge=0.0, le=50.0)] = 3.0

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return source.read(path or source.packaged("reviews.toml"), cls)

    def last_due_us(self, now_us: int) -> int:
        """The last of the times that isn't later than an instant, in microseconds since 1970."""
        every = self.every_minutes * _MINUTE_US
        return now_us // every * every
