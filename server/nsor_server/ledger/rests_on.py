"""What an answer rests on, as its entry says it: so that verification can say what it had to rest on.

Whoever owns the database can hide a row while a call is answered, and put it back. So the sealed detail says which
ids, in which versions, an answer was made of, shown or not, and a class beside the history of the method tells which
they were at that entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

DIGEST_BYTES: Final = 8
"""Of SHA-256: a detail has one size, and nobody chooses what is hashed."""
_ID_BYTES: Final = 16


def digest(read: Iterable[tuple[bytes, int]]) -> bytes:
    """What an entry says of ids (16 bytes) and versions, or whatever changes with them, in their order."""
    hashed = hashlib.sha256(b"".join(each + version.to_bytes(8, "big") for each, version in read))
    return hashed.digest()[:DIGEST_BYTES]


def number(of: int) -> bytes:
    """The number of something that has no id, in an id's place."""
    return of.to_bytes(_ID_BYTES, "big")
