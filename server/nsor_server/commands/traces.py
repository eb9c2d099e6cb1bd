"""`nsor-server traces`: recent traces as trees in the terminal, from the local span store."""

from __future__ import annotations

import datetime as dt
import heapq
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from zoneinfo import ZoneInfo

import click
from rich.text import Text
from rich.tree import Tree

from nsor.cli import screen
from nsor.cli.arguments import part_of_id
from nsor.counting import agreeing
from nsor_server import config
from nsor_server.access.contract import Contract
from nsor_server.config import OperatorError
from nsor_server.tracing import attributes as names
from nsor_server.tracing import store
from nsor_server.tracing.asked import ANY, Filter, is_call, is_rounded
from nsor_server.tracing.asked import support_code as code_of
from nsor_server.tracing.attributes import Value
from nsor_server.tracing.store import StoredSpan

KARACHI = ZoneInfo("Asia/Karachi")
_DURATION = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,3})?)(ms|s)")
_SAID = (
    (names.AGENCY, ""),
    (names.PURPOSE, "dim"),
    (names.RPC_STATUS, ""),
    (names.REASON, "red"),
    (names.ERROR_TYPE, "red"),
    (names.LOST_CAUSE, "red"),
)
"""What is said of a span in its line, in this order."""
_COUNTED = ((names.BATCH_SIZE, "batch of {}"), (names.EVENTS, "{} events"), (names.LOST_SPANS, "{} spans"))
_PHASES = (
    (names.WAIT_SECONDS, "wait"),
    (names.GATE_SECONDS, "gate"),
    (names.QUEUE_SECONDS, "queue"),
    (names.COMMIT_SECONDS, "commit"),
    (names.LOCK_SECONDS, "lock"),
    (names.DECIDE_SECONDS, "decide up to"),
    (names.STORE_SECONDS, "store"),
)
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
@click.option(
    "--access-id",
    "--code",
    "access_id",
    type=part_of_id,
    help="Only the call of this access: its id, or its support code, as `nsor` prints it.",
)
@click.option("--agency", default="", help="Only calls of this agency.")
@click.option("--work", is_flag=True, help="Also what the register did by itself: passes, deliveries, spans lost.")
@click.option("--refused", is_flag=True, help="Only calls that were refused, or failed.")
@click.option(
    "--slower-than",
    callback=_milliseconds,
    metavar="TIME",
    help="Only calls that took so long, rounded up as they are shown: 200ms, 2s.",
)
@click.option("--top", type=click.IntRange(1, 10_000), help="The slowest so many calls as a list; without streams.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a span, for programs.")
def traces(
    *,
    last: int,
    trace_id: str | None,
    access_id: str | None,
    agency: str,
    work: bool,
    refused: bool,
    slower_than: float | None,
    top: int | None,
    as_json: bool,
) -> None:
    """Show recent traces as trees, the newest last; or with --top the slowest calls."""
    settings = config.load(os.environ)
    asked = Filter(agency=agency, refused=refused, slower_ms=slower_than, access=access_id or "")
    found = store.read(settings.state_dir)
    if top is not None:
        chosen = [[call] for call in slowest(found, asked, top)]
    else:
        chosen = choose(found, last=last, trace_id=trace_id, asked=asked, work=work)
    if not chosen:
        raise NoTraces(
            "There is no such call in the local store. It keeps the newest spans alone, which come some seconds late; "
            "NSOR_TRACE_STORE=on switches it on." + (" Agencies' ids: `nsor-server agency list`." if agency else "")
        )
    if as_json:
        for each in chosen:
            for span in each:
                screen.echo_json(asdict(span))
    elif top is not None:
        for (call,) in chosen:
            screen.echo(in_list(call))
        screen.echo(f"\nNext: nsor-server traces --code {code_of(chosen[0][0])}")
    else:
        console = screen.console()
        for each in chosen:
            console.print(tree(each))


def choose(
    found: Iterable[StoredSpan], *, last: int, trace_id: str | None = None, asked: Filter = ANY, work: bool = False
) -> list[list[StoredSpan]]:
    """The traces with a call that is asked for, each as its spans, in the order in which they began.

    With ``work`` those without a call as well, if nothing else is asked of calls.
    """
    calls_alone = asked != ANY or not work
    by_trace: defaultdict[str, dict[str, StoredSpan]] = defaultdict(dict)
    for span in found:
        if trace_id is None or span.trace.startswith(trace_id.lower()):
            by_trace[span.trace][span.span] = span
    ordered = sorted(
        (
            sorted(trace.values(), key=lambda span: span.start_ns)
            for trace in by_trace.values()
            if any(is_call(span) and asked.takes(span) for span in trace.values())
            or not (calls_alone or any(map(is_call, trace.values())))
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
    outcome = str(call.attributes.get(names.OUTCOME, ""))
    why = str(call.attributes.get(names.REASON, ""))
    first = f"{took(call):>9}  {call.name.rpartition('/')[2]}  {outcome} {why}".rstrip()
    agency = call.attributes.get(names.AGENCY) or "(not known)"
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
        f"  {took(span)}",
    )
    for name, style in _SAID:
        value = span.attributes.get(name)
        if value and value != "UNSPECIFIED":
            # A purpose in words, as on the pages; codes stay as they are, so that they can be searched for.
            said = str(value).lower().replace("_", " ") if name == names.PURPOSE else value
            text.append(f"  {said}", style)
    outcome = str(span.attributes.get(names.OUTCOME, ""))
    text.append(f"  {outcome}" if outcome else "", _OUTCOMES.get(outcome, ""))
    for name, what in _COUNTED:
        if name in span.attributes:
            text.append(f"  {agreeing(what, span.attributes[name])}", "dim")
    phases = [f"{word} {_thousandths(span.attributes[name])}" for name, word in _PHASES if name in span.attributes]
    if phases:
        text.append(f"\n{', '.join(phases)} ms", "dim")
    if names.ACCESS_ID in span.attributes:
        # In a line of its own: an id that is cut in two can't be pasted.
        text.append(f"\naccess {span.attributes[names.ACCESS_ID]}", "dim")
    return text


def took(span: StoredSpan) -> str:
    """How long a span was; of most it is known up to a step."""
    nanoseconds = span.end_ns - span.start_ns
    return f"≤{duration(nanoseconds)}" if is_rounded(span) else duration(nanoseconds)


def _thousandths(seconds: Value) -> int:
    return round(float(seconds) * 1000)


def duration(nanoseconds: int) -> str:
    """A duration as people read it."""
    if nanoseconds < 1_000_000:
        return f"{nanoseconds / 1e3:.0f} µs"
    if nanoseconds < 1_000_000_000:
        return f"{nanoseconds / 1e6:.3g} ms"
    return f"{nanoseconds / 1e9:.2f} s"
