"""The process that publishes the log: its parts, put together. It has a role of its own, and no keyring."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import signal
import sys
from collections.abc import Iterator
from typing import Final

from nsor.cli import screen
from nsor_server.access.directory import Directory
from nsor_server.access.limits import Limits
from nsor_server.config import OperatorError, Settings
from nsor_server.ledger import directory_proof
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.publishing import front
from nsor_server.publishing.answers import AT_A_TIME, Answers
from nsor_server.publishing.fetches import Fetches
from nsor_server.storage import catalog, migrate
from nsor_server.storage.attach import attached_to_publish
from nsor_server.storage.migrate import MigrationError
from nsor_server.storage.pool import Database

THREADS: Final = 8
"""Requests that read at a time, and as many connections to the database."""
_log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Publish until a signal ends it.

    Raises:
        OperatorError: something that it needs isn't as it must be; nothing was published.
    """
    if settings.publish_listen is None:
        raise OperatorError("set NSOR_PUBLISH_LISTEN to HOST:PORT: by default the log isn't published over HTTPS")
    certificates = front.Certificates(settings.server_certificate, settings.server_key, settings.client_ca)
    keys = LogKeys.load(settings.log_keys)
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(attached_to_publish(settings, pool_size=THREADS))
        _prepare(database)
        answers = stack.enter_context(answering(database, keys, settings.publish_rate_per_second))
        asyncio.run(_serve(settings.publish_listen, certificates, answers))


@contextlib.contextmanager
def answering(database: Database, keys: LogKeys, rate_per_second: float) -> Iterator[Answers]:
    """What answers, on an open database of the publisher's role.

    Raises:
        DirectoryContradicted: the rows that decide aren't those of the ledger.
    """
    directory = Directory(database, functools.partial(directory_proof.prove, keys=keys))
    fetches = Fetches(database.connect)
    limits = Limits(rate_per_second=rate_per_second, in_flight=AT_A_TIME, streams=0, streams_of_one=0, all_streams=0)
    with contextlib.ExitStack() as stack:
        for part in (directory, fetches):
            part.start()
            stack.callback(part.stop)
        yield Answers(database, directory, limits, fetches)


async def _serve(address: str, certificates: front.Certificates, answers: Answers) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with front.listening(address, certificates, answers, THREADS) as listener, asyncio.TaskGroup() as reloads:
        loop.add_signal_handler(signal.SIGHUP, lambda: reloads.create_task(_reload(listener)))
        screen.echo(f"nsor-server publishes the log on https://{address.rpartition(':')[0]}:{listener.port}")
        sys.stdout.flush()
        await stop.wait()


async def _reload(listener: front.Listener) -> None:
    try:
        await listener.load()
        _log.warning("the TLS files were loaded again")
    except (OperatorError, OSError) as error:
        _log.error("the TLS files have changed and can't be used, the old ones stay: %s", error)


def _prepare(database: Database) -> None:
    """See that the database may be relied on.

    Raises:
        OperatorError: migrations are missing, its schema was changed, or the clocks differ.
    """
    database.open()
    with database.transaction() as connection:
        missing = migrate.pending(connection, migrate.load())
        if missing:
            raise MigrationError(f"{len(missing)} migrations are not applied; run `nsor-server migrate`")
        catalog.check(connection)
    database.check_clock()
