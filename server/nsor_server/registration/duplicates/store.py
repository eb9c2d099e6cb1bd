"""What likely duplicates are found from: confirmed registrations in the order in which their versions were written."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Final, NamedTuple

from nsor_server.registration import claims, store
from nsor_server.registration.store import StoredVersion
from nsor_server.storage.pool import Connection


class Place(NamedTuple):
    """A place in the ledger: an entry, and a row that it wrote."""

    entry: int
    ordinal: int


BEGINNING: Final = Place(-1, -1)


class Version(NamedTuple):
    """A version of a registration, and where the ledger has it."""

    place: Place
    registration_id: bytes
    version: int


def versions_after(conn: Connection, place: Place, most: int) -> list[Version]:
    """The versions that were written after a place, in the order of the ledger."""
    found = conn.execute(_AFTER, (place.entry, place.ordinal, store.TABLE, most)).fetchall()
    return [Version(Place(entry, ordinal), row_id, version) for entry, ordinal, row_id, version in found]


def newest(conn: Connection, registration_ids: Collection[bytes]) -> dict[bytes, StoredVersion]:
    """The newest version of each of some registrations."""
    rows = conn.execute(_NEWEST, ([uuid.UUID(bytes=each) for each in registration_ids],)).fetchall()
    return {row.registration_id: row for row in (StoredVersion(*each) for each in rows)}


def confirmed_at(conn: Connection, registration_ids: Collection[bytes]) -> dict[bytes, int]:
    """By which entry each of some registrations was confirmed for the first time; one that wasn't is missing."""
    return dict(conn.execute(_CONFIRMED_AT, (claims.TABLE, list(registration_ids))).fetchall())


def are_reviewed(conn: Connection, one: bytes, other: bytes) -> bool:
    """Whether two registrations have a review of any kind, either way round."""
    ids = {"one": uuid.UUID(bytes=one), "other": uuid.UUID(bytes=other)}
    return bool(conn.execute(_REVIEWED, ids).fetchall()[0][0])


_AFTER: Final = """
SELECT index, ordinal, row_id, version
FROM ledger_record
WHERE (index, ordinal) > (%s::bigint, %s::smallint) AND table_name = %s
ORDER BY index, ordinal
LIMIT %s
"""
_NEWEST: Final = f"""
SELECT {store.COLUMNS}
FROM unnest(%s::uuid[]) AS q (id)
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = q.id ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants
_CONFIRMED_AT: Final = """
SELECT row_id, index FROM ledger_record WHERE table_name = %s AND row_id = ANY (%s::bytea[]) AND version = 1
"""
_REVIEWED: Final = """
SELECT EXISTS (
    SELECT FROM registration_review
    WHERE registration_id = %(one)s AND earlier_registration_id = %(other)s
        OR registration_id = %(other)s AND earlier_registration_id = %(one)s
)
"""
