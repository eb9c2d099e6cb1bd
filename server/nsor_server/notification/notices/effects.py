"""What a notice makes of a record: the next version, in which what was told before is superseded and never lost. Pure.

Rule 18 of the domain: names and addresses are added, and what they supersede stays. A name or a number that is only
expected changes nothing before it has happened; an address that is expected stands with the day from which it will be.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Final

from nsor.v1 import errors_pb2, notices_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats import person_name
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

MOST_NAMES: Final = 50
"""Names of a record up to which a notice adds some, as an amendment does."""
MOST_CONTACTS: Final = 10
"""Mobile numbers of a record, and e-mail addresses: an amendment gives the list whole, and takes as many."""
_OFFICIAL: Final = types_pb2.NAME_KIND_OFFICIAL


def after(record: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord) -> record_pb2.RegistrationRecord:
    """The version that follows a notice. ``record`` stays as it is.

    Args:
        record: the newest version.
        notice: with who is responsible by it.
    """
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    following.version += 1
    following.responsible_place = notice.place_after
    if notice.HasField("address"):
        added = following.addresses.add()
        added.CopyFrom(notice.address)
        if not added.HasField("since_day"):
            added.since_day = notice.event_day
    if notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED:
        _add_names(following, notice)
        _change(following.mobiles, notice.mobiles, notice.ended_mobiles)
        _change(following.email_addresses, notice.email_addresses, notice.ended_email_addresses)
    if notice.at_home:
        registrations.at_home(following)
    return following


def check_room(record: record_pb2.RegistrationRecord) -> None:
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


def check_day(record: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord) -> None:
    """See that what has happened didn't happen before the person was convicted.

    It goes by the convictions that every look-up shows: nothing may depend on the others.

    Raises:
        errors.InvalidFields: DATE_ORDER.
    """
    judged = [each.judgment_day for each in registrations.to_everybody(record)]
    if notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED and judged and notice.event_day < min(judged):
        early = errors.Violation("event_date", errors_pb2.FIELD_REASON_DATE_ORDER)
        raise errors.InvalidFields(violations=(early,))


def _add_names(record: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord) -> None:
    """An official name makes that of the same script a former one. What the record has already isn't added twice."""
    official = {person_name.script(each.name) for each in notice.names if each.kind == _OFFICIAL}
    new = {_written(each) for each in notice.names}
    for name in record.names:
        if name.kind == _OFFICIAL and person_name.script(name.name) in official and _written(name) not in new:
            name.kind = types_pb2.NAME_KIND_FORMER
    for told in notice.names:
        same = next((each for each in record.names if _written(each) == _written(told)), None)
        if same is None:
            record.names.add().CopyFrom(told)
        elif told.kind == _OFFICIAL:
            same.kind = _OFFICIAL


def _change(kept: MutableSequence[str], added: Sequence[str], ended: Sequence[str]) -> None:
    """Take away what is the person's no more, and add what is new."""
    left = [each for each in kept if each not in ended]
    kept[:] = [*left, *(each for each in added if each not in left)]


def _written(name: record_pb2.Name) -> tuple[str, str, int]:
    return name.name, name.relative_name, name.relation
