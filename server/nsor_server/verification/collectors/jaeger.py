"""Jaeger's query API: `/api/traces`, as its own pages and Grafana use it (Jaeger 1 and 2)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from nsor_server.tracing.attributes import ACCESS_ID, LOST_CAUSE, LOST_SPANS, RPC_METHOD, RPC_STATUS, Value
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.collectors.fetch import Collector, NoAnswer, OtherAnswer, TooMuch
from nsor_server.verification.collectors.windows import MOST_TRACES, SERVICE

WANTED: Final = frozenset({ACCESS_ID, RPC_METHOD, RPC_STATUS, LOST_SPANS, LOST_CAUSE})
"""The attributes by which spans and entries are compared."""


class _Span(NamedTuple):
    process: str
    span: StoredSpan


def is_one(collector: Collector) -> bool:
    """Whether Jaeger answers there.

    Raises:
        NoAnswer: nobody does.
    """
    try:
        found = collector.json("/api/services", {})
    except OtherAnswer:
        return False
    return isinstance(found, dict) and "data" in found and "total" in found


def read(collector: Collector, first_us: int, end_us: int) -> tuple[list[StoredSpan], int]:
    """The register's spans in the traces of a time, and how many traces there are.

    Raises:
        NoAnswer: there is no whole answer.
        TooMuch: there may be more traces than it gave.
    """
    # Raw: otherwise Jaeger may move the times of spans by what it takes for the difference of clocks.
    query: dict[str, str | int] = {
        "service": SERVICE,
        "start": first_us,
        "end": end_us,
        "limit": MOST_TRACES,
        "raw": "true",
    }
    answer = collector.json("/api/traces", query, _slim)
    try:
        traces = answer["data"] or []
        if answer.get("errors"):
            raise NoAnswer("it answers in part")
        spans = [
            each.span
            for trace in traces
            for each in trace["spans"]
            if isinstance(each, _Span) and trace["processes"].get(each.process) == SERVICE
        ]
    except (TypeError, KeyError, AttributeError):
        raise NoAnswer("what it answers isn't Jaeger's") from None
    if len(traces) >= MOST_TRACES:
        raise TooMuch(f"it has {MOST_TRACES} traces or more of a time that can't be divided")
    return spans, len(traces)


def _slim(found: dict[str, Any]) -> Any:
    """A span with what is compared, a tag as a pair, a process as its service's name; anything else as it is."""
    if "operationName" in found and "spanID" in found:
        start_us, took_us = int(found["startTime"]), int(found["duration"])
        tags = [each for each in found["tags"] or () if isinstance(each, tuple)]
        attributes: dict[str, Value] = {
            key: value for key, value in tags if key in WANTED and isinstance(value, str | int | bool)
        }
        return _Span(
            str(found["processID"]),
            StoredSpan(
                str(found["traceID"]),
                str(found["spanID"]),
                "",
                str(found["operationName"]),
                start_us * 1000,
                (start_us + took_us) * 1000,
                error=False,
                attributes=attributes,
            ),
        )
    if "key" in found and "value" in found:
        return (found["key"], found["value"])
    if "serviceName" in found:
        return found["serviceName"]
    return found
