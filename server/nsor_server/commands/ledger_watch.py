"""`nsor-server ledger watch`: verify what comes as it comes, and everything once a day; tell of the first bad index."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

import click
import psycopg

from nsor.cli import screen
from nsor.counting import counted
from nsor_server import config, logs
from nsor_server.alerts import Alert, alert
from nsor_server.commands.ledger import snapshot
from nsor_server.commands.verify import collector_of, ledger, whole
from nsor_server.commands.watched_spans import SpanWatch, Sums, of_collector, of_local_store
from nsor_server.config import Settings
from nsor_server.ledger import outside
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import second
from nsor_server.verification.collectors.windows import SECONDS
from nsor_server.verification.increments import increment
from nsor_server.verification.reached import Reached
from nsor_server.verification.report import Finding, Report
from nsor_server.verification.spans import Cause
from nsor_server.verification.verified import reported

__all__ = ["ledger"]

_log = logging.getLogger(__name__)
METRICS: Final = (
    ("nsor_watch_findings", "What the newest verification found; 0: the ledger is whole."),
    (
        "nsor_watch_first_bad_index",
        "Index of the first entry that is wrong; -1: none is.",
    ),
    ("nsor_watch_entries", "Entries that were verified."),
    ("nsor_watch_increment_timestamp_seconds", "When new entries were last verified, in seconds since 1970."),
    ("nsor_watch_whole_timestamp_seconds", "When everything was last verified, in seconds since 1970."),
    ("nsor_watch_whole_seconds", "How long that took."),
)
"""Name and help of each metric, in the order of ``Result.values``."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the newest verification said.

    Attributes:
        findings: as ``Report``'s.
        entries: that were verified.
        increment_at: when new entries were last verified, in seconds since 1970; 0: never.
        whole_at: when everything was.
        whole_seconds: how long that took.
        spans: what comparing entries with spans has found; None: they aren't compared.
    """

    findings: list[Finding] = field(default_factory=list)
    entries: int = 0
    increment_at: float = 0.0
    whole_at: float = 0.0
    whole_seconds: float = 0.0
    spans: Sums | None = None

    @property
    def first_bad(self) -> int:
        """The index of the first bad entry, or -1."""
        return self.findings[0].index if self.findings else -1

    def text(self) -> str:
        """The metrics in Prometheus' text format, as node_exporter's textfile collector reads them."""
        values = (
            len(self.findings),
            self.first_bad,
            self.entries,
            self.increment_at,
            self.whole_at,
            self.whole_seconds,
        )
        parts = (
            f"# HELP {name} {text}\n# TYPE {name} gauge\n{name} {value}\n"
            for (name, text), value in zip(METRICS, values, strict=True)
        )
        return "".join(parts) + ("" if self.spans is None else self.spans.text())


class Watch:
    """Verifies again and again, and remembers in memory alone what it has verified."""

    def __init__(
        self,
        settings: Settings,
        keyring: Callable[[], Keyring],
        tell: Callable[[Result, str], None],
        spans: SpanWatch | None = None,
    ) -> None:
        """Prepare.

        Args:
            settings: of the register.
            keyring: gives its keyring, as it is now: it may be rotated meanwhile.
            tell: hears what each verification said, with a line for people.
            spans: compares entries with spans, too.
        """
        self._settings, self._keyring, self._tell, self._spans = settings, keyring, tell, spans
        self._reached: Reached | None = None
        self._whole_due = 0.0
        self._result = Result()

    def look(self, now: float, whole_seconds: float) -> Result:
        """Verify everything if that is due, and otherwise what is new.

        Args:
            now: ``time.monotonic``.
            whole_seconds: after so long everything is verified again.

        Raises:
            psycopg.Error: the database doesn't answer: nothing is known.
        """
        is_whole = self._reached is None or now >= self._whole_due
        began, before = time.monotonic(), self._result
        with attached(self._settings) as database:
            report = self._verified(database, None if is_whole else self._reached)
        at = time.time()
        if is_whole:
            self._whole_due = now + whole_seconds
        self._result = Result(
            findings=report.findings,
            entries=report.size,
            increment_at=at,
            whole_at=at if is_whole else before.whole_at,
            whole_seconds=time.monotonic() - began if is_whole else before.whole_seconds,
            spans=None if self._spans is None else self._spans.sums,
        )
        self._reached = report.reached
        new = report.size - (0 if is_whole else before.entries)
        what = "everything" if is_whole else counted(new, "new entries")
        line = f"{what} verified: {counted(report.size, 'entries')}, {counted(len(report.findings), 'findings')}"
        self._tell(self._result, line + _of_spans(before.spans or Sums(), self._result.spans, is_whole=is_whole))
        return self._result

    def _verified(self, database: Database, since: Reached | None) -> Report:
        copy, keyring = self._settings.checkpoint_file, self._keyring()
        # Before the snapshot: a register that serves adds to it what the snapshot can't have.
        measured = (copy, outside.extent(copy))
        seen = None if self._spans is None else self._spans.seen(time.time_ns() // 1000)
        with snapshot(database.connect()) as conn:
            if since is None:
                report = whole(conn, database, keyring, self._settings, copy=measured)
            else:
                report = increment(conn, keyring, self._settings.ledger_origin, measured, since)
            # A collector may take its time: what is wrong with the ledger is told before it is asked.
            if self._spans is not None and seen is not None and not report.findings:
                with reported(conn, report):
                    self._spans.compare(conn, seen, keyring, report)
                report.sort()
            return report


@ledger.command()
@click.option("--every", default=60.0, show_default=True, type=click.FloatRange(min=1), help="Seconds between looks.")
@click.option(
    "--whole-every", default=24.0, show_default=True, type=click.FloatRange(min=0), help="Hours between whole runs."
)
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for Prometheus' textfile collector, written anew after each look.",
)
@click.option(
    "--spans-from",
    "collector",
    metavar="URL",
    help="Compare with a collector's spans (Jaeger's or Tempo's query API) instead of the local store's.",
)
@click.option(
    "--spans-header-file",
    "header_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of mode 0600 with a line `Name: value` for each header that the collector wants, such as a token.",
)
@click.option("--once", is_flag=True, help="Verify everything once and end, as for a timer every --whole-every hours.")
def watch(
    *,
    every: float,
    whole_every: float,
    metrics: Path | None,
    collector: str | None,
    header_file: Path | None,
    once: bool,
) -> None:
    """Verify new entries as they come, and everything at the start and once a day, until SIGTERM.

    On the first finding it writes one line ALERT LEDGER_BROKEN with the first bad index, and exits 1: see the runbook.
    New entries are held against the state that was verified before. What was changed of older ones is found when
    everything is verified. Entries are compared with the spans of their calls, where there are any, once they are a
    minute old: with the local store's as far back as they go, with a collector's from the start on, or with --once
    those of the last --whole-every hours. It reads as the server does, and remembers nothing on disk.
    """
    second.collect_seldom()
    settings = config.load(os.environ)
    lines = logs.begin(settings.log_format)
    first = keyring_of(settings)
    # A descriptor can be read once: who hands the keyring over so starts this anew after a rotation.
    keyring = (lambda: first) if settings.keys.startswith("fd:") else (lambda: keyring_of(settings))
    asked = collector_of(collector, settings, header_file)
    if asked is None:
        read = of_local_store(settings.state_dir)
    elif once:  # no next look waits for it, and none before it has compared what came since
        read = of_collector(asked, SECONDS, back_us=round(whole_every * 3_600_000_000))
    else:
        read = of_collector(asked)
    spans = SpanWatch(read, settings.ledger_origin)
    stopped = threading.Event()
    with _until_told(stopped):
        watching = Watch(settings, keyring, lambda result, line: _tell(result, line, metrics), spans)
        while not stopped.is_set():
            if _broken(watching, whole_every * 3600):
                lines.close()
                raise SystemExit(1)
            if once:
                break
            stopped.wait(every)


def _time(us: int) -> str:
    return f"{dt.datetime.fromtimestamp(us / 1e6, dt.UTC):%Y-%m-%d %H:%M} UTC"


def _of_spans(before: Sums, now: Sums | None, *, is_whole: bool) -> str:
    """What is said of comparing entries with spans, behind what was verified; empty: nothing.

    Args:
        before: what was compared at earlier looks.
        now: with this look; None: entries aren't compared.
        is_whole: everything was verified.
    """
    if now is None or not now.until_us:
        return ""
    if now.unread > before.unread:
        entries = now.causes[Cause.NOT_READ.value] - before.causes[Cause.NOT_READ.value]
        return f"; spans of {counted(entries, 'entries')} couldn't be read: `ledger verify --spans-from` says why"
    return f"; spans compared from {_time(now.since_us)} to {_time(now.until_us)}" if is_whole else ""


def _broken(watching: Watch, whole_seconds: float) -> bool:
    """Look once; whether something is wrong with the ledger."""
    try:
        result = watching.look(time.monotonic(), whole_seconds)
    except (psycopg.OperationalError, second.SecondProcessEnded) as error:
        # Nothing was found, and nothing was verified: the metric's age says so.
        _log.error("nothing was verified (%s); once more at the next look", type(error).__name__)
        return False
    if not result.findings:
        return False
    first = result.findings[0]
    where = f"first bad index {first.index}" if first.index >= 0 else "of no entry"
    alert(Alert.LEDGER_BROKEN, "%s: %s; %s", where, first.problem, counted(len(result.findings), "findings"))
    return True


def _tell(result: Result, line: str, metrics: Path | None) -> None:
    """Write the metrics, in one step, and a line."""
    if metrics is not None:
        try:
            new = metrics.with_name(f".{metrics.name}.new")
            new.write_text(result.text(), encoding="utf-8")
            new.replace(metrics)
        except OSError as error:  # a full disk; the file's age tells of it, and the verification goes on
            _log.error("the metrics couldn't be written (%s)", error.strerror)
    screen.echo(f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} UTC {line}")


@contextlib.contextmanager
def _until_told(stopped: threading.Event) -> Iterator[None]:
    """Set the event at SIGTERM and SIGINT: what is being verified then is verified to its end."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
