"""Whether a look-up's cost grows with the register: `.venv/bin/python -m tests.bench.growth --sizes 10000 1000000`.

A register of its own is seeded to each size, all of them serve, and LookUpRegistration is made of them by turns: by a
grant, half of the look-ups of somebody and a few refused, one at a time and several in flight. So a machine that is
slower at one hour than at another is so for each size, and each ledger has as many entries as the others, which a
look-up's cost grows with, too. The goal is a p50 within 20 % of the smallest register's. It says how long seeding took,
so that whoever has less time asks for less. Of a thousand different people of each 25,000 all are made, the others are
these once more under numbers of their own: what a look-up finds differs by its key.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from nsor_server.storage.embedded import SUPERUSER
from tests.bench import processes
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
    """Seed, measure by turns, print Markdown; gives the exit code."""
    parser = argparse.ArgumentParser(description="Whether a look-up's cost grows with the register.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="registrations, ascending")
    parser.add_argument("--seconds", type=float, default=8.0, help="of one run")
    parser.add_argument("--runs", type=int, default=5, help="of each, by turns")
    parser.add_argument("--in-flight", type=int, default=32)
    chosen = parser.parse_args()
    if processes.SERVER_CORE == processes.LOAD_CORE or chosen.sizes != sorted(set(chosen.sizes)):
        print("the bench needs two cores, and sizes that grow", file=sys.stderr)
        return 1
    print(
        "| registrations | seeded in | at rest after | in flight | p50, p99 | server | PostgreSQL | blocks | calls/s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="nsor-bench-growth-") as folder, contextlib.ExitStack() as stack:
        seeded = [_Seeded.written(stack, Path(folder) / str(size), size, chosen) for size in chosen.sizes]
        serving = [_Serving.started(stack, each) for each in seeded]
        for in_flight in (1, chosen.in_flight):
            for nth in range(chosen.runs):
                for each in serving if nth % 2 else reversed(serving):
                    each.load(in_flight, chosen.seconds, 0.5 if nth else 2.0)
        for each in serving:
            each.print()
        smallest, *others = serving
        for in_flight in (1, chosen.in_flight):
            grown = ", ".join(f"{each.times(smallest, in_flight):.2f}" for each in others)
            print(f"\n{in_flight} in flight: p50 {grown} times that of {chosen.sizes[0]:,}; goal: under 1.2")
    return 0


@dataclass(frozen=True, slots=True)
class _Seeded:
    """A register of one size: what is asked of it, and the seconds that it took to write."""

    size: int
    register: BenchRegister
    requests: Requests
    seconds: float

    @classmethod
    def written(cls, stack: contextlib.ExitStack, folder: Path, size: int, chosen: argparse.Namespace) -> _Seeded:
        """Write it; its database runs until the stack is left."""
        register = BenchRegister(folder, {"NSOR_TRACE_STORE": "off", "NSOR_RATE_PER_SECOND": "1000000"})
        stack.enter_context(register.database())
        look_ups = int(_PER_SECOND * chosen.runs * (chosen.seconds + 2)) * 2
        began = time.perf_counter()
        officer = register.officers[POLICE].key_id
        plan = Plan(register.environment, register.url, size, 0, look_ups, officer, different=_DIFFERENT, refused=True)
        seeded = seed(plan)
        register.settle()
        taken = time.perf_counter() - began
        processes.move(register.postmaster, processes.SERVER_CORE)
        register.enrol()
        return cls(size, register, Requests.write(folder, _LOOK_UP, POLICE, seeded.requests, refused=True), taken)


@dataclass(slots=True)
class _Serving:
    """A register that serves, and what was measured of it.

    Attributes:
        rested: how long it took until it did nothing by itself.
        runs: by calls in flight, in the order of the turns.
        blocks: that PostgreSQL didn't find in its own memory, likewise, of each call.
    """

    seeded: _Seeded
    target: Target
    rested: str
    runs: dict[int, list[Run]] = field(default_factory=dict)
    blocks: dict[int, list[float]] = field(default_factory=dict)

    @classmethod
    def started(cls, stack: contextlib.ExitStack, seeded: _Seeded) -> _Serving:
        """Have it serve until the stack is left, once it is at rest."""
        target, _ = stack.enter_context(seeded.register.serving(1))
        began = time.perf_counter()
        rests = processes.at_rest(target.servers, limit_seconds=_AT_REST_SECONDS)
        return cls(seeded, target, f"{time.perf_counter() - began:.0f} s" if rests else "never")

    def load(self, in_flight: int, seconds: float, warm: float) -> None:
        """One run."""
        register, before = self.seeded.register, self._blocks_read()
        made = run(register.certs, self.target, self.seeded.requests, in_flight=in_flight, seconds=seconds, warm=warm)
        if made.failures:
            raise BenchFailed(f"look-ups failed: {dict(made.failures)}")
        check_outcomes(made, refused=True)
        self.runs.setdefault(in_flight, []).append(made)
        read = self._blocks_read() - before
        self.blocks.setdefault(in_flight, []).append(read / (made.calls + made.warm_calls))

    def times(self, other: _Serving, in_flight: int) -> float:
        """How many times the other's p50 its own is: the median over the turns, each of one hour."""
        pairs = zip(self.runs[in_flight], other.runs[in_flight], strict=True)
        return statistics.median(mine.p50_ms / its.p50_ms for mine, its in pairs)

    def print(self) -> None:
        """A row for each number of calls in flight: the median of each figure."""
        for in_flight, runs in self.runs.items():
            each, blocks = median(runs), statistics.median(self.blocks[in_flight])
            print(
                f"| {self.seeded.size:,} | {self.seeded.seconds:.0f} s | {self.rested} | {in_flight} |"
                f" {each.p50_ms:.2f}, {each.p99_ms:.2f} ms | {each.server_us:.0f} us | {each.database_us:.0f} us |"
                f" {blocks:.1f} | {each.calls_per_second:.0f} |"
            )

    def _blocks_read(self) -> int:
        with psycopg.connect(make_conninfo(self.seeded.register.url, user=SUPERUSER)) as connection:
            row = connection.execute("SELECT sum(blks_read) FROM pg_stat_database").fetchone()
        return int(row[0]) if row else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
