"""The tampering table: every column of every table, changed, and swapped between two rows; rows taken away and doubled.

It is generated from the catalog of a database with a small real story, as its superuser, without any constraint in the
way. `ledger verify` must say something of each that it didn't say before. What it doesn't see is listed, with a reason.
`make test` tries some of each table; with NSOR_TAMPERING=all, as `make soak` sets it, all are tried, which takes hours.
NSOR_TAMPERING=2/8 tries the second eighth of them: what was stopped goes on with the parts that are left. With
`pytest -s` it prints what goes unseen as soon as it is known, and how far it has come.

Most changes are seen by small parts of `ledger verify`, which are asked first. They are parts that are always made and
whose findings are all told, which is tried too: of all tables at once.
"""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from nsor_server.ledger import outside
from nsor_server.registration.closure import erasures as destroyed
from nsor_server.storage.embedded import SUPERUSER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.ledger_signers import LedgerSigners
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.verification import contents, indexes, records
from nsor_server.verification.report import Report
from nsor_server.verification.verified import of_rows, reported, verified
from tests.attack import everything
from tests.calls import ORIGIN
from tests.services import Services

pytestmark = pytest.mark.timeout(3600)

WANTED = os.environ.get("NSOR_TAMPERING", "")
"""Empty: some; "all", or which part of how many."""
TOLD_EVERY = 50
"""Tamperings after which it prints how far it has come."""
SAMPLED = 21
"""Of so many tamperings of a table one is tried by `make test`, and at least its first and its last."""

UNSEEN: dict[tuple[str, str], str] = {
    (
        "look_up",
        "request_hash",
    ): "a keyed hash of what was asked: it decides whether a repeat is one, and shows nothing",
}
"""Table and column: why no comparison speaks for it."""
UNSEEN_TABLES: dict[str, str] = {
    "budget": "what is left of each budget, changed in place by every look-up and by time: state, and no history",
    "write_probe": "what the server writes to see that it can write: it says nothing",
}
"""Table: why no comparison speaks for it."""

_OTHER = {
    "bool": "NOT {0}",
    "int2": "{0} + 1",
    "int4": "{0} + 1",
    "int8": "{0} + 1",
    "text": "{0} || 'x'",
    "bytea": "CASE WHEN octet_length({0}) = 32 THEN sha256({0}) ELSE {0} || '\\x00' END",
    "uuid": "gen_random_uuid()",
    "timestamptz": "{0} + interval '1 microsecond'",
    "_text": "array_append({0}, 'PK')",
    "_int2": "array_append({0}, 1::smallint)",
}
"""Another value of a column, by its type."""
_SOME = {
    "bool": "true",
    "int2": "1",
    "int4": "1",
    "int8": "1",
    "text": "'x'",
    "bytea": "sha256('x')",
    "uuid": "gen_random_uuid()",
    "timestamptz": "now()",
    "_text": "ARRAY['PK']",
    "_int2": "ARRAY[1::smallint]",
}
"""A value of a column that had none, by its type."""
_ENDS = ("min", "max")
"""The first row and the last one."""


@dataclass(frozen=True, slots=True)
class Tampering:
    """One statement that whoever owns the database can do."""

    table: str
    column: str
    kind: str
    statement: str

    def __str__(self) -> str:
        return f"{self.kind} {self.table}.{self.column}" if self.column else f"{self.kind} {self.table}"


@dataclass(frozen=True, slots=True)
class Register:
    """A database with a story, to tamper with."""

    conn: psycopg.Connection
    keyring: Keyring
    copy: Path

    def findings(self, *, of_indexes: bool = False) -> set[tuple[int, str]]:
        """What is found; of indexes only if asked for: a statement that changes a row changes them with it."""
        with pytest.MonkeyPatch.context() as patched:
            if not of_indexes:
                patched.setattr(indexes, "compare", lambda *_: None)
            report = verified(self.conn, self.keyring, ORIGIN, (self.copy, outside.extent(self.copy)))
        return {(each.index, each.problem) for each in report.findings}

    def after(self, tampering: Tampering) -> set[tuple[int, str]] | None:
        """What is found after a tampering, which is taken back; None when the table holds what it held.

        Two rows that differ in the column alone, exchanged, are the same two rows.
        """
        with self.conn.transaction(force_rollback=True):
            if not self.changed(tampering):
                return None
            return self.found_in(tampering.table) or self.found_beside() or self.findings()

    def changed(self, tampering: Tampering) -> bool:
        """Tamper; gives whether the table holds anything else than before."""
        before = self._rows(tampering.table)
        # No partition takes such a row: then nothing is changed.
        with contextlib.suppress(psycopg.IntegrityError), self.conn.transaction():
            self.conn.execute(tampering.statement.encode())
        return self._rows(tampering.table) != before

    def found_in(self, table: str) -> set[tuple[int, str]]:
        """What is found when the rows of a table alone are compared with the ledger's records of them.

        Nothing but these rows, these records and what was erased is read for it.
        """
        report = Report()
        of_table = [each for each in contents.TABLES if each.name == table]
        if not of_table:  # there are no records of it
            return set()
        with reported(self.conn, report):
            erased = destroyed.erased(self.conn, Sealer(self.keyring)).answers
            records.compare_each(self.conn, report, of_table, erased)
        return {(each.index, each.problem) for each in report.findings}

    def found_beside(self) -> set[tuple[int, str]]:
        """What is found when nothing is told again by the entries, but every seal is opened."""
        report = Report()
        of_rows(self.conn, self.keyring, report)
        return {(each.index, each.problem) for each in report.findings}

    def found_alone(self, tampering: Tampering) -> bool:
        """Tamper, if it is found in the table alone; gives whether it is."""
        with self.conn.transaction() as changing:
            found = self.changed(tampering) and bool(self.found_in(tampering.table))
            if not found:
                raise psycopg.Rollback(changing)
        return found

    def _rows(self, table: str) -> object:
        """Stands for the rows of a table, wherever they lie."""
        hashed = f"SELECT count(*), sum(hashtextextended(each::text, 0)) FROM {table} AS each"  # noqa: S608 - of the catalog
        return self.conn.execute(hashed.encode()).fetchone()


@pytest.fixture(scope="module")
def told(
    postgres: EmbeddedPostgres,
    copied: Callable[[str, str], Database],
    filled: str,
    _keys: Keyring,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Register]:
    """The story is told; no constraint is left, and nobody else is connected.

    PostgreSQL knows how many rows each table has: it would go through all records for each row of a table, where no
    constraint's index is left.
    """
    copy = tmp_path_factory.mktemp("tampering") / "checkpoints"
    keyring = _keys.with_ledger(LedgerSigners(_keys.ledger.signers))
    name = f"{filled}_tampering"
    with copied(name, filled) as database, Services(database, keyring) as services:
        everything.tell(services, database, keyring, copy)
    with psycopg.connect(postgres.conninfo(SUPERUSER, name), prepare_threshold=None) as conn:
        conn.execute("SET TimeZone = 'GMT'")
        _drop_constraints(conn)
        conn.execute("ANALYZE")
        conn.commit()
        yield Register(conn, keyring, copy)
        conn.rollback()


@pytest.fixture
def register(told: Register) -> Iterator[Register]:
    """It is as it was told for each test."""
    yield told
    told.conn.rollback()


def _drop_constraints(conn: psycopg.Connection) -> None:
    conn.execute("ALTER TABLE registration_version DISABLE TRIGGER USER")
    rows = conn.execute(
        """
        SELECT conrelid::regclass::text, conname FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conparentid = 0 AND contype IN ('c', 'f', 'u', 'p')
            AND NOT EXISTS (SELECT FROM pg_class WHERE oid = conrelid AND relispartition)
        ORDER BY contype <> 'f'
        """
    ).fetchall()
    for table, name in rows:
        conn.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {} CASCADE").format(sql.SQL(table), sql.Identifier(name)))
    for (name,) in conn.execute(
        "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON oid = indrelid"
        " WHERE indisunique AND relnamespace = 'public'::regnamespace AND NOT relispartition"
    ).fetchall():
        conn.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.SQL(name)))
    for table, column in conn.execute(
        "SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
        " AND attnum > 0 AND attnotnull AND relname <> 'ledger_head'"
    ).fetchall():
        with contextlib.suppress(psycopg.Error), conn.transaction():
            conn.execute(
                sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL").format(sql.SQL(table), sql.Identifier(column))
            )


def tamperings(conn: psycopg.Connection) -> list[Tampering]:
    """All of them, from the catalog."""
    columns = conn.execute(
        """
        SELECT relname, attname, typname FROM pg_attribute
        JOIN pg_class AS c ON c.oid = attrelid JOIN pg_type AS t ON t.oid = atttypid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            AND attnum > 0 AND NOT attisdropped
        ORDER BY relname, attnum
        """
    ).fetchall()
    found: list[Tampering] = []
    tables: dict[str, list[str]] = {}
    for table, column, kind in columns:
        tables.setdefault(table, []).append(column)
        other = _OTHER[kind].format(column)
        found += [Tampering(table, column, f"update {which}", _update(table, column, other, which)) for which in _ENDS]
        found.append(Tampering(table, column, "swap", _swap(table, column)))
        found.append(Tampering(table, column, "empty", _put(table, column, "NULL", "IS NOT NULL")))
        found.append(Tampering(table, column, "fill", _put(table, column, _SOME[kind], "IS NULL")))
        found.append(Tampering(table, column, "insert", _insert(table, tables, column, other, columns)))
    for table in tables:
        found += [
            Tampering(table, "", f"delete {which}", f"DELETE FROM {table} WHERE {_one(table, which)}")  # noqa: S608
            for which in _ENDS
        ]
    return found


def chosen(wanted: list[Tampering], which: str) -> list[Tampering]:
    """Some of each table (""), all of them ("all"), or one of several parts ("2/8"), which together are all."""
    if not which:
        return sampled(wanted)
    nth, parts = (1, 1) if which == "all" else map(int, which.split("/"))
    if not 1 <= nth <= parts:
        raise ValueError(f"NSOR_TAMPERING={which}: there is no such part")
    # Of each kind each part has as many: some kinds change nothing in most columns.
    return sorted(wanted, key=lambda each: each.kind)[nth - 1 :: parts]


def sampled(wanted: list[Tampering]) -> list[Tampering]:
    """Some of each table."""
    found: list[Tampering] = []
    for _, each in itertools.groupby(sorted(wanted, key=lambda each: each.table), key=lambda each: each.table):
        of_table = list(each)
        found += of_table[:-1:SAMPLED] + of_table[-1:]
    return found


def _one(table: str, which: str) -> str:
    order = "" if which == "min" else " DESC"
    return f"(tableoid, ctid) = (SELECT tableoid, ctid FROM {table} ORDER BY ctid{order} LIMIT 1)"  # noqa: S608


def _update(table: str, column: str, other: str, which: str) -> str:
    return (
        f"UPDATE {table} SET {column} = coalesce({other}, {column}) WHERE {_one(table, which)} AND {column} IS NOT NULL"  # noqa: S608
    )


def _put(table: str, column: str, value: str, where: str) -> str:
    """Give the last row whose column is so another value there."""
    return f"""
        UPDATE {table} SET {column} = {value}
        WHERE (tableoid, ctid) = (
            SELECT tableoid, ctid FROM {table} WHERE {column} {where} ORDER BY ctid DESC LIMIT 1
        )
    """  # noqa: S608


def _swap(table: str, column: str) -> str:
    """Exchange the column between the first row and the last one that has another value."""
    return f"""
        WITH one AS (SELECT tableoid AS t, ctid AS c, {column} AS v FROM {table} ORDER BY ctid LIMIT 1),
            two AS (
                SELECT tableoid AS t, ctid AS c, {column} AS v FROM {table}
                WHERE {column} IS DISTINCT FROM (SELECT v FROM one) ORDER BY ctid DESC LIMIT 1
            ),
            pair AS (
                SELECT one.t, one.c, two.v FROM one, two UNION ALL SELECT two.t, two.c, one.v FROM one, two
            )
        UPDATE {table} AS mine SET {column} = pair.v FROM pair WHERE (mine.tableoid, mine.ctid) = (pair.t, pair.c)
    """  # noqa: S608


def _insert(
    table: str, tables: dict[str, list[str]], column: str, other: str, columns: list[tuple[str, str, str]]
) -> str:
    """A copy of the first row with another value of the column."""
    names = [name for of, name, _ in columns if of == table]
    values = [f"coalesce({other}, {name})" if name == column else name for name in names]
    assert tables
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}"  # noqa: S608
        f" WHERE {column} IS NOT NULL ORDER BY ctid LIMIT 1"
    )


def test_no_tampering_goes_unseen(register: Register) -> None:
    # Whoever owns the database changes one thing behind the register's back.
    assert register.findings(of_indexes=True) == set()
    register.conn.rollback()
    wanted = tamperings(register.conn)
    empty = {each.table for each in wanted if not register.conn.execute(f"SELECT FROM {each.table} LIMIT 1").rowcount}
    assert empty == set()  # a table without a row in the story would be tried in vain
    assert {each.table for each in wanted if register.found_in(each.table)} == set()
    register.conn.rollback()
    tried, listed, unseen, idle = 0, 0, list[str](), list[str]()
    these = chosen(wanted, WANTED)
    for nth, tampering in enumerate(these):
        if WANTED and nth % TOLD_EVERY == 0:
            print(f"{nth} of {len(these)} done, at {tampering}", flush=True)
        if tampering.table in UNSEEN_TABLES or (tampering.table, tampering.column) in UNSEEN:
            listed += 1
            continue
        after = register.after(tampering)
        if after is None:
            idle.append(str(tampering))
        else:
            tried += 1
            if not after:
                unseen.append(str(tampering))
                print(f"unseen: {tampering}", flush=True)
    print(f"{tried} tamperings of {len(wanted)} tried, {len(idle)} changed nothing, {len(unseen)} unseen")
    assert tried + listed > (len(these) / 2 if WANTED else len(wanted) / (2 * SAMPLED))
    assert unseen == []


# Otherwise it would prove nothing that a part of verification finds something.
@pytest.mark.parametrize("kind", ["update min", "insert", "delete min"])
def test_what_a_part_finds_is_found(register: Register, kind: str) -> None:
    found, tables = set[tuple[int, str]](), set[str]()
    with register.conn.transaction(force_rollback=True):
        of_kind = [each for each in tamperings(register.conn) if each.kind == kind]
        for table, those in itertools.groupby(of_kind, key=lambda each: each.table):
            if any(register.found_alone(each) for each in those):
                tables.add(table)
        for table in tables:
            found |= register.found_in(table)
        assert tables == {each.name for each in contents.TABLES}
        beside = register.found_beside()
        assert beside
        assert found | beside <= register.findings()


def test_the_parts_are_all_of_them_each_once() -> None:
    kinds = ("update", "swap", "empty", "fill", "insert", "delete")
    wanted = [Tampering("notice", str(nth), kinds[nth % 6], "") for nth in range(101)]
    parts = [chosen(wanted, f"{nth}/8") for nth in range(1, 9)]
    assert sorted(map(str, itertools.chain(*parts))) == sorted(map(str, wanted))
    assert {len(each) for each in parts} == {12, 13}
    assert all({each.kind for each in part} == set(kinds) for part in parts)
    assert sorted(map(str, chosen(wanted, "all"))) == sorted(map(str, wanted))
    assert chosen(wanted, "") == sampled(wanted)
    for wrong in ("0/8", "9/8"):
        with pytest.raises(ValueError, match="no such part"):
            chosen(wanted, wrong)


# Verification ends with a finding, and not with a fault of the program, where PostgreSQL refuses its statements.
def test_a_column_that_is_gone_is_a_finding(register: Register) -> None:
    register.conn.execute("ALTER TABLE notice RENAME COLUMN sealed TO other")
    found = [problem for _, problem in register.findings()]
    assert any("UndefinedColumn" in problem and "a comparison ended there" in problem for problem in found)
