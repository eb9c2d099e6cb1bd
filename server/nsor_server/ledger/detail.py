"""Details: what a leaf doesn't say, sealed beside it.

A detail is bound to its leaf in both directions. The leaf holds SHA-256(32 random bytes || detail); the seal is bound
to the leaf's index and hash, so that a detail put beside another leaf, or a leaf changed above its detail, doesn't
open. All are sealed at one size, or whoever has a dump would tell a look-up that found from one that didn't.
"""

import hashlib
from collections.abc import Callable

from google.protobuf.message import DecodeError

from nsor.ledger.merkle import leaf_hash as hash_of
from nsor.ledger.v1 import leaf_pb2
from nsor_server.alerts import Alert, alert
from nsor_server.ledger import leaf as leaves
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

SALT_BYTES = 32

_TABLE = "ledger_detail"
_SIZE_CLASS = 336
"""Bytes: the detail of a look-up fits in, whatever it shows and however long its case reference is."""
_OF_SHOWN = 48
"""Bytes, for each row of what an answer may show: what its detail says of one fits in."""
_END = b"\x80"
"""Follows the detail; zeros follow up to the size class (ISO/IEC 7816-4)."""


class DetailError(Exception):
    """A sealed detail isn't the one of its leaf. Says which way, not what it holds."""


def salted_hash(salted: bytes) -> bytes:
    """What the leaf holds: SHA-256 of salt and detail."""
    return hashlib.sha256(salted).digest()


def read(detail: bytes) -> record_pb2.AccessDetail:
    """A detail from its bytes.

    Raises:
        DetailError: they are none.
    """
    try:
        return record_pb2.AccessDetail.FromString(detail)
    except DecodeError:
        raise DetailError("the detail is no AccessDetail") from None


class Details:
    """Seals details and opens them."""

    def __init__(self, keyring: Keyring) -> None:
        """Takes the keyring's `detail` keys."""
        self._sealer = Sealer.for_details(keyring)

    def seal(self, index: int, leaf_hash: bytes, salted: bytes, shown_rows: int = 0) -> bytes:
        """Seal salt and encoded detail to a leaf; where several registrations may be shown, at a size for all."""
        ended = salted + _END
        least = len(ended) if not shown_rows else max(len(ended), 2 * _SIZE_CLASS + shown_rows * _OF_SHOWN)
        return self._sealer.seal(_TABLE, leaf_hash, index, ended.ljust(-(-least // _SIZE_CLASS) * _SIZE_CLASS, b"\0"))

    def open(self, index: int, leaf_hash: bytes, sealed: bytes, detail_hash: bytes) -> record_pb2.AccessDetail:
        """Open the detail of a leaf.

        Raises:
            DetailError: it doesn't open there, or its hash isn't the leaf's.
        """
        return read(self.unseal(index, leaf_hash, sealed, detail_hash))

    def readable(
        self,
        index: int,
        stored: bytes,
        sealed: bytes | None,
        wanted: Callable[[leaf_pb2.Leaf], bool] = lambda _leaf: True,
    ) -> tuple[leaf_pb2.Leaf, record_pb2.AccessDetail] | None:
        """An entry with its detail, for what the register does by itself at its times.

        One that somebody has changed is left out, with an alert, and keeps nobody else from being told: as
        ``storage.readable`` does it with rows. ``ledger verify`` names it.

        Args:
            index: its own.
            stored: its leaf as it is stored.
            sealed: its detail; None: that was destroyed.
            wanted: tells by the leaf whether the detail is opened.

        Returns:
            None: its detail isn't there, or isn't wanted, or one of both isn't what was hashed or sealed.
        """
        try:
            leaf = leaves.decode(stored)
            if sealed is None or not wanted(leaf):
                return None
            return leaf, self.open(index, hash_of(stored), sealed, leaf.detail_hash)
        except (DetailError, leaves.LeafError):
            alert(Alert.ROW_CONTRADICTED, "an entry isn't what was hashed or sealed; run `nsor-server ledger verify`")
            return None

    def unseal(self, index: int, leaf_hash: bytes, sealed: bytes, detail_hash: bytes) -> bytes:
        """As ``open``, the detail's bytes.

        Raises:
            DetailError: as ``open``.
        """
        try:
            salted = self._salted(index, leaf_hash, sealed)
        except SealBroken:
            raise DetailError("the detail doesn't open beside this leaf") from None
        if salted_hash(salted) != detail_hash:
            raise DetailError("the detail's hash isn't the leaf's")
        return salted[SALT_BYTES:]

    def _salted(self, index: int, leaf_hash: bytes, sealed: bytes) -> bytes:
        return self._sealer.open(_TABLE, leaf_hash, index, sealed).rstrip(b"\0").removesuffix(_END)
