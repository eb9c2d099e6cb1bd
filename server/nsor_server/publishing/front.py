"""The HTTPS end: TLS with a client certificate, GET and HEAD, bounded in everything. What is answered is `answers`.

aiohttp's low-level server, without its router: a path is compared as it was sent, so that no other spelling of it means
anything. Nothing of a request is logged. A body is never read: a connection with one ends after the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import re
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from nsor_server.alerts import Alert, alert
from nsor_server.config import OperatorError
from nsor_server.publishing.answers import Answer, Answers

HANDSHAKE_SECONDS: Final = 3.0
IDLE_SECONDS: Final = 15.0
"""Longest that a connection may take for its next request, from its first byte to the last of its headers."""
ANSWER_SECONDS: Final = 30.0
"""Longest that an answer may take, its reader included."""
CONNECTIONS: Final = 512
"""At a time; later ones are ended."""
CONNECTIONS_OF_ONE: Final = 16
"""Of these, with one certificate."""
_HEADER_BYTES: Final = 4096
_HEADERS: Final = 32
_TEXT, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"
_GZIP: Final = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?P<q>[0-9.]+)\s*)?(?:,|$)", re.IGNORECASE)
_MALFORMED: Final = Answer(400, b"This isn't a request that is understood.\n")
_FAULT: Final = Answer(500, b"This failed by a fault of the program.\n")
_ONLY_READ: Final = Answer(405, b"The log can only be read: GET and HEAD.\n")
_SLOW: Final = Answer(503, b"The log can't be read now.\n", retry_seconds=10.0)


class Certificates:
    """The server's certificate and key, and the CAs of clients."""

    def __init__(self, certificate: Path, key: Path, client_ca: Path) -> None:
        """Name the files; nothing is read yet."""
        self._paths = (certificate, key, client_ca)

    def context(self) -> ssl.SSLContext:
        """TLS by the files as they are now, and by nothing that they held before.

        Raises:
            OperatorError: they can't be used.
        """
        certificate, key, client_ca = self._paths
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
        context.num_tickets = 0
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_verify_locations(client_ca)
            context.load_cert_chain(certificate, key)
        except OSError as error:  # an ssl.SSLError is one
            why = error.strerror or type(error).__name__
            raise OperatorError(f"{certificate}, {key} or {client_ca} can't be used ({why})") from None
        return context


class Listener:
    """Takes connections on one address. What is read again counts for new connections: no other is ended."""

    def __init__(self, front: _Front, certificates: Certificates, address: socket.socket) -> None:
        """Prepare; ``address`` is bound."""
        self._front, self._certificates, self._address = front, certificates, address
        address.setblocking(False)  # noqa: FBT003 - its only form; a copy of the address is so as well
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port."""
        port: int = self._address.getsockname()[1]
        return port

    async def load(self) -> None:
        """Read the TLS files and take connections by them; files that can't be used change nothing.

        Raises:
            OperatorError: they can't be used.
        """
        # A context keeps every CA that it was ever given, so this is a new one; whoever waits at the address, waits on.
        context = self._certificates.context()
        server = await asyncio.get_running_loop().create_server(
            self._front, sock=self._address.dup(), ssl=context, ssl_handshake_timeout=HANDSHAKE_SECONDS
        )
        self.close()
        self._server = server

    def close(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()


@contextlib.asynccontextmanager
async def listening(
    address: str, certificates: Certificates, answers: Answers, threads: int
) -> AsyncIterator[Listener]:
    """Answer on HOST:PORT until the block ends.

    Raises:
        OSError: the address can't be had.
        OperatorError: the TLS files can't be used.
    """
    name, _, port = address.rpartition(":")
    host = name.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ThreadPoolExecutor(threads, "answer") as pool, socket.create_server((host, int(port)), family=family) as bound:
        front = _Front(answers, pool)
        listener = Listener(front, certificates, bound)
        await listener.load()
        try:
            yield listener
        finally:
            listener.close()
            front.pre_shutdown()  # those that ask nothing end at once
            await front.shutdown(ANSWER_SECONDS)


class _Front(web.Server):
    """Connections and what they ask."""

    def __init__(self, answers: Answers, pool: ThreadPoolExecutor) -> None:
        super().__init__(
            self._handle,
            access_log=None,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=0.0,
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
            max_headers=_HEADERS,
            auto_decompress=False,
        )
        self._answers, self._pool = answers, pool
        self.open: Counter[bytes] = Counter()

    def __call__(self) -> RequestHandler:
        return _Connection(self)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                response = _response(await self._answered(request))
                if response.status in {400, 405}:  # whatever follows isn't a request
                    response.force_close()
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            _abort(request)
            raise ConnectionResetError from None
        return response

    async def _answered(self, request: web.BaseRequest) -> Answer:
        if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
            return _ONLY_READ
        if request.can_read_body:
            return _MALFORMED
        asked = self._answers.let_in(_certificate(request), request.raw_path, takes_gzip=_takes_gzip(request))
        if isinstance(asked, Answer):
            return asked
        waits = self._pool.submit(self._answers.answer, asked)
        # One that is given up before a thread has begun with it never runs, and counts no more all the same.
        waits.add_done_callback(lambda _: asked.hold.release())
        return await asyncio.wrap_future(waits)


class _Connection(RequestHandler):
    """One connection; the TLS handshake is done."""

    def __init__(self, front: _Front) -> None:
        super().__init__(front, loop=front._loop, **front._kwargs)  # noqa: SLF001 - as the base class makes one
        self._front = front
        self._whose = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._whose = hashlib.sha256(_der(transport)).digest()
        self._front.open[self._whose] += 1
        if self._front.open[self._whose] > CONNECTIONS_OF_ONE or self._front.open.total() > CONNECTIONS:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._front.open[self._whose] -= 1
        self._front.open += Counter()  # forgets those that have none any more

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes the request
    ) -> web.StreamResponse:
        """What is answered to what isn't HTTP, or when the program fails: the same words each time."""
        if request.writer.output_size > 0:
            raise ConnectionResetError
        if status >= 500:
            alert(Alert.CALL_FAILED, "a request for the log failed (%s)", type(exc).__name__)
        response = _response(_FAULT if status >= 500 else _MALFORMED)
        response.force_close()
        return response


def _response(answer: Answer) -> web.Response:
    headers = {
        hdrs.SERVER: "nsor",
        hdrs.CONTENT_TYPE: _TEXT if answer.is_text else _BYTES,
        hdrs.CACHE_CONTROL: "private, immutable, max-age=31536000" if answer.is_final else "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if answer.is_gzip:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    if answer.status == 405:
        headers[hdrs.ALLOW] = "GET, HEAD"
    if answer.retry_seconds is not None:
        headers[hdrs.RETRY_AFTER] = str(max(1, math.ceil(answer.retry_seconds)))
    return web.Response(status=answer.status, body=answer.content, headers=headers)


def _takes_gzip(request: web.BaseRequest) -> bool:
    found = _GZIP.search(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
    return found is not None and (found["q"] is None or found["q"].strip("0.") != "")


def _certificate(request: web.BaseRequest) -> bytes:
    """PEM of the client's certificate, which the handshake has verified."""
    return ssl.DER_cert_to_PEM_cert(_der(request.transport)).encode()


def _der(transport: Any) -> bytes:
    """The client's certificate; TLS lets nobody in without one."""
    der: bytes | None = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    if der is None:
        raise ConnectionResetError
    return der


def _abort(request: web.BaseRequest) -> None:
    """End the connection of a peer that doesn't read."""
    if request.transport is not None:
        request.transport.abort()
