"""The Merkle tree of RFC 6962 over SHA-256: hashes, roots, and the two proofs.

Pure functions, named from RFC 6962, section 2.1, and its successor RFC 9162. Whoever checks a receipt needs nothing
but this module and the note that signs the root.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of a tree without leaves."""

_sha256 = hashlib.sha256


class ProofError(Exception):
    """A proof doesn't prove what it should.

    Attributes:
        expected: what should have come out.
        actual: what came out.
    """

    def __init__(self, problem: str, *, expected: object, actual: object) -> None:
        """``problem`` names the rule; hashes are shown in hexadecimal."""
        self.expected = expected
        self.actual = actual
        super().__init__(f"{problem}: expected {_shown(expected)}, got {_shown(actual)}")


def leaf_hash(leaf: bytes) -> bytes:
    """Hash the bytes of a leaf."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two hashes into their parent."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees that a tree of some size consists of, the largest first.

    It is all that appending needs: at most 64 hashes, however large the tree.
    """

    __slots__ = ("_roots", "size")

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        """``roots`` must be one hash per set bit of ``size``; ValueError otherwise."""
        self.size = size
        self._roots = list(roots)
        if size < 0 or len(self._roots) != size.bit_count() or any(len(root) != HASH_BYTES for root in self._roots):
            raise ValueError(f"a frontier of size {size} has {max(size, 0).bit_count()} hashes of {HASH_BYTES} bytes")

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        roots = self._roots
        size = self.size
        while size & 1:
            leaf = _sha256(b"\x01" + roots.pop() + leaf).digest()
            size >>= 1
        roots.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The tree's root (MTH)."""
        roots = iter(reversed(self._roots))
        root = next(roots, EMPTY_ROOT)
        for left in roots:
            root = node_hash(left, root)
        return root

    @property
    def roots(self) -> Sequence[bytes]:
        """The roots, the largest subtree's first."""
        return tuple(self._roots)

    def encode(self) -> bytes:
        """The roots, one after the other."""
        return b"".join(self._roots)

    @classmethod
    def decode(cls, size: int, encoded: bytes) -> Self:
        """Read what ``encode`` made of a tree of that size; ValueError when it can't be that."""
        return cls(size, (encoded[at : at + HASH_BYTES] for at in range(0, len(encoded), HASH_BYTES)))


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The root of a tree, from all its leaf hashes in order.

    Level by level: whoever is last of an odd number stays as he is, which gives the tree that is split at the largest
    power of two.
    """
    level = list(hashes) or [EMPTY_ROOT]
    while len(level) > 1:
        lefts, rights = level[::2], level[1::2]
        above = [_sha256(b"\x01" + left + right).digest() for left, right in zip(lefts, rights, strict=False)]
        level = above + lefts[len(rights) :]
    return level[0]


def inclusion_path(index: int, size: int) -> list[range]:
    """The ranges of leaves whose roots, in this order, are the inclusion proof (PATH)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of size {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range(middle, end))
            end = middle
        else:
            path.append(range(start, middle))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int) -> list[range]:
    """The ranges of leaves whose roots, in this order, are the consistency proof (PROOF)."""
    if not 0 <= first <= second:
        raise ValueError(f"no proof from size {first} to size {second}")
    if first in (0, second):
        return []
    path = []
    start, end = 0, second
    whole = True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(range(middle, end))
            end = middle
        else:
            path.append(range(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range(start, end))
    return path[::-1]


def subtrees(leaves: range) -> Iterator[tuple[int, int]]:
    """Split a range that is a subtree into complete subtrees: (level, index within the level), the largest first."""
    start = leaves.start
    while start < leaves.stop:
        level = (leaves.stop - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf of hash ``leaf`` is at ``index`` in the tree of ``size`` and ``root`` (RFC 9162, 2.1.3).

    Raises:
        ProofError: it isn't, or the proof is malformed.
    """
    if not 0 <= index < size:
        raise ProofError("the index lies outside the tree", expected=f"0 to {size - 1}", actual=index)
    _check_hashes(leaf, root, *proof)
    inner, border = _decompose(index, size)
    _check_length(proof, inner + border)
    computed = _chain_border(_chain_inner(leaf, proof[:inner], index), proof[inner:])
    if computed != root:
        raise ProofError("the leaf isn't in the tree", expected=root, actual=computed)


def verify_consistency(first: int, second: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of size ``first`` is a prefix of the tree of size ``second`` (RFC 9162, 2.1.4).

    Raises:
        ProofError: it isn't, or the proof is malformed.
    """
    _check_hashes(root1, root2, *proof)
    if not 0 <= first <= second:
        raise ProofError("the tree has shrunk", expected=f"at least {first}", actual=second)
    if first in (0, second):
        _check_trivial(first, second, root1, root2, proof)
        return
    shift = (first & -first).bit_length() - 1
    inner, border = _decompose(first - 1, second)
    inner -= shift
    # When `first` is a power of two its root is a node of the second tree, and isn't repeated in the proof.
    repeated = 0 if first == 1 << shift else 1
    _check_length(proof, repeated + inner + border)
    seed = proof[0] if repeated else root1
    inner_hashes, border_hashes = proof[repeated : repeated + inner], proof[repeated + inner :]
    mask = (first - 1) >> shift
    computed = _chain_border(_chain_inner_right(seed, inner_hashes, mask), border_hashes)
    if computed != root1:
        raise ProofError("the proof doesn't lead to the first root", expected=root1, actual=computed)
    computed = _chain_border(_chain_inner(seed, inner_hashes, mask), border_hashes)
    if computed != root2:
        raise ProofError("the proof doesn't lead to the second root", expected=root2, actual=computed)


def _decompose(index: int, size: int) -> tuple[int, int]:
    """How many hashes of a path lie below, and how many above, where it meets the tree's right border."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _chain_inner(seed: bytes, proof: Sequence[bytes], index: int) -> bytes:
    """Hash upwards inside the tree: the bits of ``index`` say on which side each sibling is."""
    for level, sibling in enumerate(proof):
        seed = node_hash(sibling, seed) if index >> level & 1 else node_hash(seed, sibling)
    return seed


def _chain_inner_right(seed: bytes, proof: Sequence[bytes], index: int) -> bytes:
    """As ``_chain_inner``, but only over siblings on the left: the others aren't in the older tree."""
    for level, sibling in enumerate(proof):
        if index >> level & 1:
            seed = node_hash(sibling, seed)
    return seed


def _chain_border(seed: bytes, proof: Sequence[bytes]) -> bytes:
    """Hash upwards along the right border, where every sibling is on the left."""
    for sibling in proof:
        seed = node_hash(sibling, seed)
    return seed


def _check_length(proof: Sequence[bytes], expected: int) -> None:
    if len(proof) != expected:
        raise ProofError("the proof has a wrong number of hashes", expected=expected, actual=len(proof))


def _check_trivial(first: int, second: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """An empty tree is a prefix of every tree, and each tree of itself: without any hash."""
    if proof:
        raise ProofError("the consistency proof is too long", expected=0, actual=len(proof))
    if first == 0 and root1 != EMPTY_ROOT:
        raise ProofError("the first tree is empty and its root isn't", expected=EMPTY_ROOT, actual=root1)
    if first == second and root1 != root2:
        raise ProofError("two trees of one size differ", expected=root1, actual=root2)


def _check_hashes(*hashes: bytes) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise ProofError("a hash has a wrong length", expected=HASH_BYTES, actual=len(value))


def _split(size: int) -> int:
    """The largest power of two below ``size``: where RFC 6962 splits a tree."""
    return 1 << ((size - 1).bit_length() - 1)


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
