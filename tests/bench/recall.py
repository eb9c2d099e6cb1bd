"""What a recall costs in a server: `.venv/bin/python -m tests.bench.recall --accesses 10000`; prints Markdown.

One registration is shown by so many accesses, each of a case of its own, and is set aside over mutual TLS while the
police look others up from another process, so many calls at a time. Figures, each beside a goal:

- how long the judgment takes that orders the recall, as the court's client sees it;
- how long it takes from when the server begins to look for who was told until the last event is delivered;
- the p99 of the look-ups that fall into this time, beside that of those before the judgment. One run has few beyond its
  p99, so a last line has the look-ups of all runs together, and in what interval the ratio lies: of so many resamples
  of both, 95 %.

What the time goes on: until the first entry of recalls the accesses are found and the recalls planned; then they are
written, by so many entries; what is left is delivery.

The server and PostgreSQL run where the system puts them, beside the process that looks up; with `--one-core` on one
core, and that process on the other, as in `make bench`. A fixed time comes each minute, which is waited for; so a run
takes one to two minutes. The accesses are appended as the front door would, and not made by calls.
What an entry of recalls costs by itself: `tests.bench.recall_entries`.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import psycopg

from nsor_server import config
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.append import Ledger
from nsor_server.lookup.recalls import rules, store
from nsor_server.policy.source import packaged
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.sealing import Sealer
from tests.bench import processes
from tests.bench.measure import BenchFailed, Requests, Run, Target, run
from tests.bench.recall_entries import shown
from tests.bench.register import BenchRegister
from tests.bench.seed import POLICE, Plan, seed
from tests.e2e.agencies import Agencies
from tests.orders import cnic, conviction, judgment, order

_LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
_COURT: Final = "lahore-high-court"
_REGISTRATIONS: Final = 1_000
_PER_SECOND: Final = 2_000
"""As many look-ups are prepared as a register would answer that is faster than any."""
_TIME_SECONDS: Final = 60
"""A fixed time comes whenever so many seconds have passed since 1970."""
_ORDERED_SECONDS: Final = 3.0
"""So long before a fixed time the judgment is recorded."""
_AFTER_SECONDS: Final = 20.0
"""So long after a fixed time look-ups go on: a time is looked for every five seconds, and then told in a few."""
_WARM_SECONDS: Final = 3.0
"""So long it takes until the look-ups that are measured begin."""
_FOLLOWS_SECONDS: Final = 10.0
"""Within so long after a fixed time everything that has one has begun to look."""
_AT_REST_SECONDS: Final = 300.0
_TOLD_SECONDS: Final = 300.0
_LOOK_SECONDS: Final = 0.05


_PASSES: Final = """
SELECT r.row_id, p.number, p.due_at, p.sealed, e.leaf
FROM recall_pass AS p
JOIN ledger_record AS r ON r.table_name = 'recall_pass' AND r.row_id = uuid_send(p.recall_pass_id)
JOIN ledger_entry AS e USING (index)
"""
_RESAMPLES: Final = 1_000


class Told(NamedTuple):
    """One recall.

    Attributes:
        ordered: seconds that the judgment took.
        told: seconds until the last event was delivered.
        planned: of these, seconds until the first entry of recalls.
        written: seconds from there to the last one.
        entries: how many entries there were.
        quiet: seconds of each look-up before the judgment.
        meanwhile: of each look-up while recalls were looked for, written and delivered.
        server: CPU seconds of the server beside what the look-ups take when all is quiet.
        database: PostgreSQL's, likewise.
    """

    ordered: float
    told: float
    planned: float
    written: float
    entries: int
    quiet: Sequence[float]
    meanwhile: Sequence[float]
    server: float
    database: float


def main() -> int:
    """Measure and print; gives the exit code."""
    parser = argparse.ArgumentParser(description="What a recall costs in a server.")
    parser.add_argument("--accesses", type=int, default=10_000, help="that showed the registration (10,000)")
    parser.add_argument("--runs", type=int, default=3, help="of each number of look-ups at a time")
    parser.add_argument("--quiet-seconds", type=float, default=15.0, help="of look-ups before the judgment")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1], help="look-ups at a time")
    parser.add_argument(
        "--one-core", action="store_true", help="server and PostgreSQL on one core, look-ups on another"
    )
    chosen = parser.parse_args()
    if processes.SERVER_CORE == processes.LOAD_CORE:
        print("the bench needs two cores", file=sys.stderr)
        return 1
    print(f"### One registration, shown by {chosen.accesses:,} accesses, and set aside\n")
    print(
        "| look-ups at a time | ordered | all told | planned, written | quiet, p50 and p99 | meanwhile | p99, times |"
        " CPU | PostgreSQL |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="nsor-bench-recall-") as folder:
        _measure(Path(folder), chosen)
    print("\nGoals, for 10,000: ordered in 50 ms, all told in 5 s, p99 under twice the quiet one.")
    return 0


def _measure(folder: Path, chosen: argparse.Namespace) -> None:
    register = BenchRegister(folder, {"NSOR_TRACE_STORE": "off", "NSOR_RATE_PER_SECOND": "1000000"})
    policy = folder / "policy"
    policy.mkdir()
    reviews = packaged("reviews.toml").read_text(encoding="utf-8")
    (policy / "reviews.toml").write_text(reviews.replace("every_minutes = 60", "every_minutes = 1"), encoding="utf-8")
    with register.database():
        look_ups = int(_PER_SECOND * chosen.runs * len(chosen.in_flight) * (chosen.quiet_seconds + _AFTER_SECONDS))
        officer = register.officers[POLICE].key_id
        seeded = seed(Plan(register.environment, register.url, _REGISTRATIONS, 0, look_ups, officer))
        register.settle()
        if chosen.one_core:
            processes.move(register.postmaster, processes.SERVER_CORE)
        register.enrol()
        requests = Requests.write(folder, _LOOK_UP, POLICE, seeded.requests)
        with register.serving(1) as (target, _):
            for pid in () if chosen.one_core else (*target.servers, *target.databases):
                processes.move(pid, *processes.CORES)
            recalls = Recalls(register, target, requests, chosen.quiet_seconds)
            with contextlib.closing(recalls.agencies):
                for in_flight in chosen.in_flight:
                    runs = list[Told]()
                    for _ in range(chosen.runs):
                        runs.append(recalls.recall(chosen.accesses, in_flight))
                        print(f"| {in_flight} | {_row(runs[-1])} |", flush=True)
                    if len(runs) > 1:
                        print(f"| {in_flight} | {_together(runs)} |", flush=True)


class Recalls:
    """Recalls of one register after another.

    Args:
        register: serves, and has look-ups prepared.
        target: its server.
        requests: the look-ups.
        quiet_seconds: of look-ups before a judgment.
    """

    def __init__(self, register: BenchRegister, target: Target, requests: Requests, quiet_seconds: float) -> None:
        self._register, self._target, self._requests = register, target, requests
        self._quiet_seconds = quiet_seconds
        settings = config.load(register.environment)
        keyring = keyrings.load(settings.keys)
        self._ledger, self._sealer = Ledger(keyring, settings.ledger_origin), Sealer(keyring)
        server = register.process(1)
        server.address = f"127.0.0.1:{target.ports[0]}"
        self.agencies = Agencies(server)
        self._nth = 0

    def recall(self, accesses: int, in_flight: int) -> Told:
        """Have one registration shown by so many accesses, and recalled while others are looked up.

        Raises:
            BenchFailed: not everybody was told, or a look-up failed.
        """
        self._nth += 1
        of_case = conviction(case_number=f"Sessions Case No. {self._nth}/2024")
        number = cnic()
        entered = self.agencies.confirmed(order(number, convictions=[of_case]))
        court = self.agencies.client(_COURT)
        with psycopg.connect(self._register.url) as conn:
            shown(conn, self._ledger, number, uuid.UUID(entered.registration_id).bytes, accesses)
        # What follows those accesses by itself, at a fixed time of its own, isn't what is measured.
        time.sleep(-time.time() % _TIME_SECONDS + _FOLLOWS_SECONDS)
        processes.at_rest(self._target.servers, limit_seconds=_AT_REST_SECONDS)
        before, times = self._recalls(), self._register.folder / f"times-{self._nth}"
        seconds = self._quiet_seconds + _ORDERED_SECONDS + _AFTER_SECONDS
        with ThreadPoolExecutor(1) as threads:
            time.sleep((-time.time() - self._quiet_seconds - _ORDERED_SECONDS - _WARM_SECONDS) % _TIME_SECONDS)
            load = threads.submit(self._look_up, in_flight, seconds, times)
            time.sleep(_WARM_SECONDS)
            cpu = [self._cpu()]
            time.sleep(self._quiet_seconds)
            cpu.append(self._cpu())
            ordered_at = time.time()
            court.registration.record_judgment(judgment("SET_ASIDE", of_case, cnics=[number]))
            ordered = time.time() - ordered_at
            told_at = self._told(ordered_at, load)
            cpu.append(self._cpu())
            load.result()
        if self._recalls() - before != accesses:
            raise BenchFailed("not everybody was told, or somebody twice")
        began, first, last, entries = self._entries(ordered_at)
        calls = [(float(at), float(took)) for at, took in map(str.split, times.read_text().splitlines())]
        quiet = [took for at, took in calls if at + took < ordered_at]
        since = [took for at, took in calls if ordered_at <= at < told_at]
        meanwhile = [took for at, took in calls if at + took >= began and at < told_at]
        used = [
            after - middle - (middle - first) / len(quiet) * len(since)
            for first, middle, after in zip(*cpu, strict=True)
        ]
        return Told(ordered, told_at - began, first - began, last - first, entries, quiet, meanwhile, *used)

    def _look_up(self, in_flight: int, seconds: float, times: Path) -> Run:
        found = run(
            self._register.certs,
            self._target,
            self._requests,
            in_flight=in_flight,
            seconds=seconds,
            warm=_WARM_SECONDS - 1.0,
            times=times,
            settle=False,
        )
        if found.failures:
            raise BenchFailed(f"look-ups failed: {dict(found.failures)}")
        return found

    def _told(self, ordered_at: float, load: Future[Run]) -> float:
        """Wait until all is told of what was ordered at an instant, and nothing is left to deliver; gives when."""
        ends = time.monotonic() + _TOLD_SECONDS
        with psycopg.connect(self._register.url, autocommit=True) as conn:
            while time.monotonic() < ends and not load.done():
                last = store.last_pass(conn, self._sealer)
                if last and last.due_us >= ordered_at * 1e6 and rules.is_ended(last):
                    ((waiting,),) = conn.execute("SELECT EXISTS (SELECT FROM outbox)").fetchall()
                    if not waiting:
                        return time.time()
                time.sleep(_LOOK_SECONDS)
        raise BenchFailed("not everybody was told while others were looked up")

    def _recalls(self) -> int:
        with psycopg.connect(self._register.url) as conn:
            ((count,),) = conn.execute("SELECT count(*) FROM recall").fetchall()
        return int(count)

    def _entries(self, ordered_at: float) -> tuple[float, float, float, int]:
        """The entries that tell of what was ordered at an instant; instants by the database's clock.

        Returns: when the server began to look for whom to tell, when the head was locked for the first and for the last
        entry, and how many there are.
        """
        with psycopg.connect(self._register.url) as conn:
            rows = conn.execute(_PASSES, binary=True).fetchall()
        passes = [(store.open_pass(self._sealer, *row), leaves.decode(leaf).time_us) for *row, leaf in rows]
        own = [(record.time_us, locked) for record, locked in passes if record.due_us >= ordered_at * 1e6]
        locked = [at for _, at in own]
        return min(own)[0] / 1e6, min(locked) / 1e6, max(locked) / 1e6, len(own)

    def _cpu(self) -> tuple[float, float]:
        return processes.seconds(self._target.servers), processes.seconds(self._target.databases)


def _row(told: Told) -> str:
    (_, quiet), (_, meanwhile) = _quantiles(told.quiet), _quantiles(told.meanwhile)
    return " | ".join(
        (
            f"{told.ordered * 1e3:.0f} ms",
            f"{told.told:.1f} s",
            f"{told.planned:.1f} s, {told.written:.1f} s by {told.entries:,} entries",
            _ms(told.quiet),
            _ms(told.meanwhile),
            f"{meanwhile / quiet:.2f}",
            f"{told.server:.1f} s",
            f"{told.database:.1f} s",
        )
    )


def _together(runs: Sequence[Told]) -> str:
    """The look-ups of several runs: the p99 of one is that of some nine look-ups beyond it."""
    quiet = [each for run in runs for each in run.quiet]
    meanwhile = [each for run in runs for each in run.meanwhile]
    chance = np.random.default_rng(0)
    resampled = [
        np.quantile(chance.choice(meanwhile, len(meanwhile)), 0.99)
        / np.quantile(chance.choice(quiet, len(quiet)), 0.99)
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(resampled, (0.025, 0.975))
    times = _quantiles(meanwhile)[1] / _quantiles(quiet)[1]
    worst = f"{max(each.ordered for each in runs) * 1e3:.0f} ms", f"{max(each.told for each in runs):.1f} s"
    of_runs = f"{len(runs)} runs, at most {worst[0]}", f"at most {worst[1]}", ""
    return " | ".join((*of_runs, _ms(quiet), _ms(meanwhile), f"{times:.2f} ({low:.2f} to {high:.2f})", "", ""))


def _quantiles(seconds: Iterable[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49], cuts[98]


def _ms(seconds: Sequence[float]) -> str:
    half, most = _quantiles(seconds)
    return f"{half * 1e3:.1f}, {most * 1e3:.1f} ms of {len(seconds):,}"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
