"""The directory in memory: what of it is true, and when it becomes a newer one."""

import contextlib
import dataclasses
import datetime as dt
import functools
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from nsor.v1 import options_pb2
from nsor_server.access import directory
from nsor_server.access.directory import Directory, Prove
from nsor_server.access.facts import Certificate
from nsor_server.calls import Agency, Officer
from nsor_server.ledger import directory_proof
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage.clock import Clock
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import deciding, policies
from tests.polling import until

AT = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
NPB = Agency("npb", options_pb2.AGENCY_KIND_NPB, ("PK",), True, "NPB", "این پی بی")  # noqa: FBT003 - as it is read
OFF = Agency("off", options_pb2.AGENCY_KIND_POLICE, ("PK-PB", "PK-SD"), False, "Off", "بند")  # noqa: FBT003 - as it is read


def number(nth: int) -> bytes:
    return bytes([nth]) * 32


@pytest.fixture(autouse=True)
def filled(database: Database, keyring: Keyring) -> None:
    """A policy, two agencies, and of certificates and of officers one that counts and one that doesn't."""
    policies.enter(database, keyring)
    with database.owner() as conn, conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO agency (agency_id, kind, jurisdiction, name_en, name_ur) VALUES (%s,%s,%s,%s,%s)",
            [(a.agency_id, a.kind, list(a.jurisdiction), a.name_en, a.name_ur) for a in (NPB, OFF)],
        )
        cursor.execute("INSERT INTO agency_state VALUES ('off', 1, false), ('npb', 1, false), ('npb', 2, true)")
        cursor.executemany(
            "INSERT INTO certificate (serial, agency_id, fingerprint, not_before, not_after) VALUES (%s,%s,%s,%s,%s)",
            [(serial, "npb", number(nth), AT, AT + dt.timedelta(days=90)) for nth, serial in enumerate(("a1", "b2"))],
        )
        cursor.execute("INSERT INTO certificate_revocation (serial, reason) VALUES ('b2', 'keyCompromise')")
        cursor.executemany(
            "INSERT INTO officer (key_id, agency_id, officer_number, public_key, jurisdiction, grade, access_id,"
            " enrolled_by) VALUES (%s, 'npb', %s, %s, %s, 17, gen_random_uuid(), sha256(''))",
            [(number(3), "N-1", number(4), ["PK-PB"]), (number(5), "N-2", number(6), [])],
        )
        cursor.execute(
            "INSERT INTO officer_disabled (key_id, reason, decided_by, agency_id, access_id)"
            " VALUES (%s, 1, sha256(''), 'npb', gen_random_uuid())",
            (number(5),),
        )
        deciding.record(conn, keyring)


@pytest.fixture
def prove(keyring: Keyring) -> Prove:
    return functools.partial(directory_proof.prove, keys=LogKeys.of(keyring))


@pytest.fixture
def change(database: Database, keyring: Keyring) -> Callable[[], None]:
    """Changes what decides: another serial is revoked."""
    serials = itertools.count(1)

    def act() -> None:
        with database.owner() as conn:
            conn.execute("INSERT INTO certificate_revocation VALUES (%s, 'unspecified')", (f"{next(serials):x}",))
            deciding.record(conn, keyring)

    return act


def test_a_snapshot_says_who_is_who_and_who_counts_no_more(database: Database, prove: Prove) -> None:
    with database.transaction() as conn:
        found = directory.read(conn, prove, Clock())
    assert found.version == 2
    assert found.agencies == {"npb": NPB, "off": OFF}
    until_then = AT + dt.timedelta(days=90)
    assert found.certificates == {
        "a1": Certificate("a1", "npb", number(0), AT, until_then, revoked=False),
        "b2": Certificate("b2", "npb", number(1), AT, until_then, revoked=True),
    }
    assert found.officers == {
        number(3): Officer(number(3), "npb", "N-1", number(4), ("PK-PB",), 17, disabled=False),
        number(5): Officer(number(5), "npb", "N-2", number(6), (), 17, disabled=True),
    }


def test_the_time_is_the_databases(database: Database, prove: Prove) -> None:
    # Certificates and sessions are judged by one clock, whichever host looks at them.
    with database.transaction() as conn:
        found = directory.read(conn, prove, Clock())
        row = conn.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    assert abs(found.now() - row[0]) < dt.timedelta(seconds=60)


def test_a_database_that_is_not_migrated_has_no_directory(database: Database, prove: Prove) -> None:
    with database.owner() as conn:
        conn.execute("DELETE FROM ledger_head")
    with database.transaction() as conn, pytest.raises(RuntimeError, match="not migrated"):
        directory.read(conn, prove, Clock())


class Counted:
    """A database that counts how often it is asked, and may be away."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked = 0
        self.away = False
        self.left = TransactionStatus.UNKNOWN

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Any]:
        self.asked += 1
        if self.away:
            raise psycopg.OperationalError
        with self.database.transaction() as conn:
            yield conn
            self.left = conn.info.transaction_status


@pytest.fixture
def counted(database: Database) -> Counted:
    return Counted(database)


def test_the_newer_snapshot_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch, prove: Prove, change: Callable[[], None]
) -> None:
    # A slow reader that comes last must not bring a revoked certificate back.
    current = Directory(database, prove)
    change()
    assert current.reload().version == 3
    newest = current.current
    # Of the same version the later one counts: it has compared the clocks anew.
    assert current.reload() is not newest
    newest = current.current
    older = dataclasses.replace(newest, version=0)
    monkeypatch.setattr("nsor_server.access.directory.read", lambda *_: older)
    with database.transaction() as conn:
        assert current.reload(conn) is current.reload() is current.current is newest


def test_a_change_is_read_on_the_connection_that_is_given(
    database: Database, counted: Counted, prove: Prove, change: Callable[[], None]
) -> None:
    # Whoever holds the head's lock sees what has been committed up to it, and needs no second connection.
    current = Directory(counted, prove)
    change()
    with database.transaction() as conn:
        assert current.reload(conn).version == 3
    assert counted.asked == 1


def test_the_version_is_asked_for_only_if_nobody_has_since(
    counted: Counted, prove: Prove, change: Callable[[], None]
) -> None:
    # Otherwise a flood of refusals would be a flood of queries.
    current = Directory(counted, prove)
    before = current.current
    moment = time.monotonic()
    # Of the same version nothing else is read, and no transaction begins for it.
    assert current.at_least_as_of(moment) is before
    assert counted.asked == 2
    assert counted.left is TransactionStatus.IDLE
    change()
    assert current.at_least_as_of(moment) is before
    assert counted.asked == 2
    assert current.at_least_as_of(time.monotonic()).version == 3
    assert counted.asked == 4
    for still in (moment, current._asked):
        assert current.at_least_as_of(still).version == 3
    assert counted.asked == 4


def test_what_cannot_be_proved_is_told_once_for_each_reason_until_it_is_proved(
    database: Database, monkeypatch: pytest.MonkeyPatch, prove: Prove, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(directory, "RETRY_SECONDS", 0.0)
    current = Directory(database, prove)
    edits = [
        "UPDATE officer SET grade = grade {} 1",
        "UPDATE certificate SET not_after = not_after {} interval '1 day'",
    ]
    for _ in range(2):
        for edit in edits:
            with database.owner() as conn:
                conn.execute(edit.format("+").encode())
            for _ in range(3):
                assert current.reload().version == 2
            assert current.unproved.seconds > 0
        for edit in edits:
            with database.owner() as conn:
                conn.execute(edit.format("-").encode())
        current.reload()
        assert current.unproved.seconds == 0
    told = [record.getMessage() for record in caplog.records if "ALERT" in record.getMessage()]
    assert [text.split(" ")[5] for text in told] == ["officer", "certificate"] * 2, told


def test_whatever_ends_a_proof_nothing_was_proved(database: Database, prove: Prove, change: Callable[[], None]) -> None:
    # Not only what was foreseen: a table of other types, or one that is gone, is no reason to go on for ever.
    current = Directory(database, prove)
    change()
    with database.owner() as conn:
        conn.execute("ALTER TABLE ledger_checkpoint ALTER note TYPE text USING 'x'")
    assert current.at_least_as_of(time.monotonic()).version == 2
    assert current.unproved.seconds > 0


def test_who_watches_sees_a_change_and_outlives_a_database_that_is_away(
    counted: Counted, monkeypatch: pytest.MonkeyPatch, prove: Prove, change: Callable[[], None]
) -> None:
    # Open streams commit nothing while they are silent: nobody else would see that their agency was disabled.
    monkeypatch.setattr(directory, "WATCH_SECONDS", 0.01)
    current = Directory(counted, prove)
    current.start()
    counted.away = True
    asked = counted.asked
    with contextlib.ExitStack() as stack:
        stack.callback(current.stop)
        until(lambda: counted.asked > asked + 2, seconds=60)
        change()
        counted.away = False
        until(lambda: current.current.version == 3, seconds=60)
    asked = counted.asked
    change()
    assert current._watcher is not None
    assert not current._watcher.is_alive()
    assert (counted.asked, current.current.version) == (asked, 3)


def test_whoever_can_prove_nothing_for_two_intervals_says_so_whatever_the_reason(
    counted: Counted, monkeypatch: pytest.MonkeyPatch, prove: Prove, caplog: pytest.LogCaptureFixture
) -> None:
    # A reader that is made to fail again and again hears of no revocation, and contradicts nothing.
    monkeypatch.setattr(directory, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(directory, "PROVE_AGAIN_SECONDS", 0.01)
    current = Directory(counted, prove)
    current.start()
    with contextlib.ExitStack() as stack:
        stack.callback(current.stop)
        counted.away = True
        until(lambda: current.unproved.seconds, seconds=60)
        counted.away = False
        until(lambda: not current.unproved.seconds, seconds=60)
    assert "ALERT DIRECTORY_CONTRADICTED: what decides could not be read and proved for long" in caplog.text


def test_an_earlier_state_of_the_ledger_proves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, prove: Prove, change: Callable[[], None]
) -> None:
    # Otherwise whoever shows it now and then renews the minute in which the last proved state counts, for ever.
    monkeypatch.setattr(directory, "RETRY_SECONDS", 0.0)
    current = Directory(database, prove)
    with database.owner() as owner:
        owner.execute("CREATE TABLE head_before AS SELECT * FROM ledger_head")
    change()
    with database.owner() as owner:
        owner.execute("UPDATE certificate_revocation SET reason = 'superseded' WHERE serial = '1'")
    current.reload()
    assert current.unproved.seconds
    with database.owner() as owner:
        owner.execute(_SET_BACK)
    assert current.reload().version == 2
    assert current.unproved.seconds


def test_an_earlier_state_than_the_writer_knows_proves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, prove: Prove
) -> None:
    # The watcher needn't have seen what was there meanwhile.
    monkeypatch.setattr(directory, "RETRY_SECONDS", 0.0)
    seen = 0
    current = Directory(database, prove, seen=lambda: seen)
    with database.transaction() as conn:
        seen = prove(conn).size + 1
    current.reload()
    assert current.unproved.seconds
    seen -= 1
    current.reload()
    assert not current.unproved.seconds


_SET_BACK = """
DELETE FROM ledger_entry WHERE index >= (SELECT size FROM head_before);
DELETE FROM ledger_detail WHERE index >= (SELECT size FROM head_before);
DELETE FROM ledger_record WHERE index >= (SELECT size FROM head_before);
DELETE FROM ledger_checkpoint WHERE size > (SELECT size FROM head_before);
DELETE FROM certificate_revocation WHERE serial = '1';
DELETE FROM ledger_head;
INSERT INTO ledger_head SELECT * FROM head_before;
"""
