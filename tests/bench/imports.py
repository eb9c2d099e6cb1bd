"""`make bench`, the import: rows a second over mutual TLS, beside a bare COPY of the same rows and beside single calls.

Server, PostgreSQL and the client share all cores of the machine. Memory is the server's peak while an import runs: it
mustn't grow with the import.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from nsor.client import Client
from nsor.v1 import registration_pb2
from tests.bench import lock_metric, people, processes
from tests.bench.measure import BenchFailed
from tests.bench.register import BenchRegister

_AGENCY = "punjab-prosecution"
_WARM = 200
_SINGLE = 1000
"""Orders that are entered by CreateRegistration, one after the other."""
_P99 = 0.99
_IDLE_SECONDS = 0.1
"""CPU of a second in which nothing is done."""
_MIB = 1024
Order = registration_pb2.CreateRegistrationRequest


@dataclass(frozen=True, slots=True)
class Measured:
    """What was done with some rows.

    Attributes:
        seconds: from the first row sent to the last finding received.
        server_us: the server's CPU for a row, that of its events' delivery included.
        database_us: the same of PostgreSQL.
        peak_mib: the server's peak memory meanwhile.
    """

    name: str
    rows: int
    seconds: float
    server_us: float = 0.0
    database_us: float = 0.0
    peak_mib: float = 0.0

    @property
    def line(self) -> str:
        """As Markdown."""
        cells = [self.name, f"{self.rows:,}", f"{self.rows / self.seconds:,.0f}"]
        cells += [f"{value:,.0f}" if value else "" for value in (self.server_us, self.database_us, self.peak_mib)]
        return f"| {' | '.join(cells)} |"


class Server:
    """The server and PostgreSQL, as processes."""

    def __init__(self, pid: int, postmaster: int) -> None:
        self._pid = pid
        self._postmaster = postmaster

    def measured(self, name: str, rows: int, act: Callable[[], None]) -> Measured:
        """Do something with rows, and see what it took."""
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")  # the peak begins anew
        before = processes.seconds([self._pid]), processes.seconds([self._postmaster])
        began = time.perf_counter()
        act()
        seconds = time.perf_counter() - began
        self._settle()
        after = processes.seconds([self._pid]), processes.seconds([self._postmaster])
        server_us, database_us = ((late - early) / rows * 1e6 for early, late in zip(before, after, strict=True))
        return Measured(name, rows, seconds, server_us, database_us, self._peak_mib())

    def _settle(self) -> None:
        """Wait until the events of the rows are delivered: that belongs to them."""
        used = processes.seconds([self._pid, self._postmaster])
        while True:
            time.sleep(1.0)
            before, used = used, processes.seconds([self._pid, self._postmaster])
            if used - before < _IDLE_SECONDS:
                return

    def _peak_mib(self) -> float:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _MIB
        raise BenchFailed("the server's memory can't be read")


def main() -> int:
    """Import, print; gives the exit code."""
    arguments = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="nsor-bench-") as folder:
        register = BenchRegister(Path(folder), {"NSOR_TRACE_STORE": "off", "NSOR_RATE_PER_SECOND": "1000000"})
        try:
            with register.database():
                register.enrol()
                _bench(register, arguments)
        except BenchFailed as why:
            print(f"the bench failed: {why}", file=sys.stderr)
            return 1
    return 0


def _bench(register: BenchRegister, arguments: argparse.Namespace) -> None:
    orders = list(people.punjab_orders(17, people.FIRST_ENTERED, arguments.rows))
    running = register.process(1)
    metrics = [running.environment["NSOR_METRICS_LISTEN"]]
    with running:
        if running.process is None:
            raise BenchFailed("the server doesn't run")
        server = Server(running.process.pid, register.postmaster)
        with running.client(_AGENCY, officer=register.officers[_AGENCY]) as client:
            _import(client, orders[:_WARM])  # connections, statements and caches are there
            single, few = orders[:_SINGLE], orders[: arguments.rows // 10]
            done = [server.measured("CreateRegistration, one at a time", len(single), lambda: _single(client, single))]
            done.append(server.measured("import", len(few), lambda: _import(client, few)))
            locked = lock_metric.buckets(metrics)
            done.append(server.measured("import", len(orders), lambda: _import(client, orders)))
            held = lock_metric.quantile(locked, lock_metric.buckets(metrics), _P99)
            done.append(server.measured("import", 2 * len(orders), lambda: _import(client, [*orders, *orders])))
    done.append(_copied(register, len(orders)))
    _print(done, held)


def _import(client: Client, orders: Sequence[Order]) -> None:
    rows = ((number, order, None) for number, order in enumerate(orders, 1))
    accepted = sum(bool(one.finding.registration_id) for one in client.import_orders(str(uuid.uuid4())).send(rows))
    if accepted != len(orders):
        raise BenchFailed(f"{len(orders) - accepted} rows of {len(orders)} were not accepted")


def _single(client: Client, orders: Sequence[Order]) -> None:
    for order in orders:
        order.request_id = str(uuid.uuid4())
        client.registration.create_registration(order)


def _copied(register: BenchRegister, rows: int) -> Measured:
    """Copy the sealed rows of the import into a table like theirs: what PostgreSQL alone would take."""
    columns = (
        "registration_id, version, state, responsible_place, custodian_agency, created_by_agency, court_places,"
        " receiving_agency, release_places, release_day, sealed"
    )
    with psycopg.connect(register.url) as connection:
        connection.execute("CREATE TEMP TABLE copied (LIKE registration_version INCLUDING ALL)")
        source = f"COPY (SELECT {columns} FROM registration_version LIMIT {rows:d}) TO STDOUT (FORMAT binary)"  # noqa: S608 - constants
        with connection.cursor().copy(source.encode()) as copy:
            data = [bytes(block) for block in copy]
        began = time.perf_counter()
        with connection.cursor().copy(f"COPY copied ({columns}) FROM STDIN (FORMAT binary)".encode()) as copy:
            for block in data:
                copy.write(block)
        connection.commit()
        return Measured("bare COPY of the same sealed rows", rows, time.perf_counter() - began)


def _print(done: Sequence[Measured], held: float | None) -> None:
    print(
        "### Import\n\n| | rows | rows/s | server us/row | PostgreSQL us/row | server's peak MiB |",
        "|---|" + "---|" * 5,
        sep="\n",
    )
    print(*(one.line for one in done), sep="\n")
    if held is not None:
        print(f"\nThe ledger's head was locked for at most {held * 1000:.0f} ms in 99 % of the commits.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
