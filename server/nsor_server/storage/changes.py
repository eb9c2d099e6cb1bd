"""Rows that are added, and versions that are looked at, for many calls at once: one statement a table.

Of a table with a key, which is state and no history, a row takes the place of the one that is there.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.storage import arrays
from nsor_server.storage.session import Statement, Step


class Timed(NamedTuple):
    """A statement that adds rows, but for the instant of their entry, which isn't known before the lock.

    Attributes:
        statement: takes the columns, and the instant behind them.
        columns: packed.
    """

    statement: Statement
    columns: Sequence[bytes]

    def at(self, now_us: int) -> Step:
        """It, at an instant in microseconds since 1970."""
        return self.statement(*self.columns, arrays.integer(now_us))


class Made(NamedTuple):
    """Statements that add rows, made before the rows' entry has its instant.

    Attributes:
        steps: those that don't need it.
        timed: those that do.
    """

    steps: list[Step]
    timed: list[Timed]


def made(rows: Sequence[Row]) -> Made:
    """As ``added``, as far as it can be done beforehand."""
    return of_columns(packed(rows))


def of_columns(packed: Iterable[tuple[Table, Sequence[bytes]]]) -> Made:
    """The same of rows whose columns are packed already, one table after the other."""
    made = Made([], [])
    for table, columns in packed:
        if table.written_at:
            made.timed.append(Timed(_added_at(table), columns))
        else:
            made.steps.append(_added(table)(*columns))
    return made


def moved(seen: Sequence[Seen]) -> list[Step]:
    """Statements that give the positions of what isn't the newest any more, one column; one for each kind."""
    kinds: dict[str, list[int]] = {}
    for position, each in enumerate(seen):
        kinds.setdefault(each.what.name, []).append(position)
    steps = []
    for positions in kinds.values():
        own = [seen[position] for position in positions]
        what = own[0].what
        keys = [arrays.PACKERS[kind]([each.key[nth] for each in own]) for nth, kind in enumerate(what.key)]
        versions = arrays.longs([each.version for each in own])
        steps.append(_moved(what)(arrays.integers(positions), versions, *keys))
    return steps


def added(rows: Sequence[Row], now_us: int | None = None) -> list[Step]:
    """Statements that add the rows: one for each table, in the order in which the tables come first.

    ``now_us`` is the instant of their entries, microseconds since 1970; without it the database's clock says when they
    were written.
    """
    steps = []
    for table, columns in packed(rows):
        if table.written_at and now_us is not None:
            steps.append(Timed(_added_at(table), columns).at(now_us))
        else:
            steps.append(_added(table)(*columns))
    return steps


def packed(rows: Sequence[Row]) -> Iterator[tuple[Table, list[bytes]]]:
    """The columns of the rows of each table, in the order in which the tables come first."""
    tables: dict[str, list[Row]] = {}
    for row in rows:
        for each in (row, *row.beside):
            tables.setdefault(each.table.name, []).append(each)
    for own in tables.values():
        table = own[0].table
        values = zip(*(row.values for row in own), strict=True)
        yield table, [arrays.PACKERS[kind](column) for (_, kind), column in zip(table.columns, values, strict=True)]


@functools.cache
def _moved(what: Versions) -> Statement:
    packed = "".join(f", ${nth + 3}::{_carrier(kind)}[]" for nth, kind in enumerate(what.key))
    names = "".join(f", k{nth + 1}" for nth in range(len(what.key)))
    keys = "".join(f", k{nth}::{kind} AS k{nth}" for nth, kind in enumerate(what.key, 1))
    sql = (
        f"SELECT q.nth FROM (SELECT nth, version{keys} FROM unnest($1::integer[], $2::bigint[]{packed})"  # noqa: S608 - constants
        f" AS p (nth, version{names})) AS q WHERE q.version IS DISTINCT FROM {what.current}"
    )
    return Statement(f"moved {what.name}".encode(), sql.encode())


@functools.cache
def _added(table: Table) -> Statement:
    names, values, rows = _parts(table)
    sql = f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {rows}"  # noqa: S608 - constants
    if table.key:
        changed = ", ".join(f"{name} = excluded.{name}" for name, _ in table.columns if name not in table.key)
        sql += f" ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {changed}"
    return Statement(f"added {table.name}".encode(), sql.encode())


@functools.cache
def _added_at(table: Table) -> Statement:
    names, values, rows = _parts(table)
    instant = f"timestamptz 'epoch' + ${len(table.columns) + 1}::bigint * interval '1 microsecond'"
    sql = f"INSERT INTO {table.name} ({names}, {table.written_at}) SELECT {values}, {instant} FROM {rows}"  # noqa: S608 - constants
    return Statement(f"added {table.name} at".encode(), sql.encode())


def _parts(table: Table) -> tuple[str, str, str]:
    """The columns, their values, and the rows that give them."""
    given = ", ".join(f"${nth}::{_carrier(kind)}[]" for nth, (_, kind) in enumerate(table.columns, 1))
    names = ", ".join(name for name, _ in table.columns)
    values = ", ".join(f"q.{name}::{kind}" if kind.endswith("[]") else f"q.{name}" for name, kind in table.columns)
    return names, values, f"unnest({given}) AS q ({names})"


def _carrier(kind: str) -> str:
    """The type in which a column travels: arrays as their text, since an array of arrays needs equal lengths."""
    return "text" if kind.endswith("[]") else kind
