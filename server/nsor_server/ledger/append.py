"""Appending to the ledger, inside the transaction of the change that it records.

Whoever appends holds the lock of the row `ledger_head` until the commit: that is what orders the entries. Nothing
made here may leave the process before that commit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.pq import TransactionStatus

from nsor.ledger.merkle import Frontier, leaf_hash
from nsor.ledger.note import Checkpoint, Signer
from nsor.v1 import receipt_pb2
from nsor_server.calls import RecordRef, Row
from nsor_server.config import OperatorError
from nsor_server.ledger import leaf, tiles
from nsor_server.ledger.continuity import Continuity
from nsor_server.ledger.detail import SALT_BYTES, Details, salted_hash
from nsor_server.ledger.directory_proof import Proved
from nsor_server.ledger.entry import Appended, Entry, Head, LedgerUnavailable, LockedHead, NewEpoch
from nsor_server.ledger.labels import Labels
from nsor_server.storage import arrays, changes, deciding
from nsor_server.storage.clock import Clock
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.session import BEGIN, Rows, Session, Statement, Step

LOCK: Final = Statement(
    b"ledger lock",
    b"""
WITH head AS MATERIALIZED (SELECT * FROM ledger_head FOR UPDATE)
SELECT size, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, directory_version, origin, frontier, root,
    directory_hash, time_us, key_number
FROM head
""",
)()
"""Takes the ledger's lock until the transaction ends: what is read after it shows every entry before.

The clock is read when the lock is had, since it may have been waited for.
"""

# One statement. The head moves only from the size that was locked: two appends on one head can't both succeed, since
# the second divides by zero, and its transaction is lost.
_APPEND: Final = Statement(
    b"ledger append",
    b"""
WITH moved AS (
    UPDATE ledger_head
    SET origin = $1::text, size = $3, root = $4::bytea, frontier = $5::bytea, time_us = $6::bigint,
        directory_version = $7::bigint, directory_hash = $19::bytea,
        key_number = $20::bigint
    WHERE size = $2::bigint
    RETURNING size
), entries AS (
    SELECT $2::bigint + nth - 1 AS index, entry.*
    FROM unnest(
        $9::uuid[], $10::uuid[], $11::uuid[], $12::uuid[], $13::int[], $14::smallint[], $15::smallint[], $16::text[],
        $17::bytea[], $18::bytea[]
    ) WITH ORDINALITY
        AS entry(access_id, officer, case_label, named, method, purpose, outcome, agency, leaf, detail, nth)
), leaves AS (
    INSERT INTO ledger_entry (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf)
    SELECT index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf FROM entries
), details AS (
    INSERT INTO ledger_detail (index, sealed) SELECT index, detail FROM entries
), checkpoint AS (
    INSERT INTO ledger_checkpoint (size, note) VALUES ($3::bigint, $8::bytea)
)
SELECT 1 / count(*) FROM moved
""",
)
_RECORDS: Final = Statement(
    b"ledger records",
    b"""
INSERT INTO ledger_record (index, ordinal, table_name, row_id, version, sha256)
SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::bytea[], $5::bigint[], $6::bytea[])
""",
)
_RECORDS_OF_ONE: Final = Statement(
    b"ledger records of one",
    b"""
INSERT INTO ledger_record (index, ordinal, table_name, row_id, version, sha256)
SELECT $1::bigint, record.*
FROM unnest($2::smallint[], $3::text[], $4::bytea[], $5::bigint[], $6::bytea[]) AS record
""",
)
"""The same of one entry, whose index alone isn't known before the lock."""
_SHOWN: Final = Statement(
    b"ledger shown",
    b"""
INSERT INTO ledger_shown (index, labels)
SELECT * FROM unnest($1::bigint[], $2::bytea[])
""",
)

Connection = psycopg.Connection[Any]


class WrongOrigin(OperatorError):
    """The database holds the ledger of another origin."""


@dataclass(frozen=True, slots=True)
class Composed:
    """An append that is ready: its statements, and what may be given away when they are committed."""

    steps: Sequence[Step]
    appended: Appended


class DirectoryState(NamedTuple):
    """What decides, after an entry.

    Attributes:
        version: of the directory.
        digest: the running hash over the rows that decide.
        changed: whether the entry changed it.
    """

    version: int
    digest: bytes
    changed: bool


class Ledger:
    """The access ledger of one register. Threads may share it; each uses a session of its own."""

    def __init__(self, keyring: Keyring, origin: str, clock: Clock | None = None, *, set_back: bool = False) -> None:
        """Prepare.

        Args:
            keyring: signs and seals.
            origin: names a ledger that is opened first, and must fit one that exists.
            clock: the process's.
            set_back: the ledger may have lost a rotation of its key, as after a restore: an earlier key signs.
        """
        self.origin = origin
        self._set_back = set_back
        self.continuity = Continuity(keyring, clock or Clock())
        self._keyring = keyring
        self._details = Details(keyring)
        self._labels = Labels(keyring)
        self._signers: dict[tuple[str, int], Signer] = {}
        self._tail = tiles.Tail(0, b"", ())

    def head(self, session: Session, locked: Rows) -> LockedHead:
        """The head, of what ``LOCK`` gave, if it continues what this process knows.

        Raises:
            LedgerUnavailable: there is none, or it doesn't, or is signed by a key that isn't to be had.
            WrongOrigin: the database holds another ledger.
        """
        if not locked:
            raise LedgerUnavailable("the ledger has no head")
        head = LockedHead(*locked[0])
        self.check_origin(head.origin)
        self._check_key(head)
        return self.continuity.checked(session, head)

    def _check_key(self, head: LockedHead) -> None:
        """See that the key that signs next is here, and isn't one that was replaced.

        Whoever owns the database can write another number into the head: then nothing is signed.

        Raises:
            LedgerUnavailable: it isn't.
        """
        signers = self._keyring.ledger
        if head.key_number >= len(signers.signers):
            signers.look_again()
        if head.key_number >= len(signers.signers):
            raise LedgerUnavailable("the key that signs was replaced, and the keyring here lacks it: start again")
        if head.key_number < signers.number and not self._set_back:
            raise LedgerUnavailable("the head names a key that was replaced")

    def check_origin(self, origin: str) -> None:
        """See that the database's ledger is ours, or an epoch of ours; an empty origin is that of a new one.

        Raises:
            WrongOrigin: it isn't.
        """
        if origin not in ("", self.origin) and not re.fullmatch(re.escape(self.origin) + "/[0-9]+", origin):
            raise WrongOrigin(f"the database holds the ledger {origin}; set ledger_origin to that, or use another")

    def compose(
        self,
        session: Session,
        head: LockedHead,
        entries: Sequence[Entry],
        *,
        new_epoch: NewEpoch | None = None,
        next_key: bool = False,
    ) -> Composed:
        """Make the statements that write entries in their order, on the head that the session has locked.

        Args:
            session: in the transaction.
            head: as it was locked.
            entries: one or more; those with records that decide raise the directory's version.
            new_epoch: this opens it; the origin before signs its first checkpoint too.
            next_key: this replaces the key that signs; the one before signs the first checkpoint too.

        Raises:
            LeafError: an entry can't be a leaf.
        """
        directory = directories(head, entries)
        leaves, sealed, hashes = self._leaves(entries, head, directory)
        frontier = Frontier.decode(head.size, head.frontier)
        for each in hashes:
            frontier.append(each)
        origin = new_epoch.origin if new_epoch else head.origin or self.origin
        root = frontier.root()
        number = head.key_number + next_key
        note = self._signer(origin, number).sign(Checkpoint(origin, frontier.size, root))
        if new_epoch:
            note = self._signer(new_epoch.before, number).add_to(note)
        if next_key:
            note = self._signer(origin, head.key_number).add_to(note)
        encoded = frontier.encode()
        filled, self._tail = tiles.extend(session, self._tail, head, hashes, encoded)
        append = _APPEND(
            origin.encode(),
            arrays.integer(head.size),
            arrays.integer(frontier.size),
            root,
            encoded,
            arrays.integer(head.now_us),
            arrays.integer(directory[-1].version),
            note,
            *self._columns(entries, leaves, sealed),
            directory[-1].digest,
            arrays.integer(number),
        )
        self.continuity.appended(
            Proved(
                origin,
                frontier.size,
                root,
                encoded,
                head.now_us,
                directory[-1].version,
                directory[-1].digest,
            )
        )
        receipts = tuple(
            receipt_pb2.Receipt(leaf=each, index=index, checkpoint=note) for index, each in enumerate(leaves, head.size)
        )
        beside = (*_records(entries, head.size), *self._shown(entries, head.size))
        return Composed([append, *beside, *filled], Appended(receipts, head.now_us))

    def append(
        self,
        conn: Connection,
        entries: Sequence[Entry],
        rows: Sequence[Row] = (),
        *,
        new_epoch: NewEpoch | None = None,
        next_key: bool = False,
    ) -> Appended:
        """Lock the head and write entries, in the transaction of a connection that has no session; the caller commits.

        Args:
            conn: its transaction is opened if it isn't yet.
            entries: one or more.
            rows: what they record, and isn't there yet.
            new_epoch: this opens it.
            next_key: this replaces the key that signs.

        Raises:
            LedgerUnavailable: the lock isn't to be had in the time that a statement may take.
            WrongOrigin, LeafError: as ``head`` and ``compose``.
        """
        begin = () if conn.info.transaction_status == TransactionStatus.INTRANS else (BEGIN,)
        session = Session(conn)
        try:
            head = self.head(session, session.run(*begin, LOCK)[-1])
            composed = self.compose(session, head, entries, new_epoch=new_epoch, next_key=next_key)
            session.run(*composed.steps, *changes.added(rows, head.now_us))
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
            raise LedgerUnavailable("the ledger is locked by a commit that doesn't end") from error
        finally:
            session.close()
        return composed.appended

    def _leaves(
        self, entries: Sequence[Entry], head: Head, directory: Sequence[DirectoryState]
    ) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """The leaves, their sealed details, and their hashes."""
        leaves, sealed, hashes = [], [], []
        salts = os.urandom(SALT_BYTES * len(entries))
        for nth, entry in enumerate(entries):
            salted = salts[nth * SALT_BYTES : (nth + 1) * SALT_BYTES] + entry.detail
            after = directory[nth]
            encoded = leaf.encode(
                entry,
                time_us=head.now_us,
                detail_hash=salted_hash(salted),
                directory_version=after.version,
                directory_hash=after.digest if after.changed else b"",
            )
            hashed = leaf_hash(encoded)
            leaves.append(encoded)
            hashes.append(hashed)
            sealed.append(self._details.seal(head.size + nth, hashed, salted, entry.shown_rows))
        return leaves, sealed, hashes

    def _columns(self, entries: Sequence[Entry], leaves: Sequence[bytes], sealed: Sequence[bytes]) -> list[bytes]:
        access_ids = [entry.access_id for entry in entries]
        officers, cases, named = zip(*map(self._labels.of, entries), strict=True)
        return [
            arrays.uuids(access_ids),
            arrays.uuids(officers),
            arrays.uuids(cases),
            arrays.uuids(named),
            arrays.integers([leaf.method_number(entry.method) for entry in entries]),
            arrays.shorts([entry.purpose for entry in entries]),
            arrays.shorts([entry.outcome for entry in entries]),
            arrays.texts([entry.agency for entry in entries]),
            arrays.byteas(leaves),
            arrays.byteas(sealed),
        ]

    def _shown(self, entries: Sequence[Entry], first: int) -> list[Step]:
        """The labels of those entries whose answers may show several registrations."""
        labels = {
            index: b"".join(self._labels.shown(entry.access_id, entry.shown, entry.shown_rows))
            for index, entry in enumerate(entries, first)
            if entry.shown_rows
        }
        if not labels:
            return []
        return [_SHOWN(arrays.longs(list(labels)), arrays.byteas(list(labels.values())))]

    def _signer(self, origin: str, number: int) -> Signer:
        signer = self._signers.get((origin, number))
        if signer is None:
            signer = self._signers[origin, number] = Signer(self._keyring.ledger.signers[number], origin)
        return signer


def directories(head: LockedHead, entries: Sequence[Entry]) -> list[DirectoryState]:
    """What decides, after each of the entries."""
    version, digest = head.directory_version, head.directory_hash
    states = []
    for entry in entries:
        added = deciding.of(entry.records)
        if added:
            version, digest = version + 1, deciding.extended(digest, added)
        states.append(DirectoryState(version, digest, changed=bool(added)))
    return states


def packed(records: Sequence[RecordRef]) -> list[bytes]:
    """What stands in ``ledger_record`` of an entry's records, but for its index."""
    return _columns_of(list(enumerate(records)))


def _records(entries: Sequence[Entry], first: int) -> list[Step]:
    steps = [
        _RECORDS_OF_ONE(arrays.integer(index), *entry.packed)
        for index, entry in enumerate(entries, first)
        if entry.packed
    ]
    indexes, records = list[int](), list[tuple[int, RecordRef]]()
    for index, entry in enumerate(entries, first):
        if not entry.packed:
            indexes += [index] * len(entry.records)
            records += enumerate(entry.records)
    if records:
        steps.append(_RECORDS(arrays.longs(indexes), *_columns_of(records)))
    return steps


def _columns_of(records: Sequence[tuple[int, RecordRef]]) -> list[bytes]:
    """The other columns of ``ledger_record``: records, each with its place in its entry."""
    return [
        arrays.shorts([ordinal for ordinal, _ in records]),
        arrays.texts([record.table for _, record in records]),
        arrays.byteas([record.row_id for _, record in records]),
        arrays.longs([record.version for _, record in records]),
        arrays.byteas([record.sha256 for _, record in records]),
    ]
