"""`nsor-server refusals`: refused and failed calls of some time, counted by agency, method and officer.

All of it is from the ledger's leaves and labels; no seal is opened. An officer's code is the label of his entries of
one method: the same code is the same officer, and says nothing of who it is. Where nobody acted there is none.
"""

import datetime as dt
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

import click

from nsor.cli import screen
from nsor.counting import counted as in_words
from nsor_server import config
from nsor_server.commands import known_agency
from nsor_server.formats.instants import to_us
from nsor_server.ledger import activity, operator
from nsor_server.storage.attach import attached
from nsor_server.tracing import attributes as names
from nsor_server.tracing import store
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
    """Count refused calls by agency, officer, method and reason, the most frequent first.

    The reason is from the local spans (NSOR_TRACE_STORE) where they are still there.
    """
    settings = config.load(os.environ)
    with attached(settings) as database, database.owner() as owner:
        if agency_id:
            known_agency.find(owner, agency_id)
        from_us = to_us(operator.now(owner) - since)
        found = [each for each in activity.refusals(owner, from_us) if agency_id in {None, each.agency}]
    counts, methods = counted(found, reasons_of(store.read(settings.state_dir)))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if as_json:
        for (agency, method, reason, officer), count in ordered:
            line = {"agency_id": agency, "method": method, "reason": reason, "officer_code": officer, "count": count}
            screen.echo_json(line)
        return
    if not ordered:
        screen.echo("No call was refused in that time.")
        return
    of_agencies: Counter[str] = Counter()
    for (agency, *_), count in ordered:
        of_agencies[agency] += count
    shown = ordered[:top]
    # By agency, and each line within 80 columns: a table that is fitted to the terminal cuts what is long.
    for agency in sorted({key[0] for key, _ in shown}, key=lambda each: (-of_agencies[each], each)):
        screen.echo(f"{agency or '(not known)'}  {of_agencies[agency]:,}")
        for (of, method, reason, officer), count in shown:
            if of == agency:
                screen.echo(f"{count:>9,}  {officer:<8}  {method.rpartition('/')[2]}  {reason}".rstrip())
    screen.echo(
        f"\n{len(shown)} of {in_words(len(ordered), 'lines')}, {in_words(counts.total(), 'calls', ',')}, "
        f"{in_words(len(methods), 'methods')}."
    )
    screen.echo("An officer's code is one officer within one method; a single call has none.")
    first = shown[0][0][0]
    screen.echo(f"Next: nsor-server traces --refused{f' --agency {first}' if first else ''}")


def reasons_of(found: Iterable[StoredSpan]) -> dict[str, str]:
    """Why calls weren't answered, by access id, as far as their spans are there: the reason, or else gRPC's code."""
    return {
        str(span.attributes[names.ACCESS_ID]): str(
            span.attributes.get(names.REASON) or span.attributes.get(names.RPC_STATUS, "")
        )
        for span in found
        if span.attributes.get(names.OUTCOME) != "ALLOWED" and names.ACCESS_ID in span.attributes
    }


def counted(found: list[activity.Refusal], reasons: dict[str, str]) -> tuple[Counter[Key], set[str]]:
    """Calls by agency, method, reason and officer's code; and which methods they were of.

    A label that stands for one access only is of that access: nobody acted, or one officer did once. Both have no code.
    """
    seen: defaultdict[tuple[str, str], int] = defaultdict(int)
    for each in found:
        seen[each.method, each.officer.hex] += 1
    counts: Counter[Key] = Counter()
    for each in found:
        officer = each.officer.hex[:8] if seen[each.method, each.officer.hex] > 1 else ""
        reason = reasons.get(str(each.access_id), "failed" if each.failed else "")
        counts[each.agency, each.method, reason, officer] += each.count
    return counts, {each.method for each in found}
