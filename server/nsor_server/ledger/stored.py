"""What a service offers of its tables to be compared with the ledger.

Each service has a module `stored` that names its sealed tables and finds what in them isn't what it must be;
verification collects them. What the services' modules share is here, below them.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

import psycopg
from google.protobuf.message import DecodeError
from psycopg.rows import TupleRow

from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.calls import Table
from nsor_server.storage.deciding import Deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

Connection = psycopg.Connection[TupleRow]
T = TypeVar("T")

UUID_OF_RECORD: Final = "CASE WHEN octet_length(r.row_id) = 16 THEN encode(r.row_id, 'hex')::uuid END"
"""An SQL expression of the id that a row of ``ledger_record AS r`` names: a table is joined to it by its own key. By an
expression of the table's id, each record would go through all of the table."""
NO_ROW: Final = 1 << 63
"""An index that no entry has."""
_LAST: Final = (NO_ROW,)
_AT_A_TIME: Final = 2000
_NUMBERS: Final = itertools.count()
"""Of cursors: no two of a transaction have one name."""
_MOST_OF_A_NAME: Final = 63
"""Bytes; PostgreSQL cuts a longer one."""
_TIMES: Final = """
SELECT record.index, '{name}', (extract(epoch FROM stored.time) * 1000000)::bigint
FROM (SELECT {row_id} AS row_id, {version}::bigint AS version, {time} AS time FROM {source} AS rows) AS stored
JOIN ledger_record AS record
    ON record.table_name = '{name}' AND record.row_id = stored.row_id AND record.version = stored.version
"""


Add = Callable[[int, str], None]
"""Takes a finding: the index of the first entry that it concerns, or -1, and what is wrong, which names no person."""


@dataclass(frozen=True, slots=True)
class RecordedTable:
    """A table each of whose rows is the work of one entry, and is never changed.

    Attributes:
        name: the table.
        row_id: column of the row's id, a uuid; an expression of its bytes for a row that isn't sealed.
        version: column of its version; None for a row that is written once, whose version is 1.
        sealed: column of the sealed bytes.
        unsealed_as: for rows that aren't sealed, how all their columns are hashed; None: they are sealed.
        source: what the rows are read from, where that isn't the table itself.
        written_at: a column that says when the entry was that added the row.
    """

    name: str
    row_id: str
    version: str | None = None
    sealed: str = "sealed"
    unsealed_as: Deciding | None = None
    source: str = ""
    written_at: str = ""

    @classmethod
    def of(cls, table: Deciding) -> RecordedTable:
        """A table whose rows decide: all their columns are compared."""
        return cls(table.table.name, table.row_id_bytes, table.version, unsealed_as=table)

    @classmethod
    def unsealed(cls, table: Table, source: str = "") -> RecordedTable:
        """A table whose rows are neither sealed nor decide: all their columns are compared."""
        of = Deciding(table, table.row_id, table.version or None)
        name = table.recorded_as or table.name
        return cls(name, of.row_id_bytes, of.version, unsealed_as=of, source=source, written_at=table.written_at)

    @property
    def row_id_bytes(self) -> str:
        """An expression of the bytes that a row is known by."""
        return self.row_id if self.unsealed_as else f"uuid_send({self.row_id})"

    @property
    def order(self) -> str:
        """An expression that orders rows as the bytes of their ids do."""
        if self.unsealed_as is None:
            return self.row_id
        kinds = dict(self.unsealed_as.table.columns)
        return self.unsealed_as.row_id if kinds[self.unsealed_as.row_id] in {"uuid", "bytea"} else self.row_id

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns by which a row is compared."""
        if self.unsealed_as is not None:
            return tuple(name for name, _ in self.unsealed_as.table.columns)
        return (self.row_id, self.version or "1", self.sealed)

    def recorded(self) -> Callable[[tuple[Any, ...]], tuple[tuple[bytes, int], bytes]]:
        """What says of a row's values in ``columns`` what the ledger must have: its id and version, and the SHA-256.

        It raises TypeError when a value isn't of its column's type.
        """
        if self.unsealed_as is None:
            return _sealed
        ref_of = self.unsealed_as.of_values()

        def unsealed(values: tuple[Any, ...]) -> tuple[tuple[bytes, int], bytes]:
            _, row_id, version, sha256 = ref_of(values)
            return (row_id, version), sha256

        return unsealed


def _sealed(values: tuple[Any, ...]) -> tuple[tuple[bytes, int], bytes]:
    row_id, version, sealed = values
    return (row_id.bytes, version), hashlib.sha256(sealed).digest()


Told: TypeAlias = Literal[
    "events",
    "listed",
    "listed_arrivals",
    "listed_disclosures",
    "listed_emergencies",
    "listed_findings",
    "listed_grants",
    "listed_recalls",
    "listed_requests",
    "listed_replays",
    "listed_watched_numbers",
    "listed_unusual",
    "listed_work",
    "refused",
    "screened",
    "spent",
    "validation_read",
]
"""A field of a detail that says what an answer told, or what a call has cost."""


@dataclass(frozen=True, slots=True)
class Concerns:
    """Which entries a comparison is asked about; of the others there is nothing that it could compare.

    Entries whose details were dropped concern every comparison. One of which others read what the last entry made of it
    is also asked about the entry after that one: what it made of an older one mustn't stay.

    Attributes:
        rows: entries that have some of these: its own, and those of the comparisons that it follows.
        methods: entries of these methods.
        told: entries whose details have one of these fields.
        every: all entries.
        also_next: each entry that is read after one of those.
    """

    rows: tuple[Rows, ...] = ()
    methods: frozenset[str] = frozenset()
    told: tuple[Told, ...] = ()
    every: bool = False
    also_next: bool = False


class OfEntries(Protocol):
    """Rows that are compared entry by entry, while the verification walks along the ledger."""

    concerns: Concerns
    """Which entries it is asked about."""

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry that concerns it, in their order. ``detail`` is None where it was dropped."""
        ...

    def finish(self) -> None:
        """Report what is left."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """What one service offers.

    Attributes:
        tables: its recorded tables.
        compare: opens every seal, and adds a finding for each that isn't what stands beside it says.
        of_entries: begins a comparison entry by entry.
    """

    tables: tuple[RecordedTable, ...] = ()
    compare: Callable[[Connection, Keyring, Add], None] | None = None
    of_entries: Callable[[Connection, Add], OfEntries] | None = None


class WrittenAt:
    """Rows of recorded tables that say when they were written: that is the time of their entry."""

    def __init__(self, conn: Connection, tables: Iterable[RecordedTable], add: Add) -> None:
        """``tables`` all have a column ``written_at``; they are read as one."""
        self._add = add
        times = " UNION ALL ".join(
            _TIMES.format(
                time=table.written_at,
                source=table.source or table.name,
                name=table.name,
                row_id=table.row_id_bytes,
                version=table.version or "1",
            )
            for table in tables
        )
        self._rows = Rows(conn, "times of rows", f"{times} ORDER BY 1", add)
        self.concerns = Concerns((self._rows,))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare the times of the entry's rows with its own."""
        for name, time_us in self._rows.take(index):
            if time_us != leaf.time_us:
                self._add(index, f"a row of {name} says another time than its entry")

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()


class Rows:
    """Rows of a table in the order of their index, taken as the verification walks along the leaves."""

    def __init__(self, conn: Connection, name: str, query: str, add: Add) -> None:
        self._name = name
        self._add = add
        self._rows = read(conn, name, query)
        self._next: tuple[Any, ...] = ()
        self.next_index = -1
        """Index of the next row; ``NO_ROW``: there is none."""
        self._go_on()

    def take(self, index: int) -> list[tuple[Any, ...]]:
        """The rows of an index, without it; a row that belongs to no index is a finding."""
        found = []
        while self.next_index <= index:
            if self.next_index == index:
                found.append(self._next[1:])
                self._go_on()
            else:
                self._report()
        return found

    def one(self, index: int) -> tuple[Any, ...] | None:
        """The one row of an index, or None; more than one is a finding."""
        while self.next_index < index:
            self._report()
        if self.next_index > index:
            return None
        found = self._next[1:]
        self._go_on()
        if self.next_index == index:
            self._add(index, f"{self._name} has several rows of one entry")
            self.take(index)
        return found

    def finish(self) -> None:
        """Report what is left."""
        while self.next_index != NO_ROW:
            self._report()

    def _report(self) -> None:
        """Add a finding for the next row, and go on behind it."""
        self._add(self.next_index, f"a row of {self._name} belongs to no entry")
        self._go_on()

    def _go_on(self) -> None:
        self._next = next(self._rows, _LAST)
        self.next_index = self._next[0]


def read(conn: Connection, name: str, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, some at a time.

    Whoever stops before the end leaves the cursor to the transaction, or to its savepoint: to close one that has ended
    with it would be refused, and end the transaction as well.
    """
    cursor = f"verify {next(_NUMBERS)} {name}"[:_MOST_OF_A_NAME]
    conn.execute(f'DECLARE "{cursor}" NO SCROLL CURSOR FOR {query}'.encode(), binary=True)
    fetch = f'FETCH {_AT_A_TIME} FROM "{cursor}"'.encode()
    rows: Sequence[tuple[Any, ...]] = [()] * _AT_A_TIME
    while len(rows) == _AT_A_TIME:
        yield from (rows := conn.execute(fetch, binary=True).fetchall())
    conn.execute(f'CLOSE "{cursor}"'.encode())


def recorded_index(table: str, row_id: str, version: str) -> str:
    """An SQL expression of the index of the entry that wrote a row; -1 when none did."""
    return f"""
        coalesce((
            SELECT index FROM ledger_record
            WHERE table_name = '{table}' AND row_id = uuid_send({row_id}) AND version = {version}
        ), -1)
    """  # noqa: S608 - constants


def opened(add: Add, index: int, table: str, opening: Callable[[], T]) -> T | None:
    """What a seal holds; None, with a finding, when it doesn't open or isn't what the columns say."""
    try:
        return opening()
    except (errors.Internal, DecodeError):
        add(index, f"a seal of {table} doesn't open, or a column beside it was changed")
        return None
