"""When a correction is disputed, and what that makes of a record. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from nsor.v1 import registration_pb2
from nsor_server.registration import states
from nsor_server.storage.v1 import record_pb2

MOST = 100
"""Corrections of a registration that are listed."""


def is_met(record: record_pb2.RegistrationRecord) -> bool:
    """Whether a registration can be met: nobody is told of one that isn't confirmed, or is shown to nobody."""
    return record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED


def keys(record: record_pb2.RegistrationRecord) -> list[bytes | str]:
    """What a correction names a registration by: its id, or the person's CNIC."""
    return [record.registration_id, *([record.cnic] if record.cnic else ())]


def disputed(
    record: record_pb2.RegistrationRecord, contested: Iterable[int], refused: Iterable[int]
) -> record_pb2.RegistrationRecord | None:
    """The next version of a record, if the person disputes something of it now that he didn't before.

    Args:
        record: the newest version.
        contested: particulars (numbers of nsor.v1.CorrectionParticular) of which he contests a refusal.
        refused: those that its owner has refused to correct.
    """
    more = set(contested) & set(refused) - set(record.disputed)
    if not more:
        return None
    following = states.next_version(record)
    following.disputed[:] = sorted({*record.disputed, *more})
    return following


def settled(record: record_pb2.RegistrationRecord, particular: int) -> record_pb2.RegistrationRecord | None:
    """The next version of a record whose owner accepts that a particular is wrong, if that was disputed."""
    if particular not in record.disputed:
        return None
    following = states.next_version(record)
    following.disputed[:] = [each for each in record.disputed if each != particular]
    return following
