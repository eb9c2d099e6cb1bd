"""Spans of the client, made by OpenTelemetry's own SDK in memory: what they say, and whose trace they are part of."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from google.protobuf.message import Message
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode, TraceFlags

import nsor
from nsor import tracing
from nsor.v1 import lookup_pb2, notification_pb2, registration_pb2, types_pb2

if TYPE_CHECKING:
    from tests.client.conftest import Connect, Refusal, Register

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
EVENTS = "nsor.v1.NotificationService/SubscribeEvents"
CNIC = "35202-1234567-1"
REQUEST = lookup_pb2.LookUpRegistrationRequest(cnic=CNIC)


class Traced:
    """A program with OpenTelemetry's SDK, and the spans that it has made."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._kept))

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._kept.get_finished_spans()


@pytest.fixture
def traced() -> Traced:
    return Traced()


@pytest.fixture
def client(connect: Connect, traced: Traced) -> nsor.Client:
    return connect(officer=nsor.OfficerKey.generate(), tracer_provider=traced.provider)


def sent(register: Register) -> list[str]:
    return [str(call.metadata["traceparent"]) for call in register.calls]


def header(span: ReadableSpan) -> str:
    assert span.context is not None
    flags = span.context.trace_flags
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-{flags:02x}"


def found(_request: bytes) -> Message:
    return lookup_pb2.LookUpRegistrationResponse()


def test_a_call_is_one_span_under_the_program_s_own_and_the_register_is_told_it(
    register: Register, client: nsor.Client, traced: Traced
) -> None:
    register.answers[LOOK_UP] = found
    with traced.provider.get_tracer("program").start_as_current_span("work") as work:
        answer = client.lookup.look_up_registration(REQUEST)
    span, _ = traced.spans
    assert (span.name, span.kind, span.status.status_code) == (LOOK_UP, SpanKind.CLIENT, StatusCode.UNSET)
    assert span.parent == work.get_span_context()
    assert sent(register) == [header(span)]
    host, port = register.target.split(":")
    assert dict(span.attributes or {}) == {
        "rpc.system.name": "grpc",
        "rpc.method": LOOK_UP,
        "rpc.status_code": "OK",
        "server.address": host,
        "server.port": int(port),
        "nsor.access_id": answer.access_id,
    }
    assert span.context is not None
    assert answer.proof.trace_id == f"{span.context.trace_id:032x}"


def shape(span: ReadableSpan) -> object:
    """All of a span, as it goes to a collector, but for ids and times; and how large that is."""
    made = encode_spans([span])
    size = made.ByteSize()
    (sent,) = made.resource_spans[0].scope_spans[0].spans
    for each in ("trace_id", "span_id", "start_time_unix_nano", "end_time_unix_nano"):
        sent.ClearField(each)
    access_id = next(each for each in sent.attributes if each.key == tracing.ACCESS_ID)
    access_id.value.string_value = ""
    return made, size


def test_the_span_of_a_look_up_that_found_is_that_of_one_that_did_not(
    register: Register, client: nsor.Client, traced: Traced
) -> None:
    # The program's collector belongs to others; who is in the register isn't told by it.
    shown = registration_pb2.Registration(registration_id="0" * 36, person=types_pb2.Person(cnic=CNIC))
    outcome = lookup_pb2.LookUpRegistrationResponse
    for answer in (
        outcome(outcome=lookup_pb2.LOOK_UP_OUTCOME_FOUND, registration=shown),
        outcome(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD),
    ):
        register.answers[LOOK_UP] = lambda _request, answer=answer: answer  # type: ignore[misc]  # of this turn
        assert client.lookup.look_up_registration(REQUEST).message == answer
    found_one, found_nobody = map(shape, traced.spans)
    assert found_one == found_nobody


def test_a_traceparent_of_the_caller_is_the_parent_of_its_span(
    register: Register, client: nsor.Client, traced: Traced
) -> None:
    register.answers[LOOK_UP] = found
    client.lookup.look_up_registration(REQUEST, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    (span,) = traced.spans
    assert span.parent is not None
    assert (span.parent.trace_id, span.parent.span_id) == (int("a" * 32, 16), int("b" * 16, 16))


def test_each_attempt_is_a_span_of_one_trace(
    register: Register, client: nsor.Client, traced: Traced, refusals: type[Refusal]
) -> None:
    register.answers[LOOK_UP] = found
    failing = iter([refusals("UNAVAILABLE", "LEDGER_UNAVAILABLE"), refusals("RESOURCE_EXHAUSTED", "SHUTTING_DOWN")])
    register.before = lambda _call: next(failing, None)
    client.lookup.look_up_registration(REQUEST)
    spans = traced.spans
    assert [dict(span.attributes or {})["rpc.status_code"] for span in spans] == [
        "UNAVAILABLE", "RESOURCE_EXHAUSTED", "OK",
    ]  # fmt: skip
    assert [span.status.status_code for span in spans] == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]
    assert len({dict(span.attributes or {})["nsor.access_id"] for span in spans}) == 3
    assert sent(register) == [header(span) for span in spans]
    assert len({span.context.trace_id for span in spans if span.context}) == 1
    assert spans[0].parent is None
    for before, after in itertools.pairwise(spans):
        assert [link.context for link in after.links] == [before.context]
        assert after.parent == before.context


WRONG = {
    "refused": (nsor.Refused, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    "no proof": (nsor.ReceiptMissing, "OK", "RECEIPT_MISSING"),
    "no answer": (nsor.Unreachable, "UNKNOWN", "UNKNOWN"),
}
"""What the client raises, and the span's code and kind of error."""


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_goes_wrong_a_span_says_what_is_on_its_list_and_nothing_of_the_request(
    register: Register, client: nsor.Client, traced: Traced, refusals: type[Refusal], wrong: str
) -> None:
    # No personal data: no value of a request or an answer, no officer, no text of an error.
    register.answers[LOOK_UP] = found
    error, *said = WRONG[wrong]
    if wrong == "refused":
        register.before = lambda _call: refusals("INVALID_ARGUMENT", "INVALID_REQUEST", ((f"cnic {CNIC}", "FORM"),))
    elif wrong == "no proof":
        register.tamper = lambda _receipt: None
    else:
        register.before = lambda _call: refusals("UNKNOWN", "")
    with pytest.raises(error):
        client.lookup.look_up_registration(REQUEST)
    (span,) = traced.spans
    attributes = dict(span.attributes or {})
    assert [attributes["rpc.status_code"], attributes["error.type"]] == said
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert not span.events
    assert set(attributes) <= tracing.ALLOWED
    assert CNIC not in span.to_json()


def test_a_stream_is_one_span_that_ends_with_it(register: Register, client: nsor.Client, traced: Traced) -> None:
    messages = [
        notification_pb2.SubscribeEventsResponse(events=[notification_pb2.Event(sequence=n, event_id=str(n))])
        for n in (1, 2)
    ]
    register.streams[EVENTS] = lambda _request: iter(messages)
    events = iter(client.events(after_sequence=0, give_up_seconds=0))
    next(events)
    assert not traced.spans
    events.close()  # type: ignore[attr-defined]
    (span,) = traced.spans
    assert span.name == EVENTS
    assert dict(span.attributes or {})["rpc.status_code"] == "CANCELLED"
    assert span.status.status_code is StatusCode.UNSET
    assert sent(register) == [header(span)]


def test_what_the_program_samples_is_its_own_and_the_register_is_told_a_trace_all_the_same(
    register: Register, connect: Connect
) -> None:
    # The register records each call; by its flags the caller says what it has sampled itself.
    register.answers[LOOK_UP] = found
    client = connect(officer=nsor.OfficerKey.generate(), tracer_provider=TracerProvider(sampler=ALWAYS_OFF))
    answer = client.lookup.look_up_registration(REQUEST)
    (told,) = sent(register)
    assert not int(told.split("-")[3], 16) & TraceFlags.SAMPLED
    assert answer.proof.trace_id == told.split("-")[1]


def test_with_opentelemetry_s_api_alone_and_without_it_each_call_has_a_trace_of_its_own(
    register: Register, connect: Connect
) -> None:
    register.answers[LOOK_UP] = found
    for settings in ({}, {"tracer_provider": trace.NoOpTracerProvider()}):
        client = connect(officer=nsor.OfficerKey.generate(), **settings)
        for _ in range(2):
            client.lookup.look_up_registration(REQUEST)
    ids = [each.split("-")[1] for each in sent(register)]
    assert len(set(ids)) == len(ids) == 4
    assert all(int(each, 16) for each in ids)


def test_without_a_provider_opentelemetry_isn_t_imported() -> None:
    # An agency's program carries no more than it asked for.
    seen = "import sys, nsor.client; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", seen], check=False).returncode == 0


@pytest.mark.parametrize(
    ("target", "address", "port"),
    [
        ("register.example:7443", "register.example", 7443),
        ("dns:///register.example:7443", "register.example", 7443),
        ("[::1]:7443", "::1", 7443),
        ("ipv4:10.0.0.1:1,10.0.0.2:2", "ipv4:10.0.0.1:1,10.0.0.2:2", None),
    ],
)
def test_where_a_call_goes_is_said_as_opentelemetry_has_it(
    traced: Traced, target: str, address: str, port: int | None
) -> None:
    with tracing.Recorded(traced.provider, target=target).begin(LOOK_UP):
        pass
    attributes = dict(traced.spans[0].attributes or {})
    assert (attributes["server.address"], attributes.get("server.port")) == (address, port)
