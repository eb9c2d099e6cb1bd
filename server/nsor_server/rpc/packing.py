"""What is made of an outcome with many rows before the head of the ledger is locked: everybody waits while it is.

A call with few rows shares its statements with the others of its batch, which costs less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from nsor_server.calls import Outcome, RecordRef, Row
from nsor_server.ledger import append
from nsor_server.storage import changes
from nsor_server.storage.session import Step

MANY: Final = 32
"""Rows from which on a call has statements of its own."""


class Packed(NamedTuple):
    """An outcome as it is written.

    Attributes:
        steps: statements that add its rows.
        left: the rows that need the instant of the entry.
        records: what the ledger holds to them, as ``ledger.append.packed`` makes it.
    """

    steps: Sequence[Step]
    left: Sequence[Row]
    records: Sequence[bytes]


def packed(outcome: Outcome[Any], unsealed: Sequence[RecordRef]) -> Packed | None:
    """What can be made of an outcome beforehand; None: it has few rows."""
    if len(outcome.rows) < MANY:
        return None
    made = changes.made(outcome.rows)
    return Packed(made.steps, made.left, append.packed((*outcome.records, *unsealed)))
