"""`nsor-server traces`: recent traces as trees in the terminal, from the local span store."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from nsor.cli.arguments import support_code
from nsor_server import config
from nsor_server.config import OperatorError
from nsor_server.tracing import spans, store
from nsor_server.tracing.store import StoredSpan

KARACHI = ZoneInfo("Asia/Karachi")
_OUTCOMES = {"ALLOWED": "green", "REFUSED": "yellow", "FAILED": "red"}


class NoTraces(OperatorError):
    """There is nothing to show."""


@click.command()
@click.option("--last", default=10, show_default=True, type=click.IntRange(1, 10_000), help="How many traces.")
@click.option("--trace-id", help="Only this trace: 32 hexadecimal digits, or its first ones.")
@click.option("--code", type=support_code, help="Only the call of this support code, as `nsor` prints it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a span, for programs.")
def traces(last: int, trace_id: str | None, code: str | None, as_json: bool) -> None:
    """Show recent traces as trees, the newest last."""
    settings = config.load(os.environ)
    chosen = choose(store.read(settings.state_dir), last=last, trace_id=trace_id, code=code)
    if not chosen:
        raise NoTraces(
            "no such trace in the local store; it is on with NSOR_TRACE_STORE=on, and spans come with a delay of "
            "some seconds"
        )
    if as_json:
        for found in chosen:
            for span in found:
                sys.stdout.write(json.dumps(asdict(span)) + "\n")
        return
    console = Console(highlight=False)
    for found in chosen:
        console.print(tree(found))


def choose(
    found: Iterable[StoredSpan], *, last: int, trace_id: str | None, code: str | None = None
) -> list[list[StoredSpan]]:
    """The traces that are asked for, each as its spans, in the order in which they began."""
    digits = (code or "").replace("-", "").lower()
    by_trace: defaultdict[str, dict[str, StoredSpan]] = defaultdict(dict)
    for span in found:
        if trace_id is None or span.trace.startswith(trace_id.lower()):
            by_trace[span.trace][span.span] = span
    ordered = sorted(
        (
            sorted(trace.values(), key=lambda span: span.start_ns)
            for trace in by_trace.values()
            if any(_has_code(span, digits) for span in trace.values())
        ),
        key=lambda trace: trace[0].start_ns,
    )
    return ordered[-last:]


def _has_code(span: StoredSpan, digits: str) -> bool:
    """A code is the end of the access id, or of the trace id where the caller got no access id."""
    access = str(span.attributes.get(spans.ACCESS_ID, "")).replace("-", "")
    return access.endswith(digits) or span.trace.endswith(digits)


def tree(trace: list[StoredSpan]) -> Tree:
    """A trace as a tree. A parent that isn't here is the caller's own span."""
    here = {span.span for span in trace}
    children: defaultdict[str, list[StoredSpan]] = defaultdict(list)
    for span in trace:
        children[span.parent if span.parent in here else ""].append(span)
    start = dt.datetime.fromtimestamp(trace[0].start_ns / 1e9, dt.UTC).astimezone(KARACHI)
    root = Tree(Text.assemble("trace ", (trace[0].trace, "bold"), f"  {start:%Y-%m-%d %H:%M:%S} PKT"))

    def add(node: Tree, parent: str) -> None:
        for span in children.get(parent, ()):
            add(node.add(line(span)), span.span)

    add(root, "")
    return root


def line(span: StoredSpan) -> Text:
    """One span in one line."""
    text = Text.assemble((span.name, "red" if span.error else "cyan"), f"  {duration(span.end_ns - span.start_ns)}")
    for name, style in ((spans.AGENCY, ""), (spans.PURPOSE, "dim"), (spans.RPC_STATUS, ""), (spans.ERROR_TYPE, "red")):
        value = span.attributes.get(name)
        if value and value != "UNSPECIFIED":
            text.append(f"  {value}", style)
    outcome = str(span.attributes.get(spans.OUTCOME, ""))
    text.append(f"  {outcome}" if outcome else "", _OUTCOMES.get(outcome, ""))
    if spans.BATCH_SIZE in span.attributes:
        text.append(f"  batch of {span.attributes[spans.BATCH_SIZE]}", "dim")
    if spans.ACCESS_ID in span.attributes:
        text.append(f"  access {span.attributes[spans.ACCESS_ID]}", "dim")
    return text


def duration(nanoseconds: int) -> str:
    """A duration as people read it."""
    if nanoseconds < 1_000_000:
        return f"{nanoseconds / 1e3:.0f} µs"
    if nanoseconds < 1_000_000_000:
        return f"{nanoseconds / 1e6:.1f} ms"
    return f"{nanoseconds / 1e9:.2f} s"
