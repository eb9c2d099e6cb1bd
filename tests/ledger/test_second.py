"""A verification in two processes: it finds what one finds, and without the second one's report nothing is whole."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from nsor_server.commands import verify
from nsor_server.ledger.stored import Rows
from nsor_server.sockets import MOST_BYTES
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import second, visible
from nsor_server.verification.details import PassOn
from nsor_server.verification.messages import Begin
from nsor_server.verification.report import Finding, Report
from nsor_server.verification.second import OfDetails, Second, SecondProcessEnded
from nsor_server.verification.tree import Progress
from nsor_server.verification.verified import of_contents, verified
from tests.ledger.conftest import ORIGIN, Write
from tests.ledger.test_commands import Operator, operator

__all__ = ["operator"]

PROCESSORS = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor has one process")

SECONDS = 60.0


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few the entries are, a second process is worth its start."""
    monkeypatch.setattr(second, "ENTRIES", 0)


@contextlib.contextmanager
def snapshot(database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(database.connect()) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        yield conn


@contextlib.contextmanager
def started(
    database: Database, keyring: Keyring, silence_seconds: float = 600, details: OfDetails | None = None
) -> Iterator[Second]:
    with snapshot(database) as conn:
        begin = Begin(keyring.to_bytes(), database.url_server, visible.exported(conn), 0)
        process = Second(begin, details or nothing_opened, lambda _done, _of: None, silence_seconds)
        try:
            yield process
        finally:
            process.stop()


def nothing_opened(passed_on: Callable[[], AbstractContextManager[PassOn]], _went: Progress) -> Report:
    """Of no entries."""
    with passed_on() as pass_on:
        pass_on(None)
    return Report()


def in_one(database: Database, keyring: Keyring, nowhere: Path) -> Report:
    with snapshot(database) as conn:
        return verified(conn, keyring, ORIGIN, (nowhere, 0))


def in_two(database: Database, keyring: Keyring, nowhere: Path) -> Report:
    heard: list[tuple[int, int]] = []
    with (
        snapshot(database) as conn,
        second.begun(conn, database, keyring, lambda done, of: heard.append((done, of))) as process,
    ):
        assert process is not None
        report = verified(conn, keyring, ORIGIN, (nowhere, 0), second=process.report)
    assert all(done <= of for done, of in heard)
    return report


TAMPERINGS = {
    "whole": (),
    "a leaf": ("UPDATE ledger_entry SET leaf = leaf || '\\x00' WHERE index = 3",),
    "another agency": ("UPDATE ledger_entry SET agency = 'npb' WHERE index = 2",),
    "details": (
        "UPDATE ledger_detail SET sealed = sealed || '\\x00' WHERE index = 5",
        "DELETE FROM ledger_detail WHERE index = 7",
    ),
    "labels and tree": (
        "UPDATE ledger_entry SET named = gen_random_uuid() WHERE index = 1",
        "UPDATE ledger_head SET root = sha256('x')",
    ),
    # PostgreSQL refuses statements of either part: the rest of both is compared all the same.
    # What wasn't read to its end accuses no row.
    "tables": (
        "ALTER TABLE ledger_tile RENAME TO hidden",
        "ALTER TABLE ledger_detail RENAME TO hidden_too",
        "INSERT INTO ledger_record VALUES (5, 0, 'access_grant_juvenile', sha256('x'), 1, sha256('x'))",
    ),
    # Or one of the other process alone: details are compared to the last one.
    "registrations": (
        "ALTER TABLE registration_version RENAME TO hidden",
        "UPDATE ledger_detail SET sealed = sealed || '\\x00' WHERE index = 5",
    ),
    "no head": ("DELETE FROM ledger_head",),
}


@PROCESSORS
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_two_processes_find_what_one_finds(
    database: Database, keyring: Keyring, write: Write, tmp_path: Path, tampering: str
) -> None:
    write(9)
    with database.owner() as owner:
        for statement in TAMPERINGS[tampering]:
            owner.execute(statement.encode())
    one, two = in_one(database, keyring, tmp_path / "nowhere"), in_two(database, keyring, tmp_path / "nowhere")
    assert bool(one.findings) == (tampering != "whole")
    assert (two.findings, two.remarks) == (one.findings, one.remarks)
    assert (two.size, two.root, two.leaves) == (one.size, one.root, one.leaves)


def test_the_tree_waits_for_the_details_as_long_as_they_come(database: Database, keyring: Keyring) -> None:
    opened, asked = threading.Event(), threading.Event()
    order = list[str]()

    def two_opened(passed_on: Callable[[], AbstractContextManager[PassOn]], went: Progress) -> Report:
        assert asked.wait(SECONDS)
        went(1, 3)
        order.append("details")
        went(2, 3)
        assert opened.wait(SECONDS)
        return nothing_opened(passed_on, went)

    with started(database, keyring, details=two_opened) as process:
        asked.set()
        process.pace(2, 3)
        order.append("tree")
        opened.set()
        process.pace(3, 3)  # they have ended before: nobody waits for ever
    assert order == ["details", "tree"]


@pytest.mark.usefixtures("write")
def test_a_process_that_dies_has_found_nothing(database: Database, keyring: Keyring) -> None:
    with started(database, keyring) as process:
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(SecondProcessEnded):
            process.report()


def test_a_process_that_hangs_has_found_nothing(database: Database, keyring: Keyring) -> None:
    # It is stopped before it can have said anything: however long it takes to start, there is no word in time.
    with started(database, keyring, silence_seconds=0.01) as process:
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(SecondProcessEnded):
            process.report()


def test_a_process_that_does_not_listen_has_found_nothing(database: Database, keyring: Keyring) -> None:
    # More than a socket holds: whoever passes it on waits, and no longer than for an answer.
    def all_opened(passed_on: Callable[[], AbstractContextManager[PassOn]], _went: Progress) -> Report:
        with passed_on() as pass_on:
            for index in range(200):
                pass_on((index, b"", bytes(1 << 16)))
            pass_on(None)
        return Report()

    with started(database, keyring, silence_seconds=0.01, details=all_opened) as process:
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(SecondProcessEnded):
            process.report()


def test_details_that_could_not_be_read_are_no_report(database: Database, keyring: Keyring) -> None:
    def lost(_passed_on: Callable[[], AbstractContextManager[PassOn]], _went: Progress) -> Report:
        raise psycopg.OperationalError("the connection is lost")

    with started(database, keyring, details=lost) as process, pytest.raises(psycopg.OperationalError, match="is lost"):
        process.report()


def test_a_process_that_heard_of_a_part_of_the_entries_has_found_nothing(database: Database, keyring: Keyring) -> None:
    # What can't be passed on is no finding of the details, whoever takes the exception for one.
    def in_part(passed_on: Callable[[], AbstractContextManager[PassOn]], _went: Progress) -> Report:
        with passed_on() as pass_on, contextlib.suppress(ValueError):
            pass_on((0, b"", bytes(MOST_BYTES)))
        return Report()

    with started(database, keyring, details=in_part) as process, pytest.raises(SecondProcessEnded):
        process.report()


def test_a_process_that_cannot_read_has_found_nothing(database: Database, keyring: Keyring) -> None:
    with snapshot(database) as conn:
        gone = visible.exported(conn)
    begin = Begin(keyring.to_bytes(), database.url_server, gone, 0)
    process = Second(begin, nothing_opened, lambda _done, _of: None)
    with pytest.raises(SecondProcessEnded):
        process.report()
    process.stop()


@PROCESSORS
def test_without_the_second_report_the_command_says_nothing_of_whole(
    operator: Operator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Second):
        def __init__(self, begin: Begin, details: OfDetails, progress: Progress) -> None:
            super().__init__(begin, details, progress)
            os.kill(self.pid, signal.SIGKILL)

    write(3)
    for name, value in operator.environment.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(verify.ledger, ["verify"])
    assert (done.exit_code, "whole 3 entries" in done.output) == (0, True), done.output
    monkeypatch.setattr(second, "Second", Killed)
    done = CliRunner().invoke(verify.ledger, ["verify"])
    assert isinstance(done.exception, SecondProcessEnded)
    assert "whole" not in done.output


def test_the_keys_are_neither_in_the_environment_nor_on_the_command_line(database: Database, keyring: Keyring) -> None:
    document = keyring.to_bytes()
    keys = [each for each in document.split(b'"') if len(each) > 40]
    assert len(keys) > 5
    with started(database, keyring) as process:
        os.kill(process.pid, signal.SIGSTOP)
        about = Path(f"/proc/{process.pid}")
        shown = (about / "environ").read_bytes() + (about / "cmdline").read_bytes()
        assert b"verification.child" in shown
        assert not [each for each in keys if each in shown]


def test_one_processor_or_few_entries_have_one_process(
    database: Database, keyring: Keyring, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun() -> Second | None:
        with snapshot(database) as conn, second.begun(conn, database, keyring, lambda _done, _of: None) as process:
            return process

    write(3)
    with monkeypatch.context() as patched:
        patched.setattr(os, "sched_getaffinity", lambda _pid: {0})
        assert begun() is None
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    monkeypatch.setattr(second, "ENTRIES", 4)
    assert begun() is None


@pytest.mark.usefixtures("small")
def test_what_one_part_was_shown_and_the_other_not_is_a_finding(
    database: Database, keyring: Keyring, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each part reads the leaves by itself: a database that shows another one to the second reader must not get through.
    write(9)
    with snapshot(database) as conn:
        own = of_contents(conn, keyring)
    assert own.findings == []
    take = Rows.one
    passed_over = []

    def one(self: Rows, index: int) -> tuple[object, ...] | None:
        found = take(self, index)
        if self._name == "leaves of details" and index == 4:
            passed_over.append(index)
            return None
        return found

    monkeypatch.setattr(Rows, "one", one)
    report = in_one(database, keyring, tmp_path / "nowhere")
    assert passed_over == [4]
    assert report.findings == [Finding(-1, "the details were compared with other leaves than the tree has")]
