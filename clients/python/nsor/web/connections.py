"""How many connections a site has at a time, and how long an answer may take: who may not see the pages goes first.

Anybody on the machine, or on the network, may connect. So a connection on which nobody was admitted gives way to a new
one where there are too many; the browser that sees the pages keeps its own.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

CONNECTIONS: Final = 64
"""At a time; a browser has six to a host."""
ANSWER_SECONDS: Final = 30.0
"""Longest that a reader may take for an answer."""


class Connections:
    """Makes a site's connections, and bounds them.

    Args:
        server: of the site.
        options: of aiohttp's connections, such as the longest wait for a request.
    """

    def __init__(self, server: web.Server, **options: float) -> None:
        self._server = server
        self._options = options
        self.open: dict[Connection, None] = {}
        """The oldest first."""

    def __call__(self) -> Connection:
        """A connection that isn't made yet."""
        return Connection(self._server, self, self._options)

    def made(self, one: Connection) -> None:
        """Count one, and end another where there are too many: the oldest one on which nobody was admitted, or it."""
        self.open[one] = None
        if len(self.open) > CONNECTIONS:
            gone = next((each for each in self.open if not each.admitted), one)
            self.lost(gone)
            gone.end()

    def lost(self, one: Connection) -> None:
        """Count one no more."""
        self.open.pop(one, None)


class Connection(RequestHandler):
    """One connection.

    Attributes:
        admitted: a request on it was let in.
    """

    def __init__(self, server: web.Server, among: Connections, options: dict[str, float]) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), access_log=None, **options)  # type: ignore[arg-type]  # numbers only
        self._among = among
        self.admitted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        super().connection_made(transport)
        self._among.made(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio."""
        super().connection_lost(exc)
        self._among.lost(self)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; a peer that doesn't read it in time is ended."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            self.end()
            return resp, True

    def end(self) -> None:
        """End it at once, whatever is under way."""
        transport = self.transport
        self.force_close()
        if isinstance(transport, asyncio.Transport):
            transport.abort()


def admitted(request: web.Request) -> None:
    """Note that a request was let in: its connection is kept before others."""
    if isinstance(request.protocol, Connection):
        request.protocol.admitted = True
