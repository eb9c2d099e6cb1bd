"""Proposed amendments and decisions on them as they are stored, compared with their seals: for verification."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from nsor.counting import counted as in_words
from nsor_server import errors
from nsor_server.ledger.stored import Add, Connection, RecordedTable, opened, read, recorded_index
from nsor_server.registration.amendments import store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer

_AMENDMENTS: Final = f"""
SELECT {recorded_index(store.TABLE, "a.amendment_id", "1")}, k.wrapped,
    uuid_send(a.amendment_id), uuid_send(a.registration_id), a.created_at, a.sealed, d.sealed
FROM registration_amendment AS a
LEFT JOIN registration_amendment_decision AS d USING (amendment_id)
LEFT JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants
_STRAY: Final = """
SELECT count(*) FROM registration_amendment_decision AS d
WHERE NOT EXISTS (SELECT FROM registration_amendment AS a WHERE a.amendment_id = d.amendment_id)
"""

TABLES: Final = (RecordedTable(store.TABLE, "amendment_id"), RecordedTable(store.DECISION, "amendment_id"))


def compare(conn: Connection, keyring: Keyring, add: Add, erased: Collection[bytes]) -> None:
    """Open every amendment with the decision on it, but for those of registrations that were erased."""
    sealer = Sealer(keyring)
    for index, wrapped, *row in read(conn, "amendments", _AMENDMENTS):
        stored = store.StoredAmendment(*row)
        if not wrapped and stored.registration_id in erased:
            continue
        opened(add, index, store.TABLE, lambda: open_stored(sealer, wrapped, stored))  # noqa: B023
    counted = conn.execute(_STRAY.encode()).fetchone()
    if counted is not None and counted[0]:
        add(-1, f"{store.DECISION} has {in_words(counted[0], 'rows')} of amendments that aren't there")


def open_stored(sealer: Sealer, wrapped: bytes | None, row: store.StoredAmendment) -> store.Amendment:
    """Open an amendment of whatever registration its row names.

    Raises:
        errors.Internal: it isn't what its seal says.
    """
    try:
        key = sealer.open_data_key(row.registration_id, wrapped or b"")
    except SealBroken:
        raise errors.Internal from None
    return store.opened(key, row.registration_id, row)
