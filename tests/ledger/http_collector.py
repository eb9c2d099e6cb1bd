"""A collector of a test over HTTP: it plays Jaeger's or Tempo's query API, or answers as it likes."""

from __future__ import annotations

import contextlib
import http.server
import json
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

SERVICE = "nsor-server"

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass
class Kept:
    """A span as a collector keeps it; times in microseconds."""

    trace: str
    start_us: int
    attributes: dict[str, str | int]
    name: str = "nsor.v1.LookupService/LookUpRegistration"
    took_us: int = 1000
    service: str = SERVICE


@dataclass
class Played:
    """Answers the requests of a query API, and notes them.

    Attributes:
        spans: what it keeps.
        asked: path and query of each request.
        sent: headers of each request.
        instead: answers a request in its own way and gives True, or gives False.
    """

    spans: Sequence[Kept] = ()
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)
    instead: Callable[[http.server.BaseHTTPRequestHandler, str], bool] = lambda _handler, _path: False
    port: int = 0

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        parts = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        self.asked.append((parts.path, query))
        self.sent.append(dict(handler.headers))
        if self.instead(handler, parts.path):
            return
        content = self.content(parts.path, query)
        respond(handler, 404 if content is None else 200, b"" if content is None else content)

    def content(self, path: str, query: dict[str, str]) -> bytes | None:
        raise NotImplementedError

    def traces(self, first_us: int, end_us: int, limit: int) -> list[tuple[str, list[Kept]]]:
        """The traces with a span of the register that began within this time: the newest ones of them."""
        wanted = {each.trace for each in self.spans if each.service == SERVICE and first_us <= each.start_us <= end_us}
        found = [(trace, [each for each in self.spans if each.trace == trace]) for trace in wanted]
        return sorted(found, key=lambda of: of[1][0].start_us)[-limit:]


class Jaeger(Played):
    """As `cmd/query/app/http_handler.go` of Jaeger 1.76 answers."""

    def content(self, path: str, query: dict[str, str]) -> bytes | None:
        frame = {"total": 0, "limit": 0, "offset": 0, "errors": None}
        if path == "/api/services":
            return json.dumps({"data": [SERVICE], **frame}).encode()
        if path != "/api/traces" or query["service"] != SERVICE or query["raw"] != "true":
            return None
        data = [
            {
                "traceID": trace,
                "spans": [
                    {
                        "traceID": trace,
                        "spanID": f"{nth:016x}",
                        "flags": 1,
                        "operationName": each.name,
                        "references": [{"refType": "CHILD_OF", "traceID": trace, "spanID": "b" * 16}],
                        "startTime": each.start_us,
                        "duration": each.took_us,
                        "tags": [
                            {"key": key, "type": "string" if isinstance(value, str) else "int64", "value": value}
                            for key, value in each.attributes.items()
                        ],
                        "logs": [],
                        "processID": f"p-{each.service}",
                        "warnings": None,
                    }
                    for nth, each in enumerate(spans, 1)
                ],
                "processes": {
                    f"p-{each.service}": {
                        "serviceName": each.service,
                        "tags": [{"key": "host.name", "type": "string", "value": "one"}],
                    }
                    for each in spans
                },
                "warnings": None,
            }
            for trace, spans in self.traces(int(query["start"]), int(query["end"]), int(query["limit"]))
        ]
        return json.dumps({"data": data or None, **frame}).encode()


class Tempo(Played):
    """As Grafana documents Tempo's HTTP API: `/api/echo`, `/api/search` by TraceQL, `/api/traces/ID`."""

    def content(self, path: str, query: dict[str, str]) -> bytes | None:
        if path == "/api/echo":
            return b"echo"
        if path.startswith("/api/traces/"):
            return self._trace(path.rpartition("/")[2])
        if path != "/api/search" or f'resource.service.name = "{SERVICE}"' not in query["q"]:
            return None
        most = int(query["spss"])
        times = (int(query["start"]) * 1_000_000, int(query["end"]) * 1_000_000)
        found = []
        for trace, spans in self.traces(*times, int(query["limit"])):
            shown = [
                {"spanID": f"{nth:016x}", **self._times(each), "attributes": self._attributes(each)}
                for nth, each in enumerate(spans, 1)
                if each.service == SERVICE
            ]
            sets = {"spans": shown[:most], "matched": len(shown)}
            found.append({"traceID": trace, "rootServiceName": SERVICE, "spanSet": sets, "spanSets": [sets]})
        return json.dumps({"traces": found, "metrics": {"totalJobs": 2, "completedJobs": 2}}).encode()

    def _trace(self, trace: str) -> bytes:
        batches = [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": each.service}}]},
                "scopeSpans": [
                    {
                        "scope": {"name": "nsor_server"},
                        "spans": [
                            {
                                "name": each.name,
                                "startTimeUnixNano": str(each.start_us * 1000),
                                "endTimeUnixNano": str((each.start_us + each.took_us) * 1000),
                                "attributes": self._attributes(each),
                            }
                        ],
                    }
                ],
            }
            for each in self.spans
            if each.trace == trace
        ]
        return json.dumps({"batches": batches}).encode()

    def _times(self, of: Kept) -> dict[str, str]:
        times = {"startTimeUnixNano": str(of.start_us * 1000), "durationNanos": str(of.took_us * 1000)}
        return {"name": of.name, **times}

    def _attributes(self, of: Kept) -> list[dict[str, Any]]:
        return [
            {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
            for key, value in of.attributes.items()
        ]


def respond(handler: http.server.BaseHTTPRequestHandler, status: int, content: bytes, **headers: str) -> None:
    """Answer; whoever has gone away isn't told."""
    handler.send_response(status)
    for name, value in {"Content_Length": str(len(content)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    with contextlib.suppress(OSError):
        handler.end_headers()
        handler.wfile.write(content)


@contextlib.contextmanager
def listening(played: Played, trust: ssl.SSLContext | None = None) -> Iterator[str]:
    """It listens on loopback, with ``trust`` over TLS; gives its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            played.answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that is refused, or gives up, is no fault of the test's."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if trust is not None:
            server.socket = trust.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        played.port = server.server_port
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"{'http' if trust is None else 'https'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
