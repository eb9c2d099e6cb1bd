"""Recalls along the ledger: at each pass those that were due, to everybody who was told and to nobody else.

Whoever owns the database could hide an order, or an access, while recalls are made, or a recall while it is listed. But
who was shown what say the sealed details of the entries; and what was wrong since when, the sealed versions. Told again
in the order of the ledger they say which recalls each pass had to write.

What was shown of a registration that was erased since can't be told again: its versions open nowhere any more.
"""

from __future__ import annotations

import bisect
import functools
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import notification_pb2
from nsor_server.access import cases
from nsor_server.access.disclosures import FOUND_BY, FoundBy
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.lookup.recalls import plan, rules, store
from nsor_server.lookup.recalls.rules import Order, Part, Place, Planned
from nsor_server.lookup.recalls.times import METHOD
from nsor_server.lookup.recalls.told import Disclosure, photos_of, said
from nsor_server.lookup.screening import store as screening
from nsor_server.lookup.screening.rules import Declared
from nsor_server.policy.deadlines import RECALL_ACKNOWLEDGEMENT, RECALL_ESCALATION
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.registration import facts as registrations
from nsor_server.registration.history import History
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_SHOWING: Final = frozenset(method for method, by in FOUND_BY.items() if by is not FoundBy.NOTHING)
ACKNOWLEDGE: Final = "nsor.v1.LookupService/AcknowledgeRecall"
_RUN_US: Final = 60_000_000
"""What is written says a time of before its entry; none is written longer after."""
_ISSUED: Final = int(notification_pb2.EVENT_KIND_RECALL_ISSUED)
_OVERDUE: Final = int(notification_pb2.EVENT_KIND_RECALLS_OVERDUE)
_UNACKNOWLEDGED: Final = int(notification_pb2.EVENT_KIND_RECALLS_UNACKNOWLEDGED)
_ORDERS: Final = f"""
SELECT r.index, uuid_send(o.registration_id), o.version, o.made_by, uuid_send(o.row_id)
FROM {registrations.RECALL_ORDERS} AS o
JOIN ledger_record AS r ON r.table_name = o.made_by AND r.row_id = uuid_send(o.row_id) AND r.version = o.version
ORDER BY r.index, uuid_send(o.registration_id), o.version, o.made_by, uuid_send(o.row_id)
"""  # noqa: S608 - constants
_OF_ORDERS: Final = f"SELECT DISTINCT uuid_send(registration_id) FROM {registrations.RECALL_ORDERS}"  # noqa: S608 - constant
_PASSES: Final = f"""
SELECT r.index, uuid_send(p.recall_pass_id), p.number, p.due_at, p.sealed
FROM ledger_record AS r JOIN recall_pass AS p ON p.recall_pass_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.PASSES}'
ORDER BY r.index
"""  # noqa: S608 - constants
_RECALLS: Final = f"""
SELECT r.index, uuid_send(n.recall_id), n.agency_id, n.acknowledge_by, n.escalate_at, n.sealed
FROM ledger_record AS r JOIN recall AS n ON n.recall_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.RECALLS}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_ACKNOWLEDGEMENTS: Final = f"""
SELECT r.index, uuid_send(a.recall_id), a.agency_id, a.acknowledged_at, a.sealed
FROM ledger_record AS r JOIN recall_acknowledgement AS a ON a.recall_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.ACKNOWLEDGEMENTS}'
ORDER BY r.index
"""  # noqa: S608 - constants
_EVENTS: Final = f"""
SELECT r.index, e.kind, e.recipient, e.about_agency
FROM (
    SELECT event_id, kind, agency_id AS recipient, about_agency FROM agency_event
    UNION ALL
    SELECT event_id, kind, recipient, about_agency FROM outbox
) AS e
JOIN ledger_record AS r ON r.table_name = 'agency_event' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
WHERE e.kind IN ({_ISSUED}, {_OVERDUE}, {_UNACKNOWLEDGED})
ORDER BY r.index
"""  # noqa: S608 - constants
_NOT_DUE: Final = "recalls were written that weren't due, or not to everybody who was told"
_LEFT_OUT: Final = "recalls were left for a later time, since a row that they rest on couldn't be read"
_OUT_OF_TURN: Final = "recalls weren't written at their time, or don't go on where those before had ended"
_NOT_TOLD: Final = "agencies weren't told of their recalls, or of those that are overdue, as they had to be"
_WRONG_ACKNOWLEDGEMENT: Final = "a recall was acknowledged by somebody else than its agency"
_ELSEWHERE: Final = "a recall was acknowledged by an officer who doesn't act where its case is"
_WRONG_LIST: Final = "the recalls that were listed aren't those that there were"


@dataclass(slots=True)
class _Recall:
    """A recall.

    Attributes:
        index: of the entry that wrote it.
        acknowledged: by which entry it was acknowledged; None: by none.
    """

    record: record_pb2.RecallRecord
    index: int
    acknowledged: int | None = None

    def is_open(self, before: int) -> bool:
        """Whether nobody had acknowledged it when there were so many entries."""
        return self.acknowledged is None or self.acknowledged >= before


class Recalled:
    """Compares recalls with what was due, entry by entry. The history must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        enrolled: Enrolled,
        decided_by: DecidedBy,
        *,
        add: Add,
    ) -> None:
        self._conn, self._history, self._enrolled = conn, history, enrolled
        self._decided_by, self._add = decided_by, add
        self._sealer = Sealer(keyring)
        self._order_rows = Rows(conn, "recall orders to be told", _ORDERS, add)
        self._passes = Rows(conn, "recall passes", _PASSES, add)
        self._rows = Rows(conn, "recalls", _RECALLS, add)
        self._acknowledgements = Rows(conn, "recall acknowledgements", _ACKNOWLEDGEMENTS, add)
        self._events = Rows(conn, "events of recalls", _EVENTS, add)
        rows = self._order_rows, self._passes, self._rows, self._acknowledgements, self._events
        self.concerns = Concerns(rows, _SHOWING, ("listed_recalls",))
        self._told: dict[bytes, list[Disclosure]] = {one: [] for (one,) in conn.execute(_OF_ORDERS, binary=True)}
        self._unknown: set[int] = set()
        self._cases: dict[int, tuple[str, bytes]] = {}
        """Of accesses that may be recalled, each case and manifest."""
        self._orders: list[Order] = []
        self._authors: dict[Order, str] = {}
        self._part: tuple[Order, int, Part] | None = None
        self._recalls: dict[bytes, _Recall] = {}
        self._of_agency: dict[str | None, list[bytes]] = {}
        self._last: record_pb2.RecallPassRecord | None = None

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry; all come in their order."""
        is_due = any([each.next_index <= index for each in self.concerns.rows])  # noqa: C419 - asked at each look-up
        if is_due:
            for row in self._order_rows.take(index):
                self._orders.append(Order(index, *row))
                self._authors[self._orders[-1]] = leaf.agency
        method = leaf.method
        if method in _SHOWING and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED:
            self._take_shown(index, leaf, detail)
        if is_due or method == METHOD:
            self._compare_pass(index, leaf)
        if is_due:
            for columns in self._acknowledgements.take(index):
                self._acknowledge(index, leaf, detail, columns)
        if detail is not None and detail.HasField("listed_recalls"):
            self._compare_list(index, leaf, detail.listed_recalls)

    def finish(self) -> None:
        """Report what is left."""
        for rows in self.concerns.rows:
            rows.finish()

    def _take_shown(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Note what an access showed, of registrations that are recalled at some time."""
        if detail is None:
            self._unknown.add(index)
            return
        if not self._told:
            return
        shown, classes = self._shown(detail), frozenset(detail.classes_shown)
        if not shown.keys().isdisjoint(self._told):
            self._cases[index] = detail.case_reference, detail.screened.manifest_id
        for registration_id in shown.keys() & self._told.keys():
            others = tuple(each for each in shown if each != registration_id)
            beside = others if detail.shown_together and not detail.shown_rows else ()
            of_detail = shown[registration_id], classes, beside, photos_of(detail)
            self._told[registration_id].append(Disclosure(*(*said(index, leaf, detail), *of_detail)))

    def _shown(self, detail: record_pb2.AccessDetail) -> dict[bytes, int]:
        """The registrations that an answer showed, and their versions."""
        shown = {each.registration_id: each.version for each in detail.shown}
        if detail.shown_rows or not detail.shown_version or not detail.subjects:
            return shown
        first = detail.subjects[0]
        if detail.shown_together:
            person = self._history.standing(first).person
            shown = {each: self._history.newest(each) for each in person if self._history.is_confirmed(each)}
        return shown | {first: detail.shown_version}

    def _compare_pass(self, index: int, leaf: leaf_pb2.Leaf) -> None:
        """Hold what a pass wrote against what it had to."""
        if leaf.method != METHOD and index < min(each.next_index for each in (self._rows, self._passes, self._events)):
            return
        found, passes = self._rows.take(index), self._passes.take(index)
        events = sorted(self._events.take(index), key=repr)
        if leaf.method != METHOD:
            if found or passes or events:
                self._add(index, _OUT_OF_TURN)
            return
        recalls = [each for columns in found if (each := self._recall(index, columns)) is not None]
        record = self._pass(index, passes[0]) if len(passes) == 1 else None
        if record is None or len(recalls) != len(found):
            self._add(index, _OUT_OF_TURN)
            return
        before, self._last = self._last, record
        if not (self._is_in_turn(index, leaf, before, record) and self._are_timed(leaf, record, recalls)):
            self._add(index, _OUT_OF_TURN)
        elif self._can_be_told(before, record, recalls) and not self._were_due(before, record, recalls):
            self._add(index, _NOT_DUE)
        if len(set(rules.left_out(record)) - set(rules.left_out(before))):
            self._add(index, _LEFT_OUT)
        self._compare_events(index, before, record, [each.agency for each in recalls], events)
        for each in recalls:
            self._recalls[each.recall_id] = _Recall(each, index)
            for agency in (each.agency, None):
                bisect.insort(self._of_agency.setdefault(agency, []), each.recall_id)

    def _recall(self, index: int, columns: tuple[Any, ...]) -> record_pb2.RecallRecord | None:
        return opened(self._add, index, store.RECALLS, lambda: store.open_recall(self._sealer, *columns))

    def _pass(self, index: int, columns: tuple[Any, ...]) -> record_pb2.RecallPassRecord | None:
        return opened(self._add, index, store.PASSES, lambda: store.open_pass(self._sealer, *columns))

    def _is_in_turn(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
    ) -> bool:
        """Whether a pass follows the one before, at its time."""
        if record.number != (before.number if before else 0) + 1 or abs(leaf.time_us - record.time_us) > _RUN_US:
            return False
        if before is not None and not rules.is_ended(before):
            return (record.due_us, record.to, record.nth) == (before.due_us, before.to, before.nth + 1)
        if record.nth != 1:
            return False
        last_us = before.due_us if before else -1
        return last_us < record.due_us <= leaf.time_us + _RUN_US and rules.until(before) <= record.to < index

    def _can_be_told(
        self,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        recalls: list[record_pb2.RecallRecord],
    ) -> bool:
        """Whether everything that a pass rests on is still there: of what was erased since it isn't."""
        orders = [place.order for place in self._between(before, record)]
        erased = self._history.erased
        return not any(order.registration_id in erased for order in orders) and not any(
            self._unknown & set(each.entries) for each in recalls
        )

    def _between(self, before: record_pb2.RecallPassRecord | None, record: record_pb2.RecallPassRecord) -> list[Place]:
        begin = bisect.bisect_right(self._orders, rules.until(before), key=lambda order: order.entry)
        end = bisect.bisect_right(self._orders, record.to, key=lambda order: order.entry)
        return rules.left(self._orders[begin:end], before)

    def _were_due(
        self,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        recalls: list[record_pb2.RecallRecord],
    ) -> bool:
        """Whether a pass wrote the next recalls, in order, and says rightly how far that is."""
        due, going_on = list[tuple[Order, Planned]](), None
        not_told = {each.order: each for each in rules.left_out(record)}
        left_out = {each.order: each for each in rules.left_out(before)}
        for place in self._between(before, record):
            left_out.pop(place.order, None)
            following: Place | None = place
            while following is not None and not_told.get(following.order) != following:
                order, first, told = following
                part, room = self._planned(order, first), rules.PER_ENTRY - len(due)
                due += [(order, rules.planned(each)) for each in part.recalls[told : told + room]]
                if len(part.recalls) - told > room:
                    going_on = Place(order, first, told + room)
                    break
                following = None if part.behind is None else Place(order, part.behind)
            if going_on is not None:
                break
            if following is not None:
                left_out[following.order] = following
        expected_pass = record_pb2.RecallPassRecord(to=record.to)
        rules.ends(expected_pass, rules.until(before), going_on, left_out.values())
        written = [
            (
                (each.registration_id, each.version, each.made_by, each.row_id),
                (each.agency, each.reason, tuple(each.classes), tuple(each.entries)),
            )
            for each in recalls
        ]
        expected = [(tuple(order[1:]), (each.agency, each.reason, each.classes, each.entries)) for order, each in due]
        return written == expected and _place(record) == _place(expected_pass)

    def _planned(self, order: Order, first: int) -> Part:
        """The recalls of the next accesses of an order, as ``plan.part`` finds them; kept for the next pass."""
        if self._part is None or self._part[:2] != (order, first):
            version = functools.cache(functools.partial(self._history.version, order.registration_id))
            judge = plan.judging(self._conn, order, version)
            every = self._told[order.registration_id] if judge is not None else []
            begin, end = (bisect.bisect_left(every, at, key=lambda told: told.entry) for at in (first, order.entry))
            wrong = plan.wrong(every[begin:end], self._authors[order], judge) if judge is not None else iter(())
            self._part = order, first, rules.part(wrong)
        return self._part[2]

    def _are_timed(
        self, leaf: leaf_pb2.Leaf, record: record_pb2.RecallPassRecord, recalls: list[record_pb2.RecallRecord]
    ) -> bool:
        """Whether recalls say the deadlines of a policy of that day."""
        policies = self._decided_by.deadlines(leaf.time_us)
        if policies is None or not recalls:
            return True
        rules_of, began = (RECALL_ACKNOWLEDGEMENT, RECALL_ESCALATION), instant(record.time_us)
        due = {tuple(to_us(each.due(rule, began).due) for rule in rules_of) for each in policies}
        return all(
            each.time_us == record.time_us and (each.acknowledge_by_us, each.escalate_us) in due for each in recalls
        )

    def _compare_events(
        self,
        index: int,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        recalled: list[str],
        events: list[tuple[int, str, str | None]],
    ) -> None:
        """Each agency is told of each of its recalls, and once more when they are overdue, as NPB is."""
        told: dict[int, list[str]] = {_ISSUED: [], _OVERDUE: [], _UNACKNOWLEDGED: []}
        for kind, recipient, about in events:
            told[kind].append(about or "" if kind == _UNACKNOWLEDGED else recipient)
        fits = sorted(recalled) == sorted(told[_ISSUED])
        for kind, deadline in ((_OVERDUE, "acknowledge_by_us"), (_UNACKNOWLEDGED, "escalate_us")):
            most = self._overdue(deadline, before, record, record.to + 1)
            least = self._overdue(deadline, before, record, index)
            fits = fits and least <= set(told[kind]) <= most
        if not fits:
            self._add(index, _NOT_TOLD)

    def _overdue(
        self,
        deadline: str,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        size: int,
    ) -> set[str]:
        """The agencies with a recall whose deadline had come since the time before, and that was open at a size."""
        if before is not None and not rules.is_ended(before):
            return set()
        after_us = before.due_us if before else 0
        return {
            each.record.agency
            for each in self._recalls.values()
            if after_us < getattr(each.record, deadline) <= record.due_us and each.is_open(size)
        }

    def _acknowledge(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        columns: tuple[Any, ...],
    ) -> None:
        record = opened(
            self._add, index, store.ACKNOWLEDGEMENTS, lambda: store.open_acknowledgement(self._sealer, *columns)
        )
        if record is None:
            return
        recall = self._recalls.get(record.recall_id)
        by_whom = detail is None or detail.officer_key == record.officer_key
        if (
            recall is None
            or leaf.method != ACKNOWLEDGE
            or not by_whom
            or not (leaf.agency == record.agency == recall.record.agency)
        ):
            self._add(index, _WRONG_ACKNOWLEDGEMENT)
            return
        recall.acknowledged = index
        case_reference, manifest_id = self._cases.get(recall.record.entries[-1], ("", b""))
        place = cases.place_of(case_reference)
        if manifest_id:
            declared = self._declared(index, manifest_id)
            place = None if declared is None else declared.place
        if place is not None and not self._enrolled.may_act(leaf.agency, record.officer_key, place):
            self._add(index, _ELSEWHERE)

    def _declared(self, index: int, manifest_id: bytes) -> Declared | None:
        found = opened(self._add, index, screening.TABLE, lambda: screening.declarations(self._conn, [manifest_id]))
        return None if found is None else found.get(manifest_id)

    def _compare_list(self, index: int, leaf: leaf_pb2.Leaf, listed: record_pb2.ListedRecalls) -> None:
        """Hold a page against the recalls that there were."""
        agency = listed.agency if listed.HasField("agency") else None
        ids = self._of_agency.get(agency, [])
        there = (
            one
            for one in islice(ids, bisect.bisect_right(ids, listed.after), None)
            if self._recalls[one].index < listed.before
            and self._recalls[one].is_open(listed.before) != listed.acknowledged
        )
        found = rests_on.digest((one, 1) for one in islice(there, listed.most))
        if agency not in {None, leaf.agency} or listed.before > index or found != listed.found:
            self._add(index, _WRONG_LIST)


def _place(record: record_pb2.RecallPassRecord) -> tuple[int, record_pb2.RecallPlace, list[record_pb2.RecallPlace]]:
    """How far a pass says that orders are told."""
    return record.until, record.next, list(record.left_out)
