"""Terms that are over, and verified deaths: looked for once a day, and archived at the fixed times for reviews.

A term follows from a record's convictions and custody, which many change, and from policy: so it stands nowhere, and
is counted anew. What was found is looked at again when it is archived.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nsor.v1 import notification_pb2
from nsor_server import errors
from nsor_server.access.directory import Directory
from nsor_server.calls import Agency, RecordRef, Row, Seen
from nsor_server.formats.instants import to_us
from nsor_server.policy.deadlines import Deadlines
from nsor_server.registration import claims, review_store
from nsor_server.registration import store as registrations
from nsor_server.registration.closure import events, rules
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

BATCH: Final = 500
"""Registrations that are read at a time."""
MOST: Final = 200
"""Registrations that are archived at one time, and persons that are looked at for it; the others wait for the next."""
EVERY: Final = dt.timedelta(days=1)
"""How often all of the register is gone through."""
_START: Final = bytes(16)
_END: Final = b"\xff" * 16


@dataclass(slots=True)
class Ended:
    """What a time archives.

    Attributes:
        following: the versions by which it does, by registration id.
        rows: these versions, and events.
        refs: what the ledger holds these versions to.
        seen: what all of it rests on.
    """

    following: dict[bytes, record_pb2.RegistrationRecord] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    refs: list[RecordRef] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


class Terms:
    """Registrations whose term is over. Used by one thread."""

    def __init__(self, database: Database, sealer: Sealer, blind_index: BlindIndex, directory: Directory) -> None:
        self._database, self._sealer, self._blind_index = database, sealer, blind_index
        self._directory = directory
        self._place, self._over = _START, list[bytes]()
        self._left: list[bytes] = []
        self._look: record_pb2.TermsLook | None = None
        self._unread = set[bytes]()
        self._ended: dt.datetime | None = None
        self._has_resumed = False

    def follow(self) -> bool:
        """Look at the next registrations; tells whether there may be more.

        Raises:
            psycopg.Error: the register can't be read.
        """
        now = self._directory.current.now()
        if len(self._over) >= MOST:
            return False  # first they are archived
        if self._ended is not None and now - self._ended < EVERY:
            return False
        with self._database.transaction() as conn:
            if not self._has_resumed:
                self._resume(conn)
            if self._place == _START:
                self._begin(conn, now)
            heads = registrations.heads_after(conn, self._place, BATCH)
        deadlines = self._directory.current.policy.deadlines
        for row in heads:
            self._place = row.registration_id
        for row in heads:
            if row.state == registrations.CONFIRMED:
                self._read(row, deadlines, to_us(now))
        if len(heads) < BATCH:
            self._place, self._ended = _START, now
            return False
        return len(self._over) < MOST

    def _resume(self, conn: Connection) -> None:
        """Go on with the look that the last time hadn't come to the end of: else it never ends where restarts do.

        Not if policy has changed since: all is counted anew.
        """
        self._has_resumed = True
        try:
            last = review_store.last_time(conn, self._sealer)
        except errors.Internal:  # there is an alert already
            return
        if last is None or not last.HasField("terms_so_far"):
            return
        look = last.terms_so_far
        if (look.deadlines_version, look.holidays_version) != _versions(self._directory):
            return
        self._look, self._place = record_pb2.TermsLook(), last.terms_place
        self._look.CopyFrom(look)
        self._unread = set(look.unread_ids)
        del self._look.unread_ids[:]

    def _begin(self, conn: Connection, now: dt.datetime) -> None:
        """Note from where a look begins: before it reads anything."""
        ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
        deadlines, holidays = _versions(self._directory)
        self._look = record_pb2.TermsLook(
            size=size, at_us=to_us(now), deadlines_version=deadlines, holidays_version=holidays
        )
        self._ended, self._unread = None, set()

    def _read(self, row: registrations.StoredVersion, deadlines: Deadlines, now_us: int) -> None:
        try:
            record = registrations.open_version(self._sealer, row)
        except errors.Internal:  # there is an alert already
            self._unread.add(row.registration_id)
            return
        if _is_over(record, deadlines, now_us):
            self._over.append(record.registration_id)

    def due(
        self,
        conn: Connection,
        record: record_pb2.ReviewTimeRecord,
        *,
        agencies: Mapping[str, Agency],
        now: dt.datetime,
    ) -> Ended:
        """Add to the record of a time whom it archives.

        Of a person with several registrations all are archived together: when all of them are over, or he has died.
        All is written under the head's lock, so that one time archives no more than ``MOST``, or one person.

        Args:
            conn: any.
            record: of the time that is written; its instant is set.
            agencies: by id.
            now: when the versions are written.
        """
        deadlines = self._directory.current.policy.deadlines
        claimants = Claimants(conn, self._sealer, self._blind_index)
        ended = Ended()
        over = sorted(set(self._over))
        looked_at, self._left = iter(over[:MOST]), over[MOST:]
        for registration_id in looked_at:
            try:
                person = _person(claimants, registration_id)
            except errors.Internal:  # as ``_read``
                self._unread.add(registration_id)
                continue
            if not ended.following.keys().isdisjoint(each.registration_id for each in person):
                continue
            archived = _archived([each for each in person if each.confirmed], deadlines, record.due_us, now)
            if ended.following and len(ended.following) + len(archived) > MOST:
                self._left += [registration_id, *looked_at]
                break
            ended.seen += [seen for each in person for seen in each.seen if archived]
            for of, following in archived:
                ended.following[of.registration_id] = following
                ended.seen += claims.of_sealing(conn, self._blind_index, of.record, following)
                written = registrations.version_row(of.key, of.record, following, now)
                ended.refs.append(written.ref)
                kind = notification_pb2.EVENT_KIND_REGISTRATION_ARCHIVED
                ended.rows += [written.row, *events.owed(kind, following, agencies)]
        record.archived_ids.extend(ended.following)
        self._say(record)
        return ended

    def _say(self, record: record_pb2.ReviewTimeRecord) -> None:
        """Say in the record of a time that a look has come to its end with it, so that ``ledger verify`` can tell."""
        if self._look is None:
            return
        # Whoever was over later than this time is due was found, and isn't archived by it.
        self._look.at_us = min(self._look.at_us, record.due_us)
        by = self._look.deadlines_version, self._look.holidays_version
        is_whole = self._ended is not None and not self._left and len(self._unread) <= MOST
        if is_whole and by == _versions(self._directory):
            record.terms.CopyFrom(self._look)
            record.terms.unread_ids.extend(sorted(self._unread))
        elif len(self._unread) <= MOST:
            record.terms_so_far.CopyFrom(self._look)
            record.terms_so_far.unread_ids.extend(sorted(self._unread))
            record.terms_place = self._reached()

    def _reached(self) -> bytes:
        """Up to which registration all are read and, if they were over, archived by the time that is written."""
        place = self._place if self._ended is None else _END
        if not self._left:
            return place
        return (int.from_bytes(min(self._left), "big") - 1).to_bytes(len(_START), "big")

    def written(self) -> None:
        """The time was written: the next one goes on with whom it hasn't looked at.

        Whoever isn't archived because of the person's other records is found again by the next day's look alone.
        """
        self._over, self._left = self._left, []
        if self._ended is not None and not self._over:
            self._look = None


def _versions(directory: Directory) -> tuple[int, int]:
    """The versions of the documents by which terms are counted: deadlines and holidays."""
    versions = directory.current.policy.versions
    return versions.get("deadlines", 0), versions.get("holidays", 0)


def _person(claimants: Claimants, registration_id: bytes) -> list[Known]:
    """A registration with the others of its person, also those that don't stand; nothing: there is none.

    Raises:
        errors.Internal: one isn't what was sealed.
    """
    of = claimants.get(registration_id)
    return [] if of is None else [of, *claimants.all_others(of.claim)]


def _archived(
    person: Sequence[Known], deadlines: Deadlines, at_us: int, now: dt.datetime
) -> list[tuple[Known, record_pb2.RegistrationRecord]]:
    """The registrations of a person that stand, each with the version that archives it; nothing: he isn't over."""
    died = [day for each in person if (day := rules.died_day(each.record)) is not None]
    if died:
        return [(each, rules.deceased(each.record, died[0], to_us(now))) for each in person]
    terms = [rules.term(each.record, deadlines) for each in person]
    if any(term is None or to_us(term.due) > at_us for term in terms):
        return []
    return [
        (each, rules.expired(each.record, term, to_us(now))) for each, term in zip(person, terms, strict=True) if term
    ]


def _is_over(record: record_pb2.RegistrationRecord, deadlines: Deadlines, at_us: int) -> bool:
    term = rules.term(record, deadlines)
    return rules.died_day(record) is not None or (term is not None and to_us(term.due) <= at_us)
