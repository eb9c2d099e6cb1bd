"""What a notice means: who is responsible from now on, and whether it came in time. Pure.

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
    """What a new address means for responsibility.

    Attributes:
        responsible_place: the place whose police are responsible from now on.
        transfer_needed: it stays with the old police until those of the other province have accepted.
        at_home: the offender lives there now, and they know of it.
    """

    responsible_place: str
    transfer_needed: bool
    at_home: bool = False

    @property
    def event(self) -> notification_pb2.EventKind.ValueType:
        """What the agencies are told."""
        if self.transfer_needed:
            return notification_pb2.EVENT_KIND_ADDRESS_CHANGED_ACROSS_PROVINCES
        return notification_pb2.EVENT_KIND_ADDRESS_CHANGED


def move(
    places: Places,
    responsible_place: str,
    address: types_pb2.Address,
    timing: notices_pb2.NoticeTiming.ValueType,
) -> Move:
    """Who is responsible after the notice.

    Responsibility follows where the person lives: at once within the province, by a transfer across provinces, and not
    before the move has happened. A permanent address moves nothing.
    """
    if address.kind != types_pb2.ADDRESS_KIND_CURRENT:
        return Move(responsible_place, transfer_needed=False)
    if places.province(address.place_code) != places.province(responsible_place):
        return Move(responsible_place, transfer_needed=True)
    happened = timing == notices_pb2.NOTICE_TIMING_HAPPENED
    return Move(address.place_code if happened else responsible_place, transfer_needed=False, at_home=happened)


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
