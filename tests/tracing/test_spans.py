import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from nsor_server.tracing import attributes, rounding
from nsor_server.tracing.crowded import MOST_CALLS
from nsor_server.tracing.passes import Passes
from nsor_server.tracing.spans import OTHER_METHOD, Tracing, UnlistedAttribute

METHOD = "nsor.v1.LookupService/LookUpRegistration"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Tracing:
    return Tracing([SimpleSpanProcessor(exporter)], host="127.0.0.1")


def test_a_caller_s_trace_has_so_many_calls_and_the_next_begins_one(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    # Collectors give traces whole: with one of a day in each answer nobody could compare that day's entries with spans.
    for _ in range(MOST_CALLS - 1):
        tracing.call(METHOD, PARENT).end()
    stream = tracing.call(METHOD, PARENT, is_stream=True)
    tracing.message(stream, METHOD).end()
    tracing.call(METHOD, PARENT).end()
    tracing.call(METHOD, PARENT.replace("0af7", "1bf7")).end()
    *before, message, call, of_another = exporter.get_finished_spans()
    theirs = int(PARENT.split("-")[1], 16)
    assert {each.context.trace_id for each in before} == {theirs} == {stream.context.trace_id}
    for each, beside in ((message, stream.context.span_id), (call, int(PARENT.split("-")[2], 16))):
        assert each.context.trace_id != theirs
        assert each.parent is None
        assert [(link.context.trace_id, link.context.span_id) for link in each.links] == [(theirs, beside)]
    assert of_another.parent is not None


def test_an_attribute_that_is_not_listed_is_a_fault_of_the_program(tracing: Tracing) -> None:
    # A list of what may be said, not of what may not: a person can't get into a span by mistake.
    span = tracing.call(METHOD, None)
    for name in ("nsor.cnic", "exception.message", "db.statement", "enduser.id"):
        with pytest.raises(UnlistedAttribute):
            span.set(name, "anything")


def test_a_span_has_the_stable_names_and_no_others(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    tracing.listening(7443)
    span = tracing.call(METHOD, None)
    span.set(attributes.AGENCY, "npb")
    span.end("NOT_FOUND", "NO_RECORD")
    (ended,) = exporter.get_finished_spans()
    assert ended.name == METHOD
    assert ended.kind is SpanKind.SERVER
    assert dict(ended.attributes or {}) == {
        "rpc.system.name": "grpc",
        "rpc.method": METHOD,
        "rpc.status_code": "NOT_FOUND",
        "server.address": "127.0.0.1",
        "server.port": 7443,
        "nsor.agency": "npb",
        "nsor.reason": "NO_RECORD",
        "nsor.wait_seconds": 0.0,
        "nsor.gate_seconds": 0.0,
        "nsor.queue_seconds": 0.0,
        "nsor.commit_seconds": 0.0,
    }


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("OK", StatusCode.UNSET),
        ("PERMISSION_DENIED", StatusCode.UNSET),
        ("NOT_FOUND", StatusCode.UNSET),
        ("RESOURCE_EXHAUSTED", StatusCode.UNSET),
        ("INTERNAL", StatusCode.ERROR),
        ("UNAVAILABLE", StatusCode.ERROR),
        ("DEADLINE_EXCEEDED", StatusCode.ERROR),
        ("UNIMPLEMENTED", StatusCode.ERROR),
    ],
)
def test_only_a_servers_own_failures_are_errors(
    tracing: Tracing, exporter: InMemorySpanExporter, code: str, status: StatusCode
) -> None:
    tracing.call(METHOD, None).end(code)
    (ended,) = exporter.get_finished_spans()
    assert ended.status.status_code is status
    assert (ended.attributes or {}).get("error.type") == (code if status is StatusCode.ERROR else None)
    assert not ended.status.description
    assert not ended.events


@pytest.mark.parametrize("flags", ["01", "00"])
def test_a_callers_trace_goes_on_and_can_not_be_switched_off(
    tracing: Tracing, exporter: InMemorySpanExporter, flags: str
) -> None:
    # With the default sampler a caller would hide its calls by a flag.
    span = tracing.call(METHOD, PARENT[:-2] + flags)
    span.end()
    (ended,) = exporter.get_finished_spans()
    assert span.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert ended.parent is not None
    assert f"{ended.parent.span_id:016x}" == "b7ad6b7169203331"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "ff" + PARENT[2:],
        PARENT.upper(),
        PARENT + "x",
        "\u0660" * 55,
        "x" * 10_000,
    ],
)
def test_a_header_that_is_none_begins_a_new_trace(tracing: Tracing, header: str | None) -> None:
    span = tracing.call(METHOD, header)
    assert span.trace_id != bytes(16)
    assert span.trace_id.hex() != "0af7651916cd43dd8448eb211c80319c"


def test_a_method_that_does_not_exist_gives_the_span_no_name(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    # OpenTelemetry: the span is named by the system where the method is _OTHER.
    tracing.call(OTHER_METHOD, None).end("UNIMPLEMENTED", "UNKNOWN_METHOD")
    (ended,) = exporter.get_finished_spans()
    assert (ended.name, (ended.attributes or {})["rpc.method"]) == ("grpc", "_OTHER")


def test_a_resource_has_four_attributes_and_none_of_the_environment(
    tracing: Tracing, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "person=anybody")
    other = Tracing([SimpleSpanProcessor(exporter)], host="127.0.0.1")
    for each in (tracing, other):
        each.call(METHOD, None).end()
    first, second = (dict(span.resource.attributes) for span in exporter.get_finished_spans())
    assert sorted(first) == ["host.name", "service.instance.id", "service.name", "service.version"]
    assert first["service.name"] == "nsor-server"
    assert first.pop("service.instance.id") != second.pop("service.instance.id")
    assert first == second


@pytest.mark.parametrize(
    ("microseconds", "milliseconds"),
    [(0, 10), (2_000, 10), (10_000, 10), (10_001, 20), (20_001, 50), (499_000, 500), (3_600_000_000, 5_000_000)],
)
def test_a_duration_is_rounded_up_to_a_step(microseconds: int, milliseconds: int) -> None:
    # Opening a record takes some 50 us: no step but the first is crossed by that, and the first holds every fast call.
    assert rounding.rounded_up(microseconds * 1_000) == milliseconds * 1_000_000
    assert rounding.rounded_up_seconds(microseconds / 1e6) == milliseconds / 1e3


def test_every_span_of_a_call_and_of_a_commit_lasts_a_step(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    call = tracing.call(METHOD, None)
    message = tracing.message(call, METHOD)
    tracing.committed([call], lock=0.0012345, decide=0.000035, store=0.0023456, whole=True)
    message.end()
    call.end()
    work = tracing.work("work")
    work.close()
    for ended in exporter.get_finished_spans():
        assert (ended.end_time or 0) - (ended.start_time or 0) in rounding.STEPS_NS


def test_a_stream_lasts_whole_seconds(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    # One that its caller ends behind its first message is as long as it takes to answer that. In steps, one of a day
    # would end in a week.
    tracing.call(METHOD, None, is_stream=True).end()
    (ended,) = exporter.get_finished_spans()
    assert (ended.end_time or 0) - (ended.start_time or 0) == rounding.SECOND_NS
    assert rounding.rounded_up_to_a_second(7_200_000_000_001) == 7_201 * rounding.SECOND_NS


def test_phases_add_up_and_are_whole_milliseconds(
    tracing: Tracing, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    span = tracing.call(METHOD, None)
    for phase, seconds in (
        (attributes.WAIT, 0.0024),
        (attributes.GATE, 0.0009),
        (attributes.WAIT, 0.0017),
        (attributes.QUEUE, 0.0103),
    ):
        now += seconds
        span.passed(phase)
    now += 5
    span.begins()
    span.committed(0.00699)
    span.end()
    (ended,) = exporter.get_finished_spans()
    assert [(ended.attributes or {})[name] for name in attributes.PHASES] == [0.004, 0.0, 0.010, 0.006]


def test_a_commit_is_the_child_of_its_first_call_and_linked_to_the_others(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    calls = [tracing.call(METHOD, None) for _ in range(100)]
    tracing.committed(calls, lock=0.0012345, decide=0.000035, store=0.0023456, whole=True)
    (ended,) = exporter.get_finished_spans()
    assert ended.name == "ledger.commit"
    assert ended.parent == calls[0].context
    assert [link.context for link in ended.links] == [call.context for call in calls[1:]]
    assert ended.attributes == {
        "nsor.batch_size": 100,
        "nsor.lock_seconds": 0.001,
        "nsor.decide_seconds": 0.01,
        "nsor.store_seconds": 0.002,
    }
    assert ended.status.status_code is StatusCode.UNSET
    assert (ended.start_time or 0) > calls[0].start_ns


@pytest.mark.parametrize(("after_ms", "said_ms"), [(0, 0), (9, 0), (10, 10), (19, 10), (20, 20), (157, 100)])
def test_a_commit_begins_a_step_after_its_first_call(
    tracing: Tracing,
    exporter: InMemorySpanExporter,
    monkeypatch: pytest.MonkeyPatch,
    after_ms: int,
    said_ms: int,
) -> None:
    # With the call's phases an exact time would give that for which the call has read, by which a search shows a hit.
    now = 1_000_000_000_000_000_000
    monkeypatch.setattr("time.time_ns", lambda: now)
    call = tracing.call(METHOD, None)
    now += (after_ms + 4) * 1_000_000
    tracing.committed([call], lock=0.001, decide=0.001, store=0.002, whole=True)
    (ended,) = exporter.get_finished_spans()
    assert (ended.start_time or 0) - call.start_ns == (said_ms * 1_000_000 or 1)


def test_a_commit_that_fails_is_an_error_and_its_links_are_bounded(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    tracing.committed([tracing.call(METHOD, None)] * 1_000, lock=0.0, decide=0.0, store=0.1, whole=False)
    (ended,) = exporter.get_finished_spans()
    assert ended.status.status_code is StatusCode.ERROR
    assert (len(ended.links), (ended.attributes or {})["nsor.batch_size"]) == (127, 1_000)


def test_a_pass_has_a_span_when_it_writes_or_fails(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    passes = Passes(tracing, "duty-watch")
    passes.end()
    assert not exporter.get_finished_spans()
    for _ in range(2):
        entry = passes.entry("nsor-server/watch-duties")
        entry.recorded("5f0c8a0e-7d0b-4a9e-9f43-0b1f0a3f8f11")
        entry.close()
    passes.end()
    passes.end("OperationalError")
    first, second, whole, failed = exporter.get_finished_spans()
    assert (first.name, whole.name, failed.name) == ("nsor-server/watch-duties", "duty-watch pass", "duty-watch pass")
    assert first.parent == second.parent == whole.context
    assert first.attributes == {
        "nsor.outcome": "ALLOWED",
        "nsor.access_id": "5f0c8a0e-7d0b-4a9e-9f43-0b1f0a3f8f11",
    }
    assert whole.status.status_code is StatusCode.UNSET
    assert (failed.status.status_code, failed.attributes) == (
        StatusCode.ERROR,
        {"error.type": "OperationalError"},
    )
