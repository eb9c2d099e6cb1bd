"""What `ledger watch` finds by comparing new entries with the spans of their calls, look after look.

Spans come a little after their entries: each look compares what is older than a minute, and goes on there the next
time. The sums are since the watch began, as Prometheus likes its counters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.tracing import store
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification import spans
from nsor_server.verification.collectors import reading
from nsor_server.verification.collectors.fetch import Collector
from nsor_server.verification.report import Epochs, Report
from nsor_server.verification.spans import Cause, Source, Window

YOUNG_US: Final = 60_000_000
"""What is younger is compared at a later look."""
_LONGEST_US: Final = 60_000_000
"""So long before its entry a call's span may have begun."""
COLLECTOR_SECONDS: Final = 60.0
"""For what a collector is asked at one look: the next one waits for it, and what it would find of the ledger."""
MATCHED: Final = "nsor_watch_spans_matched_total"
METRICS: Final = (
    (MATCHED, "counter", "Spans that have their entry."),
    ("nsor_watch_spans_since_timestamp_seconds", "gauge", "From when on entries and spans are compared; 0: never."),
    ("nsor_watch_spans_until_timestamp_seconds", "gauge", "Up to when they have been; 0: never."),
)
"""Name, type and help of each metric, in the order of ``Sums.text``."""
DIFFERENCES: Final = "nsor_watch_span_differences_total"


@dataclass(frozen=True, slots=True)
class Seen:
    """Spans that are to be compared.

    Attributes:
        source: of them.
        since_us: from when on they are all there, microseconds since 1970; 0: from the first one on.
    """

    source: Source
    since_us: int


Read = Callable[[int, int], Seen | None]
"""Gives the spans from an instant on (0: however old they are) up to another one; None: no spans are kept there."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What was found since the watch began.

    Attributes:
        matched: spans that have their entry.
        causes: how many entries without a span and spans without an entry there are, by their cause.
        since_us: from when on, microseconds since 1970; 0: nothing was compared.
        until_us: up to when.
        unread: parts of that time whose spans couldn't be read.
    """

    matched: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    since_us: int = 0
    until_us: int = 0
    unread: int = 0

    def text(self) -> str:
        """The metrics in Prometheus' text format."""
        values = (self.matched, self.since_us / 1e6, self.until_us / 1e6)
        parts = [
            f"# HELP {name} {text}\n# TYPE {name} {kind}\n{name} {value}\n"
            for (name, kind, text), value in zip(METRICS, values, strict=True)
        ]
        parts.append(f"# HELP {DIFFERENCES} Entries without a span, and spans without an entry.\n")
        parts.append(f"# TYPE {DIFFERENCES} counter\n")
        parts += [f'{DIFFERENCES}{{cause="{cause.value}"}} {self.causes[cause.value]}\n' for cause in Cause]
        return "".join(parts)


class SpanWatch:
    """Compares what is new each time.

    Args:
        read: gives the spans.
        origin: the ledger's first origin.
    """

    def __init__(self, read: Read, origin: str) -> None:
        self._read, self._origin = read, origin
        self._next_us = 0
        self.sums = Sums()

    def seen(self, now_us: int) -> Seen | None:
        """The spans that the next comparison is about, read before the snapshot of the entries.

        Args:
            now_us: microseconds since 1970.
        """
        return self._read(self._next_us, now_us)

    def compare(self, conn: Connection, seen: Seen, keyring: Keyring, report: Report) -> None:
        """Compare them with the entries; what is wrong with the ledger is a finding.

        Args:
            conn: in one snapshot.
            seen: by ``seen``.
            keyring: opens what new epochs say.
            report: gets the findings and remarks.
        """
        until_us = seen.source.until_us - YOUNG_US
        if until_us < seen.since_us:
            return
        epochs = Epochs.load(conn, self._origin)
        found = spans.compare(conn, seen.source, keyring, epochs, report, since_us=seen.since_us, until_us=until_us)
        self._next_us = until_us + 1
        sums = self.sums
        self.sums = Sums(
            sums.matched + found.matched,
            sums.causes + Counter(found.causes),
            sums.since_us or found.since_us,
            until_us,
            sums.unread + found.unread,
        )


def of_local_store(state_dir: Path) -> Read:
    """Spans of the server's local store, of which only those of the time are held in memory."""

    def read(since_us: int, now_us: int) -> Seen | None:
        if not (state_dir / store.FOLDER).is_dir():
            return None
        begins_us, found = now_us, list[StoredSpan]()
        for span in store.read(state_dir):
            begins_us = min(begins_us, span.start_ns // 1000)
            if span.end_ns // 1000 >= since_us - _LONGEST_US:
                found.append(span)
        # Of what the store has thrown away before it was compared nothing is known: it isn't missing.
        return Seen(
            Source("the local store", [Window(begins_us, now_us, found)], now_us),
            max(since_us, begins_us) if since_us else 0,
        )

    return read


def of_collector(collector: Collector, seconds: float = COLLECTOR_SECONDS, *, back_us: int = 0) -> Read:
    """Spans that a collector keeps, asked for as they are compared; what it doesn't answer is counted, no finding.

    Args:
        collector: where it answers.
        seconds: for all that it is asked at one look, but for the answer that it is giving.
        back_us: the first look asks for spans of so many microseconds before it; of two minutes at least.
    """

    def read(since_us: int, now_us: int) -> Seen:
        since_us = since_us or now_us - max(back_us, 2 * YOUNG_US)
        source = reading.source(collector, since_us - _LONGEST_US, now_us - spans.CLOCKS_US, seconds=seconds)
        return Seen(source, since_us)

    return read
