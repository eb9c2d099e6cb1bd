"""The plain HTTP endpoint of an operator's own network: Prometheus' metrics, `/healthz` and `/readyz`.

`/healthz`: the process answers. `/readyz`: it serves, by the same word that grpc's health gives. Whoever reaches the
address may ask, and learns nothing else: it is for loopback, or a network that only monitoring reaches.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

READ_SECONDS: Final = 5.0
"""Longest that somebody may take to ask."""
_PLAIN: Final = [("Content-Type", "text/plain; charset=utf-8")]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _ServerOfIPv6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = READ_SECONDS

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Nobody reads who asked."""


def serve(address: str, registry: CollectorRegistry, ready: Callable[[], bool]) -> Callable[[], None]:
    """Answer on HOST:PORT; returns what stops that.

    Args:
        address: to listen on.
        registry: what Prometheus gets.
        ready: whether the register serves.

    Raises:
        OSError: the address can't be had.
    """
    metrics = make_wsgi_app(registry)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in {"/", "/metrics"}:
            page: Iterable[bytes] = metrics(environ, start)
            return page
        if path == "/healthz":
            return _said(start, "200 OK", b"alive\n")
        if path == "/readyz":
            return _said(start, "200 OK", b"ready\n") if ready() else _said(start, "503 Unavailable", b"not ready\n")
        return _said(start, "404 Not Found", b"there are /metrics, /healthz and /readyz\n")

    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    kind = _ServerOfIPv6 if ":" in host else _Server
    server = make_server(host, int(port), answer, server_class=kind, handler_class=_Handler)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(timeout=READ_SECONDS)

    return stop


def _said(start: StartResponse, status: str, text: bytes) -> Iterable[bytes]:
    start(status, [*_PLAIN, ("Content-Length", str(len(text)))])
    return [text]
