"""Who enters a number that is watched, and who ends that. Pure; how long the first waits for a second is policy's."""

from __future__ import annotations

import datetime as dt
from typing import Final

from nsor_server.access.watched import State, Version

DEFAULT_PAGE: Final = 50
WAITING: Final = frozenset({State.PROPOSED, State.END_PROPOSED})
"""A second officer is to agree."""


def entered(*, same: bool) -> State:
    """What the second officer's entry makes of a number; ``same``: both have entered the same, for the same reason."""
    return State.WATCHED if same else State.DIFFERS


def is_waiting(head: Version, state: State, now: dt.datetime) -> bool:
    """Whether a version, of this state, waits for a second officer."""
    return head.state == state and head.expires_at is not None and now <= head.expires_at


def may_be_ended(head: Version) -> bool:
    """Whether an officer may propose that a number is watched no more: it is watched, also if that was proposed."""
    return head.state in {State.WATCHED, State.END_PROPOSED}
