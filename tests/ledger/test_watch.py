"""`ledger watch`: what is new is held against what was verified, and what it can't see is found once a day."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from nsor_server.commands import ledger_watch
from nsor_server.commands.ledger_watch import Result, Watch
from nsor_server.ledger import stored
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.ledger.operator import entry as operator_entry
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.increments import increment
from nsor_server.verification.reached import NOTHING, Reached
from nsor_server.verification.report import Report
from nsor_server.verification.verified import verified as everything
from tests.calls import ORIGIN as TEST_ORIGIN
from tests.ledger.conftest import ORIGIN, NewEntry, Write
from tests.ledger.test_commands import Operator
from tests.ledger.test_commands import operator as operator  # noqa: PLC0414 - a fixture of another file
from tests.ledger.test_outside import forget
from tests.polling import until
from tests.services import Services

DAY = 86_400.0
MORE = 300
DETAIL_BYTES = 500
"""A sealed detail has more."""


class Verified:
    """A ledger of 300 entries that was verified, with an outside copy, and what is written after it."""

    def __init__(self, database: Database, keyring: Keyring, write: Write, copy: Path) -> None:
        self.database, self.keyring, self.copy = database, keyring, copy
        self._write = write
        self.write(300)  # more than a tile has
        self.reached = self._reached(NOTHING)

    def write(self, count: int, *entries: Entry) -> None:
        receipt = self._write(count, *entries).receipts[-1]
        with self.copy.open("ab") as file:
            file.write(receipt.checkpoint + b"\n")

    def look(self, since: Reached | None = None) -> Report:
        """Verify what came since."""
        with self.database.owner() as conn:
            extent = self.copy.stat().st_size if self.copy.exists() else 0
            return increment(conn, self.keyring, ORIGIN, (self.copy, extent), since or self.reached)

    def whole(self) -> Report:
        """Verify everything."""
        with self.database.owner() as conn:
            return everything(conn, self.keyring, ORIGIN, (self.copy, self.copy.stat().st_size))

    def problems(self) -> list[tuple[int, str]]:
        return [(each.index, each.problem) for each in self.look().findings]

    def tamper(self, statement: str) -> None:
        with self.database.owner() as conn:
            conn.execute(statement.encode())

    def _reached(self, since: Reached) -> Reached:
        report = self.look(since)
        assert report.findings == []
        assert report.reached is not None
        return report.reached


@pytest.fixture
def verified(database: Database, keyring: Keyring, write: Write, tmp_path: Path) -> Verified:
    return Verified(database, keyring, write, tmp_path / "copy")


def test_only_new_entries_are_read_and_the_next_look_goes_on_from_there(verified: Verified) -> None:
    assert verified.problems() == []
    verified.write(220)  # over the end of the second tile
    report = verified.look()
    assert (report.findings, report.size, report.checkpoints) == ([], 520, 1)
    assert report.reached is not None
    verified.write(1)
    again = verified.look(report.reached)
    assert (again.findings, again.size, again.checkpoints) == ([], 521, 1)
    with verified.database.owner() as conn:
        ((root,),) = conn.execute("SELECT root FROM ledger_head").fetchall()
    assert again.root == bytes(root)
    # The tile that was begun before and ended after is compared whole.
    verified.tamper("UPDATE ledger_tile SET root = sha256(root) WHERE tile = 1")
    assert verified.problems() == [(256, "the root of tile 1 of level 0 isn't that of its hashes")]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE ledger_entry SET agency = 'nadra' WHERE index = {}", "a column of ledger_entry"),
        ("DELETE FROM ledger_detail WHERE index = {}", "the sealed detail is missing"),
        ("UPDATE ledger_entry SET officer = gen_random_uuid() WHERE index = {}", "a label of ledger_entry"),
        ("UPDATE ledger_entry SET leaf = leaf || '\\x00'::bytea WHERE index = {}", "the entry is no leaf"),
    ],
)
def test_what_was_changed_of_new_entries_is_found_and_of_older_ones_once_a_day(
    verified: Verified, statement: str, problem: str
) -> None:
    verified.write(9)
    verified.tamper(statement.format(200))
    assert verified.problems() == []  # an increment reads nothing of what was verified
    assert verified.look(NOTHING).findings[0].index == 200
    verified.tamper(statement.format(305))
    index, found = verified.problems()[0]
    assert index == 305
    assert problem in found


def test_a_ledger_that_does_not_continue_what_was_verified_is_found(
    verified: Verified, ledger: Ledger, tmp_path: Path
) -> None:
    # The tail taken away; then others put in its place, whose tree is signed with the register's key.
    forget(verified.database, ledger, 290)
    copy, verified.copy = verified.copy, tmp_path / "other"
    assert (290, "there are 290 entries, and 300 were verified: the last ones were taken away") in verified.problems()
    verified.write(20)
    problems = [problem for _, problem in verified.problems()]
    assert "the checkpoint of 300 entries isn't the one that was verified" in problems
    assert any(problem.startswith("the tree of 310 entries hasn't the root that was signed") for problem in problems)
    verified.copy = copy
    assert "the outside copy has another checkpoint of 300 entries" in [problem for _, problem in verified.problems()]


def test_what_the_outside_copy_knows_and_the_ledger_has_not_is_found(verified: Verified, ledger: Ledger) -> None:
    verified.write(5)
    known = verified.copy.read_bytes()
    verified.copy.unlink()
    assert "there is no outside copy to compare, and there was one" in dict(verified.problems()).values()
    verified.copy.write_bytes(known)
    forget(verified.database, ledger, 300)
    assert verified.problems() == [(300, "the outside copy knows 305 entries: the last ones were lost or taken away")]


def test_memory_does_not_grow_with_the_entries_that_are_verified(
    verified: Verified, new_entry: NewEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is read at once is the same for both sizes, so that all that is held beyond it shows.
    monkeypatch.setattr(stored, "_AT_A_TIME", 50)

    def taken(verify: Callable[[], Report]) -> int:
        """The most bytes that Python had of it at a time."""
        tracemalloc.start()
        try:
            assert verify().findings == []
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    ways = (lambda: verified.look(NOTHING), verified.whole)
    assert verified.whole().findings == []  # what is made once; of the other way it is there already
    few = [taken(each) for each in ways]
    # Of one officer: labels of so many are kept, and no more.
    detail = record_pb2.AccessDetail(outcome="FOUND", officer_key=bytes(32)).SerializeToString()
    verified.write(MORE, *(new_entry(detail=detail) for _ in range(MORE)))
    many = [taken(each) for each in ways]
    grown = [after - before for before, after in zip(few, many, strict=True)]
    assert max(grown) < MORE * DETAIL_BYTES / 4


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running


def test_a_row_that_a_new_entry_wrote_is_compared_with_it(services: Services, tmp_path: Path) -> None:
    def look(since: Reached) -> Report:
        with services.database.owner() as conn:
            return increment(conn, services.keyring, TEST_ORIGIN, (tmp_path / "none", 0), since)

    first = services.create()
    reached = look(NOTHING).reached
    assert reached is not None
    second = services.create()
    assert look(reached).findings == []
    exchange = "UPDATE registration_version SET sealed = sealed || '\\x00'::bytea WHERE registration_id = %s"
    with services.database.owner() as conn:
        conn.execute(exchange.encode(), (first.registration_id,))
    assert look(reached).findings == []
    with services.database.owner() as conn:
        conn.execute(exchange.encode(), (second.registration_id,))
        conn.execute("DELETE FROM idempotency")
    assert [each.problem for each in look(reached).findings] == [
        "the entry's record in registration_version isn't what it wrote: it was exchanged",
        "the entry's record is gone from idempotency",
    ]


def test_a_watch_reads_everything_at_first_and_once_a_day(operator: Operator, write: Write, database: Database) -> None:
    told: list[str] = []
    watching = Watch(operator.settings(), lambda: operator.keyring, lambda _, line: told.append(line))
    write(5)
    assert watching.look(0.0, DAY).findings == []
    write(3)
    result = watching.look(60.0, DAY)
    assert (result.entries, result.findings) == (8, [])
    assert result.increment_at > result.whole_at > 0
    assert told == [
        "everything verified: 5 entries, 0 findings",
        "3 new entries verified: 8 entries, 0 findings",
    ]
    with database.owner() as conn:
        conn.execute("DELETE FROM ledger_detail WHERE index = 2")
    assert watching.look(120.0, DAY).findings == []
    assert watching.look(DAY + 1, DAY).first_bad == 2
    assert told[-1] == "everything verified: 8 entries, 1 finding"


def test_a_rotation_of_the_keys_is_no_finding(operator: Operator, write: Write, database: Database) -> None:
    keyring = operator.keyring
    watching = Watch(operator.settings(), lambda: keyring, lambda *_: None)
    write(2)
    assert watching.look(0.0, DAY).findings == []
    keyring = keyring.rotated()
    with database.owner() as owner:
        Ledger(keyring, ORIGIN).append(owner, [operator_entry("nsor-server/test", record_pb2.AccessDetail())])
    result = watching.look(60.0, DAY)
    assert (result.findings, result.entries) == ([], 3)


def test_it_exits_1_with_an_alert_that_names_the_first_bad_index(
    operator: Operator, write: Write, database: Database
) -> None:
    metrics = operator.folder / "watch.prom"
    write(4)
    code, output = operator.run("watch", "--once", "--metrics", str(metrics))
    assert code == 0, output
    assert "everything verified: 4 entries, 0 findings" in output
    assert "\nnsor_watch_findings 0\n" in metrics.read_text()
    assert "\nnsor_watch_first_bad_index -1\n" in metrics.read_text()
    with database.owner() as conn:
        conn.execute("DELETE FROM ledger_detail WHERE index IN (1, 3)")
    # A process of its own, which watches on until it finds something.
    command = [sys.executable, "-m", "nsor_server", "ledger", "watch", "--every", "1", "--metrics", str(metrics)]
    environment = {**operator.environment, "NSOR_LOG_FORMAT": "json"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    (line,) = map(json.loads, done.stderr.splitlines())
    assert line["message"] == "ALERT LEDGER_BROKEN: first bad index 1: the sealed detail is missing; 2 findings"
    assert (line["alert"], line["level"]) == ("LEDGER_BROKEN", "critical")
    assert "\nnsor_watch_findings 2\n" in metrics.read_text()
    assert "\nnsor_watch_first_bad_index 1\n" in metrics.read_text()


def test_a_database_that_does_not_answer_is_no_finding(
    operator: Operator, write: Write, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> Result:
        raise psycopg.OperationalError

    write(1)
    watching = Watch(operator.settings(), lambda: operator.keyring, lambda *_: None)
    monkeypatch.setattr(watching, "look", away)
    assert not ledger_watch._broken(watching, DAY)
    assert "nothing was verified (OperationalError)" in caplog.text


def test_a_full_disk_under_the_metrics_ends_no_verification(
    operator: Operator, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    # The file's age tells of it.
    write(2)
    full = operator.folder / "full"
    (full / ".watch.prom.new").mkdir(parents=True)  # what can't be written to, as root too
    code, output = operator.run("watch", "--once", "--metrics", str(full / "watch.prom"))
    assert (code, "everything verified: 2 entries, 0 findings" in output) == (0, True)
    assert "the metrics couldn't be written" in caplog.text


def test_it_ends_when_it_is_told_to(operator: Operator, write: Write) -> None:
    write(1)
    command = [sys.executable, "-m", "nsor_server", "ledger", "watch"]
    with subprocess.Popen(command, env=operator.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "everything verified: 1 entry" in process.stdout.readline()
        process.terminate()
        until(lambda: process.poll() is not None, seconds=60)
        assert process.returncode == 0
