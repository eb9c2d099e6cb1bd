"""`ledger watch` compares new entries with the spans of their calls, each once, and says what differs and why."""

from __future__ import annotations

import json
import re
import ssl
import time
import uuid
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pytest

from nsor_server.commands.ledger_watch import Watch
from nsor_server.commands.watched_spans import Seen, SpanWatch, of_collector, of_local_store
from nsor_server.console import figures
from nsor_server.ledger import leaf as leaves
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.tracing import store
from nsor_server.tracing.attributes import ACCESS_ID, RPC_METHOD, RPC_STATUS
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.collectors import reading
from nsor_server.verification.collectors.fetch import Collector
from nsor_server.verification.report import Report
from nsor_server.verification.spans import Cause
from tests import ports
from tests.ledger.conftest import ORIGIN, Write
from tests.ledger.http_collector import Jaeger, Kept, listening
from tests.ledger.test_commands import Operator
from tests.ledger.test_commands import operator as operator  # noqa: PLC0414 - a fixture of another file
from tests.ledger.test_spans import span

METHOD = "nsor.v1.LookupService/LookUpRegistration"
MINUTE = 60_000_000
HOUR = 60 * MINUTE


def keep(state_dir: Path, spans: Iterable[StoredSpan]) -> None:
    """Make these all that the local store has."""
    (state_dir / store.FOLDER).mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(asdict(each)) + "\n" for each in spans)
    (state_dir / store.FOLDER / store.CURRENT).write_text("".join(lines))


class Watched:
    """A ledger, its local store of spans, and a watch over both."""

    def __init__(self, database: Database, keyring: Keyring, write: Write, state_dir: Path) -> None:
        self.database, self.keyring, self.write, self.state_dir = database, keyring, write, state_dir
        self.watch = SpanWatch(of_local_store(state_dir), ORIGIN)

    def entries(self, count: int) -> list[tuple[int, uuid.UUID]]:
        found = [leaves.decode(each.leaf) for each in self.write(count).receipts]
        return [(leaf.time_us, uuid.UUID(bytes=leaf.access_id)) for leaf in found]

    def look(self, now_us: int) -> tuple[int, dict[str, int]]:
        """Look as if it were then; gives what is matched and what differs since the watch began."""
        seen = self.watch.seen(now_us)
        if seen is not None:
            with self.database.transaction() as conn:
                self.watch.compare(conn, seen, self.keyring, Report())
        sums = self.watch.sums
        return sums.matched, {cause: count for cause, count in sums.causes.items() if count}


@pytest.fixture
def watched(database: Database, keyring: Keyring, write: Write, state_dir: Path) -> Watched:
    return Watched(database, keyring, write, state_dir)


def test_an_entry_is_compared_once_when_it_is_a_minute_old(watched: Watched) -> None:
    old, entries = time.time_ns() // 1000 - HOUR, watched.entries(7)
    now = entries[0][0]
    keep(
        watched.state_dir, [span(uuid.uuid4(), old, status="NOT_FOUND"), *(span(each, at) for at, each in entries[:5])]
    )
    assert watched.look(now + MINUTE // 2) == (0, {Cause.NOT_RECORDED: 1})
    assert watched.watch.sums.since_us == old
    # Two have no span. Another look finds nothing new.
    for later in (MINUTE * 5 // 4, 3 * MINUTE, HOUR):
        assert watched.look(now + later) == (5, {Cause.NOT_RECORDED: 1, Cause.UNKNOWN: 2})
    assert (watched.watch.sums.since_us, watched.watch.sums.until_us) == (old, now + HOUR - MINUTE)


def test_where_spans_stop_coming_every_entry_lacks_its_own(watched: Watched) -> None:
    now = time.time_ns() // 1000
    keep(watched.state_dir, [span(uuid.uuid4(), now - HOUR, status="NOT_FOUND")])
    watched.look(now)
    watched.entries(4)
    assert watched.look(now + HOUR) == (0, {Cause.NOT_RECORDED: 1, Cause.UNKNOWN: 4})


def test_of_what_the_store_has_thrown_away_nothing_is_said(watched: Watched) -> None:
    now = time.time_ns() // 1000
    keep(watched.state_dir, [span(uuid.uuid4(), now - HOUR, status="NOT_FOUND")])
    watched.look(now)
    watched.entries(4)
    keep(watched.state_dir, [span(uuid.uuid4(), now + HOUR, status="NOT_FOUND")])
    assert watched.look(now + 2 * HOUR) == (0, {Cause.NOT_RECORDED: 2})


def test_of_the_store_only_what_is_compared_is_held_in_memory(watched: Watched) -> None:
    now = time.time_ns() // 1000
    keep(watched.state_dir, [span(uuid.uuid4(), now - HOUR + each * 1000, status="NOT_FOUND") for each in range(500)])
    watched.look(now)
    seen = watched.watch.seen(now + MINUTE)
    assert seen is not None
    assert [len(window.spans) for window in seen.source.windows] == [0]


def test_a_register_without_spans_is_verified_all_the_same(watched: Watched) -> None:
    watched.entries(1)
    assert watched.look(time.time_ns() // 1000 + HOUR) == (0, {})
    assert watched.watch.sums.until_us == 0


def test_the_file_says_what_was_found_and_an_answered_call_without_an_entry_is_a_finding(
    operator: Operator, write: Write
) -> None:
    metrics, settings = operator.folder / "watch.prom", operator.settings()
    write(2)
    now = time.time_ns() // 1000
    keep(settings.state_dir, [span(uuid.uuid4(), now - HOUR, status="NOT_FOUND")])
    code, output = operator.run("watch", "--once", "--metrics", str(metrics))
    assert code == 0, output
    counts = {(each.name, each.labels): each.value for each in figures.counters(figures.read_file(metrics) or [])}
    assert counts["nsor_watch_span_differences_total", "cause=span_without_entry_not_recorded"] == 1
    assert counts["nsor_watch_span_differences_total", "cause=entry_without_span_unknown"] == 0
    assert {labels.removeprefix("cause=") for name, labels in counts if "differences" in name} == set(Cause)
    answered = span(uuid.uuid4(), now - HOUR)
    keep(settings.state_dir, [answered])
    code, output = operator.run("watch", "--once", "--metrics", str(metrics))
    assert code == 1
    assert "\nnsor_watch_findings 1\n" in metrics.read_text()
    assert "1 finding" in output


def test_whoever_watches_hears_that_a_collector_gave_no_spans(operator: Operator, write: Write) -> None:
    # An address where nothing listens is no finding, and mustn't look like a comparison that found nothing.
    settings, told = operator.settings(), list[str]()
    collector = Collector.parse(f"http://{ports.free_address()}", ssl.create_default_context())

    def read(_since_us: int, now_us: int) -> Seen:
        # As if it were an hour later: no entry is too young.
        return Seen(reading.source(collector, now_us - HOUR, now_us + HOUR), now_us - HOUR)

    watching = Watch(
        settings, lambda: operator.keyring, lambda _, line: told.append(line), SpanWatch(read, settings.ledger_origin)
    )
    write(3)
    assert watching.look(0.0, 86_400.0).findings == []
    (line,) = told
    assert line.startswith("everything verified: 3 entries, 0 findings; spans of 3 entries couldn't be read: ")
    # Nor where no entry is of the time that wasn't read.
    told.clear()
    spans = SpanWatch(of_collector(collector), settings.ledger_origin)
    Watch(settings, lambda: operator.keyring, lambda _, line: told.append(line), spans).look(0.0, 86_400.0)
    (line,) = told
    assert line.startswith("everything verified: 3 entries, 0 findings; spans of 0 entries couldn't be read: ")
    told.clear()
    with listening(Jaeger()) as url:
        spans = SpanWatch(of_collector(Collector.parse(url)), settings.ledger_origin)
        Watch(settings, lambda: operator.keyring, lambda _, line: told.append(line), spans).look(0.0, 86_400.0)
    assert re.search(r"0 findings; spans compared from 20[0-9: -]* UTC to 20[0-9: -]* UTC$", told[0])


def test_a_broken_ledger_is_told_before_a_collector_is_asked(
    operator: Operator, write: Write, database: Database
) -> None:
    # Who holds the collector could else keep an alert back for an hour, by answers that come byte by byte.
    write(3)
    played = Jaeger()
    with listening(played) as url:
        spans = SpanWatch(of_collector(Collector.parse(url)), ORIGIN)
        watching = Watch(operator.settings(), lambda: operator.keyring, lambda *_: None, spans)
        assert watching.look(0.0, HOUR).findings == []
        assert played.asked
        played.asked.clear()
        with database.owner() as conn:
            conn.execute("DELETE FROM ledger_detail WHERE index = 2")
        assert watching.look(HOUR + 1, HOUR).first_bad == 2
    assert not played.asked


def test_a_collector_has_a_time_for_all_that_it_is_asked_at_a_look() -> None:
    with listening(Jaeger()) as url:
        seen = of_collector(Collector.parse(url), seconds=-1)(0, time.time_ns() // 1000)
        assert seen is not None
        assert [each.problem for each in seen.source.windows] == ["reading them takes too long"]


def test_what_runs_once_compares_a_collector_s_spans_of_the_hours_between_runs(watched: Watched) -> None:
    # Else a timer would compare the last minute of each day.
    now = time.time_ns() // 1000
    spans = [
        Kept(uuid.uuid4().hex, now - ago, {ACCESS_ID: str(uuid.uuid4()), RPC_METHOD: METHOD, RPC_STATUS: "NOT_FOUND"})
        for ago in (MINUTE, 23 * HOUR, 25 * HOUR)
    ]
    for back_us, found in ((0, 1), (24 * HOUR, 2)):
        with listening(Jaeger(spans)) as url:
            watched.watch = SpanWatch(of_collector(Collector.parse(url), back_us=back_us), ORIGIN)
            assert watched.look(now + MINUTE // 2) == (0, {Cause.NOT_RECORDED: found})


def test_a_trace_that_is_too_large_to_be_read_is_counted_and_told(watched: Watched) -> None:
    # One call of whose trace more is written than is ever read: its entry has no span that anybody has seen.
    (first,) = watched.entries(1)
    large, written = first, 1
    while large[0] < first[0] + 3_000:  # a collector is asked for whole milliseconds
        (large,), written = watched.entries(1), written + 1
    spans = [
        Kept(uuid.uuid4().hex, at, {ACCESS_ID: str(each), RPC_METHOD: METHOD, RPC_STATUS: "OK", **more})
        for (at, each), more in ((first, {}), (large, {"of.others": "x" * 9_000}))
    ]
    report = Report()
    with listening(Jaeger(spans)) as url:
        collector = Collector(url, most_bytes=8_000)
        seen = of_collector(collector, back_us=10 * MINUTE)(0, first[0] + 5 * MINUTE)
        watch = SpanWatch(lambda _since, _now: seen, ORIGIN)
        assert seen is not None
        with watched.database.transaction() as conn:
            watch.compare(conn, seen, watched.keyring, report)
    assert watch.sums.matched == 1
    assert {cause: count for cause, count in watch.sums.causes.items() if count} == {Cause.NOT_READ: written - 1}
    assert any("because an answer is larger than 7 KiB" in remark for remark in report.remarks)
