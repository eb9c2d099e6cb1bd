"""What merges and their ends made of registrations, along the ledger: made again from the versions before.

Whoever holds the keys for a while could seal a version by which a merge moves a person to another station than that of
the registration that was confirmed first, or leave his registrations to two stations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from nsor_server.ledger.stored import Add
from nsor_server.registration.history import History
from nsor_server.registration.identity import rules as identity
from nsor_server.registration.persons import joined
from nsor_server.storage.v1 import record_pb2

PROBLEM: Final = "a registration isn't what NPB's merge, or its end, makes of it"


class Merged(NamedTuple):
    """A merge that an entry made or undid.

    Attributes:
        number: of the review.
        before: of each registration that it concerns, those of its person before it.
        is_undone: it was undone.
    """

    number: int
    before: dict[bytes, Collection[bytes]]
    is_undone: bool


def compare(
    history: History, index: int, merged: Merged, person: Callable[[bytes], Collection[bytes]], add: Add
) -> None:
    """Hold the versions of an entry against what its merge makes of those before; ``person`` is as it is after it."""
    changed = {each.registration_id: each for each in history.changed}
    for one, persons_before in merged.before.items():
        if one in history.erased or not history.is_confirmed(one):
            continue
        record = changed.get(one)
        before = history.version(one, history.newest(one) - (record is not None))
        if before is None:
            continue
        time_us = record.update_time_us if record is not None else 0
        deadlines = record.transfer.deadlines if record is not None else ()
        if merged.is_undone:
            made = joined.parted(before, person(one), merged.number, time_us, deadlines)
        else:
            standing = filter(history.is_confirmed, person(one))
            first_id = min(standing, key=lambda each: history.standing(each).claimed_at)
            if first_id in {one, *persons_before}:
                made = None
            else:
                first = history.version(first_id, history.newest(first_id))
                if first is None:
                    continue
                made = joined.joined(before, first, joined.merge_id(merged.number), time_us, deadlines)
        if not are_one(made, record):
            add(index, PROBLEM)


def are_one(made: record_pb2.RegistrationRecord | None, record: record_pb2.RegistrationRecord | None) -> bool:
    """Whether the version of an entry is the one that had to be made, or neither is there."""
    if made is None or record is None:
        return made is record
    made.update_time_us = record.update_time_us
    identity.settle(made)
    return made == record
