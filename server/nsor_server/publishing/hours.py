"""Has an entry written of the fetches of each hour that is over, one for each certificate.

From then on none can be hidden. Until then whoever owns the database could: the process that counts has no way to sign.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor_server.calls import Call, Outcome, Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.ledger.watching import Watching, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/log-fetched"
HOUR: Final = dt.timedelta(hours=1)
LATE_SECONDS: Final = 300
"""So long after its end an hour is entered: a count that was begun in it may be committed a little later."""
_TURN: Final = 0x4E534F520000003A
"""Of several processes one works at a time: an advisory lock ("NSOR", 0x3A)."""
TABLE: Final = Table(
    "tile_fetch_hour",
    (
        ("count_id", "uuid"),
        ("agency_id", "text"),
        ("serial", "text"),
        ("hour", "timestamptz"),
        ("checkpoints", "bigint"),
        ("tiles", "bigint"),
        ("bundles", "bigint"),
        ("refused", "bigint"),
    ),
    row_id="count_id",
)
_COUNTED: Final = Versions(
    "fetches of an hour", ("uuid",), "(SELECT count(*) FROM tile_fetch_hour WHERE count_id = q.k1)"
)
"""Whether they were entered: 0 or 1."""
_OVER: Final = f"""
SELECT f.agency_id, f.serial, f.hour, sum(f.checkpoints)::bigint, sum(f.tiles)::bigint, sum(f.bundles)::bigint,
    sum(f.refused)::bigint
FROM tile_fetch AS f
WHERE f.hour >= coalesce((SELECT max(hour) FROM tile_fetch_hour), '-infinity')
    AND f.hour < date_trunc('hour', clock_timestamp() - interval '{LATE_SECONDS} seconds', 'UTC')
    AND NOT EXISTS (
        SELECT FROM tile_fetch_hour AS h WHERE h.hour = f.hour AND h.agency_id = f.agency_id AND h.serial = f.serial
    )
GROUP BY f.hour, f.agency_id, f.serial
ORDER BY f.hour, f.agency_id, f.serial
LIMIT 1
"""  # noqa: S608 - constants


class FetchHours(Watching):
    """A thread that looks for hours that are over."""

    def __init__(self, database: Database, writer: Writer[Call], tracing: Tracing) -> None:
        super().__init__("fetch-hours", "fetches of the log", writer, tracing)
        self._database = database

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Enter what was fetched."""
        return (self.look,)

    def look(self) -> bool:
        """Enter the fetches of one certificate in the oldest hour that lacks them; tells whether there may be more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        with self._database.transaction() as conn:
            if not has_turn(conn, _TURN):
                return False
            found = conn.execute(_OVER.encode()).fetchone()
            if found is None:
                return False
            agency_id, serial, hour, *counts = found
            own = count_id(agency_id, serial, hour)
            detail = record_pb2.AccessDetail(outcome="FETCHES_COUNTED")
            rows, seen = (Row(TABLE, (own, agency_id, serial, hour, *counts)),), (Seen(_COUNTED, (own,), 0),)
            return self._begin(METHOD, Outcome(empty_pb2.Empty(), detail, rows, (), seen))()


def count_id(agency_id: str, serial: str, hour: dt.datetime) -> bytes:
    """The id of the row of one certificate and hour, 16 bytes: each has one row."""
    return hashlib.sha256(f"{agency_id}\n{serial}\n{to_us(hour)}".encode()).digest()[:16]
