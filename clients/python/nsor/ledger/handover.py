"""The file by which the register's operator hands a witness a new epoch, while the register doesn't serve.

It holds what opened the epoch, and proofs between its first checkpoint and what the witness has co-signed. Nothing in
it is believed before it is checked: the epoch by the ledger's key, the proofs by the witness's own file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from google.protobuf.message import DecodeError

from nsor.ledger import merkle
from nsor.ledger.epochs import Epoch, EpochForged, Opening
from nsor.ledger.note import Checkpoint
from nsor.ledger.v1 import opening_pb2


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What the file holds.

    Attributes:
        opening: of the epoch.
        proofs: by the size of a tree, the consistency proof between it and the tree of the first checkpoint.
    """

    opening: Opening
    proofs: Mapping[int, Sequence[bytes]]

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read the file's content.

        Raises:
            EpochForged: it is no such file.
        """
        try:
            found = opening_pb2.Opening.FromString(content)
        except DecodeError:
            raise EpochForged("the file holds no epoch") from None
        opening = Opening(found.first_index, found.last_known, found.leaf, found.checkpoint, tuple(found.hashes))
        return cls(opening, {each.size: tuple(each.hashes) for each in found.prefixes})

    def content(self) -> bytes:
        """The file's content."""
        one = self.opening
        message = opening_pb2.Opening(
            first_index=one.first_index,
            last_known=one.last_known,
            leaf=one.leaf,
            checkpoint=one.checkpoint,
            hashes=one.hashes,
            prefixes=[opening_pb2.Prefix(size=size, hashes=hashes) for size, hashes in self.proofs.items()],
        )
        return message.SerializeToString()

    def continues(self, epoch: Epoch, seen: Checkpoint) -> bool:
        """Whether the proofs show one tree to be a prefix of the other: a checkpoint's and the first one's.

        Args:
            epoch: what this opening has proved.
            seen: a checkpoint of the origin before, of which nothing was lost, or of the new origin.
        """
        smaller, larger = sorted((seen, epoch.first), key=lambda each: each.size)
        proof = self.proofs.get(seen.size, ())
        try:
            merkle.verify_consistency(smaller.size, larger.size, smaller.root, larger.root, proof)
        except merkle.ProofError:
            return False
        return True
