import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from nsor_server.storage.embedded import SUPERUSER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification.verified import verified
from tests.calls import ORIGIN, Services


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever owns the database, as its superuser."""

    conn: psycopg.Connection
    keyring: Keyring
    nowhere: Path

    def does(self, *statements: str) -> None:
        for statement in statements:
            self.conn.execute(statement.encode())

    @contextlib.contextmanager
    def changing(self, change: str, back: str) -> Iterator[None]:
        """One column has another value for a while."""
        self.does(change)
        yield
        self.does(back)

    @contextlib.contextmanager
    def without(self, table: str, where: str) -> Iterator[None]:
        """Rows are gone for a while."""
        self.does(
            f"CREATE TEMP TABLE kept AS SELECT * FROM {table} WHERE {where}",  # noqa: S608 - constants
            f"DELETE FROM {table} WHERE {where}",  # noqa: S608 - constants
        )
        assert self.conn.execute("SELECT count(*) FROM kept").fetchall() != [(0,)]
        yield
        self.does(f"INSERT INTO {table} SELECT * FROM kept", "DROP TABLE kept")  # noqa: S608 - constants

    def findings(self) -> list[str]:
        """What `ledger verify` says."""
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            report = verified(self.conn, self.keyring, ORIGIN, (self.nowhere, 0))
        return [each.problem for each in report.findings]


@pytest.fixture
def owner(postgres: EmbeddedPostgres, database: Database, keyring: Keyring, tmp_path: Path) -> Iterator[Owner]:
    name = str(psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"])
    with psycopg.connect(postgres.conninfo(SUPERUSER, name), autocommit=True, prepare_threshold=None) as conn:
        yield Owner(conn, keyring, tmp_path / "nowhere")


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running
