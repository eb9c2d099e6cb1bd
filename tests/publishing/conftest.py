"""The log over HTTPS, published from a database with the example agencies and 300 entries, and clients of it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from nsor.ledger.tlog_tiles import Bundle, Tile
from nsor_server.directory import policies
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.policy.loaded import Policy
from nsor_server.publishing import front, process
from nsor_server.publishing.answers import Answers
from nsor_server.storage.embedded import PUBLISHER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import deciding
from tests.ledger.conftest import ORIGIN, Write, ledger, new_entry, write
from tests.rpc.conftest import certificates, fill

__all__ = ["certificates", "ledger", "new_entry", "write"]

SIZE = 300
SECONDS = 60.0
Publish = Callable[..., AbstractContextManager["Published"]]


class Got(NamedTuple):
    """An answer."""

    status: int
    content: bytes
    headers: http.client.HTTPMessage


@dataclass
class Published:
    """What is published, and all that a test may do around it."""

    port: int
    folder: Path
    database: Database
    keyring: Keyring
    connections: list[http.client.HTTPSConnection] = field(default_factory=list)

    def context(self, name: str | None) -> ssl.SSLContext:
        """TLS of an agency, of one of the flawed cases, or of nobody (None)."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if name is not None:
            flawed = self.folder / "test" / f"{name}.pem"
            folder = flawed.parent if flawed.exists() else self.folder / "agencies"
            context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        return context

    def connection(self, name: str | None) -> http.client.HTTPSConnection:
        made = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=SECONDS, context=self.context(name))
        self.connections.append(made)
        return made

    def get(self, name: str, path: str | Tile | Bundle, *, method: str = "GET", **headers: str) -> Got:
        """One request on a connection of its own; ``path`` is sent as it is."""
        connection = self.connection(name)
        return ask(connection, path if isinstance(path, str) else f"/{path.path}", method=method, **headers)

    def raw(self, name: str) -> ssl.SSLSocket:
        """A connection on which anything may be sent."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)
        return self.context(name).wrap_socket(made, server_hostname="127.0.0.1")

    def sql(self, statement: str, *values: object) -> None:
        """Change what decides, with its entry."""
        with self.database.owner() as owner:
            owner.execute(statement.encode(), values or None)
            deciding.record(owner, self.keyring)

    def fetched(self) -> dict[tuple[str, bool], tuple[int, int, int, int]]:
        """Checkpoints, tiles, bundles and refused, by agency and whether the certificate is known."""
        with self.database.transaction() as conn:
            rows = conn.execute(
                "SELECT agency_id, serial <> '', sum(checkpoints)::int, sum(tiles)::int, sum(bundles)::int,"
                " sum(refused)::int FROM tile_fetch GROUP BY 1, 2"
            )
            return {(row[0], row[1]): row[2:] for row in rows}


def ask(connection: http.client.HTTPSConnection, path: str, *, method: str = "GET", **headers: str) -> Got:
    """One request on a connection that is kept."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    return Got(response.status, response.read(), response.headers)


@contextlib.contextmanager
def running(address: str, certificates: front.Certificates, answers: Answers) -> Iterator[int]:
    """An HTTPS end in a thread; gives its port."""
    started, stop = threading.Event(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        async with front.listening(address, certificates, answers, process.THREADS) as listener:
            ports.append(listener.port)
            started.set()
            await loop.run_in_executor(None, stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert started.wait(SECONDS)
        yield ports[0]
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def publish(
    database: Database, postgres: EmbeddedPostgres, keyring: Keyring, certificates: Path, write: Write
) -> Publish:
    """Publishes a log of ``SIZE`` entries."""
    fill(database, certificates, keyring)
    with database.transaction() as conn:
        policies.begin(conn, keyring, ORIGIN, Policy.load())
        ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
    write(SIZE - size)

    @contextlib.contextmanager
    def start(rate_per_second: float = 10_000) -> Iterator[Published]:
        name = str(psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"])
        files = front.Certificates(*(certificates / each for each in ("server.pem", "server.key", "ca.pem")))
        with (
            Database(postgres.conninfo(PUBLISHER, name), pool_size=4) as own,
            process.answering(own, LogKeys.of(keyring), rate_per_second) as answers,
            running("127.0.0.1:0", files, answers) as port,
        ):
            published = Published(port, certificates, database, keyring)
            try:
                yield published
            finally:
                for connection in published.connections:
                    connection.close()

    return start


@pytest.fixture
def published(publish: Publish) -> Iterator[Published]:
    """A log that is published."""
    with publish() as started:
        yield started
