"""What decides, as it is stored: each row is the work of an entry, and is compared with all its columns."""

from __future__ import annotations

from typing import Final

from nsor_server.ledger.stored import RecordedTable, Stored
from nsor_server.storage import deciding

STORED: Final = Stored(tuple(RecordedTable.of(each) for each in deciding.TABLES.values()))
"""For verification."""
