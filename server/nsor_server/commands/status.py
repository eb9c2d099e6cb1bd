"""`nsor-server status`: per agency its state, last call, refusals, streams, and certificate. Shows no person.

Last calls and refusals come from the ledger. Agencies and certificates are those that it proves, where the file of its
verifier keys is there (log_keys), and else what the tables say, which their owner can change: the output says which.
Open streams, and how its process is, the running server alone knows: they come from its metrics, if it has them
(NSOR_METRICS_LISTEN).
"""

import datetime as dt
import functools
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import click

from nsor.cli import screen
from nsor.counting import counted
from nsor_server import config, running
from nsor_server.access import directory, register_seal
from nsor_server.access.facts import Certificate
from nsor_server.calls import DecidedRows
from nsor_server.commands import health, known_agency
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import activity, directory_proof, operator
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.pki import index
from nsor_server.storage import decided_rows
from nsor_server.storage.attach import attached
from nsor_server.storage.decided_rows import Contradicted
from nsor_server.storage.pool import Connection

_HOUR: Final = dt.timedelta(hours=1)
_SOON: Final = dt.timedelta(days=14)
_PROVED: Final = "Agencies and certificates are those that the ledger proves."
_OF_TABLES: Final = (
    "Agencies and certificates are as the tables say; whoever owns the database can\n"
    "write others. To prove them: nsor-server check"
)


class _Deciding(NamedTuple):
    """The rows that decide.

    Attributes:
        rows: all of them.
        proved: the ledger proves them.
        contradiction: what of them isn't as the ledger says; empty: nothing, or it wasn't tried.
    """

    rows: DecidedRows
    proved: bool
    contradiction: str = ""


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
        deciding = _deciding(owner, settings.log_keys)
        at = operator.now(owner)
        agencies, certificates = directory.agencies(deciding.rows), directory.certificates(deciding.rows)
        if agency_id is not None and agency_id not in agencies:
            known_agency.find(owner, agency_id)
        found = [agencies[each] for each in sorted(agencies) if agency_id in {None, each}]
        ids = [each.agency_id for each in found]
        last = activity.last_calls(owner, ids)
        refused: Counter[str] = Counter()
        for refusal in activity.refusals(owner, to_us(at - _HOUR)):
            refused[refusal.agency] += refusal.count
    seal = register_seal.standing(deciding.rows).seal
    server = health.read(settings.metrics_listen)
    streams = None if server is None else server.streams
    missing = _missing(index_file, certificates.keys(), at)
    of_agency = _by_agency(certificates.values())
    lines = [
        {
            "agency_id": each.agency_id,
            "enabled": each.enabled,
            "last_call": None if each.agency_id not in last else instant(last[each.agency_id]).isoformat(),
            "streams": None if streams is None else streams.get(each.agency_id, 0),
            "refused_last_hour": refused[each.agency_id],
            "certificate": _certificate(of_agency[each.agency_id], at),
            "not_imported": missing.get(each.agency_id, []),
            "proved": deciding.proved,
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
    if deciding.contradiction:
        screen.echo(f"Wrong: what decides isn't what the ledger says:\n  {deciding.contradiction}")
        screen.echo("  nsor-server ledger verify")
    screen.echo(_PROVED if deciding.proved else _OF_TABLES)
    if server is None:
        screen.echo("Open streams and the server's health: not known; it needs NSOR_METRICS_LISTEN.")
    else:
        screen.echo("\n".join(_process(server)))
    for who, serials in sorted(missing.items()):
        screen.echo(f"Not imported for {who}: {', '.join(serials)}\n  nsor-server pki import {index_file}")
    screen.echo("Next: nsor-server refusals --since 1h")


def _deciding(owner: Connection, log_keys: Path) -> _Deciding:
    """Agencies, certificates and seals, proved by the ledger's verifier keys where there is a file of them.

    Args:
        owner: at the beginning of a transaction.
        log_keys: the file.

    Raises:
        Contradicted: a table was changed so that its rows can't be read.
    """
    contradiction = ""
    if log_keys.exists():
        prove = functools.partial(directory_proof.prove, keys=LogKeys.load(log_keys))
        try:
            return _Deciding(directory.proved_rows(owner, prove), proved=True)
        except Contradicted as error:
            contradiction = str(error)
            owner.rollback()
    return _Deciding(decided_rows.unproved(owner), proved=False, contradiction=contradiction)


def _by_agency(certificates: Iterable[Certificate]) -> defaultdict[str, list[Certificate]]:
    """The certificates of each agency; the one that ends last comes first."""
    found: defaultdict[str, list[Certificate]] = defaultdict(list)
    for each in sorted(certificates, key=lambda one: one.not_after, reverse=True):
        found[each.agency_id].append(each)
    return found


def _certificate(certificates: Sequence[Certificate], at: dt.datetime) -> str:
    """Until when the last of an agency's certificates holds, or why none does."""
    valid = [each for each in certificates if not each.revoked and each.not_after > at]
    if valid:
        soon = " (soon)" if valid[0].not_after - at < _SOON else ""
        return f"{valid[0].not_after.astimezone(KARACHI):%Y-%m-%d}{soon}"
    if not certificates:
        return "none imported"
    if certificates[0].revoked:
        return "revoked"
    return f"over {certificates[0].not_after.astimezone(KARACHI):%Y-%m-%d}"


def _when(last_us: int | None, at: dt.datetime) -> str:
    """An instant as short as it may be: today's as the time alone, in Pakistan."""
    if last_us is None:
        return "never"
    local = instant(last_us).astimezone(KARACHI)
    return f"{local:%H:%M:%S}" if local.date() == at.astimezone(KARACHI).date() else f"{local:%Y-%m-%d}"


def _missing(index_file: Path | None, known: Collection[str], at: dt.datetime) -> dict[str, list[str]]:
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
