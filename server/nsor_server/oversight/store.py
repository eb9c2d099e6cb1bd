"""Accesses as the ledger has them. ``ledger_access`` finds an entry; what is shown of it comes from its leaf."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.detail import DetailError, Details
from nsor_server.oversight.rules import Filter
from nsor_server.rpc.calls import Connection
from nsor_server.storage.v1 import record_pb2

_log = logging.getLogger(__name__)

_ACCESSES: Final = """
SELECT a.index, a.access_id, a.time_us, a.agency, a.method, a.purpose, a.outcome, a.trace_id, a.count, l.leaf, d.sealed
FROM ledger_access AS a
LEFT JOIN ledger_leaf AS l USING (index)
LEFT JOIN ledger_detail AS d USING (index)
WHERE {conditions}
ORDER BY a.index DESC
LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """An entry.

    Attributes:
        detail: its opened detail; None when it wasn't asked for, or was destroyed.
    """

    index: int
    leaf: leaf_pb2.Leaf
    detail: record_pb2.AccessDetail | None


def newest_first(
    conn: Connection, wanted: Filter, *, before: int | None, most: int, details: Details | None
) -> list[StoredAccess]:
    """Entries that pass a filter.

    Args:
        conn: any; entries that are committed are seen.
        wanted: the filter.
        before: only entries of a smaller index; None: from the newest.
        most: how many.
        details: opens details; None: they stay sealed.

    Raises:
        Internal: an entry's row for queries, its leaf and its detail don't fit together.
    """
    parts: list[tuple[str, object]] = [
        ("a.index < %s", before),
        ("a.agency = %s", wanted.agency),
        ("a.outcome = %s", wanted.outcome),
        ("a.access_id = %s", wanted.access_id),
        ("a.index >= %s", None if wanted.start_us is None else _first_from(conn, wanted.start_us)),
        ("a.index < %s", None if wanted.end_us is None else _first_from(conn, wanted.end_us)),
    ]
    asked = [(condition, value) for condition, value in parts if value is not None]
    statement = _ACCESSES.format(conditions=" AND ".join(condition for condition, _ in asked) or "true").encode()
    rows = conn.execute(statement, [*(value for _, value in asked), most], binary=True).fetchall()
    return [_entry(*row, details=details) for row in rows]


def leaf_hash_at(conn: Connection, index: int) -> bytes:
    """The hash of a leaf that is there.

    Raises:
        Internal: it isn't.
    """
    row = conn.execute(b"SELECT leaf FROM ledger_leaf WHERE index = %b", (index,), binary=True).fetchone()
    if row is None or not isinstance(row[0], bytes):
        raise _broken("ledger_leaf")
    return leaf_hash(row[0])


def _first_from(conn: Connection, time_us: int) -> int:
    """The first index whose entry isn't before an instant. Time never decreases along the ledger, so it is bisected."""
    row = conn.execute(b"SELECT coalesce(max(index) + 1, 0) FROM ledger_access", binary=True).fetchone()
    low, high = 0, _whole_number(row)
    while low < high:
        middle = (low + high) // 2
        row = conn.execute(b"SELECT time_us FROM ledger_access WHERE index = %b", (middle,), binary=True).fetchone()
        if _whole_number(row) < time_us:
            low = middle + 1
        else:
            high = middle
    return low


def _whole_number(row: tuple[object, ...] | None) -> int:
    if row is None or not isinstance(row[0], int):
        raise _broken("ledger_access")
    return row[0]


def _entry(index: Any, *columns: Any, details: Details | None) -> StoredAccess:
    *access, stored, sealed = columns
    try:
        leaf = leaves.decode(stored or b"")
        if leaves.access_row(leaf) != tuple(access):
            raise _broken("ledger_access")
        if details is None or sealed is None:
            return StoredAccess(index, leaf, None)
        return StoredAccess(index, leaf, details.open(index, leaf_hash(stored), sealed, leaf.detail_hash))
    except leaves.LeafError:
        raise _broken("ledger_leaf") from None
    except DetailError:
        raise _broken("ledger_detail") from None


def _broken(table: str) -> errors.Internal:
    """Raise the alarm over a ledger that contradicts itself; ``nsor-server ledger verify`` says where."""
    _log.critical("ALERT: %s contradicts the ledger; run `nsor-server ledger verify`", table)
    return errors.Internal()
