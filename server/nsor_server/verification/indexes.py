"""Every index compared with its table: a row that its index lacks is there, and no statement finds it.

Whoever owns the database can switch an index off for a moment. What is added meanwhile is missing from it for ever, a
row that is changed stands in it under its old key, and a unique index lets a second row in; the catalog shows nothing
of it afterwards. So each index of the register is read from its beginning to its end, and the table by itself.

Which indexes there are says the catalog. A B-tree is read twice: the rows in its order, which have to be those of the
table and mustn't fall; and the keys that stand in the index itself, which have to be those of the rows. Then each row
stands under its own key. Where two neighbours in a unique index are equal, a row is too many. A hash index has no
order: it is asked for every key of the table.

A small register has a hundred indexes of few rows: what one verification costs there is how often PostgreSQL is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.rows import TupleRow

from nsor.counting import counted
from nsor_server.verification.report import Report

Connection = psycopg.Connection[TupleRow]

_INDEXES: Final = """
SELECT t.relname, c.relname, m.amname, i.indisunique, coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true'),
       ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, n, false)
               FROM pg_catalog.generate_series(1, i.indnkeyatts) AS n ORDER BY n)
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
 WHERE t.relnamespace = 'public'::pg_catalog.regnamespace AND t.relkind = 'r'
       AND pg_catalog.has_table_privilege(t.oid, 'SELECT')
 ORDER BY 1, 2
"""
_BY_THE_INDEX: Final = {
    "enable_seqscan": "off",
    "enable_sort": "off",
    "enable_incremental_sort": "off",
    "enable_bitmapscan": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}
_BY_THE_TABLE: Final = {
    "enable_indexscan": "off",
    "enable_indexonlyscan": "off",
    "enable_bitmapscan": "off",
    "jit": "off",
}
# Each type's own hash: to write a row as text first takes three times as long.
_PLACES: Final = "coalesce(sum(hashtidextended({place}, 0)) {filter}, 0)::text"
_KEYS: Final = "coalesce(sum(hash_record_extended(ROW({keys}), 0)) {filter}, 0)::text"
_HEAP: Final = "SELECT {sums} FROM ONLY {table}"
# Of an index-only scan the keys are the index's, not the table's.
_B_TREE: Final = """
SELECT of_rows.*, of_keys.*
  FROM (
    SELECT {places}, count(*), coalesce(bool_or(falls), false), coalesce(bool_or(equals), false)
      FROM (
        SELECT ctid AS place, ROW({keys}) < ROW({before}) AS falls, ROW({keys}) = ROW({before}) AS equals
          FROM ONLY {table} WHERE {where} WINDOW w AS (ORDER BY {keys})
      ) AS ordered
  ) AS of_rows,
  (SELECT {sum} FROM (SELECT {keys} FROM ONLY {table} WHERE {where} ORDER BY {keys}) AS k ({names})) AS of_keys
"""
# A range of places is read from the table itself, also where whole tables aren't to be read.
_HASH: Final = """
SELECT {places}, count(*), false, false
  FROM (SELECT DISTINCT k FROM (SELECT {keys} AS k, ctid FROM ONLY {table} WHERE ctid >= '(0,0)' OFFSET 0) AS t) AS q
 CROSS JOIN LATERAL (SELECT ctid AS place FROM ONLY {table} WHERE {keys} = q.k OFFSET 0) AS i
"""


class _Index(NamedTuple):
    """An index, as the catalog says it."""

    table: str
    name: str
    method: str
    is_unique: bool
    where: str
    keys: list[str]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What a table holds of an index.

    Attributes:
        places: sum of the hashes of where the rows lie.
        count: how many they are.
        keys: sum of the hashes of their keys.
    """

    places: str
    count: int
    keys: str


class _NotByIndex(Exception):
    """PostgreSQL wouldn't read the index."""


def compare(conn: Connection, report: Report) -> None:
    """Add a finding for each index that isn't what its table says.

    Args:
        conn: any role that may read, in one snapshot.
        report: gets the findings.
    """
    found = [_Index(*row) for row in conn.execute(_INDEXES).fetchall()]
    with conn.transaction(force_rollback=True):
        _set(conn, _BY_THE_TABLE)
        held = [
            rows
            for table, of_table in groupby(found, key=lambda each: each.table)
            for rows in _held(conn, table, list(of_table))
        ]
    with conn.transaction(force_rollback=True):
        _set(conn, _BY_THE_INDEX)
        for index, rows in zip(found, held, strict=True):
            for problem in _problems(conn, index, rows):
                report.add(-1, f"the index {index.name} of {index.table} {problem}")
    report.remarks.append(f"{len(found)} indexes were compared with their tables")


def _problems(conn: Connection, index: _Index, rows: _Rows) -> Iterator[str]:
    try:
        if index.method == "hash":
            scans = {("Tid Range Scan", ""), ("Index Scan", index.name)}
            keys, (places, count, falls, equals) = rows.keys, _read(conn, index, _HASH, scans)
        else:
            scans = {("Index Scan", index.name), ("Index Only Scan", index.name)}
            places, count, falls, equals, keys = _read(conn, index, _B_TREE, scans)
    except _NotByIndex:
        yield "can't be compared: PostgreSQL doesn't read it"
        return
    if (places, count) != (rows.places, rows.count):
        yield f"has {counted(count, 'rows')}, and there are {rows.count}, or others: a statement doesn't find them all"
    elif falls or keys != rows.keys:
        yield "has a row under another key than its own: a statement doesn't find it"
    if index.is_unique and equals:
        yield "is unique, and has two rows of one key"


def _held(conn: Connection, table: str, indexes: Iterable[_Index]) -> list[_Rows]:
    """What the table holds of each index, read once."""
    sums = []
    for index in indexes:
        only = f"FILTER (WHERE {index.where})"
        sums += [
            _PLACES.format(place="ctid", filter=only),
            f"count(*) {only}",
            _KEYS.format(keys=", ".join(index.keys), filter=only),
        ]
    row = _one(conn, _HEAP.format(sums=", ".join(sums), table=_quoted(table)))
    return [_Rows(*row[at : at + 3]) for at in range(0, len(row), 3)]


def _read(conn: Connection, index: _Index, query: str, scans: set[tuple[str, str]]) -> tuple[Any, ...]:
    """The one row of a query that PostgreSQL answers by these scans.

    Raises:
        _NotByIndex: it would answer it otherwise.
    """
    names = ", ".join(f"k{nth}" for nth in range(len(index.keys)))
    text = query.format(
        places=_PLACES.format(place="place", filter=""),
        sum=_KEYS.format(keys=names, filter=""),
        keys=", ".join(index.keys),
        before=", ".join(f"lag({key}) OVER w" for key in index.keys),
        names=names,
        table=_quoted(index.table),
        where=index.where,
    )
    ((plan,),) = conn.execute(f"EXPLAIN (FORMAT JSON) {text}".encode()).fetchall()
    if set(_scans(plan[0]["Plan"])) != scans:
        raise _NotByIndex
    return _one(conn, text)


def _scans(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """How a plan reads tables, and by which index."""
    if "Relation Name" in plan:
        yield plan["Node Type"], plan.get("Index Name", "")
    for part in plan.get("Plans", ()):
        yield from _scans(part)


def _one(conn: Connection, query: str) -> tuple[Any, ...]:
    (row,) = conn.execute(query.encode()).fetchall()
    return row


def _set(conn: Connection, settings: dict[str, str]) -> None:
    """Until the end of the transaction."""
    conn.execute("; ".join(f"SET LOCAL {name} = {value}" for name, value in settings.items()).encode())


def _quoted(table: str) -> str:
    return f'public."{table}"'
