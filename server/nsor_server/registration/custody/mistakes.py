"""Custody events that were entered by mistake: what stands after some were taken back, and who may take one back. Pure.

Rule 18: nothing is overwritten. What is taken back stays among the events, with the one that takes it back. Each event
says what it found, so that everything can be put as it was.
"""

from __future__ import annotations

from typing import Final

from nsor.v1 import custody_pb2
from nsor_server.registration.custody import states
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.v1 import record_pb2

TAKEN_BACK: Final = custody_pb2.CUSTODY_EVENT_KIND_TAKEN_BACK
_DECIDED: Final = frozenset(
    {custody_pb2.CUSTODY_EVENT_KIND_RELEASE_ACCEPTED, custody_pb2.CUSTODY_EVENT_KIND_RELEASE_REFUSED}
)
"""What an officer has signed as a decision."""


def standing(record: record_pb2.RegistrationRecord) -> list[record_pb2.CustodyEvent]:
    """What was recorded and wasn't taken back, in its order."""
    taken_back = {each.taken_back_version for each in record.custody_events if each.kind == TAKEN_BACK}
    return [each for each in record.custody_events if each.kind != TAKEN_BACK and each.version not in taken_back]


def note_before(
    event: record_pb2.CustodyEvent, before: record_pb2.RegistrationRecord, after: record_pb2.RegistrationRecord
) -> None:
    """Note in an event what it found.

    Args:
        event: that is being recorded.
        before: the record without it, under the number of the version that it comes with.
        after: the record with it.
    """
    event.version = before.version
    event.state_before = before.custody_state
    event.custodian_before = before.custodian_agency
    event.receiving_before = before.receiving_agency
    if before.HasField("expected_release"):
        event.release_before.CopyFrom(before.expected_release)
    if before.HasField("ended_release"):
        event.ended_release_before.CopyFrom(before.ended_release)
    if len(after.addresses) > len(before.addresses):
        event.place_before, event.apart_before = before.responsible_place, before.apart_place
    if transfers.is_open(before) and not transfers.is_open(after):
        event.transfer_before.CopyFrom(before.transfer)


def last_of(record: record_pb2.RegistrationRecord, event: record_pb2.CustodyEvent) -> record_pb2.CustodyEvent:
    """What an event takes back.

    Args:
        record: the one that it is to follow, under the number of the version that it comes with.
        event: of the kind TAKEN_BACK.

    Raises:
        errors.WrongState: it isn't what was recorded last of what stands, or isn't the agency's to take back.
    """
    last = next(reversed(standing(record)), None)
    if last is None or (last.agency, last.kind) != (event.agency, event.taken_back_kind) or last.kind in _DECIDED:
        raise states.wrong()
    if _ended_by(last, record) and last.version != asked_for(record, record.version - 1):
        raise states.wrong()
    return last


def put_back(record: record_pb2.RegistrationRecord, last: record_pb2.CustodyEvent) -> None:
    """Put a record that is being made as an event found it. Of what else was written since, nothing changes."""
    record.custody_state = last.state_before
    record.custodian_agency, record.receiving_agency = last.custodian_before, last.receiving_before
    record.ClearField("expected_release")
    record.ClearField("ended_release")
    # A released offender may have given notice of where he lives since: that has ended what nobody has taken on.
    is_at_home = last.state_before == states.RELEASED and record.home_version > last.version
    if last.HasField("release_before"):
        (record.ended_release if is_at_home else record.expected_release).CopyFrom(last.release_before)
    elif last.HasField("ended_release_before"):
        record.ended_release.CopyFrom(last.ended_release_before)
        expect_again(record)
    if last.place_before:
        # It was the last that was written: the address is the one that it has added.
        record.responsible_place, record.apart_place = last.place_before, last.apart_before
        del record.addresses[-1]
    if last.HasField("transfer_before"):
        record.transfer.CopyFrom(last.transfer_before)


def expect_again(record: record_pb2.RegistrationRecord) -> None:
    """Have a release that a notice of a home has ended be one that nobody has taken on, if no such notice stands."""
    released = next((each.version for each in reversed(standing(record))), 0)
    is_free = record.custody_state == states.RELEASED and record.home_version <= released
    if is_free and record.HasField("ended_release") and not record.HasField("expected_release"):
        record.expected_release.CopyFrom(record.ended_release)
        record.ClearField("ended_release")


def asked_for(record: record_pb2.RegistrationRecord, version: int) -> int:
    """The newest version up to one that somebody has asked for: the scheduler of duties has written those since.

    Args:
        record: the version itself, or the one after it that is being made.
        version: its number.
    """
    return record.unasked.after_version if record.unasked.last_version == version else version


def department(record: record_pb2.RegistrationRecord) -> str:
    """The prisons department that has a part in the custody besides the one in charge, or none: the column.

    It is the one that is to admit the offender, or else the one that has let him go by what was written last.
    """
    if record.receiving_agency or not record.custody_events:
        return record.receiving_agency
    last = next(reversed(standing(record)), None)
    is_last = last is not None and last.version == asked_for(record, record.version)
    return last.agency if last and is_last and _ended_by(last, record) else ""


def _ended_by(event: record_pb2.CustodyEvent, record: record_pb2.RegistrationRecord) -> bool:
    """Whether a department that has recorded an event has no part in the custody any more because of it."""
    was_in_charge = bool(event.custodian_before) and event.custodian_before == event.agency
    return was_in_charge and event.agency not in {record.custodian_agency, record.receiving_agency}
