"""What a person owes after release, and what meets it. Pure; which deadline counts it, policy says (`due_dates.py`).

The clock of duties starts at release. Where a duty stands follows from the record and the time (`states.py`). No word
here says that anything is an offence: "possible breach, refer for decision".
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final, NamedTuple

from nsor.v1 import custody_pb2, duties_pb2, movements_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy.deadlines import OPEN_JOURNEY
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.custody import states
from nsor_server.registration.duties.due_dates import Counting, expect_step
from nsor_server.registration.duties.states import (
    ADDRESS,
    EXPECTED_CHANGE,
    INITIAL_NOTICE,
    MET,
    MET_LATE,
    NO_FIXED_ABODE,
    OPEN,
    RETURN,
    VERIFICATION,
    VOID,
    WAIVED,
    count_now,
    is_open,
    of,
)
from nsor_server.storage.v1 import record_pb2

_AGAIN: Final = frozenset({VERIFICATION, NO_FIXED_ABODE})
"""What is owed again once it was met."""
_JOURNEYS: Final = frozenset({duties_pb2.DUTY_KIND_TRAVEL_AT_HOME, duties_pb2.DUTY_KIND_TRAVEL_ABROAD})
"""What begins the duty to tell that he is back."""
MOST_ENDED: Final = 20
"""Duties that have ended, of which a version repeats the newest."""
_RELEASED_FROM: Final = frozenset({states.IN_CUSTODY, states.ON_BAIL})


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
    expect_step(counting, duty)
    return duty


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
