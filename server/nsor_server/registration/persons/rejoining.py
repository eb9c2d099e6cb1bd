"""Registrations that have joined their person since they stand again, along the ledger: whom each time had to join.

Whoever owns the database can hide that a registration is of a person while a time is written; whoever holds the keys
for a while could seal a transfer that no merge has opened. Told again in the ledger's order, claims and versions say
which registration had to be transferred, to which station, and by when it is told that nobody answers.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.formats.instants import instant
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.registration.history import History
from nsor_server.registration.persons import joined, joining, rejoined
from nsor_server.registration.reviewed import Reviewed
from nsor_server.registration.transfers.rules import of_silence
from nsor_server.storage.v1 import record_pb2

PROBLEM: Final = "a time for reviews hasn't joined a registration that stands again to its person, or joined another"


class Rejoining:
    """Whom the times have joined. The history and the reviews must be at the entry already."""

    def __init__(self, history: History, reviewed: Reviewed, decided_by: DecidedBy, add: Add) -> None:
        self._history, self._reviewed, self._decided_by, self._add = history, reviewed, decided_by, add
        self.concerns = Concerns(reviewed.rows)
        self._waiting: set[bytes] = set()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        time = self._reviewed.written
        if time is None:
            return
        coming = (self._waiting | {*self._reviewed.returned}) - {*time.archived_ids}
        changed = {each.registration_id: each for each in self._history.changed}
        written = changed.keys() - _after_it(time)
        waits, joins = list[bytes](), list[bytes]()
        for one in sorted(coming):
            person = self._history.standing(one).person
            standing = {each for each in person if self._history.is_confirmed(each)}
            if not self._history.erased.isdisjoint(person):
                # Whom it had to join was destroyed: what the time says is all that is left.
                waits += [one] * (one in time.joining_ids)
                joins += [one] * (one in time.joined_ids)
            elif one not in standing or len(standing) == 1:
                continue
            elif one in written or len(joins) == rejoined.MOST:
                waits.append(one)
            else:
                first = joined.first(one, person, standing=standing, coming=coming)
                follows = self._joins(leaf, time, one, first, changed)
                joins += [one] * (follows if follows is not None else one in time.joined_ids)
        if waits != list(time.joining_ids) or joins != list(time.joined_ids):
            self._add(index, PROBLEM)
        self._waiting = set(time.joining_ids)

    def finish(self) -> None:
        """Nothing is left: the rows are the history's."""

    def _joins(
        self,
        leaf: leaf_pb2.Leaf,
        time: record_pb2.ReviewTimeRecord,
        one: bytes,
        first: bytes | None,
        changed: dict[bytes, record_pb2.RegistrationRecord],
    ) -> bool | None:
        """Whether a registration had to be joined, and its version is what that makes of it; None: nobody can say."""
        if first is None:
            return False
        before, of_first = (
            self._history.version(each, self._history.newest(each) - (each in changed)) for each in (one, first)
        )
        if before is None or of_first is None:
            return None
        record = changed.get(one) if one in time.joined_ids else None
        time_us = record.update_time_us if record is not None else 0
        deadlines = record.transfer.deadlines if record is not None else ()
        made = joined.joined(before, of_first, joined.returning_id(time.number), time_us, deadlines)
        if not joining.are_one(made, record):
            return record is None  # so that it is otherwise than the time says
        if record is None:
            return False
        by = self._decided_by.deadlines(leaf.time_us)
        unit = joined.station(of_first).split("/", 1)[0]
        return by is None or any(of_silence(each, instant(time_us), unit) == list(deadlines) for each in by)


def _after_it(time: record_pb2.ReviewTimeRecord) -> set[bytes]:
    """The registrations of which a time writes versions once it knows whom it joins, and these."""
    crossed = {one for each in (*time.moved, *time.moved_again) for one in each.registration_ids}
    arrived = {each.registration_id for each in time.arrivals if each.opens}
    return {*time.joined_ids} | crossed | arrived
