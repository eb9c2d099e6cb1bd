"""Steps of escalation along the ledger: each was due, told once and while nobody had decided, and none was left out.

Whoever owns the database can hide a row of the index by which it is found what has fallen due, and put it back: then
nobody hears that a prosecutor or NPB is silent. The fixed times for reviews say when the register was at work.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final, Protocol

from nsor.counting import counted
from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.instants import instant
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, read
from nsor_server.lookup.requests.escalation import rules, store
from nsor_server.lookup.requests.escalation.watch import METHOD, hearing
from nsor_server.lookup.requests.listed import Requests
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.storage.v1 import record_pb2

_STEPS: Final = f"""
SELECT r.index, uuid_send(s.access_request_id), s.step
FROM ledger_record AS r
JOIN access_request_step AS s ON s.access_request_id = {UUID_OF_RECORD} AND s.step = r.version
WHERE r.table_name = '{store.STEPS.name}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_KINDS: Final = ", ".join(f"{kind:d}" for kind in rules.KINDS)
_WATCH: Final = f"SELECT uuid_send(access_request_id), next_step_us FROM {store.WATCH_TABLE}"  # noqa: S608 - constants
_EVENTS: Final = f"""
SELECT r.index, e.kind, uuid_send(e.access_request_id), e.recipient
FROM (
    SELECT event_id, kind, access_request_id, recipient FROM outbox WHERE kind IN ({_KINDS})
    UNION ALL
    SELECT event_id, kind, access_request_id, agency_id FROM agency_event WHERE kind IN ({_KINDS})
) AS e
JOIN ledger_record AS r ON r.table_name = 'agency_event' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
ORDER BY r.index
"""  # noqa: S608 - constants
TOLD_OTHERS: Final = "of a step of an access request others were told than had to be"
NOT_DUE: Final = "a step of an access request was told that wasn't due, or that was told before"
UNTOLD: Final = "a step of an access request fell due two days before a fixed time, and nobody was told of it"
OTHER_POLICY: Final = "a deadline of an access request isn't what the policy of its day makes it"
_HOUR_US: Final = 3_600_000_000
_LATE_US: Final = 48 * _HOUR_US
"""What is told within seconds, and after a stop within an hour, isn't told so late while the register is at work."""
_GAP_US: Final = 25 * _HOUR_US
"""Two fixed times that are nearer to each other follow each other: there is one a day at least."""


class FixedTime(Protocol):
    """A fixed time for reviews, as far as it says when the register was at work."""

    due_us: int


class FixedTimes(Protocol):
    """The fixed times, at each entry."""

    before_us: int
    """The one before the last."""

    @property
    def rows(self) -> tuple[Rows, ...]:
        """Its rows."""
        ...

    @property
    def written(self) -> FixedTime | None:
        """The one that the last entry wrote."""
        ...


@dataclass(slots=True)
class _Waiting:
    """A request of which the prosecutor, or NPB, has something to decide.

    Attributes:
        record: its newest version.
        told: how many steps were told.
    """

    record: record_pb2.AccessRequestRecord
    told: int = 0


class Silence:
    """The steps of each request that waits. The requests and the fixed times must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        requests: Requests,
        times: FixedTimes,
        enrolled: Enrolled,
        decided_by: DecidedBy,
        *,
        add: Add,
    ) -> None:
        self._conn, self._requests, self._times = conn, requests, times
        self._enrolled, self._decided_by, self._add = enrolled, decided_by, add
        self._rows = Rows(conn, "steps of access requests", _STEPS, add)
        self._events = Rows(conn, "events of steps of access requests", _EVENTS, add)
        self.concerns = Concerns((self._rows, self._events, requests.rows, *times.rows))
        self._waiting: dict[bytes, _Waiting] = {}
        self._decided: set[bytes] = set()
        self._falling_due: list[tuple[int, bytes]] = []
        self._at_work_since_us = 0

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if self._times.written is not None:
            self._compare_untold(index, self._times.written.due_us)
        for record in self._requests.written:
            self._written(index, leaf, record)
        due: list[tuple[int, bytes, str]] = []
        for request_id, step in self._rows.take(index):
            due += self._told(index, leaf, request_id, step)
        if sorted(self._events.take(index)) != sorted(due):
            self._add(index, TOLD_OTHERS)

    def finish(self) -> None:
        """Report what is left, and compare the table by which it is found what falls due."""
        self._rows.finish()
        self._events.finish()
        expected: dict[bytes, int | None] = dict.fromkeys(self._decided)
        expected |= {one: rules.next_us(each.record, each.told) for one, each in self._waiting.items()}
        missing = object()
        differing = sum(expected.pop(one, missing) != due for one, due in read(self._conn, store.WATCH_TABLE, _WATCH))
        if differing or expected:
            many = differing + len(expected)
            self._add(-1, f"{store.WATCH_TABLE} differs from the access requests in {counted(many, 'rows')}")

    def _written(self, index: int, leaf: leaf_pb2.Leaf, record: record_pb2.AccessRequestRecord) -> None:
        request_id = record.access_request_id
        if not rules.waits(record):
            self._waiting.pop(request_id, None)
            self._decided.add(request_id)
        elif record.version == 1:
            if not self._is_of_policy(leaf, record):
                self._add(index, OTHER_POLICY)
            self._expect(_Waiting(record))
        elif request_id in self._waiting:
            self._waiting[request_id].record = record

    def _is_of_policy(self, leaf: leaf_pb2.Leaf, record: record_pb2.AccessRequestRecord) -> bool:
        """Whether a policy that was in force makes the deadlines of a request."""
        deadlines = self._decided_by.deadlines(leaf.time_us)
        if deadlines is None:
            return True  # this version of the server can't read those documents
        start, steps = instant(record.create_time_us), list(record.steps)
        asks = bool(record.juvenile_decision)
        shown = {(record.decision_rule, record.decision_due_us)}
        if asks:
            shown.add((record.juvenile_rule, record.juvenile_due_us))
        return any(rules.steps(each, start, juveniles=asks) == steps for each in deadlines) and shown <= {
            (step.rule, step.due_us) for step in steps
        }

    def _told(self, index: int, leaf: leaf_pb2.Leaf, request_id: bytes, step: int) -> list[tuple[int, bytes, str]]:
        """Take a step that was told; gives who had to hear what of it."""
        waiting = self._waiting.get(request_id)
        if (
            leaf.method != METHOD
            or waiting is None
            or not waiting.told < step <= rules.fallen_due(waiting.record, 0, leaf.time_us)
        ):
            self._add(index, NOT_DUE)
            return []
        agencies, record = self._enrolled.agencies(index), waiting.record
        due = [
            (int(kind), request_id, str(agency_id))
            for kind in rules.announced(record, waiting.told, step)
            for agency_id in set(map(str, hearing(agencies, kind, record)))
        ]
        waiting.told = step
        self._expect(waiting)
        return due

    def _expect(self, waiting: _Waiting) -> None:
        self._waiting[waiting.record.access_request_id] = waiting
        due_us = rules.next_us(waiting.record, waiting.told)
        if due_us is not None:
            heapq.heappush(self._falling_due, (due_us, waiting.record.access_request_id))

    def _compare_untold(self, index: int, time_us: int) -> None:
        if time_us - self._times.before_us > _GAP_US:
            self._at_work_since_us = time_us
        late_us = time_us - _LATE_US
        if self._at_work_since_us > late_us:
            return
        while self._falling_due and self._falling_due[0][0] < late_us:
            due_us, request_id = heapq.heappop(self._falling_due)
            waiting = self._waiting.get(request_id)
            if waiting is not None and rules.next_us(waiting.record, waiting.told) == due_us:
                self._add(index, UNTOLD)
