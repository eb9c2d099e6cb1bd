"""The time under the ledger head's lock, from the servers' own metrics."""

from __future__ import annotations

import math
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_NAME = "nsor_ledger_lock_seconds"


def buckets(addresses: Sequence[str]) -> Counter[float]:
    """Commits by the upper bound of their bucket, in seconds, of all servers together; each counts from 0 on."""
    found: Counter[float] = Counter()
    for sample in _samples(addresses):
        if sample.name == f"{_NAME}_bucket":
            found[float(sample.labels["le"])] += int(sample.value)
    return found


def held_seconds(addresses: Sequence[str]) -> float:
    """For how long the lock was held, by all servers together; it counts from 0 on."""
    return sum(sample.value for sample in _samples(addresses) if sample.name == f"{_NAME}_sum")


def _samples(addresses: Sequence[str]) -> Iterator[Sample]:
    for address in addresses:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        for family in text_string_to_metric_families(text):
            yield from family.samples


def quantile(before: Counter[float], after: Counter[float], share: float) -> float | None:
    """The seconds within which ``share`` of the commits between two readings let the lock go; None: not measured.

    Between two bounds it is taken to rise evenly; beyond the last one it is infinite.
    """
    counts = {bound: after[bound] - before[bound] for bound in sorted(after)}
    total = counts.get(math.inf, 0)
    low, below = 0.0, 0
    for bound, count in counts.items():
        if total and count >= share * total:
            return low + (bound - low) * (share * total - below) / (count - below)
        low, below = bound, count
    return None
