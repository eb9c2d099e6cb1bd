"""A receipt as text that other programs read: an entry's place in the log, its inclusion proof and the checkpoint.

Format: https://c2sp.org/tlog-proof. The text proves an entry whose bytes its reader has: it doesn't hold them.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final, Self

from nsor.ledger import merkle
from nsor.ledger.merkle import HASH_BYTES
from nsor.ledger.note import NoteError, Verifier, verify

SUFFIX: Final = ".tlog-proof"
_FIRST: Final = "c2sp.org/tlog-proof@v1"
_EXTRA: Final = "extra "
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_MOST_HASHES: Final = 63


@dataclass(frozen=True, slots=True)
class TlogProof:
    """The proof that an entry is in a log.

    Attributes:
        index: of the entry, from 0.
        hashes: the audit path from the leaf up (RFC 6962, 2.1.1), 32 bytes each.
        checkpoint: a C2SP signed note, with the cosignatures of witnesses.
        extra: what whoever made it has added; nobody has signed that.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def text(self) -> bytes:
        """The proof as text."""
        lines = [_FIRST, *([_EXTRA + _base64(self.extra)] if self.extra else []), f"index {self.index}"]
        return "\n".join([*lines, *map(_base64, self.hashes), "", ""]).encode() + self.checkpoint

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read a proof; nothing is verified.

        Raises:
            NoteError: it isn't one.
        """
        head, separator, checkpoint = text.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise NoteError("a proof's first lines are ASCII") from None
        if not separator or lines.pop(0) != _FIRST:
            raise NoteError(f"a proof begins with {_FIRST}")
        extra = _unbase64(lines.pop(0)[len(_EXTRA) :]) if lines and lines[0].startswith(_EXTRA) else b""
        index = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if index is None:
            raise NoteError("a proof says the index of its entry")
        hashes = tuple(map(_unbase64, lines))
        if len(hashes) > _MOST_HASHES or any(len(each) != HASH_BYTES for each in hashes):
            raise NoteError(f"a proof has at most {_MOST_HASHES} hashes of {HASH_BYTES} bytes")
        return cls(int(index[1]), hashes, checkpoint, extra)

    def verify(self, entry: bytes, verifier: Verifier) -> None:
        """Check that the log has signed a tree that holds an entry at this index.

        Args:
            entry: the bytes of the leaf, as they are stored.
            verifier: the log's key.

        Raises:
            NoteError: the checkpoint isn't one of this log.
            merkle.ProofError: the entry isn't in its tree.
        """
        checkpoint = verify(self.checkpoint, verifier)
        merkle.verify_inclusion(merkle.leaf_hash(entry), self.index, checkpoint.size, self.hashes, checkpoint.root)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _unbase64(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise NoteError("a proof has base64 (RFC 4648, section 4)") from None
    if not text or _base64(value) != text:
        raise NoteError("a proof has base64 that could be written in another way")
    return value
