"""Registrations as they are stored, compared with their seals, their identifiers and the ledger.

A row that a query passes over is never opened, so a changed column beside a seal, a blind index or a key that is gone
would hide a person without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from nsor.v1 import registration_pb2
from nsor_server import errors
from nsor_server.ledger.stored import Add, Connection, RecordedTable, Stored, opened, read, recorded_index
from nsor_server.registration import claims, review_store, store
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer

Labelled = tuple[str, str, str]
"""What stands in an index: what its row begins with, the use of the blind index, and the text."""

_VERSIONS: Final = f"""
SELECT {recorded_index(store.TABLE, "v.registration_id", "v.version")}, i.found, c.found, {store.COLUMNS}
FROM registration_version AS v
LEFT JOIN registration_key AS k USING (registration_id)
LEFT JOIN (
    SELECT registration_id, array_agg(kind || ' ' || key_id || ' ' || encode(blind, 'hex')) AS found
    FROM registration_identifier GROUP BY registration_id
) AS i USING (registration_id)
LEFT JOIN (
    SELECT registration_id, array_agg(key_id || ' ' || encode(blind, 'hex')) AS found
    FROM registration_case GROUP BY registration_id
) AS c USING (registration_id)
ORDER BY v.registration_id, v.version
"""  # noqa: S608 - constants
_CLAIMS: Final = f"""
SELECT {recorded_index(claims.TABLE, "c.registration_id", "c.version")}, k.wrapped,
    uuid_send(c.registration_id), c.version, c.cnic_held, c.passport_held, c.sealed
FROM registration_claim AS c LEFT JOIN registration_key AS k USING (registration_id)
ORDER BY 1
"""  # noqa: S608 - constants
_TIMES: Final = f"""
SELECT {recorded_index(review_store.TIMES, "t.review_time_id", "1")}, uuid_send(t.review_time_id), t.number,
    (extract(epoch FROM t.due_at) * 1000000)::bigint,
    coalesce((
        SELECT jsonb_agg(
            jsonb_build_array(
                r.number, encode(uuid_send(r.registration_id), 'hex'),
                encode(uuid_send(r.earlier_registration_id), 'hex'), r.kind
            ) ORDER BY r.number
        )
        FROM registration_review AS r WHERE r.review_time = t.number
    ), '[]'),
    t.sealed
FROM review_time AS t
ORDER BY 1
"""  # noqa: S608 - constants
_STRAY: Final = """
SELECT count(*) FROM registration_review AS r
WHERE NOT EXISTS (SELECT FROM review_time AS t WHERE t.number = r.review_time)
"""
_INDEXES: Final = ("registration_identifier", "registration_case")
_WITHOUT: Final = """
SELECT count(DISTINCT registration_id) FROM {} AS i
WHERE NOT EXISTS (SELECT FROM registration_version AS v WHERE v.registration_id = i.registration_id)
"""


def _compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
    for _, versions in groupby(read(conn, "registrations", _VERSIONS), key=lambda row: row[3]):
        _compare_versions(versions, sealer, blind_index, add)
    for index, wrapped, *columns in read(conn, "claims", _CLAIMS):
        claim = claims.StoredClaim(*columns)
        opened(add, index, claims.TABLE, lambda: _open_claim(sealer, wrapped, claim))  # noqa: B023
    for index, time_id, number, due_us, reviews, sealed in read(conn, "review times", _TIMES):
        of_time = (time_id, number, due_us)
        rows = [(nth, bytes.fromhex(one), bytes.fromhex(other), kind) for nth, one, other, kind in reviews]
        opened(add, index, review_store.TIMES, lambda: review_store.open_time(sealer, of_time, rows, sealed))  # noqa: B023
    stray = conn.execute(_STRAY).fetchone()
    if stray is not None and stray[0]:
        add(-1, f"registration_review has {stray[0]} rows of times that aren't there")
    for table in (*_INDEXES, "registration_key"):
        row_count = conn.execute(_WITHOUT.format(table).encode()).fetchone()
        if row_count is not None and row_count[0]:
            add(-1, f"{table} has rows of {row_count[0]} registrations that aren't there")


def _compare_versions(versions: Iterator[tuple[Any, ...]], sealer: Sealer, blind_index: BlindIndex, add: Add) -> None:
    """Compare the versions of one registration with their seals, and its index rows with what it has confirmed."""
    expected: dict[str, set[Labelled]] = {table: set() for table in _INDEXES}
    stored: dict[str, set[str]] = {}
    whole, index = True, -1
    for index, identifiers, cases, *columns in versions:
        stored = dict(zip(_INDEXES, (set(identifiers or ()), set(cases or ())), strict=True))
        if columns[-1] is None:
            add(index, "the data key of the registration is gone")
            whole = False
            continue
        row = store.StoredVersion(*columns)
        record = opened(add, index, store.TABLE, lambda: store.open_version(sealer, row))  # noqa: B023
        if record is None:
            whole = False
        elif record.state != registration_pb2.REGISTRATION_STATE_UNDER_REVIEW:
            expected[_INDEXES[0]].update((f"{one.kind} ", one.use, one.text) for one in claims.identifiers(record))
            expected[_INDEXES[1]].update(("", "case", case) for case in claims.cases(record))
    for table, found in stored.items() if whole else ():
        if not _are_those_of(expected[table], found, blind_index):
            add(index, f"the rows of {table} aren't those of the sealed record")


def _open_claim(sealer: Sealer, wrapped: bytes | None, claim: claims.StoredClaim) -> object:
    """Open a claim.

    Raises:
        errors.Internal: it isn't what the columns beside it say, or its key is gone.
    """
    try:
        key = sealer.open_data_key(claim.registration_id, wrapped or b"")
    except SealBroken:
        raise errors.Internal from None
    return claims.open_claim(key, claim)


def _are_those_of(expected: set[Labelled], found: set[str], blind_index: BlindIndex) -> bool:
    """Whether each stands under one live key at least, and nothing else stands there."""
    left = set(found)
    for prefix, use, text in expected:
        mine = {f"{prefix}{key_id} {blind.hex()}" for key_id, blind in blind_index.values(use, text)} & left
        if not mine:
            return False
        left -= mine
    return not left


STORED: Final = Stored(
    (
        RecordedTable(store.TABLE, "registration_id", "version"),
        RecordedTable(claims.TABLE, "registration_id", "version"),
        RecordedTable(review_store.TIMES, "review_time_id"),
    ),
    _compare,
)
"""For verification."""
