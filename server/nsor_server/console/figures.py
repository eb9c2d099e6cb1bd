"""What the running server says of itself in its metrics: histograms as a few figures each, gauges as they are."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

WAIT_SECONDS: Final = 3
MOST_BYTES: Final = 8 * 1024 * 1024
_BUCKET: Final = "_bucket"
_LIMIT: Final = "le"


@dataclass(frozen=True, slots=True)
class Histogram:
    """One histogram since the server started.

    Attributes:
        name: of the metric.
        labels: what it is of, such as `method=...`; may be empty.
        meaning: as the server says it.
        count: how many observations.
        mean: of all.
        median: upper limit of the bucket that it lies in.
        p99: the same of 99 of 100.
    """

    name: str
    labels: str
    meaning: str
    count: int
    mean: float
    median: float
    p99: float


@dataclass(frozen=True, slots=True)
class Value:
    """One gauge: name, labels, meaning and value as in `Histogram`."""

    name: str
    labels: str
    meaning: str
    value: float


def read(address: str) -> list[Metric] | None:
    """What the server's endpoint tells; None: it doesn't answer, or not in time."""
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=WAIT_SECONDS) as answer:
            text = answer.read(MOST_BYTES).decode()
        return list(text_string_to_metric_families(text))
    except (urllib.error.URLError, OSError, ValueError):
        return None


def read_file(path: Path) -> list[Metric] | None:
    """What a file of metrics tells; None: there is none, or it is none."""
    try:
        with path.open("rb") as file:
            return list(text_string_to_metric_families(file.read(MOST_BYTES).decode()))
    except (OSError, ValueError):
        return None


def histograms(families: Sequence[Metric]) -> list[Histogram]:
    """Each histogram that has observed something."""
    found = []
    for family in families:
        if family.type != "histogram":
            continue
        buckets: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        sums: dict[str, float] = {}
        for sample in family.samples:
            labels = _labels({name: value for name, value in sample.labels.items() if name != _LIMIT})
            if sample.name.endswith(_BUCKET):
                buckets[labels].append((float(sample.labels[_LIMIT]), sample.value))
            elif sample.name.endswith("_sum"):
                sums[labels] = sample.value
        for labels, counts in buckets.items():
            counts.sort()
            count = counts[-1][1]
            if count:
                mean = sums.get(labels, 0.0) / count
                median, p99 = _quantile(counts, 0.5), _quantile(counts, 0.99)
                found.append(Histogram(family.name, labels, family.documentation, int(count), mean, median, p99))
    return found


def gauges(families: Sequence[Metric]) -> list[Value]:
    """Each gauge."""
    return [
        Value(family.name, _labels(sample.labels), family.documentation, sample.value)
        for family in families
        if family.type == "gauge"
        for sample in family.samples
    ]


def counters(families: Sequence[Metric]) -> list[Value]:
    """Each counter; its name ends in `_total`."""
    return [
        Value(sample.name, _labels(sample.labels), family.documentation, sample.value)
        for family in families
        if family.type == "counter"
        for sample in family.samples
        if sample.name.endswith("_total")
    ]


def _quantile(counts: Sequence[tuple[float, float]], share: float) -> float:
    """Upper limit of the bucket in which this share is reached."""
    wanted = counts[-1][1] * share
    return next(limit for limit, count in counts if count >= wanted)


def _labels(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))
