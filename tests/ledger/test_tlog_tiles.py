"""Tiles and bundles: their paths, which a tree has, and the roots that follow from them."""

import random
from collections.abc import Sequence

import pytest

from nsor.ledger import merkle, tlog_tiles
from nsor.ledger.tlog_tiles import WIDTH, Bundle, Tile, TileError

SIZES = (1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_304, 70_000)
HASHES = [merkle.leaf_hash(index.to_bytes(8, "big")) for index in range(SIZES[-1])]


def levels(hashes: Sequence[bytes]) -> list[Sequence[bytes]]:
    """The hashes of each level, as tlog-tiles defines them."""
    found: list[Sequence[bytes]] = []
    while hashes:
        found.append(hashes)
        full = len(hashes) - len(hashes) % WIDTH
        hashes = [merkle.root_of(hashes[at : at + WIDTH]) for at in range(0, full, WIDTH)]
    return found


LEVELS = levels(HASHES)


@pytest.mark.parametrize(
    ("named", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 999), "tile/1/999"),
        (Tile(63, 1000), "tile/63/x001/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),  # the example of tlog-tiles
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Bundle(70, 255), "tile/entries/070.p/255"),
        (Bundle(1_234_067), "tile/entries/x001/x234/067"),
    ],
)
def test_a_tile_has_one_path(named: Tile | Bundle, path: str) -> None:
    assert named.path == path
    assert tlog_tiles.parse(path) == named


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/00",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../0/000",
        "tile/data/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/000\n",
        "tile/entries/x999/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_no_other_path_is_one(path: str) -> None:
    # A second path of one tile would be a second thing to allow, to count and to keep.
    assert tlog_tiles.parse(path) is None


def test_a_tree_has_the_tiles_of_the_example() -> None:
    found = list(tlog_tiles.tiles(70_000))
    assert sum(tile.level == 0 and tile.width == WIDTH for tile in found) == 273
    assert [tile for tile in found if tile.width < WIDTH] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [tile for tile in found if tile.level == 1] == [Tile(1, 0), Tile(1, 1, 17)]
    assert list(tlog_tiles.tiles(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tlog_tiles.tiles(0)) == []


@pytest.mark.parametrize("size", SIZES)
def test_tiles_hold_each_hash_once(size: int) -> None:
    held: dict[int, list[bytes]] = {}
    for tile in tlog_tiles.tiles(size):
        start = tile.number * WIDTH
        assert len(held.setdefault(tile.level, [])) == start
        held[tile.level] += LEVELS[tile.level][start : start + tile.width]
    assert held == dict(enumerate(levels(HASHES[:size])))
    assert [index for bundle in tlog_tiles.bundles(size) for index in bundle.indexes] == list(range(size))


@pytest.mark.parametrize("since", SIZES)
def test_what_is_new_is_what_isnt_there_or_is_wider(since: int) -> None:
    for size in SIZES:
        before, now = set(tlog_tiles.tiles(since)), list(tlog_tiles.tiles(size))
        new = [tile for tile in now if tile not in before] if size > since else []
        assert list(tlog_tiles.tiles(size, since)) == new


@pytest.mark.parametrize("size", [*SIZES, 0])
def test_the_root_of_each_size_follows_from_the_tiles_of_a_greater_tree(size: int) -> None:
    def hashes(tile: Tile) -> Sequence[bytes]:
        return LEVELS[tile.level][tile.number * WIDTH : (tile.number + 1) * WIDTH]

    assert tlog_tiles.root(size, hashes) == merkle.root_of(HASHES[:size])


def test_a_bundle_is_read_as_it_was_written() -> None:
    chosen = random.Random(7)  # noqa: S311 - any entries will do
    entries = [chosen.randbytes(length) for length in (0, 1, 300, tlog_tiles.MAX_ENTRY_BYTES)]
    content = tlog_tiles.encode(entries)
    assert content[:3] == b"\0\0\0"
    assert tlog_tiles.entries_of(content, Bundle(9, 4)) == entries


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\5four", b"\0\1a\0", b"\0\1a\0\1b"])
def test_a_bundle_that_isnt_whole_is_refused(content: bytes) -> None:
    with pytest.raises(TileError, match="tile/entries/000"):
        tlog_tiles.entries_of(content, Bundle(0, 1))


def test_a_tile_that_isnt_whole_is_refused() -> None:
    with pytest.raises(TileError, match=r"tile/0/000\.p/2 has 63 bytes and not 64"):
        tlog_tiles.hashes_of(bytes(63), Tile(0, 0, 2))
