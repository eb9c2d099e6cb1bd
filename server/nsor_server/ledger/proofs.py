"""Checkpoints and proofs, from what is stored: for any size that the ledger has had.

Reads committed rows only, so a proof is never of a tree that a rollback could take back. No policy: who may ask is
decided before.
"""

from collections.abc import Collection
from typing import NamedTuple

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger import batch_proof
from nsor.ledger.merkle import consistency_path, inclusion_path
from nsor_server.ledger import subtrees
from nsor_server.storage import arrays
from nsor_server.storage.session import Statement, ask

Connection = psycopg.Connection[TupleRow]

_NEWEST = Statement(b"checkpoint newest", b"SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1")
_FIRST_OF_AT_LEAST = Statement(
    b"checkpoint of size", b"SELECT note FROM ledger_checkpoint WHERE size >= $1 ORDER BY size LIMIT 1"
)
_LARGEST = 2**63 - 1
"""No ledger has more entries: PostgreSQL couldn't count them."""
_AFTER = "SELECT size, note FROM ledger_checkpoint WHERE size > %s ORDER BY size LIMIT %s"


class Inclusion(NamedTuple):
    """The proof of a leaf.

    Attributes:
        leaf_hash: of the leaf as it is stored.
        hashes: of the subtrees beside its way to the root.
    """

    leaf_hash: bytes
    hashes: list[bytes]


class NoSuchTree(ValueError):
    """The ledger hasn't had this size yet, or has no such leaf or checkpoint: an answer for the caller."""


def checkpoint(conn: Connection, min_size: int = 0) -> bytes:
    """The newest checkpoint, or, with ``min_size``, the first one of at least that many entries: a signed note.

    Raises:
        NoSuchTree: there is none yet.
    """
    if min_size > 0:
        found = ask(conn, _FIRST_OF_AT_LEAST, arrays.integer(min(min_size, _LARGEST)))
    else:
        found = ask(conn, _NEWEST)
    if not found:
        raise NoSuchTree("no checkpoint of that size yet")
    note: bytes = found[0][0]
    return note


def checkpoints_after(conn: Connection, size: int, most: int) -> list[tuple[int, bytes]]:
    """The checkpoints of more than ``size`` entries, the smallest first."""
    return [(row[0], row[1]) for row in conn.execute(_AFTER, (size, most), binary=True)]


class Proofs:
    """Makes proofs by the newest head that it has read: one of a tree that isn't larger needs no newer head.

    Threads may share it.
    """

    def __init__(self) -> None:
        """Reads a head when the first proof is asked for."""
        self._newest = subtrees.EMPTY
        self._kept: subtrees.Kept = {}

    def inclusion(self, conn: Connection, index: int, size: int) -> Inclusion:
        """What proves leaf ``index`` in the tree of ``size`` (RFC 6962, 2.1.1).

        Raises:
            NoSuchTree: there is no such leaf, or the ledger is smaller.
        """
        head = self._head_of(conn, size)
        if not 0 <= index < size:
            raise NoSuchTree("the index lies outside the tree")
        hashes, leaf_hash = subtrees.read(conn, head, inclusion_path(index, size), index, kept=self._kept)
        return Inclusion(leaf_hash, hashes)

    def consistency(self, conn: Connection, first: int, second: int) -> list[bytes]:
        """The hashes that prove the tree of size ``first`` a prefix of that of size ``second`` (RFC 6962, 2.1.2).

        Raises:
            NoSuchTree: the sizes are in the wrong order, or the ledger is smaller.
        """
        head = self._head_of(conn, second)
        if not 0 <= first <= second:
            raise NoSuchTree("the first tree is larger than the second")
        path = consistency_path(first, second)
        return subtrees.read(conn, head, path, kept=self._kept)[0] if path else []

    def batch(self, conn: Connection, indexes: Collection[int], earlier: Collection[int], size: int) -> list[bytes]:
        """The hashes that prove leaves, and that earlier trees are prefixes, in the tree of ``size``, each once.

        Raises:
            NoSuchTree: there is no such leaf or earlier tree, or the ledger is smaller.
        """
        head = self._head_of(conn, size)
        try:
            path = batch_proof.path(indexes, earlier, size)
        except ValueError:
            raise NoSuchTree("an index or a size lies outside the tree") from None
        return subtrees.read(conn, head, path, kept=self._kept)[0] if path else []

    def _head_of(self, conn: Connection, size: int) -> subtrees.Head:
        """A head that isn't smaller than a tree."""
        head = self._newest
        if size > head.size:
            head = self._newest = subtrees.head(conn)
        return _of_at_least(head, size)


def root(conn: Connection, size: int) -> bytes:
    """The root that the tree had at a size, by its tiles and leaves.

    Raises:
        NoSuchTree: the ledger is smaller.
    """
    return subtrees.read(conn, _of_at_least(subtrees.head(conn), size), [range(size)])[0][0]


def _of_at_least(head: subtrees.Head, size: int) -> subtrees.Head:
    if not 0 <= size <= head.size:
        raise NoSuchTree("the ledger is smaller")
    return head
