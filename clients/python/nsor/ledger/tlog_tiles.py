"""The ledger as C2SP tlog-tiles: which tiles and entry bundles a tree of some size has, their paths, and their bytes.

Format: https://c2sp.org/tlog-tiles. Whoever has a checkpoint, the tiles and the bundles has the whole log, and needs
nobody to prove anything to him: every root of the log's past follows from the tiles.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from nsor.counting import counted
from nsor.ledger.merkle import HASH_BYTES, Frontier

WIDTH_BITS: Final = 8
WIDTH: Final = 1 << WIDTH_BITS
"""Hashes in a full tile, and entries in a full bundle."""
MAX_ENTRY_BYTES: Final = 65_535
MAX_LEVEL: Final = 63

_LENGTH: Final = struct.Struct(">H")
_PATH: Final = re.compile(
    r"tile/(?P<level>0|[1-9][0-9]?|entries)/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)
_DIGITS: Final = 3
_LARGEST: Final = 2**63


class TileError(Exception):
    """A tile or a bundle isn't what its path says, or doesn't fit the tree."""


class Tile(NamedTuple):
    """Consecutive hashes of one level of the tree.

    Attributes:
        level: 0: hashes of leaves; of each level above, the roots of the full tiles below.
        number: along the level, from 0.
        width: hashes in it, 1 to 256; fewer than 256 only at the right border of a tree.
    """

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"tile/{self.level}/{_number_path(self.number)}{_partial(self.width)}"

    @property
    def bytes(self) -> int:
        """How long it is."""
        return self.width * HASH_BYTES


class Bundle(NamedTuple):
    """Consecutive entries.

    Attributes:
        number: from 0.
        width: entries in it, 1 to 256; fewer than 256 only at the end of the log.
    """

    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"tile/entries/{_number_path(self.number)}{_partial(self.width)}"

    @property
    def indexes(self) -> range:
        """Of its entries."""
        return range(self.number * WIDTH, self.number * WIDTH + self.width)


def parse(path: str) -> Tile | Bundle | None:
    """What a path names; None: nothing that a log has. Each has one path only."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    number = int(found["number"].replace("x", "").replace("/", ""))
    width = int(found["width"] or WIDTH)
    level = found["level"]
    named = Bundle(number, width) if level == "entries" else Tile(int(level), number, width)
    below = isinstance(named, Bundle) or named.level <= MAX_LEVEL
    return named if below and number < _LARGEST and named.path == path else None


def tiles(size: int, since: int = 0) -> Iterator[Tile]:
    """The tiles of a tree, the lowest level first; with ``since`` those that a smaller tree hasn't, or not as wide."""
    for level in _levels(size):
        for number, width in _cut(size >> WIDTH_BITS * level, since >> WIDTH_BITS * level):
            yield Tile(level, number, width)


def bundles(size: int, since: int = 0) -> Iterator[Bundle]:
    """The entry bundles of a log, the oldest first; with ``since`` as of ``tiles``."""
    for number, width in _cut(size, since):
        yield Bundle(number, width)


def border(size: int) -> Iterator[Tile]:
    """The tiles of a tree that aren't full, the lowest level first: its root follows from them."""
    for level in _levels(size):
        number, width = divmod(size >> WIDTH_BITS * level, WIDTH)
        if width:
            yield Tile(level, number, width)


def widest(tile: Tile, size: int) -> Tile:
    """A tile as wide as it is in a tree: the width of ``tile`` doesn't matter."""
    hashes = (size >> WIDTH_BITS * tile.level) - tile.number * WIDTH
    return tile._replace(width=min(hashes, WIDTH))


def hashes_of(content: bytes, tile: Tile) -> list[bytes]:
    """The hashes of a tile.

    Raises:
        TileError: it has another length.
    """
    if len(content) != tile.bytes:
        raise TileError(f"{tile.path} has {len(content)} bytes and not {tile.bytes}")
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def encode(entries: Sequence[bytes]) -> bytes:
    """A bundle of these entries: before each stands its length, two bytes, the greater one first."""
    return b"".join(_LENGTH.pack(len(each)) + each for each in entries)


def entries_of(content: bytes, bundle: Bundle) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        TileError: it is cut off, or has another number of entries.
    """
    entries = []
    at = 0
    while at < len(content):
        start = at + _LENGTH.size
        if start > len(content):
            raise TileError(f"{bundle.path} is cut off")
        at = start + _LENGTH.unpack_from(content, at)[0]
        if at > len(content):
            raise TileError(f"{bundle.path} is cut off")
        entries.append(content[start:at])
    if len(entries) != bundle.width:
        raise TileError(f"{bundle.path} has {counted(len(entries), 'entries')} and not {bundle.width}")
    return entries


def root(size: int, hashes: Callable[[Tile], Sequence[bytes]]) -> bytes:
    """The root of a tree, from the tiles that aren't full.

    Args:
        size: of the tree.
        hashes: the hashes of a tile of this tree, or of a greater one of which it is a prefix: at least as many as the
            tile's width says.
    """
    roots: list[bytes] = []
    for tile in reversed(list(border(size))):
        roots += _subtrees(hashes(tile)[: tile.width])
    return Frontier(size, roots).root()


def _subtrees(hashes: Sequence[bytes]) -> Sequence[bytes]:
    """The roots of the complete subtrees over some hashes, the largest first."""
    frontier = Frontier()
    for each in hashes:
        frontier.append(each)
    return frontier.roots


def _levels(size: int) -> range:
    """The levels on which a tree has hashes."""
    return range((size.bit_length() + WIDTH_BITS - 1) // WIDTH_BITS)


def _cut(count: int, since: int) -> Iterator[tuple[int, int]]:
    """Numbers and widths of what so many make up, from the one on that isn't full with ``since``."""
    if count > since:
        for start in range(since - since % WIDTH, count, WIDTH):
            yield start // WIDTH, min(count - start, WIDTH)


def _number_path(number: int) -> str:
    """The number in steps of three digits, all but the last after an x."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // _DIGITS) * _DIGITS)
    steps = [digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS)]
    return "/".join([*(f"x{step}" for step in steps[:-1]), steps[-1]])


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"
