"""What follows from arrival notices whose number a registration has. Pure.

A station that takes one isn't told whether there is a record. Where there is, the old station stays responsible, and
the police of the new home are asked to take the person on, as by his own notice of a move.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.registration import states
from nsor_server.registration.claims import Identifier, of_cnic, of_document
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.v1 import record_pb2


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
    following.transfer.arrival_day = arrival.event_day
    following.transfer.arrival_agency, following.transfer.arrival_key = arrival.agency, arrival.officer_key
    return following


def _moved_day(transfer: record_pb2.Transfer) -> int:
    """The day of the move that a transfer was opened by; of a notice's, the day on which it was opened."""
    return transfer.arrival_day if transfer.HasField("arrival_day") else transfers.day_of(transfer.open_time_us)
