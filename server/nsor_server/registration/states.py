"""Where a conviction and its registration stand: one table of what leads from one state to the next. Pure.

``TRANSITIONS`` is the whole life of a conviction: what happens to it in which state, who may cause that, what it needs
and which events it publishes. docs/states.md is generated from it. A registration has no moves of its own: its state
follows from its convictions (``registration_state``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from nsor.v1 import notification_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.storage.v1 import record_pb2

State: TypeAlias = types_pb2.ConvictionState.ValueType
Kind: TypeAlias = options_pb2.AgencyKind.ValueType
EventKind: TypeAlias = notification_pb2.EventKind.ValueType

UNKNOWN: Final = types_pb2.CONVICTION_STATE_UNSPECIFIED
"""Of a conviction that isn't in the register yet."""
ENTERED: Final = types_pb2.CONVICTION_STATE_ENTERED
CONFIRMED: Final = types_pb2.CONVICTION_STATE_CONFIRMED
UNDER_APPEAL: Final = types_pb2.CONVICTION_STATE_UNDER_APPEAL
VARIED: Final = types_pb2.CONVICTION_STATE_VARIED
SET_ASIDE: Final = types_pb2.CONVICTION_STATE_SET_ASIDE
RETRIAL_ORDERED: Final = types_pb2.CONVICTION_STATE_RETRIAL_ORDERED
PARDONED: Final = types_pb2.CONVICTION_STATE_PARDONED

STANDING: Final = frozenset({CONFIRMED, UNDER_APPEAL, VARIED})
"""A court has confirmed it, and no later judgment has taken it away."""
FALLEN: Final = frozenset({SET_ASIDE, RETRIAL_ORDERED, PARDONED})
"""A later judgment has taken it away."""

_PRINCIPAL: Final = frozenset(
    {types_pb2.LEGAL_BASIS_S2H, types_pb2.LEGAL_BASIS_S24_EXPLANATION, types_pb2.LEGAL_BASIS_BOTH}
)
"""Legal bases that stand by themselves; a connected count needs one of them in the same conviction."""


class Event(Enum):
    """What happens to a conviction."""

    ENTER = "entered"
    CONFIRM = "confirmed"
    FILE_APPEAL = "appeal filed"
    DISMISS_APPEAL = "appeal dismissed"
    VARY = "sentence varied, or some counts set aside"
    SET_ASIDE = "set aside"
    ORDER_RETRIAL = "retrial ordered"
    PARDON = "pardoned"
    UNSEAL = "unsealed"


@dataclass(frozen=True, slots=True)
class Transition:
    """A line of the table.

    Attributes:
        event: what happens.
        before: the states in which it may.
        after: the state that it leads to.
        by: kinds of agency that may cause it.
        needs: what it needs besides, in words.
        publishes: events that agencies are told.
        appeal: what the answer says of an appeal afterwards; None: what it said before.
    """

    event: Event
    before: frozenset[State]
    after: State
    by: tuple[Kind, ...]
    needs: str
    publishes: tuple[EventKind, ...] = ()
    appeal: types_pb2.AppealState.ValueType | None = None


_APPELLATE: Final = (options_pb2.AGENCY_KIND_COURT, options_pb2.AGENCY_KIND_PROSECUTION)
_ORDER: Final = "the appellate court's registry, or the order's number; trial court, case number and judgment date"

TRANSITIONS: Final[Sequence[Transition]] = (
    Transition(
        Event.ENTER,
        frozenset({UNKNOWN}),
        ENTERED,
        (options_pb2.AGENCY_KIND_PROSECUTION, options_pb2.AGENCY_KIND_NPB, options_pb2.AGENCY_KIND_NADRA),
        "a judgment that convicts, with a registrable count; court and police station within the officer's places",
        (notification_pb2.EVENT_KIND_REGISTRATION_CREATED, notification_pb2.EVENT_KIND_CONVICTION_ADDED),
    ),
    Transition(
        Event.CONFIRM,
        frozenset({ENTERED}),
        CONFIRMED,
        (options_pb2.AGENCY_KIND_COURT,),
        "case number and judgment date of the court's own record; another agency and officer than those who entered it",
        (notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED, notification_pb2.EVENT_KIND_CONVICTION_CONFIRMED),
    ),
    Transition(
        Event.FILE_APPEAL,
        frozenset({CONFIRMED, VARIED}),
        UNDER_APPEAL,
        _APPELLATE,
        _ORDER,
        appeal=types_pb2.APPEAL_STATE_PENDING,
    ),
    Transition(
        Event.DISMISS_APPEAL,
        frozenset({CONFIRMED, VARIED, UNDER_APPEAL}),
        CONFIRMED,
        _APPELLATE,
        _ORDER,
        appeal=types_pb2.APPEAL_STATE_DISMISSED,
    ),
    Transition(
        Event.VARY,
        STANDING,
        VARIED,
        _APPELLATE,
        f"{_ORDER}; which counts",
        appeal=types_pb2.APPEAL_STATE_NONE,
    ),
    Transition(Event.SET_ASIDE, STANDING, SET_ASIDE, _APPELLATE, _ORDER, appeal=types_pb2.APPEAL_STATE_NONE),
    Transition(
        Event.ORDER_RETRIAL,
        STANDING | {SET_ASIDE},
        RETRIAL_ORDERED,
        _APPELLATE,
        _ORDER,
        appeal=types_pb2.APPEAL_STATE_NONE,
    ),
    Transition(
        Event.PARDON,
        STANDING,
        PARDONED,
        _APPELLATE,
        _ORDER,
        appeal=types_pb2.APPEAL_STATE_NONE,
    ),
    Transition(
        Event.UNSEAL,
        FALLEN | {VARIED},
        CONFIRMED,
        (options_pb2.AGENCY_KIND_NPB,),
        "two officers, and a later judgment that restores: the counts that it names, or what the last one took",
        appeal=types_pb2.APPEAL_STATE_NONE,
    ),
)
"""The whole life of a conviction. What isn't here doesn't happen."""
_OF: Final = {(each.event, before): each for each in TRANSITIONS for before in each.before}


@dataclass(frozen=True, slots=True)
class Move:
    """Something that happens to one conviction of a record.

    Attributes:
        event: what.
        conviction_id: to which one.
        agency_id: who causes it, for ENTER and CONFIRM.
        key_id: the officer's key, likewise.
        counts: positions of the counts that fall with VARY, or that stand again with UNSEAL; of SET_ASIDE,
            ORDER_RETRIAL and PARDON all fall.
        judgment_id: the judgment by which they fall.
    """

    event: Event
    conviction_id: bytes
    agency_id: str = ""
    key_id: bytes = b""
    counts: Collection[int] = ()
    judgment_id: bytes = b""


def transition(event: Event, before: State) -> Transition:
    """The line of the table for an event in a state.

    Raises:
        errors.WrongState: there is none.
    """
    found = _OF.get((event, before))
    if found is None:
        raise errors.WrongState
    return found


def leads(event: Event, before: int) -> bool:
    """Whether the table has a line for an event in a state."""
    return (event, before) in _OF


def next_version(
    record: record_pb2.RegistrationRecord, moves: Iterable[Move] = (), added: Iterable[record_pb2.Conviction] = ()
) -> record_pb2.RegistrationRecord:
    """The next version of a record: what happened to its convictions, and the state that follows. ``record`` stays.

    Args:
        record: the newest version; version 0, without state, of a record that is being made.
        moves: in their order.
        added: convictions that the record hasn't had; a move of ENTER is due for each.

    Raises:
        errors.WrongState: the table has no such move from the state in which a conviction is.
    """
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    following.version += 1
    following.convictions.extend(added)
    by_id = {conviction.conviction_id: conviction for conviction in following.convictions}
    for move in moves:
        _apply(by_id[move.conviction_id], move)
    following.state = registration_state(following)
    return following


def withdrawn(record: record_pb2.RegistrationRecord, *, is_so: bool) -> record_pb2.RegistrationRecord:
    """The next version of a record that NPB withdraws as entered in error, or no longer; ``record`` stays."""
    following = next_version(record)
    following.withdrawn = is_so
    following.state = registration_state(following)
    return following


def entering(convictions: Iterable[record_pb2.Conviction], agency_id: str, key_id: bytes) -> list[Move]:
    """The moves of a prosecution that enters convictions."""
    return [Move(Event.ENTER, each.conviction_id, agency_id, key_id) for each in convictions]


def confirming(conviction: record_pb2.Conviction, agency_id: str, key_id: bytes) -> list[Move]:
    """The moves of a court's confirmation: one that was entered with an appeal pending is under appeal at once."""
    moves = [Move(Event.CONFIRM, conviction.conviction_id, agency_id, key_id)]
    if conviction.appeal_state == types_pb2.APPEAL_STATE_PENDING:
        moves.append(Move(Event.FILE_APPEAL, conviction.conviction_id))
    return moves


def registration_state(record: record_pb2.RegistrationRecord) -> registration_pb2.RegistrationState.ValueType:
    """Where a registration stands: the first of ``REGISTRATION_STATES`` that is so."""
    held = record.convictions
    if record.erased:
        return registration_pb2.REGISTRATION_STATE_ERASED
    if any(standing_counts(conviction) for conviction in held):
        if record.withdrawn:
            return registration_pb2.REGISTRATION_STATE_WITHDRAWN
        if record.HasField("archive"):
            return registration_pb2.REGISTRATION_STATE_ARCHIVED
        return registration_pb2.REGISTRATION_STATE_CONFIRMED
    if any(was_confirmed(conviction) for conviction in held):
        return registration_pb2.REGISTRATION_STATE_SEALED
    return registration_pb2.REGISTRATION_STATE_UNDER_REVIEW


REGISTRATION_STATES: Final = {
    registration_pb2.REGISTRATION_STATE_ERASED: (
        "it should never have been made, and no court has confirmed it, or two officers of NPB had withdrawn it"
    ),
    registration_pb2.REGISTRATION_STATE_WITHDRAWN: (
        "as CONFIRMED, and withdrawn by two officers of NPB in a review: entered in error"
    ),
    registration_pb2.REGISTRATION_STATE_ARCHIVED: (
        "a registrable count of a confirmed conviction stands, and the person has died, the term is over, or two "
        "officers of NPB have withdrawn it: it should never have been made"
    ),
    registration_pb2.REGISTRATION_STATE_CONFIRMED: "a registrable count of a confirmed conviction stands",
    registration_pb2.REGISTRATION_STATE_SEALED: "a conviction was confirmed, and no registrable count of one stands",
    registration_pb2.REGISTRATION_STATE_UNDER_REVIEW: "no conviction is confirmed yet",
}
"""What each state of a registration means, for docs/states.md; the first that is so counts."""


def was_confirmed(conviction: record_pb2.Conviction) -> bool:
    """Whether a court has confirmed a conviction, whatever became of it."""
    return conviction.state in STANDING or conviction.state in FALLEN


def waits(conviction: record_pb2.Conviction) -> bool:
    """Whether a conviction waits for its court."""
    return conviction.state == ENTERED


def is_shown(conviction: record_pb2.Conviction) -> bool:
    """Whether anybody is shown a conviction: it waits for its court, or stands."""
    return waits(conviction) or bool(standing_counts(conviction))


def standing_counts(conviction: record_pb2.Conviction) -> list[record_pb2.Count]:
    """The counts of a confirmed conviction that are shown: those that stand, if one of them is registrable by itself.

    A connected count is registrable only with such a one in the same conviction: it isn't shown without.
    """
    return left_counts(conviction) if conviction.state in STANDING else []


def left_counts(conviction: record_pb2.Conviction) -> list[record_pb2.Count]:
    """As ``standing_counts``, of a conviction in whatever state."""
    left = [count for count in conviction.counts if count.stands]
    return left if are_registrable(left) else []


def are_registrable(counts: Iterable[record_pb2.Count]) -> bool:
    """Whether one of some counts of a conviction is registrable by itself."""
    return any([count.legal_basis in _PRINCIPAL for count in counts])  # noqa: C419 - of so few a list is faster


def _apply(conviction: record_pb2.Conviction, move: Move) -> None:
    line = transition(move.event, types_pb2.ConvictionState.ValueType(conviction.state))
    conviction.state = line.after
    if line.appeal is not None:
        conviction.appeal_state = line.appeal
    if move.event is Event.ENTER:
        conviction.entered_by_agency, conviction.entered_by_key = move.agency_id, move.key_id
    elif move.event is Event.CONFIRM:
        conviction.confirmed_by_agency, conviction.confirmed_by_key = move.agency_id, move.key_id
    for position, count in enumerate(conviction.counts):
        falls = line.after in FALLEN or (move.event is Event.VARY and position in move.counts)
        if falls and count.stands:
            count.stands, count.taken_by_judgment = False, move.judgment_id
        elif move.event is Event.ENTER or (move.event is Event.UNSEAL and position in move.counts):
            count.stands = True
