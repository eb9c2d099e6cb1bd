"""Entries and spans compared by windows of time, and what is counted of each cause."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from pathlib import Path

import pytest

from nsor_server.ledger import leaf as leaves
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.tracing import losses
from nsor_server.tracing.attributes import ACCESS_ID, LOST_CAUSE, LOST_SPANS, RPC_METHOD, RPC_STATUS, Value
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification import spans
from nsor_server.verification.report import Epochs, Report
from nsor_server.verification.spans import Cause, Reconciled, Source, Window
from tests.ledger.conftest import ORIGIN, Write

METHOD = "nsor.v1.LookupService/LookUpRegistration"
SECOND = 1_000_000
HOUR = 3600 * SECOND


def span(access_id: object, start_us: int, *, took_us: int = 1000, status: str = "OK") -> StoredSpan:
    attributes: dict[str, Value] = {ACCESS_ID: str(access_id), RPC_METHOD: METHOD, RPC_STATUS: status}
    return StoredSpan(
        "0" * 32, "0" * 16, "", METHOD, start_us * 1000, (start_us + took_us) * 1000, error=False, attributes=attributes
    )


def lost(count: int, cause: str, start_us: int, end_us: int) -> StoredSpan:
    attributes: dict[str, Value] = {LOST_SPANS: count, LOST_CAUSE: cause}
    return StoredSpan(
        "0" * 32, "0" * 16, "", losses.NAME, start_us * 1000, end_us * 1000, error=False, attributes=attributes
    )


class Compared:
    """Entries of a ledger, all of them of now, and what the comparison with spans says."""

    def __init__(self, database: Database, keyring: Keyring, write: Write) -> None:
        self.database, self.keyring, self.write = database, keyring, write
        self.report = Report()

    def entries(self, count: int) -> list[tuple[int, uuid.UUID]]:
        found = [leaves.decode(each.leaf) for each in self.write(count).receipts]
        return [(leaf.time_us, uuid.UUID(bytes=leaf.access_id)) for leaf in found]

    def __call__(self, windows: Iterable[Window], end_us: int, **limits: int) -> Reconciled:
        self.report = Report()
        with self.database.transaction() as conn:
            epochs = Epochs.load(conn, ORIGIN)
            source = Source("the collector", windows, end_us)
            return spans.compare(conn, source, self.keyring, epochs, self.report, **limits)

    def causes(self, result: Reconciled) -> dict[str, int]:
        assert set(result.causes) == set(Cause)
        return {cause: count for cause, count in result.causes.items() if count}


@pytest.fixture
def compared(database: Database, keyring: Keyring, write: Write) -> Compared:
    return Compared(database, keyring, write)


def test_entries_without_a_span_are_counted_by_what_explains_them(compared: Compared) -> None:
    (now, first), *_ = compared.entries(7)
    seen = [span(first, now), lost(2, "queue", now, now + SECOND), lost(1, "collector", now, now + SECOND)]
    result = compared([Window(now, now + HOUR, seen)], now + HOUR)
    assert compared.causes(result) == {Cause.QUEUE: 2, Cause.COLLECTOR: 1, Cause.UNKNOWN: 3}
    assert (result.spans, result.matched, result.since_us) == (1, 1, now)
    assert not compared.report.findings
    assert compared.report.remarks[0] == (
        "1 span has an entry; 6 entries of that time no span: 2 the server had too many waiting, "
        "1 the server couldn't hand them over, 3 for no reason that is known"
    )
    # What was lost at another time explains nothing of this.
    seen = [span(first, now), lost(9, "queue", now - HOUR, now - HOUR + SECOND)]
    assert compared.causes(compared([Window(now - HOUR, now + HOUR, seen)], now + HOUR)) == {Cause.UNKNOWN: 6}
    # Nobody lost fewer than one: a collector that says so explains nothing.
    for count in (-1, 0, True):
        seen = [span(first, now), lost(count, "queue", now, now + SECOND)]
        assert compared.causes(compared([Window(now, now + HOUR, seen)], now + HOUR)) == {Cause.UNKNOWN: 6}


def test_what_wasn_t_read_or_may_be_on_its_way_is_no_loss(compared: Compared) -> None:
    # A collector that gave no answer says nothing about the spans that it has.
    (now, first), *_ = compared.entries(3)
    known = Window(now - HOUR, now - SECOND, [span(uuid.uuid4(), now - HOUR, status="UNAVAILABLE")])
    silent = Window(now - SECOND, now + HOUR, (), "the collector didn't answer")
    result = compared([known, silent], now + HOUR)
    assert compared.causes(result) == {Cause.NOT_READ: 3, Cause.NOT_RECORDED: 1}
    said = " ".join(compared.report.remarks)
    assert "not compared from" in said
    assert "because the collector didn't answer" in said
    result = compared([Window(now - HOUR, now + SECOND, [span(first, now)])], now + SECOND)
    assert compared.causes(result) == {Cause.UNDER_WAY: 2}


def test_spans_without_an_entry_are_findings_only_if_they_were_answered(compared: Compared) -> None:
    (now, first), *_ = compared.entries(1)
    strangers = [span(uuid.uuid4(), now), span(uuid.uuid4(), now, status="UNAVAILABLE"), span("no id", now)]
    result = compared([Window(now, now + HOUR, [span(first, now), *strangers])], now + HOUR)
    assert compared.causes(result) == {Cause.ANSWERED: 1, Cause.NOT_RECORDED: 1}
    (finding,) = compared.report.findings
    assert strangers[0].attributes[ACCESS_ID] in finding.problem  # type: ignore[operator]


def test_a_call_that_took_long_is_matched_across_windows_and_what_is_past_is_forgotten(compared: Compared) -> None:
    # However many spans there are, no more is held of them than what may still have its entry to come.
    (now, first), *_ = compared.entries(1)
    start = now - 3 * HOUR
    held: list[int] = []
    with compared.database.transaction() as conn:
        comparison = spans._Comparison(conn, 0, now + HOUR, young_us=now + HOUR)
        for at in range(start, now + HOUR, 60 * SECOND):
            seen = [span(uuid.uuid4(), at + n, status="UNAVAILABLE") for n in range(50)]
            if at <= now - 40 * SECOND < at + 60 * SECOND:
                seen.append(span(first, now - 40 * SECOND, took_us=41 * SECOND))
            comparison.take(Window(at, at + 60 * SECOND, seen))
            held.append(len(comparison._ids))
        comparison.judge(now + HOUR)
        result = comparison.result()
    assert compared.causes(result) == {Cause.NOT_RECORDED: 50 * len(held)}
    assert result.matched == 1
    assert max(held) <= 151


def test_only_a_time_is_compared_when_one_is_asked_for(compared: Compared) -> None:
    (now, first), *_ = compared.entries(4)
    seen = [span(uuid.uuid4(), now - HOUR), span(first, now)]
    window = [Window(now - HOUR, now + HOUR, seen)]
    result = compared(window, now + HOUR, since_us=now - SECOND)
    assert compared.causes(result) == {Cause.UNKNOWN: 3}
    assert not compared.report.findings
    assert compared.causes(compared((), now + HOUR, since_us=now)) == {Cause.UNKNOWN: 4}
    result = compared(window, now + HOUR, until_us=now - SECOND)
    assert compared.causes(result) == {Cause.ANSWERED: 1}
    assert (result.spans, result.until_us) == (1, now - SECOND)


def test_without_spans_nothing_is_said_to_agree(compared: Compared, tmp_path: Path) -> None:
    compared.entries(1)
    result = compared((), time.time_ns() // 1000)
    assert (result.spans, compared.causes(result)) == (0, {})
    assert compared.report.remarks == ["not compared: the collector has no spans of this register"]
    assert spans.local(tmp_path).windows == ()
