"""`make bench`, the import: rows a second over mutual TLS, beside a bare COPY of the same rows and beside single calls.

Server, PostgreSQL and the client share all cores of the machine, so that rows a second follow from the CPU that the
three take for a row. The client's is that of this process while it sends: the orders are made before. Memory is the
server's: its peak while an import runs, which mustn't grow with the import, and what it has in use afterwards. One
Ed25519 signature says how fast the machine is.
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
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.client import Client
from nsor.v1 import registration_pb2
from nsor_server.registration import store
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
_SIGNATURES = 2000
_SIZES = """
SELECT coalesce(p.relname, c.relname), sum(pg_total_relation_size(c.oid))::bigint
FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid LEFT JOIN pg_class AS p ON p.oid = i.inhparent
WHERE c.relkind = 'r' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'registration_key'::regclass)
GROUP BY 1 HAVING sum(pg_total_relation_size(c.oid)) > 1000000
ORDER BY 2 DESC
"""
"""Of tables that grow with the register; those of partitions together."""
Order = registration_pb2.CreateRegistrationRequest
HEAD = (
    "| | rows | rows/s | client | server | PostgreSQL | together | cores | server's peak | at the end |\n|---|"
    + "---|" * 9
)
"""Of a table of what was measured; cores: those that the three kept busy, of those that were busy at all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was done with some rows.

    Attributes:
        seconds: from the first row sent to the last finding received.
        client_us: the client's CPU for a row.
        server_us: the server's CPU for a row, that of its events' delivery included.
        database_us: the same of PostgreSQL.
        peak_mib: the server's peak memory meanwhile.
        end_mib: its memory afterwards.
        busy: cores of the machine that were busy meanwhile, whoever's work it was.
    """

    name: str
    rows: int
    seconds: float
    client_us: float = 0.0
    server_us: float = 0.0
    database_us: float = 0.0
    peak_mib: float = 0.0
    end_mib: float = 0.0
    busy: float = 0.0

    @property
    def together_us(self) -> float:
        """CPU of all three for a row."""
        return self.client_us + self.server_us + self.database_us

    @property
    def cores(self) -> float:
        """Cores that they kept busy: where it is less than there are, and others had no work, they waited."""
        return self.together_us * self.rows / self.seconds / 1e6

    @property
    def line(self) -> str:
        """As Markdown."""
        cells = [self.name, f"{self.rows:,}", f"{self.rows / self.seconds:,.0f}"]
        values = (self.client_us, self.server_us, self.database_us, self.together_us)
        cells += [f"{value:,.0f}" if value else "" for value in values]
        cells.append(f"{self.cores:.2f} of {self.busy:.2f}" if self.busy else "")
        cells += [f"{value:,.0f}" if value else "" for value in (self.peak_mib, self.end_mib)]
        return f"| {' | '.join(cells)} |"


class Server:
    """Server processes and PostgreSQL.

    Args:
        pids: of the server processes.
        postmaster: of PostgreSQL.
        clients: of processes beside this one in which clients run.
    """

    def __init__(self, pids: Sequence[int], postmaster: int, clients: Sequence[int] = ()) -> None:
        self._pids = list(pids)
        self._postmaster = postmaster
        self._clients = list(clients)

    def measured(self, name: str, rows: int, act: Callable[[], None]) -> Measured:
        """Do something with rows, and see what it took; memory is that of all server processes."""
        for pid in self._pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
        before = processes.seconds(self._pids), processes.seconds([self._postmaster])
        began, own = time.perf_counter(), time.process_time() + processes.seconds(self._clients)
        machine = processes.of_the_machine()
        act()
        seconds = time.perf_counter() - began
        busy = (processes.of_the_machine() - machine) / seconds
        client = time.process_time() + processes.seconds(self._clients) - own
        self._settle()
        after = processes.seconds(self._pids), processes.seconds([self._postmaster])
        server_us, database_us = ((late - early) / rows * 1e6 for early, late in zip(before, after, strict=True))
        client_us, memory = client / rows * 1e6, (self._mib("VmHWM:"), self._mib("VmRSS:"))
        return Measured(name, rows, seconds, client_us, server_us, database_us, *memory, busy)

    def _settle(self) -> None:
        """Wait until the events of the rows are delivered: that belongs to them."""
        used = processes.seconds([*self._pids, self._postmaster])
        while True:
            time.sleep(1.0)
            before, used = used, processes.seconds([*self._pids, self._postmaster])
            if used - before < _IDLE_SECONDS:
                return

    def _mib(self, name: str) -> float:
        found = [
            int(line.split()[1])
            for pid in self._pids
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith(name)
        ]
        if len(found) != len(self._pids):
            raise BenchFailed("the server's memory can't be read")
        return sum(found) / _MIB


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
        server = Server([running.process.pid], register.postmaster)
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
    _print_stored(register)


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
    columns = ", ".join(name for name, _ in store.VERSIONS.columns)
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
        f"### Import\n\nOne Ed25519 signature takes {_signature_us():.0f} us. CPU in us a row, memory in MiB.\n",
        HEAD,
        sep="\n",
    )
    print(*(one.line for one in done), sep="\n")
    if held is not None:
        print(f"\nThe ledger's head was locked for at most {held * 1000:.0f} ms in 99 % of the commits.")


def _signature_us() -> float:
    """CPU of one Ed25519 signature: what to divide by before figures of two machines are compared."""
    key = Ed25519PrivateKey.generate()
    began = time.process_time()
    for _ in range(_SIGNATURES):
        key.sign(b"as large as the root of a tree..")
    return (time.process_time() - began) / _SIGNATURES * 1e6


def _print_stored(register: BenchRegister) -> None:
    """What a registration takes on disk, by table: rows, their indexes, and what is stored apart."""
    with psycopg.connect(register.url) as connection:
        ((registrations,),) = connection.execute("SELECT count(*) FROM registration_key").fetchall()
        sizes = connection.execute(_SIZES).fetchall()
    print("\nStored bytes a registration, one of its entries' shares included:\n", "| | bytes |", "|---|---|", sep="\n")
    print(*(f"| `{name}` | {size / registrations:,.0f} |" for name, size in sizes), sep="\n")
    print(f"| together | {sum(size for _, size in sizes) / registrations:,.0f} |")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
