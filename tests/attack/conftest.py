import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import verifying
from tests.kept import KeptDatabase
from tests.services import Services


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever owns the database, as its superuser."""

    conn: psycopg.Connection
    keyring: Keyring

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

    def findings(self, *, of_indexes: bool = False) -> list[str]:
        """What `ledger verify` says; of indexes only where a test switches one off."""
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return verifying.findings(self.conn, self.keyring, of_indexes=of_indexes)


@pytest.fixture
def owner(database: KeptDatabase, keyring: Keyring) -> Iterator[Owner]:
    with database.superuser() as conn:
        yield Owner(conn, keyring)


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running
