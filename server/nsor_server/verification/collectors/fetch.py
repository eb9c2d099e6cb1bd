"""One request to a collector, bounded in time and in size, whatever answers it. Redirects aren't followed."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from nsor.limits import TimeLimit

SECONDS: Final = 30.0
"""For one answer, from the connection to its last byte."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Largest answer that is read: some 60,000 spans as Jaeger writes them."""
MOST_VALUES: Final = 4_000_000
"""Most values of an answer: where it is nothing but empty lists, memory takes twenty times its bytes."""

TAKEN: Final = (
    "--spans-from takes the query API of Jaeger (https://HOST:16686) or of Tempo (https://HOST:3200), "
    "and http:// on this host alone"
)
"""What may be meant instead of an address where nothing answers."""

Form = Callable[[dict[str, Any]], Any]
"""What becomes of each object of an answer as it is parsed, so that little is held at a time."""


class NoAnswer(Exception):
    """A collector gave no answer that can be used; says why, in words that follow "because"."""


class OtherAnswer(NoAnswer):
    """Something answers there, but not what was asked."""


class TooMuch(NoAnswer):
    """An answer is larger than is read; one for a shorter time may not be."""


class WrongUrl(ValueError):
    """A URL isn't one of a collector; says why."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Where a collector answers.

    Attributes:
        url: the prefix of its API; https, or http on this host.
        trust: for https.
        headers: of each request besides our own, such as a token; they are shown nowhere.
        seconds: for one answer.
        most_bytes: largest answer.
        most_values: most values of an answer in JSON.
    """

    url: str
    trust: ssl.SSLContext | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES
    most_values: int = MOST_VALUES

    @classmethod
    def parse(cls, url: str, trust: ssl.SSLContext | None = None, headers: Mapping[str, str] | None = None) -> Self:
        """Read a URL that somebody has given; the rest as the attributes.

        Raises:
            WrongUrl: it is none, or its answers could be exchanged on their way.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise WrongUrl("it is no URL") from None
        if parts.scheme not in {"http", "https"} or not host or port == 0 or not url.isascii() or not url.isprintable():
            raise WrongUrl("it begins with https://HOST, or http://127.0.0.1")
        if parts.query or parts.fragment or parts.username or parts.password:
            raise WrongUrl("it has no query, fragment, user or password")
        if parts.scheme == "http" and not _is_loopback(host):
            raise WrongUrl("to another host it begins with https")
        return cls(url.rstrip("/"), trust, headers or {})

    def text(self, path: str) -> str:
        """A short answer.

        Raises:
            NoAnswer: there is none.
        """
        return self._get(path, {}).decode("utf-8", "replace")

    def json(self, path: str, query: Mapping[str, str | int], form: Form | None = None) -> Any:
        """An answer in JSON.

        Raises:
            NoAnswer: there is none.
            TooMuch: it is too large.
        """
        content = self._get(path, query)
        if sum(content.count(each) for each in (b",", b"[", b"{")) > self.most_values:
            raise TooMuch(f"an answer has more than {self.most_values} values")
        try:
            return json.loads(content, object_hook=form)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
            raise OtherAnswer("what it answers can't be read, or ended before its end") from None

    def _get(self, path: str, query: Mapping[str, str | int]) -> bytes:
        parts = urllib.parse.urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        target = f"{parts.path}{path}?{urllib.parse.urlencode(query)}" if query else parts.path + path
        connection = http.client.HTTPConnection(host, port)
        limit = TimeLimit(self.seconds)
        with limit, contextlib.closing(connection):
            try:
                connection.sock = self._connected(parts.scheme == "https", host, port, limit)
                connection.request("GET", target, headers={"Accept": "application/json", **self.headers})
                with connection.getresponse() as response:
                    content = response.read(self.most_bytes + 1)
                    status, length = response.status, response.headers.get("Content-Length")
            except (OSError, http.client.HTTPException, ValueError) as error:
                if limit.over or isinstance(error, TimeoutError):
                    raise _late(self.seconds) from None
                raise NoAnswer(_unreachable(error, f"{parts.hostname}:{port}")) from None
        if limit.over:
            raise _late(self.seconds)
        if len(content) > self.most_bytes:
            raise TooMuch(f"an answer is larger than {self.most_bytes // 1024} KiB")
        if status != http.HTTPStatus.OK:
            raise OtherAnswer(f"it answers with HTTP {status}")
        if length is not None and str(len(content)) != length.strip():
            raise NoAnswer("its answer ended before its end")
        return content

    def _connected(self, tls: bool, host: str, port: int, limit: TimeLimit) -> socket.socket:
        connected = socket.create_connection((host, port), timeout=self.seconds)
        limit.of(connected)
        if not tls:
            return connected
        trust = self.trust or ssl.create_default_context()
        wrapped = trust.wrap_socket(connected, server_hostname=host, do_handshake_on_connect=False)
        limit.of(wrapped)  # a handshake may come byte by byte too
        try:
            wrapped.do_handshake()
        except OSError:
            wrapped.close()
            raise
        return wrapped


def _unreachable(error: Exception, where: str) -> str:
    """Why there is no answer, with the address that was asked and what may be meant instead."""
    match error:
        case ConnectionRefusedError():
            return f"nothing listens at {where}: {TAKEN}"
        case socket.gaierror():
            return f"the host of {where} isn't known: {TAKEN}"
        case ssl.SSLCertVerificationError():
            return f"the certificate of {where} isn't trusted: spans_ca names the file of its CA"
        case ssl.SSLError():
            return f"TLS with {where} fails: does it answer https, and want a certificate (spans_certificate)?"
        case OSError() if error.strerror:
            return f"{where} can't be reached ({error.strerror}): {TAKEN}"
    return f"what answers at {where} isn't HTTP: {TAKEN}"


def _late(seconds: float) -> NoAnswer:
    return NoAnswer(f"it didn't answer within {seconds:g} s")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
