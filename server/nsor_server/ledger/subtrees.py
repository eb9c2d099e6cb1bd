"""Roots of subtrees, read from what is stored: whatever a proof needs, in one statement.

A hash comes from the head's frontier, from a full tile, from the roots of the tiles below one that isn't full yet, or
from the leaves after the last full tile. Which, follows from the head's size alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.merkle import HASH_BYTES, Frontier, leaf_hash, node_hash, subtrees
from nsor_server.ledger.tiles import GROUP, WIDTH, WIDTH_BITS, TornTree
from nsor_server.storage import arrays
from nsor_server.storage.session import Statement, ask

Connection = psycopg.Connection[TupleRow]

_HEAD = Statement(b"ledger head", b"SELECT size, frontier FROM ledger_head")
_GROUP, _MIDDLE, _ROOT, _LEAF = 0, 1, 2, 3
_GROUP_BYTES = GROUP * HASH_BYTES
_READ = Statement(
    b"ledger subtrees",
    f"""
SELECT {_GROUP}, wanted.level, wanted.number, tile.hashes
FROM unnest($1::smallint[], $2::bigint[]) AS wanted (level, number)
CROSS JOIN LATERAL (
    SELECT substr(hashes, (wanted.number % {GROUP})::int * {_GROUP_BYTES} + 1, {_GROUP_BYTES}) AS hashes
    FROM ledger_tile WHERE level = wanted.level AND tile = wanted.number / {GROUP}
    OFFSET 0
) AS tile
UNION ALL
SELECT {_MIDDLE}, wanted.level, wanted.tile, tile.middle
FROM unnest($3::smallint[], $4::bigint[]) AS wanted (level, tile)
CROSS JOIN LATERAL (
    SELECT middle FROM ledger_tile WHERE level = wanted.level AND tile = wanted.tile OFFSET 0
) AS tile
UNION ALL
SELECT {_ROOT}, tile.level, tile.tile, tile.root
FROM unnest($5::smallint[], $6::bigint[], $7::bigint[]) AS wanted (level, start, stop)
CROSS JOIN LATERAL (
    SELECT level, tile, root FROM ledger_tile
    WHERE level = wanted.level AND tile >= wanted.start AND tile < wanted.stop
    OFFSET 0
) AS tile
UNION ALL
SELECT {_LEAF}, 0, index, leaf FROM ledger_entry WHERE index >= $8 AND index < $9
UNION ALL
SELECT {_LEAF}, 0, index, leaf FROM ledger_entry WHERE index = $10
""".encode(),  # noqa: S608 - constants
)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest size and its tree."""

    size: int
    frontier: bytes


EMPTY = Head(0, b"")


@dataclass(slots=True)
class _Plan:
    """What is to be read.

    Attributes:
        groups: of full tiles, by level and number along the level: 16 for each tile.
        middles: of full tiles, by level and number.
        roots: by level, which tiles' roots.
        leaves: which leaves.
    """

    groups: set[tuple[int, int]] = field(default_factory=set)
    middles: set[tuple[int, int]] = field(default_factory=set)
    roots: dict[int, range] = field(default_factory=dict)
    leaves: range = range(0)


Kept = dict[tuple[int, int], bytes]
"""Roots of tiles by level and number, of levels above the lowest. They never change."""


def head(conn: Connection) -> Head:
    """The head as it is committed."""
    found = ask(conn, _HEAD)
    return Head(*found[0]) if found else EMPTY


def read(
    conn: Connection, now: Head, ranges: Sequence[range], leaf: int = -1, *, kept: Kept | None = None
) -> tuple[list[bytes], bytes]:
    """The roots over ranges of leaves, each a subtree of the tree, complete or at its right border.

    Args:
        conn: any.
        now: the head, which may have moved since.
        ranges: within it.
        leaf: whose hash is wanted as well; -1: none.
        kept: what was read before and needn't be read again; what the head proves is added. At ten million entries
            nearly each proof needs a hundred of them.

    Returns:
        The roots, and the leaf's hash; empty when none was wanted.

    Raises:
        TornTree: leaves or tiles that must be there are missing.
    """
    known = dict(zip(subtrees(range(now.size)), Frontier.decode(now.size, now.frontier).roots, strict=True))
    wanted = [list(subtrees(each)) for each in ranges]
    plan = _planned(now.size, {node for nodes in wanted for node in nodes if node not in known})
    needed = {level: tiles for level, tiles in plan.roots.items() if level}
    kept = {} if kept is None else kept
    for level, tiles in needed.items():
        if all((level, tile) in kept for tile in tiles):
            del plan.roots[level]
    found = _Found(conn, plan, leaf)
    for level, tiles in needed.items():
        if level in plan.roots:
            kept.update(found.proved(now.size, level, tiles, known))
        else:
            found.add(level, {tile: kept[level, tile] for tile in tiles})
    for nodes in wanted:
        for node in nodes:
            if node not in known:
                known[node] = found.root(now.size, *node)
    roots = [
        known[nodes[0]] if len(nodes) == 1 else Frontier(len(each), [known[node] for node in nodes]).root()
        for each, nodes in zip(ranges, wanted, strict=True)
    ]
    return roots, b"" if leaf < 0 else found.leaf_hash(leaf)


def _planned(size: int, nodes: set[tuple[int, int]]) -> _Plan:
    plan = _Plan()
    for level, index in nodes:
        tile_level, hashes = _within(level, index)
        if _is_full(size, tile_level, hashes):
            if len(hashes) < GROUP:
                plan.groups.add((tile_level, hashes.start // GROUP))
            else:
                plan.middles.add((tile_level, hashes.start // WIDTH))
        elif tile_level:
            plan.roots[tile_level - 1] = _joined(plan.roots.get(tile_level - 1, range(0)), hashes)
        else:
            plan.leaves = _joined(plan.leaves, hashes)
    return plan


def _within(level: int, index: int) -> tuple[int, range]:
    """The level of tiles, and which of its hashes, that the subtree number ``index`` of 2^level leaves consists of."""
    tile_level, within = divmod(level, WIDTH_BITS)
    return tile_level, range(index << within, (index + 1) << within)


def _is_full(size: int, tile_level: int, hashes: range) -> bool:
    """Whether the tile that holds these hashes is stored."""
    return (hashes.start // WIDTH + 1) << WIDTH_BITS * (tile_level + 1) <= size


def _joined(one: range, other: range) -> range:
    """All from the first to the last. What isn't full lies in one tile at the right border, so it is never much."""
    return other if not one else range(min(one.start, other.start), max(one.stop, other.stop))


class _Found:
    """What was read."""

    def __init__(self, conn: Connection, plan: _Plan, leaf: int) -> None:
        roots = [(level, tiles.start, tiles.stop) for level, tiles in plan.roots.items()]
        parameters = (
            arrays.shorts([level for level, _ in plan.groups]),
            arrays.longs([number for _, number in plan.groups]),
            arrays.shorts([level for level, _ in plan.middles]),
            arrays.longs([tile for _, tile in plan.middles]),
            arrays.shorts([level for level, _, _ in roots]),
            arrays.longs([start for _, start, _ in roots]),
            arrays.longs([stop for _, _, stop in roots]),
            arrays.integer(plan.leaves.start),
            arrays.integer(plan.leaves.stop),
            arrays.integer(leaf),
        )
        self._rows: dict[tuple[int, int, int], bytes] = {
            (kind, level, number): content for kind, level, number, content in ask(conn, _READ, *parameters)
        }

    def add(self, level: int, roots: Mapping[int, bytes]) -> None:
        """Add roots of tiles that weren't read."""
        self._rows.update({(_ROOT, level, tile): root for tile, root in roots.items()})

    def proved(self, size: int, level: int, tiles: range, frontier: Mapping[tuple[int, int], bytes]) -> Kept:
        """Of the roots of tiles those that lie in a subtree whose root the head has.

        Raises:
            TornTree: they give another root than it.
        """
        proved: Kept = {}
        for node, root in frontier.items():
            tile_level, hashes = _within(*node)
            if tile_level != level + 1 or hashes.start not in tiles or hashes[-1] not in tiles:
                continue
            if self.root(size, *node) != root:
                raise TornTree(f"the tiles of level {level} don't give the tree of the head")
            proved.update({(level, tile): self._row(_ROOT, level, tile) for tile in hashes})
        return proved

    def root(self, size: int, level: int, index: int) -> bytes:
        """The root of the complete subtree number ``index`` of 2^level leaves."""
        tile_level, wanted = _within(level, index)
        if _is_full(size, tile_level, wanted):
            if len(wanted) < GROUP:
                group, offset = divmod(wanted.start, GROUP)
                return _root(_cut(self._row(_GROUP, tile_level, group), offset, len(wanted)))
            tile, offset = divmod(wanted.start // GROUP, GROUP)
            return _root(_cut(self._row(_MIDDLE, tile_level, tile), offset, len(wanted) // GROUP))
        if tile_level:
            return _root([self._row(_ROOT, tile_level - 1, tile) for tile in wanted])
        return _root([self.leaf_hash(leaf) for leaf in wanted])

    def leaf_hash(self, index: int) -> bytes:
        """The hash of a leaf."""
        return leaf_hash(self._row(_LEAF, 0, index))

    def _row(self, kind: int, level: int, number: int) -> bytes:
        found = self._rows.get((kind, level, number))
        if found is None:
            tile = number // GROUP if kind == _GROUP else number
            what = f"entry {number}" if kind == _LEAF else f"tile {tile} of level {level}"
            raise TornTree(f"{what} is missing")
        return found


def _cut(hashes: bytes, first: int, count: int) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(first * HASH_BYTES, (first + count) * HASH_BYTES, HASH_BYTES)]


def _root(hashes: list[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = list(map(node_hash, pairs, pairs))
    return hashes[0]
