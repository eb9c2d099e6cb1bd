"""What events cost: `.venv/bin/python -m tests.bench.events`, or with `--small` in a minute or two.

`--events`, `--subscribers` and `--notices` say how many it is of otherwise.

Three figures, each beside its goal:

- from the answer to whoever enters a notice until the event is with 20 connected subscribers;
- how many stored events a second are replayed to one subscriber, and what the server's memory does meanwhile;
- what a subscriber to whom nothing is told costs in a second, the gate's checks included.

Servers and PostgreSQL run on one core; subscribers, with the client's checks of each receipt, on the other.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import functools
import itertools
import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from google.type import date_pb2

from nsor.client import Client
from nsor.v1 import notices_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server.calls import Row
from nsor_server.events import outbox
from nsor_server.storage import deciding
from tests.bench import processes
from tests.bench.measure import BenchFailed, Target
from tests.bench.register import BenchRegister
from tests.e2e.agencies import punjabis

AGENCY: Final = "npb"
"""It hears of every record and every notice."""
PROSECUTION: Final = "punjab-prosecution"
COURT: Final = "lahore-special-court"
POLICE: Final = "punjab-police"
CONNECTED: Final = 20
"""Subscribers to whom a delivery is timed."""
SECONDS: Final = 600.0
"""Longest wait for an event."""
_LOOK_SECONDS: Final = 0.2
_CALM_SECONDS: Final = 5.0
"""Until what a start, or the opening of many streams, leaves to be done is done."""
_PLACE: Final = 1 << 40
"""Where the records of stored events are: behind all entries."""
_KIND: Final = notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        notices: entered one after another; the delivery of each is timed.
        stored: events that are replayed.
        idle: subscribers to whom nothing is told.
        idle_seconds: for how long.
    """

    notices: int
    stored: int
    idle: int
    idle_seconds: float


WHOLE: Final = Size(notices=200, stored=1_000_000, idle=200, idle_seconds=60.0)
SMALL: Final = Size(notices=20, stored=20_000, idle=100, idle_seconds=10.0)


def main() -> int:
    """Measure and print Markdown; gives the exit code."""
    parser = argparse.ArgumentParser(description="What events cost.")
    parser.add_argument("--small", action="store_true", help="to see that it works")
    parser.add_argument("--events", type=int, help="that are stored and replayed")
    parser.add_argument("--subscribers", type=int, help="to whom nothing is told")
    parser.add_argument("--notices", type=int, help="whose delivery is timed")
    asked = parser.parse_args()
    whole = SMALL if asked.small else WHOLE
    size = dataclasses.replace(
        whole,
        stored=whole.stored if asked.events is None else asked.events,
        idle=whole.idle if asked.subscribers is None else asked.subscribers,
        notices=whole.notices if asked.notices is None else asked.notices,
    )
    if processes.SERVER_CORE == processes.LOAD_CORE:
        print("the bench needs two cores: one for the servers, one for the load", file=sys.stderr)
        return 1
    os.sched_setaffinity(0, {processes.LOAD_CORE})
    streams = str(max(size.idle, CONNECTED) + 8)
    # All subscribers have one certificate here, and each a connection: beyond the bound they would be shut down.
    settings = {
        "NSOR_TRACE_STORE": "off",
        "NSOR_STREAM_THREADS": streams,
        "NSOR_STREAMS_PER_AGENCY": streams,
        "NSOR_STREAMS_PER_OFFICER": streams,
        "NSOR_CONNECTIONS_PER_CERTIFICATE": streams,
    }
    with tempfile.TemporaryDirectory(prefix="nsor-bench-events-") as folder:
        register = BenchRegister(Path(folder), settings)
        try:
            with register.database():
                processes.move(register.postmaster, processes.SERVER_CORE)
                register.enrol()
                with register.serving(1) as (target, _):
                    _print(Subscribers(register, target), target, size)
        except BenchFailed as why:
            print(f"the bench failed: {why}", file=sys.stderr)
            return 1
    return 0


def _print(subscribers: Subscribers, target: Target, size: Size) -> None:
    print("### Events\n\n| what | measured | goal |\n|---|---|---|")
    alone, with_them = _idle(subscribers, target, size)
    each = (with_them - alone) / size.idle
    took = sorted(_deliveries(subscribers, size.notices))
    p99 = took[min(len(took) - 1, len(took) * 99 // 100)]
    print(
        f"| from the answer to a notice until its event is delivered, {CONNECTED} subscribers, {len(took):,} deliveries"
        f" | p50 {statistics.median(took) * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms | p99 under 100 ms |"
    )
    found = _replay(subscribers, target, size.stored)
    print(
        f"| {size.stored:,} stored events replayed to one subscriber"
        f" | {found.rate:,.0f} events/s; the server's memory: {found.before:.0f} MiB, at most {found.most:.0f} MiB"
        " | 20,000 events/s, flat |"
    )
    print(
        "| CPU of an event that is replayed"
        f" | server {found.server_us:.1f} us, PostgreSQL {found.database_us:.1f} us,"
        f" subscriber with its checks {found.subscriber_us:.1f} us | - |"
    )
    print(
        f"| CPU of server and PostgreSQL for an idle subscriber in a second, {size.idle} of them"
        f" | {each * 1e3:.3f} ms (without any: {alone * 1e3:.1f} ms in a second) | under 0.2 ms |"
    )


class Subscriber:
    """A stream in a thread of its own, which notes when each event came.

    Attributes:
        came: ``time.perf_counter`` by what the event is about.
        last: the last number.
    """

    def __init__(self, client: Client, after: int) -> None:
        self.came: dict[str, float] = {}
        self.stream = client.events(after_sequence=after, give_up_seconds=SECONDS)
        self._client = client
        self._news = threading.Condition()
        self._failure: Exception | None = None
        threading.Thread(target=self._follow, daemon=True).start()

    def wait(self, until: Callable[[Subscriber], bool], seconds: float = SECONDS) -> bool:
        """Wait until that is so of it; False when the time is up."""
        with self._news:
            came = self._news.wait_for(lambda: self._failure is not None or until(self), seconds)
        if self._failure is not None:
            raise BenchFailed(f"a stream ended: {self._failure}")
        return came

    def close(self) -> None:
        """End it."""
        self._client.close()

    def _follow(self) -> None:
        try:
            for event in self.stream:
                moment = time.perf_counter()
                with self._news:
                    self.came[event.notice_id or event.registration_id] = moment
                    self._news.notify_all()
        except Exception as failure:  # noqa: BLE001 - it is told where somebody waits
            with self._news:
                self._failure = failure
                self._news.notify_all()


@dataclass
class Subscribers:
    """Subscribers of one agency at one server process."""

    register: BenchRegister
    target: Target

    @functools.cached_property
    def ledger_key(self) -> str:
        """The ledger's verifier key: a command of the operator's, asked once."""
        return self.register.process(1).ledger_key

    def client(self, agency: str, name: str) -> Client:
        """A client of an agency, with the officer that is enrolled."""
        own = self.register.certs / "agencies" / agency
        return Client(
            f"127.0.0.1:{self.target.ports[0]}",
            certificate=own.with_suffix(".pem"),
            key=own.with_suffix(".key"),
            ca=self.register.certs / "ca.pem",
            ledger_key=self.ledger_key,
            state_dir=self.register.folder / "clients" / name,
            officer=self.register.officers[agency],
        )

    def last(self) -> int:
        """Number of the agency's last event."""
        with psycopg.connect(self.register.url) as conn:
            query = "SELECT coalesce(max(sequence), 0) FROM agency_event WHERE agency_id = %s"
            return int(conn.execute(query, (AGENCY,)).fetchall()[0][0])

    @contextlib.contextmanager
    def following(self, count: int, after: int) -> Iterator[list[Subscriber]]:
        """So many of them, each behind an event that there is, until the replay to each has ended."""
        found = [Subscriber(self.client(AGENCY, f"{count}-{nth}"), after) for nth in range(count)]
        try:
            yield found
        finally:
            for each in found:
                each.close()


def _deliveries(subscribers: Subscribers, notices: int) -> Iterator[float]:
    """Seconds from the answer to each notice until each subscriber had its event."""
    offenders = list(_confirmed(subscribers, notices))
    with subscribers.following(CONNECTED, subscribers.last()) as found:
        _settle(found)
        with subscribers.client(POLICE, "police") as police:
            for registration_id in offenders:
                about = police.notification.create_notice(_moved(registration_id)).message.notice_id
                answered = time.perf_counter()
                for each in found:
                    if not each.wait(lambda one, about=about: about in one.came):  # type: ignore[misc]  # bound here
                        raise BenchFailed("an event doesn't come")
                    yield max(0.0, each.came[about] - answered)


def _confirmed(subscribers: Subscribers, count: int) -> Iterator[str]:
    """The ids of so many records, entered and confirmed."""
    orders = punjabis(4242)
    with subscribers.client(PROSECUTION, "prosecution") as prosecution, subscribers.client(COURT, "court") as court:
        for order in itertools.islice(orders, count):
            created = prosecution.registration.create_registration(order).message
            court.registration.confirm_registration(
                registration_pb2.ConfirmRegistrationRequest(
                    request_id=str(uuid.uuid4()),
                    registration_id=created.registration_id,
                    etag=created.etag,
                    case_number=order.convictions[0].court_case.case_number,
                    judgment_date=order.convictions[0].judgment_date,
                )
            )
            yield created.registration_id


def _moved(registration_id: str) -> notices_pb2.CreateNoticeRequest:
    """The notice of a move within the province."""
    day = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    moved = date_pb2.Date(year=day.year, month=day.month, day=day.day)
    return notices_pb2.CreateNoticeRequest(
        request_id=str(uuid.uuid4()),
        registration_id=registration_id,
        address=types_pb2.Address(
            kind=types_pb2.ADDRESS_KIND_CURRENT, place_code="PK-PB/RWP/PS-003", house_number="9/B"
        ),
        event_date=moved,
        received_date=moved,
        receiving_station="PK-PB/LHR/PS-001",
        timing=notices_pb2.NOTICE_TIMING_HAPPENED,
    )


def _settle(found: list[Subscriber]) -> None:
    """Wait until all streams are open and their replays have ended."""
    ends = time.monotonic() + SECONDS
    while not all(each.stream.replayed for each in found):
        if time.monotonic() > ends:
            raise BenchFailed("a stream isn't opened")
        for each in found:
            each.wait(lambda one: one.stream.replayed, _LOOK_SECONDS)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay took.

    Attributes:
        rate: events a second.
        before: the server's memory before, in MiB.
        most: at most.
        server_us: CPU of an event, in microseconds; of the server.
        database_us: of PostgreSQL.
        subscriber_us: of the subscriber.
    """

    rate: float
    before: float
    most: float
    server_us: float
    database_us: float
    subscriber_us: float


def _replay(subscribers: Subscribers, target: Target, stored: int) -> Replay:
    """Store events and have them replayed."""
    after = subscribers.last()
    _store(subscribers.register, after, stored)
    subscribers.register.settle()
    before = most = _mib(target)
    cpu, began = _cpu_apart(target), time.perf_counter()
    with subscribers.following(1, after) as (one,):
        while not one.wait(lambda each: each.stream.sequence >= after + stored, _LOOK_SECONDS):
            most = max(most, _mib(target))
            if time.perf_counter() - began > SECONDS:
                raise BenchFailed("the replay doesn't end")
        took = time.perf_counter() - began
        apart = [(now - then) / stored * 1e6 for now, then in zip(_cpu_apart(target), cpu, strict=True)]
        return Replay(stored / took, before, most, *apart)


def _cpu_apart(target: Target) -> tuple[float, float, float]:
    """Seconds of CPU that server, PostgreSQL and this process have used."""
    return processes.seconds(target.servers), processes.seconds(target.databases), time.process_time()


def _store(register: BenchRegister, after: int, count: int) -> None:
    """Store numbered events with their records, as the deliverer and the entries would have."""
    about = [uuid.uuid4() for _ in range(1000)]
    ids = [uuid.uuid4() for _ in range(count)]
    with psycopg.connect(register.url) as conn:
        columns = "agency_id, sequence, event_id, kind, registration_id, event_time, record_index, record_ordinal"
        with conn.cursor().copy(f"COPY agency_event ({columns}) FROM STDIN") as copy:
            for nth, event_id in enumerate(ids):
                what = event_id, int(_KIND), about[nth % 1000], "2026-01-01T00:00:00Z"
                copy.write_row((AGENCY, after + 1 + nth, *what, _PLACE + nth, 0))
        with conn.cursor().copy(
            "COPY ledger_record (index, ordinal, table_name, row_id, version, sha256) FROM STDIN"
        ) as copy:
            for nth, event_id in enumerate(ids):
                of: tuple[Any, ...] = (
                    event_id,
                    AGENCY,
                    int(_KIND),
                    about[nth % 1000],
                    None,
                    None,
                    None,
                    None,
                    None,
                    [],
                )
                hashed = deciding.digest(Row(outbox.TABLE, of))
                copy.write_row((_PLACE + nth, 0, "agency_event", event_id.bytes, 1, hashed))
    with psycopg.connect(register.url, autocommit=True) as conn:
        conn.execute("ANALYZE agency_event, ledger_record")


def _idle(subscribers: Subscribers, target: Target, size: Size) -> tuple[float, float]:
    """Seconds of CPU in a second, of the server and PostgreSQL: without subscribers, and with those that are idle."""
    threading.Event().wait(_CALM_SECONDS)
    alone = _cpu(target, size.idle_seconds)
    with subscribers.following(size.idle, subscribers.last()) as found:
        _settle(found)
        threading.Event().wait(_CALM_SECONDS)
        return alone, _cpu(target, size.idle_seconds)


def _cpu(target: Target, seconds: float) -> float:
    pids = (*target.servers, *target.databases)
    before, began = processes.seconds(pids), time.perf_counter()
    threading.Event().wait(seconds)
    return (processes.seconds(pids) - before) / (time.perf_counter() - began)


def _mib(target: Target) -> float:
    status = Path(f"/proc/{target.servers[0]}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
