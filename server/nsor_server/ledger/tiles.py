"""Tiles: the tree's hashes in rows of 256, so that a proof reads a few rows whatever the tree's size.

Tile `t` of level `n` holds the hashes of the subtrees of 256^n leaves number 256t to 256t+255. Only full tiles are
stored; what lies to the right of the last one is computed from its leaves, or from the roots of the tiles below.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nsor.ledger.merkle import leaf_hash, root_of
from nsor_server.ledger.entry import LockedHead
from nsor_server.storage import arrays
from nsor_server.storage.session import Session, Statement, Step

WIDTH_BITS = 8
WIDTH = 1 << WIDTH_BITS
GROUP_BITS = 4
GROUP = 1 << GROUP_BITS
"""Hashes under each of a tile's middle hashes."""

_INSERT: Final = Statement(
    b"ledger tiles",
    b"""
INSERT INTO ledger_tile (level, tile, hashes, middle, root)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])
""",
)
_ROOTS: Final = Statement(
    b"ledger tile roots",
    b"SELECT tile, root FROM ledger_tile WHERE level = $1::bigint AND tile >= $2::bigint AND tile < $3::bigint",
)
_LEAVES: Final = Statement(
    b"ledger leaves", b"SELECT leaf FROM ledger_entry WHERE index >= $1::bigint AND index < $2::bigint ORDER BY index"
)


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


def extend(
    session: Session, tail: Tail, head: LockedHead, added: Sequence[bytes], frontier: bytes
) -> tuple[list[Step], Tail]:
    """The statements that write the tiles that the added leaf hashes fill, and the new tail.

    Args:
        session: in the transaction that holds the head's lock.
        tail: as it was before.
        head: as it was locked.
        added: hashes of the leaves that are added.
        frontier: the tree's with them.

    Raises:
        TornTree: leaves or tiles are missing.
    """
    size = head.size + len(added)
    if (tail.size, tail.frontier) == (head.size, head.frontier):
        hashes = [*tail.hashes, *added]
    elif size // WIDTH == head.size // WIDTH:
        # No tile is filled, and another process is appending too: reading would be for nothing.
        return [], tail
    else:
        hashes = [*_leaf_hashes(session, range(head.size - head.size % WIDTH, head.size)), *added]
    filled: dict[tuple[int, int], _Tile] = {}
    tile = head.size // WIDTH
    while len(hashes) >= WIDTH:
        _fill(session, filled, tile, hashes[:WIDTH])
        del hashes[:WIDTH]
        tile += 1
    return _insertion(filled), Tail(size, frontier, tuple(hashes))


class _Tile(NamedTuple):
    """A full tile that isn't written yet."""

    hashes: bytes
    middle: bytes
    root: bytes


def middle_of(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots over each group of a full tile's hashes."""
    return [root_of(hashes[at : at + GROUP]) for at in range(0, WIDTH, GROUP)]


def _fill(session: Session, filled: dict[tuple[int, int], _Tile], tile: int, hashes: Sequence[bytes]) -> None:
    """Fill a tile, and the tiles above it that it completes."""
    level = 0
    while True:
        middle = middle_of(hashes)
        filled[level, tile] = _Tile(b"".join(hashes), b"".join(middle), root_of(middle))
        tile, place = divmod(tile, WIDTH)
        if place != WIDTH - 1:
            return
        hashes = _tile_roots(session, filled, level, range(tile * WIDTH, (tile + 1) * WIDTH))
        level += 1


def _insertion(filled: Mapping[tuple[int, int], _Tile]) -> list[Step]:
    if not filled:
        return []
    return [
        _INSERT(
            arrays.shorts([level for level, _ in filled]),
            arrays.longs([tile for _, tile in filled]),
            arrays.byteas([each.hashes for each in filled.values()]),
            arrays.byteas([each.middle for each in filled.values()]),
            arrays.byteas([each.root for each in filled.values()]),
        )
    ]


def _tile_roots(session: Session, filled: Mapping[tuple[int, int], _Tile], level: int, tiles: range) -> list[bytes]:
    (rows,) = session.run(_ROOTS(arrays.integer(level), arrays.integer(tiles.start), arrays.integer(tiles.stop)))
    stored = dict(rows) | {tile: each.root for (own, tile), each in filled.items() if own == level}
    return _complete([stored[tile] for tile in tiles if tile in stored], tiles)


def _leaf_hashes(session: Session, leaves: range) -> list[bytes]:
    (rows,) = session.run(_LEAVES(arrays.integer(leaves.start), arrays.integer(leaves.stop)))
    return _complete([leaf_hash(leaf) for (leaf,) in rows], leaves)


def _complete(hashes: list[bytes], wanted: range) -> list[bytes]:
    if len(hashes) != len(wanted):
        raise TornTree(f"of {wanted.start} to {wanted.stop - 1} only {len(hashes)} are there")
    return hashes
