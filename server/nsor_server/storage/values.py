"""Values as they come out of PostgreSQL's binary format: psycopg's own, but for ids and instants.

An id is 16 bytes here, not a ``uuid.UUID``, which costs a microsecond to make. An instant is in UTC, and one that
Python can't tell, such as infinity, is the first or the last that it can: whoever compares it with a seal notices.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq import Format
from psycopg.types.string import ByteaBinaryLoader

_EPOCH: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_FIRST: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST: Final = dt.datetime.max.replace(tzinfo=dt.UTC)


class _InstantLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> dt.datetime:
        after = int.from_bytes(data, "big", signed=True)
        try:
            return _EPOCH + after * _MICROSECOND
        except OverflowError:
            return _LAST if after > 0 else _FIRST


class Context:
    """How values are read, whatever the connection; for ``psycopg.adapt.Transformer``."""

    adapters: Final = AdaptersMap(psycopg.adapters)
    connection: Final = None


Context.adapters.register_loader("uuid", ByteaBinaryLoader)
Context.adapters.register_loader("timestamptz", _InstantLoader)
