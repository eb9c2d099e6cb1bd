"""What the operators' pages say when what they read is broken or away."""

import datetime as dt
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from nsor.ledger.v1 import leaf_pb2
from nsor.web.admission import OneTime
from nsor_server import config
from nsor_server.calls import new_access_id
from nsor_server.commands.ledger_watch import Result
from nsor_server.commands.watched_spans import Sums
from nsor_server.console import site as ops
from nsor_server.console.calls import Calls
from nsor_server.console.recent import Traces
from nsor_server.console.site import OpsPages
from nsor_server.formats.dates import KARACHI
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.tracing import attributes, store
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.spans import Cause
from tests.web.conftest import Site, running_site

METHOD = "nsor.v1.LookupService/LookUpRegistration"


def an_entry(agency: str, method: str = METHOD) -> Entry:
    """The entry of a refused call."""
    return Entry(
        access_id=new_access_id(),
        agency=agency,
        method=method,
        purpose=3,
        outcome=leaf_pb2.OUTCOME_REFUSED,
        trace_id=os.urandom(16),
        call_hash=os.urandom(32),
        answer_hash=os.urandom(32),
        detail=b"",
    )


def test_what_comparing_entries_with_spans_found_is_said_by_cause(database: Database, state_dir: Path) -> None:
    settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
    state_dir.mkdir(exist_ok=True)

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        return OpsPages(who, settings, database, Calls(), Traces(state_dir)).application(origins)

    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()

        def shown(result: Result, language: str = "en") -> str:
            settings.watch_file.write_text(result.text())
            found = site.ask(f"{who.path}/{language}/verification", Cookie=cookie)
            assert found.status == 200
            return found.text

        # A command stays whole where the text around it runs from right to left.
        nothing = site.ask(f"{who.path}/ur/verification", Cookie=cookie).text
        assert f"<code>nsor-server ledger watch --metrics {settings.watch_file}</code>" in nothing
        assert "Nothing was compared yet" in shown(Result(entries=7, increment_at=1.5))
        assert "Nothing was compared yet" in shown(Result(entries=7, increment_at=1.5, spans=Sums()))
        causes = Counter({Cause.UNKNOWN.value: 4321, Cause.NOT_RECORDED.value: 2})
        found = Result(
            entries=7, increment_at=1.5, spans=Sums(1234, causes, 1_790_000_000_000_000, 1_790_003_600_000_000)
        )
        text = shown(found)
        assert "<bdi>1,234</bdi> spans have their entry" in text
        assert "<bdi>2026-09-21 19:13:20</bdi> to <bdi>2026-09-21 20:13:20</bdi>" in text
        lines = [line for line in text.splitlines() if '<th scope="row">' in line]
        assert len(lines) == len(Cause)
        assert [line for line in lines if "4,321" in line and 'class="failed"' in line and "no reason" in line]
        assert [line for line in lines if ">2<" in line and "failed" not in line and "not answered" in line]
        assert "وجہ معلوم نہیں" in shown(found, "ur")
        # Within a text from right to left a day and its time stay in their order.
        assert "<dd><bdi>2026-09-21 " in shown(replace(found, increment_at=1_790_000_000.0), "ur")


def a_span(number: int, took_ms: int, parent: int = 0, name: str = METHOD) -> StoredSpan:
    """A span of a trace of its own, or a child of another one."""
    trace = f"{parent or number:032x}"
    call: dict[str, Any] = {attributes.RPC_STATUS: "OK", attributes.AGENCY: "npb", attributes.OUTCOME: "ALLOWED"}
    of = call if name == METHOD else {}
    start = 1_790_000_000 * 10**9 + number * 10**6
    above = f"{parent:016x}" if parent else ""
    return StoredSpan(trace, f"{number:016x}", above, name, start, start + took_ms * 10**6, error=False, attributes=of)


OF_THREE = {
    "agency=npb": [2, 1],
    "agency=fia-immigration&slower=21": [],
    "agency=somebody": [],
    "method=ackevents": [3],
    "method=+LookUp+": [2, 1],
    "outcome=REFUSED": [3],
    "outcome=ALLOWED": [2, 1],
    "outcome=FAILED": [],
    "outcome=refused": [3, 2, 1],
    "access=ABABABAB-abab": [3],
    f"access={2:032x}": [2],
    "access=12345678": [],
    "agency=npb&method=LookUp&outcome=ALLOWED&order=slowest": [2, 1],
}
"""What the page's fields find of three calls; an outcome that it hasn't asks nothing."""


def test_traces_are_ordered_filtered_and_drawn_by_what_they_took(
    database: Database, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_others: dict[str, Any] = {
        attributes.AGENCY: "fia-immigration",
        attributes.OUTCOME: "REFUSED",
        attributes.ACCESS_ID: "ab" * 16,
    }
    third = a_span(3, 20)
    third = replace(third, name="nsor.v1.NotificationService/AckEvents", attributes=third.attributes | of_others)
    spans = [a_span(1, 5), a_span(2, 50), third, a_span(4, 9, parent=2, name="ledger.commit")]
    (state_dir / store.FOLDER).mkdir(parents=True)
    lines = (json.dumps(asdict(each)) + "\n" for each in spans)
    (state_dir / store.FOLDER / store.CURRENT).write_text("".join(lines))
    traces = Traces(state_dir)
    traces.read()

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
        return OpsPages(who, settings, database, Calls(), traces).application(origins)

    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()

        def listed(query: str) -> list[int]:
            text = site.ask(f"{who.path}/en/traces?{query}", Cookie=cookie).text
            return [int(each, 16) for each in re.findall(r"/en/traces/([0-9a-f]{32})", text)]

        assert listed("") == [3, 2, 1]
        assert listed("order=slowest") == [2, 3, 1]
        assert listed("slower=20") == [3, 2]
        assert listed("slower=20&order=slowest") == [2, 3]
        # Times are counted back from now; what isn't one of those that the page has asks nothing.
        for since, seconds in (("5m", 300), ("1h", 3600), ("1d", 86400)):
            monkeypatch.setattr(time, "time_ns", lambda seconds=seconds: spans[1].start_ns + seconds * 10**9)
            assert (since, listed(f"since={since}")) == (since, [3, 2])
        monkeypatch.undo()
        assert listed("since=1w") == listed("since=0") == [3, 2, 1]
        # What isn't a number of milliseconds asks nothing.
        for typed in ("inf", "nan", "-1", "x", "1e999"):
            assert listed(f"slower={typed}") == [3, 2, 1]
        for query, found in OF_THREE.items():
            assert (query, listed(query)) == (query, found)
        shown = site.ask(f"{who.path}/en/traces/{2:032x}", Cookie=cookie).text
    assert re.findall(r'class="depth-(\d)"', shown) == ["0", "1"]
    assert re.findall(r">([\d.]+) ms<", shown) == ["0.00", "2.00", "9.0"]
    assert "50 ms" in shown  # known up to a step alone
    # The bar of the second begins where its span began.
    assert re.findall(r'<rect class="span" x="([\d.]+)" y="4" width="([\d.]+)"', shown) == [
        ("0.0", "1000.0"),
        ("40.0", "180.0"),
    ]


def test_what_a_metric_means_is_said_once_and_not_for_each_of_its_labels(database: Database, state_dir: Path) -> None:
    registry = CollectorRegistry()
    for state in ("busy", "idle"):
        waits = Gauge(f"nsor_{state}", f"How many are {state}.", ["pool"], registry=registry)
        for pool in ("reading", "transactions"):
            waits.labels(pool).set(4)
    server, thread = start_http_server(0, "127.0.0.1", registry)

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        own = {"NSOR_STATE_DIR": str(state_dir), "NSOR_METRICS_LISTEN": f"127.0.0.1:{server.server_port}"}
        return OpsPages(who, config.load(own), database, Calls(), Traces(state_dir)).application(origins)

    try:
        with running_site(build) as (port, who):
            site = Site(port, who)
            text = site.ask(f"{who.path}/en/figures", Cookie=site.cookie()).text
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [text.count(each) for each in ("pool=reading", "How many are busy.", "How many are idle.")] == [2, 1, 1]


def test_times_of_an_agency_are_said_as_they_are_rounded_and_leave_streams_out(
    database: Database, keyring: Keyring, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream: dict[str, Any] = {attributes.RPC_STATUS: "OK", attributes.AGENCY: "npb", attributes.OUTCOME: "ALLOWED"}
    follows = replace(a_span(9, 60_001, name="nsor.v1.NotificationService/SubscribeEvents"), attributes=stream)
    late = time.time_ns() - 1_790_000_000 * 10**9 - 120 * 10**9
    spans = [
        replace(each, start_ns=each.start_ns + late, end_ns=each.end_ns + late)
        for each in (a_span(1, 10), a_span(2, 20), a_span(3, 50), follows)
    ]
    (state_dir / store.FOLDER).mkdir(parents=True)
    lines = (json.dumps(asdict(each)) + "\n" for each in spans)
    (state_dir / store.FOLDER / store.CURRENT).write_text("".join(lines))
    calls, traces = Calls(), Traces(state_dir)
    traces.read()
    with database.owner() as owner:
        Ledger(keyring, "nsor.gov.pk/test").append(owner, [an_entry(agency="npb")])
        assert calls.read(owner, time.time_ns() // 1000)
        ((written_us,),) = owner.execute("SELECT time_us FROM ledger_head").fetchall()
    # Ten seconds are counted when they are over.
    monkeypatch.setattr(time, "time_ns", lambda: (written_us + 30_000_000) * 1000)

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
        return OpsPages(who, settings, database, calls, traces).application(origins)

    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()
        overview = site.ask(f"{who.path}/en/", Cookie=cookie).text
        slowest = site.ask(f"{who.path}/en/traces?order=slowest", Cookie=cookie).text
    assert re.findall(r">([^<>]+) ms<", overview) == ["≤ 20", "≤ 50"]
    # By minute, without a script: one refused call, in a minute of which three to six steps of ten seconds are over.
    minutes = re.findall(
        r'class="code">(\d\d:\d\d)<.*?>([\d.]+)<.*?>([\d.]+)<.*?>([\d.]+)</td></tr>', overview, re.DOTALL
    )
    assert len(minutes) in {10, 11}
    at = f"{dt.datetime.fromtimestamp(written_us / 1e6, KARACHI):%H:%M}"
    assert [(each[0], each[1], each[3]) for each in minutes if float(each[2])] == [(at, "0.00", "0.00")]
    assert {each[2] for each in minutes} - {"0.00"} <= {"0.02", "0.03"}
    assert "SubscribeEvents" not in slowest.partition("<tbody>")[2]


def test_a_database_that_stands_still_is_a_page_that_says_so_and_keeps_nobody_waiting(
    database: Database, state_dir: Path
) -> None:
    with Database(database.url_server, pool_size=1, statement_timeout_ms=100) as own:

        def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
            settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
            return OpsPages(who, settings, own, Calls(), Traces(state_dir)).application(origins)

        with running_site(build) as (port, who):
            site = Site(port, who)
            cookie = site.cookie()
            # With a collector as well he is told how to have traces here.
            assert "With <bdi>NSOR_TRACE_STORE=on</bdi>" in site.ask(f"{who.path}/en/traces", Cookie=cookie).text
            with database.owner() as owner, owner.transaction(force_rollback=True):
                owner.execute("LOCK TABLE agency")
                stands = site.ask(f"{who.path}/en/certificates", Cookie=cookie)
                assert site.ask(f"{who.path}/en/traces", Cookie=cookie).status == 200  # which needs none
            assert (stands.status, "doesn't answer or took too long" in stands.text) == (503, True)
            assert "Canceled" not in stands.text
            there = site.ask(f"{who.path}/en/certificates", Cookie=cookie)
            assert (there.status, "Whoever owns the database can write others" in there.text) == (200, True)


MARKUP = "<script>document.title='taken'</script>"


def test_markup_that_somebody_put_into_the_ledger_is_text(
    database: Database, keyring: Keyring, state_dir: Path
) -> None:
    # No agency has such an id; whoever owns the database may write one, or a method of such a name, all the same.
    with database.owner() as owner:
        Ledger(keyring, "nsor.gov.pk/test").append(owner, [an_entry(agency=MARKUP, method=f"nsor.v1.A/{MARKUP}")])
    calls = Calls()

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
        return OpsPages(who, settings, database, calls, Traces(state_dir)).application(origins)

    with database.owner() as owner:
        assert calls.read(owner, time.time_ns() // 1000)
        ((access_id,),) = owner.execute("SELECT access_id FROM ledger_entry").fetchall()
    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()
        for path in ("", "refused", f"entries/{access_id}"):
            found = site.ask(f"{who.path}/en/{path}", Cookie=cookie)
            assert found.status == 200
            assert "document.title" in found.text
            assert MARKUP not in found.text


def test_of_very_many_refused_calls_the_newest_are_counted_and_it_is_said(
    database: Database, keyring: Keyring, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "MOST_READ", 3)
    with database.owner() as owner:
        ledger = Ledger(keyring, "nsor.gov.pk/test")
        ledger.append(owner, [an_entry(agency="first") for _ in range(2)])
        ledger.append(owner, [an_entry(agency="second") for _ in range(2)])

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
        return OpsPages(who, settings, database, Calls(), Traces(state_dir)).application(origins)

    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()
        text = site.ask(f"{who.path}/en/refused", Cookie=cookie).text
        counts = [re.sub(r"<[^>]+>", " ", line).split()[:2] for line in text.splitlines() if "<tr><td" in line]
        assert counts == [["2", "second"], ["1", "first"]]
        assert "only those since" in text
        monkeypatch.setattr(ops, "MOST_READ", 5)
        assert "only those since" not in site.ask(f"{who.path}/en/refused", Cookie=cookie).text


def test_a_broken_entry_is_said_and_shown_by_no_exceptions_text(
    database: Database, keyring: Keyring, state_dir: Path
) -> None:
    with database.owner() as owner:
        Ledger(keyring, "nsor.gov.pk/test").append(owner, [an_entry(agency="sindh-police")])

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
        return OpsPages(who, settings, database, Calls(), Traces(state_dir)).application(origins)

    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()
        found = site.ask(f"{who.path}/en/refused", Cookie=cookie)
        assert (found.status, "sindh-police" in found.text) == (200, True)
        with database.owner() as owner:
            owner.execute("UPDATE ledger_entry SET leaf = 'broken'")
        broken = site.ask(f"{who.path}/en/refused", Cookie=cookie)
    assert broken.status == 500
    assert "An entry is broken" in broken.text
    assert "LeafError" not in broken.text
