"""The numbers of whoever was shown: an access names one at most, and says which version it has shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from nsor_server import errors
from nsor_server.access import watched
from nsor_server.registration import facts as registrations
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer

_AT_A_TIME: Final = 200
"""Versions that are read by one statement."""
_RESTS_AFTER: Final = 10
"""Versions that are opened without a rest."""


_PERSON: Final = """
SELECT c.person FROM registration_claim AS c
JOIN ledger_record AS r
    ON r.table_name = 'registration_claim' AND r.row_id = uuid_send(c.registration_id) AND r.version = c.version
WHERE c.registration_id = %s AND r.index < %s
ORDER BY c.version DESC
LIMIT 1
"""
_VERSIONS: Final = """
SELECT row_id, max(version) FROM ledger_record
WHERE table_name = 'registration_version' AND row_id = ANY (%s) AND index < %s
GROUP BY row_id
"""
_ID_BYTES: Final = 16


def others(conn: Connection, shown: Iterable[tuple[int, bytes]]) -> dict[int, list[tuple[bytes, int]]]:
    """The other registrations of persons who were shown as one, in the versions that they had then, by entry.

    Args:
        conn: any.
        shown: index of the entry, and id of the first registration, of each.
    """
    found = {}
    for entry, first in shown:
        persons = conn.execute(_PERSON, (uuid.UUID(bytes=first), entry), binary=True).fetchone()
        person = persons[0] if persons else b""
        ids = {person[at : at + _ID_BYTES] for at in range(0, len(person), _ID_BYTES)} - {first}
        found[entry] = list(conn.execute(_VERSIONS, (sorted(ids), entry), binary=True).fetchall())
    return found


def numbers(
    conn: Connection, sealer: Sealer, shown: Iterable[tuple[bytes, int]], rest: Callable[[], None]
) -> Mapping[tuple[bytes, int], Sequence[watched.Number]]:
    """All identifiers of registrations, as they were in the versions that were shown.

    A version that was erased since isn't among them. Neither is one that somebody has changed: there is an alert, and
    the others are read all the same.

    Args:
        conn: any.
        sealer: opens them.
        shown: id and version of each.
        rest: is done between some of them and the next ones.
    """
    found: dict[tuple[bytes, int], Sequence[watched.Number]] = {}
    different = sorted(set(shown))
    for first in range(0, len(different), _AT_A_TIME):
        for nth, row in enumerate(registrations.versions(conn, different[first : first + _AT_A_TIME])):
            try:
                record = registrations.open_version(sealer, row)
            except errors.Internal:
                continue
            identifiers = registrations.identifiers(record)
            found[row.registration_id, row.version] = [watched.Number(one.use, one.text) for one in identifiers]
            if nth % _RESTS_AFTER == 0:
                rest()
    return found
