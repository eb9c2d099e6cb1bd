"""The load: keeps a number of calls in flight for some seconds and prints what it saw as one line of JSON.

It runs as a process of its own, on a core of its own, so that its work isn't counted as the server's.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import threading
import time
import uuid
from collections import Counter
from pathlib import Path

import grpc

METHOD = "/nsor.v1.LookupService/LookUpRegistration"


class Load:
    """Calls in flight: each answer starts the next call until the time is over."""

    def __init__(self, call: grpc.UnaryUnaryMultiCallable[bytes, bytes], requests: list[bytes], session: bytes) -> None:
        self._call = call
        self._requests = itertools.cycle(requests)
        self._session = session
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._in_flight = 0
        self._end = 0.0
        self.latencies: list[float] = []
        self.codes: Counter[str] = Counter()

    def run(self, in_flight: int, seconds: float) -> float:
        """Run for ``seconds`` with ``in_flight`` calls; returns the seconds that it took."""
        started = time.perf_counter()
        self._end = started + seconds
        for _ in range(in_flight):
            with self._lock:
                self._in_flight += 1
            self._next()
        self._idle.wait()
        return time.perf_counter() - started

    def _next(self) -> None:
        with self._lock:
            if time.perf_counter() >= self._end:
                self._in_flight -= 1
                if self._in_flight == 0:
                    self._idle.set()
                return
            body = next(self._requests)
        # The template's request id is the last field written: each call needs one of its own.
        request = body + b"\x0a\x24" + str(uuid.uuid4()).encode()
        started = time.perf_counter()
        future = self._call.future(
            request,
            timeout=20,
            metadata=(("nsor-nonce-bin", os.urandom(32)), ("nsor-officer-bin", self._session)),
        )
        future.add_done_callback(lambda done: self._done(done, started))

    def _done(self, future: grpc.Future[bytes], started: float) -> None:
        elapsed = time.perf_counter() - started
        # The stubs' Future lacks what grpcio's _MultiThreadedRendezvous has.
        code = future.code().name  # type: ignore[attr-defined]
        if code != "OK":
            code = f"{code} {future.details()}"  # type: ignore[attr-defined]
        with self._lock:
            self.latencies.append(elapsed)
            self.codes[code] += 1
        self._next()


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certs", type=Path, required=True)
    parser.add_argument(
        "--requests", type=Path, required=True, help="encoded requests without request_id, one hex line each"
    )
    parser.add_argument("--skip", type=int, default=0, help="requests to pass over, which an earlier run has made")
    parser.add_argument("--session", type=Path, required=True, help="an encoded SignedOfficerSession")
    parser.add_argument("--in-flight", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    agency = arguments.certs / "agencies" / "punjab-police"
    credentials = grpc.ssl_channel_credentials(
        (arguments.certs / "ca.pem").read_bytes(),
        agency.with_suffix(".key").read_bytes(),
        agency.with_suffix(".pem").read_bytes(),
    )
    channel = grpc.secure_channel(f"127.0.0.1:{arguments.port}", credentials)
    grpc.channel_ready_future(channel).result(timeout=20)
    requests = [bytes.fromhex(line) for line in arguments.requests.read_text().split()]
    skip = arguments.skip % len(requests)
    load = Load(
        channel.unary_unary(METHOD),
        requests[skip:] + requests[:skip],
        arguments.session.read_bytes(),
    )
    cpu = time.process_time()
    seconds = load.run(arguments.in_flight, arguments.seconds)
    latencies = sorted(load.latencies)
    json.dump(
        {
            "calls": len(latencies),
            "seconds": seconds,
            "p50_ms": latencies[len(latencies) // 2] * 1e3,
            "p99_ms": latencies[len(latencies) * 99 // 100] * 1e3,
            "codes": load.codes,
            "client_cpu_share": (time.process_time() - cpu) / seconds,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
