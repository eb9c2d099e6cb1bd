"""How far grants, tickets and opened court cases reach, how long a look-up may be repeated, and who needs none of them.

When they end is a deadline rule of each: ``grant-expiry``, ``ticket-expiry``, ``court-case-expiry``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import msgspec

from nsor_server.policy import source

_Uses = Annotated[int, msgspec.Meta(ge=1, le=100)]


class GrantPolicy(source.Row, frozen=True):
    """The grant policy in force.

    Attributes:
        uses_per_subject: how often each suspect of a prosecutor's grant may be looked up.
        ticket_uses_per_subject: the same for a person of a ticket.
        court_case_uses_per_subject: the same for a person of an opened court case, all officers together.
        repeat_minutes: how long after its first answer a look-up may be repeated.
        emergency_grade: least BPS grade of a deciding officer of the police who opens an emergency look-up.
    """

    uses_per_subject: _Uses
    ticket_uses_per_subject: _Uses
    court_case_uses_per_subject: _Uses
    repeat_minutes: Annotated[int, msgspec.Meta(ge=1, le=60)]
    emergency_grade: Annotated[int, msgspec.Meta(ge=1, le=22)] = 17

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return source.read(path or source.packaged("grants.toml"), cls)
