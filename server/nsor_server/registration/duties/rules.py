"""What a person owes after release, and what meets it. Pure; which deadline counts it, policy says.

The clock of duties starts at release. That a duty is overdue, or doesn't count, isn't stored: the first follows from
the time, the second from the record, so that nothing can be forgotten when a person is taken to prison again, has died,
or has his conviction set aside; and when that is taken back, what he owed stands again. No word here says that anything
is an offence: "possible breach, refer for decision".
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from typing import Final, NamedTuple

from nsor.v1 import custody_pb2, duties_pb2, movements_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy.deadlines import OPEN_JOURNEY, Deadlines
from nsor_server.policy.duties import Duties, Level, Step, StepName
from nsor_server.policy.loaded import Policy
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.custody import states
from nsor_server.registration.persons.others import Others
from nsor_server.storage.v1 import record_pb2

OPEN: Final = int(duties_pb2.DUTY_STATE_OPEN)
MET: Final = int(duties_pb2.DUTY_STATE_MET)
MET_LATE: Final = int(duties_pb2.DUTY_STATE_MET_LATE)
OVERDUE: Final = int(duties_pb2.DUTY_STATE_OVERDUE)
WAIVED: Final = int(duties_pb2.DUTY_STATE_WAIVED)
VOID: Final = int(duties_pb2.DUTY_STATE_VOID)
INITIAL_NOTICE: Final = int(duties_pb2.DUTY_KIND_INITIAL_NOTICE)
ADDRESS: Final = int(duties_pb2.DUTY_KIND_CHANGE_OF_ADDRESS)
RETURN: Final = int(duties_pb2.DUTY_KIND_RETURN)
VERIFICATION: Final = int(duties_pb2.DUTY_KIND_PERIODIC_VERIFICATION)
NO_FIXED_ABODE: Final = int(duties_pb2.DUTY_KIND_NO_FIXED_ABODE)
EXPECTED_CHANGE: Final = int(duties_pb2.DUTY_KIND_EXPECTED_CHANGE)
STANDING: Final = (
    int(duties_pb2.DUTY_KIND_CHANGE_OF_NAME),
    ADDRESS,
    int(duties_pb2.DUTY_KIND_CHANGE_OF_CONTACT),
    int(duties_pb2.DUTY_KIND_EXTRA_ADDRESS),
    int(duties_pb2.DUTY_KIND_TRAVEL_AT_HOME),
    int(duties_pb2.DUTY_KIND_TRAVEL_ABROAD),
)
"""What everybody who was released owes from an event on that only he can tell of: without a date."""
_DUE_SOON: Final = int(duties_pb2.DUTY_STEP_KIND_DUE_SOON)
_AGAIN: Final = frozenset({VERIFICATION, NO_FIXED_ABODE})
"""What is owed again once it was met."""
_JOURNEYS: Final = frozenset({duties_pb2.DUTY_KIND_TRAVEL_AT_HOME, duties_pb2.DUTY_KIND_TRAVEL_ABROAD})
"""What begins the duty to tell that he is back."""
MOST_ENDED: Final = 20
"""Duties that have ended, of which a version repeats the newest."""
_RELEASED_FROM: Final = frozenset({states.IN_CUSTODY, states.ON_BAIL})


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


class Told(NamedTuple):
    """What a notice tells, as far as duties go by it.

    Attributes:
        kind: of the duty that it is about, a number of nsor.v1.DutyKind.
        happened: whether it has; else it is expected.
        event_day: the day of the change, as days since 1970.
        received_day: on which the station received it.
        notice_id: 16 bytes.
        address_kind: of an address, a number of nsor.v1.AddressKind.
        place: of an address.
        return_day: of a journey the day on which he is to be back; None: he doesn't know, or it is none.
        supersedes: the notice that this one takes the place of, 16 bytes; empty: none.
        did_not_happen: what that one expected hasn't happened, and nothing else is told.
    """

    kind: int
    happened: bool
    event_day: int
    received_day: int
    notice_id: bytes
    address_kind: int = 0
    place: str = ""
    return_day: int | None = None
    supersedes: bytes = b""
    did_not_happen: bool = False


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


class Waiver(NamedTuple):
    """That police waive a duty.

    Attributes:
        duty_id: 16 bytes.
        reason: a number of nsor.v1.DutyWaiver.
        agency_id: whose officer decides.
        officer_key: his key.
    """

    duty_id: bytes
    reason: int
    agency_id: str
    officer_key: bytes


def count_now(record: record_pb2.RegistrationRecord) -> bool:
    """Whether a record's duties count: a court's confirmation stands, and the person is free."""
    confirmed = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    return confirmed and record.custody_state == states.RELEASED


def state(record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, now_us: int) -> int:
    """Where a duty stands at an instant (microseconds since 1970): a number of nsor.v1.DutyState."""
    if duty.state != OPEN:
        return duty.state
    if not count_now(record):
        return VOID
    return OVERDUE if duty.due_us < now_us else OPEN


def is_open(record: record_pb2.RegistrationRecord, duty: record_pb2.Duty) -> bool:
    """Whether a duty is to be met, in time or late."""
    return duty.state == OPEN and count_now(record)


def confirmed(counting: Counting, record: record_pb2.RegistrationRecord, now: dt.datetime) -> None:
    """Begin the duties of a person who was free already when a court confirmed his record first.

    Nobody has said on which day he was released, so that they are counted from the confirmation.

    Args:
        counting: by what they are counted.
        record: the version that is being made, with its number and state.
        now: when it is confirmed.
    """
    if count_now(record) and not record.duties:
        _begin_all(counting, record, now)


def after_event(counting: Counting, record: record_pb2.RegistrationRecord) -> None:
    """Begin the duties anew if the newest event of a version that is being made is a release."""
    event = record.custody_events[-1]
    if event.kind != custody_pb2.CUSTODY_EVENT_KIND_RELEASED or event.state_before not in _RELEASED_FROM:
        return
    for duty in record.duties:
        if duty.state == OPEN:
            _end(record, duty, VOID)
    _begin_all(counting, record, _begins(event.day))
    _forget(record)


def noticed(counting: Counting, record: record_pb2.RegistrationRecord, told: Told) -> None:
    """Have a notice meet what it meets, and begin what it begins, in a version that is being made."""
    if told.supersedes:
        if told.did_not_happen or told.happened:
            _confirm(record, told)
        taken_back(record, told.supersedes)
    if told.did_not_happen or not count_now(record):
        return
    if told.kind in _JOURNEYS:
        if told.return_day is not None:
            _begin(counting, record, RETURN, told.return_day, told)
        return
    if not told.happened:
        _begin(counting, record, EXPECTED_CHANGE, told.event_day, told)
        return
    for duty in record.duties:
        if duty.state == OPEN and _meets(told, duty):
            _meet(record, duty, told)
    if told.kind in _AGAIN:
        _begin_again(counting, record, told)
    _forget(record)


def moved(counting: Counting, record: record_pb2.RegistrationRecord, movement: record_pb2.MetMovement) -> None:
    """Have a movement over the border meet or begin the duty to be back, in a version that is being made.

    A departure on a journey without a day of return, or without a notice, begins one that is counted from the day on
    which policy expects him back. An arrival meets what was begun by an earlier departure or for a journey that had
    begun by then.

    Args:
        counting: by what a duty is counted.
        record: the version that is being made, with its number and the movement among its movements.
        movement: with the notice that it belongs to.
    """
    if movement.direction == movements_pb2.MOVEMENT_DIRECTION_ARRIVAL:
        for duty in record.duties:
            if duty.state == OPEN and duty.kind == RETURN and _returns(record, duty, movement):
                day = _day(movement.time_us)
                duty.met_day, duty.met_by_movement = day, movement.movement_id
                _end(record, duty, MET_LATE if _is_late(day, duty.due_us) else MET)
    elif count_now(record) and not _is_owed(record, movement):
        begun = _begin_at(counting, record, RETURN, _begins(_expected_back(counting, record, movement)))
        begun.notice_id, begun.movement_id = movement.notice_id, movement.movement_id
    _forget(record)


def taken_back(record: record_pb2.RegistrationRecord, notice_id: bytes) -> None:
    """Take back in a version that is being made what a notice has met and begun: it isn't so, or another says it.

    What a later notice has met that the notice had begun never was; that later one has met what the notice had met.
    """
    for duty in record.duties:
        if duty.state in {MET, MET_LATE} and duty.met_by == notice_id:
            begun = _begun_and_met(record, duty.kind, notice_id)
            if begun is None:
                duty.state, duty.end_version, duty.met_by = OPEN, 0, b""
                duty.ClearField("met_day")
            else:
                duty.state = MET_LATE if _is_late(begun.met_day, duty.due_us) else MET
                duty.met_by, duty.met_day, duty.end_version = begun.met_by, begun.met_day, begun.end_version
                _end(record, begun, VOID)
                begun.met_by = b""
                begun.ClearField("met_day")
        if duty.state == OPEN and duty.notice_id == notice_id:
            _end(record, duty, VOID)


def waived(
    counting: Counting,
    record: record_pb2.RegistrationRecord,
    waiver: Waiver,
    now: dt.datetime,
) -> record_pb2.Duty:
    """Waive a duty in a version that is being made; what is owed again is counted from when it was due, or from now.

    Args:
        counting: by what the next one is counted.
        record: the version that is being made, with its number.
        waiver: of which duty, and whose.
        now: by the database's clock.

    Raises:
        errors.WrongState: it has ended, or doesn't count.
    """
    duty = of(record, waiver.duty_id)
    if duty is None or not is_open(record, duty):
        raise errors.WrongState
    duty.waiver, duty.waived_by_agency, duty.waived_by_key = waiver.reason, waiver.agency_id, waiver.officer_key
    kind, due_us = duty.kind, duty.due_us
    _end(record, duty, WAIVED)
    if kind in _AGAIN:
        _begin_at(counting, record, kind, max(instant(due_us), now))
    _forget(record)
    return record.duties[[each.duty_id for each in record.duties].index(waiver.duty_id)]


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
        _expect_step(counting, duty)
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
        _expect_step(counting, duty)


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
        _expect_step(counting, duty)
    return told


def is_covered(
    record: record_pb2.RegistrationRecord,
    duty: record_pb2.Duty,
    others: Others,
) -> bool:
    """Whether the same station is told of the same duty by another registration of the person, where it is due first.

    So that a person owes once what all of his registrations ask for, by the strictest of them; of those that are due at
    one instant, by the one that was confirmed first. One whose person is in prison by it covers nothing.

    Args:
        record: the registration.
        duty: of it, open.
        others: the other registrations of the person.
    """
    earlier, later = (
        [one.due_us for each in part if (one := owed_too(record, duty, each)) is not None] for part in others
    )
    return any(due_us <= duty.due_us for due_us in earlier) or any(due_us < duty.due_us for due_us in later)


def owed_too(
    record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, other: record_pb2.RegistrationRecord
) -> record_pb2.Duty | None:
    """The duty of another registration of the person at the same station that is the same; None: it owes none.

    Args:
        record: the registration.
        duty: of it, also one that has ended.
        other: the other registration.
    """
    if other.responsible_place != record.responsible_place:
        return None
    return next((each for each in other.duties if is_open(other, each) and _same(each) == _same(duty)), None)


def of(record: record_pb2.RegistrationRecord, duty_id: bytes) -> record_pb2.Duty | None:
    """A duty of a record."""
    return next((each for each in record.duties if each.duty_id == duty_id), None)


def counted_by(duty: record_pb2.Duty) -> record_pb2.DutyPolicy:
    """The policy by which a duty's due date was counted last."""
    return duty.earlier[-1].policy if duty.earlier else duty.policy


def _begun_and_met(record: record_pb2.RegistrationRecord, kind: int, notice_id: bytes) -> record_pb2.Duty | None:
    """What a notice that has met a kind has begun with it, if a later one has met that; None: there is none."""
    begun = (each for each in record.duties if each.notice_id == notice_id and kind in _met_with(each.kind))
    return next((each for each in begun if each.state in {MET, MET_LATE} and each.met_by), None)


def _met_with(kind: int) -> frozenset[int]:
    """The kinds of duty that the notices meet which begin a kind that is owed again."""
    if kind == NO_FIXED_ABODE:
        return frozenset({INITIAL_NOTICE, NO_FIXED_ABODE})
    return frozenset({kind}) if kind in _AGAIN else frozenset()


def _is_later(duty: record_pb2.Duty, told: Told) -> bool:
    """Whether a duty that is owed again was begun by a notice of a later day: what is older doesn't meet it."""
    return duty.kind in _AGAIN and bool(duty.notice_id) and _day(duty.start_us) > told.event_day


def _begin_again(counting: Counting, record: record_pb2.RegistrationRecord, told: Told) -> None:
    """Begin what a notice has met, and what is owed again, anew.

    One that is entered after later ones takes its place before them: it meets what the next of them has met, and that
    one meets what it begins.
    """
    of_kind = (each for each in record.duties if each.state == OPEN and each.kind == told.kind)
    later = next((each for each in of_kind if _is_later(each, told)), None)
    met = None if later is None else _met_by_the_next(record, later, told)
    if later is not None and met is None:
        return  # what the next of them has met was forgotten, or it met nothing
    begun = _begin(counting, record, told.kind, told.event_day, told)
    if met is not None:
        begun.met_by, begun.met_day, begun.end_version = met.met_by, met.met_day, met.end_version
        begun.state = MET_LATE if _is_late(begun.met_day, begun.due_us) else MET
        _meet(record, met, told)


def _met_by_the_next(
    record: record_pb2.RegistrationRecord, later: record_pb2.Duty, told: Told
) -> record_pb2.Duty | None:
    """What the first notice after another one has met, found from what the last one has begun; None: nothing."""
    for _ in range(len(record.duties)):
        kinds, notice_id = _met_with(later.kind), later.notice_id
        met = next((each for each in record.duties if each.kind in kinds and each.met_by == notice_id), None)
        if met is None or not _is_later(met, told):
            return met
        later = met
    return None


def _same(duty: record_pb2.Duty) -> tuple[int, bytes]:
    """What makes duties of several registrations one: their kind, and of what one notice begins which one that is."""
    return duty.kind, duty.notice_id if duty.kind in {RETURN, EXPECTED_CHANGE} else b""


def _confirm(record: record_pb2.RegistrationRecord, told: Told) -> None:
    """Have a notice that says what came of an expected change meet the duty to say it."""
    for duty in record.duties:
        if duty.state == OPEN and duty.kind == EXPECTED_CHANGE and duty.notice_id == told.supersedes:
            _meet(record, duty, told)


def _meet(record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, told: Told) -> None:
    duty.met_day, duty.met_by = told.received_day, told.notice_id
    _end(record, duty, MET_LATE if _is_late(told.received_day, duty.due_us) else MET)


def _meets(told: Told, duty: record_pb2.Duty) -> bool:
    """Whether what has happened meets a duty: the first one tells where he lives, an expected one that it was so."""
    if _is_later(duty, told):
        return False
    if duty.kind == EXPECTED_CHANGE:
        return (duty.expected_kind, duty.address_kind, duty.place) == (told.kind, told.address_kind, told.place)
    if told.kind == NO_FIXED_ABODE:
        return duty.kind in {INITIAL_NOTICE, NO_FIXED_ABODE}
    if told.kind != ADDRESS:
        return duty.kind == told.kind
    return told.address_kind == types_pb2.ADDRESS_KIND_CURRENT and duty.kind in {INITIAL_NOTICE, NO_FIXED_ABODE}


def _begin_all(counting: Counting, record: record_pb2.RegistrationRecord, start: dt.datetime) -> None:
    _begin_at(counting, record, INITIAL_NOTICE, start)
    _begin_at(counting, record, VERIFICATION, start)


def _begin(
    counting: Counting, record: record_pb2.RegistrationRecord, kind: int, day: int, told: Told
) -> record_pb2.Duty:
    """Begin a duty with a day that a notice tells."""
    duty = _begin_at(counting, record, kind, _begins(day))
    duty.notice_id = told.notice_id
    if kind == EXPECTED_CHANGE:
        duty.expected_kind, duty.address_kind, duty.place = told.kind, told.address_kind, told.place
    return duty


def _begin_at(
    counting: Counting, record: record_pb2.RegistrationRecord, kind: int, start: dt.datetime
) -> record_pb2.Duty:
    unit = record.responsible_place.split("/", 1)[0]
    counted = counting.first(kind, record.supervision_tier, start, unit)
    duty = record.duties.add(
        duty_id=_id(record),
        kind=kind,
        start_us=to_us(start),
        due_us=counted.due_us,
        rule=counted.rule,
        tier=counted.tier,
        unit=unit,
        policy=counting.policy,
        state=OPEN,
        version=record.version,
    )
    _expect_step(counting, duty)
    return duty


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


def _expect_step(counting: Counting, duty: record_pb2.Duty) -> None:
    """Note when the next step of a duty falls due."""
    duty.next_step_us = _next_step_us(counting, duty)


def _next_step_us(counting: Counting, duty: record_pb2.Duty) -> int:
    """When the next step of a duty falls due, microseconds since 1970; 0: there is none."""
    left = _steps_left(counting, duty)
    return left[0].at_us(duty.due_us) if left else 0


def _id(record: record_pb2.RegistrationRecord) -> bytes:
    """The id of the next duty that begins with a version."""
    place = sum(each.version == record.version for each in record.duties)
    named = b"duty" + record.registration_id + record.version.to_bytes(4, "big") + place.to_bytes(4, "big")
    return hashlib.sha256(named).digest()[:16]


def _end(record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, how: int) -> None:
    duty.state, duty.end_version = how, record.version


def _forget(record: record_pb2.RegistrationRecord) -> None:
    """Leave out of a version that is being made the oldest of too many duties that ended before it."""
    ended = [each for each in record.duties if each.end_version and each.end_version != record.version]
    for each in ended[: max(0, len(ended) - MOST_ENDED)]:
        record.duties.remove(each)


def _returns(record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, arrival: record_pb2.MetMovement) -> bool:
    """Whether an arrival ends the journey that a duty to be back was begun for; one at home crosses no border."""
    if duty.movement_id:
        departure = next((each for each in record.movements if each.movement_id == duty.movement_id), None)
        return departure is None or departure.time_us < arrival.time_us
    journey = _journey(record, duty.notice_id)
    return journey is not None and min(journey.departure_days) <= _day(arrival.time_us)


def _is_owed(record: record_pb2.RegistrationRecord, departure: record_pb2.MetMovement) -> bool:
    """Whether a departure begins no duty to be back: he came back since, or one is there."""
    is_back = any(
        each.direction == movements_pb2.MOVEMENT_DIRECTION_ARRIVAL and each.time_us > departure.time_us
        for each in record.movements
    )
    returns = [each for each in record.duties if each.kind == RETURN]
    if departure.notice_id:
        return is_back or any(each.notice_id == departure.notice_id for each in returns)
    return is_back or any(each.state == OPEN and each.movement_id for each in returns)


def _expected_back(counting: Counting, record: record_pb2.RegistrationRecord, departure: record_pb2.MetMovement) -> int:
    """The day on which he is to be back by the notice of the journey; without one, by policy."""
    journey = _journey(record, departure.notice_id)
    if journey is not None and journey.HasField("return_day"):
        return journey.return_day
    due = counting.deadlines.due(OPEN_JOURNEY, _begins(_day(departure.time_us)))
    return custody.days(due.due.astimezone(KARACHI).date())


def _journey(record: record_pb2.RegistrationRecord, notice_id: bytes) -> record_pb2.Journey | None:
    return next((each for each in record.journeys if notice_id and each.notice_id == notice_id), None)


def _day(time_us: int) -> int:
    """The day of an instant in Asia/Karachi, as days since 1970."""
    return custody.days(instant(time_us).astimezone(KARACHI).date())


def _begins(day: int) -> dt.datetime:
    return instant(custody.begins(day))


def _is_late(received_day: int, due_us: int) -> bool:
    """Whether a notice came after the day on which it was due in Asia/Karachi."""
    return received_day > custody.days(instant(due_us).astimezone(KARACHI).date())
