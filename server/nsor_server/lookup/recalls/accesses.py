"""Accesses that may have shown a registration, found by their labels; and versions of registrations. Knows no policy.

What is found by a label is proved by the sealed detail alone: ``told.py``.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.v1 import leaf_pb2
from nsor_server.registration import facts as registrations
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

Connection = psycopg.Connection[TupleRow]

_ANSWERED: Final = f"e.outcome = {leaf_pb2.OUTCOME_ALLOWED:d}"
_ACCESS: Final = "SELECT e.index, e.leaf, d.sealed FROM ledger_entry AS e LEFT JOIN ledger_detail AS d USING (index)"
_NAMED: Final = f"""
SELECT string_agg(int8send(e.index), ''::bytea) FROM ledger_entry AS e
WHERE e.named = ANY (%s) AND e.index < %s AND e.index >= %s AND {_ANSWERED}
"""  # noqa: S608 - constants
_THESE: Final = f"{_ACCESS} WHERE e.index = ANY (%s) ORDER BY e.index"
_SHOWN: Final = """
SELECT s.index, uuid_send(e.access_id), s.labels
FROM ledger_shown AS s JOIN ledger_entry AS e USING (index)
WHERE s.index >= %(first)s AND s.index < %(before)s AND e.index >= %(first)s AND e.index < %(before)s
"""
_SHOWN_DETAILS: Final = """
SELECT e.index, e.leaf, d.sealed
FROM ledger_shown AS s JOIN ledger_entry AS e USING (index) LEFT JOIN ledger_detail AS d USING (index)
WHERE s.index >= %(first)s AND s.index < %(before)s AND e.index >= %(first)s AND e.index < %(before)s
ORDER BY e.index
"""
_FIRST: Final = f"""
SELECT coalesce(min(index), 0) FROM ledger_record WHERE table_name = '{registrations.TABLE}' AND row_id = %s
"""  # noqa: S608 - constants
_VERSIONS: Final = f"""
SELECT {registrations.COLUMNS}
FROM registration_version AS v JOIN registration_key AS k USING (registration_id)
WHERE v.registration_id = %s AND v.version >= %s
ORDER BY v.version
"""  # noqa: S608 - constants
_PERSONS: Final = "SELECT DISTINCT person FROM registration_claim WHERE registration_id = %s AND person <> ''"
_PERSON_AT: Final = """
SELECT c.person
FROM registration_claim AS c JOIN ledger_record AS r
    ON r.table_name = 'registration_claim' AND r.row_id = uuid_send(c.registration_id) AND r.version = c.version
WHERE c.registration_id = %s AND r.index < %s
ORDER BY c.version DESC
LIMIT 1
"""
_VERSION_AT: Final = f"""
SELECT v.version, v.state
FROM registration_version AS v JOIN ledger_record AS r
    ON r.table_name = '{registrations.TABLE}' AND r.row_id = uuid_send(v.registration_id) AND r.version = v.version
WHERE v.registration_id = %s AND r.index < %s
ORDER BY v.version DESC
LIMIT 1
"""  # noqa: S608 - constants
_ID_BYTES: Final = 16
Accesses: TypeAlias = npt.NDArray[np.int64]
"""Accesses by the indexes of their entries: a million of them are 8 MB."""


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """An entry that was answered.

    Attributes:
        leaf: its bytes.
        sealed: its detail; None: that was destroyed.
    """

    entry: int
    leaf: bytes
    sealed: bytes | None


class ShownLabels(NamedTuple):
    """What an answer that may show several registrations has beside its entry.

    Attributes:
        labels: one after the other, 16 bytes each.
    """

    entry: int
    access_id: bytes
    labels: bytes


def named(conn: Connection, labels: Sequence[bytes], before: int, first: int = 0) -> Accesses:
    """The accesses from one index up to before another one whose requests have named what has one of these labels.

    In no order.
    """
    parameters = [uuid.UUID(bytes=label) for label in labels], before, first
    ((found,),) = conn.execute(_NAMED, parameters, binary=True).fetchall()
    return np.frombuffer(found or b"", dtype=">i8").astype(np.int64)


def accesses(conn: Connection, indexes: Collection[int]) -> list[StoredAccess]:
    """These accesses."""
    if not indexes:
        return []
    return [StoredAccess(*row) for row in conn.execute(_THESE, (list(indexes),), binary=True).fetchall()]


def shown(conn: Connection, first: int, before: int, at_once: int) -> Iterator[ShownLabels]:
    """The labels of all accesses from one index up to before another one, of so many entries at a time; in no order."""
    yield from map(ShownLabels._make, _in_parts(conn, _SHOWN, first, before, at_once))


def shown_details(conn: Connection, first: int, before: int, at_once: int) -> Iterator[StoredAccess]:
    """The accesses that have labels, from one index up to before another one, of so many entries at a time."""
    for row in _in_parts(conn, _SHOWN_DETAILS, first, before, at_once):
        yield StoredAccess(*row)


def _in_parts(conn: Connection, query: str, first: int, before: int, at_once: int) -> Iterator[TupleRow]:
    for start in range(first, before, at_once):
        part = {"first": start, "before": min(start + at_once, before)}
        yield from conn.execute(query.encode(), part, binary=True).fetchall()


def first_entry(conn: Connection, registration_id: bytes) -> int:
    """Index of the entry that made a registration."""
    ((index,),) = conn.execute(_FIRST, (registration_id,)).fetchall()
    return int(index)


def versions(conn: Connection, sealer: Sealer, registration_id: bytes) -> list[record_pb2.RegistrationRecord]:
    """All versions of a registration, opened, in order; none: its key was destroyed.

    Raises:
        errors.Internal: one isn't what its seal says.
    """
    rows = conn.execute(_VERSIONS, (uuid.UUID(bytes=registration_id), 1), binary=True)
    return [registrations.open_version(sealer, registrations.StoredVersion(*row)) for row in rows]


def persons(conn: Connection, registration_id: bytes) -> set[bytes]:
    """A registration, and all others that were ever of one person with it."""
    found = conn.execute(_PERSONS, (uuid.UUID(bytes=registration_id),), binary=True)
    return {registration_id, *(one for (person,) in found for one in _ids(person))}


def person_at(conn: Connection, registration_id: bytes, before: int) -> list[bytes]:
    """The registrations of its person when there were so many entries; none: it was alone."""
    rows: list[Any] = conn.execute(_PERSON_AT, (uuid.UUID(bytes=registration_id), before), binary=True).fetchall()
    return _ids(rows[0][0]) if rows else []


def version_at(conn: Connection, registration_id: bytes, before: int) -> tuple[int, int]:
    """The newest version of a registration, and its state, when there were so many entries."""
    rows: list[Any] = conn.execute(_VERSION_AT, (uuid.UUID(bytes=registration_id), before), binary=True).fetchall()
    return rows[0] if rows else (0, 0)


def stands_at(conn: Connection, registration_id: bytes, before: int) -> bool:
    """Whether a registration stood when there were so many entries."""
    return version_at(conn, registration_id, before)[1] == registrations.CONFIRMED


def size(conn: Connection) -> int:
    """How many entries there are."""
    ((found,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
    return int(found)


def _ids(person: bytes) -> list[bytes]:
    return [person[at : at + _ID_BYTES] for at in range(0, len(person), _ID_BYTES)]
