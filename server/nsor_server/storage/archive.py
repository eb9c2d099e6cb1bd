"""Backups of the embedded database that restore: a base backup, the archived WAL after it, and the outside copy.

No key is in a backup: the keyring is backed up apart (`keys backup`), since whoever has both has the register. A
restore makes a database where there is none, and puts the outside copy back only where there is none: one that is there
remembers what the backup has forgotten, and is never replaced or shortened.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from psycopg import sql

from nsor_server.config import OperatorError, Settings
from nsor_server.storage import identity
from nsor_server.storage.embedded import SUPERUSER, EmbeddedPostgres
from nsor_server.storage.folders import EmbeddedError

FORMAT: Final = "nsor-backup/1"
BASE: Final = "base"
COPY: Final = "checkpoints"
ABOUT: Final = "backup.json"
RECOVERY_SECONDS: Final = 24 * 3600.0
"""Longest that a recovery may take: the WAL of weeks, from a slow disk."""
_LOOK_SECONDS: Final = 0.2
_OF_RECOVERY: Final = ("restore_command", "recovery_target_time", "recovery_target_action")


class BackupError(OperatorError):
    """A backup can't be made, or doesn't restore; what is there stays as it is."""


class About(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of a backup.

    Attributes:
        format: `FORMAT`.
        made_at: when it was complete, in UTC.
        entries: of the ledger when it began: it has at least these.
        origin: of the ledger.
        has_base: whether it holds the database; else it is of an external one, whose operator backs it up.
    """

    format: str
    made_at: dt.datetime
    entries: int
    origin: str
    has_base: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has made.

    Attributes:
        entries: of the ledger.
        copy_was_there: whether the outside copy was left as it was.
    """

    entries: int
    copy_was_there: bool


def back_up(settings: Settings, folder: Path, entries: int, origin: str) -> About:
    """Make a backup: the database, if it is ours, and the outside copy.

    Args:
        settings: of the register, which may serve meanwhile.
        folder: made; there may be nothing yet.
        entries: of the ledger, before.
        origin: of the ledger.

    Raises:
        BackupError: there is something already, or no folder to put it in.
        EmbeddedError: PostgreSQL can't make it, or it doesn't verify.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        # A mistyped mount point would be made on the disk that the backup is to outlive.
        raise BackupError(f"{folder.parent} isn't there: mount it, or make it first") from None
    except FileExistsError:
        raise BackupError(f"{folder} is there already; a backup goes into a folder of its own") from None
    if settings.embedded:
        embedded = EmbeddedPostgres(settings.state_dir, settings.postgres_bin, archive=settings.wal_archive)
        embedded.start()
        try:
            _base(embedded, folder.resolve() / BASE)
        finally:
            embedded.stop()
    if settings.checkpoint_file.exists():
        # Append-only: what is added while it is read is newer, and a torn end is passed over when it is read.
        _write(folder / COPY, settings.checkpoint_file.read_bytes())
    about = About(FORMAT, dt.datetime.now(dt.UTC), entries, origin, settings.embedded)
    _write(folder / ABOUT, msgspec.json.format(msgspec.json.encode(about)) + b"\n")
    return about


def _base(embedded: EmbeddedPostgres, target: Path) -> None:
    embedded.run(
        "pg_basebackup", "-h", str(embedded.sockets), "-p", "5432", "-U", SUPERUSER, "-D", str(target),
        "-X", "stream", "-c", "fast", "--manifest-checksums=SHA256",
    )  # fmt: skip
    embedded.run("pg_verifybackup", "--quiet", str(target))
    with psycopg.connect(embedded.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
        superuser.execute("SELECT pg_switch_wal()")  # or the newest would wait for the archive until its time


def read_about(folder: Path) -> About:
    """What is known of a backup.

    Raises:
        BackupError: it is none, or isn't whole.
    """
    try:
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
    except (OSError, msgspec.DecodeError):
        raise BackupError(f"{folder} is no whole backup: {ABOUT} is missing or unreadable") from None
    if about.format != FORMAT:
        raise BackupError(f"{folder} is not of format {FORMAT}")
    return about


def restore(settings: Settings, folder: Path, *, wal: Path | None = None, until: dt.datetime | None = None) -> Restored:
    """Make the embedded database from a backup, and start and stop it once.

    Args:
        settings: of the register, which has no database now.
        folder: the backup.
        wal: archived WAL to go on with; None takes the setting's folder, if there is one.
        until: the instant up to which; None: as far as the WAL goes.

    Raises:
        BackupError: there is a database already, or the backup isn't whole.
        EmbeddedError: PostgreSQL doesn't recover from it, as when the WAL doesn't reach `until`.
    """
    about = read_about(folder)
    wal = wal or settings.wal_archive
    if not settings.embedded or not about.has_base:
        raise BackupError(
            "an external PostgreSQL is restored by its operator's own tools (pgBackRest, pg_basebackup); afterwards "
            "run `nsor-server check`, and `ledger new-epoch` if the outside copy knows more"
        )
    if until is not None and wal is None:
        raise BackupError("a point in time needs the archived WAL: --wal FOLDER, or the setting wal_archive")
    embedded = EmbeddedPostgres(settings.state_dir, settings.postgres_bin, archive=settings.wal_archive)
    if embedded.data.exists():
        raise BackupError(f"{embedded.data} is there; move it away first, and keep it until all is well")
    embedded.run("pg_verifybackup", "--quiet", str((folder / BASE).resolve()), at=folder.resolve() / BASE)
    _place(embedded, folder / BASE, settings.postgres_bin, _recovery(wal, until))
    copy_was_there = settings.checkpoint_file.exists()
    if not copy_was_there and (folder / COPY).exists():
        settings.checkpoint_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(settings.checkpoint_file, (folder / COPY).read_bytes())
    try:
        embedded.start()
    except psycopg.OperationalError:  # it answers while it recovers, and has ended since
        raise _not_recovered(embedded) from None
    try:
        entries = _recovered(embedded)
    finally:
        embedded.stop()
    return Restored(entries, copy_was_there)


def _place(embedded: EmbeddedPostgres, base: Path, bin_dir: Path | None, recovery: str) -> None:
    """Copy the base backup to where the data is, whole or not at all, ready to recover."""
    embedded.data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = embedded.data.with_name("postgres.restored")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(base, fresh)
    fresh.chmod(0o700)
    with (fresh / "postgresql.auto.conf").open("a", encoding="utf-8") as conf:
        conf.write(recovery)
    (fresh / "recovery.signal").touch(mode=0o600)
    for found in (fresh, *fresh.rglob("*")):
        os.chown(found, os.geteuid(), os.getegid(), follow_symlinks=False)
    identity.give_to_account(bin_dir or embedded.bin_dir, fresh)
    fresh.rename(embedded.data)


def _recovery(wal: Path | None, until: dt.datetime | None) -> str:
    """Settings of a recovery. Without an archive the backup's own WAL is all there is."""
    command = "false" if wal is None else f'cp "{wal.resolve()}/%f" "%p"'
    lines = [f"restore_command = {_quoted(command)}", "recovery_target_action = 'promote'"]
    if until is not None:
        lines.append(f"recovery_target_time = {_quoted(until.astimezone(dt.UTC).isoformat())}")
    return "".join(f"{line}\n" for line in lines)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _not_recovered(embedded: EmbeddedPostgres) -> EmbeddedError:
    return EmbeddedError(f"PostgreSQL didn't recover; see {embedded.logs}")


def _recovered(embedded: EmbeddedPostgres) -> int:
    """Wait until it has recovered and can be written to; gives the entries of the ledger."""
    end = time.monotonic() + RECOVERY_SECONDS
    while True:
        if embedded.postmaster_pid is None:
            raise _not_recovered(embedded)
        try:
            with psycopg.connect(embedded.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
                ((recovering,),) = superuser.execute("SELECT pg_is_in_recovery()").fetchall()
                if not recovering:
                    for name in _OF_RECOVERY:
                        superuser.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
                    break
        except psycopg.OperationalError:
            pass
        if time.monotonic() > end:
            raise EmbeddedError(f"PostgreSQL still recovers; see {embedded.logs}")
        time.sleep(_LOOK_SECONDS)
    with psycopg.connect(embedded.conninfo(SUPERUSER)) as superuser:
        ((entries,),) = superuser.execute("SELECT size FROM public.ledger_head").fetchall()
    return int(entries)


def _write(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600 to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
