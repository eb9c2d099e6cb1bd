"""Posts one event to the agency's endpoint, and says whether it was taken.

Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks. Redirects are not followed, the computer's
proxies are not used, a post has one time limit, however its answer drips and however long its name is looked up, and
at most 64 KiB of an answer are read.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from nsor.advice import Words
from nsor.bridge import addresses
from nsor.bridge.resolving import Resolver
from nsor.bridge.settings import Endpoint as EndpointSettings
from nsor.cli import programs
from nsor.errors import SettingsWrong
from nsor.v1 import notification_pb2

READ_BYTES: Final = 65_536
_GONE: Final = 410
_CLOSING_TURNS: Final = 10
_ABOUT_NO_EVENT: Final = frozenset({401, 403, 404, 405, 407, 408, 421, 425, 426, 429, 502, 503, 504, 511})
"""Errors that say nothing of this event: the same would be said of any other one."""
_PAGES: Final = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why an event wasn't taken.

    Attributes:
        text: in words, with braces; a text of ``nsor.cli.urdu``.
        values: what stands in the braces.
        is_of_event: the endpoint refuses this event, and perhaps takes others. Otherwise it would take none.
        is_gone: the endpoint says that it is gone for good.
        retry_after_seconds: how long it asks to wait, or 0.
    """

    text: str
    values: tuple[object, ...] = ()
    is_of_event: bool = False
    is_gone: bool = False
    retry_after_seconds: float = 0.0


def body_of(event: notification_pb2.Event) -> bytes:
    """What is posted of an event: its kind, its time, and the whole event."""
    data = programs.as_dict(event)
    kind = str(data.get("kind", "")).removeprefix("EVENT_KIND_")
    return json.dumps({"type": kind, "timestamp": data.get("event_time", ""), "data": data}).encode()


class Endpoint:
    """The agency's endpoint."""

    def __init__(self, settings: EndpointSettings) -> None:
        """Read the CA.

        Raises:
            SettingsWrong: its file is missing or is none.
        """
        self._settings = settings
        self._tls = _tls(settings)
        self._resolver = Resolver()

    def post(self, event_id: str, body: bytes) -> NotTaken | None:
        """Post an event; None if it was taken."""
        headers = self._headers(event_id, body, dt.datetime.now(dt.UTC))
        return _run(lambda made: self._post(body, headers, made))

    def handshake(self) -> NotTaken | None:
        """Connect and prove the endpoint's certificate, and post nothing; None if it holds."""
        return _run(self._handshake)

    def _headers(self, event_id: str, body: bytes, now: dt.datetime) -> dict[str, str]:
        import standardwebhooks  # noqa: PLC0415 - the extra, loaded where it is needed

        signed = [
            standardwebhooks.Webhook(secret).sign(event_id, now, body.decode()) for secret in self._settings.secrets
        ]
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signed),
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": "nsor-bridge",
        }

    async def _post(self, body: bytes, headers: dict[str, str], made: list[socket.socket]) -> NotTaken | None:
        import aiohttp  # noqa: PLC0415 - as above

        resolver: Any = self._resolver
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            socket_factory=addresses.sockets(self._settings.networks, made),
            resolver=resolver,
            force_close=True,
        )
        limit = self._settings.timeout_seconds
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    timeout=aiohttp.ClientTimeout(total=limit),
                    trust_env=False,
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                ) as session,
                session.post(self._settings.url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                found = await _read(answer.content)
                return _judged(answer.status, answer.headers, found, self._settings.answer_contains)
        except TimeoutError:
            return NotTaken("it gave no whole answer within {:g} s", (limit,))
        except aiohttp.ClientConnectorCertificateError:
            return _CERTIFICATE
        except aiohttp.ClientConnectorError as error:
            return _unconnected(error.os_error)
        except (aiohttp.ClientError, OSError, ValueError):
            # The exception's own text may hold parts of the answer.
            return NotTaken("its answer was broken off, or isn't HTTP")

    async def _handshake(self, made: list[socket.socket]) -> NotTaken | None:
        parts = urlsplit(self._settings.url)
        limit = self._settings.timeout_seconds
        try:
            async with asyncio.timeout(limit):
                return await self._connected(str(parts.hostname), parts.port or 443, made)
        except TimeoutError:
            return NotTaken("it gave no whole answer within {:g} s", (limit,))

    async def _connected(self, host: str, port: int, made: list[socket.socket]) -> NotTaken | None:
        loop = asyncio.get_running_loop()
        why: NotTaken | None = None
        try:
            found = await self._resolver.look_up(host, port)
        except OSError as error:
            return _unconnected(error)
        for info in found:
            try:
                connected = addresses.sockets(self._settings.networks, made)(info)
                connected.settimeout(0.0)
                await loop.sock_connect(connected, info[4])
                _, writer = await asyncio.open_connection(sock=connected, ssl=self._tls, server_hostname=host)
            except ssl.SSLCertVerificationError:
                return _CERTIFICATE
            except OSError as error:
                why = _unconnected(error)
            else:
                writer.transport.abort()
                return None
        return why


def _run(call: Callable[[list[socket.socket]], Coroutine[Any, Any, NotTaken | None]]) -> NotTaken | None:
    """Call the endpoint, and leave no connection behind, whatever the other side still wants to say."""

    async def to_the_end() -> NotTaken | None:
        made: list[socket.socket] = []
        try:
            return await call(made)
        finally:
            for each in made:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            # The loop closes what has ended in its next turns.
            for _ in range(_CLOSING_TURNS):
                await asyncio.sleep(0)
            for each in made:
                each.close()

    return asyncio.run(to_the_end())


_CERTIFICATE: Final = NotTaken("its certificate isn't one that the settings trust, or isn't its own")


def _unconnected(error: OSError) -> NotTaken:
    if isinstance(error, addresses.NotAllowed):
        return NotTaken("its address is none of those that the settings allow")
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE
    return NotTaken("there is no connection to it ({})", (error.strerror or type(error).__name__,))


async def _read(content: Any) -> bytes:
    """The beginning of an answer; what is behind it is never read."""
    found = bytearray()
    while len(found) < READ_BYTES:
        part = await content.read(READ_BYTES - len(found))
        if not part:
            break
        found += part
    return bytes(found)


def _judged(status: int, headers: Any, body: bytes, needed: str) -> NotTaken | None:
    if 200 <= status < 300:
        # A proxy's error or login page comes with 200 too; an endpoint that stores events has no page to show.
        kind = str(headers.get("content-type", "")).partition(";")[0].strip().lower()
        if kind in _PAGES or body.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
            return NotTaken("it answered {} with a web page, as a proxy or a login does", (status,))
        if needed and needed.encode() not in body:
            return NotTaken("it answered {} without the text of `answer_contains`", (status,))
        return None
    if 300 <= status < 400:
        return NotTaken("it answered {} and names another address, which is not called", (status,))
    return NotTaken(
        "it answered {}",
        (status,),
        is_of_event=status not in _ABOUT_NO_EVENT,
        is_gone=status == _GONE,
        retry_after_seconds=_seconds(headers.get("retry-after", "")),
    )


def _seconds(value: str) -> float:
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else 0.0


def _tls(settings: EndpointSettings) -> ssl.SSLContext:
    try:
        # As `ssl.create_default_context` makes it, but that writes the keys of all connections into the file that
        # SSLKEYLOGFILE names. It proves the certificate and its name.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if settings.ca is None:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        else:
            # With a CA of its own nobody else's certificate counts.
            context.load_verify_locations(settings.ca)
    except (OSError, ValueError):
        raise SettingsWrong(
            Words(
                f"The endpoint's CA file can't be read: {settings.ca}.",
                f"سی اے کی فائل پڑھی نہیں جا سکی: {settings.ca}",
            ),
            Words("Name a PEM file in `ca` of [endpoint].", "سیٹنگز میں [endpoint] کے `ca` میں PEM فائل دیں۔"),  # noqa: RUF001 - Urdu
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
