"""Sealing: how a row that can name a person is stored, and how it is opened again.

Each sealed blob is bound to its table, its row's id and its version, so that a blob put into another row, or an
older version put back, does not open. A registration has a data key of its own, and so has what is to be forgotten
after some days, wrapped under the keyring: rotation wraps anew without touching the rows, and erasure deletes one small
row.
"""

import functools
import struct
from typing import Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nsor_server.storage import random_bytes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.keysets import Broken

DATA_KEY_TABLE = "registration_key"

_DOMAIN = b"nsor-sealed-v1\0"
_DATA_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = struct.Struct(">Q").pack
_FORMAT = b"\x01"
"""First byte of what a data key seals."""


class SealBroken(Exception):
    """A sealed row does not open: changed, moved, or sealed with other keys. Names the table, nothing else."""

    def __init__(self, table: str) -> None:
        super().__init__(f"a sealed row of {table} does not open")
        self.table = table


class Sealing(Protocol):
    """Seals rows and opens them; `table`, `row_id` and `version` must be the same both times."""

    def seal(self, table: str, row_id: bytes, version: int, message: bytes) -> bytes:
        """Seal a serialized message of nsor.storage.v1."""
        ...

    def open(self, table: str, row_id: bytes, version: int, sealed: bytes | None) -> bytes:
        """Open what `seal` made; raises SealBroken. Where a row has no seal any more, that doesn't open either."""
        ...


class Sealer:
    """Seals under the keyring, and makes and opens the data keys of rows."""

    def __init__(self, keyring: Keyring) -> None:
        """Takes the keyring's `sealing` keys."""
        self._keyset = keyring.sealing

    @classmethod
    def for_details(cls, keyring: Keyring) -> Self:
        """A sealer under the keys of the ledger's details."""
        sealer = cls(keyring)
        sealer._keyset = keyring.detail
        return sealer

    def seal(self, table: str, row_id: bytes, version: int, message: bytes) -> bytes:
        """Seal a serialized message under the primary key."""
        return self._keyset.encrypt(message, associated_data(table, row_id, version))

    def open(self, table: str, row_id: bytes, version: int, sealed: bytes | None) -> bytes:
        """Open what `seal` made.

        Raises:
            SealBroken: it does not open as that version of that row, or was taken away.
        """
        if sealed is None:
            raise SealBroken(table)
        try:
            return self._keyset.decrypt(sealed, associated_data(table, row_id, version))
        except Broken:
            raise SealBroken(table) from None

    def new_data_key(self, row_id: bytes) -> tuple["DataKey", bytes]:
        """A fresh data key for one registration, or whatever has one, and the key wrapped for its table of keys."""
        raw = random_bytes.take(_DATA_KEY_BYTES)
        return DataKey(raw), self.seal(DATA_KEY_TABLE, row_id, 0, raw)

    def open_data_key(self, row_id: bytes, wrapped: bytes) -> "DataKey":
        """Unwrap a data key.

        Raises:
            SealBroken: it is not the wrapped key of what has this id.
        """
        return DataKey(self.open(DATA_KEY_TABLE, row_id, 0, wrapped))

    def rewrapped(self, row_id: bytes, wrapped: bytes) -> bytes | None:
        """The same data key wrapped under the primary key; None if it is already.

        Raises:
            SealBroken: it is not the wrapped key of what has this id.
        """
        if self._keyset.is_primary(wrapped):
            return None
        raw = self.open(DATA_KEY_TABLE, row_id, 0, wrapped)
        return self.seal(DATA_KEY_TABLE, row_id, 0, raw)


class DataKey:
    """The key of one registration: AES-256-GCM with random nonces, of which its few versions use few."""

    __slots__ = ("_cipher",)

    def __init__(self, raw: bytes) -> None:
        """`raw` is 32 bytes."""
        self._cipher = AESGCM(raw)

    def seal(self, table: str, row_id: bytes, version: int, message: bytes) -> bytes:
        """Seal a serialized message."""
        nonce = random_bytes.take(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, message, associated_data(table, row_id, version))

    def open(self, table: str, row_id: bytes, version: int, sealed: bytes | None) -> bytes:
        """Open what `seal` made.

        Raises:
            SealBroken: it does not open as that version of that row, or was taken away.
        """
        if sealed is None:
            raise SealBroken(table)
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _FORMAT or len(nonce) != _NONCE_BYTES:
            raise SealBroken(table)
        try:
            return self._cipher.decrypt(nonce, rest, associated_data(table, row_id, version))
        except InvalidTag:
            raise SealBroken(table) from None


def associated_data(table: str, row_id: bytes, version: int) -> bytes:
    """What a seal is bound to; lengths come first, so that no two rows share an encoding.

    Raises:
        ValueError: the name or the id has more than 65,535 bytes, or the version is not in 0..2^64-1.
    """
    try:
        head, name = _of_table(table, len(row_id))
        return head + _VERSION(version) + name + row_id
    except struct.error:
        raise ValueError("table, row id or version out of range") from None


@functools.lru_cache(maxsize=1024)
def _of_table(table: str, length: int) -> tuple[bytes, bytes]:
    """What stands before the version of a row with an id of that length, and its table's name."""
    name = table.encode()
    return _DOMAIN + struct.pack(">HH", len(name), length), name
