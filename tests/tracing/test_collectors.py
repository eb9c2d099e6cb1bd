"""Collectors that answer, refuse and hang: a call never waits for one, nor does the shutdown."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from nsor_server.tracing import losses
from nsor_server.tracing.exporters import QUEUE, Destination, destinations
from nsor_server.tracing.spans import Tracing

METHOD = "nsor.v1.DirectoryService/ListAgencies"


@pytest.fixture
def hanging() -> Iterator[str]:
    """A socket that accepts and never answers."""
    with contextlib.ExitStack() as held, socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        stop = threading.Event()

        def accept() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    held.enter_context(listening.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        thread.join()


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self) -> None:
        self.names: list[str] = []

    def Export(
        self, request: trace_service_pb2.ExportTraceServiceRequest, _context: grpc.ServicerContext
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        self.names += [span.name for r in request.resource_spans for s in r.scope_spans for span in s.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


def tracing_to(endpoint: str, monkeypatch: pytest.MonkeyPatch, store_in: Path | None = None) -> Tracing:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    return Tracing(destinations({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, store_in=store_in), host="127.0.0.1")


def test_a_collector_gets_the_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    tracing = tracing_to(f"http://127.0.0.1:{port}", monkeypatch)
    tracing.call(METHOD, None).end()
    tracing.shutdown(10)
    assert collector.names == [METHOD]
    server.stop(None)


def test_a_hanging_collector_slows_neither_a_call_nor_the_shutdown(
    hanging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A hang is not an error. This export goes on for longer than a test may take: whoever waited for it would not end.
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": hanging, "OTEL_EXPORTER_OTLP_TIMEOUT": "3600"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (collector,) = destinations(environ, store_in=None)
    tracing = Tracing([collector], host="127.0.0.1")
    for _ in range(20_000):
        tracing.call(METHOD, None).end()
    tracing.shutdown(1.0)
    assert (collector.counts.ended, collector.counts.exported, collector.counts.failed) == (20_000, 0, 0)
    # All are accounted for: one export hangs with what it has taken, as many wait as there is room for.
    assert (collector.waiting, collector.dropped) == (QUEUE, 20_000 - QUEUE - collector.counts.taken)
    assert collector.dropped > 0


def test_lost_spans_are_counted(hanging: str, monkeypatch: pytest.MonkeyPatch, state_dir: Path) -> None:
    # One collector that hangs doesn't keep the spans from the other destination.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", hanging)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": hanging, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    found = destinations(environ, store_in=state_dir)
    tracing = Tracing(found, host="127.0.0.1")
    for _ in range(100):
        tracing.call(METHOD, None).end()
    tracing.shutdown(8)
    collector, local = (destination.counts for destination in found)
    assert (collector.ended, collector.exported) == (100, 0)
    assert (local.ended, local.exported) == (100, 100)


def test_without_the_standard_variables_nothing_leaves(state_dir: Path) -> None:
    assert destinations({}, store_in=None) == []
    assert [each.name for each in destinations({}, store_in=state_dir)] == ["store"]


class Moody(SpanExporter):
    """Takes spans when it is told to, and keeps what it took; while it is held it takes nothing, and doesn't return."""

    def __init__(self) -> None:
        self.takes = True
        self.held = threading.Event()
        self.held.set()
        self.reached = threading.Event()
        self.kept: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.reached.set()
        self.held.wait()
        if not self.takes:
            return SpanExportResult.FAILURE
        self.kept += spans
        return SpanExportResult.SUCCESS

    def lost(self) -> list[tuple[object, object]]:
        return [
            ((span.attributes or {})["nsor.lost_spans"], (span.attributes or {})["nsor.lost_cause"])
            for span in self.kept
            if span.name == losses.NAME
        ]


def test_a_destination_that_takes_spans_again_is_told_how_many_it_lost_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever compares entries with spans, at the collector as here, reads there why entries have none.
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
    exporter = Moody()
    destination = Destination("moody", exporter, queue=8)
    tracing = Tracing([destination], host="127.0.0.1")

    def end(count: int) -> None:
        for _ in range(count):
            tracing.call(METHOD, None).end()
        assert destination.force_flush()

    end(2)
    before = time.time_ns()
    exporter.takes = False
    end(3)
    end(1)
    exporter.takes = True
    end(2)
    assert exporter.lost() == [(4, "collector")]
    (told,) = (span for span in exporter.kept if span.name == losses.NAME)
    assert (told.start_time or 0) <= before <= (told.end_time or 0) <= time.time_ns()
    end(1)
    assert exporter.lost() == [(4, "collector")]  # once is enough
    exporter.reached.clear()
    exporter.held.clear()
    tracing.call(METHOD, None).end()
    flushing = threading.Thread(target=destination.force_flush)
    flushing.start()
    assert exporter.reached.wait(20)
    for _ in range(20):
        tracing.call(METHOD, None).end()
    assert (destination.waiting, destination.dropped) == (8, 12)
    exporter.held.set()
    flushing.join()
    end(1)
    assert exporter.lost() == [(4, "collector"), (12, "queue")]
    kept = [span for span in exporter.kept if span.name == METHOD]
    assert destination.counts.ended == len(kept) + 4 + 12 == destination.counts.exported + 4 + 12
    tracing.shutdown(10)
