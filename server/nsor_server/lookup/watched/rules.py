"""Who enters a number that is watched, and who ends that. Pure; how long the first waits for a second is policy's."""

from __future__ import annotations

import datetime as dt
from typing import Final

from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.decisions import Person
from nsor_server.access.watched import State, Version

DEFAULT_PAGE: Final = 50
WAITING: Final = frozenset({State.PROPOSED, State.END_PROPOSED})
"""A second officer is to agree."""


def entered(head: Version, second: Person, first: Person, now: dt.datetime, *, same: bool) -> State:
    """What the second officer's entry makes of a number.

    Args:
        head: the newest version.
        second: who enters it now.
        first: who entered it first.
        now: the time.
        same: whether both have entered the same number for the same reason.

    Raises:
        errors.Denied: SECOND_PERSON_REQUIRED.
        errors.WrongState: it doesn't wait for a second entry, or nobody's who counts.
    """
    if head.state != State.PROPOSED:
        raise errors.WrongState
    decisions.check_another(second, first)
    if not _is_open(head, first, now):
        raise errors.WrongState
    return State.WATCHED if same else State.DIFFERS


def ended(head: Version, officer: Person, first: Person, now: dt.datetime) -> State:
    """What an officer's wish to end it makes of a number.

    Args:
        head: the newest version.
        officer: who wants it now.
        first: who has decided the newest version.
        now: the time.

    Raises:
        errors.Denied: SECOND_PERSON_REQUIRED.
        errors.WrongState: it isn't watched.
    """
    if head.state == State.END_PROPOSED and _is_open(head, first, now):
        decisions.check_another(officer, first)
        return State.ENDED
    if head.state not in {State.WATCHED, State.END_PROPOSED}:
        raise errors.WrongState
    return State.END_PROPOSED


def _is_open(head: Version, first: Person, now: dt.datetime) -> bool:
    """Whether a second officer may agree to what a version proposes: in time, and while the first one counts."""
    return head.expires_at is not None and now <= head.expires_at and not first.compromised
