"""What a notice makes of a record, and how that is taken back: each time by a new version. Pure.

Rule 18 of the domain: names and addresses are added, and what they supersede stays. A name or a number that is only
expected changes nothing before it has happened; an address that is expected stands with the day from which it will be.
"""

from __future__ import annotations

from typing import Final

from nsor.v1 import errors_pb2, notices_pb2
from nsor_server import errors
from nsor_server.notification.notices import journeys, kinds, states
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

MOST_NAMES: Final = 50
"""Names of a record up to which a notice adds some, as an amendment does."""
MOST_CONTACTS: Final = 10
"""Mobile numbers of a record, and e-mail addresses: an amendment gives the list whole, and takes as many."""
_Record = record_pb2.RegistrationRecord
_Notice = record_pb2.NoticeRecord


def after(record: _Record, notice: _Notice) -> _Record:
    """The version that follows a notice. ``record`` stays as it is.

    Args:
        record: the newest version, ``without`` the notice that this one supersedes.
        notice: with when it was stored.
    """
    following = _next(record)
    _tell(following, notice)
    if notice.kind != kinds.HOME_VISIT:
        following.waiting_notices.add(notice_id=notice.notice_id, time_us=notice.create_time_us)
        following.notices_waited = True
    return following


def after_other(record: _Record, notice: _Notice) -> _Record:
    """The same of another registration of the person: it is told there too, and waits where it was taken."""
    following = _next(record)
    _tell(following, notice)
    following.carried_notices.add(notice_id=notice.notice_id, registration_id=notice.registration_id)
    del following.carried_notices[: -registrations.MOST_TOLD]
    return following


def is_carried(record: _Record, notice_id: bytes) -> bool:
    """Whether a notice was taken of another registration of the person and is told of this one."""
    return any(each.notice_id == notice_id for each in record.carried_notices)


def without(record: _Record, notice: _Notice, time_us: int) -> _Record:
    """A record without what a notice has told, which waits no more. ``record`` stays, and its number too.

    It is as if the others alone had been told. Whoever has accepted the person stays responsible: he moves back by a
    notice.

    Args:
        record: the newest version.
        notice: that is withdrawn, refused or superseded.
        time_us: of the version that follows, microseconds since 1970.
    """
    left = _Record()
    left.CopyFrom(record)
    _end_wait(left, notice)
    registrations.notice_withdrawn(left, notice.notice_id, time_us)
    return left


def decided(record: _Record, notice: _Notice, state: int, time_us: int) -> _Record:
    """The version that follows a decision on a notice at an instant: what is verified stays, of the rest nothing."""
    if state != states.VERIFIED:
        left = _next(without(record, notice, time_us))
        registrations.taken_back(left, notice.notice_id)
        return left
    following = _next(record)
    _end_wait(following, notice)
    return following


def check_room(record: _Record) -> None:
    """See that the version that follows a notice holds no more than an amendment may give.

    Raises:
        errors.InvalidFields: TOO_LONG.
    """
    full = (
        ("name.names", len(record.names) > MOST_NAMES),
        ("contact.mobile_numbers", len(record.mobiles) > MOST_CONTACTS),
        ("contact.email_addresses", len(record.email_addresses) > MOST_CONTACTS),
    )
    refused = tuple(errors.Violation(name, errors_pb2.FIELD_REASON_TOO_LONG) for name, is_full in full if is_full)
    if refused:
        raise errors.InvalidFields(violations=refused)


def check_day(record: _Record, notice: _Notice) -> None:
    """See that what has happened didn't happen before the person was born.

    Not before he was convicted: the police aren't shown when for this purpose, and would find it by trying days.

    Raises:
        errors.InvalidFields: DATE_ORDER.
    """
    if notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED and notice.event_day < record.birth_day:
        early = errors.Violation("event_date", errors_pb2.FIELD_REASON_DATE_ORDER)
        raise errors.InvalidFields(violations=(early,))


def _tell(following: _Record, notice: _Notice) -> None:
    registrations.tell(following, notice)
    if notice.at_home:
        place, silence = notice.address.place_code, notice.transfer_deadlines
        registrations.moved(following, place, notice.notice_id, notice.create_time_us, silence)
        registrations.at_home(following)
    journeys.add(following, notice)


def _next(record: _Record) -> _Record:
    following = _Record()
    following.CopyFrom(record)
    following.version += 1
    return following


def _end_wait(record: _Record, notice: _Notice) -> None:
    left = [each for each in record.waiting_notices if each.notice_id != notice.notice_id]
    del record.waiting_notices[:]
    record.waiting_notices.extend(left)
