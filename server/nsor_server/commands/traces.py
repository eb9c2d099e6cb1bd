"""`nsor-server traces`: recent traces as trees in the terminal, from the local span store."""

from __future__ import annotations

import datetime as dt
import heapq
import json
import os
import re
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
from nsor_server.access.contract import Contract
from nsor_server.config import OperatorError
from nsor_server.tracing import spans, store
from nsor_server.tracing.asked import ANY, Filter, is_call
from nsor_server.tracing.asked import support_code as code_of
from nsor_server.tracing.store import StoredSpan

KARACHI = ZoneInfo("Asia/Karachi")
_DURATION = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?)(ms|s)")
_OUTCOMES = {"ALLOWED": "green", "REFUSED": "yellow", "FAILED": "red"}


class NoTraces(OperatorError):
    """There is nothing to show."""


def _milliseconds(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if found is None:
        raise click.BadParameter("a number and ms or s, such as 200ms or 2s")
    return float(found[1]) * (1 if found[2] == "ms" else 1000)


@click.command()
@click.option("--last", default=10, show_default=True, type=click.IntRange(1, 10_000), help="How many traces.")
@click.option("--trace-id", help="Only this trace: 32 hexadecimal digits, or its first ones.")
@click.option("--access-id", help="Only the call of this access id, as the ledger has it, or of its last digits.")
@click.option("--code", type=support_code, help="Only the call of this support code, as `nsor` prints it.")
@click.option("--agency", default="", help="Only calls of this agency.")
@click.option("--refused", is_flag=True, help="Only calls that were refused, or failed.")
@click.option("--slower-than", callback=_milliseconds, metavar="TIME", help="Only calls that took so long: 200ms, 2s.")
@click.option("--top", type=click.IntRange(1, 10_000), help="The slowest so many calls as a list; without streams.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a span, for programs.")
def traces(
    *,
    last: int,
    trace_id: str | None,
    access_id: str | None,
    code: str | None,
    agency: str,
    refused: bool,
    slower_than: float | None,
    top: int | None,
    as_json: bool,
) -> None:
    """Show recent traces as trees, the newest last; or with --top the slowest calls."""
    settings = config.load(os.environ)
    identifier = (access_id or code or "").replace("-", "").lower()
    asked = Filter(agency=agency, refused=refused, slower_ms=slower_than, access=identifier)
    found = store.read(settings.state_dir)
    if top is not None:
        chosen = [[call] for call in slowest(found, asked, top)]
    else:
        chosen = choose(found, last=last, trace_id=trace_id, asked=asked)
    if not chosen:
        raise NoTraces(
            "no such call in the local store; it is on with NSOR_TRACE_STORE=on, holds the newest spans alone, and "
            "they come with a delay of some seconds"
        )
    if as_json:
        for each in chosen:
            for span in each:
                sys.stdout.write(json.dumps(asdict(span)) + "\n")
    elif top is not None:
        for (call,) in chosen:
            click.echo(in_list(call))
        click.echo(f"\nNext: nsor-server traces --code {code_of(chosen[0][0])}")
    else:
        console = Console(highlight=False)
        for each in chosen:
            console.print(tree(each))


def choose(
    found: Iterable[StoredSpan], *, last: int, trace_id: str | None = None, asked: Filter = ANY
) -> list[list[StoredSpan]]:
    """The traces with a call that is asked for, each as its spans, in the order in which they began."""
    by_trace: defaultdict[str, dict[str, StoredSpan]] = defaultdict(dict)
    for span in found:
        if trace_id is None or span.trace.startswith(trace_id.lower()):
            by_trace[span.trace][span.span] = span
    ordered = sorted(
        (
            sorted(trace.values(), key=lambda span: span.start_ns)
            for trace in by_trace.values()
            if any(is_call(span) and asked.takes(span) for span in trace.values())
        ),
        key=lambda trace: trace[0].start_ns,
    )
    return ordered[-last:]


def slowest(found: Iterable[StoredSpan], asked: Filter, most: int) -> list[StoredSpan]:
    """The slowest calls, first the slowest of all; no streams, which are as long as their callers want."""
    methods = Contract.load().methods
    calls = (
        span
        for span in found
        if is_call(span) and asked.takes(span) and not (span.name in methods and methods[span.name].streaming)
    )
    return heapq.nlargest(most, calls, key=lambda span: span.end_ns - span.start_ns)


def in_list(call: StoredSpan) -> str:
    """A call in two lines of a list, each within 80 columns."""
    start = dt.datetime.fromtimestamp(call.start_ns / 1e9, dt.UTC).astimezone(KARACHI)
    outcome = str(call.attributes.get(spans.OUTCOME, ""))
    why = str(call.attributes.get(spans.ERROR_TYPE, ""))
    first = f"{duration(call.end_ns - call.start_ns):>9}  {call.name.rpartition('/')[2]}  {outcome} {why}".rstrip()
    agency = call.attributes.get(spans.AGENCY) or "(not known)"
    return f"{first}\n{start:%H:%M:%S}   {agency}  code {code_of(call)}"


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
    text = Text.assemble(
        (span.name.removeprefix("nsor.v1."), "red" if span.error else "cyan"),
        f"  {duration(span.end_ns - span.start_ns)}",
    )
    for name, style in ((spans.AGENCY, ""), (spans.PURPOSE, "dim"), (spans.RPC_STATUS, ""), (spans.ERROR_TYPE, "red")):
        value = span.attributes.get(name)
        if value and value != "UNSPECIFIED":
            text.append(f"  {value}", style)
    outcome = str(span.attributes.get(spans.OUTCOME, ""))
    text.append(f"  {outcome}" if outcome else "", _OUTCOMES.get(outcome, ""))
    if spans.BATCH_SIZE in span.attributes:
        text.append(f"  batch of {span.attributes[spans.BATCH_SIZE]}", "dim")
    if spans.ACCESS_ID in span.attributes:
        # In a line of its own: an id that is cut in two can't be pasted.
        text.append(f"\naccess {span.attributes[spans.ACCESS_ID]}", "dim")
    return text


def duration(nanoseconds: int) -> str:
    """A duration as people read it."""
    if nanoseconds < 1_000_000:
        return f"{nanoseconds / 1e3:.0f} µs"
    if nanoseconds < 1_000_000_000:
        return f"{nanoseconds / 1e6:.1f} ms"
    return f"{nanoseconds / 1e9:.2f} s"
