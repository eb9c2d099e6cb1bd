"""The drill: what was backed up comes back, to a point in time as well, and what was lost can't be passed over."""

import contextlib
import datetime as dt
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from nsor_server import config
from nsor_server.commands.backup import backup, restore
from nsor_server.commands.ledger import ledger as ledger_commands
from nsor_server.config import OperatorError
from nsor_server.ledger import outside
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.outside import CopyAhead
from nsor_server.storage import keyring as keyrings
from nsor_server.storage import migrate
from nsor_server.storage.archive import BackupError
from nsor_server.storage.attach import attached
from nsor_server.storage.embedded import EmbeddedPostgres
from nsor_server.storage.folders import EmbeddedError
from nsor_server.storage.keyring import Keyring
from tests.ledger.conftest import ORIGIN, NewEntry
from tests.ledger.conftest import new_entry as new_entry  # noqa: PLC0414 - a fixture of another folder
from tests.polling import until


class Site:
    """An embedded register's files, and what its operator does."""

    def __init__(self, folder: Path, keyring: Keyring, new_entry: NewEntry, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.wal = folder / "wal"
        self.copy = folder / "elsewhere" / "checkpoints"
        self.copy.parent.mkdir()
        self._ledger = Ledger(keyring, ORIGIN)
        self._new_entry = new_entry
        keyrings.write_private(folder / "keys.json", keyring.to_bytes(), replace=False)
        for name in [name for name in os.environ if name.startswith("NSOR_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("NSOR_STATE_DIR", str(folder / "state"))
        monkeypatch.setenv("NSOR_KEYS", str(folder / "keys.json"))
        monkeypatch.setenv("NSOR_CHECKPOINT_FILE", str(self.copy))
        monkeypatch.setenv("NSOR_WAL_ARCHIVE", str(self.wal))
        self.settings = config.load(os.environ)

    @contextlib.contextmanager
    def owner(self, *, begins: bool = False) -> Iterator[psycopg.Connection]:
        with attached(self.settings, begins=begins) as database, contextlib.closing(database.owner()) as owner:
            yield owner

    def write(self, count: int) -> dt.datetime:
        """Append entries one by one, as a register that serves does; gives the instant after them."""
        with self.owner() as owner:
            for _ in range(count):
                receipt = self._ledger.append(owner, [self._new_entry()]).receipts[0]
                owner.commit()
                with self.copy.open("ab") as file:
                    file.write(receipt.checkpoint + b"\n")
            ((instant,),) = owner.execute("SELECT clock_timestamp()").fetchall()
            # What comes later has a greater time of commit, also in the WAL's whole microseconds.
            owner.execute("SELECT pg_sleep(0.01)")
        assert isinstance(instant, dt.datetime)
        return instant

    def size(self) -> int:
        with self.owner() as owner:
            return int(owner.execute("SELECT size FROM ledger_head").fetchall()[0][0])

    def lose(self) -> None:
        """The disk with the database is gone."""
        shutil.rmtree(self.settings.state_dir / "postgres")

    def compare(self) -> int:
        with self.owner() as owner:
            return outside.compare(owner, self.copy)

    def run(self, *arguments: str, command: object = restore) -> str:
        """What a command that does its work has said."""
        done = CliRunner().invoke(command, list(arguments))  # type: ignore[arg-type]
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output


@pytest.fixture
def site(tmp_path: Path, keyring: Keyring, new_entry: NewEntry, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site(tmp_path, keyring, new_entry, monkeypatch)
    with made.owner(begins=True) as owner:
        migrate.apply(owner, migrate.load())
    return made


def test_the_drill(site: Site) -> None:
    # Base backup, WAL after it, everything back; nothing is lost, and the register serves at once.
    site.write(3)
    site.run(str(site.folder / "backup"), command=backup)
    site.write(4)
    switch(site)
    site.lose()
    copy = site.copy.read_bytes()
    output = site.run(str(site.folder / "backup"))
    assert "restored 7 entries" in output
    assert "stays as it is" in output
    assert site.copy.read_bytes() == copy
    assert site.size() == site.compare() == 7
    # It can be written to, and backed up again.
    site.write(1)
    site.run(str(site.folder / "again"), command=backup)
    assert site.size() == 8


def test_a_point_in_time_and_the_epoch_that_owns_up_to_the_loss(site: Site) -> None:
    site.write(3)
    site.run(str(site.folder / "backup"), command=backup)
    instant = site.write(2)
    site.write(4)
    switch(site)
    site.lose()
    copy = site.copy.read_bytes()
    output = site.run(str(site.folder / "backup"), "--until", instant.isoformat())
    assert "restored 5 entries" in output
    assert output.count("Entries were lost") == 1
    assert "`serve` refuses" in output
    assert site.copy.read_bytes() == copy, "the copy remembers what the backup has forgotten"
    with pytest.raises(CopyAhead, match="knows 9 entries, the tree has 5"):
        site.compare()
    opened = site.run("new-epoch", "--yes", command=ledger_commands)
    assert f"{ORIGIN}/2 at entry 5" in opened
    # The copy has the entry that opens the epoch too.
    assert site.compare() == 6


def test_a_backup_holds_no_key_and_restores_only_where_there_is_no_database(site: Site) -> None:
    site.write(2)
    site.run(str(site.folder / "backup"), command=backup)
    # A mistyped mount point isn't made on the disk that the backup is to outlive.
    with pytest.raises(BackupError, match="isn't there"):
        site.run(str(site.folder / "mnt" / "backup"), command=backup)
    assert not (site.folder / "mnt").exists()
    names = [path.name for path in (site.folder / "backup").rglob("*")]
    assert "keys.json" not in names
    assert all(path.stat().st_mode & 0o077 == 0 for path in (site.folder / "backup").rglob("*"))
    with pytest.raises(BackupError, match="is there; move it away first"):
        site.run(str(site.folder / "backup"))
    with pytest.raises(BackupError, match="there already"):
        site.run(str(site.folder / "backup"), command=backup)
    # The copy comes back only where there is none.
    site.lose()
    site.copy.unlink()
    assert "The outside copy is the backup's" in site.run(str(site.folder / "backup"))
    assert site.compare() == 2


def test_what_the_wal_does_not_reach_is_not_restored(site: Site) -> None:
    # Half a restore that looks like a whole one is worse than none.
    site.write(2)
    site.run(str(site.folder / "backup"), command=backup)
    later = site.write(2) + dt.timedelta(days=1)
    site.lose()
    with pytest.raises(OperatorError) as refused:
        site.run(str(site.folder / "backup"), "--until", later.isoformat())
    assert isinstance(refused.value, EmbeddedError)


def test_a_recovery_that_ends_while_it_answers_is_refused_alike(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # PostgreSQL takes connections while it recovers, and ends when the WAL doesn't reach the instant.
    site.write(2)
    site.run(str(site.folder / "backup"), command=backup)
    site.lose()
    make_roles = EmbeddedPostgres._make_roles

    def ended(embedded: EmbeddedPostgres) -> None:
        assert embedded.postmaster_pid is not None
        os.kill(embedded.postmaster_pid, signal.SIGQUIT)
        until(lambda: embedded.postmaster_pid is None, seconds=60)
        make_roles(embedded)

    monkeypatch.setattr(EmbeddedPostgres, "_make_roles", ended)
    with pytest.raises(EmbeddedError, match="didn't recover"):
        site.run(str(site.folder / "backup"))


def test_a_damaged_backup_is_refused(site: Site) -> None:
    site.write(2)
    site.run(str(site.folder / "backup"), command=backup)
    site.lose()
    version = site.folder / "backup" / "base" / "PG_VERSION"
    version.write_text("0" + version.read_text())
    with pytest.raises(EmbeddedError, match="pg_verifybackup failed"):
        site.run(str(site.folder / "backup"))
    assert not (site.settings.state_dir / "postgres").exists()
    (site.folder / "backup" / "backup.json").unlink()
    with pytest.raises(BackupError, match="no whole backup"):
        site.run(str(site.folder / "backup"))


def switch(site: Site) -> None:
    """Have the newest WAL archived, as it is after a minute anyhow."""
    with attached(site.settings) as database:
        assert database.embedded is not None
        with psycopg.connect(database.embedded.conninfo("postgres", "postgres"), autocommit=True) as superuser:
            ((name,),) = superuser.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchall()
        until((site.wal / str(name)).exists, seconds=120)
