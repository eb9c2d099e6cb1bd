"""What is compared beside the walks: its findings count, and a verification doesn't end well without it."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from nsor_server.commands import verify
from nsor_server.storage.pool import Database
from nsor_server.verification import beside, indexes, records, second
from nsor_server.verification.messages import Begin
from nsor_server.verification.report import Report
from nsor_server.verification.tree import Progress
from tests.ledger.conftest import Write
from tests.ledger.test_commands import Operator, operator
from tests.ledger.test_second import PROCESSORS, SECONDS, snapshot

__all__ = ["operator"]

Connection = psycopg.Connection[Any]


@contextlib.contextmanager
def verifying(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """However few the entries are, there are two processes."""
    with monkeypatch.context() as patched:
        patched.setattr(second, "ENTRIES", 0)
        for name, value in operator.environment.items():
            patched.setenv(name, value)
        yield


@PROCESSORS
def test_what_is_found_beside_the_walks_is_told(
    operator: Operator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def compare(_conn: Connection, report: Report) -> None:
        threads.append(threading.current_thread().name)
        report.add(-1, "an index differs")

    write(3)
    monkeypatch.setattr(indexes, "compare", compare)
    with verifying(operator, monkeypatch):
        done = CliRunner().invoke(verify.ledger, ["verify"])
    assert (done.exit_code, "an index differs" in done.output) == (1, True), done.output
    assert threads == ["compared beside"]


@PROCESSORS
@pytest.mark.parametrize("ended", [psycopg.OperationalError("the connection is lost"), SystemExit(0)])
def test_without_what_is_compared_beside_the_walks_nothing_is_whole(
    operator: Operator, write: Write, monkeypatch: pytest.MonkeyPatch, ended: BaseException
) -> None:
    def compare(_conn: Connection, _report: Report) -> None:
        raise ended

    write(3)
    monkeypatch.setattr(indexes, "compare", compare)
    with verifying(operator, monkeypatch):
        done = CliRunner().invoke(verify.ledger, ["verify"])
    assert isinstance(done.exception, psycopg.OperationalError | RuntimeError)
    assert "whole" not in done.output


@PROCESSORS
def test_where_there_are_two_processes_what_the_server_sees_is_compared_too(
    operator: Operator, write: Write, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(3)
    with database.owner() as owner:
        owner.execute("CREATE POLICY hides ON ledger_entry USING (index <> 1)")
        owner.execute("ALTER TABLE ledger_shown ENABLE ROW LEVEL SECURITY")
    with verifying(operator, monkeypatch):
        done = CliRunner().invoke(verify.ledger, ["verify"])
    assert done.exit_code == 1
    assert "the schema isn't what the migrations make" in done.output
    assert "the rows of ledger_shown can't be compared" in done.output


# Whoever owns the database could end one part of a verification again and again, so that nobody heard of the others.
@PROCESSORS
@pytest.mark.parametrize("ended", ["compared beside", "the second process"])
def test_what_ends_one_part_keeps_from_nobody_what_the_others_found(
    operator: Operator, write: Write, database: Database, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    def lost(*_: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    class Killed(second.Second):
        def __init__(self, begin: Begin, details: second.OfDetails, progress: Progress) -> None:
            super().__init__(begin, details, progress)
            os.kill(self.pid, signal.SIGKILL)

    write(3)
    with database.owner() as owner:
        owner.execute("UPDATE ledger_entry SET agency = 'npb' WHERE index = 2")
    if ended == "compared beside":
        monkeypatch.setattr(indexes, "compare", lost)
    else:
        monkeypatch.setattr(second, "Second", Killed)
    with verifying(operator, monkeypatch):
        done = CliRunner().invoke(verify.ledger, ["verify"])
    assert done.exit_code == 1, done.output
    assert "first bad index 2: a column of ledger_entry" in done.output
    assert "not all was compared" in done.output


def test_a_statement_whose_result_nobody_wants_is_ended(database: Database) -> None:
    began = threading.Event()

    def compare(conn: Connection, _report: Report) -> None:
        conn.execute("SELECT 1")
        began.set()
        conn.execute(f"SELECT pg_sleep({10 * SECONDS})")

    with snapshot(database) as conn, beside.begun(conn, database, compare):
        assert began.wait(SECONDS)
    assert not [each for each in threading.enumerate() if each.name == "compared beside"]


def test_what_was_found_is_told_where_one_process_cannot_compare_the_rest(
    operator: Operator, write: Write, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever owns the database can refuse each connection of the owner's role.
    write(3)
    for name, value in operator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NSOR_DATABASE_OWNER_URL", "postgresql://nsor_owner@127.0.0.1:1/nsor?connect_timeout=1")
    done = CliRunner().invoke(verify.ledger, ["verify"])
    assert isinstance(done.exception, psycopg.OperationalError)
    with database.owner() as owner:
        owner.execute("UPDATE ledger_entry SET agency = 'npb' WHERE index = 2")
    done = CliRunner().invoke(verify.ledger, ["verify"])
    assert done.exit_code == 1, done.exception
    assert "first bad index 2" in done.output
    assert "not all was compared (OperationalError)" in done.output

    def lost(*_given: object, **_named: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(records, "compare", lost)
    monkeypatch.delenv("NSOR_DATABASE_OWNER_URL")
    done = CliRunner().invoke(verify.ledger, ["verify"])
    assert "first bad index 2" in done.output
    assert "not all was compared (OperationalError)" in done.output
