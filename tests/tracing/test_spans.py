import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from nsor_server.tracing import spans
from nsor_server.tracing.spans import Tracing, UnlistedAttribute

METHOD = "nsor.v1.LookupService/LookUpRegistration"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Tracing:
    return Tracing([SimpleSpanProcessor(exporter)], host="127.0.0.1")


def test_an_attribute_that_is_not_listed_is_a_fault_of_the_program(tracing: Tracing) -> None:
    # A list of what may be said, not of what may not: a person can't get into a span by mistake.
    span = tracing.call(METHOD, None)
    for name in ("nsor.cnic", "exception.message", "db.statement", "enduser.id"):
        with pytest.raises(UnlistedAttribute):
            span.set(name, "anything")


def test_a_span_has_the_stable_names_and_no_others(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    tracing.listening(7443)
    span = tracing.call(METHOD, None)
    span.set(spans.AGENCY, "npb")
    span.end("NOT_FOUND", "NO_RECORD")
    (ended,) = exporter.get_finished_spans()
    assert ended.name == METHOD
    assert ended.kind is SpanKind.SERVER
    assert dict(ended.attributes or {}) == {
        "rpc.system.name": "grpc",
        "rpc.method": METHOD,
        "rpc.response.status_code": "NOT_FOUND",
        "server.address": "127.0.0.1",
        "server.port": 7443,
        "error.type": "NO_RECORD",
        "nsor.agency": "npb",
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


def test_a_commit_is_the_child_of_its_first_call_and_linked_to_the_others(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    calls = [tracing.call(METHOD, None) for _ in range(200)]
    commit = tracing.commit(calls)
    commit.end()
    commit.end()
    (ended,) = exporter.get_finished_spans()
    assert ended.name == "ledger.commit"
    assert ended.parent == calls[0].context
    assert [link.context for link in ended.links] == [call.context for call in calls[1:]]
    assert (ended.attributes or {})["nsor.batch_size"] == 200
