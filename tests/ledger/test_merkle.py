"""The tree's proofs against Certificate Transparency's known answers, and against RFC 6962's own definition."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsor.ledger import merkle

# The leaves and roots that Certificate Transparency's implementations test with (trillian, certificate-transparency).
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(hashes: Sequence[bytes]) -> bytes:
    """MTH, word by word from RFC 6962, section 2.1."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH, word by word from RFC 6962, section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if index < k:
        return [*naive_path(index, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_path(index - k, hashes[k:]), naive_root(hashes[:k])]


def naive_subproof(first: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF, word by word from RFC 6962, section 2.1.2."""
    if first == len(hashes):
        return [] if whole else [naive_root(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if first <= k:
        return [*naive_subproof(first, hashes[:k], whole=whole), naive_root(hashes[k:])]
    return [*naive_subproof(first - k, hashes[k:], whole=False), naive_root(hashes[:k])]


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % number) for number in range(count)]


def roots(hashes: Sequence[bytes], ranges: Sequence[range]) -> list[bytes]:
    return [naive_root(hashes[each.start : each.stop]) for each in ranges]


sizes = st.integers(1, 300)


def test_known_roots() -> None:
    # The tree is the one that every other verifier computes.
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    assert [merkle.root_of(hashes[: size + 1]).hex() for size in range(8)] == ROOTS
    assert merkle.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_known_inclusion_proof() -> None:
    # A proof that Certificate Transparency's own tests give for leaf 5 of 8 is accepted.
    proof = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    hashes = [bytes.fromhex(text) for text in proof]
    merkle.verify_inclusion(merkle.leaf_hash(LEAVES[5]), 5, 8, hashes, bytes.fromhex(ROOTS[7]))


def test_known_consistency_proof() -> None:
    # So is their proof from 6 to 8.
    proof = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    hashes = [bytes.fromhex(text) for text in proof]
    merkle.verify_consistency(6, 8, bytes.fromhex(ROOTS[5]), bytes.fromhex(ROOTS[7]), hashes)


@given(st.integers(0, 300), st.integers(0, 300))
def test_frontier_is_the_tree(size: int, stored: int) -> None:
    # Appending to a stored frontier gives the root that the definition gives.
    stored = min(size, stored)
    hashes = leaves(size)
    frontier = merkle.Frontier()
    for each in hashes[:stored]:
        frontier.append(each)
    frontier = merkle.Frontier.decode(stored, frontier.encode())
    for each in hashes[stored:]:
        frontier.append(each)
    assert frontier.root() == naive_root(hashes)


@pytest.mark.parametrize(("size", "count"), [(3, 1), (4, 2), (0, 1), (-1, 0)])
def test_frontier_of_another_size_is_refused(size: int, count: int) -> None:
    # A frontier that can't be of its size isn't built on.
    with pytest.raises(ValueError, match="frontier"):
        merkle.Frontier.decode(size, bytes(32 * count))


@given(sizes, st.data())
def test_inclusion_follows_the_definition(size: int, data: st.DataObject) -> None:
    # The proof is the RFC's, and it verifies.
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    proof = roots(hashes, merkle.inclusion_path(index, size))
    assert proof == naive_path(index, hashes)
    merkle.verify_inclusion(hashes[index], index, size, proof, naive_root(hashes))


@given(sizes, st.data())
def test_consistency_follows_the_definition(second: int, data: st.DataObject) -> None:
    # The proof is the RFC's, and it verifies.
    first = data.draw(st.integers(1, second))
    hashes = leaves(second)
    proof = roots(hashes, merkle.consistency_path(first, second))
    assert proof == naive_subproof(first, hashes, whole=True)
    merkle.verify_consistency(first, second, naive_root(hashes[:first]), naive_root(hashes), proof)


@given(sizes, st.data())
def test_inclusion_proves_nothing_else(size: int, data: st.DataObject) -> None:
    # Any change of leaf, index, proof or root is refused.
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    root = naive_root(hashes)
    proof = naive_path(index, hashes)
    other = merkle.leaf_hash(b"other")
    with pytest.raises(merkle.ProofError):
        merkle.verify_inclusion(other, index, size, proof, root)
    with pytest.raises(merkle.ProofError):
        merkle.verify_inclusion(hashes[index], index, size, proof, other)
    with pytest.raises(merkle.ProofError):
        merkle.verify_inclusion(hashes[index], index, size, [*proof, other], root)
    elsewhere = data.draw(st.integers(-1, size + 1).filter(lambda at: at != index))
    with pytest.raises(merkle.ProofError):
        merkle.verify_inclusion(hashes[index], elsewhere, size, proof, root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        for forged in ([*proof[:at], other, *proof[at + 1 :]], proof[:at] + proof[at + 1 :]):
            with pytest.raises(merkle.ProofError):
                merkle.verify_inclusion(hashes[index], index, size, forged, root)


@given(sizes, st.data())
def test_consistency_proves_nothing_else(second: int, data: st.DataObject) -> None:
    # A first tree with another leaf, or a forged proof, is refused.
    first = data.draw(st.integers(1, second))
    hashes = leaves(second)
    proof = naive_subproof(first, hashes, whole=True)
    root1, root2 = naive_root(hashes[:first]), naive_root(hashes)
    changed = data.draw(st.integers(0, first - 1))
    forged1 = naive_root([*hashes[:changed], merkle.leaf_hash(b"other"), *hashes[changed + 1 : first]])
    with pytest.raises(merkle.ProofError):
        merkle.verify_consistency(first, second, forged1, root2, proof)
    with pytest.raises(merkle.ProofError):
        merkle.verify_consistency(first, second, root1, merkle.leaf_hash(b"other"), proof)
    with pytest.raises(merkle.ProofError):
        merkle.verify_consistency(first, second, root1, root2, [*proof, root1])
    for at in range(len(proof)):
        for forged in ([*proof[:at], merkle.leaf_hash(b"other"), *proof[at + 1 :]], proof[:at] + proof[at + 1 :]):
            with pytest.raises(merkle.ProofError):
                merkle.verify_consistency(first, second, root1, root2, forged)


def test_a_tree_does_not_shrink() -> None:
    # A smaller tree after a larger one is a rollback, whatever the proof.
    with pytest.raises(merkle.ProofError, match="expected at least 8, got 6"):
        merkle.verify_consistency(8, 6, bytes.fromhex(ROOTS[7]), bytes.fromhex(ROOTS[5]), [])


def test_two_trees_of_one_size_are_a_fork() -> None:
    # Two roots of one size never pass as consistent.
    with pytest.raises(merkle.ProofError, match="differ"):
        merkle.verify_consistency(8, 8, bytes.fromhex(ROOTS[7]), bytes.fromhex(ROOTS[6]), [])


def test_an_empty_tree_proves_nothing_about_its_root() -> None:
    # Size 0 has one root; another one next to it is refused.
    with pytest.raises(merkle.ProofError, match="empty"):
        merkle.verify_consistency(0, 8, bytes.fromhex(ROOTS[0]), bytes.fromhex(ROOTS[7]), [])
