"""Transfers of responsibility: what a move opens, who ends it, and when silence is told. Pure.

Responsibility never falls in a gap (domain rule 13): the old station is responsible until the police of the new place
have accepted, or NPB has assigned the person to them. A record has one open transfer at most, since it has one field
for it. The same functions decide a call and tell the history again for ``ledger verify``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple, TypeAlias

from nsor.v1 import notification_pb2, registration_pb2, transfers_pb2
from nsor_server.errors import WrongState
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy.deadlines import (
    TRANSFER_ACCEPTANCE,
    TRANSFER_NPB,
    TRANSFER_PROVINCE,
    TRANSFER_RESOLUTION,
    Deadlines,
)
from nsor_server.registration.persons.others import Others
from nsor_server.storage.v1 import record_pb2

EventKind: TypeAlias = notification_pb2.EventKind.ValueType
Record: TypeAlias = record_pb2.RegistrationRecord

PENDING: Final = transfers_pb2.TRANSFER_STATE_PENDING
REFUSED: Final = transfers_pb2.TRANSFER_STATE_REFUSED
ACCEPTED: Final = transfers_pb2.TRANSFER_STATE_ACCEPTED
ASSIGNED: Final = transfers_pb2.TRANSFER_STATE_ASSIGNED
LEFT: Final = transfers_pb2.TRANSFER_STATE_LEFT
SUPERSEDED: Final = transfers_pb2.TRANSFER_STATE_SUPERSEDED
RETURNED: Final = transfers_pb2.TRANSFER_STATE_RETURNED
WITHDRAWN: Final = transfers_pb2.TRANSFER_STATE_WITHDRAWN
_OPEN: Final = frozenset({PENDING, REFUSED})
MOST_SUPERSEDED: Final = 20
"""Transfers that a version keeps beside the newest, each in the one after it: they stand again when notices don't."""

OPENED_EVENT: Final = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OPENED
CLOSED_EVENT: Final = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_CLOSED
OVERDUE_EVENT: Final = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE
OVERDUE_PROVINCE_EVENT: Final = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE_PROVINCE
OVERDUE_NPB_EVENT: Final = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE_NPB
UNRESOLVED_EVENT: Final = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_UNRESOLVED
OF_SILENCE: Final = (OVERDUE_EVENT, OVERDUE_PROVINCE_EVENT, OVERDUE_NPB_EVENT)
"""What is told of a transfer that nobody answers, in this order."""
_RULES: Final = (TRANSFER_ACCEPTANCE, TRANSFER_PROVINCE, TRANSFER_NPB)
"""By when each is told."""
_DECIDED: Final = {
    ACCEPTED: notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_ACCEPTED,
    REFUSED: notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_REFUSED,
    ASSIGNED: notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_ASSIGNED,
    LEFT: notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_LEFT,
}


class By(NamedTuple):
    """Who decides, and when.

    Attributes:
        agency: id.
        officer_key: SHA-256 of the public key of the officer.
        time_us: microseconds since 1970.
    """

    agency: str
    officer_key: bytes
    time_us: int


def of_silence(deadlines: Deadlines, opened: dt.datetime, unit: str) -> list[record_pb2.TransferDeadline]:
    """When it is told that nobody answers a transfer that is opened now; the holidays are those of a province."""
    return [_deadline(deadlines, kind, rule, opened, unit) for kind, rule in zip(OF_SILENCE, _RULES, strict=True)]


def of_refusal(deadlines: Deadlines, refused_at: dt.datetime) -> list[record_pb2.TransferDeadline]:
    """When it is told that NPB hasn't decided a transfer that is refused now."""
    return [_deadline(deadlines, UNRESOLVED_EVENT, TRANSFER_RESOLUTION, refused_at)]


def is_open(record: Record) -> bool:
    """Whether a transfer waits for somebody."""
    return record.transfer.state in _OPEN


def is_by_arrival_alone(record: Record) -> bool:
    """Whether nothing but an arrival notice says that the person has moved: he himself has told nobody yet."""
    return record.transfer.HasField("arrival_day") and not record.transfer.further_notice_ids


def note_arrival(record: Record, of: record_pb2.Transfer) -> None:
    """Note in a version that is being made by which arrival notice its transfer was opened: by that of another one."""
    transfer = record.transfer
    transfer.arrival_day = of.arrival_day
    transfer.arrival_agency, transfer.arrival_key = of.arrival_agency, of.arrival_key


def is_refused(record: Record) -> bool:
    """Whether an open transfer was refused: NPB decides it."""
    return record.transfer.state == REFUSED


def places(record: Record) -> list[str]:
    """The place that an open transfer leads to, or nothing: the column."""
    return [record.transfer.to_place] if is_open(record) else []


def days(record: Record) -> tuple[int | None, int | None]:
    """The days on which the first and the last time of an open transfer end, since 1970, or nothing: the columns."""
    found = [day_of(each.due_us) for each in record.transfer.deadlines] if is_open(record) else []
    return min(found, default=None), max(found, default=None)


def day_of(time_us: int) -> int:
    """The day of an instant in Asia/Karachi, as a number of days since 1970."""
    return (instant(time_us).astimezone(KARACHI).date() - dt.date(1970, 1, 1)).days


def moved(
    record: Record,
    place: str,
    notice_id: bytes,
    time_us: int,
    deadlines: Sequence[record_pb2.TransferDeadline],
) -> None:
    """Note in a version that is being made that the person lives at another place.

    Args:
        record: its transfer is opened, superseded or ended; who is responsible stays.
        place: of the new address.
        notice_id: of the notice that says so.
        time_us: of the version.
        deadlines: of a transfer that is opened, one for each of ``OF_SILENCE``.
    """
    transfer = record.transfer
    if is_open(record) and transfer.to_place == place:
        transfer.further_notice_ids.append(notice_id)
        return
    if place == record.responsible_place:
        if is_open(record):
            _end(record, RETURNED, time_us)
        if _may_stand_again(record):
            transfer.ended_by_notice_ids.append(notice_id)
        return
    superseded = _without_the_oldest(transfer) if _may_stand_again(record) else None
    transfer.CopyFrom(
        record_pb2.Transfer(
            notice_id=notice_id,
            state=PENDING,
            from_place=record.responsible_place,
            to_place=place,
            open_time_us=time_us,
            deadlines=deadlines,
            superseded=superseded,
        )
    )


def accepted(record: Record, by: By) -> None:
    """Have the police of the new place accept: from this version on they are responsible.

    Raises:
        WrongState: they have answered already, or nothing is open.
    """
    if record.transfer.state != PENDING:
        raise WrongState
    _taken_on(record, ACCEPTED, by)


def refused(record: Record, by: By, refusal: int, deadlines: Sequence[record_pb2.TransferDeadline]) -> None:
    """Have the police of the new place refuse: the old station stays responsible, and NPB decides.

    Args:
        record: of the version that is being made.
        by: who refuses.
        refusal: number of TransferRefusal.
        deadlines: by when NPB has to decide.

    Raises:
        WrongState: as ``accepted``.
    """
    if record.transfer.state != PENDING:
        raise WrongState
    transfer = record.transfer
    transfer.state, transfer.refusal = REFUSED, refusal
    transfer.refused_by_agency, transfer.refused_by_key, transfer.refuse_time_us = by
    del transfer.deadlines[:]
    transfer.deadlines.extend(deadlines)


def resolved(record: Record, by: By, *, assigned: bool) -> None:
    """Have NPB decide.

    Args:
        record: of the version that is being made.
        by: who decides.
        assigned: the police of the new place are responsible from this version on; else the old station stays so.

    Raises:
        WrongState: the police of the new place haven't refused, and may still answer.
    """
    if not is_npbs(record, by.time_us):
        raise WrongState
    if assigned:
        _taken_on(record, ASSIGNED, by)
        return
    _end(record, LEFT, by.time_us)
    record.transfer.ended_by_agency, record.transfer.ended_by_key = by.agency, by.officer_key


def released(record: Record, time_us: int) -> None:
    """Have a release end an open transfer: the police of the address after it have accepted the person."""
    if is_open(record):
        _end(record, SUPERSEDED, time_us)


def is_with(other: Record, record: Record, npb_at_us: int = 0) -> bool:
    """Whether another registration of a person is transferred as one is: a decision on the one is one on both.

    Args:
        other: the other one.
        record: the one that is decided, before it.
        npb_at_us: when NPB decides, microseconds since 1970; 0: the police of the new place do.
    """
    same_place = other.transfer.to_place == record.transfer.to_place
    same = is_open(other) and same_place and other.transfer.state == record.transfer.state
    return same and (not npb_at_us or is_npbs(other, npb_at_us))


def is_one_with(record: Record, others: Others, *, for_old_station: bool = False, npb_at_us: int = 0) -> bool:
    """Whether a registration of the person that was confirmed before one is transferred as it is: a list names that.

    Args:
        record: the one.
        others: those of the person.
        for_old_station: to the police of the place that the transfer leads from, which has to be the same, too.
        npb_at_us: to NPB, which may decide it at this instant, microseconds since 1970; 0: to the police.
    """
    from_place = record.transfer.from_place
    return any(
        is_with(each, record, npb_at_us) and (not for_old_station or each.transfer.from_place == from_place)
        for each in others.earlier
    )


def is_told_of_another(record: Record, kind: int, others: Others) -> bool:
    """Whether an alert of a transfer is told of another registration of the person, where its time is over first.

    The same stations have to hear of it. Of times that end at one instant it is told of the one confirmed first.
    """
    due_us = _due_us(record, kind)
    earlier, later = (
        [
            _due_us(each, kind)
            for each in part
            if is_with(each, record) and each.transfer.from_place == record.transfer.from_place
        ]
        for part in others
    )
    return any(each <= due_us for each in earlier) or any(each < due_us for each in later)


def withdrawn(record: Record, notice_id: bytes, time_us: int) -> None:
    """Have the end of a notice leave the transfer to where the person lives by the notices that stand, or none.

    Whoever has taken the person on stays responsible.

    Args:
        record: of the version that is being made.
        notice_id: of the notice that was withdrawn, refused or superseded: he hasn't moved, or not back.
        time_us: of the version.
    """
    if not _may_stand_again(record):
        return
    left = _without(record.transfer, notice_id)
    if left is None:
        _end(record, WITHDRAWN, time_us)
        record.transfer.ClearField("ended_by_notice_ids")
    else:
        record.transfer.CopyFrom(left)


def unresolved_us(record: Record) -> int | None:
    """From when NPB may decide an open transfer, microseconds since 1970; None: none is open."""
    if record.transfer.state == REFUSED:
        return record.transfer.refuse_time_us
    if record.transfer.state != PENDING:
        return None
    of_npb = (each.due_us for each in record.transfer.deadlines if each.event_kind == OVERDUE_NPB_EVENT)
    return next(of_npb, record.transfer.open_time_us)


def is_watched(transfer: record_pb2.Transfer) -> bool:
    """Whether it is told when nobody answers an open transfer, or NPB leaves it; one that has ended needs nobody."""
    told = [each.event_kind for each in transfer.deadlines]
    dues = [each.due_us for each in transfer.deadlines]
    expected = {PENDING: OF_SILENCE, REFUSED: (UNRESOLVED_EVENT,)}.get(
        transfers_pb2.TransferState.ValueType(transfer.state)
    )
    return expected is None or (told == list(expected) and dues == sorted(dues))


def is_npbs(record: Record, now_us: int) -> bool:
    """Whether NPB may decide: the transfer is refused, or NPB was to be told that nobody has answered.

    Of a record that doesn't stand nobody decides anything: it may stand again.
    """
    since_us = unresolved_us(record) if record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED else None
    return since_us is not None and since_us <= now_us


def told(before: Record, after: Record) -> list[tuple[EventKind, list[str]]]:
    """What agencies are told of what a version changes: each event, and the places whose police hear of it."""
    old, new = before.transfer, after.transfer
    is_other = old.open_time_us != new.open_time_us
    if not is_other and old.state == new.state:
        return []
    found: list[tuple[EventKind, list[str]]] = []
    if is_open(before) and (is_other or new.state not in {*_DECIDED, PENDING}):
        found.append((CLOSED_EVENT, [old.from_place, old.to_place]))
    if new.state == PENDING and (is_other or not is_open(before)):
        found.append((OPENED_EVENT, [new.from_place, new.to_place]))
    elif new.state in _DECIDED:
        found.append((_DECIDED[transfers_pb2.TransferState.ValueType(new.state)], [new.from_place, new.to_place]))
    return found


def fallen_due(record: Record, after_us: int, until_us: int) -> list[EventKind]:
    """Alerts of an open transfer of which a time is over.

    Args:
        record: the newest version.
        after_us: an instant.
        until_us: a later one, which is included.
    """
    if record.state != registration_pb2.REGISTRATION_STATE_CONFIRMED or not is_open(record):
        return []
    return [
        notification_pb2.EventKind.ValueType(each.event_kind)
        for each in record.transfer.deadlines
        if after_us < each.due_us <= until_us
    ]


def hearing(transfer: record_pb2.Transfer, kind: int) -> Collection[str]:
    """The places whose police hear of an alert: the stations and whoever is above them, or from the provinces up."""
    of = (transfer.from_place, transfer.to_place)
    return of if kind == OVERDUE_EVENT else sorted({"/".join(each.split("/")[:1]) for each in of})


def _deadline(
    deadlines: Deadlines, kind: EventKind, rule: str, start: dt.datetime, *unit: str
) -> record_pb2.TransferDeadline:
    due_us = to_us(deadlines.due(rule, start, *unit).due)
    return record_pb2.TransferDeadline(event_kind=kind, rule=rule, due_us=due_us)


def _due_us(record: Record, kind: int) -> int:
    """When an alert of a transfer is told; for ever after, if it is none of its alerts."""
    return next((each.due_us for each in record.transfer.deadlines if each.event_kind == kind), 1 << 62)


def _taken_on(record: Record, state: int, by: By) -> None:
    _note_apart(record)
    record.responsible_place = record.transfer.to_place
    _end(record, state, by.time_us)
    record.transfer.ended_by_agency, record.transfer.ended_by_key = by.agency, by.officer_key


def _note_apart(record: Record) -> None:
    """Note who was responsible, if it is by another registration of the person alone that others are from now on."""
    carried = {each.notice_id for each in record.carried_notices}
    if {record.transfer.notice_id, *record.transfer.further_notice_ids} - carried:
        record.ClearField("apart_place")
    elif not record.apart_place:
        record.apart_place = record.responsible_place


def _end(record: Record, state: int, time_us: int) -> None:
    record.transfer.state, record.transfer.end_time_us = state, time_us


def _may_stand_again(record: Record) -> bool:
    """Whether a transfer is open, or a move back has ended it: nobody has decided it."""
    transfer = record.transfer
    return is_open(record) or (transfer.state == RETURNED and transfer.from_place == record.responsible_place)


def _without(transfer: record_pb2.Transfer, notice_id: bytes) -> record_pb2.Transfer | None:
    """What a transfer, or what it has superseded, is without a notice; None: nothing."""
    left = _copy(transfer)
    if transfer.HasField("superseded"):
        left.ClearField("superseded")
        before = _without(transfer.superseded, notice_id)
        if before is not None:
            left.superseded.CopyFrom(before)
    if notice_id in left.further_notice_ids:
        left.further_notice_ids.remove(notice_id)
    elif notice_id in left.ended_by_notice_ids:
        left.ended_by_notice_ids.remove(notice_id)
        if not left.ended_by_notice_ids:
            left.state = REFUSED if left.refusal else PENDING
            left.ClearField("end_time_us")
    elif notice_id == left.notice_id:
        if left.further_notice_ids:
            left.notice_id = left.further_notice_ids.pop(0)
            # What had opened it is gone, so is by which arrival notice it did.
            for name in ("arrival_day", "arrival_agency", "arrival_key"):
                left.ClearField(name)
        else:
            return _superseded(left)
    return left


def _superseded(transfer: record_pb2.Transfer) -> record_pb2.Transfer | None:
    """The transfer that stands again without one; a move back that has ended this one has ended that too."""
    if not transfer.HasField("superseded"):
        return None
    before = _copy(transfer.superseded)
    if transfer.ended_by_notice_ids:
        before.state, before.end_time_us = RETURNED, transfer.end_time_us
        before.ended_by_notice_ids.extend(transfer.ended_by_notice_ids)
    return before


def _without_the_oldest(transfer: record_pb2.Transfer) -> record_pb2.Transfer:
    """A transfer with as many that it has superseded as a version may keep beside the next one."""
    made = _copy(transfer)
    last = made
    for _ in range(MOST_SUPERSEDED - 1):
        if not last.HasField("superseded"):
            return made
        last = last.superseded
    last.ClearField("superseded")
    return made


def _copy(transfer: record_pb2.Transfer) -> record_pb2.Transfer:
    made = record_pb2.Transfer()
    made.CopyFrom(transfer)
    return made
