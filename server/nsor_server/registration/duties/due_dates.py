"""When a duty is due by policy, what another policy or tier makes of that, and who is told of it when. Pure."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Final, NamedTuple

from nsor.v1 import duties_pb2
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.duties import Duties, Level, Step, StepName
from nsor_server.policy.loaded import Policy
from nsor_server.registration.duties.states import OPEN, VERIFICATION, is_open
from nsor_server.storage.v1 import record_pb2

_DUE_SOON: Final = int(duties_pb2.DUTY_STEP_KIND_DUE_SOON)


class Counted(NamedTuple):
    """When a duty is due.

    Attributes:
        due_us: microseconds since 1970.
        rule: id of the deadline.
        tier: the supervision tier that has it; 0: it is that of everybody.
    """

    due_us: int
    rule: str
    tier: int


class Counting(NamedTuple):
    """By what duties are counted: two documents of one policy, and their versions."""

    duties: Duties
    deadlines: Deadlines
    policy: record_pb2.DutyPolicy

    @classmethod
    def by(cls, policy: Policy) -> Counting:
        """By a policy that is in force."""
        versions = {name: policy.versions.get(name, 0) for name in ("duties", "deadlines", "holidays")}
        return cls(policy.duties, policy.deadlines, record_pb2.DutyPolicy(**versions))

    def first(self, kind: int, tier: int, start: dt.datetime, unit: str) -> Counted:
        """When a duty of a kind is due that begins with an event, by the record's supervision tier."""
        rule, by_tier = self.duties.rule(kind, tier)
        return Counted(to_us(self.deadlines.due(rule, start, unit).due), rule, by_tier)

    def again(self, duty: record_pb2.Duty, tier: int, from_us: int) -> Counted:
        """When a duty is due that is counted from an instant (microseconds since 1970), by a supervision tier."""
        rule, by_tier = self.duties.rule(duty.kind, tier)
        return Counted(_again(self.deadlines, rule, from_us, duty.unit), rule, by_tier)


class Announced(NamedTuple):
    """A step of escalation that has fallen due.

    Attributes:
        duty: of the version that is being made.
        step: the last one.
        levels: who hears of it.
    """

    duty: record_pb2.Duty
    step: StepName
    levels: frozenset[Level]


def recounted(counting: Counting, record: record_pb2.RegistrationRecord, now_us: int) -> bool:
    """Count the open duties of a version that is being made by another policy; tells whether one is due otherwise.

    So are the steps of escalation that are still to come. The due date that it had stays beside the new one, with the
    policy that has moved it. What has ended keeps its own; so does what would be due earlier, on a day that has passed
    already: no policy makes overdue what wasn't.
    """
    moved = False
    for duty in record.duties:
        if duty.state != OPEN:
            continue
        counted = counting.again(duty, record.supervision_tier, counted_from_us(duty))
        step_us = duty.next_step_us
        if _is_moved(duty, counted, now_us):
            duty.earlier.add(due_us=duty.due_us, time_us=now_us, policy=counting.policy)
            duty.due_us, duty.rule, duty.tier = counted
            _tell_again(counting, duty, now_us, least=_DUE_SOON)
            moved = True
        expect_step(counting, duty)
        moved |= duty.next_step_us != step_us
    return moved


def by_other_tier(counting: Counting, record: record_pb2.RegistrationRecord, now_us: int) -> None:
    """Count the open verification of a version that is being made by its supervision tier, which is another one now.

    It is counted from its event, as before. Where that time would be over already, it is counted from now on, if that
    is earlier than the day that it had; else it stays. So does what is overdue: no tier makes overdue what wasn't, nor
    in time what is.
    """
    for duty in record.duties:
        if duty.kind != VERIFICATION or duty.state != OPEN or duty.due_us < now_us:
            continue
        from_us, counted = 0, counting.again(duty, record.supervision_tier, duty.start_us)
        if counted.due_us < now_us:
            from_us, counted = now_us, counting.again(duty, record.supervision_tier, now_us)
            if counted.due_us >= duty.due_us:
                continue
        if counted == (duty.due_us, duty.rule, duty.tier):
            continue
        duty.earlier.add(due_us=duty.due_us, time_us=now_us, policy=counting.policy, tier=record.supervision_tier)
        duty.due_us, duty.rule, duty.tier = counted
        duty.counted_from_us = from_us
        _tell_again(counting, duty, now_us, least=0)
        expect_step(counting, duty)


def counted_from_us(duty: record_pb2.Duty) -> int:
    """The instant from which a duty is counted, microseconds since 1970: its event, or when another tier came."""
    return duty.counted_from_us or duty.start_us


def would_be_recounted(counting: Counting, record: record_pb2.RegistrationRecord, now_us: int) -> bool:
    """Whether ``recounted`` would change a record, which stays as it is: most policies move few duties."""
    for duty in record.duties:
        if duty.state == OPEN:
            counted = counting.again(duty, record.supervision_tier, counted_from_us(duty))
            if _is_moved(duty, counted, now_us) or _next_step_us(counting, duty) != duty.next_step_us:
                return True
    return False


def has_step_due(record: record_pb2.RegistrationRecord, now_us: int) -> bool:
    """Whether a step of one of a record's open duties has fallen due, so that ``announced`` changes it."""
    return any(_is_step_due(record, duty, now_us) for duty in record.duties)


def announced(counting: Counting, record: record_pb2.RegistrationRecord, now_us: int) -> list[Announced]:
    """Note in a version that is being made the steps of its open duties that have fallen due; gives what is told.

    Of several steps of one duty the last one is told, to everybody who had to hear of any of them: whoever was released
    weeks before it was entered is at once where he would be.
    """
    told = []
    for duty in record.duties:
        if not _is_step_due(record, duty, now_us):
            continue
        passed = [each for each in _steps_left(counting, duty) if each.at_us(duty.due_us) <= now_us]
        if passed:
            duty.told_step = passed[-1].number
            told.append(Announced(duty, passed[-1].code, frozenset(to for each in passed for to in each.to)))
        expect_step(counting, duty)
    return told


def counted_by(duty: record_pb2.Duty) -> record_pb2.DutyPolicy:
    """The policy by which a duty's due date was counted last."""
    return duty.earlier[-1].policy if duty.earlier else duty.policy


def _is_step_due(record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, now_us: int) -> bool:
    return is_open(record, duty) and 0 < duty.next_step_us <= now_us


def _steps_left(counting: Counting, duty: record_pb2.Duty) -> list[Step]:
    """The steps of a duty that nobody was told of yet."""
    return [each for each in counting.duties.of(duty.kind).steps if each.number > duty.told_step]


def _tell_again(counting: Counting, duty: record_pb2.Duty, now_us: int, *, least: int) -> None:
    """Have steps told again that were told of a duty which has become due later.

    By another policy that it is overdue, and not that it will be due soon (``least``): who heard it looks for the date
    in the duty. By another tier, which moves the date by months, that too.
    """
    reached = [each.number for each in counting.duties.of(duty.kind).steps if each.at_us(duty.due_us) <= now_us]
    duty.told_step = min(duty.told_step, max([*reached, least]))


def _is_moved(duty: record_pb2.Duty, counted: Counted, now_us: int) -> bool:
    """Whether a duty that is due otherwise by another policy becomes so: not on an earlier day that has passed."""
    has_passed = counted.due_us < min(now_us, duty.due_us)
    return not has_passed and counted != (duty.due_us, duty.rule, duty.tier)


@functools.lru_cache(maxsize=1 << 16)
def _again(deadlines: Deadlines, rule: str, start_us: int, unit: str) -> int:
    """When a duty is due: of those that begin with one day's releases it is counted once."""
    return to_us(deadlines.due(rule, instant(start_us), unit).due)


def expect_step(counting: Counting, duty: record_pb2.Duty) -> None:
    """Note when the next step of a duty falls due."""
    duty.next_step_us = _next_step_us(counting, duty)


def _next_step_us(counting: Counting, duty: record_pb2.Duty) -> int:
    """When the next step of a duty falls due, microseconds since 1970; 0: there is none."""
    left = _steps_left(counting, duty)
    return left[0].at_us(duty.due_us) if left else 0
