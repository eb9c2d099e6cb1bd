"""What the scheduler of duties costs: `.venv/bin/python -m tests.bench.duties`, `--duties 1000000` for the whole.

Everybody was released some months ago and owes his next verification: one open duty a registration, which is the most
that a duty can cost. Figures, each beside its goal:

- a pass with nothing due, and by which indexes it and a recount go;
- how long all open duties take to be counted by another policy that moves none of them, and by one that moves each
  while look-ups go on for five seconds of it: their CPU is in that figure, too;
- look-ups meanwhile, as a part of what there are without it; the server's memory;
- how long it takes until another process goes on after the one that watches was killed.

Server and PostgreSQL run on one core; the look-ups on the other.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from nsor_server import config
from nsor_server.access.directory import Directory
from nsor_server.ledger import directory_proof
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.policy import source
from nsor_server.registration.duties import counted, watch, watch_store
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.pool import Database
from tests import policies
from tests.bench import lock_metric, processes
from tests.bench.measure import BenchFailed, Requests, Run, Target, run
from tests.bench.register import BenchRegister
from tests.bench.seed import POLICE, Plan, seed

LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
PASSES: Final = 50
"""Passes with nothing due, of which the median is given."""
SECONDS: Final = 5.0
"""Of look-ups alone, and of those meanwhile."""
LONGEST_SECONDS: Final = 1_800.0
_LOOK_SECONDS: Final = 0.05
_LOOK_UPS_A_SECOND: Final = 2_500
"""At most, of those that are prepared."""
_DIFFERENT: Final = 2_000
"""So many different people a process makes; of more duties the others are those once more."""
_ROWS: Final = 10_000
"""Duties from which on PostgreSQL plans as it would with a million."""
NOTHING_MOVES: Final = (b'deadline = "initial-notice"', b'deadline = "appeal-window"')
"""Another rule counts what nobody owes any more."""
ALL_MOVE: Final = (b'deadline = "re-verification"', b'deadline = "registration-term"')
"""Everybody's verification is due years later."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A recount.

    Attributes:
        seconds: from its first part to the end of its last.
        versions: registrations of which a version was written.
        server_us: CPU of the server for a duty, in microseconds, without what the look-ups took of it.
        database_us: of PostgreSQL, likewise.
        most_mib: the server's memory at most.
        locked: seconds under the lock of the ledger's head, p50 and p99, of all commits meanwhile.
        wal_bytes: of PostgreSQL's log for a duty.
        beside: look-ups meanwhile, if there were any.
        beside_rate: duties a second that were counted beside them.
    """

    seconds: float
    versions: int
    server_us: float
    database_us: float
    most_mib: float
    locked: tuple[float | None, float | None]
    wal_bytes: float
    beside: Run | None
    beside_rate: float


def main() -> int:
    """Measure and print Markdown; gives the exit code."""
    parser = argparse.ArgumentParser(description="What the scheduler of duties costs.")
    parser.add_argument("--duties", type=int, default=20_000, help="open duties (20,000)")
    count = parser.parse_args().duties
    if processes.SERVER_CORE == processes.LOAD_CORE:
        print("the bench needs two cores: one for the server, one for the load", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="nsor-bench-duties-") as folder:
        register = BenchRegister(Path(folder), {"NSOR_TRACE_STORE": "off"})
        try:
            with register.database():
                measured(register, count)
        except BenchFailed as why:
            print(f"the bench failed: {why}", file=sys.stderr)
            return 1
    return 0


def measured(register: BenchRegister, count: int) -> None:
    """Seed a register, measure, and print."""
    officer = register.officers[POLICE].key_id
    began = time.perf_counter()
    look_ups = int(_LOOK_UPS_A_SECOND * 3 * SECONDS)
    different = 0 if count <= _DIFFERENT else _DIFFERENT
    plan = Plan(register.environment, register.url, count, 500, look_ups, officer, released=True, different=different)
    seeded = seed(plan)
    seeding = time.perf_counter() - began
    register.enrol()
    processes.move(register.postmaster, processes.SERVER_CORE)
    os.sched_setaffinity(0, {processes.LOAD_CORE})
    print(f"### {count:,} open duties, made in {seeding:.0f} s\n\n| what | measured | goal |\n|---|---|---|")
    wall, cpu = quiet_passes(register)
    print(f"| a pass with nothing due, p50 | {wall * 1e3:.1f} ms, CPU {cpu * 1e3:.1f} ms | under 50 ms |")
    if count >= _ROWS:
        print(f"| indexes of a pass and of a recount | {', '.join(sorted(indexes(register)))} | no scan |")
    with register.serving(1) as (target, metrics):
        _print(recounted(register, target, metrics, NOTHING_MOVES), count, "moves none")
        requests = Requests.write(register.folder, LOOK_UP, POLICE, seeded.requests)
        alone = run(register.certs, target, requests, in_flight=8, seconds=SECONDS)
        found = recounted(register, target, metrics, ALL_MOVE, look_ups=requests, alone=alone)
        _print(found, count, f"moves each, with look-ups for {SECONDS:.0f} s of it")
        if found.beside is not None:
            share = found.beside.calls_per_second / alone.calls_per_second
            print(
                f"| look-ups meanwhile, 8 in flight | {share:.0%} of {alone.calls_per_second:,.0f} a second alone;"
                f" p99 {found.beside.p99_ms:.0f} ms ({alone.p99_ms:.0f}); beside them {found.beside_rate:,.0f} duties/s"
                " | they go on |"
            )
    print(f"| another process goes on after kill -9 | {takeover(register):.1f} s | 10 s |")


def quiet_passes(register: BenchRegister) -> tuple[float, float]:
    """Seconds of a pass with nothing due, and of its CPU in this process: medians."""
    with _opened(register) as (database, directory, keyring):
        # Nothing is due, so that nothing is written.
        watching = watch.DutyWatch(database, None, directory, None, keyring)  # type: ignore[arg-type]  # as said
        walls, cpus = [], []
        for _ in range(PASSES):
            wall, cpu = time.perf_counter(), time.thread_time()
            if watching.look():
                raise BenchFailed("something is due")
            walls.append(time.perf_counter() - wall)
            cpus.append(time.thread_time() - cpu)
        return statistics.median(walls), statistics.median(cpus)


def indexes(register: BenchRegister) -> set[str]:
    """The indexes of ``registration_work`` by which a pass and a recount go.

    Raises:
        BenchFailed: one reads all of it.
    """
    zero = "'00000000-0000-0000-0000-000000000000'"
    asked = (
        (watch_store._DUE, f"(extract(epoch FROM now()) * 1000000)::bigint, {watch.MOST}, -1, {zero}, {zero}"),
        (counted._HEADS, f"{zero}, 0, 1000"),
    )
    found = set()
    with psycopg.connect(register.url) as conn:
        for nth, (statement, arguments) in enumerate(asked):
            conn.execute(b"PREPARE asked_%d AS " % nth + statement.sql)
            plan = "\n".join(line for (line,) in conn.execute(f"EXPLAIN EXECUTE asked_{nth}({arguments})".encode()))
            if "Seq Scan" in plan:
                raise BenchFailed(f"a statement reads all of a table:\n{plan}")
            found |= {word for word in plan.split() if word.startswith("registration_work_")}
    return found


def recounted(
    register: BenchRegister,
    target: Target,
    metrics: Sequence[str],
    change: tuple[bytes, bytes],
    *,
    look_ups: Requests | None = None,
    alone: Run | None = None,
) -> Counted:
    """Put another policy in force and wait until it has counted all, perhaps beside look-ups.

    Args:
        register: seeded.
        target: its server.
        metrics: the address of that server's metrics.
        change: what is replaced in the policy of duties, and by what.
        look_ups: those beside it.
        alone: a run of them without it.
    """
    toml = source.packaged("duties.toml").read_bytes()
    with psycopg.connect(register.url, autocommit=True) as conn:
        before, locked, wal = _versions(conn), lock_metric.buckets(metrics), _wal(conn)
        cpu = processes.seconds(target.servers), processes.seconds(target.databases)
        with _opened(register) as (database, _, keyring):
            policies.replace(database, keyring, "duties", toml.replace(*change))
        version = conn.execute("SELECT max(version) FROM policy_version").fetchall()[0][0]
        of = "FROM duty_count WHERE duties = %s"
        _until(lambda: bool(conn.execute(f"SELECT 1 {of} LIMIT 1".encode(), (version,)).fetchone()))
        beside, rate = None, 0.0
        if look_ups is not None:
            first, began = _share(conn), time.perf_counter()
            beside = run(register.certs, target, look_ups, in_flight=8, seconds=SECONDS, warm=0.2, settle=False)
            rate = (_share(conn) - first) / (time.perf_counter() - began)
        most = 0.0

        def ended() -> bool:
            nonlocal most
            most = max(most, _mib(target.servers[0]))
            return bool(conn.execute(f"SELECT 1 {of} AND ended".encode(), (version,)).fetchone())

        _until(ended)
        used = processes.seconds(target.servers) - cpu[0], processes.seconds(target.databases) - cpu[1]
        logged = _wal(conn) - wal
        quantiles = lock_metric.buckets(metrics)
        query = f"SELECT extract(epoch FROM clock_timestamp()) - min(counted_us) / 1000000.0 {of}"  # noqa: S608 - constants
        seconds = float(conn.execute(query.encode(), (version,)).fetchall()[0][0])
        moved = _versions(conn) - before
        total = int(conn.execute("SELECT count(*) FROM registration_work WHERE kind = 201").fetchall()[0][0])
    others_us = (0.0, 0.0)
    if beside is not None and alone is not None:
        calls = beside.calls + beside.warm_calls
        others_us = alone.server_us * calls, alone.database_us * calls
    server_us, database_us = ((each * 1e6 - others) / total for each, others in zip(used, others_us, strict=True))
    p50, p99 = (lock_metric.quantile(locked, quantiles, share) for share in (0.5, 0.99))
    return Counted(
        seconds, moved, server_us, database_us, most, (p50, p99), logged / total, beside, beside_rate=rate * total
    )


def takeover(register: BenchRegister) -> float:
    """Seconds from the kill of the process that counts duties until the other one goes on."""
    with register.serving(2) as (target, _), psycopg.connect(register.url, autocommit=True) as conn:
        first, second = target.servers
        os.kill(second, signal.SIGSTOP)  # so that it is the first one that counts
        try:
            toml = source.packaged("duties.toml").read_bytes()
            with _opened(register) as (database, _, keyring):
                policies.replace(database, keyring, "duties", toml)
            before = _parts(conn)
            _until(lambda: _parts(conn) > before)
            os.kill(first, signal.SIGKILL)
            began = time.perf_counter()
        finally:
            os.kill(second, signal.SIGCONT)
        left = _parts(conn)
        _until(lambda: _parts(conn) > left)
        return time.perf_counter() - began


@contextlib.contextmanager
def _opened(register: BenchRegister) -> Iterator[tuple[Database, Directory, keyrings.Keyring]]:
    """The register's database in this process, its directory and its keys."""
    settings = config.load(register.environment)
    keyring = keyrings.load(settings.keys)
    with Database(register.url, register.url, pool_size=1) as database:
        yield database, Directory(database, functools.partial(directory_proof.prove, keys=LogKeys.of(keyring))), keyring


def _until(happened: Callable[[], bool]) -> None:
    ends = time.monotonic() + LONGEST_SECONDS
    while not happened():
        if time.monotonic() > ends:
            raise BenchFailed("duties aren't counted")
        time.sleep(_LOOK_SECONDS)


def _versions(conn: psycopg.Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM registration_version").fetchall()[0][0])


def _parts(conn: psycopg.Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM duty_count").fetchall()[0][0])


def _share(conn: psycopg.Connection) -> float:
    """How far duties are counted, as a share of all: their ids are as likely anywhere."""
    (place,) = conn.execute("SELECT place FROM duty_count ORDER BY number DESC LIMIT 1").fetchall()[0]
    return float(place.int / (1 << 128))


def _wal(conn: psycopg.Connection) -> int:
    return int(conn.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchall()[0][0])


def _mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _print(found: Counted, count: int, what: str) -> None:
    each = found.seconds / count
    print(
        f"| all counted by a policy that {what} ({found.versions:,} versions) | {found.seconds:.1f} s,"
        f" {count / found.seconds:,.0f} duties/s (a million at this rate: {each * 1e6:,.0f} s); CPU of a duty: server"
        f" {found.server_us:.0f} us, PostgreSQL {found.database_us:.0f} us, {found.wal_bytes:,.0f} bytes of its log;"
        f" head locked p50, p99 {_ms(found.locked)}; memory at most {found.most_mib:.0f} MiB | a million in 120 s |"
    )


def _ms(locked: tuple[float | None, float | None]) -> str:
    return ", ".join("?" if each is None else f"{each * 1e3:.1f}" for each in locked) + " ms"


if __name__ == "__main__":
    sys.exit(main())
