"""Who the directory has ever known, for verification: which person held a key when it signed.

It reads the rows as they stand; that they are the ledger's is compared apart (``verification/records.py``).
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.rows import TupleRow

from nsor_server.access.decisions import Person

_NUMBERS: Final = "SELECT key_id, officer_number FROM officer"


class Enrolled:
    """Officers by key, those that are disabled too; all of them in memory."""

    def __init__(self, conn: psycopg.Connection[TupleRow]) -> None:
        self._numbers = {bytes(key_id): str(number) for key_id, number in conn.execute(_NUMBERS)}

    def holder(self, agency_id: str, key_id: bytes) -> Person:
        """Who has or had a key of an agency; without a number, if nobody was enrolled with it."""
        return Person(agency_id, self._numbers.get(key_id, ""), key_id)

    def are_one(self, key_id: bytes, other: bytes) -> bool:
        """Whether one person of an agency has or had both keys."""
        return self.holder("", key_id).is_same(self.holder("", other))
