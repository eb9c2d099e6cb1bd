"""Tiles and bundles as they are read from the register's tables."""

from pathlib import Path

import pytest

from nsor.ledger import copied, merkle, note, tlog_tiles
from nsor.ledger.tlog_tiles import WIDTH, Bundle, Tile
from nsor_server.ledger import proofs, published
from nsor_server.ledger.proofs import NoSuchTree
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.ledger.conftest import ORIGIN, Write
from tests.ledger.trees import SIZE, Tree


def test_tiles_of_every_level_and_width_are_the_tree_s(tree: Tree) -> None:
    levels = [tree.hashes]
    while len(levels[-1]) >= WIDTH:
        full = len(levels[-1]) // WIDTH
        levels.append([merkle.root_of(levels[-1][at * WIDTH : (at + 1) * WIDTH]) for at in range(full)])
    asked = [*tlog_tiles.border(SIZE), Tile(0, 0), Tile(0, 256), Tile(1, 0), Tile(0, 3, 5), Tile(1, 0, 200)]
    with tree.database.transaction() as conn:
        assert published.size(conn) == SIZE
        for tile in asked:
            start = tile.number * WIDTH
            expected = b"".join(levels[tile.level][start : start + tile.width])
            assert published.read(conn, tile, SIZE) == expected, tile


def test_bundles_are_the_leaves(tree: Tree) -> None:
    with tree.database.transaction() as conn:
        for bundle in (Bundle(0), Bundle(256), *tlog_tiles.bundles(SIZE, SIZE - 1)):
            expected = tlog_tiles.encode([index.to_bytes(8, "big") for index in bundle.indexes])
            assert published.read(conn, bundle, SIZE) == expected


@pytest.mark.parametrize("named", [Tile(0, 263, 78), Tile(0, 264, 1), Tile(1, 1, 8), Tile(2, 0, 2), Bundle(263)])
def test_what_isnt_complete_yet_isnt_there(tree: Tree, named: Tile | Bundle) -> None:
    with tree.database.transaction() as conn, pytest.raises(NoSuchTree):
        published.read(conn, named, SIZE)


@pytest.mark.parametrize(
    ("deleted", "named"),
    [
        ("ledger_entry WHERE index = 300", Bundle(1)),
        ("ledger_tile WHERE level = 0 AND tile = 3", Tile(0, 3)),
        ("ledger_tile WHERE level = 0 AND tile = 260", Tile(1, 1, 7)),
        (f"ledger_entry WHERE index = {SIZE - 1}", Tile(0, 263, 77)),
    ],
)
def test_what_is_missing_is_no_shorter_tile(tree: Tree, deleted: str, named: Tile | Bundle) -> None:
    with tree.database.owner() as conn:
        conn.execute(f"DELETE FROM {deleted}".encode())  # noqa: S608 - constants
    with tree.database.transaction() as conn, pytest.raises(TornTree):
        published.read(conn, named, SIZE)


def test_a_real_ledger_is_copied_whole(database: Database, keyring: Keyring, write: Write, tmp_path: Path) -> None:
    write(3)
    write(260)
    verifier = note.Verifier.parse(keyring.verifier_key(ORIGIN))
    with database.transaction() as conn:
        signed = proofs.checkpoint(conn)
        newest = note.verify(signed, verifier)
        copied.update(
            tmp_path, signed, newest, lambda named: published.read(conn, named, newest.size), held=None, entries=True
        )
    entries = [
        entry
        for bundle in tlog_tiles.bundles(newest.size)
        for entry in tlog_tiles.entries_of((tmp_path / bundle.path).read_bytes(), bundle)
    ]
    assert len(entries) == 263
    assert merkle.root_of(map(merkle.leaf_hash, entries)) == newest.root
