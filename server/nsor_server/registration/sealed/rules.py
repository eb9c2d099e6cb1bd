"""Who may open a reading of what is sealed, and who may read by it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from nsor_server import errors
from nsor_server.access.decisions import Person
from nsor_server.registration import cases, claims, states
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.record import court_reference
from nsor_server.storage.v1 import record_pb2

PROPOSED = 1
"""Version of a reading that one officer has proposed."""
OPENED = 2
"""Version of one that another officer has confirmed."""
ENDED = proposals.ENDED_VERSION
"""Version of one that was withdrawn or refused instead."""


def is_open(reading: record_pb2.SealedReadingRecord, now_us: int) -> bool:
    """Whether a second officer may confirm a reading now (microseconds since 1970)."""
    return proposals.is_open(waits=reading.version == PROPOSED, expire_us=reading.expire_time_us, now_us=now_us)


def ended(reading: record_pb2.SealedReadingRecord, end: record_pb2.ProposalEnd) -> record_pb2.SealedReadingRecord:
    """The version of a reading that an officer ends before another one has confirmed it."""
    following = record_pb2.SealedReadingRecord()
    following.CopyFrom(reading)
    following.version = ENDED
    following.end.CopyFrom(end)
    return following


def check_readable(
    reading: record_pb2.SealedReadingRecord, reader: Person, both: tuple[Person, Person], now_us: int
) -> None:
    """See that an officer is one of the two of a reading that is open.

    Raises:
        errors.NoRecord: he isn't, or it isn't: also when a key that opened it was disabled as compromised.
    """
    is_open = reading.version == OPENED and now_us <= reading.expire_time_us
    if not is_open or any(each.compromised for each in both) or not any(map(reader.is_same, both)):
        raise errors.NoRecord


def court_cases(record: record_pb2.RegistrationRecord) -> set[str]:
    """The court cases of the convictions of a record that a court has confirmed, whatever became of them."""
    return {
        cases.court_case(court_reference(each.court_place, each.case_number))
        for each in record.convictions
        if states.was_confirmed(each)
    }


def entered_again(
    record: record_pb2.RegistrationRecord, others: Iterable[record_pb2.RegistrationRecord]
) -> list[bytes]:
    """Ids of the other registrations of the same person in the same court case: a conviction after a retrial.

    It is the same person by an identifier: others may have been convicted with him.
    """
    of_person, of_cases = set(claims.identifiers(record)), court_cases(record)
    return sorted(
        other.registration_id
        for other in others
        if other.registration_id != record.registration_id
        and of_person & set(claims.identifiers(other))
        and of_cases & court_cases(other)
    )
