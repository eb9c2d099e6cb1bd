"""How alike a candidate of a search has to be, and how long he may be looked up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import msgspec

from nsor_server.policy import source

_Strength = Annotated[float, msgspec.Meta(ge=0.1, le=1.0)]


class SearchPolicy(source.Row, frozen=True):
    """The policy of searches in force.

    Attributes:
        likely_strength: share of what is known of whom is searched for that is found in a likely candidate, by rarity.
        possible_strength: the same of a possible one; who is less alike isn't one.
        candidate_minutes: how long after a search its candidates may be looked up.
    """

    likely_strength: _Strength
    possible_strength: _Strength
    candidate_minutes: Annotated[int, msgspec.Meta(ge=5, le=1440)]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return source.read(path or source.packaged("search.toml"), cls)

    def __post_init__(self) -> None:
        """See that a likely candidate is a possible one.

        Raises:
            ValueError: it isn't; msgspec says in which document.
        """
        source.Row.__post_init__(self)
        if self.possible_strength > self.likely_strength:
            raise ValueError("possible_strength is greater than likely_strength")
