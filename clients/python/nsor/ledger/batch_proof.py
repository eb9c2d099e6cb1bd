"""One proof for many leaves and many earlier sizes in the tree of one size (over RFC 6962, 2.1).

An inclusion proof repeats what lies beside the ways of all leaves above it; here each hash comes once. The proof holds
the roots of those subtrees, from the left to the right, that hold none of what is proved, or that are a part of an
earlier tree and needn't be divided. What they are follows from the numbers alone, so a proof is nothing but hashes, and
whoever computes the signed root from them has proved all of it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from nsor.ledger.merkle import Frontier, ProofError, node_hash

_Subtree = tuple[int, int]
"""First leaf, and the one behind the last."""


def path(indexes: Collection[int], sizes: Collection[int], size: int) -> list[range]:
    """The ranges of leaves whose roots, in this order, are the proof; each is a subtree of the tree.

    Args:
        indexes: of the leaves that are proved; each is below ``size``.
        sizes: of the earlier trees that are proved to be its prefixes, 1 to ``size``.
        size: of the tree.

    Raises:
        ValueError: there is no such leaf or tree.
    """
    known = frozenset(indexes)
    return [range(*each) for each in _given((0, size), _divided(known, sizes, size), known)]


def verify(
    leaves: Mapping[int, bytes], roots: Mapping[int, bytes], size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check leaves and earlier roots against the root of a tree.

    Args:
        leaves: hashes by index.
        roots: of earlier trees, by size.
        size: of the tree.
        proof: as the register gave it.
        root: of the tree, from a signed checkpoint.

    Raises:
        ProofError: a leaf isn't in the tree, an earlier tree is no prefix of it, or the proof is malformed.
        ValueError: as ``path``.
    """
    divided = _divided(leaves, roots, size)
    hashes = dict(zip(_given((0, size), divided, leaves), proof, strict=False))
    expected = sum(1 for _ in _given((0, size), divided, leaves))
    if len(proof) != expected or any(len(each) != len(root) for each in proof):
        raise ProofError("the proof has a wrong number of hashes", expected=expected, actual=len(proof))
    hashes.update(((index, index + 1), leaf) for index, leaf in leaves.items())
    computed = _computed((0, size), divided, hashes)
    if computed != root:
        raise ProofError("what is proved isn't in the tree", expected=root, actual=computed)
    for earlier, expected_root in roots.items():
        parts = [hashes[each] for each in _prefix(earlier, size)]
        computed = parts[0] if earlier == size else Frontier(earlier, parts).root()
        if computed != expected_root:
            raise ProofError("the proof doesn't lead to an earlier root", expected=expected_root, actual=computed)


def _divided(indexes: Collection[int], sizes: Collection[int], size: int) -> set[_Subtree]:
    """The subtrees that are computed from their halves."""
    if not all(0 <= index < size for index in indexes) or not all(0 < earlier <= size for earlier in sizes):
        raise ValueError(f"not in a tree of size {size}")
    divided: set[_Subtree] = set()
    for index in indexes:
        start, stop = 0, size
        while stop - start > 1:
            divided.add((start, stop))
            middle = start + _split(stop - start)
            start, stop = (start, middle) if index < middle else (middle, stop)
    for earlier in sizes:
        start, stop = 0, size
        while earlier != stop:
            divided.add((start, stop))
            middle = start + _split(stop - start)
            start, stop = (start, middle) if earlier <= middle else (middle, stop)
    return divided


def _prefix(earlier: int, size: int) -> Iterator[_Subtree]:
    """The subtrees that an earlier tree consists of, the largest first."""
    start, stop = 0, size
    while earlier != stop:
        middle = start + _split(stop - start)
        if earlier <= middle:
            stop = middle
        else:
            yield start, middle
            start = middle
    yield start, stop


def _given(subtree: _Subtree, divided: Collection[_Subtree], known: Collection[int]) -> Iterator[_Subtree]:
    """The subtrees whose roots are the proof, from the left to the right."""
    start, stop = subtree
    if subtree in divided:
        middle = start + _split(stop - start)
        yield from _given((start, middle), divided, known)
        yield from _given((middle, stop), divided, known)
    elif stop - start > 1 or start not in known:
        yield subtree


def _computed(subtree: _Subtree, divided: Collection[_Subtree], hashes: dict[_Subtree, bytes]) -> bytes:
    """The root of a subtree; those of all below it are put beside it."""
    if subtree in divided:
        start, stop = subtree
        middle = start + _split(stop - start)
        left = _computed((start, middle), divided, hashes)
        hashes[subtree] = node_hash(left, _computed((middle, stop), divided, hashes))
    return hashes[subtree]


def _split(size: int) -> int:
    """The largest power of two below ``size``: where RFC 6962 splits a tree."""
    return 1 << ((size - 1).bit_length() - 1)
