"""What metrics cost a look-up, end to end: `.venv/bin/python -m tests.bench.metrics --runs 20`.

Two servers over one register, on one core: one as it is, and one that counts nothing (`without_metrics.py`). Short runs
by turns, so that what else the machine does falls on both; then the difference of the server's CPU per call, of pairs,
with its standard error. The goal is 1 %. Nobody asks for the metrics meanwhile: that costs milliseconds a quarter of a
minute, and no call anything.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.bench import processes
from tests.bench.measure import BenchFailed, Requests, Run, Target, run
from tests.bench.register import BenchRegister
from tests.bench.rounds import check_outcomes
from tests.bench.seed import POLICE, Plan, seed

GOAL_PERCENT: Final = 1.0
_LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
_REGISTRATIONS: Final = 1_000
_PER_SECOND: Final = 4_000
"""As many look-ups are prepared as a register would answer that is faster than any."""
_WITHOUT: Final = (sys.executable, str(Path(__file__).with_name("without_metrics.py")))
_LEAST_RUNS: Final = 2


def main() -> int:
    """Measure and print; gives the exit code."""
    parser = argparse.ArgumentParser(description="What metrics cost a look-up.")
    parser.add_argument("--runs", type=int, default=20, help="of each, by turns")
    parser.add_argument("--seconds", type=float, default=3.0, help="of one run")
    parser.add_argument("--in-flight", type=int, default=32)
    chosen = parser.parse_args()
    if processes.SERVER_CORE == processes.LOAD_CORE or chosen.runs < _LEAST_RUNS:
        print("the bench needs two cores, and two runs of each", file=sys.stderr)
        return 1
    settings = {"NSOR_TRACE_STORE": "off", "NSOR_RATE_PER_SECOND": "1000000"}
    with tempfile.TemporaryDirectory(prefix="nsor-bench-metrics-") as folder:
        register = BenchRegister(Path(folder), settings)
        with register.database():
            look_ups = int(_PER_SECOND * 2 * chosen.runs * (chosen.seconds + 1))
            officer = register.officers[POLICE].key_id
            seeded = seed(Plan(register.environment, register.url, _REGISTRATIONS, 0, look_ups, officer))
            register.settle()
            processes.move(register.postmaster, processes.SERVER_CORE)
            register.enrol()
            requests = Requests.write(register.folder, _LOOK_UP, POLICE, seeded.requests)
            with _both(register) as (counting, without):
                pairs = [
                    (_run(register, counting, requests, chosen), _run(register, without, requests, chosen))
                    for _ in range(chosen.runs)
                ]
    _print(pairs)
    return 0


@contextlib.contextmanager
def _both(register: BenchRegister) -> Iterator[tuple[Target, Target]]:
    """The server as it is, and the one that counts nothing."""
    with contextlib.ExitStack() as stack:
        counting, without = register.target(stack, 1), register.target(stack, 2, _WITHOUT)
        processes.at_rest([*counting.servers, *without.servers], limit_seconds=120)
        yield counting, without


def _run(register: BenchRegister, target: Target, requests: Requests, chosen: argparse.Namespace) -> Run:
    found = run(register.certs, target, requests, in_flight=chosen.in_flight, seconds=chosen.seconds, warm=0.5)
    if found.failures:
        raise BenchFailed(f"look-ups failed: {dict(found.failures)}")
    check_outcomes(found)
    return found


def _print(pairs: list[tuple[Run, Run]]) -> None:
    counting, without = ([each[nth].server_us for each in pairs] for nth in range(2))
    more = [one - other for one, other in zip(counting, without, strict=True)]
    error = statistics.stdev(more) / len(more) ** 0.5
    base = statistics.mean(without)
    print(f"server's CPU per look-up, {len(pairs)} runs of each by turns, {sum(one.calls for one, _ in pairs):,} calls")
    print(f"as it is {statistics.mean(counting):.1f} us, nothing counted {base:.1f} us")
    cost = statistics.mean(more)
    print(f"metrics cost {cost:+.1f} us, {cost / base:+.1%}; standard error {error:.1f} us, {error / base:.1%}")
    print(f"goal: {GOAL_PERCENT:g} %")


if __name__ == "__main__":
    sys.exit(main())
