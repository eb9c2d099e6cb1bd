"""The peers beside the register: the same machine, the same PostgreSQL, the same cores; prints Markdown."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nsor_server.storage.embedded import SUPERUSER
from tests.bench import processes
from tests.bench.measure import BenchFailed
from tests.bench.peers import build, program
from tests.bench.peers.openfga import OpenFga
from tests.bench.peers.program import Check, Peer, Ways
from tests.bench.peers.relations import MOST
from tests.bench.peers.spicedb import SpiceDb
from tests.bench.register import BenchRegister
from tests.peers.go import NotBuilt
from tests.ports import free_address

IN_FLIGHT = 32
_WARM_SECONDS = 2.0
_WARM_PART = 10
"""A tenth of the checks are for warming up, so that those of the measurement are new."""
_STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """What a peer's check costs; CPU in microseconds per call."""

    name: str
    server_us: float
    database_us: float
    calls_per_second: float
    p50_ms: float
    failed: int


def compare(register: BenchRegister, *, seconds: float, registrations: int) -> bool:
    """Measure and print them, or say in a line why not; tells whether something failed.

    PostgreSQL runs, no server of the register does.
    """
    try:
        built = build.build()
    except NotBuilt as why:
        print(f"\nNo peers: {why}.")
        return False
    peers: Sequence[Peer] = (OpenFga(built.openfga), SpiceDb(built.spicedb))
    suspects = min(registrations, MOST)
    failed = False
    print(f"\n### Peers, {IN_FLIGHT} in flight by ghz, server's TLS only, {suspects:,} suspects; no audit, no proof\n")
    print(
        "| check | server us | PostgreSQL us | together us | calls/s | p50 ms | failed |\n|---|---|---|---|---|---|---|"
    )
    for peer in peers:
        try:
            lines = _measured(register, peer, built.ghz, suspects, seconds)
        except BenchFailed as why:
            print(f"| {peer.name}: not measured, {why} |")
            failed = True
            continue
        for line in lines:
            print(_row(line), flush=True)
            failed |= line.failed > 0
    return failed


def _row(line: Line) -> str:
    return (
        f"| {line.name} | {line.server_us:.0f} | {line.database_us:.0f} | {line.server_us + line.database_us:.0f}"
        f" | {line.calls_per_second:,.0f} | {line.p50_ms:.2f} | {line.failed} |"
    )


def _measured(register: BenchRegister, peer: Peer, ghz: Path, suspects: int, seconds: float) -> list[Line]:
    sys.stderr.write(f"{peer.name}: {suspects:,} suspects\n")
    ways = Ways(
        free_address(),
        free_address(),
        _database(register, peer.name.lower()),
        register.certs,
    )
    program.run(peer.migrate(ways))
    log = register.folder / f"{peer.name.lower()}.log"
    with _serving(peer.serve(ways, filling=True), log):
        peer.fill(ways, suspects)
    _settle(register, peer.name.lower())
    lines = []
    with _serving(peer.serve(ways, filling=False), log) as pid:
        _wait_for(ways.grpc)
        for check in peer.checks(suspects):
            few = len(check.bodies) // _WARM_PART
            _ghz(register, ghz, ways, replace(check, bodies=check.bodies[:few]), _WARM_SECONDS)
            before = processes.seconds((pid,)), processes.seconds((register.postmaster,))
            seen = _ghz(register, ghz, ways, replace(check, bodies=check.bodies[few:]), seconds)
            after = processes.seconds((pid,)), processes.seconds((register.postmaster,))
            calls = seen["count"]
            latencies = {one["percentage"]: one["latency"] for one in seen["latencyDistribution"] or ()}
            lines.append(
                Line(
                    check.name,
                    (after[0] - before[0]) / calls * 1e6,
                    (after[1] - before[1]) / calls * 1e6,
                    seen["rps"],
                    latencies.get(50, 0) / 1e6,
                    calls - seen["statusCodeDistribution"].get("OK", 0),
                )
            )
    return lines


def _database(register: BenchRegister, name: str) -> str:
    """A new database of the owner's; gives its URL in the form that the Go driver takes."""
    given = conninfo_to_dict(register.url)
    with _superuser(register, "postgres") as connection:
        create = sql.SQL("CREATE DATABASE {} OWNER {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(str(given["user"]))))
    return f"postgres://{given['user']}@/{name}?host={given['host']}&port={given['port']}&sslmode=disable"


def _settle(register: BenchRegister, name: str) -> None:
    """Statistics and a checkpoint, so that neither is made while checks are measured."""
    with _superuser(register, name) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


@contextlib.contextmanager
def _superuser(register: BenchRegister, name: str) -> Iterator[psycopg.Connection]:
    url = make_conninfo(register.url, user=SUPERUSER, dbname=name)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@contextlib.contextmanager
def _serving(command: Sequence[str], log: Path) -> Iterator[int]:
    """Run a peer on the server's core; gives its process id."""
    with log.open("a") as file, processes.on_core(processes.SERVER_CORE):
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        yield process.pid
        if process.poll() is not None:
            raise BenchFailed(f"{Path(command[0]).name} ended: {log.read_text()[-500:]}")
    finally:
        process.terminate()
        try:
            process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for(address: str) -> None:
    host, port = address.split(":")
    if not processes.listens(host, int(port), 60):
        raise BenchFailed(f"nothing listens on {address}")


def _ghz(register: BenchRegister, ghz: Path, ways: Ways, check: Check, seconds: float) -> Any:
    data = register.folder / "checks.json"
    data.write_text(json.dumps(check.bodies))
    metadata = json.dumps(check.metadata)
    command = [
        str(ghz), "--cacert", str(ways.certs / "ca.pem"), "--call", check.method, "--data-file", str(data),
        "--metadata", metadata, "--reflect-metadata", metadata, "--concurrency", str(IN_FLIGHT),
        "--duration", f"{seconds:g}s", "--duration-stop", "wait", "--format", "json", ways.grpc,
    ]  # fmt: skip
    with processes.on_core(processes.LOAD_CORE):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        printed, said = process.communicate(timeout=seconds + 120)
    except subprocess.TimeoutExpired:
        process.kill()
        raise BenchFailed(f"ghz on {check.method} didn't end") from None
    if process.returncode:
        raise BenchFailed(f"ghz on {check.method}: {said.strip()[-300:]}")
    time.sleep(0.2)
    return json.loads(printed)
