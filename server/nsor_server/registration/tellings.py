"""What notices have told of names, numbers and homes: kept in a record, which can be made without one of them. Pure.

A version keeps what it said before the first of these notices, and what each has told since, in their order. Without
one of them it says what follows from the others, in whatever order they are taken back. What an amendment, or a report
of NADRA, has changed in between is kept as well: what it repeats isn't told again by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from google.protobuf.message import Message

from nsor.v1 import notices_pb2, types_pb2
from nsor_server.formats import person_name
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.v1 import record_pb2

MOST: Final = 100
"""Notices of which a version keeps what they have told; what older ones told belongs to the record from then on."""
MOST_ADDRESSES: Final = 20
"""Addresses that a version has by notices: an amendment gives the list whole, and takes as many."""
_OFFICIAL: Final = types_pb2.NAME_KIND_OFFICIAL
_FORMER: Final = types_pb2.NAME_KIND_FORMER
_Record: TypeAlias = record_pb2.RegistrationRecord
_Written: TypeAlias = tuple[str, str, int]
_Message = TypeVar("_Message", bound=Message)


@dataclass(slots=True)
class _Said:
    """What a record says of a person, as far as notices change it."""

    names: list[record_pb2.Name]
    mobiles: list[str]
    email_addresses: list[str]
    home_version: int


def tell(record: _Record, notice: record_pb2.NoticeRecord) -> None:
    """Add to a version that is being made what a notice tells."""
    telling = _telling(notice, record.version)
    if telling is None:
        return
    _note_others(record)
    before, after = _said(record.told), _said(record.told)
    _follow(after, telling)
    _say(record, before, after)
    if telling.HasField("address"):
        record.addresses.add().CopyFrom(telling.address)
        _leave_out_the_oldest(record)
    record.told.tellings.add().CopyFrom(telling)
    _settle(record)


def withdraw(record: _Record, notice_id: bytes, time_us: int) -> None:
    """Take out of a version that is being made what a notice alone has told, with its transfer and its journey.

    Whoever has accepted the person stays responsible.

    Args:
        record: of the version.
        notice_id: 16 bytes.
        time_us: of the version, microseconds since 1970.
    """
    carried = _copies(each for each in record.carried_notices if each.notice_id != notice_id)
    del record.carried_notices[:]
    record.carried_notices.extend(carried)
    journeys = _copies(each for each in record.journeys if each.notice_id != notice_id)
    del record.journeys[:]
    record.journeys.extend(journeys)
    home_version = _take_back(record, notice_id)
    if home_version != record.home_version:
        custody.not_at_home(record, home_version)
    transfers.withdrawn(record, notice_id, time_us)


def _take_back(record: _Record, notice_id: bytes) -> int:
    """Take out what a notice has told; gives the version that came with the last notice of a home that is left."""
    telling = next((each for each in record.told.tellings if each.notice_id == notice_id), None)
    if telling is None:
        return record.home_version
    _note_others(record)
    if telling.HasField("address"):
        _take_back_address(record, telling)
    before = _said(record.told)
    kept = [each for each in _copies(record.told.tellings) if each.notice_id != notice_id]
    del record.told.tellings[:]
    record.told.tellings.extend(kept)
    after = _said(record.told)
    _say(record, before, after)
    _settle(record)
    return after.home_version


def _telling(notice: record_pb2.NoticeRecord, version: int) -> record_pb2.Telling | None:
    """What a notice tells with a version; a name or a number that is only expected isn't told yet. None: nothing."""
    telling = record_pb2.Telling(notice_id=notice.notice_id)
    if notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED:
        telling.names.extend(notice.names)
        telling.mobiles.extend(notice.mobiles)
        telling.ended_mobiles.extend(notice.ended_mobiles)
        telling.email_addresses.extend(notice.email_addresses)
        telling.ended_email_addresses.extend(notice.ended_email_addresses)
    if notice.HasField("address"):
        telling.address.CopyFrom(notice.address)
        if not telling.address.HasField("since_day"):
            telling.address.since_day = notice.event_day
    if notice.at_home:
        telling.home_version = version
    return telling if telling != record_pb2.Telling(notice_id=notice.notice_id) else None


def _said(told: record_pb2.Told) -> _Said:
    """What was said before the first notice, and what follows from all of them."""
    said = _Said(_copies(told.names), list(told.mobiles), list(told.email_addresses), told.home_version)
    for telling in told.tellings:
        _follow(said, telling)
    return said


def _follow(said: _Said, telling: record_pb2.Telling) -> None:
    """What follows from one more."""
    if telling.notice_id:
        _tell_names(said.names, telling.names)
    else:
        _set_names(said.names, telling.names)
    said.mobiles = _changed(said.mobiles, telling.mobiles, telling.ended_mobiles)
    said.email_addresses = _changed(said.email_addresses, telling.email_addresses, telling.ended_email_addresses)
    said.home_version = telling.home_version or said.home_version


def _tell_names(names: list[record_pb2.Name], told: Sequence[record_pb2.Name]) -> None:
    """An official name makes that of the same script a former one. What there is already isn't added twice."""
    official = {_script(each) for each in told if each.kind == _OFFICIAL}
    new = {_written(each) for each in told}
    for name in names:
        if name.kind == _OFFICIAL and _script(name) in official and _written(name) not in new:
            name.kind = _FORMER
    for each in told:
        same = next((name for name in names if _written(name) == _written(each)), None)
        if same is None:
            names.extend(_copies([each]))
        elif each.kind == _OFFICIAL:
            same.kind = _OFFICIAL


def _set_names(names: list[record_pb2.Name], changed: Sequence[record_pb2.Name]) -> None:
    for each in changed:
        same = next((name for name in names if _written(name) == _written(each)), None)
        if same is None:
            names.extend(_copies([each]))
        else:
            same.kind = each.kind


def _changed(kept: Sequence[str], new: Sequence[str], ended: Sequence[str]) -> list[str]:
    left = [each for each in kept if each not in ended]
    return [*left, *(each for each in new if each not in left)]


def _note_others(record: _Record) -> None:
    """Note what was changed otherwise since the last notice, or with what a record begins that had none."""
    if not record.told.tellings:
        begins = record_pb2.Told(
            names=record.names,
            mobiles=record.mobiles,
            email_addresses=record.email_addresses,
            home_version=record.home_version,
        )
        record.told.CopyFrom(begins)
        return
    said = _said(record.told)
    known = _kinds(said.names)
    changed = record_pb2.Telling(
        names=[each for each in _first(record.names) if known.get(_written(each)) != each.kind],
        mobiles=_lacking(record.mobiles, said.mobiles),
        ended_mobiles=_lacking(said.mobiles, record.mobiles),
        email_addresses=_lacking(record.email_addresses, said.email_addresses),
        ended_email_addresses=_lacking(said.email_addresses, record.email_addresses),
    )
    if changed != record_pb2.Telling():
        record.told.tellings.add().CopyFrom(changed)


def _say(record: _Record, before: _Said, after: _Said) -> None:
    """Have a record say what is different, and leave the rest of it as it is."""
    was, kinds = _kinds(before.names), _kinds(after.names)
    names = [each for each in _copies(record.names) if _written(each) in kinds]
    for name in _first(names):
        if kinds[_written(name)] != was.get(_written(name)):
            name.kind = kinds[_written(name)]
    there = _kinds(names)
    names += [each for each in after.names if _written(each) not in there]
    del record.names[:]
    record.names.extend(names)
    for field in ("mobiles", "email_addresses"):
        kept, now = getattr(record, field), getattr(after, field)
        kept[:] = [*(each for each in kept if each in now), *_lacking(now, kept)]


def _leave_out_the_oldest(record: _Record) -> None:
    """Leave out of a version that is being made the oldest of too many addresses, but the newest of each kind.

    No notice of a move is refused for them; those that are left out stand in the versions before.
    """
    while len(record.addresses) > MOST_ADDRESSES:
        kinds = [each.kind for each in record.addresses]
        del record.addresses[next(at for at, kind in enumerate(kinds) if kind in kinds[at + 1 :])]


def _take_back_address(record: _Record, telling: record_pb2.Telling) -> None:
    """Take away the address of a notice: of equal ones the one that it has added. The others stay in their order."""
    equal = [at for at, each in enumerate(record.addresses) if each == telling.address]
    tellers = [each.notice_id for each in record.told.tellings if each.address == telling.address]
    later = len(tellers) - tellers.index(telling.notice_id)
    if later <= len(equal):
        del record.addresses[equal[-later]]


def _settle(record: _Record) -> None:
    """Have what stands before the notices that a version keeps belong to the record itself."""
    while record.told.tellings:
        is_kept = record.told.tellings[0].notice_id and len(record.told.tellings) <= MOST
        if is_kept:
            return
        left = _copy(record.told)
        del left.tellings[1:]
        said = _said(left)
        begins = record_pb2.Told(
            names=said.names,
            mobiles=said.mobiles,
            email_addresses=said.email_addresses,
            home_version=said.home_version,
            tellings=record.told.tellings[1:],
        )
        record.told.CopyFrom(begins)
    record.ClearField("told")


def _first(names: Iterable[record_pb2.Name]) -> list[record_pb2.Name]:
    """Of names that are written alike the first one."""
    found: dict[_Written, record_pb2.Name] = {}
    for each in names:
        found.setdefault(_written(each), each)
    return list(found.values())


def _kinds(names: Iterable[record_pb2.Name]) -> dict[_Written, int]:
    return {_written(each): each.kind for each in _first(names)}


def _lacking(some: Iterable[str], others: Iterable[str]) -> list[str]:
    known = set(others)
    return [each for each in some if each not in known]


def _copy(message: _Message) -> _Message:
    made = type(message)()
    made.CopyFrom(message)
    return made


def _copies(messages: Iterable[_Message]) -> list[_Message]:
    return [_copy(each) for each in messages]


def _script(name: record_pb2.Name) -> person_name.Script:
    return person_name.script(name.name)


def _written(name: record_pb2.Name) -> _Written:
    return name.name, name.relative_name, name.relation
