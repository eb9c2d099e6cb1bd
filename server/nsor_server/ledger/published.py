"""The ledger as C2SP tlog-tiles, read from what is stored: what a path names, of the tree as it is committed.

Leaves name nobody; their sealed details aren't part of the log. No policy: who may ask is decided before.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger import tlog_tiles
from nsor.ledger.merkle import HASH_BYTES, leaf_hash
from nsor.ledger.tlog_tiles import WIDTH, WIDTH_BITS, Bundle, Tile
from nsor_server.ledger.proofs import NoSuchTree
from nsor_server.ledger.tiles import TornTree

Connection = psycopg.Connection[TupleRow]

_SIZE: Final = "SELECT size FROM ledger_head"
_TILE: Final = "SELECT substr(hashes, 1, %s) FROM ledger_tile WHERE level = %s AND tile = %s"
_ROOTS: Final = "SELECT root FROM ledger_tile WHERE level = %s AND tile >= %s AND tile < %s ORDER BY tile"
_LEAVES: Final = "SELECT leaf FROM ledger_entry WHERE index >= %s AND index < %s ORDER BY index"


def size(conn: Connection) -> int:
    """Entries of the ledger as it is committed."""
    return int(conn.execute(_SIZE).fetchall()[0][0])


def read(conn: Connection, named: Tile | Bundle, entries: int) -> bytes:
    """What a path holds.

    Args:
        conn: any.
        named: which tile or bundle.
        entries: the ledger has at least so many.

    Raises:
        NoSuchTree: the ledger of so many entries hasn't got it yet.
        TornTree: leaves or tiles that must be there are missing.
    """
    level = named.level if isinstance(named, Tile) else 0
    if named.number * WIDTH + named.width > entries >> WIDTH_BITS * level:
        raise NoSuchTree(f"{named.path} isn't complete yet")
    if isinstance(named, Bundle):
        return tlog_tiles.encode(_leaves(conn, named.indexes))
    return _tile(conn, named, entries)


def _tile(conn: Connection, tile: Tile, entries: int) -> bytes:
    if (tile.number + 1) * WIDTH <= entries >> WIDTH_BITS * tile.level:
        rows = conn.execute(_TILE, (tile.bytes, tile.level, tile.number)).fetchall()
        content = b"".join(row[0] for row in rows)
    else:
        start = tile.number * WIDTH
        numbers = range(start, start + tile.width)
        if tile.level == 0:
            content = b"".join(map(leaf_hash, _leaves(conn, numbers)))
        else:
            rows = conn.execute(_ROOTS, (tile.level - 1, numbers.start, numbers.stop)).fetchall()
            content = b"".join(row[0] for row in rows)
    if len(content) != tile.width * HASH_BYTES:
        raise TornTree(f"{tile.path} isn't whole")
    return content


def _leaves(conn: Connection, indexes: range) -> list[bytes]:
    leaves = [row[0] for row in conn.execute(_LEAVES, (indexes.start, indexes.stop), binary=True)]
    if len(leaves) != len(indexes):
        raise TornTree(f"of entries {indexes.start} to {indexes.stop - 1} only {len(leaves)} are there")
    return leaves
