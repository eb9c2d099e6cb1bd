"""What a destination lost of its spans, told to itself once it takes spans again: as a span, with how many and why.

Whoever compares spans with entries (`verification/spans.py`) reads there why entries have none, wherever the spans are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, TraceFlags

from nsor_server.tracing.attributes import LOST_CAUSE, LOST_SPANS
from nsor_server.tracing.spans import IDS, SCOPE

NAME: Final = "tracing.lost"
QUEUE: Final = "queue"
"""Too many waited to be sent."""
COLLECTOR: Final = "collector"
"""The destination took them not, or not in time."""


@dataclass(slots=True)
class Counts:
    """How many spans a destination was given, took and lost; of those taken it may still be sending some."""

    ended: int = 0
    taken: int = 0
    exported: int = 0
    failed: int = 0


class Losses:
    """What one destination lost since it was last told. Its exporting thread alone uses this.

    Args:
        counts: of the destination.
        dropped: gives how many spans were lost since too many waited.
    """

    def __init__(self, counts: Counts, dropped: Callable[[], int]) -> None:
        self._counts = counts
        self._dropped = dropped
        self._told = {QUEUE: 0, COLLECTOR: 0}
        self._telling = dict(self._told)
        self._since_ns = time.time_ns()
        self._asked_ns = self._since_ns

    def untold(self, resource: Resource) -> Sequence[ReadableSpan]:
        """A span for each cause by which something was lost that wasn't told."""
        self._asked_ns = time.time_ns()
        self._telling = {QUEUE: self._dropped(), COLLECTOR: self._counts.failed}
        lost = {cause: count - self._told[cause] for cause, count in self._telling.items()}
        return [self._span(cause, count, resource) for cause, count in lost.items() if count > 0]

    def told(self) -> None:
        """The destination took what ``untold`` gave."""
        self._told = {cause: max(self._told[cause], count) for cause, count in self._telling.items()}
        self._since_ns = self._asked_ns

    def _span(self, cause: str, count: int, resource: Resource) -> ReadableSpan:
        context = SpanContext(
            IDS.generate_trace_id(), IDS.generate_span_id(), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
        )
        return ReadableSpan(
            NAME,
            context=context,
            resource=resource,
            attributes={LOST_SPANS: count, LOST_CAUSE: cause},
            start_time=self._since_ns,
            end_time=self._asked_ns,
            instrumentation_scope=SCOPE,
        )
