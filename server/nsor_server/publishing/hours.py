"""Has an entry written of the fetches of each hour that is over, one for each certificate.

From then on none can be hidden. Until then whoever owns the database could: the process that counts has no way to sign.

A count says by the database's clock in which hour it is made, and may be committed much later, where the commit waits
for a standby. So no hour is entered before every transaction has ended that was counting when it was over: each has a
lock on the table from before it reads the clock until others see what it has committed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Outcome, Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.ledger.watching import Watching, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/log-fetched"
HOUR: Final = dt.timedelta(hours=1)
LATE_SECONDS: Final = 300
"""So long after its end an hour is entered: the database's clock may be set back a little."""
MOST_UNKNOWN: Final = 20
"""Certificates that the register doesn't know whose fetches of an hour are entered. The process that counts names none:
who has its role could have an entry written for each that he makes up, without end."""
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
_HOUR: Final = f"SELECT date_trunc('hour', clock_timestamp() - interval '{LATE_SECONDS} seconds', 'UTC')"
"""Every hour before this one is over."""
_COUNTING: Final = """
SELECT l.virtualtransaction
FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_database AS d ON d.oid = l.database
WHERE d.datname = current_database() AND l.relation = 'public.tile_fetch'::pg_catalog.regclass
    AND l.mode = 'RowExclusiveLock'
"""
"""Transactions that add counts, or wait until they may: each name comes once."""
_IS_KNOWN: Final = """
CASE {of}.serial WHEN '' THEN {of}.agency_id = '' OR {of}.agency_id IN (SELECT agency_id FROM agency)
    ELSE ({of}.agency_id, {of}.serial) IN (SELECT agency_id, serial FROM certificate) END"""
"""Whether it is of a certificate that the register knows, of an agency without one, or of nobody."""
_OVER: Final = f"""
WITH newest AS (
    SELECT max(hour) AS hour, count(*) FILTER (WHERE NOT {_IS_KNOWN.format(of="h")}) AS unknown
    FROM tile_fetch_hour AS h WHERE hour = (SELECT max(hour) FROM tile_fetch_hour)
)
SELECT *
FROM (
    SELECT f.agency_id, f.serial, f.hour, sum(f.checkpoints)::bigint, sum(f.tiles)::bigint, sum(f.bundles)::bigint,
        sum(f.refused)::bigint, {_IS_KNOWN.format(of="f")} AS is_known,
        CASE f.hour WHEN (SELECT hour FROM newest) THEN (SELECT unknown FROM newest) ELSE 0 END AS unknown
    FROM tile_fetch AS f
    WHERE f.hour >= coalesce((SELECT hour FROM newest), '-infinity')
        AND f.hour < %(hour)s
        AND NOT EXISTS (
            SELECT FROM tile_fetch_hour AS h WHERE h.hour = f.hour AND h.agency_id = f.agency_id AND h.serial = f.serial
        )
    GROUP BY f.hour, f.agency_id, f.serial
) AS over
WHERE is_known OR unknown < %(most)s
ORDER BY hour, NOT is_known, agency_id, serial
LIMIT 1
"""  # noqa: S608 - constants

_LEFT: Final = f"""
SELECT FROM tile_fetch AS f
WHERE f.hour >= %(hour)s - interval '1 day' AND f.hour < %(hour)s - interval '1 hour'
    AND NOT EXISTS (
        SELECT FROM tile_fetch_hour AS h WHERE h.hour = f.hour AND h.agency_id = f.agency_id AND h.serial = f.serial
    )
    AND {_IS_KNOWN.format(of="f")}
LIMIT 1
"""  # noqa: S608 - constants
"""Whether something of the last day was left out when the next hour was over, too; of unknown certificates some are
left out on purpose, with an alert of their own."""


class FetchHours(Watching):
    """A thread that looks for hours that are over."""

    def __init__(self, database: Database, writer: Writer[Call], tracing: Tracing) -> None:
        super().__init__("fetch-hours", "fetches of the log", writer, tracing)
        self._database = database
        self._hour: dt.datetime | None = None
        self._counting = set[str]()

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
            hour = self._counted_until(conn)
            found = hour and conn.execute(_OVER.encode(), {"hour": hour, "most": MOST_UNKNOWN}).fetchone()
            if not found:
                return False
            agency_id, serial, hour, *counts, is_known, unknown = found
            if not is_known and unknown == MOST_UNKNOWN - 1:
                alert(
                    Alert.DATABASE_UNSOUND,
                    "fetches of the log are counted for certificates that the register doesn't know: after %d of an "
                    "hour no more are entered, and `ledger verify` says so",
                    MOST_UNKNOWN,
                )
            own = count_id(agency_id, serial, hour)
            detail = record_pb2.AccessDetail(outcome="FETCHES_COUNTED")
            rows, seen = (Row(TABLE, (own, agency_id, serial, hour, *counts)),), (Seen(_COUNTED, (own,), 0),)
            return self._begin(METHOD, Outcome(empty_pb2.Empty(), detail, rows, (), seen))()

    def _counted_until(self, conn: Connection) -> dt.datetime | None:
        """Before which hour no count comes any more; None: the last one that is over may still get some."""
        ((hour,),) = conn.execute(_HOUR.encode()).fetchall()
        counting = {name for (name,) in conn.execute(_COUNTING.encode())}  # behind the clock: see above
        if hour == self._hour:
            counting &= self._counting
        elif self._hour is not None and conn.execute(_LEFT.encode(), {"hour": hour}).rowcount:
            # Until they are, nothing signs them, and nobody would hear of it before a verification a day later.
            alert(
                Alert.DATABASE_UNSOUND,
                "the log's fetches aren't entered an hour after theirs: %d transactions hold a lock on tile_fetch "
                "since then, or somebody wrote to tile_fetch_hour",
                len(counting & self._counting),
            )
        self._counting = counting
        self._hour = hour
        return None if self._counting else hour


def count_id(agency_id: str, serial: str, hour: dt.datetime) -> bytes:
    """The id of the row of one certificate and hour, 16 bytes: each has one row.

    No text of PostgreSQL has a NUL, so that the parts can't run into each other, whatever whoever counts has written.
    """
    return hashlib.sha256(f"{agency_id}\0{serial}\0{to_us(hour)}".encode()).digest()[:16]
