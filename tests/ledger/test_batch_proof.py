"""One proof for many: what it proves is what the definition says, and it proves nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsor.ledger import batch_proof, merkle
from tests.ledger.test_merkle import leaves, naive_root, roots


@st.composite
def asked(draw: st.DrawFn) -> tuple[int, set[int], set[int]]:
    """A size, indexes in its tree and earlier sizes."""
    size = draw(st.integers(1, 300))
    indexes = draw(st.sets(st.integers(0, size - 1), max_size=12))
    return size, indexes, draw(st.sets(st.integers(1, size), max_size=6))


@given(asked())
def test_leaves_and_earlier_trees_are_proved(of: tuple[int, set[int], set[int]]) -> None:
    size, indexes, sizes = of
    hashes = leaves(size)
    path = batch_proof.path(indexes, sizes, size)
    batch_proof.verify(
        {index: hashes[index] for index in indexes},
        {each: naive_root(hashes[:each]) for each in sizes},
        size,
        roots(hashes, path),
        naive_root(hashes),
    )
    # Each hash is there once, and none of a leaf that was asked for.
    assert len({(each.start, each.stop) for each in path}) == len(path)
    assert not {each.start for each in path if len(each) == 1} & indexes


@given(st.integers(1, 300), st.data())
def test_one_leaf_is_proved_by_its_audit_path(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = batch_proof.path([index], [], size)
    assert sorted(path, key=lambda each: each.start) == sorted(
        merkle.inclusion_path(index, size), key=lambda each: each.start
    )


@given(asked(), st.data())
def test_nothing_else_is_proved(of: tuple[int, set[int], set[int]], data: st.DataObject) -> None:
    # Another leaf, another earlier root, another root, or a hash more, less or changed: each is refused.
    size, indexes, sizes = of
    hashes = leaves(size)
    proof = roots(hashes, batch_proof.path(indexes, sizes, size))
    proved = {index: hashes[index] for index in indexes}
    earlier = {each: naive_root(hashes[:each]) for each in sizes}
    root, other = naive_root(hashes), merkle.leaf_hash(b"other")
    wrong = [(proved, earlier, [*proof, other], root), (proved, earlier, proof, other)]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        wrong.append((proved, earlier, [*proof[:at], other, *proof[at + 1 :]], root))
        wrong.append((proved, earlier, [*proof[:at], *proof[at + 1 :]], root))
        wrong.append((proved, earlier, [*proof[:at], proof[at][:31], *proof[at + 1 :]], root))
    wrong += [({**proved, index: other}, earlier, proof, root) for index in indexes]
    wrong += [(proved, {**earlier, each: other}, proof, root) for each in sizes]
    for leaf_hashes, earlier_roots, given_proof, given_root in wrong:
        with pytest.raises(merkle.ProofError):
            batch_proof.verify(leaf_hashes, earlier_roots, size, given_proof, given_root)


@pytest.mark.parametrize(("indexes", "sizes"), [([8], []), ([-1], []), ([], [9]), ([], [0])])
def test_what_is_not_in_the_tree_has_no_proof(indexes: list[int], sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="tree of size 8"):
        batch_proof.path(indexes, sizes, 8)
