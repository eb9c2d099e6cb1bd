"""What a recall costs: `.venv/bin/python -m tests.bench.recall`, `--accesses 10000` for the whole.

One registration is shown by so many accesses, each of a case of its own, and is set aside. Figures, each beside a goal:

- how long the judgment takes that orders the recall;
- how long it takes until everybody is told: finding the accesses, and the entries of at most 100 recalls;
- the p99 of look-ups meanwhile, beside that of quiet ones;
- with `--pages N`: how long it takes to look for one registration, and for many at once, among the labels of so many
  pages of lists, each of 50 places. They are written by SQL, of details of nothing.

Look-ups, ledger and recalls are in one process, as in a server, without gRPC; PostgreSQL beside it. The accesses are
appended as the front door would, and not made by calls.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import threading
import time
import unittest.mock
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import lookup_pb2, options_pb2, types_pb2
from nsor_server.access.disclosure import classes_shown
from nsor_server.calls import Call, new_access_id
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.ledger.writer import Written
from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls import times as recall_times
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.lookup.recalls.told import MOST_BY_LABELS, Finder
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.serve import SWITCH_SECONDS
from nsor_server.storage import migrate
from nsor_server.storage.embedded import OWNER, SERVER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from tests.agencies import FIA_IMMIGRATION
from tests.budgets import unlimited
from tests.calls import ORIGIN, TRACING, call_of
from tests.orders import cnic, conviction, order
from tests.services import Services

_METHOD: Final = "nsor.v1.LookupService/LookUpRegistration"
_AT_ONCE: Final = 500
_QUIET_SECONDS: Final = 5.0
_PAGES: Final = """
WITH pages AS (
    SELECT nth, gen_random_uuid() AS access_id, (
        SELECT string_agg(uuid_send(gen_random_uuid()), ''::bytea) FROM generate_series(1, 50) WHERE nth = nth
    ) AS labels
    FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(count)s::bigint - 1) AS nth
), entries AS (
    INSERT INTO ledger_entry (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf)
    SELECT nth, access_id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 1, 1, 'npb', uuid_send(access_id)
    FROM pages
)
INSERT INTO ledger_shown (index, labels) SELECT nth, labels FROM pages
"""


def main() -> int:
    """Measure and print Markdown; gives the exit code."""
    parser = argparse.ArgumentParser(description="What a recall costs.")
    parser.add_argument("--accesses", type=int, default=1_000, help="that showed the registration (1,000)")
    parser.add_argument("--pages", type=int, default=0, help="of lists, among whose labels it is looked (none)")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[rules.PER_ENTRY], help="recalls of an entry, one run of each"
    )
    parser.add_argument(
        "--rest-ms",
        type=float,
        default=RecallTimes.rest_seconds * 1e3,
        help="between two entries while there are calls",
    )
    arguments = parser.parse_args()
    if arguments.pages:
        return look_among(arguments.pages)
    sys.setswitchinterval(SWITCH_SECONDS)
    setattr(RecallTimes, "rest_seconds", arguments.rest_ms / 1e3)  # noqa: B010 - another value
    count = arguments.accesses
    print(f"### One registration, shown by {count:,} accesses; {arguments.rest_ms:g} ms between entries\n")
    print(
        "| recalls of an entry | order | everybody told | CPU of its thread | under the lock, p50 and p99 |"
        " look-ups quiet, p50 and p99 | meanwhile | p99, times |\n|---|---|---|---|---|---|---|---|"
    )
    with _services() as services:
        services.policy = unlimited()
        for nth, size in enumerate(arguments.sizes):
            setattr(rules, "PER_ENTRY", size)  # noqa: B010 - likewise
            print(f"| {' | '.join(_told(services, f'Sessions Case No. {nth + 1}/2024', count))} |", flush=True)
    print("\nGoals, for 10,000: ordered in 50 ms, all told in 5 s, p99 under twice the quiet one.")
    return 0


def _told(services: Services, case_number: str, count: int) -> list[str]:
    """What one recall takes."""
    number, of_case = cnic(), conviction(case_number=case_number)
    created = services.create(order(number, convictions=[of_case]))
    services.confirm(created, case_number=case_number)
    with services.database.owner() as conn:
        shown(conn, Ledger(services.keyring, ORIGIN), number, uuid.UUID(created.registration_id).bytes, count)
    before = services.one("SELECT count(*) FROM recall")
    quiet = beside(services, lambda: time.sleep(_QUIET_SECONDS))
    began = time.perf_counter()
    services.judge(of_case, "SET_ASIDE", cnics=[number])
    ordered = time.perf_counter() - began
    seconds, cpu = 0.0, 0.0

    def tell() -> None:
        nonlocal seconds, cpu
        services.directory.reload()
        telling = RecallTimes(services.database, services.writer, services.directory, TRACING, services.keyring)
        start, worked = time.perf_counter(), time.thread_time()
        telling._all(telling.look)
        seconds, cpu = time.perf_counter() - start, time.thread_time() - worked

    with _locked(services) as locked:
        meanwhile = beside(services, tell)
    assert services.one("SELECT count(*) FROM recall") - before == count
    times_as_long = _quantiles(meanwhile)[1] / _quantiles(quiet)[1]
    return [
        f"{rules.PER_ENTRY}",
        f"{ordered * 1e3:.0f} ms",
        f"{seconds:.1f} s by {len(locked)} entries",
        f"{cpu:.1f} s",
        _ms(locked),
        _ms(quiet),
        _ms(meanwhile),
        f"{times_as_long:.1f}",
    ]


@contextlib.contextmanager
def _locked(services: Services) -> Iterator[list[float]]:
    """For how many seconds each commit that has recalls held the head's lock."""
    batches, found = services.writer._batches, list[float]()
    decide, has_recalls = batches.decide, [False]

    def deciding(calls: Sequence[Call], *rest: Any) -> Any:
        has_recalls[0] = any(call.method == recall_times.METHOD for call in calls)
        return decide(calls, *rest)

    def ended(written: Written) -> None:
        if has_recalls[0]:
            found.append(written.locked)

    with (
        unittest.mock.patch.multiple(batches, decide=deciding),
        unittest.mock.patch.object(services.writer, "_on_written", ended),
    ):
        yield found


def look_among(count: int) -> int:
    """Measure how long it takes to look among the labels of so many pages; gives the exit code."""
    with _services() as services, services.database.owner() as conn:
        first = services.one("SELECT size FROM ledger_head")
        conn.execute(_PAGES, {"first": first, "count": count})
        conn.execute("ANALYZE ledger_entry, ledger_shown")
        size = services.one(
            "SELECT pg_size_pretty(sum(pg_total_relation_size(inhrelid))) FROM pg_inherits"
            " WHERE inhparent = 'ledger_shown'::regclass"
        )
        print(f"### Labels of {count:,} pages, {size}\n\n| registrations | s | CPU s |\n|---|---|---|")
        for many in (1, MOST_BY_LABELS):
            began, used = time.perf_counter(), time.thread_time()
            found = Finder(services.keyring).by_labels(conn, [os.urandom(16) for _ in range(many)], first + count)
            assert not any(found.values())
            print(f"| {many} | {time.perf_counter() - began:.1f} | {time.thread_time() - used:.1f} |")
    return 0


def shown(conn: psycopg.Connection[Any], ledger: Ledger, number: str, registration_id: bytes, count: int) -> None:
    """Append accesses that showed a registration, each of a document of its own; the connection is the owner's."""
    classes = classes_shown(lookup_pb2.LookUpRegistrationResponse.DESCRIPTOR, options_pb2.PURPOSE_BORDER_CONTROL)
    for first in range(0, count, _AT_ONCE):
        entries = [_entry(number, registration_id, classes, nth) for nth in range(first, min(first + _AT_ONCE, count))]
        ledger.append(conn, entries)
        conn.commit()


def _entry(number: str, registration_id: bytes, classes: Sequence[int], nth: int) -> Entry:
    detail = record_pb2.AccessDetail(
        outcome="FOUND",
        subjects=[registration_id],
        shown_version=2,
        classes_shown=classes,
        case_reference=f"PK AB{nth:07d}",
        named=f"cnic {number}",
    )
    return Entry(
        access_id=new_access_id(),
        agency=FIA_IMMIGRATION.agency_id,
        method=_METHOD,
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        outcome=leaf_pb2.OUTCOME_ALLOWED,
        trace_id=os.urandom(16),
        call_hash=os.urandom(32),
        answer_hash=os.urandom(32),
        detail=detail.SerializeToString(),
        case_reference=detail.case_reference,
        named=detail.named,
    )


def beside(services: Services, work: Callable[[], None]) -> list[float]:
    """Seconds of the look-ups that are made, one after the other, while something is done."""
    ended, seconds = threading.Event(), list[float]()

    def look_up() -> None:
        while not ended.is_set():
            document = types_pb2.TravelDocument(country="PK", number="ZZ7654321")
            request = lookup_pb2.LookUpRegistrationRequest(
                request_id=str(uuid.uuid4()),
                purpose=options_pb2.PURPOSE_BORDER_CONTROL,
                basis=lookup_pb2.LookUpBasis(travel_document=document),
                cnic="3520212345671",
            )
            call, start = call_of(FIA_IMMIGRATION), time.perf_counter()
            services.ask(call, request)
            seconds.append(time.perf_counter() - start)

    thread = threading.Thread(target=look_up)
    thread.start()
    work()
    ended.set()
    thread.join()
    return seconds


@contextlib.contextmanager
def _services() -> Iterator[Services]:
    """A register of its own, at which a fixed time has always come."""
    with tempfile.TemporaryDirectory(prefix="nsor-bench-recall-") as folder, contextlib.ExitStack() as stack:
        embedded = EmbeddedPostgres(Path(folder) / "state")
        embedded.start()
        stack.callback(embedded.stop)
        embedded.create_database("bench")
        with psycopg.connect(embedded.conninfo(OWNER, "bench")) as conn:
            migrate.apply(conn, migrate.load())
        database = Database(embedded.conninfo(SERVER, "bench"), embedded.conninfo(OWNER, "bench"), pool_size=8)
        database.open()
        stack.callback(database.close)
        setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)  # noqa: B010 - a time has always come
        services = Services(database, Keyring.new())
        stack.callback(services.close)
        yield services


def _quantiles(seconds: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49], cuts[98]


def _ms(seconds: list[float]) -> str:
    half, most = _quantiles(seconds)
    return f"{half * 1e3:.1f}, {most * 1e3:.1f} ms of {len(seconds):,}"


if __name__ == "__main__":
    sys.exit(main())
