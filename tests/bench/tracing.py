"""What tracing costs a look-up: `.venv/bin/python -m tests.bench.tracing`.

Two server processes over one register take turns under the same load: one hands its spans to a collector over OTLP, as
in production; the other has none at all (``untraced_server.py``). The cost is the share of the server's CPU for a call,
which other work on the machine moves less than calls per second; these are printed beside it. The goal is at most 8 %.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench import processes
from tests.bench.measure import BenchFailed, Requests, Run, median, run
from tests.bench.register import BenchRegister
from tests.bench.rounds import check_outcomes
from tests.bench.seed import POLICE, Plan, seed
from tests.ports import free_port

_LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
_REST_SECONDS: Final = 120
GOAL_PERCENT: Final = 8.0
_UNTRACED: Final = (sys.executable, str(processes.HERE / "untraced_server.py"))


def main() -> int:
    """Measure and print; gives the exit code: 1 if a call failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registrations", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one run")
    parser.add_argument("--runs", type=int, default=5, help="of each of the two, by turns")
    parser.add_argument("--in-flight", type=int, default=32)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nsor-bench-") as folder:
        try:
            traced, untraced = _measured(Path(folder), arguments)
        except BenchFailed as why:
            print(f"the bench failed: {why}", file=sys.stderr)
            return 1
    _print(traced, untraced, arguments)
    failures = median([*traced, *untraced]).failures
    for what, count in failures.items():
        print(f"FAILED {what}: {count}")
    return 1 if failures else 0


def _measured(folder: Path, arguments: argparse.Namespace) -> tuple[Sequence[Run], Sequence[Run]]:
    sink_port = free_port()
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink_port}",
        "NSOR_TRACE_STORE": "off",
        "NSOR_RATE_PER_SECOND": "1000000",
    }
    register = BenchRegister(folder, settings)
    look_ups = int(2 * arguments.runs * (arguments.seconds + 2) * 2_500)
    with contextlib.ExitStack() as stack:
        sink = processes.start(processes.LOAD_CORE, "otlp_sink.py", str(sink_port))
        stack.callback(sink.kill)
        stack.enter_context(register.database())
        plan = Plan(
            register.environment,
            register.url,
            arguments.registrations,
            1_000,
            look_ups,
            register.officers[POLICE].key_id,
        )
        seeded = seed(plan)
        register.settle()
        processes.move(register.postmaster, processes.SERVER_CORE)
        register.enrol()
        requests = Requests.write(folder, _LOOK_UP, POLICE, seeded.requests)
        targets = [register.target(stack, 1), register.target(stack, 2, _UNTRACED)]
        for each in targets:
            processes.at_rest(each.servers, limit_seconds=_REST_SECONDS)
        runs: tuple[list[Run], list[Run]] = ([], [])
        for nth in range(arguments.runs):
            for which in (0, 1) if nth % 2 else (1, 0):
                made = run(
                    register.certs,
                    targets[which],
                    requests,
                    in_flight=arguments.in_flight,
                    seconds=arguments.seconds,
                    warm=2.0 if nth == 0 else 0.5,
                )
                check_outcomes(made)
                runs[which].append(made)
    return runs


def _print(traced: Sequence[Run], untraced: Sequence[Run], arguments: argparse.Namespace) -> None:
    print(
        f"{arguments.registrations:,} registrations, {arguments.in_flight} in flight, {arguments.runs} runs of"
        f" {arguments.seconds:g} s each by turns; the machine's load: {os.getloadavg()[0]:.1f}.\n"
    )
    print("| spans | calls/s | server, us per call | PostgreSQL, us per call |\n|---|---|---|---|")
    for name, runs in (("to a collector", traced), ("none", untraced)):
        of = median(runs)
        print(f"| {name} | {of.calls_per_second:,.0f} | {of.server_us:.0f} | {of.database_us:.0f} |")
    of_pairs = [(one.all_us - other.all_us) / one.all_us for one, other in zip(traced, untraced, strict=True)]
    each = ", ".join(f"{100 * share:.1f}" for share in of_pairs)
    print(
        f"\nTracing takes {100 * statistics.median(of_pairs):.1f} % of a look-up's CPU, the server's and PostgreSQL's;"
        f" by pairs of runs {each} %. The goal is at most {GOAL_PERCENT:g} %."
    )


if __name__ == "__main__":
    sys.exit(main())
