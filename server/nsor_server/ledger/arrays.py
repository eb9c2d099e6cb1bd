"""PostgreSQL arrays packed by hand, in the binary format.

psycopg packs a list element by element in Python, at about a microsecond each; an append sends nine arrays, and the
ledger is the one place that every call passes. Importing this module teaches psycopg the classes below.
"""

import struct
from collections.abc import Iterable, Sequence

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_SHORT = struct.Struct(">ih")
_INTEGER = struct.Struct(">ii")
_LENGTH = struct.Struct(">i")


class ByteaArray(bytes):
    """A packed bytea[]."""

    __slots__ = ()


class TextArray(bytes):
    """A packed text[]."""

    __slots__ = ()


class UuidArray(bytes):
    """A packed uuid[]."""

    __slots__ = ()


class ShortArray(bytes):
    """A packed smallint[]."""

    __slots__ = ()


class IntegerArray(bytes):
    """A packed integer[]."""

    __slots__ = ()


def byteas(values: Sequence[bytes]) -> ByteaArray:
    """Pack bytes."""
    return ByteaArray(_packed(17, len(values), _prefixed(values)))


def texts(values: Sequence[str]) -> TextArray:
    """Pack text."""
    return TextArray(_packed(25, len(values), _prefixed(value.encode() for value in values)))


def uuids(values: Sequence[bytes]) -> UuidArray:
    """Pack UUIDs of 16 bytes each."""
    return UuidArray(_packed(2950, len(values), _prefixed(values)))


def shorts(values: Sequence[int]) -> ShortArray:
    """Pack integers of two bytes."""
    pack = _SHORT.pack
    return ShortArray(_packed(21, len(values), b"".join([pack(2, value) for value in values])))


def integers(values: Sequence[int]) -> IntegerArray:
    """Pack integers of four bytes."""
    pack = _INTEGER.pack
    return IntegerArray(_packed(23, len(values), b"".join([pack(4, value) for value in values])))


def _prefixed(values: Iterable[bytes]) -> bytes:
    length = _LENGTH.pack
    return b"".join([part for value in values for part in (length(len(value)), value)])


def _packed(oid: int, count: int, elements: bytes) -> bytes:
    """One dimension without NULLs, lower bound 1."""
    return struct.pack(">iiiii", 1, 0, oid, count, 1) + elements


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> Buffer | None:
        return obj


def _register(packed: type[bytes], array_oid: int) -> None:
    dumper = type(f"{packed.__name__}Dumper", (_PackedDumper,), {"oid": array_oid})
    psycopg.adapters.register_dumper(packed, dumper)


for _packed_class, _oid in (
    (ByteaArray, 1001),
    (TextArray, 1009),
    (UuidArray, 2951),
    (ShortArray, 1005),
    (IntegerArray, 1007),
):
    _register(_packed_class, _oid)
