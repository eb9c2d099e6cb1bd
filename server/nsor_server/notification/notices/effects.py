"""What a notice makes of a record, and how that is taken back: each time by a new version. Pure.

Rule 18 of the domain: names and addresses are added, and what they supersede stays. A name or a number that is only
expected changes nothing before it has happened; an address that is expected stands with the day from which it will be.
A notice notes what it found, so that what it has made can be taken back, and nothing that was told since.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Final

from nsor.v1 import errors_pb2, notices_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats import person_name
from nsor_server.notification.notices import kinds, states
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

MOST_NAMES: Final = 50
"""Names of a record up to which a notice adds some, as an amendment does."""
MOST_CONTACTS: Final = 10
"""Mobile numbers of a record, and e-mail addresses: an amendment gives the list whole, and takes as many."""
FOUND: Final = (
    "added_names",
    "changed_names",
    "added_mobiles",
    "added_email_addresses",
    "removed_mobiles",
    "removed_email_addresses",
    "home_version_before",
    "release_before",
)
"""What a notice notes of the record: it follows from the version before."""
_OFFICIAL: Final = types_pb2.NAME_KIND_OFFICIAL
_FORMER: Final = types_pb2.NAME_KIND_FORMER
_Record = record_pb2.RegistrationRecord
_Notice = record_pb2.NoticeRecord


def after(record: _Record, notice: _Notice) -> _Record:
    """The version that follows a notice; the notice notes what it found. ``record`` stays as it is.

    Args:
        record: the newest version, ``without`` the notice that this one supersedes.
        notice: with when it was stored.
    """
    following = _next(record)
    if notice.HasField("address"):
        following.addresses.add().CopyFrom(_address(notice))
    if notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED:
        _add_names(following, notice)
        _change(following.mobiles, (notice.mobiles, notice.ended_mobiles), notice.added_mobiles, notice.removed_mobiles)
        _change(
            following.email_addresses,
            (notice.email_addresses, notice.ended_email_addresses),
            notice.added_email_addresses,
            notice.removed_email_addresses,
        )
    if notice.at_home:
        notice.home_version_before = following.home_version
        if following.HasField("expected_release"):
            notice.release_before.CopyFrom(following.expected_release)
        place, silence = notice.address.place_code, notice.transfer_deadlines
        registrations.moved(following, place, notice.notice_id, notice.create_time_us, silence)
        registrations.at_home(following)
    if notice.kind != kinds.HOME_VISIT:
        following.waiting_notices.add(notice_id=notice.notice_id, time_us=notice.create_time_us)
        following.notices_waited = True
    return following


def without(record: _Record, notice: _Notice, time_us: int) -> _Record:
    """A record without what a notice has made of it, which waits no more. ``record`` stays, and its number too.

    Whoever has accepted the person stays responsible: he moves back by a notice.

    Args:
        record: the newest version.
        notice: that is withdrawn, refused or superseded.
        time_us: of the version that follows, microseconds since 1970.
    """
    left = _Record()
    left.CopyFrom(record)
    _end_wait(left, notice)
    if notice.HasField("address"):
        _take_back_address(left, notice)
    _take_back_names(left, notice)
    _put_back(left.mobiles, notice.added_mobiles, notice.removed_mobiles)
    _put_back(left.email_addresses, notice.added_email_addresses, notice.removed_email_addresses)
    if notice.at_home and left.home_version == notice.version:
        left.home_version = notice.home_version_before
        is_released = left.custody_state == types_pb2.CUSTODY_STATE_RELEASED
        if is_released and notice.HasField("release_before") and not left.HasField("expected_release"):
            left.expected_release.CopyFrom(notice.release_before)
    registrations.transfer_withdrawn(left, notice.notice_id, time_us)
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


def _next(record: _Record) -> _Record:
    following = _Record()
    following.CopyFrom(record)
    following.version += 1
    return following


def _address(notice: _Notice) -> record_pb2.Address:
    """The address as the record has it: it begins with the day of the change unless it says otherwise."""
    address = record_pb2.Address()
    address.CopyFrom(notice.address)
    if not address.HasField("since_day"):
        address.since_day = notice.event_day
    return address


def _take_back_address(record: _Record, notice: _Notice) -> None:
    """Take away an address that a notice has added."""
    told = _address(notice)
    at = next((i for i in reversed(range(len(record.addresses))) if record.addresses[i] == told), None)
    if at is not None:
        del record.addresses[at]


def _add_names(record: _Record, notice: _Notice) -> None:
    """An official name makes that of the same script a former one. What the record has already isn't added twice."""
    official = {_script(each) for each in notice.names if each.kind == _OFFICIAL}
    new = {_written(each) for each in notice.names}
    for name in record.names:
        if name.kind == _OFFICIAL and _script(name) in official and _written(name) not in new:
            notice.changed_names.add().CopyFrom(name)
            name.kind = _FORMER
    for told in notice.names:
        same = next((each for each in record.names if _written(each) == _written(told)), None)
        if same is None:
            record.names.add().CopyFrom(told)
            notice.added_names.add().CopyFrom(told)
        elif told.kind == _OFFICIAL and same.kind != _OFFICIAL:
            notice.changed_names.add().CopyFrom(same)
            same.kind = _OFFICIAL


def _take_back_names(record: _Record, notice: _Notice) -> None:
    """Take away the names that a notice has added, and give the others the kinds that they had before.

    What was told since stays: a script has one official name, and never loses its last one.
    """
    added = {_written(each) for each in notice.added_names}
    kept = [each for each in record.names if _written(each) not in added]
    was = {_written(each): each.kind for each in notice.changed_names}
    for name in kept:
        if name.kind == _OFFICIAL and was.get(_written(name), _OFFICIAL) != _OFFICIAL:
            name.kind = was[_written(name)]
    for script in {_script(each) for each in notice.changed_names}:
        if any(each.kind == _OFFICIAL and _script(each) == script for each in kept):
            continue
        former = [each for each in kept if each.kind == _FORMER and _script(each) == script]
        before = [each for each in former if was.get(_written(each)) == _OFFICIAL]
        for name in (before or former)[-1:]:
            name.kind = _OFFICIAL
    left = [record_pb2.Name.FromString(each.SerializeToString()) for each in kept]
    del record.names[:]
    record.names.extend(left)


def _change(
    kept: MutableSequence[str],
    told: tuple[Sequence[str], Sequence[str]],
    added: MutableSequence[str],
    removed: MutableSequence[str],
) -> None:
    """Take away what is the person's no more, add what is new, and note both."""
    new, ended = told
    removed.extend(each for each in kept if each in ended)
    left = [each for each in kept if each not in ended]
    added.extend(each for each in new if each not in left)
    kept[:] = [*left, *added]


def _put_back(kept: MutableSequence[str], added: Sequence[str], removed: Sequence[str]) -> None:
    left = [each for each in kept if each not in added]
    kept[:] = [*left, *(each for each in removed if each not in left)]


def _end_wait(record: _Record, notice: _Notice) -> None:
    left = [each for each in record.waiting_notices if each.notice_id != notice.notice_id]
    del record.waiting_notices[:]
    record.waiting_notices.extend(left)


def _script(name: record_pb2.Name) -> person_name.Script:
    return person_name.script(name.name)


def _written(name: record_pb2.Name) -> tuple[str, str, int]:
    return name.name, name.relative_name, name.relation
