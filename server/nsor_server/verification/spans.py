"""Entries compared with the spans of their calls by access id, both ways, and counted by what explains a difference.

An answered call without an entry is a finding, unless a new epoch has owned up to its loss. An entry without a span is
none: spans get lost, entries don't. Spans come in windows of time and are matched as they come, so that however many
there are, what is held of them is a window and what may still belong to the next one.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import psycopg
from google.protobuf import descriptor_pool
from psycopg.rows import TupleRow

from nsor.counting import agreeing, counted
from nsor_server.ledger import instants
from nsor_server.ledger import leaf as leaves
from nsor_server.storage.keyring import Keyring
from nsor_server.tracing import losses, store
from nsor_server.tracing.attributes import ACCESS_ID, LOST_CAUSE, LOST_SPANS, RPC_METHOD, RPC_STATUS
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.report import Epochs, Report, owned_up

Connection = psycopg.Connection[TupleRow]

CLOCKS_US: Final = 2_000_000
"""By so much may the hosts' clocks differ: spans have the server's time, entries the database's."""

_AT_A_TIME: Final = 1000
_CONTRACT: Final = "nsor.v1."
_UNDER_WAY_US: Final = 60_000_000
"""Spans leave the server after their entries; what is this young may still be on its way."""
_LONGEST_US: Final = 60_000_000
"""So long before its entry a call's span may have begun."""
_LOST_AFTER_US: Final = 10_000_000
"""So long after its entry a call's span may have been lost."""
_MOST_MISSING: Final = 100_000


class Cause(enum.StrEnum):
    """Why an entry has no span, or a span no entry; as it is counted."""

    QUEUE = "entry_without_span_queue"
    COLLECTOR = "entry_without_span_collector"
    NOT_READ = "entry_without_span_not_read"
    UNDER_WAY = "entry_without_span_under_way"
    UNKNOWN = "entry_without_span_unknown"
    NOT_RECORDED = "span_without_entry_not_recorded"
    OWNED_UP = "span_without_entry_owned_up"
    ANSWERED = "span_without_entry_answered"


_WITHOUT_SPAN: Final = {
    Cause.QUEUE: "the server had too many waiting",
    Cause.COLLECTOR: "the server couldn't hand them over",
    Cause.NOT_READ: "the spans of their time weren't read",
    Cause.UNDER_WAY: "of the last minute, perhaps on their way",
    Cause.UNKNOWN: "for no reason that is known",
}


@dataclass(frozen=True, slots=True)
class Window:
    """The spans that began within a time.

    Attributes:
        first_us: from this microsecond since 1970 on.
        end_us: before this one.
        spans: all of them, if there is no problem.
        problem: why they aren't all there, in words that follow "because"; or empty.
    """

    first_us: int
    end_us: int
    spans: Sequence[StoredSpan]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where spans come from.

    Attributes:
        name: for people.
        windows: in the order of time, without holes; read as they are needed.
        until_us: later than this nothing is asked of it, in microseconds since 1970.
    """

    name: str
    windows: Iterable[Window]
    until_us: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How entries and spans compare.

    Attributes:
        spans: how many spans with an access id there were.
        matched: how many of them have their entry.
        causes: of each ``Cause`` how many; all of them are there.
        since_us: the first time that was compared, in microseconds since 1970; 0: nothing was.
        until_us: the last one.
        unread: parts of that time whose spans couldn't be read.
    """

    spans: int
    matched: int
    causes: Mapping[str, int]
    since_us: int
    until_us: int
    unread: int


def local(state_dir: Path) -> Source:
    """The bounded local store. It is read here: before the snapshot of the entries that it is compared with."""
    found = list(store.read(state_dir))
    if not found:
        return Source("the local store", (), 0)
    last_us = max(span.end_ns for span in found) // 1000
    return Source(
        "the local store", [Window(min(span.start_ns for span in found) // 1000, last_us + 1, found)], last_us
    )


def compare(
    conn: Connection,
    source: Source,
    keyring: Keyring,
    epochs: Epochs,
    report: Report,
    *,
    since_us: int = 0,
    until_us: int | None = None,
) -> Reconciled:
    """Compare spans with entries.

    Args:
        conn: any role that may read, in one snapshot. What the source gives must have ended before it.
        source: of the spans.
        keyring: for what new epochs have owned up to.
        epochs: of the ledger.
        report: gets the findings, and the counts in words.
        since_us: entries and spans before this time don't count; 0: what is before the first span doesn't.
        until_us: nor do those from this time on.
    """
    until_us = source.until_us if until_us is None else min(until_us, source.until_us)
    comparison = _Comparison(conn, since_us, until_us, young_us=source.until_us - _UNDER_WAY_US)
    problems = []
    for window in source.windows:
        comparison.take(window)
        if window.problem:
            problems.append(window)
    comparison.judge(until_us + 1)
    answered = _without_excuse(conn, keyring, epochs, comparison.missing, report)
    for each in answered:
        report.add(-1, f"the call {each} was answered, by its span, and has no entry")
    comparison.causes[Cause.ANSWERED] = len(answered)
    comparison.causes[Cause.OWNED_UP] = len(comparison.missing) - len(answered)
    result = comparison.result()
    _say(source, result, problems, report)
    return result


def _say(source: Source, result: Reconciled, problems: Sequence[Window], report: Report) -> None:
    if result.since_us:
        by_cause = [f"{count} {words}" for cause, words in _WITHOUT_SPAN.items() if (count := result.causes[cause])]
        without = sum(result.causes[cause] for cause in _WITHOUT_SPAN)
        said = agreeing("{} spans have an entry; {} entries of that time no span", result.matched, without)
        report.remarks.append(": ".join((said, ", ".join(by_cause))) if by_cause else said)
        report.remarks.append(f"spans of {source.name} go back to {_time(result.since_us)}")
    elif not problems:
        report.remarks.append(f"not compared: {source.name} has no spans of this register")
    if problems:
        first, last = problems[0], problems[-1]
        times = f"from {_time(first.first_us)} to {_time(last.end_us)}"
        parts = f", in {counted(len(problems), 'parts')} of that time" if len(problems) > 1 else ""
        why = "; ".join(sorted({each.problem for each in problems}))
        report.remarks.append(f"spans of {source.name} not compared {times}{parts}, because {why}")


def _time(us: int) -> str:
    return f"{dt.datetime.fromtimestamp(us / 1e6, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


@dataclass(slots=True)
class _Loss:
    """A time in which the server lost spans, and how many of them aren't accounted for yet."""

    first_us: int
    end_us: int
    cause: Cause
    left: int


class _Comparison:
    """Goes through windows and entries along time.

    Attributes:
        missing: spans of answered calls that have no entry.
        causes: the counts so far.
    """

    def __init__(self, conn: Connection, since_us: int, until_us: int, *, young_us: int) -> None:
        self.missing: dict[uuid.UUID, StoredSpan] = {}
        self.causes = Counter(dict.fromkeys(Cause, 0))
        self._conn = conn
        self._since_us = since_us
        self._until_us = until_us
        self._young_us = young_us
        self._ids: dict[uuid.UUID, int] = {}
        self._unread: list[tuple[int, int]] = []
        self._losses: list[_Loss] = []
        self._spans = 0
        self._matched = 0
        self._first_us = since_us
        self._judged_us = since_us

    def take(self, window: Window) -> None:
        """Compare the spans of a window with the ledger, then the entries that no later window has spans of."""
        if window.problem:
            self._unread.append((window.first_us, window.end_us))
        ids: dict[uuid.UUID, StoredSpan] = {}
        for span in window.spans:
            if span.name == losses.NAME:
                self._lost(span)
            elif (access_id := _access_id(span)) is not None:
                ids[access_id] = span
        if ids and not self._first_us:
            self._judged_us = self._first_us = min(span.start_ns for span in ids.values()) // 1000
        self._look_up({each: span for each, span in ids.items() if self._is_of_the_time(span)})
        self._ids.update((each, span.end_ns // 1000) for each, span in ids.items())
        self.judge(min(window.end_us - _UNDER_WAY_US, self._until_us + 1))

    def judge(self, end_us: int) -> None:
        """Count the entries before ``end_us`` that have no span, each by its cause."""
        if not self._first_us or end_us <= self._judged_us:
            return
        for time_us, access_id in _itemised(self._conn, self._judged_us, end_us):
            if access_id not in self._ids:
                self.causes[self._why(time_us)] += 1
        self._judged_us = end_us
        self._ids = {each: until for each, until in self._ids.items() if until + CLOCKS_US >= end_us}

    def result(self) -> Reconciled:
        """What was counted."""
        causes = {cause.value: self.causes[cause] for cause in Cause}
        return Reconciled(self._spans, self._matched, causes, self._first_us, self._until_us, unread=len(self._unread))

    def _is_of_the_time(self, span: StoredSpan) -> bool:
        return self._since_us <= span.start_ns // 1000 <= self._until_us

    def _look_up(self, ids: Mapping[uuid.UUID, StoredSpan]) -> None:
        self._spans += len(ids)
        remaining = iter(ids)
        while batch := list(islice(remaining, _AT_A_TIME)):
            rows = self._conn.execute("SELECT access_id FROM ledger_entry WHERE access_id = ANY (%s)", (batch,))
            found = {access_id for (access_id,) in rows}
            self._matched += len(found)
            for each in batch:
                if each in found:
                    continue
                if not _must_be_recorded(ids[each]):
                    self.causes[Cause.NOT_RECORDED] += 1
                elif len(self.missing) < _MOST_MISSING:
                    self.missing[each] = ids[each]

    def _lost(self, span: StoredSpan) -> None:
        count, cause = span.attributes.get(LOST_SPANS), span.attributes.get(LOST_CAUSE)
        if type(count) is int and count > 0:
            of = Cause.QUEUE if cause == "queue" else Cause.COLLECTOR
            self._losses.append(
                _Loss(span.start_ns // 1000 - _LOST_AFTER_US, span.end_ns // 1000 + CLOCKS_US, of, count)
            )

    def _why(self, time_us: int) -> Cause:
        """Why an entry of a time has no span."""
        if time_us > self._young_us:
            return Cause.UNDER_WAY
        if any(first - CLOCKS_US <= time_us <= end + _LONGEST_US for first, end in self._unread):
            return Cause.NOT_READ
        for loss in self._losses:
            if loss.left and loss.first_us <= time_us <= loss.end_us:
                loss.left -= 1
                return loss.cause
        return Cause.UNKNOWN


def _access_id(span: StoredSpan) -> uuid.UUID | None:
    value = span.attributes.get(ACCESS_ID)
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _without_excuse(
    conn: Connection, keyring: Keyring, epochs: Epochs, missing: Mapping[uuid.UUID, StoredSpan], report: Report
) -> Sequence[uuid.UUID]:
    """The calls without an entry that no new epoch has owned up to.

    Each excuses those of its time, and no more of them than the entries that it says were lost.
    """
    excused: set[uuid.UUID] = set()
    of_origin = owned_up(conn, keyring)
    for origin in (epochs.first, *(name for _, name in epochs.later)):
        last_known, first_index = of_origin.get(origin), epochs.ends(origin)
        if last_known is None or first_index is None:
            continue
        survived_us, opened_us = _time_us(conn, first_index - 1), _time_us(conn, first_index)
        of_its_time = [
            access_id
            for access_id, span in missing.items()
            if span.end_ns // 1000 >= survived_us - CLOCKS_US and span.start_ns // 1000 <= opened_us + CLOCKS_US
        ]
        lost = last_known.size - first_index
        excused.update([each for each in of_its_time if each not in excused][:lost])
    if excused:
        report.remarks.append(agreeing("{} spans are of calls whose loss a new epoch has owned up to", len(excused)))
    return [each for each in missing if each not in excused]


def _time_us(conn: Connection, index: int) -> int:
    """When an entry was made; 0 before the first one."""
    row = conn.execute("SELECT leaf FROM ledger_entry WHERE index = %s", (index,), binary=True).fetchone()
    return 0 if row is None else leaves.decode(row[0]).time_us


def _itemised(conn: Connection, first_us: int, end_us: int) -> Iterator[tuple[int, uuid.UUID]]:
    """Time and access id of the entries of a time, without its end, that stand for one call of the contract each."""
    between = (instants.first_from(conn, first_us), instants.first_from(conn, end_us))
    with conn.cursor("verify_spans", withhold=False) as cursor:
        cursor.itersize = _AT_A_TIME
        cursor.execute("SELECT leaf FROM ledger_entry WHERE index >= %s AND index < %s", between, binary=True)
        for (encoded,) in cursor:
            leaf = leaves.decode(encoded)
            if leaf.count == 1 and leaf.method.startswith(_CONTRACT):
                yield leaf.time_us, uuid.UUID(bytes=leaf.access_id)


def _must_be_recorded(span: StoredSpan) -> bool:
    """Whether the span says that something of the contract was answered. A stream is recorded message by message."""
    method = str(span.attributes.get(RPC_METHOD, ""))
    if span.attributes.get(RPC_STATUS) != "OK" or not method.startswith(_CONTRACT):
        return False
    if span.name != method:
        return True
    try:
        found = descriptor_pool.Default().FindMethodByName(method.replace("/", "."))
    except KeyError:
        return True
    return not found.server_streaming
