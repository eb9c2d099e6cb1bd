"""What a merge makes of who is responsible for a person, and what his registrations are once it is undone. Pure.

One that stands no more at the merge joins the person when it comes to stand again.

One person has one responsible station (domain rule 19). A merge opens a transfer of each registration for which another
station is responsible than for the one that was confirmed first: the old station stays responsible until that one has
accepted. When it is undone, nothing is left of what was told of another registration, and whoever was transferred
because of it is transferred back, in the same way: at no instant is nobody responsible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import TypeAlias

from nsor_server.registration import states, tellings
from nsor_server.registration.duties import rules as duties
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.v1 import record_pb2

_Record: TypeAlias = record_pb2.RegistrationRecord
_Deadlines: TypeAlias = Sequence[record_pb2.TransferDeadline]


def merge_id(number: int) -> bytes:
    """What stands instead of a notice in a transfer that the merge of a review opens, 16 bytes."""
    return hashlib.sha256(b"merge" + number.to_bytes(8, "big")).digest()[:16]


def parting_id(number: int) -> bytes:
    """The same for the transfer back."""
    return hashlib.sha256(b"parting" + number.to_bytes(8, "big")).digest()[:16]


def returning_id(number: int) -> bytes:
    """The same in a transfer that a fixed time opens of a registration that stands again; its number."""
    return hashlib.sha256(b"returning" + number.to_bytes(8, "big")).digest()[:16]


def first(
    one: bytes, person: Sequence[bytes], *, standing: Collection[bytes], coming: Collection[bytes]
) -> bytes | None:
    """Which registration of a person one joins that has come to stand: the first confirmed of those that stood before.

    Args:
        one: that has come to stand.
        person: in the order of their confirmation.
        standing: those that stand.
        coming: those that have come to stand with it: where nobody else stands they join the first of them.

    Returns:
        None: it is that one itself.
    """
    there = [each for each in person if each in standing]
    stood = [each for each in there if each not in coming]
    found = next(iter(stood or there), one)
    return None if found == one else found


def station(first: _Record) -> str:
    """The place whose police are, or are asked to be, responsible by the registration that was confirmed first."""
    return first.transfer.to_place if first.transfer.state == transfers.PENDING else first.responsible_place


def joined(record: _Record, first: _Record, by_id: bytes, time_us: int, deadlines: _Deadlines) -> _Record | None:
    """The next version of a registration that is of one person with others from now on; None: nothing changes.

    Args:
        record: the newest version.
        first: that of the registration of the person, among those that stand, that was confirmed first.
        by_id: what stands instead of a notice, of the merge or of the time.
        time_us: of the version, microseconds since 1970.
        deadlines: of a transfer that is opened.
    """
    is_pending = first.transfer.state == transfers.PENDING and transfers.is_by_arrival_alone(first)
    is_there = transfers.is_open(record) and record.transfer.to_place == station(first)
    if is_pending and is_there and record.transfer.HasField("arrival_day"):
        return None  # that he is one person tells no more of his move than the notices do
    following = states.next_version(record)
    transfers.moved(following, station(first), by_id, time_us, deadlines)
    if following.transfer == record.transfer:
        return None
    by = [following.transfer.notice_id, *following.transfer.further_notice_ids]
    if is_pending and by_id in by:
        # In front of what he has told himself: that may be taken back, and the arrival notice be alone then.
        following.transfer.notice_id = by_id
        following.transfer.further_notice_ids[:] = [each for each in by if each != by_id]
        transfers.note_arrival(following, first.transfer)
    following.carried_notices.add(notice_id=by_id, registration_id=first.registration_id)
    return following


def parted(
    record: _Record, person: Collection[bytes], number: int, time_us: int, deadlines: _Deadlines
) -> _Record | None:
    """The next version of a registration of whose person others aren't any more; None: nothing changes.

    Args:
        record: the newest version.
        person: the registrations that still are of its person, itself among them.
        number: of the review that is opened again.
        time_us: of the version, microseconds since 1970.
        deadlines: of a transfer back.
    """
    following = states.next_version(record)
    for each in record.carried_notices:
        if each.registration_id not in person:
            tellings.withdraw(following, each.notice_id, time_us)
            duties.taken_back(following, each.notice_id)
    is_alone = len(person) == 1
    if is_alone and following.apart_place and following.apart_place != following.responsible_place:
        transfers.moved(following, following.apart_place, parting_id(number), time_us, deadlines)
    if is_alone:
        following.ClearField("apart_place")
    unchanged = states.next_version(record)
    return None if following == unchanged else following
