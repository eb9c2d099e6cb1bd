"""How many changes of what decides are taken from one officer and from one agency. Pure: the counts are the caller's.

Each change is kept for good and read anew by every server process. What takes away (disabling a key, withdrawing a
proposal) is urgent and happens once to each: it has no limit, but for one that a second person lifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nsor_server import errors

ENROLMENTS_A_MINUTE: Final = 60
"""Keys that one agency may enrol and replace; a province's investigators are enrolled within the hour."""
DECIDERS_ALONE_A_DAY: Final = 3
"""Deciding officers whom one focal person may disable alone in a day: a stolen key can't wait for another one, and one
focal person mustn't put an end to all decisions, nor to all that was granted by them. Two together have no limit."""
OPEN_OF_OFFICER: Final = 5
"""Proposals of one officer that may be open at a time: nobody keeps his colleagues from proposing."""
OPEN_OF_AGENCY: Final = 40
"""Of all officers of his agency."""
HOURLY_OF_OFFICER: Final = 10
"""Proposals of one officer in an hour, those that he withdraws too. His agency has no such limit: what some have
withdrawn would keep the others from proposing."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """How many proposals there are.

    Attributes:
        open_of_officer: of the officer, open.
        open_of_agency: of his agency, open.
        hourly_of_officer: of the officer, within the last hour.
    """

    open_of_officer: int
    open_of_agency: int
    hourly_of_officer: int


def check_enrolments(of_the_minute: int) -> None:
    """See that an agency doesn't enrol too many keys at a time.

    Raises:
        errors.Exhausted: it does.
    """
    if of_the_minute >= ENROLMENTS_A_MINUTE:
        raise errors.Exhausted(retry_after_seconds=10.0)


def check_proposals(proposed: Proposed) -> None:
    """See that an officer and his agency don't propose too much.

    Raises:
        errors.Exhausted: he does, or they do.
    """
    if (
        proposed.open_of_officer >= OPEN_OF_OFFICER
        or proposed.open_of_agency >= OPEN_OF_AGENCY
        or proposed.hourly_of_officer >= HOURLY_OF_OFFICER
    ):
        raise errors.Exhausted(retry_after_seconds=600.0)
