"""Emergency look-ups as they are stored; `verification/emergencies.py` compares them with their seals."""

from __future__ import annotations

from typing import Final

from nsor_server.ledger.stored import RecordedTable
from nsor_server.lookup.emergencies import store

TABLES: Final = (
    RecordedTable(store.TABLE, "emergency_id", written_at="created_at"),
    RecordedTable.unsealed(store.REVIEWS),
    RecordedTable.unsealed(store.OVERDUES),
    RecordedTable.unsealed(store.READINGS),
)
"""For verification."""
