"""Processes that screen manifests, as ports do: each of several officers with a connection and streams of his own.

A server takes two streams of an officer at a time, by its default settings, and refuses others for a while: whoever is
refused waits, and the machine with him. So no officer opens more here, and a stream that is refused ends the bench.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from demo.running import RunningRegister
from nsor.client import Client
from nsor.errors import NsorError
from nsor.officer import OfficerKey
from nsor.v1 import screening_pb2
from tests.bench.measure import BenchFailed

AGENCY = "fia-immigration"
STREAMS_OF_OFFICER = 2
"""``streams_per_officer`` of a server that isn't told otherwise."""


class Manifest(NamedTuple):
    """A manifest that is declared.

    Attributes:
        manifest_id: its id.
        rows: its passengers, encoded.
        found: how many of them are registered.
    """

    manifest_id: str
    rows: Sequence[bytes]
    found: int


class Where(NamedTuple):
    """How to reach a server process.

    Attributes:
        address: host and port.
        certs: folder of certificates.
        ledger_key: the ledger's verifier key.
        officers: files of the officers' keys, each with a client of his own.
        state: folder that the clients keep their journals in, of this process alone.
    """

    address: str
    certs: Path
    ledger_key: str
    officers: Sequence[Path]
    state: Path


class Screeners:
    """Processes that screen, each at one server process.

    Args:
        where: of each.
        streams: manifests at a time of each, spread over its officers.
    """

    def __init__(self, where: Sequence[Where], streams: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._processes = [ProcessPoolExecutor(1, mp_context=context) for _ in where]
        started = [each.submit(_start, at, streams) for each, at in zip(self._processes, where, strict=True)]
        self.pids = [each.result() for each in started]

    def hand(self, manifests: Sequence[Manifest]) -> None:
        """Give each its part of some manifests; they decode it before anything is measured."""
        many = len(self._processes)
        handed = [each.submit(_take, manifests[nth::many]) for nth, each in enumerate(self._processes)]
        for each in handed:
            each.result()

    def screen(self) -> None:
        """Screen what they have, all at once.

        Raises:
            BenchFailed: something wasn't answered, or other passengers were found.
        """
        for each in [each.submit(_screen) for each in self._processes]:
            each.result()

    def stop(self) -> None:
        """End them."""
        for each in self._processes:
            each.shutdown()


def officers_for(streams: int) -> int:
    """How many officers so many streams need."""
    return -(-streams // STREAMS_OF_OFFICER)


def where(running: RunningRegister, officers: Sequence[Path], number: int) -> Where:
    """How the process of a number reaches a server process, with keys of its officers."""
    state = running.folder / "clients" / f"{AGENCY}-{number}"
    return Where(running.address, running.certs, running.ledger_key, officers, state)


@contextlib.contextmanager
def screening(at: Sequence[Where], streams: int) -> Iterator[Screeners]:
    """Processes that screen, while the context lasts."""
    screeners = Screeners(at, streams)
    try:
        yield screeners
    finally:
        screeners.stop()


class _Own(NamedTuple):
    """What a process screens with, and what: a client of each stream, which those of one officer share."""

    clients: list[Client]
    manifests: list[tuple[Manifest, list[screening_pb2.ManifestRow]]]


_own: list[_Own] = []
"""Of this process: one, once it is started."""


def _start(at: Where, streams: int) -> int:
    own = at.certs / "agencies" / AGENCY
    officers = [
        Client(
            at.address,
            certificate=own.with_suffix(".pem"),
            key=own.with_suffix(".key"),
            ca=at.certs / "ca.pem",
            ledger_key=at.ledger_key,
            state_dir=at.state / file.stem,
            officer=OfficerKey.load(file),
        )
        for file in at.officers
    ]
    _own.append(_Own([officers[nth % len(officers)] for nth in range(streams)], []))
    return os.getpid()


def _take(manifests: Sequence[Manifest]) -> None:
    decoded = ((each, list(map(screening_pb2.ManifestRow.FromString, each.rows))) for each in manifests)
    _own[0].manifests[:] = decoded


def _screen() -> None:
    (own,) = _own
    left: queue.SimpleQueue[tuple[Manifest, list[screening_pb2.ManifestRow]]] = queue.SimpleQueue()
    for each in own.manifests:
        left.put(each)
    with ThreadPoolExecutor(len(own.clients)) as pool:
        list(pool.map(functools.partial(_screen_some, left), own.clients))


def _screen_some(left: queue.SimpleQueue[tuple[Manifest, list[screening_pb2.ManifestRow]]], client: Client) -> None:
    """Screen one manifest after the other, as long as some are left."""
    with contextlib.suppress(queue.Empty):
        while True:
            _screen_one(client, *left.get_nowait())


def _screen_one(client: Client, manifest: Manifest, rows: Sequence[screening_pb2.ManifestRow]) -> None:
    screening = client.screen_manifest(manifest.manifest_id, on_reconnect=_refused)
    answered = list(screening.send((row, None) for row in rows))
    found = sum(each.hit is not None for each in answered)
    if len(answered) != len(rows) or found != manifest.found:
        raise BenchFailed(f"{len(answered)} rows of {len(rows)} were answered, {found} found")


def _refused(why: NsorError | None) -> None:
    """A stream that has to be opened again waits before that: what it takes isn't what the server took."""
    raise BenchFailed(f"a stream was refused or lost ({'' if why is None else type(why).__name__})")
