"""`nsor-server refusals`: refused and failed calls of some time, counted by agency, method and officer.

All of it is from the ledger's leaves and labels; no seal is opened. An officer's code is the label of his entries of
one method: the same code is the same officer, and says nothing of who it is. Where nobody acted there is none.
"""

import datetime as dt
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

import click
from rich import box
from rich.console import Console
from rich.table import Table

from nsor_server import config
from nsor_server.commands import known_agency
from nsor_server.formats.instants import to_us
from nsor_server.ledger import activity, operator
from nsor_server.storage.attach import attached
from nsor_server.tracing import spans, store
from nsor_server.tracing.store import StoredSpan

_SINCE: Final = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
Key = tuple[str, str, str, str]


def _period(_ctx: click.Context, _param: click.Parameter, text: str) -> dt.timedelta:
    found = _SINCE.fullmatch(text)
    if found is None:
        raise click.BadParameter("a number and m, h or d, such as 30m, 1h or 7d")
    return dt.timedelta(**{_UNITS[found[2]]: int(found[1])})


@click.command()
@click.option("--since", default="1h", show_default=True, callback=_period, metavar="PERIOD", help="30m, 1h, 7d.")
@click.option("--agency", "agency_id", help="Only this agency; '' for callers that no agency is known for.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="At most so many lines.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def refusals(since: dt.timedelta, agency_id: str | None, top: int, *, as_json: bool) -> None:
    """Count refused calls by agency, method, answer and officer, the most frequent first.

    The answer is gRPC's code, from the local spans (NSOR_TRACE_STORE) where they are still there.
    """
    settings = config.load(os.environ)
    with attached(settings) as database, database.owner() as owner:
        if agency_id:
            known_agency.find(owner, agency_id)
        from_us = to_us(operator.now(owner) - since)
        found = [each for each in activity.refusals(owner, from_us) if agency_id in {None, each.agency}]
    codes = codes_of(store.read(settings.state_dir))
    counts, methods = counted(found, codes)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if as_json:
        for (agency, method, code, officer), count in ordered:
            line = {"agency_id": agency, "method": method, "answer": code, "officer_code": officer, "count": count}
            click.echo(json.dumps(line))
        return
    if not ordered:
        click.echo("No call was refused in that time.")
        return
    table = Table("Calls", "Agency", "Method", "Answer", "Officer", box=box.SIMPLE, pad_edge=False)
    table.columns[0].justify = "right"
    for (agency, method, code, officer), count in ordered[:top]:
        table.add_row(f"{count:,}", agency or "(not known)", method.rpartition("/")[2], code, officer)
    Console(highlight=False).print(table)
    shown = min(top, len(ordered))
    click.echo(f"{shown} of {len(ordered)} lines, {sum(counts.values()):,} calls, {len(methods)} methods.")
    click.echo("An officer's code is one officer within one method. Next: nsor-server traces")


def codes_of(found: Iterable[StoredSpan]) -> dict[str, str]:
    """The code that the caller got, by access id, of calls that weren't answered, as far as their spans are there."""
    return {
        str(span.attributes[spans.ACCESS_ID]): str(span.attributes.get(spans.RPC_STATUS, ""))
        for span in found
        if span.attributes.get(spans.OUTCOME) != "ALLOWED" and spans.ACCESS_ID in span.attributes
    }


def counted(found: list[activity.Refusal], codes: dict[str, str]) -> tuple[Counter[Key], set[str]]:
    """Calls by agency, method, answer and officer's code; and which methods they were of.

    A label that stands for one access only is of that access: nobody acted, or one officer did once. Both have no code.
    """
    seen: defaultdict[tuple[str, str], int] = defaultdict(int)
    for each in found:
        seen[each.method, each.officer.hex] += 1
    counts: Counter[Key] = Counter()
    for each in found:
        officer = each.officer.hex[:8] if seen[each.method, each.officer.hex] > 1 else ""
        code = codes.get(str(each.access_id), "failed" if each.failed else "")
        counts[each.agency, each.method, code, officer] += each.count
    return counts, {each.method for each in found}
