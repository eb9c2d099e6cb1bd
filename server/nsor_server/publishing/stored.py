"""What `ledger verify` compares of the published log: the fetches that were counted with those that entries hold.

A fetch that is taken away, added or moved after its hour was entered shows. Before that none of it can.
Only sums are entered: how the sum of a certificate and hour is split over rows of tile_fetch isn't compared.
"""

from __future__ import annotations

from typing import Final

from nsor.counting import counted as in_words
from nsor.ledger.v1 import leaf_pb2
from nsor_server.formats.instants import to_us
from nsor_server.ledger.stored import (
    UUID_OF_RECORD,
    Add,
    Concerns,
    Connection,
    RecordedTable,
    Rows,
    Stored,
    recorded_index,
)
from nsor_server.publishing.hours import HOUR, METHOD, TABLE, count_id
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

LONGEST_HOURS: Final = 25
"""Before so many hours since its beginning no hour is missed: the register may have been down."""
_WRITTEN: Final = f"""
SELECT r.index, uuid_send(h.count_id), h.agency_id, h.serial, h.hour
FROM ledger_record AS r JOIN tile_fetch_hour AS h ON h.count_id = {UUID_OF_RECORD}
WHERE r.table_name = '{TABLE.name}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_FETCHED: Final = """
SELECT hour, agency_id, serial, sum(checkpoints) AS checkpoints, sum(tiles) AS tiles, sum(bundles) AS bundles,
    sum(refused) AS refused
FROM tile_fetch GROUP BY hour, agency_id, serial
"""
_OTHERS: Final = f"""
SELECT {recorded_index(TABLE.name, "h.count_id", "1")}
FROM tile_fetch_hour AS h LEFT JOIN ({_FETCHED}) AS f USING (hour, agency_id, serial)
WHERE (h.checkpoints, h.tiles, h.bundles, h.refused) IS DISTINCT FROM (f.checkpoints, f.tiles, f.bundles, f.refused)
"""  # noqa: S608 - constants
_NOT_ENTERED: Final = f"""
SELECT count(*)
FROM tile_fetch AS f
WHERE NOT EXISTS (
    SELECT FROM tile_fetch_hour AS h WHERE (h.hour, h.agency_id, h.serial) = (f.hour, f.agency_id, f.serial)
) AND (
    f.hour <> date_trunc('hour', f.hour, 'UTC')
    OR f.hour < (SELECT max(hour) FROM tile_fetch_hour)
    OR extract(epoch FROM f.hour + interval '{LONGEST_HOURS} hours') * 1000000 < (SELECT time_us FROM ledger_head)
)
"""  # noqa: S608 - constants


class Entered:
    """The entries of fetches."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._add = add
        self._rows = Rows(conn, "fetches of hours", _WRITTEN, add)
        self.concerns = Concerns((self._rows,), frozenset({METHOD}))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry."""
        row = self._rows.one(index)
        if (row is None) != (leaf.method != METHOD):
            self._add(index, "an entry of fetches of the log holds none, or another one does")
        elif row is not None:
            own, agency_id, serial, hour = row
            if own != count_id(agency_id, serial, hour) or to_us(hour + HOUR) > leaf.time_us:
                self._add(
                    index, "fetches of the log were entered for another certificate, or before their hour was over"
                )

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()


def _compare(conn: Connection, _keyring: Keyring, add: Add) -> None:
    for (index,) in conn.execute(_OTHERS.encode()):
        add(index, "the fetches of the log that were counted aren't those that the entry of their hour holds")
    ((count,),) = conn.execute(_NOT_ENTERED.encode()).fetchall()
    if count:
        add(-1, f"the log's fetches have {in_words(count, 'counts')} of hours whose entries don't hold them")


STORED: Final = Stored((RecordedTable.unsealed(TABLE),), _compare, Entered)
"""For verification."""
