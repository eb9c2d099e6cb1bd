"""Partitions of the ledger's tables: made ahead, so that an append never waits for one.

The server's role owns no table; the database's function `ledger_extend` makes them with the owner's rights.
"""

from typing import Final

import psycopg
from psycopg.rows import TupleRow

WIDTH: Final = 1 << 22
"""Entries of a partition. The function in the database knows the same number."""

Connection = psycopg.Connection[TupleRow]


def extend(conn: Connection, size: int) -> int:
    """See that there are partitions for the entries from ``size`` on, up to the end of the partition after theirs.

    It may run beside appends and reads, and makes nothing that is there. The caller commits.

    Args:
        conn: any role that may append.
        size: entries so far.

    Returns:
        The size at which to extend again: the middle of the last partition.
    """
    conn.execute("SELECT ledger_extend(%s)", (size,))
    return (size // WIDTH + 1) * WIDTH + WIDTH // 2
