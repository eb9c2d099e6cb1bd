"""Where in the ledger an instant lies: time never decreases along it, so that it is bisected by its leaves."""

from typing import Final

import psycopg
from psycopg.rows import TupleRow

from nsor_server.alerts import Alert, alert
from nsor_server.ledger import leaf
from nsor_server.ledger.tiles import TornTree

Connection = psycopg.Connection[TupleRow]
_BESIDE: Final = 32
"""Entries that are read for one that says no instant."""


def first_from(conn: Connection, time_us: int) -> int:
    """The first index whose entry isn't before an instant; the number of entries when there is none.

    An entry that is no leaf any more is taken to be of the instant of the next one that is, with an alert: it stops no
    fixed time, and ``ledger verify`` names it.

    Raises:
        TornTree: an entry that must be there is missing.
    """
    newest = conn.execute("SELECT max(index) FROM ledger_entry").fetchone()
    low, high = 0, 0 if newest is None or newest[0] is None else newest[0] + 1
    while low < high:
        middle = (low + high) // 2
        at, of_us = _time(conn, middle, high)
        if of_us is not None and of_us < time_us:
            low = at + 1
        else:
            high = middle
    return low


def _time(conn: Connection, index: int, before: int) -> tuple[int, int | None]:
    """An index from one on and before another, and when its entry was written; None: no leaf is left there."""
    for at in range(index, min(before, index + _BESIDE)):
        row = conn.execute("SELECT leaf FROM ledger_entry WHERE index = %s", (at,), binary=True).fetchone()
        if row is None:
            raise TornTree(f"entry {at} is missing")
        try:
            return at, leaf.decode(row[0]).time_us
        except leaf.LeafError:
            alert(Alert.ROW_CONTRADICTED, "an entry is no leaf; run `nsor-server ledger verify`")
    return index, None
