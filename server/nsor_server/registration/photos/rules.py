"""Who may decide on a photo, and who sees it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nsor.v1 import options_pb2, registration_pb2, types_pb2
from nsor_server.access import rows
from nsor_server.calls import Agency, Officer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 40
"""Photos of a registration that aren't rejected."""
MOST_WAITING: Final = 10
"""Of them, those of one agency that nobody has confirmed yet: one agency doesn't take the room of the others."""
MOST_EVER: Final = 200
"""Photos of a registration, rejected ones included: a bound for what a list opens."""


def is_owner(record: record_pb2.RegistrationRecord, agency: Agency, officer: Officer | None) -> bool:
    """Tell whether the officer acts for the record's owner.

    That is the prosecution that entered the record until the offender is released, and the police of the responsible
    place from then on: whoever knows him by then.
    """
    if record.custody_state != types_pb2.CUSTODY_STATE_RELEASED:
        return agency.agency_id == record.created_by_agency
    return agency.kind == options_pb2.AGENCY_KIND_POLICE and rows.within(agency, officer, [record.responsible_place])


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
