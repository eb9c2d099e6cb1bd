"""Who hears of a notice, and what: the police who are or will be responsible, NPB, and whom its kind concerns."""

from __future__ import annotations

from typing import Final, TypeAlias

from nsor.v1 import notices_pb2, notification_pb2, options_pb2
from nsor_server.calls import Row
from nsor_server.events import outbox, recipients
from nsor_server.events.recipients import Agencies
from nsor_server.notification.notices import kinds, states
from nsor_server.notification.rules import Move
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

Event: TypeAlias = notification_pb2.EventKind.ValueType


def of_notice(
    agencies: Agencies, record: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord, move: Move
) -> list[Row]:
    """The events of a notice.

    Args:
        agencies: of the directory.
        record: the version before it.
        notice: the notice.
        move: what it means for responsibility.
    """
    if notice.timing == notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN:
        return []  # the notice that expected it says so: ``of_decision``
    told = {
        *recipients.responsible_police(agencies, record.responsible_place),
        *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB),
        *_concerned(agencies, record, notice),
    }
    return outbox.owed(_event(notice, move), told, registration_id=record.registration_id, notice_id=notice.notice_id)


def of_other(
    agencies: Agencies,
    record: record_pb2.RegistrationRecord,
    other: record_pb2.RegistrationRecord,
    notice: record_pb2.NoticeRecord,
    move: Move,
) -> list[Row]:
    """The events of a notice of another registration of the person: whoever heard of the one hears nothing twice.

    Whoever entered the other one hears what he would of a notice that was taken of it.

    Args:
        agencies: of the directory.
        record: the one of which the notice was taken, before it.
        other: the other one, before it.
        notice: the notice.
        move: what it means for who is responsible for the first.
    """
    if notice.timing == notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN:
        return []
    told = set(recipients.responsible_police(agencies, other.responsible_place))
    told.difference_update(recipients.responsible_police(agencies, record.responsible_place))
    if other.created_by_agency in _concerned(agencies, other, notice):
        told.add(other.created_by_agency)
    return outbox.owed(_event(notice, move), told, registration_id=other.registration_id, notice_id=notice.notice_id)


def of_decision(
    agencies: Agencies,
    record: record_pb2.RegistrationRecord,
    notice: record_pb2.NoticeRecord,
    state: int,
    later: record_pb2.NoticeRecord | None,
) -> list[Row]:
    """The events of what became of a notice: whoever heard of it hears this, but of one that is verified.

    Args:
        agencies: of the directory.
        record: the version before.
        notice: the notice.
        state: what it is from then on.
        later: the notice that supersedes it.
    """
    if state == states.VERIFIED:
        return []
    told = {
        *recipients.responsible_police(agencies, record.responsible_place),
        *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB),
        *_concerned(agencies, record, notice),
    }
    kind = _ENDS[state]
    if later is not None and later.timing == notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN:
        kind = notification_pb2.EVENT_KIND_NOTICE_DID_NOT_HAPPEN
    return outbox.owed(kind, told, registration_id=record.registration_id, notice_id=notice.notice_id)


def _event(notice: record_pb2.NoticeRecord, move: Move) -> Event:
    if notice.kind in {kinds.ADDRESS, kinds.NO_FIXED_ABODE}:
        return move.event
    if notice.kind == kinds.TRAVEL:
        if kinds.is_abroad(notice.travel):
            return notification_pb2.EVENT_KIND_TRAVEL_ABROAD
        return notification_pb2.EVENT_KIND_TRAVEL_AT_HOME
    if notice.kind == kinds.HOME_VISIT:
        if notice.home_visit == notices_pb2.HOME_VISIT_RESULT_MET:
            return notification_pb2.EVENT_KIND_HOME_VISIT
        return notification_pb2.EVENT_KIND_HOME_VISIT_FAILED
    return _EVENTS[notices_pb2.NoticeKind.ValueType(notice.kind)]


_EVENTS: Final[dict[notices_pb2.NoticeKind.ValueType, Event]] = {
    kinds.NAME: notification_pb2.EVENT_KIND_NAME_CHANGED,
    kinds.CONTACT: notification_pb2.EVENT_KIND_CONTACT_CHANGED,
    kinds.RETURN: notification_pb2.EVENT_KIND_TRAVEL_RETURNED,
    kinds.PERIODIC: notification_pb2.EVENT_KIND_PERIODIC_NOTICE,
}
"""Kinds that always mean the same."""
_ENDS: Final[dict[int, Event]] = {
    states.REFUSED: notification_pb2.EVENT_KIND_NOTICE_REFUSED,
    states.WITHDRAWN: notification_pb2.EVENT_KIND_NOTICE_WITHDRAWN,
    states.SUPERSEDED: notification_pb2.EVENT_KIND_NOTICE_SUPERSEDED,
}


def _concerned(agencies: Agencies, record: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord) -> list[str]:
    """Whom a kind concerns besides the responsible police and NPB."""
    if notice.kind in {kinds.ADDRESS, kinds.NO_FIXED_ABODE}:
        return [record.created_by_agency, *recipients.responsible_police(agencies, notice.address.place_code)]
    if notice.kind == kinds.NAME:
        return [record.created_by_agency]
    if kinds.crosses_border(notice):
        if not registrations.in_look_ups(record):
            return []  # what somebody did under 18 is no agency's at the border
        return recipients.of_kind(agencies, options_pb2.AGENCY_KIND_IMMIGRATION)
    if notice.kind == kinds.TRAVEL:
        places = {leg.place_code for leg in notice.travel.legs}
        return [each for place in places for each in recipients.responsible_police(agencies, place)]
    return []
