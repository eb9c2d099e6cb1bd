"""What a movement over the border makes of a registration that it has met. Pure.

A notice of travel is no permission, and its absence no ban: the register notes what was reported, and says "possible
breach, refer for decision". How far a departure may be from the day of its notice, and when somebody is expected back
who has told no day, policy says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from nsor.v1 import movements_pb2, notification_pb2
from nsor_server.formats.instants import instant
from nsor_server.policy.deadlines import KARACHI, TRAVEL_WINDOW, Deadlines
from nsor_server.registration import states
from nsor_server.registration.claims import Identifier, is_held, of_cnic, of_document
from nsor_server.registration.custody import mistakes
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.custody.states import DEPORTED
from nsor_server.registration.duties import due_dates
from nsor_server.registration.duties import rules as duties
from nsor_server.registration.duties import states as duty_states
from nsor_server.storage.v1 import record_pb2

DEPARTURE: Final = int(movements_pb2.MOVEMENT_DIRECTION_DEPARTURE)
ARRIVAL: Final = int(movements_pb2.MOVEMENT_DIRECTION_ARRIVAL)
WITHOUT_NOTICE: Final = notification_pb2.EVENT_KIND_DEPARTURE_WITHOUT_NOTICE
MET: Final = notification_pb2.EVENT_KIND_MOVEMENT_MET
MOST: Final = 30
"""Movements that a version repeats: the newest."""


def identifier(movement: record_pb2.MovementRecord) -> Identifier:
    """The number by which a movement is compared with registrations."""
    if movement.identity_number:
        return of_cnic(movement.identity_number)
    document = movement.document
    return of_document(document.country, document.number, document.kind)


def may_meet(
    one: Identifier, current: Collection[Identifier], disputed: Collection[Identifier], claim: record_pb2.ClaimRecord
) -> bool:
    """Whether a confirmed registration is met by a number: it has it, nobody disputes it, and no earlier one holds it.

    Args:
        one: the number.
        current: the registration's.
        disputed: those that NPB has decided to be uncertain.
        claim: its newest claim.
    """
    return one in current and one not in disputed and not is_held(claim, one.kind)


def met(movement: record_pb2.MovementRecord) -> record_pb2.MetMovement:
    """What a registration says of a movement that has met it: not by which number."""
    return record_pb2.MetMovement(
        movement_id=movement.movement_id,
        direction=movement.direction,
        border_crossing=movement.border_crossing,
        time_us=movement.time_us,
        country=movement.country,
        carrier_code=movement.carrier_code,
    )


def after(
    record: record_pb2.RegistrationRecord, movements: Iterable[record_pb2.MetMovement], counting: due_dates.Counting
) -> record_pb2.RegistrationRecord:
    """The version that follows movements, one after the other in the order of their instants; ``record`` stays."""
    following = states.next_version(record)
    following.unasked.after_version = mistakes.asked_for(record, record.version)
    following.unasked.last_version = following.version
    for each in sorted(movements, key=lambda one: (one.time_us, one.movement_id)):
        added = following.movements.add()
        added.CopyFrom(each)
        added.version = following.version
        added.notice_id = notice_of(following, each, counting.deadlines)
        duties.moved(counting, following, added)
    del following.movements[: max(0, len(following.movements) - MOST)]
    return following


def of_version(record: record_pb2.RegistrationRecord) -> list[record_pb2.MetMovement]:
    """The movements with which a version came; none: something else has made it."""
    return [each for each in record.movements if each.version == record.version]


def alerts(record: record_pb2.RegistrationRecord) -> Sequence[notification_pb2.EventKind.ValueType]:
    """What is told of the movements with which a version came, each kind once: alerts first."""
    new = of_version(record)
    told = {WITHOUT_NOTICE if _is_breach(record, each) else MET for each in new}
    return [kind for kind in (WITHOUT_NOTICE, MET) if kind in told]


def notice_of(record: record_pb2.RegistrationRecord, movement: record_pb2.MetMovement, deadlines: Deadlines) -> bytes:
    """The notice of the journey that a movement belongs to; empty: none that stands.

    A departure belongs to the journey of which a leg leads abroad nearest to its day, within the time that policy says.
    An arrival belongs to that of the departure before it; where none was reported, to the latest journey that had begun
    and from which he is still to be back.
    """
    day = _day(movement.time_us)
    if movement.direction == DEPARTURE:
        near = [
            (abs(planned - day), nth, each.notice_id)
            for nth, each in enumerate(record.journeys)
            for planned in each.departure_days
            if abs(planned - day) <= _window(deadlines, planned)
        ]
        return min(near)[2] if near else b""
    others = [each for each in record.movements if each.movement_id != movement.movement_id]
    earlier = [each for each in others if each.time_us < movement.time_us]
    before = max(earlier, key=lambda one: one.time_us, default=None)
    if before is not None and before.direction == DEPARTURE:
        return before.notice_id
    owed = {
        each.notice_id for each in record.duties if each.kind == duty_states.RETURN and each.state == duty_states.OPEN
    }
    begun = [(min(each.departure_days), each.notice_id) for each in record.journeys if each.notice_id in owed]
    return max((one for one in begun if one[0] <= day), default=(0, b""))[1]


def _is_breach(record: record_pb2.RegistrationRecord, movement: record_pb2.MetMovement) -> bool:
    """Whether somebody has left without a notice; who was deported was made to."""
    return movement.direction == DEPARTURE and not movement.notice_id and record.custody_state != DEPORTED


def _window(deadlines: Deadlines, day: int) -> int:
    """How many days a departure may be from its day."""
    due = deadlines.due(TRAVEL_WINDOW, instant(custody.begins(day))).due
    return custody.days(due.astimezone(KARACHI).date()) - day


def _day(time_us: int) -> int:
    return custody.days(instant(time_us).astimezone(KARACHI).date())
