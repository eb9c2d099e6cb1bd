"""How far a prosecutor's grant reaches. When it ends is the deadline rule ``grant-expiry``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import msgspec

from nsor_server.policy import source


class GrantPolicy(source.Row, frozen=True):
    """The grant policy in force.

    Attributes:
        uses_per_subject: how often each suspect of a grant may be looked up.
    """

    uses_per_subject: Annotated[int, msgspec.Meta(ge=1, le=100)]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return source.read(path or source.packaged("grants.toml"), cls)
