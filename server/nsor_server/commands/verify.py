"""`nsor-server ledger verify`, and with it the whole group `ledger`."""

from __future__ import annotations

import contextlib
import functools
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import click
import psycopg
from psycopg.rows import TupleRow
from rich.markup import escape
from rich.progress import Progress

from nsor.cli import screen
from nsor.counting import counted
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.note import NoteError
from nsor_server import config
from nsor_server.commands.folding import say
from nsor_server.commands.ledger import snapshot
from nsor_server.commands.ledger_publish import ledger
from nsor_server.config import Settings
from nsor_server.ledger import leaf, outside, witness_keys
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import beside, indexes, second, visible
from nsor_server.verification import spans as of_spans
from nsor_server.verification.collectors import headers, reading
from nsor_server.verification.collectors.fetch import Collector, WrongUrl
from nsor_server.verification.report import Epochs, Report
from nsor_server.verification.verified import kept, of_contents, reported, verified
from nsor_server.verification.witnesses import CoSigned

__all__ = ["ledger"]

_SHOWN = 20


@ledger.command()
@click.option("--spans", is_flag=True, help="Also compare the entries with the local span store, both ways.")
@click.option(
    "--spans-from",
    "collector",
    metavar="URL",
    help="The same with the spans that a collector keeps: URL of the query API of Jaeger or Tempo.",
)
@click.option(
    "--spans-header-file",
    "header_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of mode 0600 with a line `Name: value` for each header that the collector wants, such as a token.",
)
@click.option(
    "--copy", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Another outside copy to compare."
)
@click.option(
    "--cosigned",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="A file of co-signed checkpoints: each must be one of this tree. Repeatable.",
)
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="KEY",
    help="Verifier key of a witness whose co-signature counts, or a file with it. Repeatable.",
)
def verify(
    *,
    spans: bool,
    collector: str | None,
    header_file: Path | None,
    copy: Path | None,
    cosigned: tuple[Path, ...],
    witnesses: tuple[str, ...],
) -> None:
    """Recompute the ledger from its leaves and compare everything with it. Exits 1 at the first bad index."""
    if bool(cosigned) != bool(witnesses):
        raise click.UsageError("--cosigned FILE and --witness KEY belong together.")
    second.collect_seldom()
    statements = CoSigned(cosigned, [_witness(each) for each in witnesses])
    settings = config.load(os.environ)
    asked = collector_of(collector, settings, header_file)
    keyring = keyring_of(settings)
    outside_copy = copy or settings.checkpoint_file
    with attached(settings) as database:
        # Both before the snapshot: a register that serves adds to them what the snapshot can't have.
        end = outside.extent(outside_copy)
        seen = of_spans.local(settings.state_dir) if spans else None
        with snapshot(database.connect()) as conn:
            report = whole(conn, database, keyring, settings, copy=(outside_copy, end), statements=statements)
            with kept(report), reported(conn, report):
                if seen is not None:
                    _compare_spans(conn, seen, keyring, settings, report)
                if asked is not None:
                    _compare_collected(conn, asked, keyring, settings, report)
            report.sort()
    _show(report)
    if report.findings:
        raise SystemExit(1)


def _compare_spans(
    conn: psycopg.Connection[TupleRow], source: of_spans.Source, keyring: Keyring, settings: Settings, report: Report
) -> None:
    epochs = Epochs.load(conn, settings.ledger_origin)
    if not of_spans.compare(conn, source, keyring, epochs, report).spans:
        report.add(-1, "the spans were not compared: there are none in the local store (setting trace_store)")


def _compare_collected(
    conn: psycopg.Connection[TupleRow], asked: Collector, keyring: Keyring, settings: Settings, report: Report
) -> None:
    """Compare with what a collector keeps. What it doesn't answer is no fault of the ledger."""
    times = conn.execute("SELECT extract(epoch FROM now()) * 1000000").fetchone()
    first = conn.execute("SELECT leaf FROM ledger_entry ORDER BY index LIMIT 1", binary=True).fetchone()
    if times is None or first is None:
        report.remarks.append("no spans were compared: there is no entry")
        return
    source = reading.source(
        asked, leaf.decode(first[0]).time_us - of_spans.CLOCKS_US, int(times[0]) - of_spans.CLOCKS_US
    )
    of_spans.compare(conn, source, keyring, Epochs.load(conn, settings.ledger_origin), report)


def collector_of(url: str | None, settings: Settings, header_file: Path | None = None) -> Collector | None:
    """A collector at an address, under the settings' trust; None: no address is given.

    Args:
        url: of its query API.
        settings: of the register.
        header_file: instead of the settings' one.

    Raises:
        click.UsageError: it is none, or its files can't be used.
    """
    if url is None:
        if header_file is not None:
            raise click.UsageError("--spans-header-file FILE belongs to --spans-from URL.")
        return None
    try:
        named = header_file or settings.spans_header_file
        sent = headers.read(named) if named is not None else {}
        trust = ssl.create_default_context(cafile=settings.spans_ca)
        if settings.spans_certificate is not None:
            trust.load_cert_chain(settings.spans_certificate, settings.spans_key)
        return Collector.parse(url, trust, sent)
    except WrongUrl as wrong:
        raise click.UsageError(f"--spans-from is not a collector's URL: {wrong}.") from None
    except headers.WrongHeaders as wrong:
        raise click.UsageError(f"The collector's headers (--spans-header-file, spans_header_file): {wrong}.") from None
    except OSError as error:
        why = error.strerror if error.filename else "it is no PEM, or the key isn't the certificate's"
        raise click.UsageError(f"spans_ca, spans_certificate or spans_key can't be read: {why}.") from None


def _witness(key: str) -> WitnessVerifier:
    """A witness's verifier key, from its text or from the file that is named."""
    try:
        text = key if key.count("+") >= 2 else Path(key).read_text(encoding="utf-8")
        return WitnessVerifier.parse(text)
    except (OSError, UnicodeDecodeError, NoteError):
        raise click.UsageError("--witness is a verifier key as `nsor ledger new-witness-key` prints it.") from None


def whole(
    conn: psycopg.Connection[TupleRow],
    database: Database,
    keyring: Keyring,
    settings: Settings,
    *,
    copy: tuple[Path, int],
    statements: CoSigned | None = None,
) -> Report:
    """Compare everything in one snapshot, in two processes where there is enough."""
    console = screen.console(stderr=True)
    with contextlib.ExitStack() as stack:
        # Where nobody watches it would leave empty lines in a log.
        progress = stack.enter_context(Progress(console=console, transient=True, disable=not console.is_terminal))
        of_tree, of_rest = _halves(progress)
        process = stack.enter_context(second.begun(conn, database, keyring, of_rest))
        tables = None
        if process is not None:
            tables = stack.enter_context(beside.begun(conn, database, functools.partial(_compare_tables, database)))
        report = verified(
            conn,
            keyring,
            settings.ledger_origin,
            copy,
            statements,
            witnesses=witness_keys.load(settings.witnesses),
            copy_was_there=copy[0] == settings.checkpoint_file and settings.copy_marker.exists(),
            progress=_paced(of_tree, process) if process else of_tree,
            second=process.report if process else lambda: of_contents(conn, keyring, of_rest),
            beside=tables.report if tables else None,
        )
    if tables is None:
        with kept(report):
            _compare_views(conn, database, report)
    report.sort()
    return report


def _paced(progress: Callable[[int, int], None], process: second.Second) -> Callable[[int, int], None]:
    """What hears how far the tree has come, and has it wait for the details."""

    def heard(done: int, of: int) -> None:
        progress(done, of)
        process.pace(done, of)

    return heard


def _halves(progress: Progress) -> list[Callable[[int, int], None]]:
    """What hears of each of the two parts how far it has come; they show as one bar."""
    task = progress.add_task("Entries", total=None)
    reached = [0, 0]

    def half(nth: int) -> Callable[[int, int], None]:
        def heard(done: int, of: int) -> None:
            reached[nth] = done
            progress.update(task, completed=sum(reached), total=2 * of)

        return heard

    return [half(nth) for nth in range(2)]


def _compare_tables(database: Database, conn: psycopg.Connection[TupleRow], report: Report) -> None:
    """Compare what PostgreSQL has most of the work with, on a connection of its own."""
    with reported(conn, report):
        indexes.compare(conn, report)
    _compare_views(conn, database, report)


def _compare_views(conn: psycopg.Connection[TupleRow], database: Database, report: Report) -> None:
    """Compare what the server sees with the migrations, and with what the owner sees."""
    visible.schema(conn, report)
    if database.url_owner is None:
        report.remarks.append("not compared: what the owner sees (NSOR_DATABASE_OWNER_URL isn't set)")
    else:
        with contextlib.closing(database.owner()) as owner:
            visible.join(owner, visible.exported(conn))
            visible.rows(conn, owner, report)


def _show(report: Report) -> None:
    for remark in report.remarks:
        say(f"[dim]{escape(remark)}[/]")
    if not report.findings:
        say(f"[green]whole[/] {counted(report.size, 'entries')}, {counted(report.checkpoints, 'checkpoints')}")
        say(f"  root {report.root.hex()}")
        return
    first = report.findings[0]
    where = f"first bad index {first.index}: " if first.index >= 0 else ""
    say(f"[red]broken[/] {where}{escape(first.problem)}")
    for finding in report.findings[1:_SHOWN]:
        say(f"  {finding.index if finding.index >= 0 else '-'}: {finding.problem}", markup=False)
    if len(report.findings) > _SHOWN:
        say(f"  and {len(report.findings) - _SHOWN} more")
