"""`make bench`: a look-up with everything on beside a bare echo of the same payload under the same mutual TLS.

Both servers run on one core and take turns in one run; the load runs on the other core. PostgreSQL shares the server's
core, so that (b)'s calls per second pay for it too. Figures are the median of three runs each. Nothing here asserts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from demo.running import RunningRegister
from nsor.officer import OfficerKey
from nsor.v1 import lookup_pb2, options_pb2
from nsor_server.access.disclosure import disclose
from nsor_server.config import load
from nsor_server.registration.record import to_message
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.attach import attached
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.sealing import Sealer
from tests.bench.officers import enrolled_session
from tests.bench.seed import AGENCY, seed

HERE = Path(__file__).resolve().parent
SERVER_CORE, LOAD_CORE = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """One run's figures."""

    calls_per_second: float
    p50_ms: float
    p99_ms: float
    server_us: float
    all_us: float
    load_share: float
    codes: dict[str, int]


def main() -> None:
    """Seed, start both servers, let them take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registrations", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=8.0, help="length of one run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--in-flight", type=int, nargs="*", default=[32, 128])
    parser.add_argument("--profile", type=Path, help="py-spy compatible: print the server's pid there and wait")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nsor-bench-") as folder:
        measure(Path(folder), arguments)


def measure(folder: Path, arguments: argparse.Namespace) -> None:
    """Run everything in ``folder``."""
    sink_port, echo_port = free_port(), free_port()
    register = RunningRegister(
        folder,
        settings={
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink_port}",
            "NSOR_TRACE_STORE": "off",
            "NSOR_RATE_PER_SECOND": "1000000",
        },
    )
    register.prepare()
    officer = OfficerKey.generate()
    settings = load(register.environment)
    keyring = keyrings.load(settings.keys)
    print(f"seeding {arguments.registrations:,} registrations", file=sys.stderr)
    with attached(settings) as database, database.owner() as connection:
        seeded = seed(
            connection,
            Sealer(keyring),
            BlindIndex(keyring),
            registrations_wanted=arguments.registrations,
            officer_key=officer.key_id,
        )
    answer = lookup_pb2.LookUpRegistrationResponse(
        outcome=lookup_pb2.LOOK_UP_OUTCOME_FOUND, registration=to_message(seeded.example, "0" * 16)
    )
    (folder / "answer").write_bytes(disclose(answer, options_pb2.PURPOSE_INVESTIGATION).SerializeToString())
    (folder / "requests").write_text("\n".join(body.hex() for body in seeded.requests))
    sink = start(LOAD_CORE, "otlp_sink.py", str(sink_port))
    echo = start(SERVER_CORE, "echo_server.py", str(echo_port), str(register.certs), str(folder / "answer"))
    os.sched_setaffinity(0, {SERVER_CORE})
    register.start()
    os.sched_setaffinity(0, {SERVER_CORE, LOAD_CORE})
    try:
        assert register.process is not None
        session = enrolled_session(register, AGENCY, officer)
        (folder / "session").write_bytes(session)
        look_up_port = int(register.address.rsplit(":", 1)[1])
        targets = {
            "a echo": (echo_port, echo.pid, None),
            "b look-up": (look_up_port, register.process.pid, postmaster(register.state)),
        }
        print(f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores; "
              f"{arguments.registrations:,} registrations, half hits, half misses; "
              f"median of {arguments.runs} runs of {arguments.seconds:g} s")  # fmt: skip
        for in_flight in arguments.in_flight:
            compare(folder, register.certs, targets, in_flight, arguments)
    finally:
        for process in (sink, echo):
            process.kill()
        register.stop()


def compare(
    folder: Path,
    certs: Path,
    targets: dict[str, tuple[int, int, int | None]],
    in_flight: int,
    arguments: argparse.Namespace,
) -> None:
    """Let the targets take turns, in alternating order, and print their medians and ratios."""
    runs: dict[str, list[Run]] = {name: [] for name in targets}
    for target in targets.values():
        one_run(folder, certs, target, in_flight, 2.0)
    for nth in range(arguments.runs):
        order = list(targets) if nth % 2 == 0 else list(reversed(targets))
        for name in order:
            runs[name].append(one_run(folder, certs, targets[name], in_flight, arguments.seconds))
    print(f"\n{in_flight} calls in flight")
    columns = (
        ("calls/s", 10, 0),
        ("p50 ms", 10, 2),
        ("p99 ms", 10, 2),
        ("server us", 12, 0),
        ("+PostgreSQL us", 16, 0),
    )
    print(" " * 14 + "".join(f"{title:>{width}}" for title, width, _ in columns) + f"{'load core':>11}  codes")
    for name, done in runs.items():
        fields = ("calls_per_second", "p50_ms", "p99_ms", "server_us", "all_us")
        medians = [statistics.median(getattr(run, field) for run in done) for field in fields]
        figures = "".join(f"{m:{width}.{digits}f}" for m, (_, width, digits) in zip(medians, columns, strict=True))
        share = statistics.median(run.load_share for run in done)
        codes = ", ".join(sorted({code for run in done for code in run.codes}))
        print(f"  {name:12}{figures}{share:11.0%}  {codes}")
    a, b = runs.values()
    rate = statistics.median(y.calls_per_second / x.calls_per_second for x, y in zip(a, b, strict=True))
    cpu = statistics.median(y.server_us / x.server_us for x, y in zip(a, b, strict=True))
    print(f"  (b) reaches {rate:.2f} of (a)'s calls per second (goal 0.6) and its server process spends "
          f"{cpu:.2f} times (a)'s CPU per call (goal 1.7)")  # fmt: skip


def one_run(folder: Path, certs: Path, target: tuple[int, int, int | None], in_flight: int, seconds: float) -> Run:
    """Load one target and read what it cost."""
    port, server, database = target
    made = folder / f"made-{port}"
    skip = int(made.read_text()) if made.exists() else 0
    before_server, before_database = cpu_seconds(server), tree_seconds(database)
    done = subprocess.run(
        [sys.executable, str(HERE / "load.py"), "--port", str(port), "--certs", str(certs),
         "--requests", str(folder / "requests"), "--skip", str(skip), "--session", str(folder / "session"),
         "--in-flight", str(in_flight), "--seconds", str(seconds)],
        capture_output=True, text=True, check=True, timeout=seconds + 60,
        preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}),
    )  # fmt: skip
    figures = json.loads(done.stdout)
    time.sleep(0.5)  # the exporter's last batch belongs to this run
    server_cpu = cpu_seconds(server) - before_server
    database_cpu = tree_seconds(database) - before_database
    calls = figures["calls"]
    made.write_text(str(skip + calls))
    return Run(
        calls_per_second=calls / figures["seconds"],
        p50_ms=figures["p50_ms"],
        p99_ms=figures["p99_ms"],
        server_us=server_cpu / calls * 1e6,
        all_us=(server_cpu + database_cpu) / calls * 1e6,
        load_share=figures["client_cpu_share"],
        codes=figures["codes"],
    )


def start(core: int, script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a process on a core and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / script), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509 - no threads in this process
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def postmaster(state: Path) -> int:
    """The embedded PostgreSQL's first process."""
    return int((state / "postgres" / "postmaster.pid").read_text().split()[0])


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def tree_seconds(pid: int | None) -> float:
    """User and system time of a process and of its children, dead ones included."""
    if pid is None:
        return 0.0
    total = cpu_seconds(pid)
    waited = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    total += (int(waited[13]) + int(waited[14])) / TICKS
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            total += cpu_seconds(int(child))
        except FileNotFoundError:
            continue
    return total


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
