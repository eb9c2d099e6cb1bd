"""Officers' keys as they are stored: each, and each that is disabled, is the work of an entry of the ledger."""

from __future__ import annotations

from typing import Final

from nsor_server.directory import officers
from nsor_server.ledger.stored import RecordedTable, Stored

STORED: Final = Stored(
    (
        RecordedTable(officers.TABLE, "key_id", content=officers.CONTENT),
        RecordedTable(officers.DISABLED, "key_id", content=officers.DISABLED_CONTENT),
    )
)
"""For verification."""
