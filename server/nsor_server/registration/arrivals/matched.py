"""Arrival notices along the ledger: whom each had to match, at which time, and what that made of a record.

Whoever owns the database can hide a notice or a registration while a time is written, and put it back; whoever holds
the keys for a while could seal a transfer that no notice has opened. Told again in the ledger's order, the seals say
who had the number of an open notice when a time had read, and what had to follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened, read
from nsor_server.registration import claims
from nsor_server.registration.arrivals import notices, rules
from nsor_server.registration.claims import Identifier
from nsor_server.registration.history import History
from nsor_server.registration.identity import rules as identity
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_NOTICES: Final = f"""
SELECT r.index, uuid_send(a.arrival_id), a.place, a.ends_at, a.created_at, a.sealed
FROM ledger_record AS r
JOIN arrival_notice AS a ON a.arrival_id = {UUID_OF_RECORD}
WHERE r.table_name = '{notices.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_MATCHES: Final = "SELECT uuid_send(arrival_id), uuid_send(registration_id), review_time FROM arrival_match"
_LIST: Final = "nsor.v1.NotificationService/ListArrivalNotices"
_BY: Final = "an arrival notice names another officer than its entry, or a place that wasn't his"
_LEFT_OUT: Final = "a time for reviews has left out an arrival notice whose number a registration had"
_NOT_SO: Final = "a time for reviews has matched an arrival notice with a registration that it couldn't"
_MADE: Final = "what a time for reviews makes of a record doesn't follow from arrival notices"
_ROWS: Final = "the rows of arrival_match aren't what was written at the times for reviews"
_PAGE: Final = "a list of arrival notices didn't rest on those that its stations had taken"


@dataclass(frozen=True, slots=True)
class _Taken:
    """A notice, with the entry that took it and its time."""

    index: int
    time_us: int
    record: record_pb2.ArrivalRecord


@dataclass(frozen=True, slots=True)
class _Before:
    """A registration before the entry that is compared: who it was found by.

    Attributes:
        index: of the entry that has changed it last.
        in_look_ups: whether look-ups showed it.
        numbers: by which it was found: look-ups showed it, and it wasn't held by them.
    """

    index: int
    in_look_ups: bool
    numbers: frozenset[Identifier]


class ArrivalsMatched:
    """The arrival notices at each entry. History and reviews must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        reviewed: Reviewed,
        *,
        enrolled: Enrolled,
        add: Add,
    ) -> None:
        self._conn, self._history, self._reviewed, self._enrolled, self._add = conn, history, reviewed, enrolled, add
        self._sealer = Sealer(keyring)
        self._rows = Rows(conn, "arrival notices", _NOTICES, add)
        self.concerns = Concerns((self._rows, *history.rows, *reviewed.rows), frozenset({_LIST}), ("listed_arrivals",))
        self._taken: dict[bytes, _Taken] = {}
        self._open: dict[bytes, _Taken] = {}
        self._before: dict[bytes, _Before] = {}
        self._having: dict[Identifier, set[bytes]] = {}
        self._matched: set[tuple[bytes, bytes, int]] = set()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written or listed by the next entry; all come in their order."""
        if self._reviewed.written is not None:
            self._compare(index, self._reviewed.written)
        for columns in self._rows.take(index):
            stored = notices.StoredArrival(*columns)
            record = opened(self._add, index, notices.TABLE, lambda: notices.opened(self._sealer, stored))  # noqa: B023
            if record is not None:
                self._take(index, leaf, detail, record)
        changed = [each.registration_id for each in self._history.changed]
        for registration_id in {*changed, *(each.registration_id for each in self._history.claimed)}:
            self._note(index, registration_id)
        if detail is not None and detail.HasField("listed_arrivals") and leaf.method == _LIST:
            self._compare_list(index, leaf, detail)

    def finish(self) -> None:
        """Report what is left, and compare what was matched with the rows beside it."""
        self._rows.finish()
        if sorted(map(tuple, read(self._conn, "arrival matches", _MATCHES))) != sorted(self._matched):
            self._add(-1, _ROWS)

    def _take(
        self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None, record: record_pb2.ArrivalRecord
    ) -> None:
        taken = _Taken(index, leaf.time_us, record)
        self._taken[record.arrival_id] = self._open[record.arrival_id] = taken
        by = detail.officer_key if detail is not None else record.officer_key
        places = (record.receiving_station, record.home_place)
        acts = all(self._enrolled.may_act(leaf.agency, by, place) for place in places)
        if (record.agency, record.officer_key) != (leaf.agency, by) or not acts:
            self._add(index, _BY)

    def _note(self, index: int, registration_id: bytes) -> None:
        """Note by which numbers a registration is found from the next entry on."""
        standing = self._history.standing(registration_id)
        held = {
            claims.IDENTIFIER_CNIC: standing.claim.cnic_held,
            claims.IDENTIFIER_PASSPORT: standing.claim.passport_held,
        }
        found = frozenset(each for each in standing.claimed_now if not held[each.kind])
        before = self._before.get(registration_id)
        for each in before.numbers if before is not None else ():
            self._having[each].discard(registration_id)
        numbers = found if standing.in_look_ups else frozenset()
        for each in numbers:
            self._having.setdefault(each, set()).add(registration_id)
        self._before[registration_id] = _Before(index, standing.in_look_ups, numbers)

    def _compare(self, index: int, time: record_pb2.ReviewTimeRecord) -> None:
        """Hold what a time has matched against who had the number of a notice that was open."""
        self._open = {one: each for one, each in self._open.items() if each.record.end_us >= time.due_us}
        known = [each for each in self._open.values() if each.time_us <= time.due_us]
        known.sort(key=lambda each: (each.record.end_us, each.record.arrival_id))
        erased, gone = self._history.erased, {*time.archived_ids}
        changed = {each.registration_id: each for each in self._history.changed}
        opens = {each.registration_id for each in time.arrivals if each.opens}
        allowed, due = set[tuple[bytes, bytes]](), set[tuple[bytes, bytes]]()
        for each in known[: notices.MOST]:
            for registration_id in self._meets(rules.shown(each.record)):
                pair = each.record.arrival_id, registration_id
                allowed.add(pair)
                left = registration_id in gone or (registration_id in changed and registration_id not in opens)
                if not left and self._before[registration_id].index <= time.returned_to:
                    due.add(pair)
        named = [
            (each.arrival_id, each.registration_id) for each in time.arrivals if each.registration_id not in erased
        ]
        due = {each for each in due if each[1] not in erased}
        if due - set(named):
            self._add(index, _LEFT_OUT)
        if set(named) - allowed or len(named) != len(set(named)):
            self._add(index, _NOT_SO)
        by_registration: dict[bytes, list[record_pb2.ArrivalMatch]] = {}
        for match in time.arrivals:
            by_registration.setdefault(match.registration_id, []).append(match)
            self._matched.add((match.arrival_id, match.registration_id, time.number))
        for registration_id, matches in by_registration.items():
            if registration_id not in erased and not self._follows(changed.get(registration_id), matches):
                self._add(index, _MADE)
        for match in time.arrivals:
            self._open.pop(match.arrival_id, None)

    def _meets(self, shown: Identifier) -> set[bytes]:
        """The registrations that a number was found by, and the others of their persons that look-ups showed."""
        found = self._having.get(shown, set())
        others = {other for each in found for other in self._history.standing(each).person}
        return found | {one for one in others if (known := self._before.get(one)) and known.in_look_ups}

    def _follows(
        self, written: record_pb2.RegistrationRecord | None, matches: Iterable[record_pb2.ArrivalMatch]
    ) -> bool:
        """Whether a registration's version, or that there is none, follows from the notices that met it."""
        matches = list(matches)
        registration_id = matches[0].registration_id
        newest = self._history.newest(registration_id)
        before = self._history.version(registration_id, newest - (written is not None))
        arrivals = [self._taken[each.arrival_id].record for each in matches if each.arrival_id in self._taken]
        if before is None or len(arrivals) != len(matches):
            return False
        opening = rules.opening(before, arrivals)
        said = [each.arrival_id for each in matches if each.opens]
        if said != ([] if opening is None else [opening.arrival_id]):
            return False
        if opening is None or written is None:
            return opening is None and written is None
        made = rules.arrived(before, opening, written.update_time_us, written.transfer.deadlines)
        made.update_time_us = written.update_time_us
        identity.settle(made)
        return made == written

    def _compare_list(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        listed = detail.listed_arrivals
        there = [
            (each.time_us, arrival_id)
            for arrival_id, each in self._taken.items()
            if each.index < listed.before
            and self._enrolled.may_act(leaf.agency, detail.officer_key, each.record.receiving_station)
        ]
        there.sort(reverse=True)
        if listed.after in self._taken:
            there = [each for each in there if each < (self._taken[listed.after].time_us, listed.after)]
        if listed.found != rests_on.digest((arrival_id, 1) for _, arrival_id in there[: listed.most]):
            self._add(index, _PAGE)
