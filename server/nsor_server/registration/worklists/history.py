"""Worklists along the ledger: each page is made again from what there was to do when it was read.

Whoever owns the database can take a row out of the list for a while, or hide a registration, and put it back: then a
court never hears of what waits for it. What there is to do follows from the sealed versions.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from nsor.counting import counted
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.access import rows as scopes
from nsor_server.calls import Agency, Officer
from nsor_server.ledger.stored import Add, Concerns, Connection, read
from nsor_server.registration.history import History
from nsor_server.registration.worklists import rows, rules, store
from nsor_server.registration.worklists.rules import Place, Wanted, Work
from nsor_server.storage.v1 import record_pb2

KEPT: Final = 1 << 20
"""For how many entries what was done is kept: no page is that old when its entry is written."""
_ROWS: Final = f"""
SELECT uuid_send(subject_id), part, uuid_send(registration_id), kind, agency, place, court_kind, since_us
FROM {rows.TABLE}
"""  # noqa: S608 - constants


class _Group(NamedTuple):
    """Works that one caller sees all or none of, as the statement of ``store`` has them."""

    kind: int
    agency: str
    place: str
    court_kind: int


class _Span(NamedTuple):
    """A work from the entry that brought it. In a group they stand in the list's order."""

    since_us: int
    subject_id: bytes
    first: int


def _said(group: _Group) -> scopes.Said:
    place = "" if group.agency else group.place
    return scopes.Said(own_agency=group.agency, case_places=(group.place,), place=place)


class Worklists:
    """What there was to do after each entry, and the pages of it. The history must be at the entry already."""

    def __init__(self, conn: Connection, history: History, add: Add) -> None:
        self._conn, self._history, self._add = conn, history, add
        self.concerns = Concerns(history.rows, told=("listed_work",))
        self._rows: dict[tuple[bytes, int], tuple[Any, ...]] = {}
        self._open: dict[tuple[bytes, int], tuple[_Group, _Span]] = {}
        self._groups: dict[_Group, _Group] = {}
        """Each once: few hold all works of a register."""
        self._spans: dict[_Group, list[_Span]] = {}
        self._ended: dict[tuple[_Group, _Span], int] = {}
        self._done: deque[tuple[int, _Group, _Span]] = deque()
        self.found: list[tuple[Place, bytes]] | None = None
        """What the page of the last entry has found, each with its registration; None: it has no page, or another."""

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Go on to an entry; all come in their order."""
        self.found = None
        for record in self._history.changed:
            works = rules.works(record)
            for values in rows.of_works(record, works):
                self._rows[values[0], values[1]] = values
            for work in works:
                self._follow(index, work)
        while self._done and self._done[0][0] < index - KEPT:
            _, group, span = self._done.popleft()
            self._spans[group].remove(span)
            del self._ended[group, span]
        if detail is not None and detail.HasField("listed_work") and self._history.is_whole:
            if not self._history.is_known(detail.listed_work.before):
                return  # what was erased was in it, or wasn't
            self._compare(index, leaf.agency, detail.listed_work)

    def write(self, index: int, work: Work) -> None:
        """Take the row of a work that follows from no version of its registration."""
        row = rows.of_itself(work)
        self._rows[row.values[0], row.values[1]] = row.values
        self._follow(index, work)

    def finish(self) -> None:
        """Compare the table with what there is to do."""
        expected = dict(self._rows)
        differing = 0
        for row in read(self._conn, rows.TABLE, _ROWS):
            differing += expected.pop((row[0], row[1]), None) != row
        if (differing or expected) and self._history.is_whole:
            self._add(
                -1, f"{rows.TABLE} differs from the registrations in {counted(differing + len(expected), 'rows')}"
            )

    def _follow(self, index: int, work: Work) -> None:
        key = work.subject_id, work.part
        before = self._open.get(key)
        if before is None and work.kind == rules.NONE:
            return
        group = _Group(work.kind, work.agency, work.place, work.court_kind)
        if before is not None and (before[0], before[1].since_us) == (group, work.since_us):
            return
        if before is not None:
            del self._open[key]
            self._ended[before] = index
            self._done.append((index, *before))
        if work.kind != rules.NONE:
            group = self._groups.setdefault(group, group)
            span = _Span(work.since_us, work.subject_id, index)
            self._open[key] = group, span
            bisect.insort(self._spans.setdefault(group, []), span)

    def _compare(self, index: int, agency_id: str, listed: record_pb2.ListedWork) -> None:
        if listed.before > index or listed.before < index - KEPT:
            self._add(index, "a worklist is of a register that wasn't, or was long before")
            return
        found = list(itertools.islice(self._page(agency_id, listed), listed.most))
        if store.hashed(found) != listed.sha256:
            self._add(index, "the worklist isn't what there was to do")
            return
        self.found = [(each, self._registration_of(each)) for each in found]

    def _registration_of(self, place: Place) -> bytes:
        """The registration of a row; of what isn't a duty it is the subject, or isn't asked for."""
        row = self._rows.get((place.subject_id, rules.OF_DUTY)) if place.kind == rules.DUTY else None
        return place.subject_id if row is None else bytes(row[2])

    def _page(self, agency_id: str, listed: record_pb2.ListedWork) -> Iterator[Place]:
        wanted = Wanted(
            tuple(listed.kinds),
            tuple(listed.court_kinds),
            listed.special_since_us,
            listed.other_since_us,
            tuple(listed.due_kinds),
            listed.due_us,
        )
        after = listed.after
        start = Place(after.kind, after.since_us, after.subject_id) if listed.HasField("after") else store.START
        caller = Agency(agency_id, options_pb2.AGENCY_KIND_UNSPECIFIED, tuple(listed.jurisdiction), enabled=True)
        officer = Officer(b"", agency_id, "", b"", tuple(listed.acts_at), 0)
        scope = options_pb2.RowScope.ValueType(listed.rows)
        of_groups = [
            self._of_group(group, wanted, start, listed.before)
            for group in self._spans
            if wanted.admits(group.kind, group.court_kind) and scopes.shows(scope, _said(group), caller, officer)
        ]
        return heapq.merge(*of_groups)

    def _of_group(self, group: _Group, wanted: Wanted, start: Place, before: int) -> Iterator[Place]:
        """The places of a group behind another place, as they stood when there were so many entries."""
        spans = self._spans[group]
        since_us, until_us = wanted.since_us(group.kind, group.court_kind), wanted.until_us(group.kind)
        least = start.since_us if group.kind == start.kind else store.START.since_us
        least = least if since_us is None else max(least, since_us)
        for at in range(bisect.bisect_left(spans, (least,)), len(spans)):
            span = spans[at]
            if until_us is not None and span.since_us > until_us:
                break
            place = Place(group.kind, span.since_us, span.subject_id)
            if place > start and span.first < before <= self._ended.get((group, span), before):
                yield place
