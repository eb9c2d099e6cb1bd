"""Metrics for Prometheus: calls by method and code, certificates' ends, spans lost, the ledger's health. No person.

The endpoint itself is `rpc/probes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
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

        self._dropped = Counter(
            "nsor_calls_dropped",
            "Calls that ended unread, by the agency that the certificate names.",
            ["agency"],
            registry=self.registry,
        )
        self._penalties = Counter(
            "nsor_penalties",
            "How often the calls of a certificate began to be dropped for a while.",
            ["agency"],
            registry=self.registry,
        )
        self._connections = Counter(
            "nsor_connections_closed",
            "Connections shut down since the certificate had too many or was revoked, by the agency that it names.",
            ["agency"],
            registry=self.registry,
        )
        self._lock_held = Histogram(
            "nsor_ledger_lock_seconds",
            "How long a commit held the lock of the ledger's head.",
            buckets=(0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1.0),
            registry=self.registry,
        )

    def lock_held(self, seconds: float) -> None:
        """Note for how long the head's lock was held."""
        self._lock_held.observe(seconds)

    def dropped(self, agency: str, *, calls: int, penalties: int, connections: int) -> None:
        """Note calls that were dropped, penalties that began, and connections that were shut down."""
        self._dropped.labels(agency).inc(calls)
        self._penalties.labels(agency).inc(penalties)
        self._connections.labels(agency).inc(connections)

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

    def watch_spans(self, destinations: Sequence[Destination]) -> None:
        """Collect the counts of spans whenever somebody asks."""
        self.registry.register(_Spans(destinations))

    def watch_ledger(
        self, healthy: Callable[[], bool], copy_behind: Callable[[], float], events_behind: Callable[[], float]
    ) -> None:
        """Collect the ledger's health, and for how many seconds copy and events are behind, whenever somebody asks."""
        self.registry.register(_Ledger(healthy, copy_behind, events_behind))

    def watch_directory(self, unproved_seconds: Callable[[], float]) -> None:
        """Collect for how long what decides hasn't been proved, whenever somebody asks."""
        gauge = Gauge(
            "nsor_directory_unproved_seconds",
            "For how long what decides hasn't been what the ledger says; 0: it is.",
            registry=self.registry,
        )
        gauge.set_function(unproved_seconds)

    def watch_movements(self, wait_seconds: Callable[[], float]) -> None:
        """Collect how long the oldest movement over the border waits to be compared, whenever somebody asks."""
        gauge = Gauge(
            "nsor_movements_wait_seconds",
            "For how long the oldest movement waits that the last fixed time has left to the next; 0: none.",
            registry=self.registry,
        )
        gauge.set_function(wait_seconds)

    def watch_search(self, is_ready: Callable[[], bool]) -> None:
        """Collect whether searches by name are answered.

        Not among how many: by whether that number grows when he is confirmed one would learn that somebody is held,
        and so that he was in the register before.
        """
        ready = Gauge("nsor_search_ready", "Whether the names for searches are read: 1 or 0.", registry=self.registry)
        ready.set_function(is_ready)

    def watch_streams(self, by_agency: Callable[[], Mapping[str, int]]) -> None:
        """Collect the open streams whenever somebody asks."""
        self.registry.register(_Streams(by_agency))


class _Spans(Collector):
    def __init__(self, destinations: Sequence[Destination]) -> None:
        self._destinations = destinations

    def collect(self) -> Iterable[Metric]:
        """Give the current counts."""
        spans = CounterMetricFamily(
            "nsor_spans", "Spans by destination: ended, exported, failed.", labels=["destination", "state"]
        )
        for destination in self._destinations:
            spans.add_metric([destination.name, "ended"], destination.counts.ended)
            spans.add_metric([destination.name, "exported"], destination.counts.exported)
            spans.add_metric([destination.name, "failed"], destination.counts.failed)
        yield spans


class _Streams(Collector):
    def __init__(self, by_agency: Callable[[], Mapping[str, int]]) -> None:
        self._by_agency = by_agency

    def collect(self) -> Iterable[Metric]:
        """Give the current counts."""
        streams = GaugeMetricFamily("nsor_streams", "Open streams by agency.", labels=["agency"])
        for agency_id, count in self._by_agency().items():
            streams.add_metric([agency_id], count)
        yield streams


class _Ledger(Collector):
    def __init__(
        self, healthy: Callable[[], bool], copy_behind: Callable[[], float], events_behind: Callable[[], float]
    ) -> None:
        self._healthy = healthy
        self._copy_behind = copy_behind
        self._events_behind = events_behind

    def collect(self) -> Iterable[Metric]:
        """Give the current health."""
        yield GaugeMetricFamily(
            "nsor_ledger_healthy", "Whether accesses can be recorded.", value=float(self._healthy())
        )
        yield GaugeMetricFamily(
            "nsor_outside_copy_behind_seconds",
            "For how long the outside copy of the checkpoints hasn't been written; 0: it keeps up.",
            value=self._copy_behind(),
        )
        yield GaugeMetricFamily(
            "nsor_events_behind_seconds",
            "For how long not all events have been delivered; 0: they are.",
            value=self._events_behind(),
        )
