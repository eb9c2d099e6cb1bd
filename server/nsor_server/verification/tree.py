"""The tree: what is stored of it, recomputed from the leaves.

Whoever owns the database can change any row, but not sign. So the leaves are hashed again, and all else is compared
with them: checkpoints, tiles, head, columns for queries, and which records each entry wrote. Each difference is a
finding with the index where it shows; the first bad index is what an investigation begins with.
"""

import hashlib
from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.rows import TupleRow

from nsor.counting import counted
from nsor.ledger.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, leaf_hash, root_of
from nsor.ledger.note import Checkpoint, NoteError, Signer
from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import RecordRef
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.stored import Rows
from nsor_server.ledger.tiles import WIDTH, middle_of
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.verification.reached import NOTHING, Reached
from nsor_server.verification.report import Epochs, Report

Connection = psycopg.Connection[TupleRow]

AT_A_TIME: Final = 2000
"""Entries between two words about the progress."""
_ENTRIES = """
SELECT index, leaf, uuid_send(access_id), agency, method, purpose, outcome FROM ledger_entry WHERE index >= {}
ORDER BY index
"""
_RECORDS = """
SELECT index, ordinal, table_name, row_id, version, sha256 FROM ledger_record WHERE index >= {} ORDER BY index, ordinal
"""
_CHECKPOINTS = "SELECT size, note FROM ledger_checkpoint WHERE size > {} ORDER BY size"

_HEAD = """
SELECT size, root, frontier, time_us, origin, directory_version, directory_hash, one,
    key_number = (SELECT count(*) FROM ledger_key)
FROM ledger_head
"""


Progress = Callable[[int, int], None]
"""Is called with (entries done, entries in all)."""


class _Streams(NamedTuple):
    """What is stored of each entry, and of each size."""

    entries: Rows
    records: Rows
    checkpoints: Rows


def extent(conn: Connection) -> int:
    """How many entries there are to be verified: those of the head, or more if more are stored."""
    found = conn.execute(
        "SELECT greatest((SELECT max(size) FROM ledger_head), (SELECT max(index) + 1 FROM ledger_entry), 0)"
    )
    return int(found.fetchall()[0][0])


class Tree:
    """One walk along the leaves, in one snapshot of the database."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        origin: str,
        *,
        sizes: Collection[int] = (),
        progress: Progress | None = None,
        since: Reached = NOTHING,
    ) -> None:
        """Prepare.

        Args:
            conn: any role that may read; in a read-only REPEATABLE READ transaction.
            keyring: its ledger's signer.
            origin: the ledger's first origin.
            sizes: at which the recomputed root is wanted, in `roots`, for those that the tree has.
            progress: hears how far it has come.
            since: what was verified before: only what came after it is read.
        """
        self._since = since
        self._sizes = frozenset(sizes)
        self.roots = {0: EMPTY_ROOT}
        self._conn = conn
        self._ledger, self._keys = keyring.ledger, LogKeys.of(keyring)
        self._progress = progress or (lambda _done, _all: None)
        self.epochs = Epochs.load(conn, origin)
        self.report = Report()
        self._signers: dict[tuple[str, int], Signer] = {}
        self._frontier = Frontier(since.size, since.roots)
        self._leaves = hashlib.sha256()
        self._torn = False
        self._signed_size = since.size
        self._note = since.note
        self._time_us = since.time_us
        self._directory = (since.directory_version, since.directory_hash)
        self._tiles = {level: list(hashes) for level, hashes in since.tiles.items()}
        self._tile = self._tiles.setdefault(0, [])

    def run(self) -> Report:
        """Verify; nothing is raised for what is wrong with the data."""
        report = self.report
        heads = self._conn.execute(_HEAD).fetchall()
        if len(heads) != 1:
            report.add(-1, "the ledger has no head" if not heads else "the ledger has several heads")
            return report
        (head,) = heads
        end, start = extent(self._conn), self._since.size
        if end < start:
            report.add(
                end, f"there are {counted(end, 'entries')}, and {start} were verified: the last ones were taken away"
            )
            return report
        streams = _Streams(
            Rows(self._conn, "ledger_entry", _ENTRIES.format(start), report.add),
            Rows(self._conn, "ledger_record", _RECORDS.format(start), report.add),
            Rows(self._conn, "ledger_checkpoint", _CHECKPOINTS.format(start), report.add),
        )
        for index in range(start, end):
            self._entry(index, streams)
            if index + 1 in self._sizes:
                self.roots[index + 1] = self._frontier.root()
            if streams.checkpoints.next_index <= index + 1:
                for (signed,) in streams.checkpoints.take(index + 1):
                    self._checkpoint(index + 1, signed)
            if index % AT_A_TIME == 0:
                self._progress(index, end)
        for stream in streams:
            stream.finish()
        self._tiles_that_are_too_many(end)
        report.size, report.root, report.leaves = end, self._frontier.root(), self._leaves.digest()
        self._head(*head)
        report.reached = self._reached(end)
        self._progress(end, end)
        return report

    def _reached(self, end: int) -> Reached:
        """Where the walk has come to."""
        version, digest = self._directory
        return Reached(
            size=end,
            roots=self._frontier.roots,
            note=self._note,
            time_us=self._time_us,
            directory_version=version,
            directory_hash=digest,
            tiles={level: tuple(hashes) for level, hashes in self._tiles.items()},
        )

    def _entry(self, index: int, streams: _Streams) -> None:
        stored = streams.entries.one(index)
        records = streams.records.take(index) if streams.records.next_index <= index else []
        if stored is None:
            self.report.add(index, "the entry is missing")
            self._torn = True
            return
        encoded = stored[0]
        hashed = leaf_hash(encoded)
        self._frontier.append(hashed)
        self._leaves.update(hashed)
        self._tiled(index, hashed)
        try:
            leaf = leaves.decode(encoded)
        except leaves.LeafError as error:
            self.report.add(index, f"the entry is no leaf: {error}")
            return
        if leaf.time_us < self._time_us:
            self.report.add(index, "the entry's time lies before that of the entry before")
        else:
            self._time_us = leaf.time_us
        if stored[1:] != leaves.columns(leaf):
            self.report.add(index, "a column of ledger_entry isn't what the entry says")
        if records and [row[0] for row in records] != list(range(len(records))):
            self.report.add(index, "the records in ledger_record aren't numbered as the entry wrote them")
        refs = [RecordRef(*row[1:]) for row in records]
        self._check_records(index, leaf, refs)
        self._check_directory(index, leaf, refs)

    def _check_records(self, index: int, leaf: leaf_pb2.Leaf, records: list[RecordRef]) -> None:
        if not records:
            if leaf.record_hash:
                self.report.add(index, "the record that the entry wrote isn't named in ledger_record")
        elif leaf.record_hash != leaves.record_hash(records):
            self.report.add(index, "the records in ledger_record aren't those of the entry")
        elif leaf.record_version != records[0].version:
            self.report.add(index, "the version in ledger_record isn't that of the entry")

    def _check_directory(self, index: int, leaf: leaf_pb2.Leaf, records: list[RecordRef]) -> None:
        """The version and the running hash of what decides follow from the records so far."""
        added = deciding.of(records) if records else []
        version, digest = self._directory
        if added:
            version, digest = self._directory = version + 1, deciding.extended(digest, added)
        if leaf.directory_version != version or leaf.directory_hash != (digest if added else b""):
            self.report.add(index, "the entry's version or hash of what decides isn't that of the records so far")

    def _checkpoint(self, size: int, signed: bytes) -> None:
        """A checkpoint must be signed, and over this tree. A wrong root lies between the last right one and this.

        Ed25519 gives one signature for a text (RFC 8032): to sign the tree's own checkpoint again and compare takes a
        quarter of the time of taking the stored one apart and verifying it. What differs is looked at in that way.
        """
        self.report.checkpoints += 1
        signer = self._signer(self.epochs.origin(size), size)
        ours = Checkpoint(signer.name, size, self._frontier.root())
        if not self._torn and signed == signer.sign(ours):
            self._signed_size, self._note = size, signed
            return
        try:
            checkpoint = self._keys.verify(signed)
        except NoteError as error:
            self.report.add(size - 1, f"the checkpoint of {counted(size, 'entries')} isn't ours: {error}")
            return
        if self._torn:
            return
        if checkpoint != ours:
            where = f"one of the entries {self._signed_size} to {size - 1} was changed, deleted, inserted or reordered"
            problem = f"the tree of {counted(size, 'entries')} hasn't the root that was signed: {where}"
            self.report.add(self._signed_size, problem, before=size)
            self._torn = True
            return
        self._signed_size, self._note = size, signed

    def _tiled(self, index: int, hashed: bytes) -> None:
        """Compare each full tile with what the leaves give."""
        self._tile.append(hashed)
        level, hashes = 0, self._tile
        tile = index // WIDTH
        while len(hashes) == WIDTH:
            middle = middle_of(hashes)
            root = root_of(middle)
            rows = self._conn.execute(
                "SELECT hashes, middle, root FROM ledger_tile WHERE level = %s AND tile = %s",
                (level, tile),
                prepare=True,
                binary=True,
            ).fetchall()
            if len(rows) > 1:
                self.report.add(index, f"there are several tiles {tile} of level {level}")
            self._compare_tile(level, tile, hashes, (b"".join(middle), root), rows[0] if rows else None)
            hashes.clear()
            level, tile = level + 1, tile // WIDTH
            hashes = self._tiles.setdefault(level, [])
            hashes.append(root)

    def _compare_tile(
        self, level: int, tile: int, hashes: list[bytes], above: tuple[bytes, bytes], row: tuple[Any, ...] | None
    ) -> None:
        width = WIDTH**level
        first = tile * WIDTH * width
        if row is None:
            self.report.add(first, f"tile {tile} of level {level} is missing")
        elif row[0] != b"".join(hashes):
            stored = (row[0][at * HASH_BYTES : (at + 1) * HASH_BYTES] for at in range(WIDTH))
            differing = next((at for at, each in enumerate(stored) if each != hashes[at]), 0)
            self.report.add(first + differing * width, f"the entry's hash isn't that of tile {tile} of level {level}")
        elif row[1:] != above:
            self.report.add(first, f"the root of tile {tile} of level {level} isn't that of its hashes")

    def _tiles_that_are_too_many(self, size: int) -> None:
        query = "SELECT level, tile FROM ledger_tile WHERE (tile + 1) * power(256, level + 1) > %s ORDER BY level, tile"
        for level, tile in self._conn.execute(query, (size,)):
            self.report.add(-1, f"tile {tile} of level {level} lies beyond the last entry")

    def _head(self, size: int, root: bytes, frontier: bytes, time_us: int, origin: str, *directory: object) -> None:
        report = self.report
        if directory != (*self._directory, True, True):
            report.add(
                -1, "the head's version or hash of what decides, or number of its key, isn't that of the entries"
            )
        if size != report.size:
            report.add(min(size, report.size), f"the head says {counted(size, 'entries')}, there are {report.size}")
        elif not self._torn and (root, frontier) != (report.root, self._frontier.encode()):
            report.add(-1, "the head's root or frontier isn't that of the tree")
        if time_us != self._time_us:
            report.add(-1, "the head's time isn't that of the last entry")
        if size and origin != self.epochs.origin(size):
            report.add(-1, "the head's origin isn't that of the last epoch")
        if not self._torn and self._signed_size != report.size:
            report.add(self._signed_size, "no checkpoint was signed over the last entries", before=report.size)

    def _signer(self, origin: str, size: int) -> Signer:
        key = self._ledger.of(origin, size)
        number = self._ledger.signers.index(key)
        signer = self._signers.get((origin, number))
        if signer is None:
            signer = self._signers[origin, number] = Signer(key, origin)
        return signer
