"""Accesses as the ledger has them: columns find an entry, what is shown of it comes from its leaf."""

from __future__ import annotations

import functools
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.contract import Contract
from nsor_server.ledger import instants
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.detail import DetailError, Details
from nsor_server.ledger.labels import CASE, OFFICER, Labels
from nsor_server.ledger.tiles import TornTree
from nsor_server.oversight.rules import Filter
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import OTHER_METHOD

_CONTRADICTS: Final = "%s contradicts the ledger; run `nsor-server ledger verify`"
_ACCESSES: Final = """
SELECT e.index, e.access_id, e.agency, e.outcome, e.leaf, d.sealed
FROM ledger_entry AS e
LEFT JOIN ledger_detail AS d USING (index)
WHERE {conditions}
ORDER BY e.index DESC
LIMIT %s
"""


_RARE: Final = f"e.outcome <> {leaf_pb2.OUTCOME_ALLOWED:d}"
"""In the words of the index of outcomes, which leaves out the calls that were answered."""


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """An entry.

    Attributes:
        hashed: the leaf's hash.
        detail: its opened detail; None when it wasn't asked for, or was destroyed.
    """

    index: int
    leaf: leaf_pb2.Leaf
    hashed: bytes
    detail: record_pb2.AccessDetail | None


class Found(NamedTuple):
    """A page of entries.

    Attributes:
        entries: the newest first.
        last: index of the last one that was read, where some were left out and there may be more; None: there are none.
    """

    entries: list[StoredAccess]
    last: int | None


def newest_first(
    conn: Connection, wanted: Filter, labels: Labels, *, before: int, most: int, details: Details | None, reads: int = 0
) -> Found:
    """Entries that pass a filter.

    Args:
        conn: any; entries that are committed are seen.
        wanted: the filter.
        labels: by which those of an officer or a case are found.
        before: only entries of a smaller index.
        most: how many.
        details: opens details; None: they stay sealed.
        reads: of so many at most those are left out that the filter doesn't pass; 0: it passes all.

    Raises:
        Internal: an entry's row for queries, its leaf and its detail don't fit together.
    """
    parts: list[tuple[str, object]] = [
        ("e.index < %s", before),
        ("e.agency = %s", wanted.agency),
        ("e.outcome = %s", wanted.outcome),
        ("e.access_id = %s", wanted.access_id),
        ("e.index >= %s", None if wanted.start_us is None else _first_from(conn, wanted.start_us)),
        ("e.index < %s", None if wanted.end_us is None else _first_from(conn, wanted.end_us)),
        ("e.officer = ANY (%s)", None if wanted.officer_keys is None else _of_officer(labels, wanted.officer_keys)),
        ("e.case_label = ANY (%s)", _uuids(labels.every(CASE, wanted.case, _methods())) if wanted.case else None),
    ]
    conditions = [condition for condition, value in parts if value is not None]
    if wanted.outcome not in (None, leaf_pb2.OUTCOME_ALLOWED):
        conditions.append(_RARE)
    statement = _ACCESSES.format(conditions=" AND ".join(conditions) or "true").encode()
    limit = max(most, reads)
    parameters = [*(value for _, value in parts if value is not None), limit]
    rows = conn.execute(statement, parameters, binary=True).fetchall()
    found: list[StoredAccess] = []
    for row in rows:
        entry = _entry(row, None)
        if not wanted.admits(entry.leaf):
            raise contradicted("ledger_entry", _CONTRADICTS)  # whoever owns the database says what the conditions mean
        if wanted.passes(entry.leaf):
            found.append(_entry(row, details) if details is not None else entry)
        if len(found) == most:
            break
    if not all(entry.detail is None or wanted.fits(entry.detail) for entry in found):
        raise contradicted("ledger_entry", _CONTRADICTS)
    is_whole = len(found) == most or len(rows) < limit
    return Found(found, None if is_whole else rows[-1][0])


def size(conn: Connection, durable: int) -> int:
    """How many entries there are.

    Args:
        conn: any.
        durable: so many have been committed by this process, or seen by it.

    Raises:
        Internal: there are fewer.
    """
    rows = conn.execute("SELECT size FROM ledger_head").fetchall()
    if len(rows) != 1 or rows[0][0] < durable:
        raise contradicted("ledger_head", _CONTRADICTS)
    return int(rows[0][0])


def hashed(found: Sequence[StoredAccess]) -> bytes:
    """SHA-256 of the index, 8 bytes, and the leaf's hash of each entry, in their order."""
    return hashlib.sha256(b"".join(each.index.to_bytes(8, "big") + each.hashed for each in found)).digest()


@functools.cache
def _methods() -> tuple[str, ...]:
    """Those of the contract, and what stands for what it doesn't have: labels of one never meet those of another."""
    return (*Contract.load().methods, OTHER_METHOD)


def _of_officer(labels: Labels, keys: Iterable[bytes]) -> list[uuid.UUID]:
    return _uuids(label for key in keys for label in labels.every(OFFICER, key, _methods()))


def _uuids(labels: Iterable[bytes]) -> list[uuid.UUID]:
    return [uuid.UUID(bytes=each) for each in labels]


def _first_from(conn: Connection, time_us: int) -> int:
    try:
        return instants.first_from(conn, time_us)
    except TornTree:
        raise contradicted("ledger_entry", _CONTRADICTS) from None


def _entry(row: Sequence[Any], details: Details | None) -> StoredAccess:
    index, access_id, agency, outcome, stored, sealed = row
    try:
        leaf = leaves.decode(stored)
        if leaves.columns(leaf) != (access_id.bytes, agency, outcome):
            raise contradicted("ledger_entry", _CONTRADICTS)
        hashed = leaf_hash(stored)
        detail = None
        if details is not None and sealed is not None:
            detail = details.open(index, hashed, sealed, leaf.detail_hash)
        return StoredAccess(index, leaf, hashed, detail)
    except leaves.LeafError:
        raise contradicted("ledger_entry", _CONTRADICTS) from None
    except DetailError:
        raise contradicted("ledger_detail", _CONTRADICTS) from None
