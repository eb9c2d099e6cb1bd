"""Where spans go: to the collector that the standard OTEL_* variables name, and to the local store.

Each destination has a thread and a bounded queue of its own: a call never waits for it, and a full queue drops
spans and counts them. A collector that hangs costs spans, no more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from nsor_server.tracing.losses import Counts, Losses
from nsor_server.tracing.otlp import Exporter
from nsor_server.tracing.store import SpanStore

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
QUEUE = 16_384
"""Spans that may wait: about two seconds of a busy server, 30 MB."""
EXPORT_SECONDS = 5


_log = logging.getLogger(__name__)


class _Counting(SpanExporter):
    """Counts what its exporter takes and refuses."""

    def __init__(self, name: str, exporter: SpanExporter, counts: Counts, dropped: Callable[[], int]) -> None:
        self._name = name
        self._failing = False
        self._exporter = exporter
        self._counts = counts
        self._lost = Losses(counts, dropped)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._counts.taken += len(spans)
        told = self._lost.untold(spans[0].resource)
        result = self._exporter.export([*spans, *told])
        failed = result is not SpanExportResult.SUCCESS
        if not failed:
            self._lost.told()
        if failed:
            self._counts.failed += len(spans)
        else:
            self._counts.exported += len(spans)
        if failed != self._failing:
            self._failing = failed
            _log.warning("spans: %s %s", self._name, "takes none, they are lost" if failed else "takes them again")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


class Destination(BatchSpanProcessor):
    """A queue before an exporter, with counts for the metrics."""

    def __init__(self, name: str, exporter: SpanExporter, *, queue: int | None = QUEUE) -> None:
        self.name = name
        self.counts = Counts()
        self._lock = threading.Lock()
        super().__init__(_Counting(name, exporter, self.counts, lambda: self.dropped), max_queue_size=queue)

    def on_end(self, span: ReadableSpan) -> None:
        """Queue the span."""
        with self._lock:
            self.counts.ended += 1
        super().on_end(span)

    @property
    def waiting(self) -> int:
        """Spans in the queue."""
        return len(self._batch_processor._queue)  # noqa: SLF001 - the SDK tells it to its own metrics alone

    @property
    def dropped(self) -> int:
        """Spans that were lost since too many waited: all that ended, but those that were taken, and that wait."""
        # In this order: what ends or is taken meanwhile never counts as lost.
        ended = self.counts.ended
        waiting = self.waiting
        return max(0, ended - self.counts.taken - waiting)


def destinations(environ: Mapping[str, str], *, store_in: Path | None) -> list[Destination]:
    """The destinations that the environment and the settings name.

    Args:
        environ: for OTEL_*; the exporter reads the rest of these variables itself.
        store_in: state folder of the local store, or None.
    """
    # The exporter logs each failed batch with its collector's address; we say it once, below.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    found = []
    if environ.get("OTEL_SDK_DISABLED", "").lower() != "true" and any(environ.get(name) for name in ENDPOINTS):
        timeout = None if "OTEL_EXPORTER_OTLP_TIMEOUT" in environ else EXPORT_SECONDS
        queue = None if "OTEL_BSP_MAX_QUEUE_SIZE" in environ else QUEUE
        found.append(Destination("otlp", Exporter(timeout=timeout), queue=queue))
    if store_in is not None:
        found.append(Destination("store", SpanStore(store_in)))
    return found
