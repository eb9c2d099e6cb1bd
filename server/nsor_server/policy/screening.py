"""Manifests of flights and crossings: their times and sizes, and where the border crossings lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import msgspec

from nsor.v1 import notices_pb2
from nsor_server.policy import source

_Hours = Annotated[int, msgspec.Meta(ge=1, le=240)]


class CrossingRow(source.Part, frozen=True):
    """Where a border crossing lies.

    Attributes:
        code: of nsor.v1.BorderCrossing, without its prefix.
        place: a unit or a district; PK: the country.
    """

    code: str
    place: Annotated[str, msgspec.Meta(pattern=r"^PK(?:-[A-Z]{2}(?:/[A-Z]{3})?)?\Z")]


class ScreeningPolicy(source.Row, frozen=True):
    """The policy of manifests in force.

    Attributes:
        lead_hours: how long before its time a flight or crossing may be declared.
        late_hours: how long after its time it may still be declared, and its passengers screened.
        most_persons: of how many persons one manifest may be.
        repeat_minutes: how long after its first answer a row may be sent again.
        keep_days: for how many days after its end it is kept who stood under which number; a week at least, since it
            is looked later who has travelled, and by verification once more.
        names_strength: how alike each of two names has to be to those of who was born on the same day.
        crossing: where each crossing lies; at one without a row nothing is declared.
    """

    lead_hours: _Hours
    late_hours: _Hours
    most_persons: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    repeat_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)]
    keep_days: Annotated[int, msgspec.Meta(ge=7, le=3650)]
    names_strength: Annotated[float, msgspec.Meta(ge=0.5, le=1.0)]
    crossing: tuple[CrossingRow, ...]

    def __post_init__(self) -> None:
        """Refuse a crossing that the contract doesn't have, or that has two places."""
        source.Row.__post_init__(self)
        names = [each.code for each in self.crossing]
        known = set(notices_pb2.BorderCrossing.keys())
        if any(f"BORDER_CROSSING_{name}" not in known for name in names):
            raise ValueError("a crossing has a name that the contract doesn't know")
        if len(set(names)) < len(names):
            raise ValueError("a crossing has two places")

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return source.read(path or source.packaged("screening.toml"), cls)

    def place(self, crossing: int) -> str | None:
        """Where a crossing lies; None: policy doesn't say."""
        name = notices_pb2.BorderCrossing.Name(notices_pb2.BorderCrossing.ValueType(crossing))
        return next((each.place for each in self.crossing if f"BORDER_CROSSING_{each.code}" == name), None)
