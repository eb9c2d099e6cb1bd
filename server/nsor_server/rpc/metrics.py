"""Metrics for Prometheus: calls by method and code, certificates' ends, spans lost, the ledger's health. No person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from nsor_server.tracing.exporters import Destination


class Metrics:
    """What the server counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter("nsor_calls", "Calls answered.", ["method", "code"], registry=self.registry)
        self._children: dict[tuple[str, str], Counter] = {}
        self._not_after = Gauge(
            "nsor_certificate_not_after_seconds",
            "End of the certificate that is loaded, seconds since 1970.",
            ["certificate"],
            registry=self.registry,
        )

    def called(self, method: str, code: str) -> None:
        """Count a call."""
        key = (method, code)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._calls.labels(method, code)
        child.inc()

    def certificate(self, name: str, not_after: float) -> None:
        """Note the end of a certificate that was loaded, seconds since 1970."""
        self._not_after.labels(name).set(not_after)

    def watch(self, destinations: Sequence[Destination], healthy: Callable[[], bool]) -> None:
        """Collect the counts of spans and the ledger's health whenever somebody asks."""
        self.registry.register(_Collected(destinations, healthy))

    def serve(self, address: str) -> Callable[[], None]:
        """Answer Prometheus on HOST:PORT; returns what stops that."""
        host, _, port = address.rpartition(":")
        server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=self.registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join(timeout=5)

        return stop


class _Collected(Collector):
    def __init__(self, destinations: Sequence[Destination], healthy: Callable[[], bool]) -> None:
        self._destinations = destinations
        self._healthy = healthy

    def collect(self) -> Iterable[Metric]:
        """Give the current values."""
        spans = CounterMetricFamily(
            "nsor_spans", "Spans by destination: ended, exported, failed.", labels=["destination", "state"]
        )
        for destination in self._destinations:
            spans.add_metric([destination.name, "ended"], destination.counts.ended)
            spans.add_metric([destination.name, "exported"], destination.counts.exported)
            spans.add_metric([destination.name, "failed"], destination.counts.failed)
        yield spans
        yield GaugeMetricFamily(
            "nsor_ledger_healthy", "Whether accesses can be recorded.", value=float(self._healthy())
        )
