"""The load: keeps a number of calls in flight for some seconds and prints what it saw as one line of JSON.

It runs as a process of its own, on a core of its own, so that its work isn't counted as the server's. After connecting
and warming up it prints ``ready``, waits for a line, measures, prints, and ends. Nothing checks the receipts here: that
is the client library's work, and costs more than a call.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from nsor import contract
from nsor.certificate import ClientCertificate
from nsor.officer import OfficerKey
from nsor.receipts import Exchange
from nsor.v1 import options_pb2

_NONCE_BYTES = 32
_SESSION_SLACK_US = 10_000_000


class Caller:
    """An agency's officer: completes requests and proves who asks."""

    def __init__(self, method: contract.Method, certificate: ClientCertificate, officer: OfficerKey) -> None:
        self._method = method
        self._agency = certificate.agency_id
        self._officer = officer
        self._session = officer.sign_session(certificate.sha256, time.time_ns() // 1000 - _SESSION_SLACK_US)

    def complete(self, body: bytes) -> bytes:
        """The request with an id of its own, in the first field, where every message of the contract has it."""
        return body + b"\x0a\x24" + str(uuid.uuid4()).encode() if self._method.has_request_id else body

    def metadata(self, request: bytes) -> tuple[tuple[str, bytes], ...]:
        """Nonce, and the proof that the contract asks for."""
        nonce = os.urandom(_NONCE_BYTES)
        if self._method.officer == options_pb2.OFFICER_RULE_SESSION:
            return ("nsor-nonce-bin", nonce), ("nsor-officer-bin", self._session)
        if self._method.officer == options_pb2.OFFICER_RULE_DECISION:
            call_hash = Exchange(self._method.name, self._agency, nonce, request).call_hash
            return ("nsor-nonce-bin", nonce), (
                "nsor-decision-bin",
                self._officer.sign_decision(self._method.name, call_hash, time.time_ns() // 1000),
            )
        return (("nsor-nonce-bin", nonce),)


@dataclass(slots=True)
class Seen:
    """What came of one call: when it began, seconds, code, its number among the requests, and the answer."""

    began: float
    seconds: float
    code: str
    number: int
    answer: bytes


class Load:
    """Calls in flight: each answer starts the next call until the time is over or the requests are used up."""

    def __init__(
        self, call: grpc.UnaryUnaryMultiCallable[bytes, bytes], caller: Caller, bodies: Iterator[tuple[int, bytes]]
    ) -> None:
        self._call = call
        self._caller = caller
        self._bodies = bodies
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._in_flight = 0
        self._end = 0.0
        self.seen: list[Seen] = []

    def run(self, in_flight: int, seconds: float) -> float:
        """Run for ``seconds`` with ``in_flight`` calls; returns the seconds that it took."""
        self.seen = []
        self._idle.clear()
        started = time.perf_counter()
        self._end = started + seconds
        self._in_flight = in_flight
        for _ in range(in_flight):
            self._next()
        self._idle.wait()
        return time.perf_counter() - started

    def _next(self) -> None:
        with self._lock:
            number, body = next(self._bodies, (-1, b"")) if time.perf_counter() < self._end else (-1, b"")
            if number < 0:
                self._in_flight -= 1
                if self._in_flight == 0:
                    self._idle.set()
                return
        request = self._caller.complete(body)
        metadata = self._caller.metadata(request)
        began, started = time.time(), time.perf_counter()
        future = self._call.future(request, timeout=20, metadata=metadata)
        future.add_done_callback(lambda done: self._done(done, began, started, number))

    def _done(self, future: grpc.Future[bytes], began: float, started: float, number: int) -> None:
        elapsed = time.perf_counter() - started
        # The stubs' Future lacks what grpcio's _MultiThreadedRendezvous has.
        code = future.code().name  # type: ignore[attr-defined]
        answer = future.result() if code == "OK" else b""
        if code != "OK":
            code = f"{code} {future.details()}"  # type: ignore[attr-defined]
        with self._lock:
            self.seen.append(Seen(began, elapsed, code, number, answer))
        self._next()


def main() -> None:
    """Parse the command line, connect, warm up, wait, run, print."""
    arguments = _parser().parse_args()
    agency = arguments.certs / "agencies" / arguments.agency
    certificate = ClientCertificate.load(
        agency.with_suffix(".pem"), agency.with_suffix(".key"), arguments.certs / "ca.pem"
    )
    method = contract.method(arguments.method)
    lines = arguments.requests.read_text().splitlines()
    bodies = ((number, bytes.fromhex(lines[number])) for number in range(arguments.skip, len(lines)))
    ends = ",".join(f"127.0.0.1:{port}" for port in arguments.ports)
    channel = grpc.secure_channel(
        f"ipv4:{ends}",
        grpc.ssl_channel_credentials(certificate.ca_pem, certificate.key_pem, certificate.chain_pem),
        options=(
            ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
            ("grpc.default_authority", "127.0.0.1"),  # several addresses name no host that a certificate could have
        ),
    )
    grpc.channel_ready_future(channel).result(timeout=20)
    load = Load(
        channel.unary_unary(method.path), Caller(method, certificate, OfficerKey.load(arguments.officer)), bodies
    )
    load.run(arguments.in_flight, arguments.warm)
    warmed = load.seen
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    cpu = time.process_time()
    seconds = load.run(arguments.in_flight, arguments.seconds)
    share = (time.process_time() - cpu) / seconds
    if arguments.answers:
        found = (one for one in (*warmed, *load.seen) if one.code == "OK")
        with arguments.answers.open("a") as file:
            file.writelines(f"{one.number} {one.answer.hex()}\n" for one in found)
    if arguments.times:
        arguments.times.write_text("".join(f"{one.began:.6f} {one.seconds:.6f}\n" for one in load.seen))
    json.dump(_figures(warmed, load.seen, seconds, share), sys.stdout)


def _figures(warmed: list[Seen], seen: list[Seen], seconds: float, share: float) -> dict[str, Any]:
    latencies = sorted(one.seconds for one in seen) or [0.0]
    return {
        "calls": len(seen),
        "warm_calls": len(warmed),
        "seconds": seconds,
        "p50_ms": latencies[len(latencies) // 2] * 1e3,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1e3,
        "load_share": share,
        "failures": Counter(one.code for one in (*warmed, *seen) if one.code != "OK"),
        # The first field of an answer, which tells a look-up's hit from its miss.
        "first_bytes": Counter(one.answer[:2].hex() for one in seen),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", type=int, nargs="+", required=True)
    parser.add_argument("--certs", type=Path, required=True)
    parser.add_argument("--agency", required=True)
    parser.add_argument("--officer", type=Path, required=True, help="the officer's key")
    parser.add_argument("--method", required=True, help="full name")
    parser.add_argument("--requests", type=Path, required=True, help="encoded, without request_id, one hex line each")
    parser.add_argument("--skip", type=int, default=0, help="requests to pass over, which an earlier run has made")
    parser.add_argument("--times", type=Path, help="where it is written when each call began, and the seconds it took")
    parser.add_argument("--answers", type=Path, help="where the answers are appended: number of the request and hex")
    parser.add_argument("--in-flight", type=int, required=True)
    parser.add_argument("--warm", type=float, default=1.0, help="seconds before the measurement")
    parser.add_argument("--seconds", type=float, required=True)
    return parser


if __name__ == "__main__":
    main()
