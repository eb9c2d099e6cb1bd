"""A register that serves, on a fresh database with the example agencies."""

import contextlib
import dataclasses
import itertools
import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from certs import flawed
from nsor_server import app, config, logs
from nsor_server.lookup.search.index import SearchIndex
from nsor_server.pki import development, index
from nsor_server.storage import pool
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.ledger_signers import LedgerSigners
from nsor_server.storage.pool import Database
from tests import deciding
from tests.rpc.callers import Logged, Serve, Serving, example_agencies

_numbers = itertools.count(1)


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Logged]:
    """What the log's lines say of their calls; it is asked once, when all was said."""
    file, ours = tmp_path / "log", logging.getLogger("nsor_server")
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    lines = logs.Lines(logs.Json(), descriptor)
    ours.addHandler(lines)

    def ids(*words: str) -> list[tuple[str, str]]:
        lines.close()
        found = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        return [
            (each.get("trace_id", ""), each.get("access_id", ""))
            for each in found
            if any(word in each["message"].split() for word in words)
        ]

    yield ids
    ours.removeHandler(lines)
    lines.close()
    os.close(descriptor)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A development CA's output."""
    folder = tmp_path_factory.mktemp("certificates") / "dev"
    development.create(folder, [agency.agency_id for agency in example_agencies()])
    flawed.create(folder)
    return folder


@pytest.fixture(scope="session")
def registered(copied: Callable[[str, str], Database], empty: str, certificates: Path, _keys: Keyring) -> str:
    """Name of a template with the example agencies and the CA's index."""
    name = f"{empty}_registered"
    with copied(name, empty) as database:
        fill(database, certificates, _keys)
    return name


@pytest.fixture
def template(request: pytest.FixtureRequest, template: str) -> str:
    """As everybody's, but for who asks for settings."""
    return str(request.getfixturevalue("registered")) if "settings" in request.fixturenames else template


@pytest.fixture
def settings(database: Database, certificates: Path, tmp_path: Path, keyring: Keyring) -> config.Settings:
    """Settings of a register on a fresh database with the example agencies."""
    fill(database, certificates, keyring)
    return _settings(database, certificates, tmp_path, keyring)


def _settings(database: Database, certificates: Path, folder: Path, keyring: Keyring) -> config.Settings:
    keys = folder / "keys.json"
    keys.write_bytes(keyring.to_bytes())
    keys.chmod(0o600)
    return config.load(
        {
            "NSOR_STATE_DIR": str(folder / "state"),
            "NSOR_LISTEN": "127.0.0.1:0",
            "NSOR_DATABASE_URL": database_url(database.url_server),
            "NSOR_DATABASE_OWNER_URL": database_url(database.url_owner or ""),
            "NSOR_KEYS": str(keys),
            "NSOR_SERVER_CERTIFICATE": str(certificates / "server.pem"),
            "NSOR_SERVER_KEY": str(certificates / "server.key"),
            "NSOR_CLIENT_CA": str(certificates / "ca.pem"),
            "NSOR_DRAIN_SECONDS": "0.5",
            "NSOR_UNARY_THREADS": "8",
            "NSOR_STREAM_THREADS": "16",
            "NSOR_STREAMS_PER_AGENCY": "12",
        }
    )


def database_url(conninfo: str) -> str:
    """A connection string as a URL, which settings ask for."""
    parts = conninfo_to_dict(conninfo)
    host = quote(str(parts["host"]), safe="")
    return f"postgresql:///{parts['dbname']}?host={host}&port={parts['port']}&user={parts['user']}"


def fill(database: Database, certificates: Path, keyring: Keyring) -> None:
    """The example agencies and the CA's index, if they aren't there."""
    with database.owner() as owner:
        if owner.execute("SELECT FROM agency LIMIT 1").fetchone() is not None:
            return
        for agency in example_agencies():
            owner.execute(
                "INSERT INTO agency (agency_id, kind, name_en, name_ur, jurisdiction, court_kinds)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    agency.agency_id,
                    agency.kind,
                    agency.name_en,
                    agency.name_ur,
                    list(agency.jurisdiction),
                    list(agency.court_kinds),
                ),
            )
        for entry in index.read(certificates / "index.jsonl"):
            if isinstance(entry, index.Revoked):
                owner.execute(
                    "INSERT INTO certificate_revocation (serial, reason) VALUES (%s, %s)", (entry.serial, entry.reason)
                )
            elif entry.agency_id is not None:
                owner.execute(
                    "INSERT INTO certificate VALUES (%s, %s, %s, %s, %s)",
                    (
                        entry.serial,
                        entry.agency_id,
                        bytes.fromhex(entry.fingerprint),
                        entry.not_before,
                        entry.not_after,
                    ),
                )
        deciding.record(owner, keyring)


@pytest.fixture
def search_index() -> None:
    """For who asks for it a register begins the process of names for searches: it takes as much as all the rest.

    What is promised of that process itself is tested in tests/lookup/search, tests/names and tests/e2e. That all else
    is served without it, and nobody waits for it, is what the tests here show that don't ask for it.
    """


@pytest.fixture
def all_connections() -> None:
    """For who asks for it the pools of a register are full from its start, as everywhere else: 20 connections."""


def _growing(*arguments: Any, min_size: int, **options: Any) -> ConnectionPool:
    """A pool that makes each connection when it is asked for: most tests need three, and each costs 7 ms."""
    return ConnectionPool(*arguments, min_size=min(min_size, 1), **options)


@pytest.fixture
def serve(
    settings: config.Settings,
    certificates: Path,
    database: Database,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Serve:
    """Starts a register; ``environ`` and changed settings may be given."""
    if "search_index" not in request.fixturenames:
        monkeypatch.setattr(SearchIndex, "start", lambda _: None)
    if "all_connections" not in request.fixturenames:
        monkeypatch.setattr(pool, "ConnectionPool", _growing)

    @contextlib.contextmanager
    def start(environ: dict[str, str] | None = None, **changes: Any) -> Iterator[Serving]:
        with _serving(dataclasses.replace(settings, **changes), certificates, database, environ) as started:
            yield started

    return start


@contextlib.contextmanager
def _serving(
    settings: config.Settings, certificates: Path, database: Database, environ: dict[str, str] | None = None
) -> Iterator[Serving]:
    with app.serving(settings, environ or {}) as register:
        serving = Serving(register.address, certificates, database, settings, register)
        try:
            yield serving
        finally:
            for channel in serving.channels:
                channel.close()


@pytest.fixture
def serving(serve: Serve) -> Iterator[Serving]:
    """A register that serves."""
    with serve() as started:
        yield started


@pytest.fixture(scope="module")
def shared(
    copied: Callable[[str, str], Database],
    registered: str,
    certificates: Path,
    _keys: Keyring,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    """One for all tests of a module that ask for it: they leave it as it is, but for entries and officers."""
    folder = tmp_path_factory.mktemp("shared")
    name = f"{registered}_{next(_numbers)}"
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(copied(name, registered))
        settings = _settings(database, certificates, folder, _keys.with_ledger(LedgerSigners(_keys.ledger.signers)))
        with pytest.MonkeyPatch.context() as own:
            own.setattr(SearchIndex, "start", lambda _: None)
            own.setattr(pool, "ConnectionPool", _growing)
            started = stack.enter_context(_serving(settings, certificates, database))
        yield started
