"""Appending to the ledger, inside the transaction of the change that it records.

Whoever appends holds the lock of the row `ledger_head` until the commit: that is what orders the entries. Nothing
made here may leave the process before that commit.
"""

import os
import re
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.merkle import Frontier, leaf_hash
from nsor.ledger.note import Checkpoint, Signer
from nsor.v1 import receipt_pb2
from nsor_server.config import OperatorError
from nsor_server.ledger import arrays, leaf, tiles
from nsor_server.ledger.detail import SALT_BYTES, Details, salted_hash
from nsor_server.ledger.entry import Appended, Entry, Head, LedgerUnavailable, LockedHead, StaleDirectory
from nsor_server.ledger.labels import Labels
from nsor_server.storage.keyring import Keyring

_LOCK = """
SELECT size, greatest(time_us, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint), directory_version, origin,
    frontier
FROM ledger_head FOR UPDATE
"""

# One round trip. The head moves only from the size that was locked: two appends on one head can't both succeed.
_APPEND = """
WITH moved AS (
    UPDATE ledger_head
    SET origin = %(origin)b, size = %(size)b, root = %(root)b, frontier = %(frontier)b, time_us = %(now)b,
        directory_version = directory_version + %(bump)b
    WHERE size = %(first)b
    RETURNING size
), entries AS (
    SELECT %(first)b + nth - 1 AS index, entry.*
    FROM unnest(
        %(access_id)b, %(officer)b, %(case_label)b, %(named)b, %(outcome)b, %(agency)b, %(leaf)b, %(detail)b
    ) WITH ORDINALITY AS entry(access_id, officer, case_label, named, outcome, agency, leaf, detail, nth)
), leaves AS (
    INSERT INTO ledger_entry (index, access_id, officer, case_label, named, outcome, agency, leaf)
    SELECT index, access_id, officer, case_label, named, outcome, agency, leaf FROM entries
), details AS (
    INSERT INTO ledger_detail (index, sealed) SELECT index, detail FROM entries
), checkpoint AS (
    INSERT INTO ledger_checkpoint (size, note) VALUES (%(size)b, %(note)b)
)
SELECT size FROM moved
"""

_RECORDS = """
INSERT INTO ledger_record (index, ordinal, table_name, row_id, version, sha256)
SELECT * FROM unnest(%b::bigint[], %b::smallint[], %b::text[], %b::bytea[], %b::bigint[], %b::bytea[])
"""

Connection = psycopg.Connection[TupleRow]


class WrongOrigin(OperatorError):
    """The database holds the ledger of another origin."""


class Ledger:
    """The access ledger of one register. Threads may share it; each uses a connection of its own."""

    def __init__(self, keyring: Keyring, origin: str) -> None:
        """``origin`` names a ledger that is opened first, and must fit one that exists."""
        self.origin = origin
        self._keyring = keyring
        self._details = Details(keyring)
        self._labels = Labels(keyring)
        self._signers: dict[str, Signer] = {}
        self._tail = tiles.Tail(0, b"", ())

    def lock_head(self, conn: Connection) -> LockedHead:
        """Take the ledger's lock until the transaction ends.

        What is read after this shows every entry before, and no entry comes between it and an append.

        Raises:
            LedgerUnavailable: the lock isn't to be had in the time that a statement may take.
            WrongOrigin: the database holds another ledger.
        """
        try:
            row = conn.execute(_LOCK, binary=True, prepare=True).fetchone()
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
            raise LedgerUnavailable("the ledger is locked by a commit that doesn't end") from error
        if row is None:
            raise LedgerUnavailable("the ledger has no head")
        head = LockedHead(*row)
        if (
            head.origin != self.origin
            and head.origin
            and not re.fullmatch(re.escape(self.origin) + "/[0-9]+", head.origin)
        ):
            raise WrongOrigin(f"the database holds the ledger {head.origin}; set ledger_origin to that, or use another")
        return head

    def append(
        self,
        conn: Connection,
        entries: Sequence[Entry],
        *,
        head: LockedHead | None = None,
        directory_version: int | None = None,
        bump_directory: bool = False,
    ) -> Appended:
        """Write entries in their order; the caller commits, under the watchdog, before anything is answered.

        Args:
            conn: with an open transaction.
            entries: one or more.
            head: from ``lock_head`` in this transaction, when the caller took it before; it serves once.
            directory_version: what the calls were gated with.
            bump_directory: the transaction changed agencies, certificates or officers.

        Raises:
            StaleDirectory: the directory has moved on.
            LeafError: an entry can't be a leaf.
            LedgerUnavailable: as ``lock_head``, or ``head`` isn't the ledger's any more.
        """
        locked = self.lock_head(conn) if head is None else head
        if directory_version is not None and directory_version != locked.directory_version:
            raise StaleDirectory
        if not entries:
            return Appended((), locked.now_us)
        leaves, sealed, hashes = self._leaves(entries, locked)
        frontier = Frontier.decode(locked.size, locked.frontier)
        for each in hashes:
            frontier.append(each)
        origin = locked.origin or self.origin
        root = frontier.root()
        note = self._signer(origin).sign(Checkpoint(origin, frontier.size, root))
        encoded = frontier.encode()
        moved = conn.execute(
            _APPEND,
            {
                "origin": origin,
                "first": locked.size,
                "size": frontier.size,
                "root": root,
                "frontier": encoded,
                "now": locked.now_us,
                "bump": int(bump_directory),
                "note": note,
                **self._columns(entries, leaves, sealed),
            },
            binary=True,
            prepare=True,
        ).fetchone()
        if moved is None:
            raise LedgerUnavailable("the head has moved since it was locked")
        _write_records(conn, entries, locked.size)
        self._tail = tiles.extend(conn, self._tail, locked, hashes, encoded)
        receipts = tuple(
            receipt_pb2.Receipt(leaf=each, index=index, checkpoint=note)
            for index, each in enumerate(leaves, locked.size)
        )
        return Appended(receipts, locked.now_us)

    def _leaves(self, entries: Sequence[Entry], head: Head) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """The leaves, their sealed details, and their hashes."""
        leaves, sealed, hashes = [], [], []
        salts = os.urandom(SALT_BYTES * len(entries))
        for nth, entry in enumerate(entries):
            salted = salts[nth * SALT_BYTES : (nth + 1) * SALT_BYTES] + entry.detail
            encoded = leaf.encode(entry, time_us=head.now_us, detail_hash=salted_hash(salted))
            hashed = leaf_hash(encoded)
            leaves.append(encoded)
            hashes.append(hashed)
            sealed.append(self._details.seal(head.size + nth, hashed, salted))
        return leaves, sealed, hashes

    def _columns(self, entries: Sequence[Entry], leaves: Sequence[bytes], sealed: Sequence[bytes]) -> dict[str, Any]:
        access_ids = [entry.access_id.bytes for entry in entries]
        officers, cases, named = zip(*map(self._labels.of, entries), strict=True)
        return {
            "access_id": arrays.uuids(access_ids),
            "officer": arrays.uuids(officers),
            "case_label": arrays.uuids(cases),
            "named": arrays.uuids(named),
            "outcome": arrays.shorts([entry.outcome for entry in entries]),
            "agency": arrays.texts([entry.agency for entry in entries]),
            "leaf": arrays.byteas(leaves),
            "detail": arrays.byteas(sealed),
        }

    def _signer(self, origin: str) -> Signer:
        signer = self._signers.get(origin)
        if signer is None:
            signer = self._signers[origin] = Signer(self._keyring.ledger_signer, origin)
        return signer


def _write_records(conn: Connection, entries: Sequence[Entry], first: int) -> None:
    rows = [
        (index, ordinal, record.table, record.row_id, record.version, record.sha256)
        for index, entry in enumerate(entries, first)
        for ordinal, record in enumerate(entry.records)
    ]
    if rows:
        conn.execute(_RECORDS, [list(column) for column in zip(*rows, strict=True)], prepare=True)
