"""The tree over the rows of a manifest that were screened together: server and client make it alike.

Each row is a leaf (RFC 6962) with a salt of its own, so that an agency can prove one of its rows, and tells nothing of
the others: without its salt nobody guesses what a leaf is of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from nsor.ledger import merkle

SALT_BYTES: Final = 32
FOUND: Final = "FOUND"
NO_RECORD: Final = "NO_RECORD"
ALIKE: Final = "ALIKE"
NAMES_NOT_COMPARED: Final = "NAMES_NOT_COMPARED"
"""By the documents there is no record; names were given, and weren't compared."""
BLOCK: Final = 500
"""Row numbers of a block; those of a message are of one."""
_sha256 = hashlib.sha256


def row_salts(salt: bytes) -> Callable[[int], bytes]:
    """What gives each row's own salt from its number.

    They are 32 bytes each of what SHAKE256 (FIPS 202) makes of the salt of the answer, one after the other for the
    numbers of a block.
    """
    salts = hashlib.shake_256(salt).digest(SALT_BYTES * BLOCK)

    def row_salt(number: int) -> bytes:
        at = (number - 1) % BLOCK * SALT_BYTES
        return salts[at : at + SALT_BYTES]

    return row_salt


def row_hashes(salt: bytes, rows: Iterable[tuple[int, str, str, str]]) -> list[bytes]:
    """The hashes of the leaves of many rows.

    Args:
        salt: of the answer.
        rows: of each number, documents, date of birth and outcome, as ``row_hash`` takes them.
    """
    own = row_salts(salt)
    return [
        _sha256(b"\0" + own(number) + f"{number} {documents} {birth_date} {outcome}".encode()).digest()
        for number, documents, birth_date, outcome in rows
    ]


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
