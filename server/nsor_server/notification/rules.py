"""What a notice means: whether he has moved, and whether it came in time. Pure.

The Anti-Rape (Sex Offenders Register) Rules 2023 could not be read, so every time limit comes from policy data and says
whether it is verified. Late is accepted and flagged; whether it was an offence is for others to decide.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from nsor.v1 import errors_pb2, notices_pb2, notification_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats.dates import KARACHI
from nsor_server.policy.places import Places


@dataclass(frozen=True, slots=True)
class Move:
    """What a new address means.

    Attributes:
        at_home: the offender lives there now.
        across_provinces: it is where he lives or will live, in another province than the police who are responsible.
    """

    at_home: bool = False
    across_provinces: bool = False

    @property
    def event(self) -> notification_pb2.EventKind.ValueType:
        """What the agencies are told."""
        if self.across_provinces:
            return notification_pb2.EVENT_KIND_ADDRESS_CHANGED_ACROSS_PROVINCES
        return notification_pb2.EVENT_KIND_ADDRESS_CHANGED


def move(
    places: Places,
    responsible_place: str,
    address: types_pb2.Address,
    timing: notices_pb2.NoticeTiming.ValueType,
) -> Move:
    """What a notice of an address means. A permanent address moves nobody, and none does before it has happened.

    Who is responsible stays, whatever the notice says: ``registration/transfers`` opens a transfer.
    """
    if address.kind != types_pb2.ADDRESS_KIND_CURRENT:
        return Move()
    across = places.province(address.place_code) != places.province(responsible_place)
    return Move(timing == notices_pb2.NOTICE_TIMING_HAPPENED, across)


def start(event_date: dt.date) -> dt.datetime:
    """The instant from which the deadline counts: the beginning of the day of the change in Asia/Karachi."""
    return dt.datetime.combine(event_date, dt.time(), KARACHI)


def is_late(received: dt.date, due: dt.datetime) -> bool:
    """Tell whether the notice came after the day on which it was due in Asia/Karachi."""
    return received > due.astimezone(KARACHI).date()


def check_expected(event_date: dt.date, last: dt.datetime) -> None:
    """See that a change that hasn't happened yet isn't expected too late to be believed.

    Args:
        event_date: when the change is expected.
        last: the end of the last day on which it may be, by policy.

    Raises:
        InvalidFields: DATE_TOO_FAR.
    """
    if event_date > last.astimezone(KARACHI).date():
        far = errors.Violation("event_date", errors_pb2.FIELD_REASON_DATE_TOO_FAR)
        raise errors.InvalidFields(violations=(far,))
