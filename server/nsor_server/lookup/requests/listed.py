"""Access requests along the ledger, and the pages of them: each is made again from what stood when it was read.

Whoever owns the database can take a request out of the list for a while, or hide it, and put it back: then a prosecutor
never hears of what waits for him. Where a request stands follows from its sealed versions.
"""

from __future__ import annotations

import bisect
import heapq
import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from nsor.counting import counted
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.access import rows as scopes
from nsor_server.calls import Agency, Officer
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened, read
from nsor_server.lookup.requests import pages, rules, store, work
from nsor_server.lookup.requests.work import Place, Work
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_VERSIONS: Final = f"""
SELECT r.index, uuid_send(v.access_request_id), v.version, v.state, v.agency_id, v.place, v.sealed
FROM ledger_record AS r
JOIN access_request_version AS v ON v.access_request_id = {UUID_OF_RECORD} AND v.version = r.version
WHERE r.table_name = '{store.REQUESTS}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_WORK: Final = f"""
SELECT uuid_send(access_request_id), agency_id, place, state, order_us, uuid_send(officer), uuid_send(fir),
    created_us, juvenile_us
FROM {work.TABLE}
"""  # noqa: S608 - constants
_NOW_US: Final = 60_000_000
"""A call is decided before its entry is written; none takes longer."""
_NEVER: Final = 1 << 63


class _Span(NamedTuple):
    """A request as it stood from an entry on. In a group they stand in the list's order."""

    place: Place
    first: int
    version: int
    work: Work


class _Asked(NamedTuple):
    """A request for an FIR, by when it was made."""

    create_time_us: int
    access_request_id: bytes
    suspects: frozenset[str]


class Requests:
    """Follows the requests, entry by entry; on the way every seal is opened and compared with what stands beside it."""

    def __init__(self, conn: Connection, keyring: Keyring, add: Add) -> None:
        self._conn, self._add = conn, add
        self._sealer = Sealer(keyring)
        self.rows = Rows(conn, "access requests", _VERSIONS, add)
        self.concerns = Concerns((self.rows,), told=("listed_requests",), also_next=True)
        self._standing: dict[bytes, _Span] = {}
        self._spans: dict[tuple[str, str, int], list[_Span]] = {}
        self._ended: dict[tuple[bytes, int], int] = {}
        self._of_fir: dict[bytes, list[_Asked]] = {}
        self.written: list[record_pb2.AccessRequestRecord] = []
        """The versions that the last entry wrote."""

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Take what the next entry wrote, or compare what it listed; all come in their order."""
        self.written = []
        for request_id, *columns, sealed in self.rows.take(index):
            self._written(index, request_id, columns, sealed)
        if detail is not None and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED and detail.HasField("listed_requests"):
            self._compare(index, leaf, detail.listed_requests)

    def finish(self) -> None:
        """Report what is left, and compare the table of the lists with where the requests stand."""
        self.rows.finish()
        expected = {span.work for span in self._standing.values()}
        differing = 0
        for row in read(self._conn, work.TABLE, _WORK):
            found = Work(*row)
            differing += found not in expected
            expected.discard(found)
        if differing or expected:
            self._add(
                -1, f"{work.TABLE} differs from the access requests in {counted(differing + len(expected), 'rows')}"
            )

    def _written(self, index: int, request_id: bytes, columns: list[object], sealed: bytes) -> None:
        record = opened(
            self._add,
            index,
            store.REQUESTS,
            lambda: store.open_request(self._sealer, uuid.UUID(bytes=request_id), columns, sealed),
        )
        if record is None:
            return
        self.written.append(record)
        if record.version == 1:
            self._compare_repeated(index, record)
        before = self._standing.get(request_id)
        if before is not None:
            self._ended[request_id, before.version] = index
        made = work.of(record)
        span = self._standing[request_id] = _Span(made.place, index, record.version, made)
        bisect.insort(self._spans.setdefault((made.agency_id, record.fir.police_station, made.state), []), span)

    def _compare_repeated(self, index: int, record: record_pb2.AccessRequestRecord) -> None:
        """Hold what a request says of an earlier one against those for the FIR that there were."""
        before = self._of_fir.setdefault(record.fir_label, [])
        asked = _Asked(record.create_time_us, record.access_request_id, rules.suspects_named(record))
        newest = sorted(before, reverse=True)[: rules.MOST_COMPARED]
        expected = next((each.access_request_id for each in newest if each.suspects & asked.suspects), b"")
        if record.repeats != expected:
            self._add(index, "an access request doesn't say which earlier one it repeats")
        before.append(asked)

    def _compare(self, index: int, leaf: leaf_pb2.Leaf, listed: record_pb2.ListedRequests) -> None:
        found = islice(self._page(leaf.agency, listed), listed.most)
        if (
            listed.before > index
            or (listed.HasField("due_us") and abs(leaf.time_us - listed.due_us) > _NOW_US)
            or listed.found != rests_on.digest((each.work.access_request_id, each.version) for each in found)
        ):
            self._add(index, "the access requests that were listed aren't those that stood")

    def _page(self, agency_id: str, listed: record_pb2.ListedRequests) -> Iterator[_Span]:
        due_us = listed.due_us if listed.HasField("due_us") else None
        wanted = pages.Wanted(tuple(listed.states), listed.officer_label, due_us)
        caller = Agency(agency_id, options_pb2.AGENCY_KIND_UNSPECIFIED, tuple(listed.jurisdiction), enabled=True)
        officer = Officer(b"", agency_id, "", b"", tuple(listed.acts_at), 0)
        scope = options_pb2.RowScope.ValueType(listed.rows)
        after = Place.unpacked(listed.after) if listed.after else work.START
        groups = (
            spans
            for (agency, station, state), spans in self._spans.items()
            if state in wanted.states
            and scopes.shows(scope, scopes.Said(own_agency=agency, place=station), caller, officer)
        )
        for span in heapq.merge(*(islice(each, bisect.bisect_left(each, (after,)), None) for each in groups)):
            ended = self._ended.get((span.work.access_request_id, span.version), _NEVER)
            if span.place > after and span.first < listed.before <= ended and wanted.admits(span.work):
                yield span
