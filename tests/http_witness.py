"""A witness of a test over HTTP (C2SP tlog-witness): an honest one, and ones that answer as they like."""

from __future__ import annotations

import base64
import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nsor.ledger import merkle
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.note import Checkpoint, Note
from nsor.witnessing import Destination

Answer = tuple[int, str, bytes]
"""Status, content type and content."""


@dataclass
class Honest:
    """Keeps the largest tree that it has seen, and signs what continues it.

    Attributes:
        key: its own.
        seen: the largest tree; None: none yet.
        asked: what it was asked, the first line of each request and how many hashes came with it.
    """

    key: WitnessKey
    seen: Checkpoint | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, body: bytes) -> Answer:
        head, _, signed = body.partition(b"\n\n")
        old, *proof = head.decode().split("\n")
        self.asked.append((old, len(proof)))
        checkpoint = Checkpoint.parse(Note.parse(signed).text)
        size = self.seen.size if self.seen else 0
        if int(old.removeprefix("old ")) != size:
            return 409, "text/x.tlog.size", f"{size}\n".encode()
        if self.seen:
            try:
                hashes = [base64.b64decode(each) for each in proof]
                merkle.verify_consistency(size, checkpoint.size, self.seen.root, checkpoint.root, hashes)
            except merkle.ProofError:
                return 422, "text/plain", b"no"
        self.seen = checkpoint
        return 200, "text/plain", self.key.line(Note.parse(signed).text, int(time.time()))


@contextlib.contextmanager
def listening(key: WitnessKey, answer: Callable[[bytes], Answer]) -> Iterator[Destination]:
    """A server on loopback; gives it as a destination of a feeder."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/of/nsor/add-checkpoint"
            status, kind, content = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield Destination(key.verifier, f"http://127.0.0.1:{server.server_port}/of/nsor")
        finally:
            server.shutdown()
