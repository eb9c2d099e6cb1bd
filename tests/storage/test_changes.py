"""Rows that are added and versions that are looked at, for many calls at once, on the register's own tables."""

import contextlib
import datetime as dt
import os
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from nsor.v1 import notification_pb2
from nsor_server.calls import Row, Seen
from nsor_server.events import cursors, outbox
from nsor_server.registration import claims, store
from nsor_server.storage import changes, idempotency
from nsor_server.storage.pool import Database
from nsor_server.storage.session import BEGIN, COMMIT, ROLLBACK, Session

CREATED = notification_pb2.EVENT_KIND_REGISTRATION_CREATED
CREATED_AT = dt.datetime(2026, 3, 2, 12, 0, 0, 123_456, dt.UTC)
FIRST, SECOND, THIRD = (bytes([number]) * 16 for number in (1, 2, 3))


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session, with the agencies that rows name."""
    with database.owner() as owner:
        owner.execute(
            "INSERT INTO agency (agency_id, kind, name_en, name_ur, jurisdiction)"
            " SELECT agency_id, 1, 'name', 'نام', '{PK}' FROM unnest(%s::text[]) AS new (agency_id)",
            (["npb", "punjab-police", *(f"agency-{number}" for number in range(50))],),
        )
    with contextlib.closing(database.connect()) as connection:
        yield Session(connection)


VERSIONS = (
    "SELECT registration_id, version, state, responsible_place, created_by_agency, court_places, created_at, sealed"
    " FROM registration_version ORDER BY registration_id"
)
EMPTY = {"text": "", "text[]": [], "smallint": 0, "boolean": False}
"""A value of each type of column that a test doesn't look at; None where there is none."""


def version(registration_id: bytes, number: int, places: Sequence[str] | None = ("PK-PB/LHR",)) -> Row:
    given = {
        "registration_id": registration_id,
        "version": number,
        "state": store.CONFIRMED,
        "responsible_place": "PK-PB/LHR/PS-001",
        "created_by_agency": "punjab-prosecution",
        "court_places": None if places is None else list(places),
        "created_at": CREATED_AT,
        "sealed": b"sealed",
    }
    return Row(store.VERSIONS, tuple(given.get(name, EMPTY.get(kind)) for name, kind in store.VERSIONS.columns))


def identifier(registration_id: bytes, blind: bytes) -> Row:
    return Row(claims.IDENTIFIERS, (registration_id, 1, 2**32 - 1, blind, 1))


def acknowledged(agency_id: str, through: int) -> Row:
    return Row(cursors.TABLE, (agency_id, through))


def add(session: Session, *rows: Row) -> None:
    session.run(BEGIN, *changes.added(rows), COMMIT)


def moved(session: Session, *seen: Seen) -> list[int]:
    return sorted(position for rows in session.run(*changes.moved(seen)) for (position,) in rows)


def count(database: Database, table: str) -> Any:
    with database.transaction() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a constant
    assert row is not None
    return row[0]


def test_rows_are_stored_as_they_were_given(session: Session, database: Database) -> None:
    # Rows of several calls, and of several tables between each other: lists of unequal lengths, NULLs, bytes.
    add(
        session,
        version(FIRST, 1, ["PK-PB/LHR"]),
        *outbox.owed(CREATED, ["npb", "punjab-police", "npb"], registration_id=FIRST),
        version(SECOND, 1, ["PK-PB/LHR", "PK-SD/KHS", "PK"]),
        identifier(SECOND, bytes(range(32))),
    )
    with database.transaction() as connection:
        versions = connection.execute(VERSIONS).fetchall()
        owed = connection.execute(
            "SELECT recipient, kind, registration_id, notice_id FROM outbox ORDER BY recipient"
        ).fetchall()
        blind = connection.execute("SELECT kind, key_id, blind FROM registration_identifier").fetchall()
    assert [row[5] for row in versions] == [["PK-PB/LHR"], ["PK-PB/LHR", "PK-SD/KHS", "PK"]]
    assert versions[0][0].bytes == FIRST
    assert versions[0][1:5] == (1, store.CONFIRMED, "PK-PB/LHR/PS-001", "punjab-prosecution")
    assert versions[0][6:] == (CREATED_AT, b"sealed")
    assert [(row[0], row[1], row[2].bytes, row[3]) for row in owed] == [
        ("npb", CREATED, FIRST, None),
        ("punjab-police", CREATED, FIRST, None),
    ]
    assert blind == [(1, 2**32 - 1, bytes(range(32)))]


def test_one_statement_adds_the_rows_of_a_table(session: Session) -> None:
    rows = [row for number in range(50) for row in (acknowledged(f"agency-{number}", 1), version(os.urandom(16), 1))]
    steps = changes.added(rows)
    assert [statement.name for statement, _ in steps] == [b"added event_acknowledgement", b"added registration_version"]
    session.run(*steps)
    assert changes.added([]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        version(FIRST, 1),
        version(THIRD, 0),
        identifier(THIRD, b"short"),
        version(THIRD, 1, None),
    ],
)
def test_a_row_that_fails_leaves_nothing(session: Session, database: Database, wrong: Row) -> None:
    # Neither its neighbours in the same table nor those of tables before it.
    add(session, version(FIRST, 1))
    with pytest.raises(psycopg.errors.IntegrityError):
        add(session, acknowledged("npb", 1), version(SECOND, 1), wrong, identifier(SECOND, bytes(32)))
    session.run(ROLLBACK)
    assert count(database, "registration_version") == 1
    assert count(database, "event_acknowledgement") == count(database, "registration_identifier") == 0
    add(session, version(SECOND, 1))
    assert count(database, "registration_version") == 2


def test_versions_that_moved_are_named_by_their_position(session: Session) -> None:
    add(session, version(FIRST, 1), version(FIRST, 2), version(SECOND, 1), acknowledged("npb", 7))

    def head(registration_id: bytes, number: int) -> Seen:
        return Seen(store.HEADS, (registration_id,), number)

    def through(agency_id: str, sequence: int) -> Seen:
        return Seen(cursors.ACKNOWLEDGED, (agency_id,), sequence)

    # Positions are those in what was given, across kinds; what doesn't exist has version 0.
    seen = [head(FIRST, 2), through("npb", 7), head(FIRST, 1), through("npb", 6), head(SECOND, 1), head(THIRD, 0)]
    assert moved(session, *seen) == [2, 3]
    add(session, version(THIRD, 1), acknowledged("npb", 8), version(SECOND, 2))
    assert moved(session, *seen) == [1, 2, 3, 4, 5]
    assert changes.moved([]) == []


def test_keys_of_several_columns_are_told_apart(session: Session) -> None:
    # One that differs in one column only is another key.
    add(session, version(FIRST, 1), version(SECOND, 1), identifier(FIRST, b"a" * 32), identifier(SECOND, b"a" * 32))

    def holders(kind: int, key_id: int, blind: bytes, number: int) -> Seen:
        return Seen(claims.HOLDERS, (kind, key_id, blind), number)

    key_id = 2**32 - 1
    assert moved(
        session,
        holders(1, key_id, b"a" * 32, 2),
        holders(1, key_id, b"a" * 32, 1),
        holders(2, key_id, b"a" * 32, 0),
        holders(1, 5, b"a" * 32, 0),
        holders(1, key_id, b"b" * 16, 0),
    ) == [1]


def test_a_request_id_is_seen_as_used(session: Session) -> None:
    def unused(agency_id: str) -> Seen:
        return Seen(idempotency.USES, (agency_id, "nsor.v1.Test/Test", FIRST), 0)

    assert moved(session, unused("npb"), unused("punjab-police")) == []
    add(session, Row(idempotency.TABLE, ("npb", "nsor.v1.Test/Test", FIRST, b"kept", SECOND)))
    assert moved(session, unused("npb"), unused("punjab-police")) == [0]


def test_what_another_transaction_has_committed_is_seen_under_the_lock(session: Session, database: Database) -> None:
    # Each statement reads anew: a change that was committed after the transaction's first statement is noticed.
    seen = Seen(store.HEADS, (FIRST,), 0)
    session.run(BEGIN)
    assert moved(session, seen) == []
    with contextlib.closing(database.connect()) as other:
        add(Session(other), version(FIRST, 1))
    assert moved(session, seen) == [0]
    session.run(ROLLBACK)


def test_what_is_made_before_the_lock_waits_for_its_instant_alone(session: Session, database: Database) -> None:
    # Packing many rows takes as long as everything else that is done of them under the lock.
    owed = outbox.owed(CREATED, ["npb", "punjab-police"], registration_id=FIRST)
    made = changes.made([version(FIRST, 1), *owed])
    assert len(made.steps) == len(made.timed) == 1
    instant = dt.datetime(2026, 5, 4, 3, 2, 1, 654_321, dt.UTC)
    now_us = (instant - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    assert [each.at(now_us) for each in made.timed] == changes.added(owed, now_us)
    session.run(BEGIN, *made.steps, *(each.at(now_us) for each in made.timed), COMMIT)
    assert count(database, "registration_version") == 1
    with database.transaction() as connection:
        written = connection.execute("SELECT DISTINCT created_at FROM outbox").fetchall()
    assert written == [(instant,)]
