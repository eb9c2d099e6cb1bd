"""What is made of an outcome before the head of the ledger is locked: everybody waits while it is.

The writer makes it of what it has taken. Whoever hands in many rows by himself may have made it before, so that calls
which are taken with his don't wait for it. A call with few rows shares its statements with the others of its batch,
which costs less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from nsor_server.calls import Call, Outcome, RecordRef
from nsor_server.ledger import append
from nsor_server.storage import changes, deciding
from nsor_server.storage.changes import Timed
from nsor_server.storage.session import Step

MANY: Final = 32
"""Rows from which on a call has statements of its own."""


class Packed(NamedTuple):
    """An outcome as it is written.

    Attributes:
        outcome: of which it was made: a call that is run again has another one.
        unsealed: what the ledger holds to its rows that aren't sealed.
        many: what was made of its rows; None: it has few.
    """

    outcome: Outcome[Any]
    unsealed: tuple[RecordRef, ...]
    many: Ready | None


class Ready(NamedTuple):
    """Many rows as they are written.

    Attributes:
        steps: statements that add them.
        timed: those that need the instant of the entry.
        records: what the ledger holds to them, as ``ledger.append.packed`` makes it.
    """

    steps: Sequence[Step]
    timed: Sequence[Timed]
    records: Sequence[bytes]


class Beside(NamedTuple):
    """Rows that are written with those of an outcome, and were made ready before; none of them decides.

    Attributes:
        made: statements that add them.
        unsealed: what the ledger holds to those that aren't sealed; to the others the outcome's ``records``.
    """

    made: changes.Made
    unsealed: Sequence[RecordRef]


def pack(call: Call, beside: Beside | None = None) -> None:
    """Make what can be made of a call's outcome beforehand, unless that is done.

    Args:
        call: with its outcome.
        beside: what is written with its rows.
    """
    outcome = call.outcome
    if outcome is None or packed(call) is not None:
        return
    unsealed = deciding.records(outcome.rows)
    if beside is None:
        call.packed = Packed(outcome, unsealed, _many(outcome, unsealed))
        return
    made, every = changes.made(outcome.rows), (*beside.unsealed, *unsealed)
    steps, timed = (*made.steps, *beside.made.steps), (*made.timed, *beside.made.timed)
    call.packed = Packed(outcome, every, Ready(steps, timed, append.packed((*outcome.records, *every))))


def packed(call: Call) -> Packed | None:
    """What was made of a call's outcome, and not of another one that it had before; None: nothing yet."""
    found: Packed | None = call.packed
    return found if found is not None and found.outcome is call.outcome else None


def _many(outcome: Outcome[Any], unsealed: Sequence[RecordRef]) -> Ready | None:
    if len(outcome.rows) < MANY:
        return None
    made = changes.made(outcome.rows)
    return Ready(made.steps, made.timed, append.packed((*outcome.records, *unsealed)))
