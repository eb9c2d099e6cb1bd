"""Tiles: the tree's hashes in rows of 256, so that a proof reads a few rows whatever the tree's size.

Tile `t` of level `n` holds the hashes of the subtrees of 256^n leaves number 256t to 256t+255. Only full tiles are
stored; what lies to the right of the last one is computed from its leaves, or from the roots of the tiles below.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.merkle import leaf_hash, root_of
from nsor_server.ledger.entry import LockedHead

WIDTH_BITS = 8
WIDTH = 1 << WIDTH_BITS
GROUP_BITS = 4
GROUP = 1 << GROUP_BITS
"""Hashes under each of a tile's middle hashes."""

_INSERT = "INSERT INTO ledger_tile (level, tile, hashes, middle, root) VALUES (%s, %s, %s, %s, %s)"
_ROOTS = "SELECT root FROM ledger_tile WHERE level = %s AND tile >= %s AND tile < %s ORDER BY tile"
_LEAVES = "SELECT leaf FROM ledger_entry WHERE index >= %s AND index < %s ORDER BY index"

Connection = psycopg.Connection[TupleRow]


class TornTree(Exception):
    """Leaves or tiles that must be there are missing: run ``nsor-server ledger verify``."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The leaf hashes after the last full tile, kept between appends.

    They are used only where size and frontier are those of the head: a frontier commits to every leaf, so an append by
    another process or a rolled back one is noticed, and the hashes are read again.
    """

    size: int
    frontier: bytes
    hashes: tuple[bytes, ...]


def extend(conn: Connection, tail: Tail, head: LockedHead, added: Sequence[bytes], frontier: bytes) -> Tail:
    """Write the tiles that the added leaf hashes fill, and return the new tail; ``frontier`` is the one after them."""
    size = head.size + len(added)
    if (tail.size, tail.frontier) == (head.size, head.frontier):
        hashes = [*tail.hashes, *added]
    elif size // WIDTH == head.size // WIDTH:
        # No tile is filled, and another process is appending too: reading would be for nothing.
        return tail
    else:
        hashes = [*_leaf_hashes(conn, range(head.size - head.size % WIDTH, head.size)), *added]
    tile = head.size // WIDTH
    while len(hashes) >= WIDTH:
        _fill(conn, tile, hashes[:WIDTH])
        del hashes[:WIDTH]
        tile += 1
    return Tail(size, frontier, tuple(hashes))


def middle_of(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots over each group of a full tile's hashes."""
    return [root_of(hashes[at : at + GROUP]) for at in range(0, WIDTH, GROUP)]


def _fill(conn: Connection, tile: int, hashes: Sequence[bytes]) -> None:
    """Write a full tile, and the tiles above it that it completes."""
    level = 0
    while True:
        middle = middle_of(hashes)
        parameters = (level, tile, b"".join(hashes), b"".join(middle), root_of(middle))
        conn.execute(_INSERT, parameters, prepare=True)
        tile, place = divmod(tile, WIDTH)
        if place != WIDTH - 1:
            return
        hashes = _tile_roots(conn, level, range(tile * WIDTH, (tile + 1) * WIDTH))
        level += 1


def _tile_roots(conn: Connection, level: int, tiles: range) -> list[bytes]:
    rows = conn.execute(_ROOTS, (level, tiles.start, tiles.stop)).fetchall()
    return _complete([root for (root,) in rows], tiles)


def _leaf_hashes(conn: Connection, leaves: range) -> list[bytes]:
    rows = conn.execute(_LEAVES, (leaves.start, leaves.stop), binary=True).fetchall()
    return _complete([leaf_hash(leaf) for (leaf,) in rows], leaves)


def _complete(hashes: list[bytes], wanted: range) -> list[bytes]:
    if len(hashes) != len(wanted):
        raise TornTree(f"of {wanted.start} to {wanted.stop - 1} only {len(hashes)} are there")
    return hashes
