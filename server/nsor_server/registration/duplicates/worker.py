"""Finds likely duplicates after the commit, behind everything else, and hands them over when reviews are written.

It reads confirmed registrations in the order of the ledger, keeps the index of names by them, and compares each version
that is new. Nothing that it does is in anybody's call. What it has found is in memory alone: how far reviews have come
stands in the last time for reviews, and what was found since is found again after a restart.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg

from nsor_server import errors
from nsor_server.calls import Seen
from nsor_server.ledger.watching import MOST_SECONDS
from nsor_server.names.card import Person
from nsor_server.names.process import NameProcess, NamesUnavailable
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration import review_store
from nsor_server.registration import store as registrations
from nsor_server.registration.duplicates import rules, store
from nsor_server.registration.duplicates.store import BEGINNING, Place
from nsor_server.registration.store import StoredVersion
from nsor_server.storage import locks
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

BATCH: Final = 200
"""Versions that are read, opened and compared at a time."""
CANDIDATES: Final = 5
"""Likely duplicates of one version that are looked at."""
MOST_WAITING: Final = 5_000
"""Pairs of one agency that are kept for later; those beyond are found again when these are written."""
MOST_AT_A_TIME: Final = 200
"""Reviews of likely duplicates that one time writes."""
_TURN: Final = 0x4E534F5200000007
"""Of several processes one has the index: an advisory lock ("NSOR", 7), for as long as its connection stands."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """Two registrations that are likely to be one person's.

    Attributes:
        index: of the entry that wrote the version that was compared.
        registration_id: of that version.
        other_id: the one that is like it.
        agency: who entered the first one.
        evidence: why, as it is sealed.
    """

    index: int
    registration_id: bytes
    other_id: bytes
    agency: str
    evidence: list[record_pb2.ReviewEvidence]


@dataclass(slots=True)
class _Reading:
    """How far it has come.

    Attributes:
        place: everything up to it was read and, past its agency's mark, compared.
        compared_to: entry up to which reviews had come when this began.
        marks: the same of those agencies that were behind.
        waiting: what was found, of each agency, in the order of the ledger.
        left_out: of agencies of which more was found than is kept, the entry of the first that isn't.
    """

    place: Place
    compared_to: int
    marks: Mapping[str, int]
    waiting: dict[str, deque[Found]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def keep(self, found: Found, most: int) -> None:
        """Keep what was found, at most so many of an agency, and all or nothing of what one entry wrote."""
        waiting = self.waiting.setdefault(found.agency, deque())
        if found.agency not in self.left_out and (len(waiting) < most or waiting[-1].index == found.index):
            waiting.append(found)
        else:
            self.left_out.setdefault(found.agency, found.index)


@dataclass(frozen=True, slots=True)
class _Writing:
    """A time for reviews that is being written.

    Attributes:
        conn: any.
        record: the time.
        last_review: number of the last review before it.
        seen: the versions that it rests on.
    """

    conn: Connection
    record: record_pb2.ReviewTimeRecord
    last_review: int
    seen: list[Seen] = field(default_factory=list)


class Duplicates:
    """The index, and what was found with it. Used by one thread."""

    def __init__(
        self, database: Database, sealer: Sealer, policy: Callable[[], ReviewPolicy], most_waiting: int = MOST_WAITING
    ) -> None:
        self._database, self._sealer, self._policy = database, sealer, policy
        self._most_waiting = most_waiting
        self._turn: Connection | None = None
        self._names: NameProcess | None = None
        self._reading: _Reading | None = None
        self._handed_over: dict[str, int] = {}

    def has_turn(self) -> bool:
        """Whether this process is the one that writes reviews; if none is, it becomes so.

        Raises:
            psycopg.Error: the database doesn't answer; the turn is given up.
            locks.Taken: nobody writes them, since somebody else has the lock.
        """
        try:
            if self._turn is not None:
                self._turn.execute("SELECT 1")
                return True
            connection = self._database.connect()
            connection.autocommit = True
            if connection.execute("SELECT pg_try_advisory_lock(%s)", (_TURN,)).fetchall()[0][0]:
                self._turn = connection
                return True
            with contextlib.closing(connection):
                locks.require_own(connection, _TURN, MOST_SECONDS, in_transactions=False)
        except psycopg.Error:
            self.close()
            raise
        return False

    def follow(self) -> bool:
        """Read and compare what comes next; tells whether there may be more.

        Raises:
            psycopg.Error, errors.ApiError: the register can't be read, or contradicts itself.
        """
        try:
            return self._next()
        except NamesUnavailable:
            _log.error("the process that compares names has ended; it is filled again")
            self._start_over()
            return True

    def due(
        self,
        conn: Connection,
        record: record_pb2.ReviewTimeRecord,
        before: record_pb2.ReviewTimeRecord,
        last_review: int,
        written: Sequence[record_pb2.ReviewRecord],
    ) -> list[Seen]:
        """Add to a time for reviews what is to be reviewed, up to each agency's share of a day, and how far that is.

        Args:
            conn: any.
            record: the time that is being written.
            before: the time before it.
            last_review: number of the last review before it.
            written: the reviews of the day up to it; those that it has already count too.
        """
        self._handed_over.clear()
        reading = self._reading
        if reading is None or reading.place.entry < before.compared_to:
            record.compared_to = before.compared_to
            record.waiting.extend(before.waiting)
            return []
        record.compared_to = reading.place.entry
        writing = _Writing(conn, record, last_review)
        of_day = [*written, *record.reviews]
        for agency, waiting in sorted(reading.waiting.items()):
            most = rules.left_of_day(agency, of_day, self._policy())
            handed_over = self._add(writing, waiting, most)
            self._handed_over[agency] = handed_over
            first = waiting[handed_over].index if handed_over < len(waiting) else reading.left_out.get(agency)
            if first is not None:
                record.waiting.add(agency=agency, compared_to=first - 1)
        return writing.seen

    def written(self) -> None:
        """The time was written. What was left out of an agency is found again once nothing of it waits."""
        reading = self._reading
        if reading is None:
            return
        for agency, count in self._handed_over.items():
            for _ in range(count):
                reading.waiting[agency].popleft()
            if not reading.waiting[agency]:
                del reading.waiting[agency]
        self._handed_over.clear()
        if reading.left_out.keys() - reading.waiting.keys():
            self._start_over()

    def close(self) -> None:
        """End the process and give up the turn."""
        self._start_over()
        if self._turn is not None:
            self._turn.close()
            self._turn = None

    def _next(self) -> bool:
        if self._names is None:
            self._names = NameProcess()
        with self._database.transaction() as conn:
            if self._reading is None:
                self._reading = _begun(review_store.last_time(conn, self._sealer))
            batch = store.versions_after(conn, self._reading.place, BATCH)
            # No court has confirmed a first version: of the rows of an import nothing is opened.
            later = {each.registration_id: each.place.entry for each in batch if each.version > 1}
            compared = self._opened(store.newest(conn, later)) if later else {}
        gone = [registration_id for registration_id in later if registration_id not in compared]
        if gone:
            self._names.remove(gone)
        if compared:
            cards = self._names.add([(one, person) for one, (person, _) in compared.items()])
            self._compare(self._names, self._reading, later, compared, cards)
        if batch:
            self._reading.place = batch[-1].place
        return len(batch) == BATCH

    def _opened(self, rows: Mapping[bytes, StoredVersion]) -> dict[bytes, tuple[Person, str]]:
        """Those that are compared: whom they are about, and who entered them. One that contradicts itself is none."""
        found = {}
        for registration_id, row in rows.items():
            with contextlib.suppress(errors.Internal):  # there is an alert already, and the others go on
                record = registrations.open_version(self._sealer, row)
                if rules.is_compared(record):
                    found[registration_id] = rules.person(record), record.created_by_agency
        return found

    def _compare(
        self,
        names: NameProcess,
        reading: _Reading,
        written_by: Mapping[bytes, int],
        compared: Mapping[bytes, tuple[Person, str]],
        cards: int,
    ) -> None:
        """Look for what is like those that no time for reviews has come to yet."""
        new = [
            (index, one)
            for one, index in written_by.items()
            if one in compared and index > reading.marks.get(compared[one][1], reading.compared_to)
        ]
        policy = self._policy()
        least = policy.likely_strength, rules.least_rarity(cards, policy)
        alike = names.candidates([compared[one][0] for _, one in new], CANDIDATES + 1, *least)
        for (index, one), candidates in zip(new, alike, strict=True):
            agency = compared[one][1]
            for each in candidates:
                if each.card_id != one and rules.is_likely(each, cards, policy):
                    found = Found(index, one, each.card_id, agency, rules.evidence(each))
                    reading.keep(found, self._most_waiting)

    def _add(self, writing: _Writing, waiting: Sequence[Found], most: int) -> int:
        """Add reviews of what waits, at most so many; tells how much of it is done with then."""
        record, done = writing.record, 0
        for found in waiting:
            if most <= 0 or len(record.reviews) >= MOST_AT_A_TIME:
                break
            done += 1
            pair = self._pair(writing, found)
            if pair is not None:
                most -= 1
                record.reviews.add(
                    number=writing.last_review + len(record.reviews) + 1,
                    registration_id=pair[1],
                    earlier_registration_id=pair[0],
                    agency=found.agency,
                    evidence=found.evidence,
                )
        return done

    def _pair(self, writing: _Writing, found: Found) -> tuple[bytes, bytes] | None:
        """The two in the order of their confirmation; None: they have a review, or one isn't compared any more."""
        conn = writing.conn
        both = frozenset({found.registration_id, found.other_id})
        known = {frozenset({each.registration_id, each.earlier_registration_id}) for each in writing.record.reviews}
        if both in known or store.are_reviewed(conn, found.registration_id, found.other_id):
            return None
        confirmed_at = store.confirmed_at(conn, both)
        heads = store.newest(conn, both)
        if len(self._opened(heads)) < len(both) or confirmed_at.keys() != both:
            return None
        writing.seen.extend(registrations.seen(row) for row in heads.values())
        first, second = sorted(both, key=lambda one: (confirmed_at[one], one))
        return first, second

    def _start_over(self) -> None:
        if self._names is not None:
            self._names.stop()
        self._names, self._reading = None, None
        self._handed_over.clear()


def _begun(last: record_pb2.ReviewTimeRecord | None) -> _Reading:
    if last is None:
        return _Reading(BEGINNING, 0, {})
    return _Reading(BEGINNING, last.compared_to, {each.agency: each.compared_to for each in last.waiting})
