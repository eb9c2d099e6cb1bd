"""Where an offender is: one table of what leads from one state of custody to the next, and who records it. Pure.

docs/states.md is generated from it. What an event does to the rest of the record says ``rules.after``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from nsor.v1 import custody_pb2, errors_pb2, notification_pb2, types_pb2
from nsor_server import errors

State: TypeAlias = types_pb2.CustodyState.ValueType
Kind: TypeAlias = custody_pb2.CustodyEventKind.ValueType
EventKind: TypeAlias = notification_pb2.EventKind.ValueType

IN_CUSTODY: Final = types_pb2.CUSTODY_STATE_IN_CUSTODY
RELEASED: Final = types_pb2.CUSTODY_STATE_RELEASED
AT_LARGE: Final = types_pb2.CUSTODY_STATE_AT_LARGE
ON_BAIL: Final = types_pb2.CUSTODY_STATE_ON_BAIL
DEPORTED: Final = types_pb2.CUSTODY_STATE_DEPORTED
DECEASED: Final = types_pb2.CUSTODY_STATE_DECEASED


class By(Enum):
    """Who records an event."""

    CUSTODIAN = "the prisons department in charge"
    RECEIVER = "the prisons department that is to admit him"
    RESPONSIBLE = "police of the responsible place"
    RELEASE_PLACE = "police of the place of the address after release; an officer's decision"
    RECORDER = "the agency that recorded last what stands"


@dataclass(frozen=True, slots=True)
class Transition:
    """A line of the table.

    Attributes:
        event: what happens.
        before: the states in which it may.
        after: the state that it leads to; None: the same, or of TAKEN_BACK the one before what is taken back.
        by: who records it.
        needs: what it needs besides, in words.
        publishes: what agencies are told.
        alerts: of what they are told besides, if it is so.
    """

    event: Kind
    before: frozenset[State]
    after: State | None
    by: By
    publishes: EventKind
    needs: str = "the day"
    alerts: tuple[EventKind, ...] = ()


_AT_ANY_PLACE: Final = frozenset({RELEASED, ON_BAIL, AT_LARGE})
_WITHOUT_ADDRESS: Final = notification_pb2.EVENT_KIND_RELEASE_WITHOUT_ADDRESS
_NOT_ACCEPTED: Final = notification_pb2.EVENT_KIND_RELEASE_NOT_ACCEPTED

TRANSITIONS: Final[Sequence[Transition]] = (
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_ADMITTED,
        frozenset({IN_CUSTODY, AT_LARGE}),
        IN_CUSTODY,
        By.RECEIVER,
        notification_pb2.EVENT_KIND_OFFENDER_ADMITTED,
        "the day; he was transferred or recalled to it, or has escaped from it",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_TRANSFERRED,
        frozenset({IN_CUSTODY}),
        None,
        By.CUSTODIAN,
        notification_pb2.EVENT_KIND_OFFENDER_TRANSFERRED,
        "the day; another prisons department, which is to admit him: until then the old one is in charge",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_TRANSFER_REFUSED,
        frozenset({IN_CUSTODY, AT_LARGE}),
        None,
        By.RECEIVER,
        notification_pb2.EVENT_KIND_TRANSFER_REFUSED,
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_RELEASE_EXPECTED,
        frozenset({IN_CUSTODY}),
        None,
        By.CUSTODIAN,
        notification_pb2.EVENT_KIND_RELEASE_EXPECTED,
        "the expected day, after today; the address after release, if it is known",
        (_WITHOUT_ADDRESS,),
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_RELEASE_ACCEPTED,
        frozenset({IN_CUSTODY, RELEASED}),
        None,
        By.RELEASE_PLACE,
        notification_pb2.EVENT_KIND_RELEASE_ACCEPTED,
        "an address after release that isn't accepted yet",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_RELEASE_REFUSED,
        frozenset({IN_CUSTODY, RELEASED}),
        None,
        By.RELEASE_PLACE,
        notification_pb2.EVENT_KIND_RELEASE_REFUSED,
        "an address after release that isn't accepted yet; a reason",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_RELEASED,
        frozenset({IN_CUSTODY}),
        RELEASED,
        By.CUSTODIAN,
        notification_pb2.EVENT_KIND_OFFENDER_RELEASED,
        "the day; the address after release, if it is another than was expected",
        (_WITHOUT_ADDRESS, _NOT_ACCEPTED),
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_RELEASED,
        frozenset({ON_BAIL, DECEASED}),
        RELEASED,
        By.RESPONSIBLE,
        notification_pb2.EVENT_KIND_OFFENDER_RELEASED,
        "the day; of one who was reported dead: he was free before, and isn't dead",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_BAILED,
        frozenset({IN_CUSTODY}),
        ON_BAIL,
        By.CUSTODIAN,
        notification_pb2.EVENT_KIND_OFFENDER_BAILED,
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_ESCAPED,
        frozenset({IN_CUSTODY}),
        AT_LARGE,
        By.CUSTODIAN,
        notification_pb2.EVENT_KIND_OFFENDER_ESCAPED,
        "the day; it may admit him again",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_ESCAPED,
        frozenset({ON_BAIL}),
        AT_LARGE,
        By.RESPONSIBLE,
        notification_pb2.EVENT_KIND_OFFENDER_ESCAPED,
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_RECALLED,
        _AT_ANY_PLACE | {DEPORTED, DECEASED},
        AT_LARGE,
        By.RESPONSIBLE,
        notification_pb2.EVENT_KIND_OFFENDER_RECALLED,
        "the day; the prisons department that is to admit him",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_DEPORTED,
        frozenset({IN_CUSTODY}),
        DEPORTED,
        By.CUSTODIAN,
        notification_pb2.EVENT_KIND_OFFENDER_DEPORTED,
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_DEPORTED,
        _AT_ANY_PLACE,
        DEPORTED,
        By.RESPONSIBLE,
        notification_pb2.EVENT_KIND_OFFENDER_DEPORTED,
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_DECEASED,
        frozenset({IN_CUSTODY}),
        DECEASED,
        By.CUSTODIAN,
        notification_pb2.EVENT_KIND_OFFENDER_DECEASED,
        "the day; it is a report, which verifies nothing",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_DECEASED,
        _AT_ANY_PLACE | {DEPORTED},
        DECEASED,
        By.RESPONSIBLE,
        notification_pb2.EVENT_KIND_OFFENDER_DECEASED,
        "the day; it is a report, which verifies nothing",
    ),
    Transition(
        custody_pb2.CUSTODY_EVENT_KIND_TAKEN_BACK,
        frozenset({IN_CUSTODY, DEPORTED, DECEASED}) | _AT_ANY_PLACE,
        None,
        By.RECORDER,
        notification_pb2.EVENT_KIND_CUSTODY_EVENT_TAKEN_BACK,
        "the day; what was recorded last, which nobody has accepted or refused; of a department that isn't in charge"
        " any more by it: nothing else was written of the registration since",
    ),
)
"""All that happens to an offender. What isn't here doesn't happen."""
_OF: Final[Mapping[tuple[int, int], Transition]] = {
    (each.event, before): each for each in TRANSITIONS for before in each.before
}


def transition(event: int, before: int) -> Transition:
    """The line of the table for an event in a state.

    Raises:
        errors.WrongState: there is none.
    """
    found = _OF.get((event, before))
    if found is None:
        raise wrong()
    return found


def wrong() -> errors.WrongState:
    """That an event doesn't follow from where the offender is, or isn't the caller's to record."""
    return errors.WrongState(violations=(errors.Violation("kind", errors_pb2.FIELD_REASON_NOT_IN_THIS_STATE),))
