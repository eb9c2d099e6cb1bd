"""What a service offers of its tables to be compared with the ledger.

Each service has a module `stored` that names its sealed tables and finds what in them isn't what it must be;
verification collects them. What the services' modules share is here, below them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import psycopg
from google.protobuf.message import DecodeError
from psycopg.rows import TupleRow

from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.storage.deciding import Deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

Connection = psycopg.Connection[TupleRow]
T = TypeVar("T")

_AT_A_TIME: Final = 2000


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
        content: an expression of the bytes of a row that isn't sealed; empty for one that is.
    """

    name: str
    row_id: str
    version: str | None = None
    sealed: str = "sealed"
    content: str = ""

    @classmethod
    def of(cls, table: Deciding) -> RecordedTable:
        """A table whose rows decide: all their columns are compared."""
        return cls(table.table.name, table.row_id_bytes, table.version, content=table.content)


class OfEntries(Protocol):
    """Rows that are compared entry by entry, while the verification walks along the ledger."""

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry; all come in their order. ``detail`` is None where it was dropped."""
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


class Rows:
    """Rows of a table in the order of their index, taken as the verification walks along the leaves."""

    def __init__(self, conn: Connection, name: str, query: str, add: Add) -> None:
        self._name = name
        self._add = add
        self._rows = read(conn, name, query)
        self._next = next(self._rows, None)

    def take(self, index: int) -> list[tuple[Any, ...]]:
        """The rows of an index, without it; a row that belongs to no index is a finding."""
        found = []
        while self._next is not None and self._next[0] <= index:
            if self._next[0] == index:
                found.append(self._next[1:])
                self._next = next(self._rows, None)
            else:
                self._report(self._next[0])
        return found

    def one(self, index: int) -> tuple[Any, ...] | None:
        """The one row of an index, or None."""
        found = self.take(index)
        return found[0] if found else None

    def finish(self) -> None:
        """Report what is left."""
        while self._next is not None:
            self._report(self._next[0])

    def _report(self, index: int) -> None:
        """Add a finding for the next row, and go on behind it."""
        self._add(index, f"a row of {self._name} belongs to no entry")
        self._next = next(self._rows, None)


def read(conn: Connection, name: str, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, some at a time."""
    with conn.cursor(f"verify_{name}", withhold=False) as cursor:
        cursor.itersize = _AT_A_TIME
        cursor.execute(query.encode(), binary=True)
        yield from cursor


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
