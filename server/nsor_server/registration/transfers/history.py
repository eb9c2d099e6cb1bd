"""Transfers along the ledger: who is responsible by each version follows from the one before, and from who decided.

Whoever holds the keys for a while could seal a version in which another station is responsible, though nobody has
accepted the person. Told again in the ledger's order, notices and decisions say who must be responsible.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.instants import instant
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.registration.history import History
from nsor_server.registration.persons.others import Others
from nsor_server.registration.reviewed import Reviewed
from nsor_server.registration.transfers import rules
from nsor_server.storage.v1 import record_pb2

_PROBLEM: Final = "who is responsible for a registration doesn't follow from notices and decisions"
_LEFT_BEHIND: Final = "a transfer was decided, and that of another registration of the person wasn't with it"
_LEFT_OUT: Final = "a time for reviews doesn't name the transfers of which a time was over"
_DECIDE: Final = "nsor.v1.NotificationService/DecideTransfer"
_RESOLVE: Final = "nsor.v1.NotificationService/ResolveTransfer"
_OF_NOTICES: Final = frozenset(
    f"nsor.v1.NotificationService/{name}" for name in ("CreateNotice", "WithdrawNotice", "DecideNotice")
)
"""They move nobody's responsibility; ``verification/noticed.py`` tells again what they make of a transfer."""
_OF_PERSONS: Final = "nsor.v1.RegistrationService/ConfirmReviewDecision"
"""A merge, or its end, opens and ends transfers: told again by ``persons/joining.py``."""
_instant: Final = itemgetter(0)


class Transferred:
    """Who is responsible at each entry. The history and the reviews must be at the entry already."""

    def __init__(
        self, history: History, reviewed: Reviewed, enrolled: Enrolled, decided_by: DecidedBy, add: Add
    ) -> None:
        self._history, self._reviewed, self._enrolled, self._add = history, reviewed, enrolled, add
        self._decided_by = decided_by
        self.concerns = Concerns((*history.rows, *reviewed.rows))
        self._newest: dict[bytes, bytes] = {}
        self._open: dict[bytes, record_pb2.RegistrationRecord] = {}
        self._falling_due: list[tuple[int, bytes]] = []

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if self._reviewed.written is not None:
            # First: what a time writes of registrations itself comes after what it has read.
            self._compare(index, self._reviewed.written)
        if leaf.method in {_DECIDE, _RESOLVE}:
            self._compare_others(index, resolves=leaf.method == _RESOLVE)
        for record in self._history.changed:
            after = _responsibility(record)
            stored = self._newest.get(record.registration_id)
            follows = (
                not after.HasField("transfer")
                if stored is None
                else self._follows(index, leaf, detail, stored=stored, record=record)
            )
            if not follows:
                self._add(index, _PROBLEM)
            self._newest[record.registration_id] = after.SerializeToString()
            self._expect(record.registration_id, after)

    def finish(self) -> None:
        """Nothing is left: the rows are the history's."""

    def of(self, registration_id: bytes) -> record_pb2.RegistrationRecord:
        """What a registration's newest version says of who is responsible, after the last entry."""
        return record_pb2.RegistrationRecord.FromString(self._newest.get(registration_id, b""))

    def _compare_others(self, index: int, *, resolves: bool) -> None:
        """See that a decision on the transfer of one registration was made on those of the person that go with it."""
        changed = {each.registration_id: each.update_time_us for each in self._history.changed}
        for one, time_us in changed.items():
            before = self.of(one)
            for other in set(self._history.standing(one).person).difference(changed, self._history.erased):
                stored = self.of(other)
                npb_at_us = time_us if resolves else 0
                if self._history.is_confirmed(other) and rules.is_with(stored, before, npb_at_us):
                    self._add(index, _LEFT_BEHIND)

    def _follows(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        *,
        stored: bytes,
        record: record_pb2.RegistrationRecord,
    ) -> bool:
        if not rules.is_watched(record.transfer):
            return False
        time = self._reviewed.written
        if time is not None and any(
            each.opens and each.registration_id == record.registration_id for each in time.arrivals
        ):
            return True  # ``arrivals/matched.py`` tells it again
        if time is not None and record.registration_id in time.joined_ids:
            return True  # ``persons/rejoining.py`` tells it again
        if record.custody_events and record.custody_events[-1].version == record.version:
            return True  # ``custody/history.py`` tells it again, also of responsibility
        after, expected = _responsibility(record), record_pb2.RegistrationRecord.FromString(stored)
        expected.state = after.state
        try:
            if leaf.method in {_DECIDE, _RESOLVE}:
                self._decided(index, leaf, detail, expected=expected, record=record)
            elif leaf.method == _OF_PERSONS or leaf.method in _OF_NOTICES:
                if leaf.method == _OF_PERSONS:
                    expected.apart_place = after.apart_place
                del expected.carried_notices[:]
                expected.carried_notices.extend(after.carried_notices)
                expected.ClearField("transfer")
                if after.HasField("transfer"):
                    expected.transfer.CopyFrom(after.transfer)
        except errors.WrongState:
            return False
        return expected == after

    def _decided(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        *,
        expected: record_pb2.RegistrationRecord,
        record: record_pb2.RegistrationRecord,
    ) -> None:
        """Make of a version what the decision of an entry makes of it.

        Raises:
            errors.WrongState: it wasn't the agency's to decide.
        """
        transfer, agency = record.transfer, self._enrolled.agency(leaf.agency)
        refuses = transfer.state == rules.REFUSED
        key = transfer.refused_by_key if refuses else transfer.ended_by_key
        by = rules.By(leaf.agency, key if detail is None else detail.officer_key, record.update_time_us)
        if agency is None:
            raise errors.WrongState
        if leaf.method == _RESOLVE:
            if agency.kind != options_pb2.AGENCY_KIND_NPB:
                raise errors.WrongState
            assigned = transfer.state == rules.ASSIGNED
            if assigned and not self._counts(index, record):
                raise errors.WrongState
            rules.resolved(expected, by, assigned=assigned)
        elif agency.kind != options_pb2.AGENCY_KIND_POLICE or not self._enrolled.may_act(
            leaf.agency, detail.officer_key if detail is not None else None, transfer.to_place
        ):
            raise errors.WrongState
        elif refuses:
            rules.refused(expected, by, transfer.refusal, self._of_refusal(leaf, record))
        elif self._is_alone(leaf, detail, record) or not self._counts(index, record):
            raise errors.WrongState
        else:
            rules.accepted(expected, by)

    def _is_alone(
        self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None, record: record_pb2.RegistrationRecord
    ) -> bool:
        """Whether who accepts a transfer, by whichever of the person, took the arrival notice that opened it."""
        transfer = record.transfer
        if detail is None or not transfer.arrival_key:
            return False
        taken_by = self._enrolled.holder(transfer.arrival_agency, transfer.arrival_key)
        return self._enrolled.holder(leaf.agency, detail.officer_key).is_same(taken_by)

    def _counts(self, index: int, record: record_pb2.RegistrationRecord) -> bool:
        """Whether what has opened a transfer still counted when it was decided for the new place."""
        return not rules.is_by_arrival_alone(record) or self._enrolled.counts(record.transfer.arrival_key, index)

    def _of_refusal(
        self, leaf: leaf_pb2.Leaf, record: record_pb2.RegistrationRecord
    ) -> Sequence[record_pb2.TransferDeadline]:
        """By when NPB has to decide a transfer that an entry refuses, by a policy of that time.

        Raises:
            errors.WrongState: it says another time.
        """
        stored, by = list(record.transfer.deadlines), self._decided_by.deadlines(leaf.time_us)
        refused_at = instant(record.update_time_us)
        if by is not None and not any(rules.of_refusal(each, refused_at) == stored for each in by):
            raise errors.WrongState
        return stored

    def _expect(self, registration_id: bytes, after: record_pb2.RegistrationRecord) -> None:
        """Note a transfer that is open, or that none is any more, and when a time of it ends, sorted."""
        before = self._open.pop(registration_id, None)
        for each in before.transfer.deadlines if before is not None else ():
            del self._falling_due[bisect.bisect_left(self._falling_due, (each.due_us, registration_id))]
        if rules.is_open(after):
            self._open[registration_id] = after
            for each in after.transfer.deadlines:
                bisect.insort(self._falling_due, (each.due_us, registration_id))

    def _compare(self, index: int, time: record_pb2.ReviewTimeRecord) -> None:
        """Hold the transfers that a fixed time names against those of which a time was over by then."""
        after_us, again = self._reviewed.before_us, frozenset(self._reviewed.returned)
        first, last = (bisect.bisect_right(self._falling_due, at, key=_instant) for at in (after_us, time.due_us))
        ids = {one for _, one in self._falling_due[first:last]} | (again & self._open.keys())
        ids.difference_update(time.archived_ids)  # nothing is told of whom the time itself archives
        due = {
            one: list[int](alerts)
            for one in sorted(ids)
            if (alerts := self._alerts(one, time, 0 if one in again else after_us))
        }
        named = {each.registration_id: list(each.alerts) for each in time.due_transfers}
        # Which transfers a registration had that was erased is destroyed, and so is what it stood for of a person.
        erased = self._history.erased
        unknown = {
            one for one in named.keys() | due.keys() if not erased.isdisjoint(self._history.standing(one).person)
        }
        for one in erased | unknown:
            due.pop(one, None)
            named.pop(one, None)
        if due != named:
            self._add(index, _LEFT_OUT)

    def _alerts(self, one: bytes, time: record_pb2.ReviewTimeRecord, after_us: int) -> list[rules.EventKind]:
        """What a time had to tell of a transfer: of a person once."""
        record, person = self._open[one], self._history.standing(one).person
        known = {each: self.of(each) for each in person if each not in time.archived_ids}
        others = Others.of(one, person, known)
        alerts = rules.fallen_due(record, after_us, time.due_us)
        return [each for each in alerts if not rules.is_told_of_another(record, each, others)]


def _responsibility(record: record_pb2.RegistrationRecord) -> record_pb2.RegistrationRecord:
    """What a version says of who is responsible."""
    return record_pb2.RegistrationRecord(
        state=record.state,
        responsible_place=record.responsible_place,
        apart_place=record.apart_place,
        carried_notices=record.carried_notices,
        transfer=record.transfer if record.HasField("transfer") else None,
    )
