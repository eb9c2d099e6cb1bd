"""The tree over the rows of a manifest that were screened together: server and client make it alike.

Each row is a leaf (RFC 6962) with a salt of its own, so that an agency can prove one of its rows, and tells nothing of
the others: without its salt nobody guesses what a leaf is of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from nsor.ledger import merkle

SALT_BYTES: Final = 32
FOUND: Final = "FOUND"
NO_RECORD: Final = "NO_RECORD"
ALIKE: Final = "ALIKE"
NAMES_NOT_COMPARED: Final = "NAMES_NOT_COMPARED"
"""By the documents there is no record; names were given, and weren't compared."""


_BLOCK_BYTES: Final = 64
"""That SHA-256 hashes at once."""


def row_salts(salt: bytes) -> Callable[[int], bytes]:
    """What makes each row's own salt from its number: HMAC-SHA-256 of its four bytes, under the salt of the answer.

    The salt is hashed once for all rows of a message.
    """
    key = (hashlib.sha256(salt).digest() if len(salt) > _BLOCK_BYTES else salt).ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (hashlib.sha256(bytes(each ^ pad for each in key)) for pad in (0x36, 0x5C))

    def row_salt(number: int) -> bytes:
        hashed, ended = inner.copy(), outer.copy()
        hashed.update(number.to_bytes(4, "big"))
        ended.update(hashed.digest())
        return ended.digest()

    return row_salt


def names_hash(name: str, relative_name: str) -> bytes:
    """What stands for a passenger's names, 32 bytes: both composed (NFC) and with single spaces."""
    return hashlib.sha256(f"{name}\0{relative_name}".encode()).digest()


def row_hash(salt: bytes, number: int, documents: str, birth_date: str, outcome: str) -> bytes:
    """The hash of a row's leaf.

    Args:
        salt: the row's own.
        number: of the row.
        documents: "cnic 3520212345671", "document PK AB1234567 1" (country, number and kind), or both; behind them,
            where there are names, "names" and ``names_hash`` in hexadecimal digits.
        birth_date: "1985-06-07".
        outcome: ``FOUND``, ``NO_RECORD``, ``ALIKE`` or ``NAMES_NOT_COMPARED``.
    """
    return merkle.leaf_hash(salt + f"{number} {documents} {birth_date} {outcome}".encode())


def row_proof(hashes: Sequence[bytes], position: int) -> list[bytes]:
    """What leads from a row's hash to the root: the roots of the other subtrees (RFC 9162, 2.1.3)."""
    path = merkle.inclusion_path(position, len(hashes))
    return [merkle.root_of(hashes[leaves.start : leaves.stop]) for leaves in path]
