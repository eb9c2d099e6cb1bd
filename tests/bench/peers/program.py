"""What a peer is to the comparison: a program that is started, filled over HTTP, and checked over gRPC."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.bench.measure import BenchFailed

_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a peer listens, what it stores in, and what it shows.

    Attributes:
        grpc: HOST:PORT.
        http: HOST:PORT, while it is filled.
        database: URL of a database of its own.
        certs: folder with server.pem, server.key and ca.pem.
    """

    grpc: str
    http: str
    database: str
    certs: Path


@dataclass(frozen=True, slots=True)
class Check:
    """A line of the comparison: what ghz calls, and with what."""

    name: str
    method: str
    metadata: Mapping[str, str]
    bodies: Sequence[Mapping[str, Any]]


class Peer(Protocol):
    """A program that decides who may do what."""

    name: str

    def migrate(self, ways: Ways) -> list[str]:
        """The command that makes its tables."""

    def serve(self, ways: Ways, *, filling: bool) -> list[str]:
        """The command that serves: over plain HTTP and gRPC while it is filled, over gRPC with TLS afterwards."""

    def fill(self, ways: Ways, suspects: int) -> None:
        """Write its schema and the relations."""

    def checks(self, suspects: int) -> list[Check]:
        """What is measured."""


def post(address: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
    """Call a peer's HTTP interface, and again until it is up.

    Raises:
        BenchFailed: it refuses, or isn't up in time.
    """
    request = urllib.request.Request(
        f"http://{address}{path}", json.dumps(body).encode(), {"content-type": "application/json", **headers}
    )
    ends = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            if refused.code != 503 or time.monotonic() > ends:
                raise BenchFailed(f"{path}: {refused.code} {refused.read()[:300]!r}") from None
        except urllib.error.URLError as unreachable:
            if time.monotonic() > ends:
                raise BenchFailed(f"{path}: {unreachable.reason}") from None
        time.sleep(0.2)


def run(command: Sequence[str]) -> None:
    """Run a command to its end.

    Raises:
        BenchFailed: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise BenchFailed(f"{Path(command[0]).name} {command[1]}: {done.stderr.strip()[-300:]}")
