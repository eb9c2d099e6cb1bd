"""The outside copy: it remembers what the database has forgotten, and never holds a call up."""

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nsor.ledger import note
from nsor.ledger.merkle import Frontier, leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor_server.config import OperatorError
from nsor_server.ledger import epoch, outside, proofs
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Appended
from nsor_server.ledger.outside import CopyAhead, OutsideCopy
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import reconcile
from nsor_server.verification.report import Epochs, Report
from tests.ledger.conftest import ORIGIN, NewEntry, Write
from tests.ledger.lost_standby import until
from tests.ledger.walks import walked

Start = Callable[..., OutsideCopy]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "checkpoints"


@pytest.fixture
def start(database: Database, path: Path) -> Iterator[Start]:
    """Starts a copy as the server does."""
    copies: list[OutsideCopy] = []

    def missed(size: int, most: int) -> list[tuple[int, bytes]]:
        with database.transaction() as conn:
            return proofs.checkpoints_after(conn, size, most)

    def run(at: Path = path, **options: Any) -> OutsideCopy:
        with database.transaction() as conn:
            size = outside.compare(conn, at)
        copies.append(OutsideCopy(at, missed, size=size, **options))
        return copies[-1]

    yield run
    for copy in copies:
        copy.close()


def signed(size: int, keyring: Keyring, origin: str = ORIGIN) -> bytes:
    """A checkpoint as it stands in a copy, of a tree that never was."""
    checkpoint = note.Checkpoint(origin, size, hashlib.sha256(bytes([size])).digest())
    return note.sign(checkpoint, keyring.ledger_signer, origin) + b"\n"


def put(copy: OutsideCopy, appended: Appended) -> None:
    copy.put(appended.receipts[-1].index + 1, appended.receipts[-1].checkpoint)


def sizes(path: Path) -> list[int]:
    return [known.checkpoint.size for known in outside.read_all(path, outside.extent(path))] if path.exists() else []


def forget(database: Database, ledger: Ledger, size: int) -> None:
    """Restore the ledger to an earlier size, as an old backup would; whoever writes starts again."""
    ledger.continuity.known(None)
    with database.owner() as conn:
        leaves = conn.execute("SELECT leaf FROM ledger_entry WHERE index < %s ORDER BY index", (size,)).fetchall()
        for table in ("ledger_entry", "ledger_detail"):
            conn.execute(f"DELETE FROM {table} WHERE index >= %s", (size,))  # noqa: S608
        conn.execute("DELETE FROM ledger_checkpoint WHERE size > %s", (size,))
        conn.execute("DELETE FROM ledger_record WHERE index >= %s", (size,))
        conn.execute(
            "DELETE FROM ledger_epoch_cosignature USING ledger_epoch AS of"
            " WHERE of.epoch = ledger_epoch_cosignature.epoch AND first_index >= %s",
            (size,),
        )
        conn.execute("DELETE FROM ledger_epoch WHERE first_index >= %s", (size,))
        frontier = Frontier()
        for (leaf,) in leaves:
            frontier.append(leaf_hash(leaf))
        epochs = conn.execute("SELECT origin FROM ledger_epoch ORDER BY epoch DESC LIMIT 1").fetchall()
        origin = epochs[0][0] if epochs else ORIGIN if size else ""
        said = [leaf_pb2.Leaf.FromString(leaf) for (leaf,) in leaves]
        hashes = [leaf.directory_hash for leaf in said if leaf.directory_hash]
        conn.execute(
            "UPDATE ledger_head SET size = %s, root = %s, frontier = %s, origin = %s, time_us = %s,"
            " directory_version = %s, directory_hash = %s",
            (
                size,
                frontier.root(),
                frontier.encode(),
                origin,
                said[-1].time_us if said else 0,
                len(hashes),
                hashes[-1] if hashes else bytes(32),
            ),
        )
        if size:
            signed = note.sign(note.Checkpoint(origin, size, frontier.root()), ledger._keyring.ledger_signer, origin)
            conn.execute("INSERT INTO ledger_checkpoint VALUES (%s, %s) ON CONFLICT DO NOTHING", (size, signed))


def test_every_checkpoint_is_copied(start: Start, write: Write, path: Path) -> None:
    # Those from before the start, and each one after; the file is the owner's alone.
    write(3)
    write(2)
    copy = start()
    for count in (1, 4):
        put(copy, write(count))
    copy.close()
    assert sizes(path) == [3, 5, 6, 10]
    assert copy.healthy is False
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_restart_goes_on(start: Start, write: Write, path: Path) -> None:
    # What was committed while nobody copied is made good.
    copy = start()
    put(copy, write(3))
    copy.close()
    write(2)
    again = start()
    put(again, write(1))
    again.close()
    assert sizes(path) == [3, 5, 6]


@pytest.mark.parametrize("cut", range(1, 200, 7))
def test_a_torn_write_is_survived(start: Start, write: Write, path: Path, cut: int) -> None:
    # A crash in the middle of a write costs that checkpoint, which is written again, and no other.
    copy = start()
    put(copy, write(3))
    put(copy, write(1))
    copy.close()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - cut])
    start().close()
    found = sizes(path)
    assert found[0] == 3
    assert found[-1] == 4
    verifier_notes = [known.note for known in outside.read_all(path, outside.extent(path))]
    assert all(len(note.Note.parse(each).signatures[0].value) == 64 for each in verifier_notes)


def test_a_restored_backup_is_noticed(start: Start, write: Write, database: Database, ledger: Ledger) -> None:
    # The tree has fewer entries than the copy remembers: nothing is served.
    copy = start()
    put(copy, write(3))
    put(copy, write(4))
    copy.close()
    forget(database, ledger, 3)
    with pytest.raises(CopyAhead, match="knows 7 entries, the tree has 3"):
        start()


def test_another_past_is_noticed(start: Start, write: Write, database: Database, ledger: Ledger) -> None:
    # The tree has grown again beyond the copy, with other entries: it still isn't the same tree.
    copy = start()
    put(copy, write(3))
    put(copy, write(4))
    copy.close()
    forget(database, ledger, 3)
    write(9)
    with pytest.raises(CopyAhead, match="another root at 7"):
        start()


def test_an_emptied_database_is_noticed(start: Start, write: Write, database: Database, ledger: Ledger) -> None:
    # A database that begins anew isn't the ledger that the copy knows.
    copy = start()
    put(copy, write(3))
    copy.close()
    forget(database, ledger, 0)
    with pytest.raises(CopyAhead):
        start()


def test_a_new_epoch_owns_up(
    start: Start, write: Write, database: Database, path: Path, ledger: Ledger, *, keyring: Keyring, new_entry: NewEntry
) -> None:
    # After a loss the ledger goes on under another origin, whose first entry holds the last known checkpoint.
    copy = start()
    put(copy, write(3))
    put(copy, write(4))
    copy.close()
    forget(database, ledger, 3)
    with database.owner() as conn:
        opened = epoch.open_new(conn, keyring, path, ORIGIN)
    assert (opened.origin, opened.first_index, opened.last_known.size) == (f"{ORIGIN}/2", 3, 7)
    with database.transaction() as conn:
        # The directory was restored with the rest: who has read it before reads it again.
        assert conn.execute("SELECT directory_version FROM ledger_head").fetchone() == (1,)
    copy = start()
    with database.transaction() as conn:
        appended = Ledger(keyring, ORIGIN).append(conn, [new_entry()])
    put(copy, appended)
    copy.close()
    checkpoint = note.verify(appended.receipts[0].checkpoint, note.Verifier.parse(keyring.verifier_key(f"{ORIGIN}/2")))
    assert checkpoint.size == 5
    assert sizes(path) == [3, 7, 4, 5]
    start().close()
    assert verified(database, keyring, path).findings == []


def test_each_epoch_has_a_number_that_none_had_before(
    start: Start, write: Write, database: Database, path: Path, *, keyring: Keyring, ledger: Ledger
) -> None:
    # Whichever is older, the database or the copy: two epochs of one origin would be two trees of one name.
    def reopen() -> epoch.Opened:
        with database.owner() as conn:
            opened = epoch.open_new(conn, keyring, path, ORIGIN)
        ledger.continuity.known(None)
        copy = start()
        put(copy, write(3))
        copy.close()
        return opened

    copy = start()
    put(copy, write(5))
    copy.close()
    forget(database, ledger, 2)
    assert reopen().origin == f"{ORIGIN}/2"
    known = outside.last_known(path)
    assert known is not None
    old_copy = path.read_bytes().removesuffix(known.note + b"\n")
    forget(database, ledger, 4)
    third = reopen()
    assert (third.origin, third.first_index, third.last_known) == (f"{ORIGIN}/3", 4, known.checkpoint)
    path.write_bytes(old_copy)
    assert reopen().origin == f"{ORIGIN}/4"
    forget(database, ledger, 2)
    assert reopen().origin == f"{ORIGIN}/5"


@pytest.mark.parametrize("ours", [True, False])
def test_an_epoch_is_opened_on_a_copy_of_this_ledger_only(
    write: Write, database: Database, path: Path, keyring: Keyring, *, ours: bool
) -> None:
    # Whoever can write the file must not decide what the ledger says was lost.
    write(3)
    origin, key = ("nsor.gov.pk/other", keyring) if ours else (ORIGIN, Keyring.new())
    path.parent.mkdir()
    path.write_bytes(signed(7, key, origin))
    with (
        database.owner() as conn,
        pytest.raises(OperatorError, match="check ledger_origin" if ours else "isn't signed with this keyring"),
    ):
        epoch.open_new(conn, keyring, path, ORIGIN)
    with database.transaction() as conn:
        assert conn.execute("SELECT count(*) FROM ledger_epoch").fetchone() == (0,)


def test_no_epoch_without_a_loss(start: Start, write: Write, database: Database, path: Path, keyring: Keyring) -> None:
    # An epoch isn't opened to hide something: only when the copy is ahead.
    copy = start()
    put(copy, write(3))
    copy.close()
    with database.owner() as conn, pytest.raises(OperatorError, match="no epoch is needed"):
        epoch.open_new(conn, keyring, path, ORIGIN)
    path.unlink()
    with database.owner() as conn, pytest.raises(OperatorError, match="no outside copy"):
        epoch.open_new(conn, keyring, path, ORIGIN)


def test_verification_reads_the_copy(
    start: Start, write: Write, database: Database, path: Path, *, keyring: Keyring, ledger: Ledger
) -> None:
    # Head, leaves and checkpoints cut off together leave no trace in the database; the copy has it.
    copy = start()
    put(copy, write(3))
    put(copy, write(4))
    copy.close()
    assert verified(database, keyring, path).findings == []
    forget(database, ledger, 3)
    findings = verified(database, keyring, path).findings
    assert [(each.index, "knows 7 entries" in each.problem) for each in findings] == [(3, True)]


def verified(database: Database, keyring: Keyring, path: Path) -> Report:
    with database.connect() as conn:
        report = walked(conn, keyring)
        reconcile.copy(conn, path, keyring, Epochs.load(conn, ORIGIN), report, end=outside.extent(path))
    return report


def test_a_copy_that_is_taken_away_shows_and_is_never_begun_anew(
    start: Start, write: Write, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # What is written to a file that was removed is lost; a new one in its place would hide that.
    copy = start()
    put(copy, write(3))
    until(lambda: copy.healthy and sizes(path) == [3])
    assert copy.behind_seconds == 0
    away = path.rename(path.with_name("away"))
    until(lambda: not copy.healthy)
    put(copy, write(4))
    until(lambda: "ALERT COPY_BEHIND" in caplog.text)
    assert copy.behind_seconds > 0
    assert not path.exists()
    away.rename(path)
    until(lambda: copy.healthy)
    assert sorted(set(sizes(path))) == [3, 7]
    assert copy.behind_seconds == 0


def test_a_copy_that_is_missing_at_the_start_is_not_made(
    start: Start, write: Write, database: Database, path: Path
) -> None:
    # Whoever rolls the database back has only to remove the copy, if the next start made another one.
    marker = path.parent.with_name("begun")
    copy = start(marker=marker)
    put(copy, write(3))
    copy.close()
    assert sizes(path) == [3]
    path.unlink()
    copy = start(marker=marker)
    until(lambda: copy.behind_seconds > 0)
    put(copy, write(4))
    assert not copy.healthy
    assert not path.exists()
    with database.transaction() as conn:
        outside.begin(path, (each for _, each in proofs.checkpoints_after(conn, 0, 100)))
    until(lambda: copy.healthy)
    assert sizes(path)[:2] == [3, 7]
    with database.transaction() as conn, pytest.raises(FileExistsError):
        outside.begin(path, (each for _, each in proofs.checkpoints_after(conn, 0, 1)))
    assert sizes(path)[:2] == [3, 7], "a copy is never replaced"


def test_another_file_in_its_place_is_compared_before_it_is_written_to(
    start: Start, write: Write, database: Database, path: Path, keyring: Keyring
) -> None:
    def compared() -> int:
        with database.transaction() as conn:
            return outside.compare(conn, path)

    copy = start(resume=compared)
    put(copy, write(3))
    until(lambda: copy.healthy and sizes(path) == [3])
    # One that knows more than the tree: it stays as it is, and the copy stays unwell.
    fresh = path.with_name("fresh")
    fresh.write_bytes(signed(9, keyring))
    fresh.rename(path)
    until(lambda: not copy.healthy)
    put(copy, write(4))
    assert not copy.healthy
    assert sizes(path) == [9]


def test_what_a_serving_register_adds_meanwhile_was_not_lost(
    start: Start, write: Write, database: Database, path: Path, keyring: Keyring
) -> None:
    # The snapshot is older than what the copy gets while it is read: that the tree lacks it there is no loss.
    copy = start()
    put(copy, write(3))
    until(lambda: sizes(path) == [3])
    with database.connect() as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        end = outside.extent(path)
        report = walked(conn, keyring)
        put(copy, write(4))
        copy.close()
        reconcile.copy(conn, path, keyring, Epochs.load(conn, ORIGIN), report, end=end)
    assert sizes(path) == [3, 7]
    assert report.findings == []
    assert "1 checkpoint was compared with the outside copy, up to 3 entries; the ledger has 3" in report.remarks


def test_a_start_beside_a_serving_register_reads_the_copy_before_the_tree(
    start: Start, write: Write, database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `check`, too, looks at a register that serves: what the copy gets after the head was read is no loss.
    copy = start()
    put(copy, write(3))
    until(lambda: sizes(path) == [3])
    read = outside.Tail.read

    def slowly(at: Path, _since: int) -> outside.Tail:
        put(copy, write(4))
        copy.close()
        return read(at)

    monkeypatch.setattr(outside.Tail, "read", slowly)
    with database.transaction() as conn:
        assert outside.compare(conn, path) == 7


def test_the_newest_checkpoint_is_the_largest_whole_one_of_the_last_origin(path: Path, keyring: Keyring) -> None:
    # Commits of several threads come out of their order, the last one may be torn, and an epoch begins smaller.
    def of(size: int, origin: str = ORIGIN) -> bytes:
        return signed(size, keyring, origin)

    def known(*written: bytes) -> tuple[str, int] | None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(written))
        found = outside.last_known(path)
        return None if found is None else (found.checkpoint.origin, found.checkpoint.size)

    assert outside.last_known(path) is None
    assert known() is None
    assert known(of(9)[:-20]) is None
    assert known(of(3), of(7), of(5)) == (ORIGIN, 7)
    assert known(of(3), of(5), of(9)[:-20], b"\n\n", of(4)) == (ORIGIN, 5)
    assert known(of(3), of(7), of(2, f"{ORIGIN}/2")) == (f"{ORIGIN}/2", 2)
    # Whatever stands between them is passed over.
    assert known(of(3), b"nonsense\n999\nnonsense\n\nnonsense\n\n") == (ORIGIN, 3)


@pytest.mark.parametrize("piece", [1, 7, 200, 1 << 20])
def test_a_copy_is_read_in_pieces_of_any_size(
    path: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(outside, "_TAIL_BYTES", piece)
    path.parent.mkdir()
    path.write_bytes(b"".join(signed(size, keyring) for size in (3, 5, 7)))
    assert sizes(path) == [3, 5, 7]


def test_of_a_long_copy_the_end_is_read(path: Path, keyring: Keyring) -> None:
    # It grows for ever, and a start doesn't wait for what was committed years ago.
    path.parent.mkdir()
    path.write_bytes(signed(9, keyring) + 20_000 * signed(3, keyring) + signed(7, keyring))
    found = outside.last_known(path)
    assert found is not None
    assert found.checkpoint.size == 7


def test_a_disk_that_refuses_is_made_good(start: Start, write: Write, path: Path) -> None:
    # While the file can't be written the flag is off; what it missed is written afterwards.
    path.parent.mkdir(parents=True)
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        start()
    path.rmdir()
    copy = start()
    until(lambda: copy.healthy)
    away = path.rename(path.with_name("away"))
    path.mkdir()
    put(copy, write(3))
    until(lambda: not copy.healthy)
    path.rmdir()
    away.rename(path)
    put(copy, write(1))
    until(lambda: copy.healthy and sizes(path)[-1:] == [4])
    copy.close()
    assert sorted(set(sizes(path))) == [3, 4]


def test_what_is_missed_is_asked_for_in_pieces_until_it_comes(
    write: Write, database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A database that is away in between costs nothing but time: each checkpoint is written once, none is left out.
    monkeypatch.setattr(outside, "_MAX_NOTES", 2)
    monkeypatch.setattr(outside, "_RETRY_SECONDS", 0.01)
    for _ in range(5):
        write(2)
    asked: list[int] = []

    def missed(size: int, most: int) -> list[tuple[int, bytes]]:
        asked.append(size)
        if len(asked) in (1, 3, 4):
            raise psycopg.OperationalError
        with database.transaction() as conn:
            return proofs.checkpoints_after(conn, size, most)

    copy = OutsideCopy(path, missed, size=2)
    until(lambda: asked[-1:] == [10])
    assert asked == [2, 2, 6, 6, 6, 10]
    put(copy, write(1))
    copy.close()
    assert sizes(path) == [4, 6, 8, 10, 11]


def test_what_the_queue_does_not_hold_is_made_good(
    write: Write, database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever commits never waits for the copy: what comes too fast is read from the database later.
    monkeypatch.setattr(outside, "_WAITING", 1)
    monkeypatch.setattr(outside, "_RETRY_SECONDS", 0.01)
    asked, going = threading.Event(), threading.Event()

    def missed(size: int, most: int) -> list[tuple[int, bytes]]:
        with database.transaction() as conn:
            found = proofs.checkpoints_after(conn, size, most)
        asked.set()
        assert going.wait(60)
        return found

    copy = OutsideCopy(path, missed, size=0)
    assert asked.wait(60)
    for _ in range(5):
        put(copy, write(1))
    assert not copy.healthy
    going.set()
    until(lambda: copy.healthy and set(sizes(path)) == {1, 2, 3, 4, 5})
    copy.close()


def test_the_copy_goes_on_from_where_the_tree_has_it(
    start: Start, write: Write, database: Database, path: Path, ledger: Ledger, *, keyring: Keyring
) -> None:
    def compared() -> int:
        with database.transaction() as conn:
            return outside.compare(conn, path)

    assert compared() == 0
    copy = start()
    put(copy, write(3))
    copy.close()
    write(4)
    assert compared() == 3
    forget(database, ledger, 2)
    with database.owner() as conn:
        epoch.open_new(conn, keyring, path, ORIGIN)
    assert compared() == 2
    with database.owner() as conn:
        conn.execute("DELETE FROM ledger_head")
    with pytest.raises(CopyAhead, match="no head"):
        compared()


def test_a_disk_that_hangs_holds_nobody_up(write: Write, tmp_path: Path) -> None:
    # A hang is not an error: putting goes on at once, and the flag says it after the deadline.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    copy = OutsideCopy(pipe, lambda _size, _most: [], size=0, deadline_seconds=0.2)
    appended = write(1)
    put(copy, appended)
    until(lambda: not copy.healthy)
    for _ in range(20_000):
        put(copy, appended)
    assert not copy.healthy
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    copy.close()
    os.close(reader)


def test_a_tree_that_was_set_back_and_has_grown_past_it_is_found(
    database: Database, ledger: Ledger, write: Write, path: Path
) -> None:
    # A command's entry was taken back, and the register, which never saw it, has gone on: its own are the newest.
    write(3)
    taken = write(1).receipts[-1]
    forget(database, ledger, 3)
    path.parent.mkdir()
    path.touch()
    outside.add(path, [taken.checkpoint])
    with database.transaction() as conn, pytest.raises(CopyAhead, match="knows 4 entries, the tree has 3"):
        outside.compare(conn, path)
    outside.add(path, [write(2).receipts[-1].checkpoint])
    with database.transaction() as conn, pytest.raises(CopyAhead, match="another root at 4"):
        outside.compare(conn, path)


def test_a_command_and_a_register_write_one_after_the_other(start: Start, path: Path, write: Write) -> None:
    # Notes of both are whole, and a copy that isn't there isn't begun by a command.
    with pytest.raises(FileNotFoundError):
        outside.add(path, [b""])
    copy = start()
    for _ in range(20):
        put(copy, write(1))
        outside.add(path, [write(1).receipts[-1].checkpoint])
    until(lambda: set(sizes(path)) >= set(range(1, 41)))
    assert path.read_bytes().count(b"nsor.gov.pk/ledger\n") >= 40
