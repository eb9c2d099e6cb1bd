"""Movements along the ledger: whom each has met, and what the versions of registrations must say of it.

Whoever owns the database can hide a movement from a fixed time, or a registration from a movement, and put it back;
who holds the keys for a while could seal a journey that nobody has reported. Told again in the ledger's order,
movements and registrations say who was met. Once a movement's key is deleted nobody can open it: what the time says of
it stands, and a key may be missing only where a time has said so.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.registration.claims import Identifier
from nsor_server.registration.duties.history import Owing
from nsor_server.registration.history import History
from nsor_server.registration.movements import meeting, rules, store, times
from nsor_server.registration.movements.again import may_have_forgotten
from nsor_server.registration.movements.again_history import ComparedAgain, Standing
from nsor_server.registration.movements.queued import Queued, Reported
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

REPORT: Final = "nsor.v1.NotificationService/ReportMovement"
_NOTICES: Final = frozenset(
    f"nsor.v1.NotificationService/{name}" for name in ("CreateNotice", "WithdrawNotice", "DecideNotice")
)
"""They change the journeys of a registration; ``verification/noticed.py`` tells them again."""
_ROWS: Final = f"""
SELECT r.index, uuid_send(m.movement_id), k.border_crossing, k.wrapped, m.sealed
FROM ledger_record AS r
JOIN movement AS m ON m.movement_id = {UUID_OF_RECORD} AND r.version = {store.ONCE}
LEFT JOIN movement_key AS k USING (movement_id)
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_BY: Final = "a movement over the border names another agency or officer than its entry"
_LEFT_OUT: Final = "a time for reviews doesn't name whom a movement over the border has met"
_PASSED_OVER: Final = "a time for reviews has left out movements over the border that were reported before the last one"
_SAYS: Final = "a registration doesn't say of the movements over the border what the time for reviews has made of them"
_DELETED: Final = (
    "the key of a movement over the border is missing, and no time for reviews has said that it is deleted"
)
_KEPT: Final = "the key of a movement over the border is there, and a time for reviews has said that it is deleted"
_POLICY: Final = "a time for reviews has compared movements over the border by a policy that wasn't in force"
_TOO_EARLY: Final = "a time for reviews deletes keys of movements over the border otherwise than policy says"


class Moved:
    """Whom movements have met at each entry. The history and the reviews must be at the entry already."""

    def __init__(
        self, conn: Connection, keyring: Keyring, history: History, owing: Owing, *, reviewed: Reviewed, add: Add
    ) -> None:
        """``owing`` knows which policy counted when."""
        self._history, self._reviewed, self._add = history, reviewed, add
        self._sealer, self._owing = Sealer(keyring), owing
        self._rows = Rows(conn, "movements", _ROWS, add)
        self.concerns = Concerns((self._rows, *history.rows, *reviewed.rows))
        self._waiting, self._again = Queued(), ComparedAgain()
        self._meeting: dict[Identifier, dict[bytes, int]] = {}
        """Of each number the registrations that it would meet, each with the entry since which it would."""
        self._numbers: dict[bytes, frozenset[Identifier]] = {}
        """The numbers of each of those."""
        self._kept: dict[bytes, bytes] = {}
        """What the newest version of each registration says of journeys and movements."""
        self._compared_to, self._last_time, self._last = 0, -1, record_pb2.ReviewTimeRecord()
        self._deleted_before_us = self._deleted_surely_us = 0
        self._newest_without_us, self._oldest_with_us = -1, 1 << 62

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        met: dict[bytes, dict[bytes, record_pb2.MovementRecord | None]] = {}
        time = self._reviewed.written
        if time is not None:
            if not self._owing.was_in_force(time.movement_policy, leaf.time_us):
                self._add(index, _POLICY)
            # First: it has compared movements with what stood before it.
            met = self._compare(index, time)
        self._take(index, leaf, detail)
        for record in self._history.changed:
            self._compare_version(index, leaf, record, met.pop(record.registration_id, None))
        for registration_id in met:
            if registration_id not in self._history.erased:
                self._add(index, _SAYS)
        for registration_id in {
            *(each.registration_id for each in self._history.changed),
            *(each.registration_id for each in self._history.claimed),
        }:
            self._expect(index, registration_id)

    def finish(self) -> None:
        """Report what is left, and keys that are missing or there against what the times have said."""
        self._rows.finish()
        if self._newest_without_us >= self._deleted_before_us:
            self._add(-1, _DELETED)
        if self._oldest_with_us < self._deleted_surely_us:
            self._add(-1, _KEPT)

    def _take(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Note the movement that an entry has taken."""
        for movement_id, crossing, wrapped, sealed in self._rows.take(index):
            row = store.StoredMovement(movement_id, crossing, wrapped, sealed)
            record = None
            if wrapped is None:
                self._newest_without_us = max(self._newest_without_us, leaf.time_us)
            else:
                self._oldest_with_us = min(self._oldest_with_us, leaf.time_us)
                record = opened(self._add, index, store.TABLE, lambda: store.opened(self._sealer, row))  # noqa: B023
            if leaf.method != REPORT or (record is not None and not _is_by(record, leaf, detail)):
                self._add(index, _BY)
            reported = Reported(index, leaf.time_us, movement_id, crossing, record)
            self._waiting.add(reported)
            self._again.add(reported)

    def _compare(
        self, index: int, time: record_pb2.ReviewTimeRecord
    ) -> dict[bytes, dict[bytes, record_pb2.MovementRecord | None]]:
        """Hold whom a time has met against whom it had to meet; gives the movements of each registration."""
        taken, again = self._waiting.take(time), self._again.compare(time, self._standing(time))
        named = {each.movement_id: list(each.registration_ids) for each in time.moved}
        # What was reported before the last time can't be behind what a time has looked at.
        is_behind = max(self._compared_to, self._last_time) <= time.movements_to < index
        stopped = all(self._is_stopped(each, time) for each in taken.stopped)
        if not (is_behind and taken.is_right and again.goes_right and stopped):
            self._add(index, _PASSED_OVER)
        if not (taken.names_right and again.names_right):
            self._add(index, _LEFT_OUT)
        met: dict[bytes, dict[bytes, record_pb2.MovementRecord | None]] = {}
        for each in taken.movements:
            if each.record is not None and not self._is_right(each.record, named.get(each.movement_id, []), time):
                self._add(index, _LEFT_OUT)
        for movement in (*time.moved, *time.moved_again):
            for registration_id in movement.registration_ids:
                record = self._again.record(movement.movement_id)
                met.setdefault(registration_id, {})[movement.movement_id] = record
        self._compare_deletion(index, time)
        self._compared_to, self._last_time, self._last = time.movements_to, index, time
        return met

    def _is_right(
        self, movement: record_pb2.MovementRecord, named: list[bytes], time: record_pb2.ReviewTimeRecord
    ) -> bool:
        """Whether a time names whom a movement has met.

        What has changed while the time was made may have been read before or after it. Of what was erased nobody can
        say any more whether it was met.
        """
        found = self._would_meet(movement, time)
        must = {one for one, since in found.items() if since <= time.movements_to}
        left = [one for one in named if one not in self._history.erased]
        return named == sorted(set(named)) and must <= set(left) <= found.keys()

    def _would_meet(self, movement: record_pb2.MovementRecord, time: record_pb2.ReviewTimeRecord) -> dict[bytes, int]:
        meeting = self._meeting.get(rules.identifier(movement), {})
        return {one: since for one, since in meeting.items() if one not in time.archived_ids}

    def _standing(self, time: record_pb2.ReviewTimeRecord) -> Standing:
        """What older movements are held against that a time compares again."""
        return Standing(
            self._reviewed.returned,
            self._history.erased,
            self._numbers,
            lambda one, registration_id: self._meeting[one][registration_id],
            lambda registration_id: may_have_forgotten(_read(self._kept.get(registration_id, b""))),
            lambda registration_ids: self._has_to_wait(registration_ids, time),
        )

    def _is_stopped(self, waiting: Reported, time: record_pb2.ReviewTimeRecord) -> bool:
        """Whether the next movement of a crossing had to wait."""
        if waiting.record is None:
            return True
        return self._has_to_wait(self._would_meet(waiting.record, time).keys(), time)

    def _has_to_wait(self, next_met: AbstractSet[bytes], time: record_pb2.ReviewTimeRecord) -> bool:
        """Whether a movement that meets some registrations is too much for a time, or the time writes one otherwise.

        Whether it would meet one besides that was erased since nobody can say any more.
        """
        met = {one for each in (*time.moved, *time.moved_again) for one in each.registration_ids}
        written = {each.registration_id for each in self._history.changed} - met
        if len(met | next_met) + bool(self._history.erased - met) > meeting.MOST:
            return True
        return not written.isdisjoint(next_met) or bool(self._history.changed_unread - met)

    def _compare_deletion(self, index: int, time: record_pb2.ReviewTimeRecord) -> None:
        counting = self._owing.counting(time.movement_policy)
        if counting is not None:
            expected = times.destroyed_before(counting.deadlines, time, self._last)
            if time.movements_destroyed_before_us != expected:
                self._add(index, _TOO_EARLY)
        # What the last time has said is deleted after it: only what the one before has said is surely gone.
        self._deleted_surely_us = self._deleted_before_us
        self._deleted_before_us = time.movements_destroyed_before_us

    def _compare_version(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        record: record_pb2.RegistrationRecord,
        met: dict[bytes, record_pb2.MovementRecord | None] | None,
    ) -> None:
        """Hold what a version says of movements, and all that they change, against the one before."""
        before = self._kept.pop(record.registration_id, b"")
        if record.journeys or record.movements:
            self._kept[record.registration_id] = _crossed(record)
        elif met is None and not before:
            return
        if met is None:
            was = _read(before)
            same = list(was.movements) == list(record.movements) or (not rules.of_version(record) and not was.movements)
            if not same or (leaf.method not in _NOTICES and list(was.journeys) != list(record.journeys)):
                self._add(index, _SAYS)
            return
        new = {each.movement_id: _as_met(each) for each in rules.of_version(record)}
        told = {movement_id: rules.met(each) for movement_id, each in met.items() if each is not None}
        if new.keys() != met.keys() or any(new[movement_id] != each for movement_id, each in told.items()):
            self._add(index, _SAYS)
            return
        counting = (
            self._owing.counting(self._reviewed.written.movement_policy) if self._reviewed.written is not None else None
        )
        last = self._history.version(record.registration_id, record.version - 1)
        if counting is None or last is None:
            return  # this version of the server can't read those documents, or the version before doesn't open
        expected = rules.after(last, new.values(), counting)
        expected.update_time_us = record.update_time_us
        if expected != record:
            self._add(index, _SAYS)

    def _expect(self, index: int, registration_id: bytes) -> None:
        """Note which numbers meet a registration after an entry."""
        standing = self._history.standing(registration_id)
        before = self._numbers.pop(registration_id, frozenset())
        if not standing.confirmed and not before:
            return
        now = frozenset(
            one
            for one in standing.current
            if standing.confirmed and rules.may_meet(one, standing.current, standing.disputed, standing.claim)
        )
        for one in before - now:
            del self._meeting[one][registration_id]
        for one in now - before:
            self._meeting.setdefault(one, {})[registration_id] = index
        if now:
            self._numbers[registration_id] = now


def _is_by(record: record_pb2.MovementRecord, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> bool:
    return record.agency == leaf.agency and (detail is None or record.officer_key == detail.officer_key)


def _as_met(movement: record_pb2.MetMovement) -> record_pb2.MetMovement:
    """A movement as the time gives it to a version."""
    found = record_pb2.MetMovement()
    found.CopyFrom(movement)
    found.ClearField("version")
    found.ClearField("notice_id")
    return found


def _read(kept: bytes) -> record_pb2.RegistrationRecord:
    return record_pb2.RegistrationRecord.FromString(kept)


def _crossed(record: record_pb2.RegistrationRecord) -> bytes:
    return record_pb2.RegistrationRecord(journeys=record.journeys, movements=record.movements).SerializeToString()
