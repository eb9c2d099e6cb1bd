"""`nsor-server status`: per agency its state, last call, refusals, streams, and certificate. Shows no person.

Last calls and refusals come from the ledger, certificates from the database. Open streams, and how its process is, the
running server alone knows: they come from its metrics, if it has them (NSOR_METRICS_LISTEN).
"""

import datetime as dt
import os
from collections import Counter
from pathlib import Path
from typing import Final

import click

from nsor.cli import screen
from nsor.counting import counted
from nsor_server import config, running
from nsor_server.access import register_seal
from nsor_server.commands import health, known_agency
from nsor_server.directory import agencies, standing
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import activity, operator
from nsor_server.pki import index
from nsor_server.storage import decided_rows
from nsor_server.storage.attach import attached

_HOUR: Final = dt.timedelta(hours=1)
_SOON: Final = dt.timedelta(days=14)


@click.command()
@click.option("--agency", "agency_id", help="Only this agency.")
@click.option(
    "--index",
    "index_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The CA's index.jsonl: names certificates that the register hasn't imported.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def status(agency_id: str | None, index_file: Path | None, *, as_json: bool) -> None:
    """Show per agency: state, last call, open streams, refusals of the last hour, and the certificate's end."""
    settings = running.beside(config.load(os.environ))
    with attached(settings) as database, database.owner() as owner:
        at = operator.now(owner)
        found = (
            agencies.page(owner, after="", limit=known_agency.MOST_AGENCIES)
            if agency_id is None
            else [known_agency.find(owner, agency_id)]
        )
        ids = [each.agency_id for each in found]
        standings = standing.of_agencies(owner, ids)
        last = activity.last_calls(owner, ids)
        refused: Counter[str] = Counter()
        for refusal in activity.refusals(owner, to_us(at - _HOUR)):
            refused[refusal.agency] += refusal.count
        known = standing.serials(owner)
        seal = register_seal.standing(decided_rows.unproved(owner)).seal
    server = health.read(settings.metrics_listen)
    streams = None if server is None else server.streams
    missing = _missing(index_file, known, at)
    lines = [
        {
            "agency_id": each.agency_id,
            "enabled": each.enabled,
            "last_call": None if each.agency_id not in last else instant(last[each.agency_id]).isoformat(),
            "streams": None if streams is None else streams.get(each.agency_id, 0),
            "refused_last_hour": refused[each.agency_id],
            "certificate": _certificate(standings[each.agency_id], at),
            "not_imported": missing.get(each.agency_id, []),
        }
        for each in found
    ]
    if as_json:
        for line in lines:
            screen.echo_json(line)
        return
    if seal:
        screen.echo(f"SEALED since {seal[-1].at.astimezone(KARACHI):%Y-%m-%d %H:%M}: nobody is shown to anybody.\n")
    # Not a table that is fitted to the terminal: it would cut an id where it is long.
    width = max(map(len, ("agency", *ids)))
    screen.echo(f"{'agency':<{width}}  {'last call':<10}  open  refused  certificate until")
    for each, line in zip(found, lines, strict=True):
        called = _when(last.get(each.agency_id), at) if each.enabled else "disabled"
        opened = "?" if streams is None else str(line["streams"])
        certificate = str(line["certificate"]) + (", one not imported" if line["not_imported"] else "")
        counts = f"{opened:>4}  {refused[each.agency_id]:>7}"
        screen.echo(f"{each.agency_id:<{width}}  {called:<10}  {counts}  {certificate}")
    screen.echo(
        f"\n{counted(len(found), 'agencies')}. Refused: in the last hour; {refused['']} more of no known agency."
    )
    if server is None:
        screen.echo("Open streams and the server's health: not known; it needs NSOR_METRICS_LISTEN.")
    else:
        screen.echo("\n".join(_process(server)))
    for who, serials in sorted(missing.items()):
        screen.echo(f"Not imported for {who}: {', '.join(serials)}\n  nsor-server pki import {index_file}")
    screen.echo("Next: nsor-server refusals --since 1h")


def _certificate(found: standing.Standing, at: dt.datetime) -> str:
    """Until when the last of an agency's certificates holds, or why none does."""
    valid = found.valid(at)
    if valid:
        soon = " (soon)" if valid[0].not_after - at < _SOON else ""
        return f"{valid[0].not_after.astimezone(KARACHI):%Y-%m-%d}{soon}"
    if not found.certificates:
        return "none imported"
    if found.certificates[0].revoked:
        return "revoked"
    return f"over {found.certificates[0].not_after.astimezone(KARACHI):%Y-%m-%d}"


def _when(last_us: int | None, at: dt.datetime) -> str:
    """An instant as short as it may be: today's as the time alone, in Pakistan."""
    if last_us is None:
        return "never"
    local = instant(last_us).astimezone(KARACHI)
    return f"{local:%H:%M:%S}" if local.date() == at.astimezone(KARACHI).date() else f"{local:%Y-%m-%d}"


def _missing(index_file: Path | None, known: frozenset[str], at: dt.datetime) -> dict[str, list[str]]:
    """Serials of agencies' valid certificates in the CA's index that the register doesn't know, by agency."""
    found: dict[str, list[str]] = {}
    for line in index.fold(index.read(index_file)) if index_file is not None else ():
        issued = line.issued
        if issued.agency_id and line.revoked is None and issued.not_after > at and issued.serial not in known:
            found.setdefault(issued.agency_id, []).append(issued.serial)
    return found


def _process(found: health.Health) -> list[str]:
    """How the running server is, in lines."""
    since = instant(int(found.started * 1_000_000)).astimezone(KARACHI)
    busy, threads = found.threads
    load = f"{found.memory_bytes / 1e6:,.0f} MB, {busy} of {counted(threads, 'threads')} busy"
    waits = f"{counted(found.waiting, 'calls')} waiting"
    lines = [f"Server since {since:%Y-%m-%d %H:%M}: {load}, {waits}."]
    lines += [f"Wrong: {problem}." for problem in found.problems] or ["Nothing is wrong with it."]
    if found.alerts:
        lines.append("Alerts in its log; docs/runbook.md says what to do:")
        lines += [f"  {code}: {count}" for code, count in sorted(found.alerts.items())]
    return lines
