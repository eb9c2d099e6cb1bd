"""Reviews along the ledger: each names the registration that had the identifier first, and nothing waits for ever.

Whoever owns the database can change an index while reviews are written, and put it back: then a review that is sealed
and recorded names somebody else, or there is none. Who had an identifier first says the history.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final, TypeAlias

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows, opened
from nsor_server.registration import returned, review_store
from nsor_server.registration.history import History
from nsor_server.registration.judgments import times
from nsor_server.registration.judgments.history import Judged
from nsor_server.registration.persons.collisions import MOST
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_TIMES: Final = f"""
SELECT written.index, uuid_send(t.review_time_id), t.number, (extract(epoch FROM t.due_at) * 1000000)::bigint,
    coalesce((
        SELECT jsonb_agg(
            jsonb_build_array(
                r.number, encode(uuid_send(r.registration_id), 'hex'),
                encode(uuid_send(r.earlier_registration_id), 'hex'), r.kind
            ) ORDER BY r.number
        )
        FROM registration_review AS r WHERE r.review_time = t.number
    ), '[]'),
    t.sealed
FROM ledger_record AS written
JOIN review_time AS t ON written.row_id = uuid_send(t.review_time_id) AND written.version = 1
WHERE written.table_name = '{review_store.TIMES}'
ORDER BY written.index, written.ordinal
"""  # noqa: S608 - constants

_Lack: TypeAlias = tuple[bytes, bytes, int]
"""A registration, the one that holds it, and the kind of identifier; without these two its claim is wrong."""


class Reviewed:
    """The reviews of each time, compared with the history and the judgments, which must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, judged: Judged, add: Add) -> None:
        self._sealer, self._history, self._judged, self._add = Sealer(keyring), history, judged, add
        self._times = Rows(conn, "review times", _TIMES, add)
        self.rows = (self._times,)
        """Entries that have some of these are fixed times."""
        self.concerns = Concerns(self.rows, also_next=True)
        self._numbers: dict[int, tuple[bytes, bytes]] = {}
        self._reviewed: dict[bytes, set[tuple[bytes, int]]] = {}
        self._due: dict[bytes, set[_Lack]] = {}
        self._lacking: set[_Lack] = set()
        self._pairs: set[frozenset[bytes]] = set()
        self._compared_to = 0
        self._examined_to = -1
        self._due_us = 0
        self._judged_to = 0
        self._before = -1
        self._returned_to = 0
        self.written: record_pb2.ReviewTimeRecord | None = None
        """The time that the last entry wrote, if it did and the time opens."""
        self.returned: list[bytes] = []
        """What has come to stand since the time before that one, as far as that time has looked."""
        self.before_us = 0
        """When the time before it was, microseconds since 1970."""
        self.last_time = 0
        """Number of the last time."""
        self.last_review = 0
        """Number of the last review."""

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        self.written = None
        if self._times.next_index > index:
            return
        for time_id, number, due_us, reviews, sealed in self._times.take(index):
            rows = [(nth, bytes.fromhex(one), bytes.fromhex(other), kind) for nth, one, other, kind in reviews]
            columns = (time_id, number, due_us)
            record = opened(
                self._add,
                index,
                review_store.TIMES,
                lambda: review_store.open_time(self._sealer, columns, rows, sealed),  # noqa: B023
            )
            if record is not None:
                self.written, self.before_us = record, self._due_us
                self._take_returned(index, record)
                self._compare(index, record)

    def pair(self, number: int) -> tuple[bytes, bytes] | None:
        """The two registrations of a review that was written, the one that was confirmed first before the other."""
        return self._numbers.get(number)

    def numbers(self, registration_id: bytes) -> list[int]:
        """The reviews that name a registration."""
        return [number for number, pair in self._numbers.items() if registration_id in pair]

    def finish(self) -> None:
        """Report what is left."""
        self._times.finish()

    def _compare(self, index: int, record: record_pb2.ReviewTimeRecord) -> None:
        written: dict[bytes, set[tuple[bytes, int]]] = {}
        self.last_time = record.number
        for each in record.reviews:
            self._numbers[each.number] = each.earlier_registration_id, each.registration_id
            self.last_review = each.number
            pair = frozenset({each.registration_id, each.earlier_registration_id})
            if each.kind != review_store.LIKELY:
                written.setdefault(each.registration_id, set()).add((each.earlier_registration_id, each.kind))
            elif pair in self._pairs or not self._history.were_confirmed(
                each.earlier_registration_id, each.registration_id
            ):
                self._add(
                    index, "a likely duplicate was reviewed before, or doesn't name the one that was confirmed first"
                )
            self._pairs.add(pair)
        if not self._compared_to <= record.compared_to < index:
            self._add(index, "a time for reviews says that more was compared than there was, or less than before")
        self._compared_to = record.compared_to
        for registration_id, found in written.items():
            known = self._reviewed.setdefault(registration_id, set())
            if not self._are_holders(registration_id, found, known):
                self._add(index, "a review doesn't name the registration that had the identifier first")
            known |= found
        if list(record.overdue_judgment_ids) != self._judged.overdue(self._due_us, record.due_us):
            self._add(index, "a time for reviews doesn't name the judgments that were overdue")
        self._compare_judged(index, record)
        self._due_us = record.due_us
        if not self._examined_to <= record.examined_to < index:
            self._add(index, "a time for reviews says that more was looked at than there was, or less than before")
        self._examined_to = record.examined_to
        self._look_again(self._history.moved() | written.keys())
        self._compare_left(index, record)

    def _are_holders(
        self, registration_id: bytes, found: set[tuple[bytes, int]], known: set[tuple[bytes, int]]
    ) -> bool:
        """Whether reviews name those that hold a registration, and of which NPB hasn't heard."""
        if registration_id not in self._history.erased:
            return found <= self._history.holders(registration_id) - known
        return not found & known and all(self._history.has_met(registration_id, other) for other, _ in found)

    def _compare_judged(self, index: int, record: record_pb2.ReviewTimeRecord) -> None:
        """The judgments since the time before, all of them unless they were too many, and whom they had met by now."""
        if not self._judged_to <= record.judged_to < index:
            self._add(index, "a time for reviews says that more judgments were looked at than there were, or less")
        elif record.judged_to < self._before and not times.is_full(record.judged):
            self._add(index, "a time for reviews has left out judgments that were recorded before the last one")
        expected = self._judged.judged(self._judged_to, record.judged_to)
        if len(record.judged) != len(expected) or not all(
            _are_met(named, found, self._history.erased) for named, found in zip(record.judged, expected, strict=True)
        ):
            self._add(index, "a time for reviews doesn't name the judgments since the last one, or whom they have met")
        self._judged_to, self._before = record.judged_to, index

    def _take_returned(self, index: int, record: record_pb2.ReviewTimeRecord) -> None:
        """Take what has come to stand up to where the time has looked: all before the last, unless it was too much."""
        coming, found = self._history.came_to_stand, list[tuple[int, bytes]]()
        while coming and coming[0][0] <= record.returned_to:
            found.append(coming.popleft())
        if not self._returned_to <= record.returned_to < index:
            self._add(index, "a time for reviews says that more came to stand than there was, or less than before")
        elif record.returned_to < self._before:
            following = sum(1 for at, _ in coming if at == coming[0][0])
            if len(found) + following <= returned.MOST:
                self._add(index, "a time for reviews has left out what came to stand before the last one")
        self._returned_to = record.returned_to
        # One that is archived or sealed since, also by this entry, stands no more.
        standing = ((at, self._history.standing(one)) for at, one in found)
        self.returned = [each.registration_id for at, each in standing if each.stands_since == at and each.confirmed]

    def _look_again(self, registration_ids: set[bytes]) -> None:
        """Note of registrations what is due now; of all others it is what it was."""
        for registration_id in registration_ids:
            self._due.pop(registration_id, None)
            if due := self._due_of(registration_id):
                self._due[registration_id] = due

    def _compare_left(self, index: int, record: record_pb2.ReviewTimeRecord) -> None:
        """What was due already at the time before, and is still: it waits for its agency's share alone."""
        lacking = {each for of_registration in self._due.values() for each in of_registration}
        full = len(record.reviews) >= MOST
        waits = {each for each in lacking if full or self._history.agency_of(each[0]) in record.used_up}
        if (lacking & self._lacking) - waits:
            self._add(index, "a registration that an earlier one holds back was left out of the reviews")
            lacking -= self._lacking - waits
        self._lacking = lacking

    def _due_of(self, registration_id: bytes) -> set[_Lack]:
        """Of a registration the pairs without a review, and that its claim doesn't say who is held."""
        if not self._history.collides(registration_id):
            return set()
        pairs = self._history.holders(registration_id) - self._reviewed.get(registration_id, set())
        due = {(registration_id, earlier_id, kind) for earlier_id, kind in pairs}
        return due if self._history.says_who_is_held(registration_id) else {*due, (registration_id, b"", 0)}


def _are_met(named: record_pb2.JudgedRecord, found: record_pb2.JudgedRecord, erased: AbstractSet[bytes]) -> bool:
    """Whether a time names whom a judgment has met; of what was erased since, its word is all that is left."""
    met = [each for each in named.registration_ids if each not in erased]
    near = [each for each in named.near_registration_ids if each not in erased]
    # Whom a judgment came near is named of one alone that has met nobody.
    has_met_erased = len(met) < len(named.registration_ids)
    return (
        named.judgment_id == found.judgment_id
        and met == list(found.registration_ids)
        and (has_met_erased or near == list(found.near_registration_ids))
    )
