"""Duties along the ledger: those of each version follow from the ones before, by what the entry recorded.

Whoever holds the keys for a while could seal a version in which a duty was met, waived or due later, without a notice,
an officer or a policy that says so. Told again in the ledger's order, releases, notices, waivers and policies say what
each person owed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.instants import instant
from nsor_server.ledger.stored import Add, Concerns, Connection
from nsor_server.policy import source
from nsor_server.policy import store as policies
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.policy.loaded import Policy
from nsor_server.registration.duties import due_dates, rules, states
from nsor_server.registration.duties.counted import DOCUMENTS
from nsor_server.registration.history import History
from nsor_server.registration.movements import rules as movements
from nsor_server.registration.persons.others import Others
from nsor_server.storage.v1 import record_pb2

CONFIRM: Final = frozenset(
    {
        "nsor.v1.RegistrationService/ConfirmRegistration",
        "nsor.v1.RegistrationService/ConfirmRegistrations",
    }
)
"""Methods that confirm a record: the duties of a person who is free already begin with them."""
NOTICE: Final = "nsor.v1.NotificationService/CreateNotice"
_TAKEN_BACK: Final = frozenset(
    {
        "nsor.v1.NotificationService/WithdrawNotice",
        "nsor.v1.NotificationService/DecideNotice",
        "nsor.v1.RegistrationService/ConfirmReviewDecision",
    }
)
"""Methods whose versions are told again with the notices that they are about (``verification/noticed.py``), or with the
persons whose registrations they join (``persons/joining.py``).

Those of movements over the border are by ``registration/movements/history.py``.
"""
WAIVE: Final = "nsor.v1.NotificationService/WaiveDuty"
WATCH: Final = "nsor-server/watch-duties"
"""Who tells of steps of escalation."""
RECOUNT: Final = "nsor-server/recount-duties"
"""Who counts open duties by another policy."""
REVALIDATE: Final = "nsor.v1.RegistrationService/RevalidateRegistration"
"""Who gives a record another supervision tier; which one, ``validation/history.py`` tells again."""
_PROBLEM: Final = "the duties of a registration don't follow from what was recorded of it"
_COVERED: Final = "a step of a duty wasn't told though no other registration of the person owes it, or was told twice"
_LEFT_BEHIND: Final = "a duty was waived, and that which the person owes alike by another registration wasn't"
_POLICY: Final = "a duty was counted by a policy that wasn't in force"


class Owing:
    """The duties of each registration at each entry. The history and the notices must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        history: History,
        enrolled: Enrolled,
        decided_by: DecidedBy,
        told: Callable[[int], rules.Told | None],
        *,
        add: Add,
    ) -> None:
        """``told`` gives what the notice of an entry tells."""
        self._conn, self._history, self._enrolled, self._told, self._add = conn, history, enrolled, told, add
        self._decided_by = decided_by
        self.concerns = Concerns(history.rows)
        self._duties: dict[bytes, bytes] = {}
        self._ids: list[bytes] = []
        self._counting: dict[tuple[int, int, int], due_dates.Counting | None] = {}
        self._shipped = due_dates.Counting.by(Policy.load())

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if leaf.method == WAIVE:
            self._compare_waived(index)
        if leaf.method == WATCH and detail is not None:
            self._compare_covered(index, detail)
        for record in self._history.changed:
            before = self._duties.get(record.registration_id, b"")
            if before or record.duties:
                self._compare(index, leaf, detail, record)
                held = record_pb2.RegistrationRecord(
                    registration_id=record.registration_id,
                    state=record.state,
                    responsible_place=record.responsible_place,
                    custody_state=record.custody_state,
                    supervision_tier=record.supervision_tier,
                    duties=record.duties,
                )
                self._duties[record.registration_id] = held.SerializeToString()
            elif states.count_now(record) and self._expected(index, leaf, record, self._shipped).duties:
                self._add(index, _PROBLEM)

    def finish(self) -> None:
        """Nothing is left: the rows are the history's."""

    def ids(self) -> list[bytes]:
        """Whoever has or had a duty after the last entry, sorted."""
        if len(self._ids) != len(self._duties):
            self._ids = sorted(self._duties)
        return self._ids

    def of(self, registration_id: bytes) -> record_pb2.RegistrationRecord:
        """What a registration's newest version says of its duties, after the last entry that was compared."""
        return record_pb2.RegistrationRecord.FromString(self._duties.get(registration_id, b""))

    def counting(self, policy: record_pb2.DutyPolicy) -> due_dates.Counting | None:
        """By what duties were counted by documents that were in force; None: they can't be read."""
        key = policy.duties, policy.deadlines, policy.holidays
        if key not in self._counting:
            try:
                duties, deadlines = policies.duties_of(self._conn, *key)
                self._counting[key] = due_dates.Counting(duties, deadlines, policy)
            except source.PolicyError:
                self._counting[key] = None
        return self._counting[key]

    def was_in_force(self, policy: record_pb2.DutyPolicy, time_us: int) -> bool:
        """Whether each document was the newest one at some time while the call was decided."""
        return all(getattr(policy, name) in self._decided_by.versions(name, time_us) for name in DOCUMENTS)

    def _compare(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        record: record_pb2.RegistrationRecord,
    ) -> None:
        policy = _policy(record)
        if policy is not None and not self.was_in_force(policy, leaf.time_us):
            self._add(index, _POLICY)
        if leaf.method in {WATCH, RECOUNT, REVALIDATE}:
            counted = [self.counting(each) for each in self._in_force(leaf.time_us)]
        else:
            counted = [self._shipped if policy is None else self.counting(policy)]
        if None in counted:
            return  # this version of the server can't read those documents
        try:
            follows = any(self._expected(index, leaf, record, each).duties == record.duties for each in counted if each)
            follows = follows and self._is_of_caller(leaf, detail, record)
        except errors.WrongState:
            follows = False
        if not follows:
            self._add(index, _PROBLEM)

    def _compare_covered(self, index: int, detail: record_pb2.AccessDetail) -> None:
        """Hold the registrations of which a step wasn't told against the others of the person, as they were before."""
        covered, unknown = set(), set()
        for record in self._history.changed:
            others = set(self._history.standing(record.registration_id).person) - {record.registration_id}
            if others & self._history.erased:
                unknown.add(record.registration_id)
                continue
            before = {each.duty_id: each.told_step for each in self.of(record.registration_id).duties}
            told = [each for each in record.duties if each.told_step != before.get(each.duty_id, each.told_step)]
            person = self._history.standing(record.registration_id).person
            known = Others.of(record.registration_id, person, {each: self.of(each) for each in others})
            if any(states.is_covered(record, each, known) for each in told):
                covered.add(record.registration_id)
        if covered != set(detail.subjects) - unknown:
            self._add(index, _COVERED)

    def _compare_waived(self, index: int) -> None:
        """See that what is waived by one registration of a person is waived by the others that owe it."""
        changed = {each.registration_id for each in self._history.changed}
        for record in self._history.changed:
            others = set(self._history.standing(record.registration_id).person) - changed - self._history.erased
            ended = [
                each for each in record.duties if each.state == states.WAIVED and each.end_version == record.version
            ]
            if any(states.owed_too(record, duty, self.of(each)) for duty in ended for each in others):
                self._add(index, _LEFT_BEHIND)

    def _expected(
        self, index: int, leaf: leaf_pb2.Leaf, record: record_pb2.RegistrationRecord, counting: due_dates.Counting
    ) -> record_pb2.RegistrationRecord:
        """The version with the duties that it must have."""
        made = record_pb2.RegistrationRecord()
        made.CopyFrom(record)
        del made.duties[:]
        made.duties.extend(self.of(record.registration_id).duties)
        told = self._told(index) if leaf.method == NOTICE else None
        if record.custody_events and record.custody_events[-1].version == record.version:
            rules.after_event(counting, made)
        elif told is not None:
            rules.noticed(counting, made, told)
        elif leaf.method in CONFIRM:
            rules.confirmed(counting, made, instant(record.update_time_us))
        elif leaf.method == WAIVE:
            rules.waived(counting, made, _waiver(record), instant(record.update_time_us))
        elif leaf.method == REVALIDATE:
            due_dates.by_other_tier(counting, made, record.update_time_us)
        elif leaf.method == RECOUNT:
            due_dates.recounted(counting, made, record.update_time_us)
        elif leaf.method == WATCH:
            due_dates.announced(counting, made, record.update_time_us)
        elif leaf.method in _TAKEN_BACK or movements.of_version(record):
            made.CopyFrom(record)
        return made

    def _is_of_caller(
        self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None, record: record_pb2.RegistrationRecord
    ) -> bool:
        """Whether a waiver names the agency and the officer of its entry, who act at the responsible place."""
        if leaf.method != WAIVE:
            return True
        waiver = _waiver(record)
        is_by = waiver.agency_id == leaf.agency and (detail is None or waiver.officer_key == detail.officer_key)
        return is_by and self._enrolled.may_act(leaf.agency, waiver.officer_key, record.responsible_place)

    def _in_force(self, time_us: int) -> list[record_pb2.DutyPolicy]:
        """The policies of which one decided what was written at an instant."""
        versions = (self._decided_by.versions(name, time_us) for name in DOCUMENTS)
        return [
            record_pb2.DutyPolicy(duties=duties, deadlines=deadlines, holidays=holidays)
            for duties, deadlines, holidays in itertools.product(*versions)
        ]


def _policy(record: record_pb2.RegistrationRecord) -> record_pb2.DutyPolicy | None:
    """The policy by which a version has counted the duties that it has begun or moved; None: it has done neither."""
    for duty in record.duties:
        if duty.version == record.version:
            return duty.policy
        if duty.earlier and duty.earlier[-1].time_us == record.update_time_us:
            return duty.earlier[-1].policy
    return None


def _waiver(record: record_pb2.RegistrationRecord) -> rules.Waiver:
    """What a version says of the duty that was waived with it.

    Raises:
        errors.WrongState: none was.
    """
    for duty in record.duties:
        if duty.state == states.WAIVED and duty.end_version == record.version:
            return rules.Waiver(duty.duty_id, duty.waiver, duty.waived_by_agency, duty.waived_by_key)
    raise errors.WrongState
