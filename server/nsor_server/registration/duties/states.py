"""Where a duty stands, and which other registration of the person owes the same. Pure.

That a duty is overdue, or doesn't count, isn't stored: the first follows from the time, the second from the record, so
that nothing can be forgotten when a person is taken to prison again, has died, or has his conviction set aside; and
when that is taken back, what he owed stands again.
"""

from __future__ import annotations

from typing import Final

from nsor.v1 import duties_pb2, registration_pb2
from nsor_server.registration.custody import states as custody
from nsor_server.registration.persons.others import Others
from nsor_server.storage.v1 import record_pb2

OPEN: Final = int(duties_pb2.DUTY_STATE_OPEN)
MET: Final = int(duties_pb2.DUTY_STATE_MET)
MET_LATE: Final = int(duties_pb2.DUTY_STATE_MET_LATE)
OVERDUE: Final = int(duties_pb2.DUTY_STATE_OVERDUE)
WAIVED: Final = int(duties_pb2.DUTY_STATE_WAIVED)
VOID: Final = int(duties_pb2.DUTY_STATE_VOID)
INITIAL_NOTICE: Final = int(duties_pb2.DUTY_KIND_INITIAL_NOTICE)
ADDRESS: Final = int(duties_pb2.DUTY_KIND_CHANGE_OF_ADDRESS)
RETURN: Final = int(duties_pb2.DUTY_KIND_RETURN)
VERIFICATION: Final = int(duties_pb2.DUTY_KIND_PERIODIC_VERIFICATION)
NO_FIXED_ABODE: Final = int(duties_pb2.DUTY_KIND_NO_FIXED_ABODE)
EXPECTED_CHANGE: Final = int(duties_pb2.DUTY_KIND_EXPECTED_CHANGE)
STANDING: Final = (
    int(duties_pb2.DUTY_KIND_CHANGE_OF_NAME),
    ADDRESS,
    int(duties_pb2.DUTY_KIND_CHANGE_OF_CONTACT),
    int(duties_pb2.DUTY_KIND_EXTRA_ADDRESS),
    int(duties_pb2.DUTY_KIND_TRAVEL_AT_HOME),
    int(duties_pb2.DUTY_KIND_TRAVEL_ABROAD),
)
"""What everybody who was released owes from an event on that only he can tell of: without a date."""


def count_now(record: record_pb2.RegistrationRecord) -> bool:
    """Whether a record's duties count: a court's confirmation stands, and the person is free."""
    confirmed = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    return confirmed and record.custody_state == custody.RELEASED


def state(record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, now_us: int) -> int:
    """Where a duty stands at an instant (microseconds since 1970): a number of nsor.v1.DutyState."""
    if duty.state != OPEN:
        return duty.state
    if not count_now(record):
        return VOID
    return OVERDUE if duty.due_us < now_us else OPEN


def is_open(record: record_pb2.RegistrationRecord, duty: record_pb2.Duty) -> bool:
    """Whether a duty is to be met, in time or late."""
    return duty.state == OPEN and count_now(record)


def is_covered(
    record: record_pb2.RegistrationRecord,
    duty: record_pb2.Duty,
    others: Others,
) -> bool:
    """Whether the same station is told of the same duty by another registration of the person, where it is due first.

    So that a person owes once what all of his registrations ask for, by the strictest of them; of those that are due at
    one instant, by the one that was confirmed first. One whose person is in prison by it covers nothing.

    Args:
        record: the registration.
        duty: of it, open.
        others: the other registrations of the person.
    """
    earlier, later = (
        [one.due_us for each in part if (one := owed_too(record, duty, each)) is not None] for part in others
    )
    return any(due_us <= duty.due_us for due_us in earlier) or any(due_us < duty.due_us for due_us in later)


def owed_too(
    record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, other: record_pb2.RegistrationRecord
) -> record_pb2.Duty | None:
    """The duty of another registration of the person at the same station that is the same; None: it owes none.

    Args:
        record: the registration.
        duty: of it, also one that has ended.
        other: the other registration.
    """
    if other.responsible_place != record.responsible_place:
        return None
    return next((each for each in other.duties if is_open(other, each) and _same(each) == _same(duty)), None)


def of(record: record_pb2.RegistrationRecord, duty_id: bytes) -> record_pb2.Duty | None:
    """A duty of a record."""
    return next((each for each in record.duties if each.duty_id == duty_id), None)


def _same(duty: record_pb2.Duty) -> tuple[int, bytes]:
    """What makes duties of several registrations one: their kind, and of what one notice begins which one that is."""
    return duty.kind, duty.notice_id if duty.kind in {RETURN, EXPECTED_CHANGE} else b""
