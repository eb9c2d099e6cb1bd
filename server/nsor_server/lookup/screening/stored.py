"""Which tables of manifests the ledger records, and keys that belong to nothing or are gone too early."""

from __future__ import annotations

from typing import Final

from nsor.counting import agreeing
from nsor_server.ledger.stored import Add, Connection, RecordedTable
from nsor_server.lookup.screening import store
from nsor_server.storage.keyring import Keyring

TABLES: Final = (RecordedTable.unsealed(store.MANIFEST_ROWS), RecordedTable(store.BLOCKS, "block_id", "version"))
_WITHOUT: Final = """
SELECT count(*) FROM manifest_key AS k WHERE NOT EXISTS (
    SELECT FROM manifest AS m WHERE m.manifest_id = k.manifest_id AND m.forgotten_at = k.forgotten_at
)
"""
_GONE: Final = """
SELECT count(*)
FROM manifest AS m
CROSS JOIN ledger_head AS h
WHERE NOT EXISTS (SELECT FROM manifest_key AS k WHERE k.manifest_id = m.manifest_id)
    AND m.forgotten_at > 'epoch'::timestamptz + h.time_us * interval '1 microsecond'
"""


def compare(conn: Connection, _keyring: Keyring, add: Add) -> None:
    """Add a finding for keys that aren't those of the manifests."""
    for query, problem in (
        (_WITHOUT, "manifest_key has {} rows of manifests that aren't there, or are kept for another time"),
        (_GONE, "the keys of {} manifests are gone before their time"),
    ):
        counted = conn.execute(query.encode()).fetchone()
        if counted is not None and counted[0]:
            add(-1, agreeing(problem, counted[0]))
