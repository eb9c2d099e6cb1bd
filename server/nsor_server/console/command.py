"""`nsor-server console`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from contextlib import AbstractContextManager

import click
import psycopg

from nsor.cli import screen
from nsor.web import running
from nsor.web.admission import ByCertificate, OneTime
from nsor_server import config, logs
from nsor_server.config import OperatorError, Settings
from nsor_server.console import operators
from nsor_server.console.calls import Calls
from nsor_server.console.recent import Traces
from nsor_server.console.site import OpsPages
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.running import beside
from nsor_server.storage.attach import attached_to_look
from nsor_server.storage.pool import Database

CONNECTIONS = 3
STATEMENT_MS = 3_000
"""Longest that one statement may run: a page must not burden the register."""
READ_EVERY_SECONDS = 2.0


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="Instead of console_listen.")
def console(listen: str | None) -> None:
    """Show calls, traces, refusals, queues and certificates in a browser, until SIGTERM or Ctrl-C. Shows no person.

    On loopback the printed address opens it once. On another address whoever calls shows a certificate of the
    register's operators (NPB, NADRA), who are believed as far as the ledger proves them: log_keys names its public
    keys (`nsor-server ledger log-key`).
    """
    settings = beside(config.load(os.environ))
    logs.begin(settings.log_format)
    with attached_to_look(settings, pool_size=CONNECTIONS, statement_timeout_ms=STATEMENT_MS) as database:
        database.open()
        asyncio.run(_run(settings, database, listen or settings.console_listen))


async def _run(settings: Settings, database: Database, listen: str) -> None:
    name, _, port = listen.rpartition(":")
    host = name.strip("[]")
    loopback = host in running.LOOPBACK
    tls = None if loopback else _tls(settings)
    calls, traces = Calls(), Traces(settings.state_dir)
    origins: list[str] = []
    with contextlib.ExitStack() as stack:
        known = None if loopback else stack.enter_context(_known(settings, database))
        who = OneTime() if known is None else _by_certificate(known)
        pages = OpsPages(who, settings, database, calls, traces, known)
        try:
            async with running.running(pages.application(lambda: origins), host, int(port), tls) as found:
                origins.append(f"{'http' if tls is None else 'https'}://{name}:{found}")
                reader = asyncio.create_task(_keep_reading(database, calls, traces))
                with contextlib.suppress(asyncio.CancelledError):
                    await running.until_stopped(lambda: _say(who, origins[0]))
                    reader.cancel()
                    await reader
        except OSError as error:
            raise OperatorError(f"{listen} can't be listened on: {error.strerror}") from None


def _known(settings: Settings, database: Database) -> AbstractContextManager[operators.Operators]:
    return operators.known(database, LogKeys.load(settings.log_keys), settings.checkpoint_file)


def _by_certificate(known: operators.Operators) -> ByCertificate:
    return ByCertificate(lambda shown: asyncio.to_thread(known.takes, shown))


def _say(who: OneTime | ByCertificate, origin: str) -> None:
    address = who.address(origin) if isinstance(who, OneTime) else f"{origin}/"
    screen.echo(f"nsor-server console: {address}")
    if isinstance(who, OneTime):
        screen.echo("Copy it into a browser on this machine; it opens once, and the browser stays admitted.")


async def _keep_reading(database: Database, calls: Calls, traces: Traces) -> None:
    """Keep what the pages show up to date; a database that is away is asked again."""
    while True:
        await asyncio.to_thread(traces.read)
        with contextlib.suppress(psycopg.Error):
            while not await asyncio.to_thread(_read, database, calls):
                pass
        await asyncio.sleep(READ_EVERY_SECONDS)


def _read(database: Database, calls: Calls) -> bool:
    with database.reading() as conn:
        return calls.read(conn, time.time_ns() // 1000)


def _tls(settings: Settings) -> ssl.SSLContext:
    """The server's own certificate, and clients' checked against the CA that agencies' are checked against."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(settings.client_ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.server_certificate, settings.server_key)
    return context
