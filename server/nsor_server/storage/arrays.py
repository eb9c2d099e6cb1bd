"""Arrays in PostgreSQL's binary format.

psycopg packs a list element by element, at about a microsecond each; the ledger's writer sends some thirty arrays for a
batch, and every call passes it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

_LENGTH: Final = struct.Struct(">i").pack
_HEAD: Final = struct.Struct(">iiiii").pack
_BYTE: Final = struct.Struct(">ib").pack
_SHORT: Final = struct.Struct(">ih").pack
_INTEGER: Final = struct.Struct(">ii").pack
_LONG: Final = struct.Struct(">iq").pack
_NULL: Final = _LENGTH(-1)
_UUID_BYTES: Final = 16
_OF_UUID: Final = _LENGTH(_UUID_BYTES)
_EPOCH: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)

Column = Sequence[Any]


def byteas(values: Column, oid: int = 17) -> bytes:
    """Pack bytes; None is NULL."""
    return _packed(oid, len(values), _prefixed(values))


def uuids(values: Column) -> bytes:
    """Pack UUIDs of 16 bytes each; None is NULL."""
    joined = b""
    if values and values[0] is not None:
        with contextlib.suppress(TypeError):  # another one is None
            joined = _OF_UUID.join((b"", *values))
    # All have one prefix, unless one of them is longer or shorter.
    whole = len(joined) == len(values) * (len(_OF_UUID) + _UUID_BYTES)
    return _packed(2950, len(values), joined if whole else _prefixed(values))


def texts(values: Column) -> bytes:
    """Pack text; None is NULL."""
    return _packed(25, len(values), _prefixed(None if value is None else value.encode() for value in values))


def shorts(values: Column) -> bytes:
    """Pack integers of two bytes; None is NULL."""
    return _packed(21, len(values), b"".join([_NULL if value is None else _SHORT(2, value) for value in values]))


def integers(values: Column) -> bytes:
    """Pack integers of four bytes; None is NULL."""
    return _packed(23, len(values), b"".join([_NULL if value is None else _INTEGER(4, value) for value in values]))


def longs(values: Column) -> bytes:
    """Pack integers of eight bytes; None is NULL."""
    return _packed(20, len(values), b"".join([_NULL if value is None else _LONG(8, value) for value in values]))


def booleans(values: Column) -> bytes:
    """Pack truth values; None is NULL."""
    return _packed(16, len(values), b"".join([_NULL if value is None else _BYTE(1, bool(value)) for value in values]))


def instants(values: Column) -> bytes:
    """Pack instants with a time zone; None is NULL."""
    packed = [_NULL if value is None else _LONG(8, microseconds(value)) for value in values]
    return _packed(1184, len(values), b"".join(packed))


def lists_of_text(values: Column) -> bytes:
    """Pack lists of text as text, which the statement casts: an array of arrays would need equal lengths.

    A list or one of its texts that is None is NULL.
    """
    return texts([None if value is None else "{" + ",".join(map(_quoted, value)) + "}" for value in values])


def lists_of_numbers(values: Column) -> bytes:
    """Pack lists of integers as text, which the statement casts; a list that is None is NULL."""
    return texts([None if value is None else "{" + ",".join(map(str, map(int, value))) + "}" for value in values])


def lists_of_uuids(values: Column) -> bytes:
    """Pack lists of UUIDs of 16 bytes each as text, which the statement casts; a list that is None is NULL."""
    return texts([None if value is None else "{" + ",".join(map(bytes.hex, value)) + "}" for value in values])


def microseconds(instant: dt.datetime) -> int:
    """An instant as PostgreSQL counts it, from the year 2000."""
    return (instant - _EPOCH) // _MICROSECOND


PACKERS: Final[Mapping[str, Callable[[Column], bytes]]] = {
    "bytea": byteas,
    "uuid": uuids,
    "text": texts,
    "smallint": shorts,
    "integer": integers,
    "bigint": longs,
    "boolean": booleans,
    "timestamptz": instants,
    "text[]": lists_of_text,
    "smallint[]": lists_of_numbers,
    "uuid[]": lists_of_uuids,
}
"""How a column of each type is packed."""


def integer(value: int) -> bytes:
    """One integer of eight bytes."""
    return struct.pack(">q", value)


def boolean(value: bool) -> bytes:
    """One truth value."""
    return b"\1" if value else b"\0"


def _prefixed(values: Iterable[bytes | None]) -> bytes:
    length = _LENGTH
    return b"".join([_NULL if value is None else length(len(value)) + value for value in values])


def _packed(oid: int, count: int, elements: bytes) -> bytes:
    """One dimension, lower bound 1. The flag for NULLs may always be set."""
    return _HEAD(1, 1, oid, count, 1) + elements


def _quoted(text: str | None) -> str:
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
