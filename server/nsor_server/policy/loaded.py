"""The policy data in force, all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.messages import Messages
from nsor_server.policy.narrowing import Narrowing
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy data in force."""

    places: Places
    offences: OffenceTable
    deadlines: Deadlines
    grants: GrantPolicy
    narrowing: Narrowing
    messages: Messages

    @classmethod
    def load(cls) -> Self:
        """Load all of it; raises PolicyError."""
        return cls(
            Places.load(),
            OffenceTable.load(),
            Deadlines.load(),
            GrantPolicy.load(),
            Narrowing.load(),
            Messages.load(),
        )
