"""Which tables of photos the ledger records; they are opened in its order (history.py)."""

from __future__ import annotations

from typing import Final

from nsor_server.ledger.stored import RecordedTable
from nsor_server.registration.photos import store

TABLES: Final = (
    RecordedTable(store.TABLE, "photo_id"),
    RecordedTable(store.DECISION, "photo_id", "version"),
)
