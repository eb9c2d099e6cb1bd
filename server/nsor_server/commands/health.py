"""What the running server says of itself in its metrics, for `nsor-server status`: streams, and how its process is."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from nsor.counting import counted

WAIT_SECONDS: Final = 3
MOST_BYTES: Final = 8 << 20
_WATCH_SECONDS: Final = 600
_BEHIND_SECONDS: Final = 10

Values = Mapping[str, Mapping[tuple[tuple[str, str], ...], float]]
"""By sample's name, and by its labels."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the server tells.

    Attributes:
        streams: open ones by agency.
        problems: what is wrong, in words; empty: nothing is.
        memory_bytes: of its process.
        started: seconds since 1970.
        threads: busy ones that run calls, and all of them.
        waiting: calls that wait for the ledger's writer.
        alerts: lines of the log since it began, by code; only those that there are.
    """

    streams: Mapping[str, int]
    problems: tuple[str, ...]
    memory_bytes: int
    started: float
    threads: tuple[int, int]
    waiting: int
    alerts: Mapping[str, int]


def read(address: str | None) -> Health | None:
    """What the server at an address tells; None: it has no endpoint, or doesn't answer in time."""
    if address is None:
        return None
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=WAIT_SECONDS) as answer:
            text = answer.read(MOST_BYTES).decode()
        values: defaultdict[str, dict[tuple[tuple[str, str], ...], float]] = defaultdict(dict)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                values[sample.name][tuple(sorted(sample.labels.items()))] = sample.value
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return _health(values)


def _health(values: Values) -> Health:
    alerts = {labels[0][1]: int(count) for labels, count in values.get("nsor_alerts_total", {}).items() if count}
    return Health(
        streams={labels[0][1]: int(count) for labels, count in values.get("nsor_streams", {}).items()},
        problems=tuple(_problems(values)),
        memory_bytes=int(_one(values, "process_resident_memory_bytes", 0)),
        started=_one(values, "process_start_time_seconds", 0),
        threads=(
            int(_one(values, "nsor_threads", 0, pool="unary", state="busy")),
            int(_one(values, "nsor_threads", 0, pool="unary", state="all")),
        ),
        waiting=int(_one(values, "nsor_queue_length", 0, queue="writer")),
        alerts=alerts,
    )


def _problems(values: Values) -> list[str]:
    """What is wrong; what an older server doesn't tell isn't."""
    found = []
    if not _one(values, "nsor_ledger_healthy", 1):
        found.append("it can't record accesses, and answers nothing")
    if _one(values, "nsor_directory_unproved_seconds", 0):
        found.append("what decides isn't what the ledger says")
    for name, what in (
        ("nsor_outside_copy_behind_seconds", "the outside copy isn't written"),
        ("nsor_events_behind_seconds", "events are not delivered"),
    ):
        if _one(values, name, 0) > _BEHIND_SECONDS:
            found.append(what)
    if not _one(values, "nsor_search_ready", 1):
        found.append("the names for searches are not read yet")
    found += [
        f"{labels[0][1]} has ended no round for {counted(round(seconds / 60), 'minutes')}"
        for labels, seconds in values.get("nsor_watch_age_seconds", {}).items()
        if seconds > _WATCH_SECONDS
    ]
    return found


def _one(values: Values, name: str, without: float, **labels: str) -> float:
    return values.get(name, {}).get(tuple(sorted(labels.items())), without)
