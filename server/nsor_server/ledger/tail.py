"""The end of the ledger, looked at again before the register goes on after a stop of the database.

A disk that fails, or a restore, may have taken away what was acknowledged. All of it is `ledger verify`'s business, and
takes minutes; here it is the newest checkpoint, the head, the newest leaf, whether the last entries and their details
are there, and the outside copy.
"""

from pathlib import Path
from typing import Any

import psycopg

from nsor.counting import counted as in_words
from nsor_server.config import OperatorError
from nsor_server.ledger import directory_proof, outside
from nsor_server.ledger.log_keys import LogKeys
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
    try:
        size = directory_proof.prove_head(conn, LogKeys.of(keyring)).size
    except directory_proof.Unproved as error:
        raise TornEnd(str(error)) from None
    first = max(0, size - LAST)
    counted = conn.execute(
        "SELECT (SELECT count(*) FROM ledger_entry WHERE index >= %(first)s),"
        " (SELECT count(*) FROM ledger_detail WHERE index >= %(first)s)",
        {"first": first},
    ).fetchone()
    if counted != (size - first, size - first):
        raise TornEnd(
            f"of the last {in_words(size - first, 'entries')}, or of their details, some are missing or too many"
        )
    return size
