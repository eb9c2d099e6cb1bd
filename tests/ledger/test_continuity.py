"""The owner of the database moves the head of a running server, back, aside or ahead in time: it isn't built on."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from nsor.ledger import merkle, note
from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import RecordRef
from nsor_server.ledger import continuity, directory_proof, leaf
from nsor_server.ledger.append import LOCK, Ledger
from nsor_server.ledger.continuity import Discontinued
from nsor_server.ledger.directory_proof import LedgerContradicted
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage.clock import Clock
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.session import BEGIN, COMMIT, ROLLBACK, Session
from tests.ledger.conftest import ORIGIN, NewEntry
from tests.ledger.test_outside import forget
from tests.work import calls_of

Edit = Callable[[psycopg.Connection], object]


class Server:
    """A process that appends as the writer does."""

    def __init__(self, database: Database, keyring: Keyring, new_entry: NewEntry) -> None:
        self.ledger = Ledger(keyring, ORIGIN, Clock())
        self.connection = database.writer()
        self.session = Session(self.connection)
        self._new_entry = new_entry

    def append(self, count: int = 1, **changes: Any) -> leaf_pb2.Leaf:
        """Append entries, and give the last one's leaf."""
        try:
            (_, locked) = self.session.run(BEGIN, LOCK)
            head = self.ledger.head(self.session, locked)
            composed = self.ledger.compose(self.session, head, [self._new_entry(**changes) for _ in range(count)])
            self.session.run(*composed.steps, COMMIT)
        except Discontinued:
            self.session.run(ROLLBACK)
            raise
        self.ledger.continuity.committed()
        return leaf.decode(composed.appended.receipts[-1].leaf)


@pytest.fixture
def start(database: Database, keyring: Keyring, new_entry: NewEntry) -> Iterator[Callable[[], Server]]:
    with contextlib.ExitStack() as stack:

        def begin() -> Server:
            server = Server(database, keyring, new_entry)
            stack.callback(server.connection.close)
            return server

        yield begin


def size(database: Database) -> int:
    with database.transaction() as conn:
        ((found,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
    return int(found)


def test_a_running_server_does_not_go_on_from_its_own_past(
    database: Database, start: Callable[[], Server], caplog: pytest.LogCaptureFixture
) -> None:
    # Every table is set back consistently, as a restore does: no signature is wrong, and the server remembers.
    server = start()
    server.append(3)
    server.append(4)
    forget(database, start().ledger, 3)
    for _ in range(3):
        with pytest.raises(Discontinued):
            server.append()
    assert caplog.text.count("ALERT LEDGER_DISCONTINUED") == 1
    assert not server.ledger.continuity.continues
    assert size(database) == 3


def test_a_past_that_has_grown_again_is_not_continued(database: Database, start: Callable[[], Server]) -> None:
    # Another process, which began after the restore, has signed other entries: more of them, and not these.
    server = start()
    server.append(3)
    server.append(4)
    forget(database, start().ledger, 3)
    start().append(9)
    with pytest.raises(Discontinued):
        server.append()


@pytest.mark.parametrize("most", [continuity.MOST_HASHED, 0])
def test_what_another_process_has_appended_is_checked_and_continued(
    database: Database, start: Callable[[], Server], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    # By one statement more where there are few entries in between, by proofs where there are many.
    monkeypatch.setattr(continuity, "MOST_HASHED", most)
    one, other = start(), start()
    one.append(2)
    added = RecordRef("certificate_revocation", os.urandom(16), 1, os.urandom(32))
    changed = other.append(records=(added,))
    other.append(250)
    done = calls_of(lambda: one.append(300))
    if most:
        assert done["run"] <= 4  # BEGIN and LOCK; what came since; what the tiles need; the append
    after = other.append()
    assert after.directory_version == changed.directory_version == 1
    assert size(database) == 2 + 1 + 250 + 300 + 1


def test_a_commit_whose_end_nobody_saw_is_continued_either_way(
    database: Database, start: Callable[[], Server], new_entry: NewEntry
) -> None:
    # The connection was lost at the commit: either state is our own, and no receipt was given away.
    server = start()
    server.append(2)
    for committed in (False, True):
        (_, locked) = server.session.run(BEGIN, LOCK)
        composed = server.ledger.compose(
            server.session, server.ledger.head(server.session, locked), [new_entry(), new_entry()]
        )
        server.session.run(*composed.steps, COMMIT if committed else ROLLBACK)
        server.append()
    assert size(database) == 2 + 1 + 2 + 1


FORGED: list[Any] = [
    pytest.param(lambda conn: conn.execute("UPDATE ledger_head SET root = sha256(root)"), id="root"),
    pytest.param(lambda conn: conn.execute("UPDATE ledger_head SET frontier = sha256(root)"), id="frontier"),
    pytest.param(lambda conn: conn.execute("UPDATE ledger_head SET origin = origin || '/2'"), id="origin"),
    pytest.param(lambda conn: conn.execute("UPDATE ledger_head SET size = size + 1"), id="size"),
]


@pytest.mark.parametrize("edit", FORGED)
def test_a_forged_head_is_neither_built_on_nor_started_with(
    database: Database, start: Callable[[], Server], keyring: Keyring, edit: Edit
) -> None:
    server = start()
    server.append(8)
    with database.owner() as conn:
        edit(conn)
    with pytest.raises(Discontinued):
        server.append()
    with pytest.raises(Discontinued):
        start().append()
    with database.transaction() as conn, pytest.raises(LedgerContradicted, match="ledger verify"):
        directory_proof.at_start(conn, LogKeys.of(keyring))


def test_entries_without_our_signature_are_not_built_on(
    database: Database, start: Callable[[], Server], new_entry: NewEntry
) -> None:
    # The owner of the database can append a leaf and move the head; he can't sign.
    server = start()
    server.append(2)
    other = Keyring.new()
    with database.owner() as conn:
        forger = Ledger(other, ORIGIN)
        forger.continuity.known(server.ledger.continuity._known)
        forger.append(conn, [new_entry()])
    with pytest.raises(Discontinued):
        server.append()


def test_the_time_of_the_head_is_that_of_its_newest_entry(
    database: Database, start: Callable[[], Server], caplog: pytest.LogCaptureFixture
) -> None:
    # One UPDATE of time_us would let every later entry, and every grant that is judged by it, live in another year.
    server = start()
    before = server.append()
    with database.owner() as conn:
        conn.execute("UPDATE ledger_head SET time_us = 4102444800000000, directory_version = 9")
    for after in (server.append(), start().append()):
        assert 0 <= after.time_us - before.time_us < 600_000_000
        assert after.directory_version == 0
    assert caplog.text.count("ALERT ROW_CONTRADICTED") == 1
    with database.transaction() as conn:
        assert conn.execute("SELECT directory_version, time_us < 4e15 FROM ledger_head").fetchone() == (0, True)


def test_a_database_whose_clock_jumps_expires_nothing(
    start: Callable[[], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The database's clock is a year ahead, however long: entries go on by the time that has passed.
    server = start()
    before = server.append()
    clock = server.ledger.continuity._clock
    observe = clock.observe
    year = 365 * 86_400_000_000
    monkeypatch.setattr(clock, "observe", lambda there: observe(there + year))
    assert server.append().time_us - before.time_us < 600_000_000
    passed = time.monotonic() + 61
    monkeypatch.setattr("nsor_server.storage.clock.time.monotonic", lambda: passed)
    assert server.append().time_us - before.time_us < 600_000_000


def test_the_checkpoint_of_the_head_is_the_newest_one(
    database: Database, start: Callable[[], Server], keyring: Keyring
) -> None:
    # A head that was set back below a checkpoint that is still there is no head.
    server = start()
    server.append(4)
    with database.owner() as conn:
        text = note.sign(note.Checkpoint(ORIGIN, 9, merkle.EMPTY_ROOT), keyring.ledger_signer, ORIGIN)
        conn.execute("INSERT INTO ledger_checkpoint VALUES (9, %s)", (text,))
    with database.transaction() as conn, pytest.raises(LedgerContradicted, match="newest checkpoint is of 9"):
        directory_proof.at_start(conn, LogKeys.of(keyring))
