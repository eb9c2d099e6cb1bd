"""The span store is followed as it grows and turns over: no span is missed, and none is read twice."""

from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from nsor_server.console import recent
from nsor_server.console.recent import Traces
from nsor_server.tracing import attributes, store
from nsor_server.tracing.asked import Filter
from nsor_server.tracing.spans import Tracing
from nsor_server.tracing.store import SpanStore

METHOD = "nsor.v1.LookupService/LookUpRegistration"


def record(state_dir: Path, calls: int, agency: str = "npb", outcome: str = "ALLOWED", **bounds: int) -> list[str]:
    """Write calls with their commits; gives the traces' ids."""
    tracing = Tracing([SimpleSpanProcessor(SpanStore(state_dir, **bounds))], host="127.0.0.1")
    found = []
    for number in range(calls):
        span = tracing.call(METHOD, None)
        span.describe(agency=agency, purpose="BORDER", outcome=outcome, access_id=f"{number:032x}")
        tracing.committed([span], lock=0.001, decide=0.0, store=0.002, whole=True)
        span.end()
        found.append(span.trace_id.hex())
    return found


def test_what_comes_is_taken_in_while_files_turn_over(state_dir: Path) -> None:
    traces = Traces(state_dir)
    written = []
    for _ in range(12):
        written += record(state_dir, 7, file_bytes=3_000, files=4)
        traces.read()
    assert [span.trace for span in traces.calls(Filter())] == written[::-1]
    assert all(len(traces.trace(each)) == 2 for each in written)


def test_a_console_that_starts_late_reads_all_that_is_kept(state_dir: Path) -> None:
    written = record(state_dir, 30, file_bytes=3_000, files=4)
    traces = Traces(state_dir)
    traces.read()
    kept = [span.trace for span in store.read(state_dir) if attributes.RPC_STATUS in span.attributes]
    assert [span.trace for span in traces.calls(Filter())] == kept[::-1]
    assert kept[-1] == written[-1]


def test_a_line_that_is_half_written_is_read_when_it_is_whole(state_dir: Path) -> None:
    record(state_dir, 2)
    path = state_dir / store.FOLDER / store.CURRENT
    whole = path.read_bytes()
    traces = Traces(state_dir)
    path.write_bytes(whole[: len(whole) - 20])
    traces.read()
    seen = len(list(traces.calls(Filter())))
    path.write_bytes(whole)
    traces.read()
    assert (seen, len(list(traces.calls(Filter())))) == (1, 2)


def test_memory_is_bounded(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST_TRACES", 5)
    written = record(state_dir, 9)
    traces = Traces(state_dir)
    traces.read()
    assert [span.trace for span in traces.calls(Filter())] == written[:3:-1]
    assert traces.trace(written[0]) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Filter(agency="npb"), 2),
        (Filter(method="lookup"), 5),
        (Filter(method="Import"), 0),
        (Filter(outcome="REFUSED"), 3),
        (Filter(outcome="REFUSED", agency="npb"), 0),
        (Filter(slower_ms=60_000), 0),
        (Filter(slower_ms=0.000001), 5),
        (Filter(access="00000001"), 2),
        (Filter(since_ns=2**62), 0),
    ],
)
def test_calls_are_found_by_what_is_asked(state_dir: Path, asked: Filter, found: int) -> None:
    record(state_dir, 2)
    record(state_dir, 3, agency="fia-immigration", outcome="REFUSED")
    traces = Traces(state_dir)
    traces.read()
    assert len(list(traces.calls(asked))) == found


def test_a_register_that_keeps_no_spans_says_so(state_dir: Path) -> None:
    traces = Traces(state_dir)
    traces.read()
    assert not traces.kept


def test_long_traces_take_no_more_memory_than_many_short_ones(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST_SPANS", 7)
    written = record(state_dir, 9)  # of two spans each
    traces = Traces(state_dir)
    traces.read()
    assert [span.trace for span in traces.calls(Filter())] == written[:5:-1]


def test_whoever_puts_all_his_calls_into_one_trace_hides_none_of_the_newest(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MOST_SPANS_OF_ONE", 3)
    tracing = Tracing([SimpleSpanProcessor(SpanStore(state_dir))], host="127.0.0.1")
    for number in range(5):
        span = tracing.call(METHOD, f"00-{'a' * 32}-{'b' * 16}-01")
        span.describe(agency="npb", purpose="BORDER", outcome="REFUSED", access_id=f"{number:032x}")
        span.end()
    traces = Traces(state_dir)
    traces.read()
    shown = [span.attributes[attributes.ACCESS_ID] for span in traces.calls(Filter())]
    assert shown == [f"{number:032x}" for number in (2, 3, 4)]
