"""`make bench`, manifests: passengers screened a second over mutual TLS, and look-ups beside them.

Servers, PostgreSQL and the clients share all cores of the machine, so that rows a second follow from the CPU that the
three take for a row, if the cores are full: how full they were is told beside. Manifests are declared before, and
several are screened at a time, by as many processes of clients as there are of the server unless it is said otherwise,
two by an officer. A few passengers of each message are registered, as many are registered with another date of birth,
the others aren't.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import itertools
import secrets
import string
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.running import RunningRegister
from nsor.client import Client
from nsor.v1 import lookup_pb2, movements_pb2, notices_pb2, options_pb2, screening_pb2, types_pb2
from nsor_server import config
from nsor_server.formats.instants import date_of
from nsor_server.registration import store as registrations
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.sealing import Sealer
from tests.bench import lock_metric, people, processes, screeners
from tests.bench.imports import HEAD, Measured, Server
from tests.bench.measure import BenchFailed
from tests.bench.register import BenchRegister
from tests.bench.screeners import AGENCY, Manifest
from tests.bench.seed import Plan, seed

PERSONS = 1000
"""Of a manifest: two full messages."""
HITS = 2
"""Of each message; as many passengers have a registered number and another date of birth."""
STREAMS = 6
"""Manifests that each process of clients screens at a time."""
_DIFFERENT = 1_000
"""People whom each process makes, where there are more: the others are those once more, under other numbers."""
_WARM = 4
_NAMES_SECONDS = 3_600
_REST_SECONDS = 120
"""How long a server may read what else was seeded before it is measured all the same."""
_LOOK_UPS = 400
_BESIDE = 20
"""Manifests that are screened beside look-ups."""
_P50, _P99 = 0.5, 0.99
_CARRIER = "".join(secrets.choice(string.ascii_uppercase) for _ in range(2))
_FIRST, _FIRST_BESIDE = secrets.randbelow(4_000) + 1, secrets.randbelow(4_000) + 5_000
"""Carrier and first flights of this run: one is declared once a day, and the register may have been kept."""


@dataclass(frozen=True, slots=True)
class Known:
    """A registered person: CNIC, and year, month and day of birth."""

    cnic: str
    born: dt.date


def main() -> int:
    """Screen, print; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registrations", type=int, default=1_000_000)
    parser.add_argument("--manifests", type=int, default=100)
    parser.add_argument("--servers", type=int, default=2, help="server processes over one database")
    parser.add_argument("--clients", type=int, help="processes of clients; without it as many as servers")
    parser.add_argument("--streams", type=int, default=STREAMS, help="manifests at a time of each of them")
    parser.add_argument(
        "--folder", type=Path, help="keeps the register: the next run there measures it, and seeds none"
    )
    parser.add_argument(
        "--nameless", action="store_true", help="no server reads names, which no row has, nor what is due: minutes less"
    )
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nsor-bench-")))
        settings = {"NSOR_TRACE_STORE": "off", "NSOR_RATE_PER_SECOND": "1000000"}
        register = BenchRegister(folder, settings)
        try:
            with register.database():
                _bench(register, arguments)
        except BenchFailed as why:
            print(f"the bench failed: {why}", file=sys.stderr)
            return 1
    return 0


def _bench(register: BenchRegister, arguments: argparse.Namespace) -> None:
    _seeded(register, arguments.registrations)
    known = itertools.cycle(_known(register))
    with contextlib.ExitStack() as stack:
        processes_of = [register.process(number) for number in range(1, arguments.servers + 1)]
        running = [_started(stack, each, nameless=arguments.nameless) for each in processes_of]
        metrics = [each.environment["NSOR_METRICS_LISTEN"] for each in running]
        began = time.monotonic()
        for each in () if arguments.nameless else metrics:
            _until_names_are_read(each)  # that is another bench's
        read = "were not read" if arguments.nameless else f"were read in {time.monotonic() - began:.0f} s"
        print(f"The names {read}.", file=sys.stderr)
        pids = [each.process.pid for each in running if each.process]
        rest = all(processes.at_rest([pid], limit_seconds=_REST_SECONDS) for pid in pids)
        print(f"The servers are{'' if rest else ' not'} at rest, {time.monotonic() - began:.0f} s.", file=sys.stderr)
        client = stack.enter_context(running[0].client(AGENCY, officer=register.officers[AGENCY]))
        many = arguments.clients or arguments.servers
        at = [_where(register, running[number % len(running)], number, arguments.streams) for number in range(many)]
        screening = stack.enter_context(screeners.screening(at, arguments.streams))
        declared = list(_declared(client, known, arguments.manifests + _WARM * many))
        screening.hand(declared[: _WARM * many])
        screening.screen()  # connections, statements and caches are there
        screening.hand(declared[_WARM * many :])
        rows = PERSONS * arguments.manifests
        server = Server(pids, register.postmaster, screening.pids)
        locked, held = lock_metric.buckets(metrics), lock_metric.held_seconds(metrics)
        done = server.measured("screened first", rows, screening.screen)
        p99 = lock_metric.quantile(locked, lock_metric.buckets(metrics), _P99)
        share = (lock_metric.held_seconds(metrics) - held) / done.seconds
        again = server.measured("sent again within the minutes", rows, screening.screen)
        beside = _look_ups_beside(client, list(_declared(client, known, _BESIDE, first=_FIRST_BESIDE)))
    _print(arguments, [done, again])
    if p99 is not None:
        at_most = f"for at most {p99 * 1000:.0f} ms in 99 % of the commits"
        print(f"\nThe ledger's head was locked {at_most}, and {share:.0%} of the time.")
    print(f"\nLook-ups, one after the other: {beside}.")


def _seeded(register: BenchRegister, count: int) -> None:
    """Write the registrations and enrol the officers, unless that was done before.

    Raises:
        BenchFailed: the folder has a register of another size.
    """
    said = register.folder / "seeded"
    if said.exists():
        if int(said.read_text()) != count:
            raise BenchFailed(f"the register that was kept has {said.read_text()} registrations")
        return
    different = 0 if count <= _DIFFERENT else _DIFFERENT
    officer = register.officers["punjab-police"].key_id
    began = time.monotonic()
    seed(Plan(register.environment, register.url, count, 500, 1, officer, different=different))
    register.settle()
    print(f"{count:,} registrations were written in {time.monotonic() - began:.0f} s.", file=sys.stderr)
    register.enrol()
    said.write_text(str(count))


def _started(stack: contextlib.ExitStack, server: RunningRegister, *, nameless: bool) -> RunningRegister:
    """A server process that runs until the stack is left; none of them stores spans."""
    if nameless:
        server.command = (sys.executable, str(Path(__file__).with_name("nameless_server.py")))
    server.environment["NSOR_TRACE_STORE"] = "off"
    stack.callback(server.stop)
    return server.start()


def _where(register: BenchRegister, running: RunningRegister, number: int, streams: int) -> screeners.Where:
    """How the process of a number reaches a server process, with as many officers as its streams need."""
    names = [f"P-{number * streams + nth + 1}" for nth in range(screeners.officers_for(streams))]
    for name in names:
        officer, is_new = register.officer(name)
        if is_new:
            running.enrol(AGENCY, officer, name)
    return screeners.where(running, [register.folder / f"{name}.officer" for name in names], number)


def _until_names_are_read(address: str) -> None:
    """Wait until searches by name are ready: until then the server reads every record."""
    ends = time.monotonic() + _NAMES_SECONDS
    while time.monotonic() < ends:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            if "\nnsor_search_ready 1.0" in answer.read().decode():
                return
        time.sleep(1.0)
    raise BenchFailed("the names for searches weren't read")


def _known(register: BenchRegister) -> list[Known]:
    """Some registered persons, as the register has them."""
    sealer = Sealer(keyrings.load(config.load(register.environment).keys))
    import psycopg  # noqa: PLC0415 - the one place that reads the tables

    query = f"""
        SELECT {registrations.COLUMNS} FROM registration_version AS v JOIN registration_key AS k USING (registration_id)
        ORDER BY v.registration_id LIMIT 2000
    """  # noqa: S608 - constants
    with psycopg.connect(register.url) as connection:
        rows = connection.execute(query.encode(), binary=True).fetchall()
    found = []
    for columns in rows:
        record = registrations.open_version(sealer, registrations.StoredVersion(*columns))
        if record.birth_precision == 1 and record.cnic:
            found.append(Known(record.cnic, date_of(record.birth_day)))
    if not found:
        raise BenchFailed("nobody is registered with a day of birth")
    return found


def _declared(client: Client, known: Iterator[Known], count: int, first: int = _FIRST) -> Iterator[Manifest]:
    numbers = itertools.count(first * PERSONS)
    for flight in range(first, first + count):
        request = screening_pb2.DeclareManifestRequest(
            request_id=str(uuid.uuid4()),
            border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
            direction=movements_pb2.MOVEMENT_DIRECTION_DEPARTURE,
            carrier_code=_CARRIER,
            number=flight,
            persons=PERSONS,
        )
        request.scheduled_time.FromDatetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
        manifest_id = client.lookup.declare_manifest(request).message.manifest_id
        rows = [_row(number, known, next(numbers)).SerializeToString() for number in range(1, PERSONS + 1)]
        yield Manifest(manifest_id, rows, HITS * 2)


def _row(number: int, known: Iterator[Known], other: int) -> screening_pb2.ManifestRow:
    row = screening_pb2.ManifestRow(row=number)
    nth = (number - 1) % 500
    if nth < 2 * HITS:
        who = next(known)
        born = who.born if nth < HITS else who.born + dt.timedelta(days=1)
        row.identity_number = who.cnic
    else:
        born = dt.date(1950, 1, 1) + dt.timedelta(days=other * 7 % 20_000)
        row.shown_document.number, row.shown_document.country = f"XQ{other % 10_000_000:07d}", "PK"
        row.shown_document.kind = types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT
    row.birth_date.year, row.birth_date.month, row.birth_date.day = born.year, born.month, born.day
    return row


def _look_ups_beside(client: Client, manifests: Sequence[Manifest]) -> str:
    """How long look-ups of the same agency's officer take alone, and beside a manifest after the other."""
    alone = _look_ups(client)
    busy = threading.Thread(target=_screen_some, args=(client, manifests))
    busy.start()
    beside = _look_ups(client)
    busy.join()
    quiet, felt = (sorted(each) for each in (alone, beside))

    def at(taken: list[float], share: float) -> str:
        return f"{taken[int(len(taken) * share)] * 1e3:.1f}"

    return (
        f"p50 {at(quiet, _P50)} ms, p99 {at(quiet, _P99)} ms alone; p50 {at(felt, _P50)} ms, p99 {at(felt, _P99)} ms"
        " beside one screen after the other"
    )


def _screen_some(client: Client, manifests: Sequence[Manifest]) -> None:
    for each in manifests:
        rows = map(screening_pb2.ManifestRow.FromString, each.rows)
        list(client.screen_manifest(each.manifest_id).send((row, None) for row in rows))


def _look_ups(client: Client) -> list[float]:
    taken = []
    for number in range(_LOOK_UPS):
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=str(uuid.uuid4()), purpose=options_pb2.PURPOSE_BORDER_CONTROL, cnic=people.absent_cnic(number)
        )
        request.basis.travel_document.number, request.basis.travel_document.country = "ZZ0000001", "PK"
        began = time.perf_counter()
        client.lookup.look_up_registration(request)
        taken.append(time.perf_counter() - began)
    return taken


def _print(arguments: argparse.Namespace, done: Sequence[Measured]) -> None:
    many = arguments.clients or arguments.servers
    print(
        f"### Manifests, {arguments.registrations:,} registrations\n\n"
        f"{arguments.servers} server processes{' that read no names' if arguments.nameless else ''}, {many} processes"
        f" of clients, each with {arguments.streams} manifests at a time. CPU in us a row, memory in MiB.\n",
        HEAD,
        sep="\n",
    )
    print(*(one.line for one in done), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
