"""What a custody event makes of a record, and what refuses it. Pure.

Responsibility never falls in a gap: the old prisons department is in charge until the new one has admitted the
offender, and the old police are responsible until those of the address after release have accepted him and he is
released. The same function decides a call and tells the history again for ``ledger verify``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from nsor.v1 import custody_pb2, errors_pb2, notification_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access.decisions import Act
from nsor_server.calls import Agency
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import from_day, to_date, to_us
from nsor_server.registration.custody import mistakes, states
from nsor_server.registration.custody.states import By, EventKind
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.v1 import record_pb2

MOST_WITHOUT_CHANGE: Final = 200
"""Events in a row that change no state, such as transfers that are refused, of which a version repeats the newest.

More are recorded as well, since what happens must be written; the oldest stand in the versions before.
"""
_DECIDED: Final = frozenset(
    {custody_pb2.CUSTODY_EVENT_KIND_RELEASE_ACCEPTED, custody_pb2.CUSTODY_EVENT_KIND_RELEASE_REFUSED}
)
"""What the police of the address after release decide."""
_OF_A_RELEASE: Final = _DECIDED | {custody_pb2.CUSTODY_EVENT_KIND_RELEASE_EXPECTED}
"""What is said of a release that is to come."""
_NAMING: Final = frozenset({custody_pb2.CUSTODY_EVENT_KIND_TRANSFERRED, custody_pb2.CUSTODY_EVENT_KIND_RECALLED})
"""Events that name the prisons department that is to admit the offender."""


def after(record: record_pb2.RegistrationRecord, event: record_pb2.CustodyEvent) -> record_pb2.RegistrationRecord:
    """What an event makes of a record; ``record`` and ``event`` stay. Its version is the caller's to count.

    Raises:
        errors.WrongState: NOT_IN_THIS_STATE: the table has no such event from where the offender is, or the agency
            isn't who records it.
    """
    line = states.transition(event.kind, record.custody_state)
    _check_agency(line.by, record, event)
    if record.custody_state == states.DECEASED and line.after == states.RELEASED and not _was_free(record):
        raise states.wrong()
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    recorded = following.custody_events.add()
    recorded.CopyFrom(event)
    recorded.state_before = record.custody_state
    if line.by is By.RECORDER:
        last = mistakes.last_of(record, event)
        recorded.taken_back_version = last.version
        mistakes.put_back(following, last)
    else:
        _apply(line, record, recorded, following)
    mistakes.note_before(recorded, record, following)
    _repeat_the_newest(following)
    return following


def _apply(
    line: states.Transition,
    record: record_pb2.RegistrationRecord,
    event: record_pb2.CustodyEvent,
    following: record_pb2.RegistrationRecord,
) -> None:
    following.receiving_agency = _receiving(record, event)
    following.custody_state = record.custody_state if line.after is None else line.after
    following.custodian_agency = _custodian(record, event, following.custody_state)
    if event.kind not in _OF_A_RELEASE:
        following.ClearField("ended_release")
    _release(following, event)


def check_request(
    request: custody_pb2.RecordCustodyEventRequest, agencies: Mapping[str, Agency], own: Agency, today: dt.date
) -> None:
    """What refuses an event before the register is read.

    Args:
        request: of a form that was checked.
        agencies: by id.
        own: the caller's.
        today: by the database's clock, in Asia/Karachi.

    Raises:
        errors.InvalidFields: DATE_FUTURE: it hasn't happened yet. DATE_ORDER: a release is expected today or before.
            AGENCY_UNKNOWN: it isn't another prisons department.
    """
    wrong = []
    if to_date(request.event_date) > today:
        wrong.append(errors.Violation("event_date", errors_pb2.FIELD_REASON_DATE_FUTURE))
    if request.HasField("expected_date") and to_date(request.expected_date) <= today:
        wrong.append(errors.Violation("expected_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    if request.prisons_agency_id:
        named = agencies.get(request.prisons_agency_id)
        if named is None or named.kind != options_pb2.AGENCY_KIND_PRISONS or named.agency_id == own.agency_id:
            wrong.append(errors.Violation("prisons_agency_id", errors_pb2.FIELD_REASON_AGENCY_UNKNOWN))
    if wrong:
        raise errors.InvalidFields(violations=tuple(wrong))


def check_fits(
    record: record_pb2.RegistrationRecord,
    event: record_pb2.CustodyEvent,
    shown: Iterable[record_pb2.Conviction],
) -> None:
    """See that an event may come after what the record says already, once the caller may see it.

    Args:
        record: the newest version.
        event: that is to follow.
        shown: the convictions that the caller is shown: nothing may depend on the others.

    Raises:
        errors.InvalidFields: DATE_ORDER: it is before the first judgment that the caller is shown, or what happened
            last; what was only expected or decided of a release isn't counted, since it may be entered first.
    """
    judged = sorted(each.judgment_day for each in shown)
    happened = [*judged[:1], *(each.day for each in mistakes.standing(record) if each.kind not in _OF_A_RELEASE)]
    if happened and event.day < max(happened):
        wrong = errors.Violation("event_date", errors_pb2.FIELD_REASON_DATE_ORDER)
        raise errors.InvalidFields(violations=(wrong,))


def is_expected_already(record: record_pb2.RegistrationRecord, event: record_pb2.CustodyEvent) -> bool:
    """Whether a record says already that a release is expected, on the same day and at the same address or none."""
    if event.kind != custody_pb2.CUSTODY_EVENT_KIND_RELEASE_EXPECTED or not record.HasField("expected_release"):
        return False
    known = record.expected_release
    same_address = known.HasField("address") == event.HasField("address") and known.address == event.address
    return known.day == event.expected_day and same_address


def was_released(record: record_pb2.RegistrationRecord) -> bool:
    """Whether the offender has been released at any time: from then on the police of the responsible place know him."""
    released = states.RELEASED
    return record.custody_state == released or any(
        each.state_before == released or each.kind == custody_pb2.CUSTODY_EVENT_KIND_RELEASED
        for each in mistakes.standing(record)
    )


def release_places(record: record_pb2.RegistrationRecord) -> list[str]:
    """The place of the address after release, whose police accept the offender, or nothing: the column."""
    return [record.expected_release.address.place_code] if record.expected_release.HasField("address") else []


def release_entered(record: record_pb2.RegistrationRecord) -> list[Act]:
    """Who has entered the address after release that stands now."""
    naming = [each for each in mistakes.standing(record) if each.HasField("address") and each.kind not in _DECIDED]
    return [Act(each.agency, each.officer_key) for each in naming[-1:]]


def release_day(record: record_pb2.RegistrationRecord) -> int | None:
    """The day of a release that is expected, or that nobody has taken on yet: the column."""
    return record.expected_release.day if record.HasField("expected_release") else None


def told(record: record_pb2.RegistrationRecord, event: record_pb2.CustodyEvent) -> list[EventKind]:
    """What agencies are told of an event.

    Args:
        record: after it.
        event: it, the record's last.
    """
    line = states.transition(event.kind, event.state_before)
    kinds = [line.publishes]
    if line.alerts and record.HasField("expected_release"):
        has_address = record.expected_release.HasField("address")
        alert = (
            notification_pb2.EVENT_KIND_RELEASE_NOT_ACCEPTED
            if has_address
            else notification_pb2.EVENT_KIND_RELEASE_WITHOUT_ADDRESS
        )
        kinds += [alert] if alert in line.alerts else []
    if event.kind == mistakes.TAKEN_BACK:
        # A release is expected again as it was: its day may have come while the offender wasn't in custody.
        kinds += fallen_due(record, 0, event.time_us)
    return kinds


def fallen_due(record: record_pb2.RegistrationRecord, after_us: int, until_us: int) -> list[EventKind]:
    """Alerts of a release whose day has come, or has passed, in between.

    Args:
        record: the newest version.
        after_us: an instant.
        until_us: a later one, which is included.
    """
    confirmed = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    if not confirmed or record.custody_state != states.IN_CUSTODY or not record.HasField("expected_release"):
        return []
    release, (began, ended) = record.expected_release, instants(record)
    return [
        kind
        for kind, instant, is_so in (
            (notification_pb2.EVENT_KIND_RELEASE_NOT_ACCEPTED, began, not release.accepted),
            (notification_pb2.EVENT_KIND_RELEASE_OVERDUE, ended, True),
        )
        if is_so and after_us < instant <= until_us
    ]


def instants(record: record_pb2.RegistrationRecord) -> tuple[int, int]:
    """When the day of an expected release begins, and when it has passed: only then an alert of it falls due."""
    day = record.expected_release.day
    return begins(day), begins(day + 1)


def at_home(record: record_pb2.RegistrationRecord) -> None:
    """Note in a version that is being made, with its number, that an offender has given notice of where he lives."""
    record.home_version = record.version
    if record.custody_state == states.RELEASED and record.HasField("expected_release"):
        record.ended_release.CopyFrom(record.expected_release)
        record.ClearField("expected_release")


def not_at_home(record: record_pb2.RegistrationRecord, home_version: int) -> None:
    """Note in a version that is being made that the last notice of where an offender lives doesn't stand.

    Args:
        record: what nobody had taken on before stands again.
        home_version: that came with the last one that does; 0: none does.
    """
    record.home_version = home_version
    mistakes.expect_again(record)


def day_of(instant: dt.datetime) -> dt.date:
    """The day of an instant in Asia/Karachi."""
    return instant.astimezone(KARACHI).date()


def days(day: dt.date) -> int:
    """A day as a number of days since 1970."""
    return (day - dt.date(1970, 1, 1)).days


def begins(day: int) -> int:
    """The instant at which a day begins in Asia/Karachi, in microseconds since 1970."""
    return to_us(dt.datetime.combine(to_date(from_day(day)), dt.time(), KARACHI))


def sent_us(record: record_pb2.RegistrationRecord) -> int:
    """When the department that is to admit an offender was told so, microseconds since 1970; 0: it never was."""
    sending = {*_NAMING, custody_pb2.CUSTODY_EVENT_KIND_ESCAPED}
    return next((each.time_us for each in reversed(mistakes.standing(record)) if each.kind in sending), 0)


def _check_agency(by: By, record: record_pb2.RegistrationRecord, event: record_pb2.CustodyEvent) -> None:
    """See that the agency records it whose line it is; of police, the rows that they see have said so.

    Raises:
        errors.WrongState: it doesn't.
    """
    if by is By.RECORDER:
        return  # what it takes back says so
    prisons = {By.CUSTODIAN: record.custodian_agency, By.RECEIVER: record.receiving_agency}
    known = {record.custodian_agency, record.receiving_agency}
    if event.agency != prisons[by] if by in prisons else event.agency in known:
        raise states.wrong()


def _was_free(record: record_pb2.RegistrationRecord) -> bool:
    """Whether an offender was free before what was recorded last, or nothing was: a false death frees nobody."""
    recorded = mistakes.standing(record)
    return not recorded or recorded[-1].state_before in {states.RELEASED, states.ON_BAIL}


def _repeat_the_newest(record: record_pb2.RegistrationRecord) -> None:
    """Leave out of a version that is being made the oldest event in a row of too many that have changed no state.

    The event by which somebody is to admit the offender stays: the work of admitting him is dated by it.
    """
    events = record.custody_events
    recent = range(max(0, len(events) - MOST_WITHOUT_CHANGE - 1), len(events))
    if len(recent) > MOST_WITHOUT_CHANGE and all(events[at].state_before == record.custody_state for at in recent):
        sent = sent_us(record)
        del events[next(at for at in recent if not sent or events[at].time_us != sent)]


def _receiving(record: record_pb2.RegistrationRecord, event: record_pb2.CustodyEvent) -> str:
    """The prisons department that is to admit the offender after an event."""
    if event.kind in _NAMING:
        return event.prisons_agency
    if event.kind == custody_pb2.CUSTODY_EVENT_KIND_ESCAPED and record.custodian_agency:
        return record.custodian_agency
    return record.receiving_agency if event.kind in _OF_A_RELEASE else ""


def _custodian(record: record_pb2.RegistrationRecord, event: record_pb2.CustodyEvent, state: int) -> str:
    """The prisons department in charge after an event."""
    if state != states.IN_CUSTODY:
        return ""
    return event.agency if event.kind == custody_pb2.CUSTODY_EVENT_KIND_ADMITTED else record.custodian_agency


def _release(record: record_pb2.RegistrationRecord, event: record_pb2.CustodyEvent) -> None:
    """Note in a record what an event means for the release that is expected or not taken on yet.

    Raises:
        errors.WrongState: there is nothing that could be accepted or refused.
    """
    if event.kind in _DECIDED:
        if not record.expected_release.HasField("address") or record.expected_release.accepted:
            raise states.wrong()
        record.expected_release.accepted = event.kind == custody_pb2.CUSTODY_EVENT_KIND_RELEASE_ACCEPTED
        if not record.expected_release.accepted:
            record.expected_release.ClearField("address")
    elif event.kind == custody_pb2.CUSTODY_EVENT_KIND_RELEASE_EXPECTED:
        _expect(record, event.expected_day, event.address if event.HasField("address") else None)
    elif event.kind == custody_pb2.CUSTODY_EVENT_KIND_RELEASED and event.state_before == states.IN_CUSTODY:
        known = event if event.HasField("address") else record.expected_release
        _expect(record, event.day, known.address if known.HasField("address") else None)
    elif record.custody_state != states.IN_CUSTODY:
        record.ClearField("expected_release")
    if record.custody_state == states.RELEASED and record.expected_release.accepted:
        _take_on(record, event.time_us)


def _expect(record: record_pb2.RegistrationRecord, day: int, address: record_pb2.Address | None) -> None:
    """Note the day and the address of a release; what was accepted stays so for the same address alone."""
    before = record.expected_release
    accepted = before.accepted and address is not None and before.address == address
    expected = record_pb2.ExpectedRelease(day=day, address=address, accepted=accepted)
    record.expected_release.CopyFrom(expected)


def _take_on(record: record_pb2.RegistrationRecord, time_us: int) -> None:
    """Have the police of the address after release be responsible, from the day of the release.

    Where the person had moved to before, nobody has to take him on any more.
    """
    release = record.expected_release
    lives = record.addresses.add()
    lives.CopyFrom(release.address)
    lives.since_day = release.day
    transfers.released(record, time_us)
    record.responsible_place = release.address.place_code
    record.ClearField("apart_place")
    record.ClearField("expected_release")
