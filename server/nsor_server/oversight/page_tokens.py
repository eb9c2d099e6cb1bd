"""Page tokens of the list of accesses: sealed, so that nobody reads or makes one, and bound to caller and filter."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.storage.sealing import SealBroken, Sealing

_NAME: Final = "page-token"
_INDEX_BYTES: Final = 8


def make(sealer: Sealing, binding: bytes, last_index: int) -> str:
    """A token for the page after the entry ``last_index``."""
    sealed = sealer.seal(_NAME, hashlib.sha256(binding).digest(), 0, last_index.to_bytes(_INDEX_BYTES, "big"))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def read(sealer: Sealing, binding: bytes, token: str) -> int:
    """The index that a token goes on from.

    Raises:
        InvalidFields: PAGE_TOKEN_INVALID; it isn't a token of this caller and this filter.
    """
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return int.from_bytes(sealer.open(_NAME, hashlib.sha256(binding).digest(), 0, sealed), "big")
    except (binascii.Error, SealBroken, ValueError):
        invalid = errors.Violation("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)
        raise errors.InvalidFields(violations=(invalid,)) from None
