"""Which rows of a list another registration of the same person stands for: a merged person is one row. Pure.

NPB has decided that he is one person (domain rule 19), so that what he owes by several registrations he owes once, and
one decision transfers all of them. Of a duty the registration stands by which it is due first, of a transfer the one
that was confirmed first. Where two stations have to act each has its own row.
"""

from __future__ import annotations

from typing import Final

from nsor_server.registration.duties import states
from nsor_server.registration.persons.others import Others
from nsor_server.registration.transfers import rules as transfers
from nsor_server.registration.worklists.rules import (
    DUTY,
    TRANSFER_INCOMING,
    TRANSFER_OUTGOING,
    TRANSFER_UNRESOLVED,
    Place,
)
from nsor_server.storage.v1 import record_pb2

KINDS: Final = frozenset({DUTY, TRANSFER_INCOMING, TRANSFER_OUTGOING, TRANSFER_UNRESOLVED})
"""Kinds of work that a person has once."""


def stands_another(place: Place, record: record_pb2.RegistrationRecord, others: Others, at_us: int) -> bool:
    """Whether another registration of the person stands for a row of a list.

    Args:
        place: the row, of one of ``KINDS``.
        record: the newest version of its registration.
        others: those of its person.
        at_us: when the list is read, microseconds since 1970.
    """
    if place.kind == DUTY:
        duty = states.of(record, place.subject_id)
        return duty is not None and states.is_covered(record, duty, others)
    return transfers.is_one_with(
        record,
        others,
        for_old_station=place.kind == TRANSFER_OUTGOING,
        npb_at_us=at_us if place.kind == TRANSFER_UNRESOLVED else 0,
    )
