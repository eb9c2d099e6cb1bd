"""Tempo's query API: a search by TraceQL (`/api/search`), and a whole trace where it shows only a part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nsor_server.tracing import losses
from nsor_server.tracing.attributes import ACCESS_ID, LOST_CAUSE, LOST_SPANS, RPC_METHOD, RPC_STATUS, Value
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.collectors.fetch import Collector, NoAnswer, OtherAnswer, TooMuch
from nsor_server.verification.collectors.jaeger import WANTED
from nsor_server.verification.collectors.windows import MOST_TRACES, SERVICE

SPANS_OF_A_TRACE: Final = 100
"""The most that a search of Tempo shows, by its default settings."""
_QUERY: Final = (
    f'{{ resource.service.name = "{SERVICE}" && (span.{ACCESS_ID} != nil || name = "{losses.NAME}") }} | select(name, '
    + ", ".join(f"span.{each}" for each in (ACCESS_ID, RPC_METHOD, RPC_STATUS, LOST_SPANS, LOST_CAUSE))
    + ")"
)
_TRACE_ID: Final = re.compile(r"[0-9a-fA-F]{1,32}")


def is_one(collector: Collector) -> bool:
    """Whether Tempo answers there.

    Raises:
        NoAnswer: nobody does.
    """
    try:
        return collector.text("/api/echo").strip() == "echo"
    except OtherAnswer:
        return False


def read(collector: Collector, first_us: int, end_us: int) -> tuple[list[StoredSpan], int]:
    """The register's spans in the traces of a time, and how many traces there are.

    Raises:
        NoAnswer: there is no whole answer.
        TooMuch: there may be more traces than it gave.
    """
    times = {"start": first_us // 1_000_000, "end": -(-end_us // 1_000_000)}
    answer = collector.json("/api/search", {"q": _QUERY, "limit": MOST_TRACES, "spss": SPANS_OF_A_TRACE, **times})
    try:
        traces, metrics = answer.get("traces") or [], answer.get("metrics") or {}
        if len(traces) >= MOST_TRACES:
            raise TooMuch(f"it has {MOST_TRACES} traces or more of a time that can't be divided")
        if int(metrics.get("completedJobs", 0)) < int(metrics.get("totalJobs", 0)):
            raise NoAnswer("it answers in part")
        return [span for trace in traces for span in _spans(collector, trace, times)], len(traces)
    except (TypeError, KeyError, AttributeError, ValueError, ArithmeticError):
        raise NoAnswer("what it answers isn't Tempo's") from None


def _spans(collector: Collector, trace: Mapping[str, Any], times: Mapping[str, int]) -> Iterator[StoredSpan]:
    sets = trace.get("spanSets") or [trace["spanSet"]]
    trace_id = trace["traceID"]
    if all(int(each.get("matched", 0)) <= len(each["spans"]) for each in sets):
        for each in sets:
            for span in each["spans"]:
                start = int(span["startTimeUnixNano"])
                yield _span(trace_id, span, start, start + int(span.get("durationNanos", 0)))
        return
    if not _TRACE_ID.fullmatch(trace_id):
        raise ValueError("no trace id")
    whole = collector.json(f"/api/traces/{trace_id}", times)
    for batch in whole["batches"]:
        if dict(_attributes(batch["resource"])).get("service.name") == SERVICE:
            for scope in batch["scopeSpans"]:
                for span in scope["spans"]:
                    yield _span(trace_id, span, int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))


def _span(trace_id: str, span: Mapping[str, Any], start_ns: int, end_ns: int) -> StoredSpan:
    wanted: dict[str, Value] = {name: value for name, value in _attributes(span) if name in WANTED}
    return StoredSpan(trace_id, "", "", str(span["name"]), start_ns, end_ns, error=False, attributes=wanted)


def _attributes(of: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Attributes as OTLP writes them in JSON: a whole number as text."""
    for each in of.get("attributes", ()):
        value = each["value"]
        if "stringValue" in value:
            yield each["key"], str(value["stringValue"])
        elif "intValue" in value:
            yield each["key"], int(value["intValue"])
        elif "boolValue" in value:
            yield each["key"], bool(value["boolValue"])
