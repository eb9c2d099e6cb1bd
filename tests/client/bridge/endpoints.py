"""An agency's endpoint on real TLS, which answers as a test says."""

from __future__ import annotations

import contextlib
import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Answer = Callable[["Endpoint", http.server.BaseHTTPRequestHandler], None]


@dataclass
class Posted:
    """A post as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def sequence(self) -> int:
        return int(json.loads(self.body)["data"]["sequence"])


@dataclass
class Endpoint:
    """The agency's endpoint.

    Attributes:
        url: where it is.
        answer: how it answers a post; after it the connection is closed.
        posted: what has come.
        paths: whatever was asked for, posts and others.
        over: set at the test's end.
        tls: what it proves itself with.
    """

    url: str = ""
    answer: Answer = lambda _, handler: say(handler, 204)
    posted: list[Posted] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    tls: ssl.SSLContext = field(default_factory=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    @property
    def sequences(self) -> list[int]:
        return [each.sequence for each in self.posted]


def say(handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """A whole answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def saying(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Answers all alike."""
    return lambda _, handler: say(handler, status, body, **headers)


@contextlib.contextmanager
def serving(pem: Path, key: Path | None = None) -> Iterator[Endpoint]:
    """An endpoint that runs, with a certificate of localhost."""
    found = Endpoint()
    found.tls.load_cert_chain(pem, key)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.paths.append(self.path)
            body = self.rfile.read(int(self.headers["content-length"]))
            found.posted.append(Posted({name.lower(): value for name, value in self.headers.items()}, body))
            found.answer(found, self)

        def do_GET(self) -> None:
            found.paths.append(self.path)
            say(self, 200)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that goes away in the middle is what is tested."""

        def finish_request(self, request: Any, client_address: Any) -> None:
            with found.tls.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        found.url = f"https://localhost:{server.server_port}/nsor"
        yield found
        found.over.set()
        server.shutdown()
