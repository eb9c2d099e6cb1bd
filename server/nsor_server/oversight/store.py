"""Accesses as the ledger has them: columns find an entry, what is shown of it comes from its leaf."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import instants
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.detail import DetailError, Details
from nsor_server.ledger.labels import Labels
from nsor_server.ledger.tiles import TornTree
from nsor_server.oversight import paths
from nsor_server.oversight.paths import Way
from nsor_server.oversight.rules import Filter
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

_CONTRADICTS: Final = "%s contradicts the ledger; run `nsor-server ledger verify`"


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
        reads: so many entries are read at most, where the index that they are found by has others too.

    Raises:
        Internal: an entry's row for queries, its leaf and its detail don't fit together.
    """
    way, values = asked(conn, wanted, labels, before=before, most=most, reads=reads)
    with paths.followed(conn):
        rows = conn.execute(way.page, values, binary=True).fetchall()
        reach = None if way.is_exact or len(rows) == most else conn.execute(way.reach, values).fetchone()
    entries = [_entry(row, details) for row in rows]
    for each in entries:
        # Whoever owns the database says what the conditions mean.
        if not wanted.admits(each.leaf) or not (each.detail is None or wanted.fits(each.detail)):
            raise contradicted("ledger_entry", _CONTRADICTS)
    return Found(entries, reach[1] if reach and reach[0] == values["limit"] else None)


def asked(
    conn: Connection, wanted: Filter, labels: Labels, *, before: int, most: int, reads: int
) -> tuple[Way, dict[str, object]]:
    """How ``newest_first`` finds a page, and the parameters of the statements.

    Raises:
        Internal: entries are missing by which an instant is found.
    """
    start = 0 if wanted.start_us is None else _first_from(conn, wanted.start_us)
    stop = before if wanted.end_us is None else min(before, _first_from(conn, wanted.end_us))
    way = paths.way(wanted, labels)
    limit = most if way.is_exact else max(most, reads)
    return way, {**way.values, "start": start, "stop": stop, "limit": limit, "most": most}


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


def _first_from(conn: Connection, time_us: int) -> int:
    try:
        return instants.first_from(conn, time_us)
    except TornTree:
        raise contradicted("ledger_entry", _CONTRADICTS) from None


def _entry(row: Sequence[Any], details: Details | None) -> StoredAccess:
    index, access_id, *columns, stored, sealed = row
    try:
        leaf = leaves.decode(stored)
        if leaves.columns(leaf) != (access_id.bytes, *columns):
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
