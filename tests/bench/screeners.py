"""Processes that screen manifests, as ports do: each with a connection of its own, and some streams at a time."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from demo.running import RunningRegister
from nsor.client import Client
from nsor.officer import OfficerKey
from nsor.v1 import screening_pb2
from tests.bench.measure import BenchFailed

AGENCY = "fia-immigration"


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
        officer: file of the officer's key.
        state: folder that the client keeps its journal in, of this client alone.
    """

    address: str
    certs: Path
    ledger_key: str
    officer: Path
    state: Path


class Screeners:
    """Processes that screen, each at one server process.

    Args:
        where: of each.
        streams: manifests at a time of each.
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


def where(running: RunningRegister, officer: Path, number: int) -> Where:
    """How the client of a number reaches a server process."""
    state = running.folder / "clients" / f"{AGENCY}-{number}"
    return Where(running.address, running.certs, running.ledger_key, officer, state)


@contextlib.contextmanager
def screening(at: Sequence[Where], streams: int) -> Iterator[Screeners]:
    """Processes that screen, while the context lasts."""
    screeners = Screeners(at, streams)
    try:
        yield screeners
    finally:
        screeners.stop()


class _Own(NamedTuple):
    """What a process screens with, and what."""

    client: Client
    streams: int
    manifests: list[tuple[Manifest, list[screening_pb2.ManifestRow]]]


_own: list[_Own] = []
"""Of this process: one, once it is started."""


def _start(at: Where, streams: int) -> int:
    own = at.certs / "agencies" / AGENCY
    client = Client(
        at.address,
        certificate=own.with_suffix(".pem"),
        key=own.with_suffix(".key"),
        ca=at.certs / "ca.pem",
        ledger_key=at.ledger_key,
        state_dir=at.state,
        officer=OfficerKey.load(at.officer),
    )
    _own.append(_Own(client, streams, []))
    return os.getpid()


def _take(manifests: Sequence[Manifest]) -> None:
    decoded = ((each, list(map(screening_pb2.ManifestRow.FromString, each.rows))) for each in manifests)
    _own[0].manifests[:] = decoded


def _screen() -> None:
    (own,) = _own
    with ThreadPoolExecutor(own.streams) as pool:
        list(pool.map(functools.partial(_screen_one, own.client), own.manifests))


def _screen_one(client: Client, one: tuple[Manifest, list[screening_pb2.ManifestRow]]) -> None:
    manifest, rows = one
    answered = list(client.screen_manifest(manifest.manifest_id).send((row, None) for row in rows))
    found = sum(each.hit is not None for each in answered)
    if len(answered) != len(rows) or found != manifest.found:
        raise BenchFailed(f"{len(answered)} rows of {len(rows)} were answered, {found} found")
