"""Metrics for Prometheus: what the front door counts, and what others of the process tell when somebody asks.

What there may be, and why none of it tells of a person, is in `rpc/exposed.py`. The endpoint is `rpc/probes.py`.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from nsor.v1 import options_pb2
from nsor_server import alerts, logs
from nsor_server.ledger.writer import Written
from nsor_server.rpc.exposed import EXPOSED
from nsor_server.rpc.ranges import COUNTS, Ranges, Reading, merged, shown

CALL_MS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
COMMIT_MS: Final = (1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100, 250, 1000)
COMMIT_CALLS: Final = (1, 2, 4, 8, 16, 32, 64, 128)

Labels = tuple[str, ...]
Values = Mapping[Labels, float]
Key = tuple[str, int, str]
"""What calls are counted by: method, kind of agency, gRPC's code."""
_KINDS: Final[Mapping[int, str]] = {
    number: name.removeprefix("AGENCY_KIND_") if number else "UNKNOWN"
    for name, number in options_pb2.AgencyKind.items()
}


class Metrics:
    """What the server counts, and whom it asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._calls: dict[Key, Ranges] = {}
        self._streams: Counter[Key] = Counter()
        self._counts: dict[str, Counter[Labels]] = {
            name: Counter()
            for name in ("nsor_refusals", "nsor_calls_dropped", "nsor_penalties", "nsor_connections_closed")
        }
        self._ends: dict[Labels, float] = {}
        self._batches = Ranges(COMMIT_CALLS, COUNTS)
        self._queued, self._waited, self._locked, self._stored = (Ranges(COMMIT_MS) for _ in range(4))
        self.watch("nsor_certificate_not_after_seconds", lambda: self._ends)
        self.watch("nsor_alerts", lambda: {(code,): count for code, count in alerts.counts().items()})
        self.watch_one("nsor_log_lines_lost", logs.lost)
        for name, counted in self._counts.items():
            self.watch(name, lambda counted=counted: self._copied(counted))  # type: ignore[misc]  # bound at once
        self.registry.register(_Counted(self))
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def called(self, method: str, kind: int, code: str, seconds: float | None, trace_id: bytes) -> None:
        """Count a call.

        Args:
            method: full name, or ``_OTHER``.
            kind: of the agency, `options_pb2.AgencyKind`.
            code: name of gRPC's code.
            seconds: that it took; None of a stream, which is as long as its caller wants.
            trace_id: 16 bytes.
        """
        key = method, kind, code
        if seconds is None:
            with self._lock:
                self._streams[key] += 1
            return
        ranges = self._calls.get(key)
        if ranges is None:
            with self._lock:
                ranges = self._calls.setdefault(key, Ranges(CALL_MS))
        ranges.add(seconds, trace_id)

    def refused(self, reason: str, agency: str) -> None:
        """Count a refusal or a failure, of the agency that the certificate names, or of nobody: empty."""
        self._add("nsor_refusals", (reason, agency), 1)

    def committed(self, written: Written) -> None:
        """Note what a batch of the ledger's writer took."""
        self._batches.add(written.items)
        self._queued.add(written.queued)
        self._waited.add(written.waited)
        self._locked.add(written.locked)
        if written.stored is not None:
            self._stored.add(written.stored)

    def dropped(self, agency: str, *, calls: int, penalties: int, connections: int) -> None:
        """Note calls that were dropped, penalties that began, and connections that were shut down."""
        self._add("nsor_calls_dropped", (agency,), calls)
        self._add("nsor_penalties", (agency,), penalties)
        self._add("nsor_connections_closed", (agency,), connections)

    def certificate(self, name: str, not_after: float) -> None:
        """Note the end of a certificate that was loaded, seconds since 1970."""
        self._ends = {**self._ends, (name,): not_after}

    def watch(self, name: str, read: Callable[[], Values]) -> None:
        """Read a metric whenever somebody asks: by the values of its labels.

        Raises:
            KeyError: there is no such metric in `exposed`.
            ValueError: it is read already.
        """
        self.registry.register(_Read(name, read))

    def watch_one(self, name: str, read: Callable[[], float]) -> None:
        """As ``watch``, of one without labels."""
        self.watch(name, lambda: {(): float(read())})

    def _add(self, name: str, labels: Labels, count: int) -> None:
        with self._lock:
            self._counts[name][labels] += count

    def _copied(self, counted: Counter[Labels]) -> Values:
        with self._lock:
            return dict(counted)

    def families(self) -> Iterable[Metric]:
        """What is counted by ranges."""
        with self._lock:
            calls, streams = dict(self._calls), dict(self._streams)
        counted = _plain("nsor_calls")
        by_method: defaultdict[tuple[str, int], list[Reading]] = defaultdict(list)
        counts = Counter(streams)
        for key, ranges in calls.items():
            reading = ranges.read()
            counts[key] += sum(reading.counts)
            by_method[key[:2]].append(reading)
        for (method, kind, code), count in sorted(counts.items()):
            counted.add_metric((method, _KINDS[kind], code), count)
        yield counted
        taken = _histogram("nsor_call_seconds")
        for (method, kind), found in sorted(by_method.items(), key=lambda item: item[0]):
            taken.add_metric((method, _KINDS[kind]), *shown(merged(found), CALL_MS))
        yield taken
        sizes = _histogram("nsor_commit_calls")
        sizes.add_metric((), *shown(self._batches.read(), COMMIT_CALLS, COUNTS))
        yield sizes
        for name, ranges in (
            ("nsor_commit_queue_seconds", self._queued),
            ("nsor_commit_wait_seconds", self._waited),
            ("nsor_ledger_lock_seconds", self._locked),
            ("nsor_commit_seconds", self._stored),
        ):
            family = _histogram(name)
            family.add_metric((), *shown(ranges.read(), COMMIT_MS))
            yield family


class _Counted(Collector):
    """What is counted by ranges, as prometheus-client asks for it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """Give the current counts."""
        return self._metrics.families()


class _Read(Collector):
    """What somebody else of the process knows."""

    def __init__(self, name: str, read: Callable[[], Values]) -> None:
        self._name = name
        self._read = read
        _plain(name)

    def describe(self) -> Iterable[Metric]:
        """Its name, without asking anybody yet."""
        return (_plain(self._name),)

    def collect(self) -> Iterable[Metric]:
        """Ask now."""
        family = _plain(self._name)
        for labels, value in sorted(self._read().items()):
            family.add_metric(labels, value)
        return (family,)


def _plain(name: str) -> CounterMetricFamily | GaugeMetricFamily:
    """An empty counter or gauge, as it is exposed."""
    exposed = EXPOSED[name]
    if exposed.kind == "counter":
        return CounterMetricFamily(name, exposed.text, labels=exposed.labels)
    return GaugeMetricFamily(name, exposed.text, labels=exposed.labels)


def _histogram(name: str) -> HistogramMetricFamily:
    exposed = EXPOSED[name]
    return HistogramMetricFamily(name, exposed.text, labels=exposed.labels)
