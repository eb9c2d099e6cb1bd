"""What every test may ask for: a migrated database of its own on a real PostgreSQL, with fresh keys.

One PostgreSQL runs per test process; each test's database is like a migrated template (`tests/kept.py`). Tests
reach the network on this machine only.
"""

import contextlib
import itertools
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest

from nsor_server.storage import migrate
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.embedded import OWNER, SERVER, SERVING, SUPERUSER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.ledger_signers import LedgerSigners
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests import temporary
from tests.kept import KeptDatabase
from tests.polling import until

# Examples that failed are not kept: the tree may be read-only, and a run should not depend on the last one.
# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile(
    "nsor", database=None, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("nsor")

pytest_plugins = ("tests.schedule",)

_TEMPLATE = "nsor_template"
_numbers = itertools.count(1)


def pytest_configure() -> None:
    """Have temporary files in memory, unless somebody has said where they shall be."""
    os.environ["TMPDIR"] = str(temporary.folder())
    tempfile.tempdir = None


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to another machine, not even by mistake."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise RuntimeError("a test tried to reach another machine")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running embedded PostgreSQL with a migrated template database."""
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "state")
    embedded.start()
    with psycopg.connect(embedded.conninfo(SUPERUSER, "postgres"), autocommit=True) as connection:
        # What it finds out would be different from one run to the next, and a database where it has isn't kept.
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
    embedded.create_database(_TEMPLATE)
    with psycopg.connect(embedded.conninfo(OWNER, _TEMPLATE)) as connection:
        migrate.apply(connection, migrate.load())
    yield embedded
    embedded.stop()


class _Superuser:
    """One connection that makes and drops databases: to make one for each costs as much as half a database.

    Tests that kill a process of the server end it with all others.

    Attributes:
        kept: by template, databases that no test has now.
    """

    def __init__(self, url: str) -> None:
        self.kept: dict[str, list[KeptDatabase]] = {}
        self._url = url
        self._connection = self._connected()

    def execute(self, statement: str) -> psycopg.Cursor:
        try:
            self._connection.execute(b"SELECT 1")
        except psycopg.OperationalError:
            self._connection.close()
            self._connection = self._connected()
        return self._connection.execute(statement.encode())

    def copies(self, create: str) -> bool:
        """Whether the template could be copied: PostgreSQL waits 5 s for who has just left it, and no longer."""
        try:
            self.execute(create)
        except psycopg.errors.ObjectInUse:
            return False
        return True

    def drop(self, database: KeptDatabase) -> None:
        """End what is connected to a test's database, and drop it."""
        database.close()
        name = psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"]
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        for of_template in self.kept.values():
            for each in of_template:
                each.close()
        self._connection.close()

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(self._url, autocommit=True)


@pytest.fixture(scope="session")
def _superuser(postgres: EmbeddedPostgres) -> Iterator[_Superuser]:
    with contextlib.closing(_Superuser(postgres.conninfo(SUPERUSER, "postgres"))) as superuser:
        yield superuser


@pytest.fixture(scope="session")
def empty(postgres: EmbeddedPostgres) -> str:  # noqa: ARG001 - it makes the template
    """Name of a template that is migrated and empty."""
    return _TEMPLATE


@pytest.fixture(scope="session")
def copied(postgres: EmbeddedPostgres, _superuser: _Superuser) -> Callable[[str, str], Database]:
    """Makes a database of a name, a copy of another one, and gives it; not open."""

    def copy(name: str, template: str) -> Database:
        _copy(postgres, _superuser, name, template)
        return Database(postgres.conninfo(SERVER, name), postgres.conninfo(OWNER, name), pool_size=4)

    return copy


@pytest.fixture(scope="session")
def filled(copied: Callable[[str, str], Database], _keys: Keyring, empty: str) -> str:
    """Name of a template with the agencies and the policy of every register of services: to copy costs no more."""
    from tests.services import Services  # noqa: PLC0415 - it imports all services, for which few folders ask

    name = f"{empty}_filled"
    with copied(name, empty) as database:
        Services(database, _keys).close()
    return name


def _copy(postgres: EmbeddedPostgres, superuser: _Superuser, name: str, template: str) -> None:
    # To copy the template's files costs half of what it costs to log their pages. But first all that waits to be
    # written is, and on a disk that takes longer.
    strategy = "FILE_COPY" if postgres.data.is_relative_to(temporary.MEMORY) else "WAL_LOG"
    create = f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY {strategy}"
    until(lambda: superuser.copies(create), seconds=300)
    roles = ", ".join(SERVING)
    superuser.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {roles}")


@pytest.fixture
def template(request: pytest.FixtureRequest) -> str:
    """Name of the template of which a test's own database is a copy: filled, if it asks for services."""
    return str(request.getfixturevalue("filled" if "services" in request.fixturenames else "empty"))


@pytest.fixture
def database(
    request: pytest.FixtureRequest, postgres: EmbeddedPostgres, _superuser: _Superuser, template: str
) -> Iterator[Database]:
    """A database like the template, with open pools of one connection each that grow to four when they are asked for.

    A server's all stand from its start. It was another test's before, if that has left it as the template is; but not
    of a test that is marked with `new_database`.
    """
    kept = _superuser.kept.setdefault(template, [])
    if request.node.get_closest_marker("new_database"):
        for each in kept:
            _superuser.drop(each)
        kept.clear()
    database = kept.pop() if kept else _new(postgres, _superuser, template)
    if not database.is_there:
        _superuser.drop(database)
        database = _new(postgres, _superuser, template)
    yield database
    if database.set_back():
        kept.append(database)
    else:
        _superuser.drop(database)


def _new(postgres: EmbeddedPostgres, superuser: _Superuser, template: str) -> KeptDatabase:
    name = f"test_{next(_numbers)}"
    _copy(postgres, superuser, name, template)
    database = KeptDatabase(*(postgres.conninfo(role, name) for role in (SERVER, OWNER, SUPERUSER)))
    database.open()
    return database


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A state folder of its own."""
    return tmp_path / "state"


@pytest.fixture(scope="session")
def _keys() -> Keyring:
    return Keyring.new()


@pytest.fixture
def keyring(_keys: Keyring) -> Keyring:
    """A keyring of fresh keys. Signers are its own: it goes on to the next one where a ledger has."""
    return _keys.with_ledger(LedgerSigners(_keys.ledger.signers))


@pytest.fixture
def sealer(keyring: Keyring) -> Sealer:
    """Seals under that keyring."""
    return Sealer(keyring)


@pytest.fixture
def blind_index(keyring: Keyring) -> BlindIndex:
    """Blind indexes of that keyring."""
    return BlindIndex(keyring)
