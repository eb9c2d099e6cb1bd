"""Runs a site until it is stopped: on this machine's own address, or under mutual TLS."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web

from nsor.web.connections import Connections

HANDSHAKE_SECONDS: Final = 3.0
READ_SECONDS: Final = 15.0
"""Longest that a connection may take for its next request, from its first byte to the last of its headers."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})


class NotHere(ValueError):
    """Without mutual TLS a site is on this machine's own address only."""


@contextlib.asynccontextmanager
async def running(site: web.Application, host: str, port: int, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Answer on an address; gives the port.

    Args:
        site: to run.
        host: an address, not a name.
        port: 0 takes a free one.
        tls: for mutual TLS; None is plain HTTP, on loopback only.

    Raises:
        NotHere: plain, and not on loopback.
        OSError: the address can't be had.
    """
    if tls is None and host not in LOOPBACK:
        raise NotHere
    runner = web.AppRunner(site, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        if runner.server is None:
            raise RuntimeError("the runner was set up without a server")
        # Not by web.TCPSite, which can bound neither handshakes nor connections.
        listener = await asyncio.get_running_loop().create_server(
            Connections(runner.server, keepalive_timeout=READ_SECONDS, lingering_time=0.0),
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else HANDSHAKE_SECONDS,
        )
        try:
            yield listener.sockets[0].getsockname()[1]
        finally:
            listener.close()
    finally:
        await runner.cleanup()


async def until_stopped(started: Callable[[], None]) -> None:
    """Wait for SIGTERM or Ctrl-C.

    Args:
        started: is called once the signals are taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    started()
    await stop.wait()
