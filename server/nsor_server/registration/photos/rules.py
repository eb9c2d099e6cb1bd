"""How many photos there may be, and who sees one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nsor.v1 import registration_pb2
from nsor_server.calls import Agency

MOST: Final = 40
"""Photos of a registration that aren't rejected."""
MOST_WAITING: Final = 10
"""Of them, those of one agency that nobody has confirmed yet: one agency doesn't take the room of the others."""
MOST_EVER: Final = 200
"""Photos of a registration, rejected ones included: a bound for what a list opens."""


def has_room(agency: Agency, states: Sequence[tuple[int, str]], ever: int) -> bool:
    """Tell whether an agency may add a photo.

    Args:
        agency: who adds it.
        states: of each photo a number of nsor.v1.PhotoState, and the agency that added it.
        ever: how many photos there are.
    """
    kept = [(state, by) for state, by in states if state != registration_pb2.PHOTO_STATE_REJECTED]
    waiting = kept.count((int(registration_pb2.PHOTO_STATE_ADDED), agency.agency_id))
    return len(kept) < MOST and waiting < MOST_WAITING and ever < MOST_EVER


def is_shown(state: int, added_by_agency: str, agency: Agency, *, owner: bool) -> bool:
    """Tell whether a photo is shown to an agency that may see the record.

    Args:
        state: a number of nsor.v1.PhotoState.
        added_by_agency: who added it.
        agency: who asks.
        owner: whether it is the record's owner.
    """
    if state == registration_pb2.PHOTO_STATE_ADDED:
        return owner or agency.agency_id == added_by_agency
    return state == registration_pb2.PHOTO_STATE_CONFIRMED
