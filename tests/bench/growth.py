"""Whether a look-up's cost grows with the register: `.venv/bin/python -m tests.bench.growth --sizes 10000 1000000`.

One register is seeded to each size in turn, and a server measured at each: LookUpRegistration by a grant, half of the
look-ups of somebody, one at a time and several in flight. The goal is a p50 within 20 % of the smallest register's. It
says how long seeding took, so that whoever has less time asks for less. Of a thousand different people of each 25,000
all are made, the others are these once more under numbers of their own: what a look-up finds differs by its key.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import people, processes
from tests.bench.measure import BenchFailed, Requests, Run, Target, median, run
from tests.bench.register import BenchRegister
from tests.bench.rounds import check_outcomes
from tests.bench.seed import POLICE, Plan, seed

_LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
_DIFFERENT = 1_000
_PER_SECOND = 4_000
"""As many look-ups are prepared as a register would answer that is faster than any."""
_AT_REST_SECONDS = 3_600
"""How long a server may read what was seeded (names for searches, terms) before it is measured."""


def main() -> int:
    """Seed, measure at each size, print Markdown; gives the exit code."""
    parser = argparse.ArgumentParser(description="Whether a look-up's cost grows with the register.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="registrations, ascending")
    parser.add_argument("--seconds", type=float, default=8.0, help="of one run")
    parser.add_argument("--runs", type=int, default=3, help="of each, by turns")
    parser.add_argument("--in-flight", type=int, default=32)
    chosen = parser.parse_args()
    if processes.SERVER_CORE == processes.LOAD_CORE or chosen.sizes != sorted(set(chosen.sizes)):
        print("the bench needs two cores, and sizes that grow", file=sys.stderr)
        return 1
    print("| registrations | seeded in | at rest after | in flight | p50, p99 | server | PostgreSQL | calls/s |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="nsor-bench-growth-") as folder:
        register = BenchRegister(Path(folder), {"NSOR_TRACE_STORE": "off", "NSOR_RATE_PER_SECOND": "1000000"})
        found: dict[int, list[Run]] = {1: [], chosen.in_flight: []}
        with register.database():
            first = people.FIRST
            for size in chosen.sizes:
                for in_flight, measured in _measured(register, first, size, chosen).items():
                    found[in_flight].append(measured)
                first = people.FIRST + size
    for in_flight, runs in found.items():
        grown = ", ".join(f"{one.p50_ms / runs[0].p50_ms:.2f}" for one in runs[1:])
        print(f"\n{in_flight} in flight: p50 {grown} times that of {chosen.sizes[0]:,}; goal: under 1.2", end="")
    print()
    return 0


def _measured(register: BenchRegister, first: int, size: int, chosen: argparse.Namespace) -> dict[int, Run]:
    """Grow the register to a size, and measure; gives the figures by calls in flight."""
    look_ups = int(_PER_SECOND * chosen.runs * (chosen.seconds + 2)) * 2
    began = time.perf_counter()
    officer = register.officers[POLICE].key_id
    count = people.FIRST + size - first
    plan = Plan(register.environment, register.url, count, 0, look_ups, officer, different=_DIFFERENT, first=first)
    seeded = seed(plan)
    register.checkpoint()
    seeded_in = time.perf_counter() - began
    processes.move(register.postmaster, processes.SERVER_CORE)
    if first == people.FIRST:
        register.enrol()
    requests = Requests.write(register.folder, _LOOK_UP, POLICE, seeded.requests)
    with register.serving(1) as (target, _):
        began = time.perf_counter()
        rests = processes.at_rest(target.servers, limit_seconds=_AT_REST_SECONDS)
        rested = f"{time.perf_counter() - began:.0f} s" if rests else "never"
        found = {in_flight: _of(register, target, requests, in_flight, chosen) for in_flight in (1, chosen.in_flight)}
    for in_flight, each in found.items():
        print(
            f"| {size:,} | {seeded_in:.0f} s | {rested} | {in_flight} | {each.p50_ms:.2f}, {each.p99_ms:.2f} ms |"
            f" {each.server_us:.0f} us | {each.database_us:.0f} us | {each.calls_per_second:.0f} |",
            flush=True,
        )
    return found


def _of(register: BenchRegister, target: Target, requests: Requests, in_flight: int, chosen: argparse.Namespace) -> Run:
    runs = [
        run(register.certs, target, requests, in_flight=in_flight, seconds=chosen.seconds, warm=0.5 if nth else 2.0)
        for nth in range(chosen.runs)
    ]
    found = median(runs)
    if found.failures:
        raise BenchFailed(f"look-ups failed: {dict(found.failures)}")
    check_outcomes(found)
    return found


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
