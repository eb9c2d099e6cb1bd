"""Where in the ledger an instant lies: time never decreases along it, so that it is bisected by its leaves."""

import psycopg
from psycopg.rows import TupleRow

from nsor_server.ledger import leaf
from nsor_server.ledger.tiles import TornTree

Connection = psycopg.Connection[TupleRow]


def first_from(conn: Connection, time_us: int) -> int:
    """The first index whose entry isn't before an instant; the number of entries when there is none.

    Raises:
        TornTree: an entry that must be there is missing.
        LeafError: an entry is no leaf.
    """
    newest = conn.execute("SELECT max(index) FROM ledger_entry").fetchone()
    low, high = 0, 0 if newest is None or newest[0] is None else newest[0] + 1
    while low < high:
        middle = (low + high) // 2
        row = conn.execute("SELECT leaf FROM ledger_entry WHERE index = %s", (middle,), binary=True).fetchone()
        if row is None:
            raise TornTree(f"entry {middle} is missing")
        if leaf.decode(row[0]).time_us < time_us:
            low = middle + 1
        else:
            high = middle
    return low
