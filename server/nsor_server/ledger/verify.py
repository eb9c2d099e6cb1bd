"""Verification: everything that is stored about the ledger, recomputed from the leaves.

Whoever owns the database can change any row, but not sign. So the leaves are hashed again, and all else is compared
with them: checkpoints, tiles, head, details, rows for queries, sealed records, the outside copy. Each difference is a
finding with the index where it shows; the first bad index is what an investigation begins with.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger import note
from nsor.ledger.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, leaf_hash, root_of
from nsor.ledger.note import Checkpoint, NoteError, Verifier
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.detail import DetailError, Details
from nsor_server.ledger.entry import RecordRef
from nsor_server.ledger.tiles import WIDTH
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

Connection = psycopg.Connection[TupleRow]

MOST_FINDINGS = 1000
_AT_A_TIME = 2000
_ACCESSES = """
SELECT index, access_id, time_us, agency, method, purpose, outcome, trace_id, count FROM ledger_access ORDER BY index
"""
_RECORDS = "SELECT index, table_name, row_id, version, sha256 FROM ledger_record ORDER BY index, ordinal"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that isn't as it must be.

    Attributes:
        index: of the first entry that it concerns; -1 when it concerns none.
        problem: what is wrong; names no person.
    """

    index: int
    problem: str


@dataclass(slots=True)
class Report:
    """What a verification saw.

    Attributes:
        size: entries that were checked.
        root: root of the tree over them.
        checkpoints: how many signed checkpoints were checked.
        findings: the first is the one with the lowest index.
        remarks: what isn't wrong, but worth knowing.
    """

    size: int = 0
    root: bytes = b""
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, index: int, problem: str) -> None:
        """Note a finding; beyond `MOST_FINDINGS` they say nothing new."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(index, problem))

    def sort(self) -> None:
        """Put the first bad index first; what concerns no entry comes last."""
        self.findings.sort(key=lambda finding: (finding.index < 0, finding.index))


@dataclass(frozen=True, slots=True)
class Epochs:
    """Which origin signed which sizes: it changes where a new epoch was opened."""

    first: str
    later: tuple[tuple[int, str], ...]

    @classmethod
    def load(cls, conn: Connection, origin: str) -> "Epochs":
        """Read the epochs; ``origin`` is the first one's."""
        rows = conn.execute("SELECT first_index, origin FROM ledger_epoch ORDER BY epoch").fetchall()
        return cls(origin, tuple((row[0], row[1]) for row in rows))

    def origin(self, size: int) -> str:
        """The origin of the checkpoint of a size."""
        origins = [self.first, *(name for first_index, name in self.later if first_index < size)]
        return origins[-1]

    def ends(self, origin: str) -> int | None:
        """The size at which an origin's epoch ended; None for the current one. KeyError for a stranger."""
        names = [self.first, *(name for _, name in self.later)]
        if origin not in names:
            raise KeyError(origin)
        following = names.index(origin)
        return self.later[following][0] if following < len(self.later) else None


class Rows:
    """Rows of a table in the order of their index, taken as the verification walks along the leaves."""

    def __init__(self, conn: Connection, name: str, query: str, report: Report) -> None:
        self._name = name
        self._report = report
        self._rows = self._stream(conn, query)
        self._next = next(self._rows, None)

    def take(self, index: int) -> list[tuple[Any, ...]]:
        """The rows of an index, without it; a row that belongs to no index is a finding."""
        found = []
        while self._next is not None and self._next[0] <= index:
            if self._next[0] == index:
                found.append(self._next[1:])
            else:
                self._report.add(self._next[0], f"a row of {self._name} belongs to no entry")
            self._next = next(self._rows, None)
        return found

    def one(self, index: int) -> tuple[Any, ...] | None:
        """The one row of an index, or None."""
        found = self.take(index)
        return found[0] if found else None

    def finish(self) -> None:
        """Report what is left."""
        while self._next is not None:
            self.take(self._next[0] + 1)

    def _stream(self, conn: Connection, query: str) -> Iterator[tuple[Any, ...]]:
        with conn.cursor(f"verify_{self._name}", withhold=False) as cursor:
            cursor.itersize = _AT_A_TIME
            cursor.execute(query, binary=True)
            yield from cursor


class Verification:
    """One walk along the leaves, in one snapshot of the database."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        origin: str,
        *,
        sizes: Collection[int] = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Prepare.

        Args:
            conn: any role that may read; in a read-only REPEATABLE READ transaction.
            keyring: its details' keys and its ledger's signer.
            origin: the ledger's first origin.
            sizes: at which the recomputed root is wanted, in `roots`, for those that the tree has.
            progress: is called with (entries done, entries in all).
        """
        self._sizes = frozenset(sizes)
        self.roots = {0: EMPTY_ROOT}
        self._conn = conn
        self._signer = keyring.ledger_signer
        self._details = Details(keyring)
        self._progress = progress or (lambda _done, _all: None)
        self.each: Callable[[int, leaf_pb2.Leaf, record_pb2.AccessDetail], None] = lambda _index, _leaf, _detail: None
        """Is called with each entry whose detail opens, in their order."""
        self.epochs = Epochs.load(conn, origin)
        self.report = Report()
        self._verifiers: dict[str, Verifier] = {}
        self._frontier = Frontier()
        self._torn = False
        self._signed_size = 0
        self._time_us = 0
        self._tile: list[bytes] = []
        self._tiles: dict[int, list[bytes]] = {}

    def run(self) -> Report:
        """Verify; nothing is raised for what is wrong with the data."""
        report = self.report
        head = self._conn.execute("SELECT size, root, frontier, time_us, origin FROM ledger_head").fetchone()
        if head is None:
            report.add(-1, "the ledger has no head")
            return report
        bounds = self._conn.execute("SELECT coalesce(max(index) + 1, 0) FROM ledger_leaf").fetchone()
        end = max(head[0], bounds[0] if bounds else 0)
        rows = {
            "ledger_leaf": "SELECT index, leaf FROM ledger_leaf ORDER BY index",
            "ledger_detail": "SELECT index, sealed FROM ledger_detail ORDER BY index",
            "ledger_access": _ACCESSES,
            "ledger_record": _RECORDS,
            "ledger_checkpoint": "SELECT size, note FROM ledger_checkpoint ORDER BY size",
        }
        streams = {name: Rows(self._conn, name, query, report) for name, query in rows.items()}
        for index in range(end):
            self._entry(index, streams)
            if index + 1 in self._sizes:
                self.roots[index + 1] = self._frontier.root()
            for (signed,) in streams["ledger_checkpoint"].take(index + 1):
                self._checkpoint(index + 1, signed)
            if index % _AT_A_TIME == 0:
                self._progress(index, end)
        for stream in streams.values():
            stream.finish()
        self._tiles_that_are_too_many(end)
        report.size, report.root = end, self._frontier.root()
        self._head(*head)
        self._progress(end, end)
        return report

    def _entry(self, index: int, streams: dict[str, Rows]) -> None:
        stored = streams["ledger_leaf"].one(index)
        detail = streams["ledger_detail"].one(index)
        access = streams["ledger_access"].one(index)
        records = streams["ledger_record"].take(index)
        if stored is None:
            self.report.add(index, "the entry is missing")
            self._torn = True
            return
        encoded = bytes(stored[0])
        hashed = leaf_hash(encoded)
        self._frontier.append(hashed)
        self._tiled(index, hashed)
        try:
            leaf = leaves.decode(encoded)
        except leaves.LeafError as error:
            self.report.add(index, f"the entry is no leaf: {error}")
            return
        self._check_time(index, leaf)
        self._check_detail(index, leaf, hashed, detail)
        if access is None:
            self.report.add(index, "the row of ledger_access is missing")
        elif access != leaves.access_row(leaf):
            self.report.add(index, "the row of ledger_access isn't what the entry says")
        self._check_records(index, leaf, [RecordRef(*row) for row in records])

    def _check_time(self, index: int, leaf: leaf_pb2.Leaf) -> None:
        if leaf.time_us < self._time_us:
            self.report.add(index, "the entry's time lies before that of the entry before")
        self._time_us = max(self._time_us, leaf.time_us)

    def _check_detail(self, index: int, leaf: leaf_pb2.Leaf, hashed: bytes, row: tuple[Any, ...] | None) -> None:
        if row is None:
            self.report.add(index, "the sealed detail is missing")
            return
        try:
            detail = self._details.open(index, hashed, row[0], leaf.detail_hash)
        except DetailError as error:
            self.report.add(index, f"{error}: the entry or its detail was changed, moved or exchanged")
            return
        self.each(index, leaf, detail)

    def _check_records(self, index: int, leaf: leaf_pb2.Leaf, records: list[RecordRef]) -> None:
        if not records:
            if leaf.record_hash:
                self.report.add(index, "the record that the entry wrote isn't named in ledger_record")
        elif leaf.record_hash != leaves.record_hash(records):
            self.report.add(index, "the records in ledger_record aren't those of the entry")
        elif leaf.record_version != records[0].version:
            self.report.add(index, "the version in ledger_record isn't that of the entry")

    def _checkpoint(self, size: int, signed: bytes) -> None:
        """A checkpoint must be signed, and over this tree. A wrong root lies between the last right one and this."""
        self.report.checkpoints += 1
        origin = self.epochs.origin(size)
        try:
            checkpoint = note.verify(signed, self._verifier(origin))
        except NoteError as error:
            self.report.add(size - 1, f"the checkpoint of {size} entries isn't ours: {error}")
            return
        if self._torn:
            return
        if checkpoint != Checkpoint(origin, size, self._frontier.root()):
            where = f"one of the entries {self._signed_size} to {size - 1} was changed, deleted, inserted or reordered"
            problem = f"the tree of {size} entries hasn't the root that was signed: {where}"
            self.report.add(self._first_suspect(size), problem)
            self._torn = True
            return
        self._signed_size = size

    def _tiled(self, index: int, hashed: bytes) -> None:
        """Compare each full tile with what the leaves give."""
        self._tile.append(hashed)
        level, hashes = 0, self._tile
        tile = index // WIDTH
        while len(hashes) == WIDTH:
            root = root_of(hashes)
            row = self._conn.execute(
                "SELECT hashes, root FROM ledger_tile WHERE level = %s AND tile = %s", (level, tile), prepare=True
            ).fetchone()
            self._compare_tile(level, tile, hashes, root, row)
            hashes.clear()
            level, tile = level + 1, tile // WIDTH
            hashes = self._tiles.setdefault(level, [])
            hashes.append(root)

    def _compare_tile(
        self, level: int, tile: int, hashes: list[bytes], root: bytes, row: tuple[Any, ...] | None
    ) -> None:
        width = WIDTH**level
        first = tile * WIDTH * width
        if row is None:
            self.report.add(first, f"tile {tile} of level {level} is missing")
        elif row[0] != b"".join(hashes):
            differing = next(at for at in range(WIDTH) if row[0][at * HASH_BYTES : (at + 1) * HASH_BYTES] != hashes[at])
            self.report.add(first + differing * width, f"the entry's hash isn't that of tile {tile} of level {level}")
        elif row[1] != root:
            self.report.add(first, f"the root of tile {tile} of level {level} isn't that of its hashes")

    def _tiles_that_are_too_many(self, size: int) -> None:
        query = "SELECT level, tile FROM ledger_tile WHERE (tile + 1) * power(256, level + 1) > %s ORDER BY level, tile"
        for level, tile in self._conn.execute(query, (size,)):
            self.report.add(-1, f"tile {tile} of level {level} lies beyond the last entry")

    def _head(self, size: int, root: bytes, frontier: bytes, time_us: int, origin: str) -> None:
        report = self.report
        if size != report.size:
            report.add(min(size, report.size), f"the head says {size} entries, there are {report.size}")
        elif not self._torn and (root, frontier) != (report.root, self._frontier.encode()):
            report.add(-1, "the head's root or frontier isn't that of the tree")
        if time_us < self._time_us:
            report.add(-1, "the head's time lies before that of the last entry")
        if size and origin != self.epochs.origin(size):
            report.add(-1, "the head's origin isn't that of the last epoch")
        if not self._torn and self._signed_size != report.size:
            report.add(self._first_suspect(report.size), "no checkpoint was signed over the last entries")

    def _first_suspect(self, size: int) -> int:
        """The first entry that no checkpoint speaks for; one that was found bad by itself is more to the point."""
        bad = [each.index for each in self.report.findings if self._signed_size <= each.index < size]
        return min(bad, default=self._signed_size)

    def _verifier(self, origin: str) -> Verifier:
        verifier = self._verifiers.get(origin)
        if verifier is None:
            verifier = self._verifiers[origin] = Verifier.of(self._signer, origin)
        return verifier
