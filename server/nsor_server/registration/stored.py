"""Registrations as they are stored, compared with their seals, their identifiers and the ledger.

A row that a query passes over is never opened, so a changed column beside a seal, a blind index or a key that is gone
would hide a person without a word.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final

from nsor_server.ledger.stored import Add, Connection, RecordedTable, Stored, opened, read, recorded_index
from nsor_server.registration import store
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer

_VERSIONS: Final = f"""
SELECT {recorded_index(store.TABLE, "v.registration_id", "v.version")}, i.found, {store.COLUMNS}
FROM registration_version AS v
LEFT JOIN registration_key AS k USING (registration_id)
LEFT JOIN (
    SELECT registration_id, array_agg(kind || ' ' || key_id || ' ' || encode(blind, 'hex')) AS found
    FROM registration_identifier GROUP BY registration_id
) AS i USING (registration_id)
ORDER BY v.registration_id, v.version
"""  # noqa: S608 - constants
_WITHOUT: Final = """
SELECT count(DISTINCT registration_id) FROM registration_identifier AS i
WHERE NOT EXISTS (SELECT FROM registration_version AS v WHERE v.registration_id = i.registration_id)
"""


def _compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
    for _, versions in groupby(read(conn, "registrations", _VERSIONS), key=lambda row: row[2]):
        expected: set[store.Identifier] = set()
        whole, blinds = True, set[str]()
        for index, found, *columns in versions:
            blinds = set(found or ())
            if columns[-1] is None:
                add(index, "the data key of the registration is gone")
                whole = False
                continue
            row = store.StoredVersion(*columns)
            record = opened(add, index, store.TABLE, lambda: store.open_version(sealer, row))  # noqa: B023
            if record is None:
                whole = False
            else:
                expected.update(store.identifiers(record))
        if whole and not _are_those_of(expected, blinds, blind_index):
            add(index, "the rows of registration_identifier aren't those of the sealed record")
    row_count = conn.execute(_WITHOUT).fetchone()
    if row_count is not None and row_count[0]:
        add(-1, f"registration_identifier has rows of {row_count[0]} registrations that aren't there")


def _are_those_of(expected: set[store.Identifier], found: set[str], blind_index: BlindIndex) -> bool:
    """Whether each identifier stands under one live key at least, and nothing else stands there."""
    left = set(found)
    for one in expected:
        values = blind_index.values(one.use, one.text)
        mine = {f"{one.kind} {key_id} {blind.hex()}" for key_id, blind in values} & left
        if not mine:
            return False
        left -= mine
    return not left


STORED: Final = Stored((RecordedTable(store.TABLE, "registration_id", "version"),), _compare)
"""For verification."""
