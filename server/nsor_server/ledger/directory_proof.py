"""What decides, proved from the signed root down: its version, and the running hash that its rows must give.

The head's own columns say the same, and whoever owns the database can change them. The leaves can't be changed: the
newest one says by which version it was written, and the newest that changed something says version and hash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from nsor.counting import counted
from nsor.ledger import merkle, note
from nsor.ledger.v1 import leaf_pb2
from nsor_server.config import OperatorError
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger import proofs
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage import deciding
from nsor_server.storage.decided_rows import Contradicted

Connection = psycopg.Connection[TupleRow]

_HEAD: Final = "SELECT origin, size, root, frontier FROM ledger_head"
_NEWEST: Final = "SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
_LEAF: Final = "SELECT leaf FROM ledger_entry WHERE index = %s"
_NEWEST_CHANGE: Final = "SELECT max(index) FROM ledger_record_deciding"


class LedgerContradicted(OperatorError):
    """The head isn't what was signed: the server doesn't start on it."""


class Unproved(Contradicted):
    """Head, checkpoint and leaves don't fit together. Says where; names no person."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A head whose root is signed, and what its leaves say.

    Attributes:
        origin: of its checkpoints; empty before the first entry.
        size: entries.
        root: of the tree.
        frontier: of the tree, encoded.
        time_us: of the newest leaf.
        directory_version: how many entries have changed what decides.
        directory_hash: the running hash over the rows that decide.
    """

    origin: str
    size: int
    root: bytes
    frontier: bytes
    time_us: int
    directory_version: int
    directory_hash: bytes


NOTHING: Final = Proved("", 0, merkle.EMPTY_ROOT, b"", 0, 0, deciding.NO_HASH)
"""Before the first entry."""


def prove_head(conn: Connection, keys: LogKeys) -> Proved:
    """Prove the head alone: that it is signed, and that its leaves and tiles give its root.

    Args and errors: as of ``prove``.

    Returns:
        What the head is; the version is that of the newest leaf, and the running hash isn't looked for.
    """
    row = conn.execute(_HEAD).fetchone()
    if row is None:
        raise Unproved("the ledger has no head")
    origin, size, root, frontier = row[0], row[1], bytes(row[2]), bytes(row[3])
    newest_note = conn.execute(_NEWEST).fetchone()
    signed_size = 0 if newest_note is None else newest_note[0]
    if signed_size != size:
        raise Unproved(f"the head has {counted(size, 'entries')}, and the newest checkpoint is of {signed_size}")
    if newest_note is None:
        if (root, frontier) != (merkle.EMPTY_ROOT, b""):
            raise Unproved("the head of an empty ledger has a root")
        return NOTHING
    check_signed(bytes(newest_note[1]), keys, note.Checkpoint(origin, size, root))
    check_frontier(frontier, size, root)
    newest = _leaf(conn, size - 1, size, root)
    return Proved(origin, size, root, frontier, newest.time_us, newest.directory_version, deciding.NO_HASH)


def prove(conn: Connection, keys: LogKeys) -> Proved:
    """Prove the head and what its leaves say of the directory.

    Args:
        conn: in a transaction that sees one state: REPEATABLE READ, or one that holds the head's lock.
        keys: the ledger's.

    Raises:
        Unproved: something doesn't hold.
    """
    head = prove_head(conn, keys)
    if not head.directory_version:
        return head
    change = conn.execute(_NEWEST_CHANGE).fetchone()
    if change is None or change[0] is None:
        raise Unproved("the records of what decides are gone")
    changed = _leaf(conn, change[0], head.size, head.root)
    if changed.directory_version != head.directory_version or not changed.directory_hash:
        raise Unproved("the newest record of what decides isn't that of the newest change")
    return replace(head, directory_hash=changed.directory_hash)


def at_start(conn: Connection, keys: LogKeys) -> Proved:
    """As ``prove``, for whoever begins; ``conn`` is at the beginning of a transaction.

    Raises:
        LedgerContradicted: says what to do.
    """
    conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    try:
        return prove(conn, keys)
    except Unproved as error:
        raise LedgerContradicted(
            f"the ledger's head isn't what was signed: {error}. Somebody wrote to the database past the register, or a"
            " restore was cut short; `nsor-server ledger verify` says where. Nothing is served before it is put right"
        ) from None


def check_signed(signed: bytes, keys: LogKeys, checkpoint: note.Checkpoint) -> None:
    """See that a signed note is this checkpoint's.

    Raises:
        Unproved: it is of another one, or isn't signed with our key.
    """
    try:
        found = keys.verify(signed)
    except note.NoteError:
        raise Unproved(
            f"the checkpoint of {counted(checkpoint.size, 'entries')} isn't signed with a key of the ledger"
        ) from None
    if found != checkpoint:
        raise Unproved(f"the head isn't what the checkpoint of {counted(checkpoint.size, 'entries')} says")


def check_frontier(frontier: bytes, size: int, root: bytes) -> None:
    """See that a frontier is that of a tree.

    Raises:
        Unproved: it isn't.
    """
    try:
        fits = merkle.Frontier.decode(size, frontier).root() == root
    except ValueError:
        fits = False
    if not fits:
        raise Unproved("the head's frontier isn't that of its root")


def _leaf(conn: Connection, index: int, size: int, root: bytes) -> leaf_pb2.Leaf:
    """A leaf that is proved to be in the tree."""
    row = conn.execute(_LEAF, (index,)).fetchone()
    try:
        if row is None:
            raise Unproved(f"entry {index} is missing")
        encoded = bytes(row[0])
        path = proofs.Proofs().inclusion(conn, index, size).hashes
        merkle.verify_inclusion(merkle.leaf_hash(encoded), index, size, path, root)
        return leaves.decode(encoded)
    except (merkle.ProofError, TornTree, proofs.NoSuchTree, leaves.LeafError):
        raise Unproved(f"entry {index} isn't in the tree that was signed") from None
