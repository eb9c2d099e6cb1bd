"""The tables of months in PostgreSQL. Insert-only; they hold what is shown of them, and nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.ledger import rests_on
from nsor_server.oversight.statistics.rules import Month
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "statistics_month"
MONTHS: Final = Table(
    TABLE,
    (("statistics_id", "uuid"), ("first_index", "bigint"), ("stop_index", "bigint"), ("content", "bytea")),
    row_id="statistics_id",
    written_at="counted_at",
)
COUNTED: Final = Versions(
    "statistics of a month",
    ("uuid",),
    f"(SELECT count(*) FROM {TABLE} WHERE statistics_id = q.k1)",  # noqa: S608 - a constant
)
"""Whether a month was counted: 0 or 1."""
ONCE: Final = 1
_ONE: Final = f"""
SELECT first_index, stop_index, content, counted_at FROM {TABLE} WHERE statistics_id = %s
"""  # noqa: S608 - a constant
_NEWEST: Final = f"SELECT statistics_id FROM {TABLE} ORDER BY statistics_id DESC LIMIT 1"  # noqa: S608 - a constant


class Stored(NamedTuple):
    """The tables of a month.

    Attributes:
        first_index: of the month's first entry.
        stop_index: behind its last one.
        content: a StatisticsRecord, encoded.
        counted_at: when they were counted.
    """

    first_index: int
    stop_index: int
    content: bytes
    counted_at: dt.datetime

    @property
    def record(self) -> record_pb2.StatisticsRecord:
        """The tables.

        Raises:
            Internal: they aren't any.
        """
        try:
            return record_pb2.StatisticsRecord.FromString(self.content)
        except DecodeError:
            raise contradicted(TABLE) from None


def one(conn: Connection, month: Month) -> Stored | None:
    """The tables of a month; None: it isn't counted."""
    found = conn.execute(_ONE, (_id(month),), binary=True).fetchone()
    return None if found is None else Stored(*found)


def newest(conn: Connection) -> Month | None:
    """The newest month that was counted; None: there is none."""
    found = conn.execute(_NEWEST).fetchone()
    return None if found is None else Month.numbered(found[0].int)


def row(month: Month, first: int, stop: int, content: bytes) -> Row:
    """The row of a month's tables."""
    return Row(MONTHS, (month.row_id, first, stop, content))


def not_counted(month: Month) -> Seen:
    """That a month wasn't counted yet."""
    return Seen(COUNTED, (month.row_id,), 0)


def digest(month: Month, content: bytes) -> bytes:
    """What an entry says of the tables that it showed."""
    short = int.from_bytes(hashlib.sha256(content).digest()[:8], "big")
    return rests_on.digest([(month.row_id, short)])


def _id(month: Month) -> uuid.UUID:
    return uuid.UUID(bytes=month.row_id)
