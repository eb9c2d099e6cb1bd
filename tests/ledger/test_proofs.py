"""Proofs of a tree whose hashes are in tiles of two levels, in leaves and in the head's frontier."""

import random
from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from nsor.ledger import merkle
from nsor_server.ledger import proofs, subtrees
from nsor_server.ledger.proofs import NoSuchTree
from nsor_server.ledger.tiles import WIDTH, TornTree
from nsor_server.storage.pool import Database
from nsor_server.storage.session import ask
from tests.bench import proofs as filled
from tests.ledger.conftest import Write
from tests.ledger.trees import SIZE, Tree

BETWEEN = WIDTH * WIDTH + WIDTH + 5
"""In a tile whose neighbours on both sides are read by their roots."""
ALIKE = (WIDTH + 1, 16 * WIDTH + 5)
"""A leaf, and one in a group, that have the number of a tile whose root is read beside it."""


def sizes() -> Iterator[int]:
    """Sizes at the borders of tiles and elsewhere."""
    for border in (WIDTH, WIDTH * WIDTH, WIDTH * WIDTH + WIDTH, SIZE - 77):
        yield from (border - 1, border, border + 1)
    yield from (1, 2, 3, SIZE - 4 * WIDTH, SIZE - 1, SIZE)
    yield from random.Random(5).sample(range(1, SIZE), 6)  # noqa: S311 - any will do


def test_every_proof_leads_to_its_root_in_two_statements(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Mock(wraps=ask)
    monkeypatch.setattr(subtrees, "ask", asked)
    chance = random.Random(6)  # noqa: S311 - any will do
    with tree.database.transaction() as conn:
        for size in sizes():
            root = tree.root(size)
            assert proofs.root(conn, size) == root
            some = {0, size - 1, BETWEEN, *ALIKE, chance.randrange(size), chance.randrange(size)}
            for index in (index for index in some if index < size):
                asked.reset_mock()
                proof = proofs.Proofs().inclusion(conn, index, size)
                assert 1 <= asked.call_count <= 2
                assert proof.leaf_hash == tree.hashes[index]
                merkle.verify_inclusion(proof.leaf_hash, index, size, proof.hashes, root)
            for second in {size, SIZE, chance.randint(size, SIZE)}:
                asked.reset_mock()
                hashes = proofs.Proofs().consistency(conn, size, second)
                assert 1 <= asked.call_count <= 2
                merkle.verify_consistency(size, second, root, tree.root(second), hashes)


def test_a_proof_needs_no_newer_head_than_its_tree(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    # What an old head takes from leaves is in tiles by now; both are there.
    asked = Mock(wraps=ask)
    monkeypatch.setattr(subtrees, "ask", asked)
    with tree.database.transaction() as conn:
        for size in sizes():
            head = subtrees.Head(size, tree.frontier(size).encode())
            made = proofs.Proofs()
            with monkeypatch.context() as patch:
                patch.setattr(subtrees, "head", lambda _conn, head=head: head)
                made.consistency(conn, size, size)
            for smaller in {size, size // 2 + 1}:
                asked.reset_mock()
                proof = made.inclusion(conn, smaller - 1, smaller)
                assert asked.call_count <= 1
                merkle.verify_inclusion(proof.leaf_hash, smaller - 1, smaller, proof.hashes, tree.root(smaller))
            if size < SIZE:
                proof = made.inclusion(conn, 0, size + 1)
                merkle.verify_inclusion(proof.leaf_hash, 0, size + 1, proof.hashes, tree.root(size + 1))


def test_an_empty_tree_is_a_prefix_of_all(tree: Tree) -> None:
    with tree.database.transaction() as conn:
        assert proofs.Proofs().consistency(conn, 0, SIZE) == []
        assert proofs.root(conn, 0) == merkle.EMPTY_ROOT


def test_what_lies_outside_the_tree_is_no_proof(database: Database, write: Write) -> None:
    # A proof of a tree that isn't there yet would be of whatever stands in its place.
    write(3)
    made = proofs.Proofs()
    with database.transaction() as conn:
        for inside in (0, 2):
            assert made.inclusion(conn, inside, 3)
        for index, size in ((3, 3), (-1, 3), (0, 0), (0, 4), (0, -1)):
            with pytest.raises(NoSuchTree):
                made.inclusion(conn, index, size)
        assert made.consistency(conn, 3, 3) == []
        for first, second in ((4, 3), (-1, 3), (3, 4)):
            with pytest.raises(NoSuchTree):
                made.consistency(conn, first, second)
        for size in (-1, 4):
            with pytest.raises(NoSuchTree):
                proofs.root(conn, size)


def test_the_checkpoints_after_a_size_come_in_order_and_not_all_at_once(database: Database, write: Write) -> None:
    # The outside copy is made good by them: one that is left out is missing for good.
    for count in (1, 2, 3):
        write(count)
    with database.transaction() as conn:
        assert [size for size, _ in proofs.checkpoints_after(conn, 0, 9)] == [1, 3, 6]
        assert [size for size, _ in proofs.checkpoints_after(conn, 1, 9)] == [3, 6]
        assert proofs.checkpoints_after(conn, 1, 1) == [(3, proofs.checkpoint(conn, 2))]
        assert proofs.checkpoint(conn) == proofs.checkpoint(conn, 4) == proofs.checkpoint(conn, 6)
        with pytest.raises(NoSuchTree):
            proofs.checkpoint(conn, 7)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("DELETE FROM ledger_entry WHERE index = 300", "entry 300"),
        ("DELETE FROM ledger_tile WHERE level = 0 AND tile = 1", "tile 1 of level 0"),
        ("DELETE FROM ledger_tile WHERE level = 1", "tile 0 of level 1"),
    ],
)
def test_what_is_missing_is_no_proof(tree: Tree, statement: str, names: str) -> None:
    with tree.database.owner() as conn:
        conn.execute(statement.encode())
    with tree.database.transaction() as conn, pytest.raises(TornTree, match=names):
        proofs.Proofs().inclusion(conn, 300, SIZE - 100)


def test_roots_below_a_tile_that_is_not_full_are_read_once_and_proved(database: Database) -> None:
    # In a long ledger nearly every proof needs up to 255. What the head doesn't prove isn't kept: whoever changes
    # one for a while would have proofs that don't hold long after.
    entries = 4 * WIDTH * WIDTH + 5
    with database.owner() as owner:
        root = filled.fill(owner, entries, [])[entries]
    one, other = [index for index in filled.alone(entries) if index // WIDTH**2 == 1][:2]
    keeping, changed = proofs.Proofs(), proofs.Proofs()
    with database.transaction() as conn:
        first = keeping.inclusion(conn, one, entries)
    with database.owner() as owner:
        owner.execute("UPDATE ledger_tile SET root = sha256('other') WHERE level = 1 AND tile = 3")
    with database.transaction() as conn:
        for index, proof in ((one, first), (other, keeping.inclusion(conn, other, entries))):
            merkle.verify_inclusion(proof.leaf_hash, index, entries, proof.hashes, root)
        with pytest.raises(TornTree, match="don't give the tree of the head"):
            changed.inclusion(conn, one, entries)
