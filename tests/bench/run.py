"""`make bench`: what each RPC costs, how fast it is, and how far that is from the goals; prints Markdown.

Servers and PostgreSQL run on one core, so that calls per second pay for both; the load runs on the other core. The
look-up takes turns with a bare echo of the same payload under the same mutual TLS, since figures of one machine mean
little on another, and less while other work runs beside. Nothing here asserts but that the answers are what was asked
for; a call that failed is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path

import grpc
import psycopg

from nsor.v1 import options_pb2
from nsor_server.access.disclosure import disclose
from tests.bench import people, processes, table
from tests.bench.calls import Calls
from tests.bench.measure import BenchFailed, Requests, Target
from tests.bench.peers import compare
from tests.bench.register import BenchRegister
from tests.bench.rounds import Lengths, Round, Setting, measure
from tests.bench.seed import POLICE, REFUSED_EVERY, Plan, Seeded, seed
from tests.ports import free_port

_LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
_FOLLOWS_SECONDS = 1_800
"""How long a server may work on what was seeded (likely duplicates, duties) before it is measured."""
_WRITES_PER_SECOND = 1_000
"""As many orders are prepared as a register would take that is faster than the goal."""


def main() -> int:
    """Seed, measure with one and with two server processes, print; gives the exit code."""
    arguments = _parser().parse_args()
    if processes.SERVER_CORE == processes.LOAD_CORE:
        print("the bench needs two cores: one for the servers, one for the load", file=sys.stderr)
        return 1
    lengths = Lengths(arguments.seconds, arguments.runs, arguments.rpc_seconds, tuple(arguments.in_flight))
    with tempfile.TemporaryDirectory(prefix="nsor-bench-") as folder:
        try:
            failed = _bench(Path(folder), lengths, arguments)
        except BenchFailed as why:
            print(f"the bench failed: {why}", file=sys.stderr)
            return 1
    return 1 if failed else 0


def _bench(folder: Path, lengths: Lengths, arguments: argparse.Namespace) -> bool:
    load_average = os.getloadavg()[0]
    sink_port, echo_port = free_port(), free_port()
    register = BenchRegister(
        folder,
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink_port}",
            "NSOR_TRACE_STORE": "off",
            "NSOR_RATE_PER_SECOND": "1000000",
        },
    )
    sink = processes.start(processes.LOAD_CORE, "otlp_sink.py", str(sink_port))
    try:
        with register.database():
            seeded = _seeded(register, lengths, arguments)
            answer = folder / "answer"
            answer.write_bytes(disclose(seeded.answer, options_pb2.PURPOSE_INVESTIGATION).SerializeToString())
            processes.move(register.postmaster, processes.SERVER_CORE)
            register.enrol()
            start_seconds = register.start_seconds()
            entries = register.entries()
            echo = processes.start(
                processes.SERVER_CORE, "echo_server.py", str(echo_port), str(register.certs), str(answer)
            )
            try:
                bench = Setting(
                    register.certs, folder, register.url, lengths, Target("echo", (echo_port,), (echo.pid,))
                )
                rounds = _rounds(register, bench, seeded, entries, arguments.processes)
            finally:
                echo.kill()
            _print_head(register, arguments, load_average)
            _print(rounds, entries, start_seconds)
            failed = len(rounds) < len(arguments.processes) or not all(one.whole for one in rounds)
            if arguments.peers:
                failed |= compare.compare(register, seconds=lengths.seconds, registrations=arguments.registrations)
    finally:
        sink.kill()
    return failed


def _seeded(register: BenchRegister, lengths: Lengths, arguments: argparse.Namespace) -> Seeded:
    print(f"seeding {arguments.registrations:,} registrations and {arguments.entries:,} entries", file=sys.stderr)
    began = time.perf_counter()
    seeded = seed(
        Plan(
            register.environment,
            register.url,
            arguments.registrations,
            arguments.entries,
            lengths.look_ups * len(arguments.processes),
            register.officers[POLICE].key_id,
            refused=True,
        )
    )
    register.settle()
    print(f"seeded in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return seeded


def _rounds(register: BenchRegister, bench: Setting, seeded: Seeded, entries: int, counts: list[int]) -> list[Round]:
    """A round with each number of server processes; one that can't be made doesn't lose the others' figures."""
    found = []
    look_ups = Requests.write(bench.folder, _LOOK_UP, POLICE, seeded.requests, refused=True)
    writes = int(_WRITES_PER_SECOND * (2 * bench.lengths.rpc_seconds + 2))
    for nth, count in enumerate(counts):
        calls = Calls(
            bench.folder,
            writes=writes,
            registration_ids=seeded.registration_ids,
            entries=entries,
            first=people.FIRST_ENTERED + nth * writes,
        )
        with register.serving(count) as (target, metrics):
            print(f"{target.name}: waits until it has compared and counted what was seeded", file=sys.stderr)
            if not processes.at_rest(target.servers, limit_seconds=_FOLLOWS_SECONDS):
                print(f"{target.name}: not at rest after {_FOLLOWS_SECONDS} s: the figures hold other work, too")
            try:
                found.append(measure(bench, target, metrics, look_ups, calls))
            except BenchFailed as why:
                print(f"FAILED, {target.name}: {why}")
    return found


def _print_head(register: BenchRegister, arguments: argparse.Namespace, load_average: float) -> None:
    with psycopg.connect(register.url) as connection:
        version = connection.info.server_version // 10_000
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, grpcio {grpc.__version__},"
        f" PostgreSQL {version}; {arguments.registrations:,} registrations; of {REFUSED_EVERY} look-ups one is refused,"
        f" and half of the others find somebody; each is the first use of its grant for its suspect; look-up and echo"
        f" by turns, median of {arguments.runs} runs of {arguments.seconds:g} s; other RPCs"
        f" {arguments.rpc_seconds:g} s; the machine's load before it began: {load_average:.1f}.\n"
    )


def _print(rounds: list[Round], entries: int, start_seconds: float) -> None:
    if not rounds:
        return
    print(*table.goals(rounds, entries=entries, start_seconds=start_seconds), sep="\n")
    for one in rounds:
        print(f"\n### {one.name}\n", *table.rpcs(one), "", *table.growth(one), sep="\n")
    print("", *table.remarks(rounds), sep="\n", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registrations", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=100_000, help="entries of the ledger before the measurement")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of one run of look-up or echo")
    parser.add_argument("--runs", type=int, default=3, help="runs of look-up and echo each")
    parser.add_argument("--rpc-seconds", type=float, default=5.0, help="length of one run of another RPC; 0: none")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[32, 128], help="of look-up and echo")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], help="server processes, a round each")
    parser.add_argument("--peers", action="store_true", help="OpenFGA and SpiceDB as well; needs Go the first time")
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
