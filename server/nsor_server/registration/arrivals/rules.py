"""What follows from arrival notices whose number a registration has. Pure.

A station that takes one isn't told whether there is a record. Where there is, the old station stays responsible, and
the police of the new home are asked to take the person on, as by his own notice of a move. Whoever can't have moved,
by what is recorded of his custody, is moved by nobody: whoever has him, or was told of his end, hears an alert.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy.deadlines import ARRIVAL_EXPIRY, ARRIVAL_MATCHING, Deadlines
from nsor_server.policy.decided_by import LONGEST_CALL_US
from nsor_server.registration import states
from nsor_server.registration.claims import Identifier, of_cnic, of_document
from nsor_server.registration.custody.states import DECEASED, DEPORTED, IN_CUSTODY
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.v1 import record_pb2

_NOT_AT_A_COUNTER: Final = frozenset({IN_CUSTODY, DEPORTED, DECEASED})


def check_days(event: dt.date, received: dt.date) -> None:
    """See that nobody has received a notice of a move before it.

    Raises:
        errors.InvalidFields: DATE_ORDER.
    """
    if received < event:
        early = errors.Violation("received_date", errors_pb2.FIELD_REASON_DATE_ORDER)
        raise errors.InvalidFields(violations=(early,))


def shown(arrival: record_pb2.ArrivalRecord) -> Identifier:
    """The number that was shown."""
    if arrival.HasField("document"):
        return of_document(arrival.document.country, arrival.document.number, arrival.document.kind)
    return of_cnic(arrival.cnic)


def is_against_custody(records: Iterable[record_pb2.RegistrationRecord]) -> bool:
    """Whether a person stands at no counter by what is recorded of his custody: in one of his registrations at least.

    A release wasn't entered, or somebody else shows his card: that is for the prison, the responsible police and NPB to
    find out, and no other station takes him on meanwhile.
    """
    return any(each.custody_state in _NOT_AT_A_COUNTER for each in records)


def opening(
    record: record_pb2.RegistrationRecord, arrivals: Iterable[record_pb2.ArrivalRecord]
) -> record_pb2.ArrivalRecord | None:
    """The notice that opens a transfer of a registration, of those that met it at one time; None: none does.

    It is the one of the latest move: of two stations that say so, he lives where he went last; of one day, the one that
    was taken last. None opens any when its place's police are responsible already, when a transfer there is open, or
    when he has moved since.

    Args:
        record: the newest version.
        arrivals: whose number it has, one at least.
    """
    last = max(arrivals, key=lambda each: (each.event_day, each.create_time_us, each.arrival_id))
    if last.home_place == record.responsible_place:
        return None
    if transfers.is_open(record) and record.transfer.to_place == last.home_place:
        return None
    if record.HasField("transfer") and last.event_day < _moved_day(record.transfer):
        return None
    return last


def arrived(
    record: record_pb2.RegistrationRecord,
    arrival: record_pb2.ArrivalRecord,
    time_us: int,
    deadlines: Sequence[record_pb2.TransferDeadline],
) -> record_pb2.RegistrationRecord:
    """The version that follows when a notice opens a transfer. ``record`` stays.

    His address stays too: he tells it himself, when the new station has taken him on.

    Args:
        record: the newest version.
        arrival: as ``opening`` gives it.
        time_us: of the version, microseconds since 1970.
        deadlines: when silence is told.
    """
    following = states.next_version(record)
    transfers.moved(following, arrival.home_place, arrival.arrival_id, time_us, deadlines)
    opened_by = record_pb2.Transfer(
        arrival_day=arrival.event_day, arrival_agency=arrival.agency, arrival_key=arrival.officer_key
    )
    transfers.note_arrival(following, opened_by)
    return following


def destroyed_before(deadlines: Deadlines, now_us: int, before_us: int) -> int:
    """The instant before which notices have ended that nobody needs to open any more.

    Args:
        deadlines: of the policy in force.
        now_us: microseconds since 1970.
        before_us: that of the time before: what is deleted doesn't come back when policy keeps notices longer.
    """
    return max(before_us, to_us(deadlines.days_before(ARRIVAL_EXPIRY, instant(now_us))))


def ends_not_before(deadlines: Deadlines, taken_us: int) -> int:
    """The earliest instant until which the number of a notice is looked for, by a policy: microseconds since 1970.

    Args:
        deadlines: of the policy that has decided the call.
        taken_us: when that was recorded. It was decided before, maybe on the day before, whose rule may be another one.
    """
    decided = (instant(each) for each in (taken_us - LONGEST_CALL_US, taken_us))
    # The holidays of a province only put it off.
    return min(to_us(deadlines.due(ARRIVAL_MATCHING, each).due) for each in decided)


def _moved_day(transfer: record_pb2.Transfer) -> int:
    """The day of the move that a transfer was opened by; of a notice's, the day on which it was opened."""
    return transfer.arrival_day if transfer.HasField("arrival_day") else transfers.day_of(transfer.open_time_us)
