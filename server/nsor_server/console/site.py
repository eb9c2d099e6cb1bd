"""Which pages there are, and what stands on each. Whatever takes time is done in other threads."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import itertools
import math
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
from aiohttp import web

from nsor.web import charts, site
from nsor.web.admission import Admission
from nsor.web.pages import Entry, Pages
from nsor_server.access.contract import Contract
from nsor_server.commands import refusals
from nsor_server.commands.watched_spans import DIFFERENCES, MATCHED
from nsor_server.config import Settings
from nsor_server.console import certificates, entry, figures
from nsor_server.console.calls import OUTCOMES, STEP_SECONDS, Calls
from nsor_server.console.certificates import Ends
from nsor_server.console.operators import Operators
from nsor_server.console.recent import Traces
from nsor_server.console.urdu import URDU
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import to_us
from nsor_server.ledger import activity
from nsor_server.ledger.leaf import LeafError
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage.pool import Connection, Database
from nsor_server.tracing import attributes as names
from nsor_server.tracing import store
from nsor_server.tracing.asked import Filter, is_rounded
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.spans import Cause

TEMPLATES: Final = Path(__file__).parent / "templates"
ENTRIES: Final = (
    Entry("", "Overview"),
    Entry("traces", "Traces"),
    Entry("refused", "Refused calls"),
    Entry("figures", "Queues and commits"),
    Entry("certificates", "Certificates"),
    Entry("verification", "Verification"),
)
OVERVIEW_SECONDS: Final = 600
MOST_SHOWN: Final = 100
MOST_REFUSED: Final = 50
MOST_READ: Final = 10_000
"""Entries of refused calls that a page counts: more would keep whoever looks waiting."""
CAUSES: Final = {
    Cause.ANSWERED: "Answered calls without an entry: a finding",
    Cause.UNKNOWN: "Entries without a span, for no reason that is known",
    Cause.QUEUE: "Entries whose spans the server had no room for",
    Cause.COLLECTOR: "Entries whose spans the server couldn't hand over",
    Cause.NOT_READ: "Entries of times whose spans couldn't be read",
    Cause.UNDER_WAY: "Entries of the last minute, whose spans may be on their way",
    Cause.OWNED_UP: "Answered calls whose loss a new epoch has owned up to",
    Cause.NOT_RECORDED: "Spans of calls that were not answered, and have no entry of their own",
}
"""What a difference between entries and spans is, in English."""
WORRYING: Final = frozenset({Cause.ANSWERED, Cause.UNKNOWN})
_HOUR: Final = dt.timedelta(hours=1)
_PERIODS: Final = {"5m": 300, "1h": 3600, "1d": 86400}
_OUTCOMES: Final = ("ALLOWED", "REFUSED", "FAILED")

T = TypeVar("T")


class OpsPages:
    """The pages of `nsor-server console`.

    Args:
        who: may see them.
        settings: of the register.
        database: as the console's role.
        calls: counted so far; somebody else keeps them up to date.
        traces: the same.
        known: what is proved of the directory; None: nothing is, and the tables are believed.
    """

    def __init__(  # noqa: PLR0917 - what pages show, each once
        self,
        who: Admission,
        settings: Settings,
        database: Database,
        calls: Calls,
        traces: Traces,
        known: Operators | None = None,
    ) -> None:
        self._who = who
        self._settings = settings
        self._database = database
        self._calls = calls
        self._traces = traces
        self._known = known
        self._pages = Pages(TEMPLATES, URDU, title="NSOR operations", entries=ENTRIES, root=who.path)

    def application(self, origins: Callable[[], Sequence[str]]) -> web.Application:
        """All pages as an application.

        Args:
            origins: under which they are.
        """
        found = site.application(self._who, origins, self._pages.no_such_page)
        for path, handler in (
            ("", self.overview),
            ("live.json", self.live),
            ("traces", self.traces),
            ("traces/{trace:[0-9a-f]{32}}", self.trace),
            ("entries/{access:[0-9a-f-]{36}}", self.entry),
            ("refused", self.refused),
            ("figures", self.figures),
            ("certificates", self.certificates),
            ("verification", self.verification),
        ):
            site.page(found, self._who, path, self._told(handler))
        return found

    async def overview(self, request: web.Request) -> web.StreamResponse:
        """Who calls now, how it goes, and what wants attention."""
        now_us = time.time_ns() // 1000
        counted = self._calls.by_agency(now_us - OVERVIEW_SECONDS * 1_000_000)
        durations = self._durations(OVERVIEW_SECONDS)
        bars = charts.bars(
            [
                (each.agency, (("allowed", each.allowed), ("refused", each.refused), ("failed", each.failed)))
                for each in counted
            ]
        )
        minutes = _minutes(self._calls.series(now_us, OVERVIEW_SECONDS))
        ends = await self._ends()
        checkpoint = await self._read(_newest_checkpoint)
        families = await self._metrics()
        return self._pages.answer(
            request,
            "overview.html",
            counted=counted,
            bars=bars,
            durations=durations,
            minutes=[(_when(minute * 1_000_000)[-8:-3], *rates) for minute, *rates in minutes],
            minute_bars=charts.bars([("", tuple(zip(OUTCOMES, rates, strict=True))) for _, *rates in minutes]),
            methods=self._calls.by_method(now_us - OVERVIEW_SECONDS * 1_000_000)[:15],
            size=self._calls.size,
            checkpoint_age=None if checkpoint is None else max(0, (now_us - checkpoint) // 1_000_000),
            serving=None if families is None else _serving(families),
            ends=[each for each in ends if each.enabled and each.why != certificates.GOOD],
            whole=self._calls.whole,
            broken=self._calls.broken,
            when=_when,
        )

    async def live(self, _request: web.Request) -> web.StreamResponse:
        """Calls a second by outcome, for the chart: times, answered, refused, failed."""
        series = self._calls.series(time.time_ns() // 1000, OVERVIEW_SECONDS)
        return web.json_response([list(each) for each in zip(*series, strict=True)])

    async def traces(self, request: web.Request) -> web.StreamResponse:
        """Calls by agency, method, outcome, duration and time; the newest or the slowest first."""
        query = request.query
        asked = Filter(
            agency=query.get("agency", ""),
            method=query.get("method", "").strip(),
            outcome=query.get("outcome", "") if query.get("outcome") in _OUTCOMES else "",
            slower_ms=_number(query.get("slower", "")),
            since_ns=time.time_ns() - _PERIODS[query["since"]] * 10**9 if query.get("since") in _PERIODS else 0,
            access=query.get("access", "").replace("-", "").strip().lower(),
        )
        calls = await asyncio.to_thread(lambda: list(self._traces.calls(asked)))
        slowest = query.get("order") == "slowest"
        if slowest:
            calls = [span for span in calls if span.name not in _streams()]
            calls.sort(key=lambda span: span.start_ns - span.end_ns)
        agencies = sorted({str(span.attributes.get(names.AGENCY, "")) for span in self._traces.calls(Filter())} - {""})
        return self._pages.answer(
            request,
            "traces.html",
            calls=[_call(span) for span in calls[:MOST_SHOWN]],
            count=len(calls),
            asked=query,
            slowest=slowest,
            agencies=agencies,
            outcomes=_OUTCOMES,
            kept=self._traces.kept,
            megabytes=store.FILES * store.FILE_BYTES // 1024**2,
        )

    async def trace(self, request: web.Request) -> web.StreamResponse:
        """One trace as a waterfall."""
        found = self._traces.trace(request.match_info["trace"])
        if not found:
            return self._pages.answer(request, "missing.html", status=404)
        drawn = charts.waterfall([(span.start_ns, span.end_ns) for span in found])
        return self._pages.answer(
            request,
            "trace.html",
            trace=request.match_info["trace"],
            started=_when(found[0].start_ns // 1000),
            lines=[_line(span, found) for span in found],
            drawn=drawn,
            names=["failed" if span.error else "span" for span in found],
        )

    async def entry(self, request: web.Request) -> web.StreamResponse:
        """The ledger's entry of an access."""
        try:
            access_id = uuid.UUID(request.match_info["access"])
        except ValueError:
            return self._pages.answer(request, "missing.html", status=404)
        found = await self._read(lambda conn: entry.find(conn, access_id))
        if found is None:
            return self._pages.answer(request, "missing.html", status=404)
        return self._pages.answer(
            request, "entry.html", found=found, when=_when, has_trace=bool(self._traces.trace(found.trace))
        )

    async def refused(self, request: web.Request) -> web.StreamResponse:
        """Refused calls of the last hour by agency, method, answer and officer."""

        def counted(conn: Connection) -> tuple[list[tuple[refusals.Key, int]], int, int | None]:
            found = list(activity.refusals(conn, to_us(_now() - _HOUR), most=MOST_READ))
            codes = refusals.reasons_of(self._traces.calls(Filter()))
            counts, _methods = refusals.counted(found, codes)
            since_us = found[-1].time_us if len(found) == MOST_READ else None
            return sorted(counts.items(), key=lambda item: (-item[1], item[0])), counts.total(), since_us

        lines, count, since_us = await self._read(counted)
        since = "" if since_us is None else _when(since_us)
        shown = lines[:MOST_REFUSED]
        return self._pages.answer(request, "refused.html", lines=shown, of=len(lines), count=count, since=since)

    async def figures(self, request: web.Request) -> web.StreamResponse:
        """Queues, commits and threads, as the running server measures them."""
        families = await self._metrics()
        return self._pages.answer(
            request,
            "figures.html",
            address=self._settings.metrics_listen,
            histograms=None if families is None else figures.histograms(families),
            gauges=None if families is None else figures.gauges(families),
            seconds=_seconds,
            number=_plain,
        )

    async def certificates(self, request: web.Request) -> web.StreamResponse:
        """Whose certificate ends when."""
        files = (self._settings.server_certificate, self._settings.client_ca)
        own = await asyncio.to_thread(lambda: certificates.of_files(files, _now()))
        ends = await self._ends()
        return self._pages.answer(
            request, "certificates.html", own=own, ends=ends, now=_now(), proved=self._known is not None
        )

    async def verification(self, request: web.Request) -> web.StreamResponse:
        """What `ledger watch` has found: it writes it into a file."""
        path = self._settings.watch_file
        found = await asyncio.to_thread(figures.read_file, path)
        values = {each.name: each.value for each in figures.gauges(found or ())}
        counts = figures.counters(found or ())
        causes = {each.labels.removeprefix("cause="): int(each.value) for each in counts if each.name == DIFFERENCES}
        matched = sum(int(each.value) for each in counts if each.name == MATCHED)
        return self._pages.answer(
            request,
            "verification.html",
            file=path,
            known="nsor_watch_findings" in values,
            values=values,
            causes=[(text, causes.get(cause.value, 0), cause in WORRYING) for cause, text in CAUSES.items()],
            matched=matched,
            compared=values.get("nsor_watch_spans_until_timestamp_seconds", 0.0) > 0,
            when=lambda seconds: _when(int(seconds * 1_000_000)) if seconds else "",
        )

    async def _read(self, question: Callable[[Connection], T]) -> T:
        def asked() -> T:
            with self._database.reading() as conn:
                return question(conn)

        return await asyncio.to_thread(asked)

    async def _ends(self) -> list[Ends]:
        """When agencies' certificates end."""
        if self._known is not None:
            return certificates.of_directory(self._known.directory, _now())
        return await self._read(lambda conn: certificates.of_tables(conn, _now()))

    async def _metrics(self) -> list[Any] | None:
        address = self._settings.metrics_listen
        return None if address is None else await asyncio.to_thread(figures.read, address)

    def _told(self, handler: site.Handler) -> site.Handler:
        """A database that does not answer, or a broken entry, is a page that says so, and no exception's text."""

        async def answered(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except psycopg.Error:
                return self._pages.answer(request, "unreachable.html", status=503)
            except (LeafError, TornTree):
                return self._pages.answer(request, "broken.html", status=500)

        return answered

    def _durations(self, seconds: int) -> dict[str, tuple[str, str]]:
        """Median and longest time of an agency's calls of late, milliseconds, as far as spans are here; no streams."""
        found: dict[str, list[StoredSpan]] = {}
        for span in self._traces.calls(Filter(since_ns=time.time_ns() - seconds * 10**9)):
            if span.name not in _streams():
                found.setdefault(str(span.attributes.get(names.AGENCY, "")), []).append(span)
        for spans in found.values():
            spans.sort(key=lambda span: span.end_ns - span.start_ns)
        return {agency: (_took(each[len(each) // 2]), _took(each[-1])) for agency, each in found.items()}


@functools.cache
def _streams() -> frozenset[str]:
    """Methods that answer with a stream, which lasts as long as its caller wants."""
    return frozenset(name for name, method in Contract.load().methods.items() if method.streaming)


def _call(span: StoredSpan) -> dict[str, object]:
    attributes = span.attributes
    return {
        "trace": span.trace,
        "when": _when(span.start_ns // 1000),
        "agency": attributes.get(names.AGENCY, ""),
        "method": span.name.removeprefix("nsor.v1."),
        "purpose": _known(attributes.get(names.PURPOSE, "")),
        "outcome": attributes.get(names.OUTCOME, ""),
        "status": attributes.get(names.RPC_STATUS, ""),
        "error": attributes.get(names.REASON, "") or attributes.get(names.ERROR_TYPE, ""),
        "took": _took(span),
    }


def _line(span: StoredSpan, trace: Sequence[StoredSpan]) -> dict[str, object]:
    """A span of a waterfall: how deep it lies, and its attributes."""
    parents = {each.span: each.parent for each in trace}
    depth, parent = 0, span.parent
    while parent in parents and depth < len(trace):
        depth, parent = depth + 1, parents[parent]
    return {
        "name": span.name,
        "depth": depth,
        "offset_ms": (span.start_ns - trace[0].start_ns) / 1e6,
        "took": _took(span),
        "error": span.error,
        "access": span.attributes.get(names.ACCESS_ID, ""),
        "attributes": sorted((name, str(value)) for name, value in span.attributes.items() if name != names.ACCESS_ID),
    }


def _took(span: StoredSpan) -> str:
    """How long a span was, in milliseconds; of most it is known up to a step."""
    milliseconds = (span.end_ns - span.start_ns) / 1e6
    return f"≤ {milliseconds:g}" if is_rounded(span) else f"{milliseconds:.1f}"


def _minutes(series: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, float, float, float]]:
    """Of each minute of a series, as far as it lies in it: its start and calls a second by outcome."""
    found = []
    for minute, steps in itertools.groupby(series, lambda step: step[0] // 60 * 60):
        counts = [step[1:] for step in steps]
        answered, refused, failed = (sum(each) / len(counts) / STEP_SECONDS for each in zip(*counts, strict=True))
        found.append((minute, answered, refused, failed))
    return found


def _serving(families: Sequence[Any]) -> bool:
    return any(each.name == "nsor_ledger_healthy" and each.value == 1 for each in figures.gauges(families))


def _newest_checkpoint(conn: Connection) -> int | None:
    """When the newest entry was written, microseconds since 1970: each commit signs a checkpoint."""
    row = conn.execute("SELECT time_us FROM ledger_head WHERE size > 0").fetchone()
    return None if row is None else int(row[0])


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _when(time_us: int) -> str:
    return f"{dt.datetime.fromtimestamp(time_us / 1e6, KARACHI):%Y-%m-%d %H:%M:%S}"


def _number(text: str) -> float | None:
    """A number of milliseconds that somebody typed; what isn't one asks nothing."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and found > 0 else None


def _known(purpose: object) -> str:
    return "" if purpose == "UNSPECIFIED" else str(purpose)


def _seconds(value: float) -> str:
    """A number of seconds as people read it."""
    if math.isinf(value):
        return "longer"
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.1f} s"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}"
