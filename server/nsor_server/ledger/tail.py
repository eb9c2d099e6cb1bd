"""The end of the ledger, looked at again before the register goes on after a stop of the database.

A disk that fails, or a restore, may have taken away what was acknowledged. All of it is `ledger verify`'s business, and
takes minutes; here it is the newest checkpoint, the head, the last leaves with their details, and the outside copy.
"""

from pathlib import Path
from typing import Any

import psycopg

from nsor.ledger import note
from nsor.ledger.merkle import Frontier
from nsor.ledger.note import Checkpoint, NoteError, Verifier
from nsor_server.config import OperatorError
from nsor_server.ledger import outside, proofs
from nsor_server.storage.keyring import Keyring

Connection = psycopg.Connection[Any]

LAST = 512
"""Entries whose rows are looked at."""


class TornEnd(OperatorError):
    """The end of the ledger isn't what was signed."""


def check(conn: Connection, keyring: Keyring, copy: Path) -> int:
    """See that the ledger ends as it was signed, and that nothing of it was lost.

    Args:
        conn: of any role that may read; what it reads are several statements, so nothing may be appended meanwhile.
        keyring: its ledger's signer.
        copy: the outside copy.

    Returns:
        Entries of the tree.

    Raises:
        TornEnd: it doesn't, or the rows of the last entries aren't whole.
        CopyAhead: the outside copy knows more.
    """
    outside.compare(conn, copy)
    row = conn.execute("SELECT origin, size, root, frontier FROM ledger_head").fetchone()
    if row is None:
        raise TornEnd("the ledger has no head")
    origin, size, root, frontier = str(row[0]), int(row[1]), bytes(row[2]), bytes(row[3])
    if Frontier.decode(size, frontier).root() != root:
        raise TornEnd("the head's root isn't that of its frontier")
    if not size:
        return 0
    try:
        newest = note.verify(proofs.checkpoint(conn), Verifier.of(keyring.ledger_signer, origin))
    except (NoteError, proofs.NoSuchTree):
        raise TornEnd("the newest checkpoint isn't signed with this keyring, for the head's origin") from None
    if newest != Checkpoint(origin, size, root):
        raise TornEnd(f"the newest checkpoint is of {newest.size} entries, the head of {size}, or of another tree")
    if proofs.root(conn, size) != root:
        raise TornEnd("the leaves and tiles don't give the root that was signed")
    first = max(0, size - LAST)
    counted = conn.execute(
        "SELECT (SELECT count(*) FROM ledger_entry WHERE index >= %(first)s),"
        " (SELECT count(*) FROM ledger_detail WHERE index >= %(first)s)",
        {"first": first},
    ).fetchone()
    if counted != (size - first, size - first):
        raise TornEnd(f"of the last {size - first} entries, or of their details, some are missing or too many")
    return size
