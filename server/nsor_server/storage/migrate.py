"""Migrations: numbered SQL files, forward only, each in one transaction, under an advisory lock.

`migrations/NNNN_name.sql` are run as the role that owns the tables. Each file grants the server's role what it
needs; the rest it does not get. Numbers may have gaps. What was applied is recorded with its SHA-256, and a
file that has changed since is refused: the register's history of its own form is as insert-only as the rest.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg

from nsor_server.config import OperatorError
from nsor_server.storage import tables

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x4E534F52_00000001
"""Advisory lock of migrators ("NSOR", 1)."""
_FILE_NAME = re.compile(r"(?P<number>[0-9]{4})_(?P<name>[a-z0-9_]+)\.sql")


class MigrationError(OperatorError):
    """Files and database do not fit together."""


class MigrationFailed(MigrationError):
    """PostgreSQL refused a migration; nothing of it stays."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    number: int
    name: str
    sql: bytes

    @property
    def sha256(self) -> bytes:
        """What is recorded when it is applied."""
        return hashlib.sha256(self.sql).digest()

    @property
    def label(self) -> str:
        """The file's name without its ending."""
        return f"{self.number:04d}_{self.name}"


def load(folder: Path = MIGRATIONS) -> list[Migration]:
    """Read all migrations, in order.

    Raises:
        MigrationError: a file's name has another form, or two have one number.
    """
    found: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name} is not named NNNN_name.sql")
        number = int(match["number"])
        if number in found:
            raise MigrationError(f"{path.name} and {found[number].label}.sql have one number")
        found[number] = Migration(number, match["name"], path.read_bytes())
    return list(found.values())


def apply(connection: psycopg.Connection, migrations: list[Migration]) -> list[Migration]:
    """Apply what is missing and return it.

    Args:
        connection: of the owner's role, without an open transaction; it is put into autocommit mode.
        migrations: from `load`.

    Raises:
        MigrationError: an applied file has changed, is gone, or a new file has a lower number than an applied
        one.
        MigrationFailed: PostgreSQL refused one; the ones before it stay.
    """
    connection.autocommit = True
    connection.execute("SET search_path = public, pg_temp")
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL,"
            " sha256 bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp());"
            "GRANT SELECT ON migration TO nsor_server"
        )
        missing = pending(connection, migrations)
        for migration in missing:
            _apply_one(connection, migration)
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
    return missing


def pending(connection: psycopg.Connection, migrations: list[Migration]) -> list[Migration]:
    """What is not applied yet; any role may ask.

    Raises:
        MigrationError: as `apply`.
    """
    if not tables.exists(connection, "migration"):
        return migrations
    applied: dict[int, tuple[str, bytes]] = {
        number: (name, bytes(sha256))
        for number, name, sha256 in connection.execute("SELECT number, name, sha256 FROM migration")
    }
    known = {migration.number: migration for migration in migrations}
    for number, (name, sha256) in sorted(applied.items()):
        if number not in known:
            raise MigrationError(f"the database has {number:04d}_{name}, which this version lacks; run a newer version")
        if known[number].sha256 != sha256:
            raise MigrationError(f"{known[number].label}.sql was changed after it was applied; add a new one instead")
    missing = [migration for migration in migrations if migration.number not in applied]
    latest = max(applied, default=0)
    if missing and missing[0].number < latest:
        raise MigrationError(
            f"{missing[0].label}.sql comes before {latest:04d}, which is applied; give it a higher number"
        )
    return missing


def _apply_one(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO migration (number, name, sha256) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.sha256),
            )
    except psycopg.Error as error:
        # The text of an error in DDL names tables and roles; that of one in data could name a person.
        reason = error.sqlstate or "no SQLSTATE"
        where = "" if error.diag.message_primary is None or reason[:2] != "42" else f": {error.diag.message_primary}"
        raise MigrationFailed(f"{migration.label}.sql failed with SQLSTATE {reason}{where}") from None
