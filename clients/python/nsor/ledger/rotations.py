"""Rotations of the ledger's signing key: how a new key is believed by whoever knows an earlier one.

A rotation is an entry that names both keys. The first checkpoint with it is signed by the new key and by the old one,
under the same origin. So neither a row in a table nor an old checkpoint that somebody signs again makes a key the
ledger's. What the old key signs of larger trees counts for nothing: it may be stolen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import DecodeError

from nsor.ledger import epochs, merkle, note
from nsor.ledger.epochs import EpochForged
from nsor.ledger.note import Checkpoint, Note, NoteError, Verifier
from nsor.ledger.v1 import leaf_pb2

METHOD: Final = "nsor-server/keys.rotate-ledger"
"""Of the entry that is a rotation."""
_KEY_BYTES: Final = 32


class RotationForged(Exception):
    """What is said to be a rotation isn't one. Says what is wrong."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation, as the register shows it.

    Attributes:
        first_index: index of its entry: checkpoints of more entries are signed by the new key.
        previous: the key before, 32 bytes.
        key: the new one, 32 bytes.
        leaf: of the entry.
        checkpoint: the signed checkpoint of `first_index + 1` entries, by both.
        hashes: the inclusion proof of the leaf in its tree.
    """

    first_index: int
    previous: bytes
    key: bytes
    leaf: bytes
    checkpoint: bytes
    hashes: Sequence[bytes]


class Ended(NamedTuple):
    """What a key has signed last.

    Attributes:
        size: of the tree.
        origin: of its checkpoint.
    """

    size: int
    origin: str

    def before(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint came later: what the key has signed then counts for nothing.

        Raises:
            EpochForged: it is of another ledger.
        """
        epoch, own = (epochs.number(each, self.origin) for each in (checkpoint.origin, self.origin))
        return epoch >= own and checkpoint.size > self.size


class Known(NamedTuple):
    """A key of the ledger; `ended` is None for one that signs."""

    key: Ed25519PublicKey
    ended: Ended | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """The ledger's keys, the newest first."""

    known: tuple[Known, ...]

    @classmethod
    def of(cls, verifier: Verifier) -> Self:
        """The key that one was given, and no rotation."""
        return cls((Known(verifier.key),))

    def verify(self, signed: bytes) -> tuple[Checkpoint, Ed25519PublicKey]:
        """A checkpoint that one of the keys has signed in its time, under the origin that it says; and by which.

        Raises:
            NoteError: none has, or it is malformed.
        """
        parsed = Note.parse(signed)
        checkpoint = Checkpoint.parse(parsed.text)
        why = NoteError("no key is known that could have signed the checkpoint")
        for each in self.known:
            try:
                Verifier(checkpoint.origin, each.key).verify(parsed)
            except NoteError as error:
                why = error
                continue
            try:
                if each.ended is None or not each.ended.before(checkpoint):
                    return checkpoint, each.key
            except EpochForged as error:
                raise NoteError(str(error)) from None
            why = NoteError("the checkpoint is signed with a key that was replaced before")
        raise why


def call_hash(previous: bytes, key: bytes) -> bytes:
    """What the entry of a rotation holds as its call hash: SHA-256 over both keys."""
    return hashlib.sha256(b"nsor ledger key\n" + previous + key).digest()


def proved(rotations: Sequence[Rotation], verifier: Verifier) -> Keys:
    """The keys of a ledger that has had rotations.

    Args:
        rotations: in their order.
        verifier: a key of the ledger, under the origin of any of its epochs: the first one, or any later one.

    Raises:
        RotationForged: one is none, or they don't follow each other, or the key isn't among them.
    """
    if not rotations:
        return Keys.of(verifier)
    raw = verifier.key.public_bytes_raw()
    if raw not in {rotations[0].previous, *(each.key for each in rotations)}:
        raise RotationForged("they aren't rotations of the key that is known")
    known: list[Known] = []
    key = rotations[0].previous
    for each in rotations:
        if each.previous != key:
            raise RotationForged("a rotation doesn't follow the one before")
        known.append(Known(_public(each.previous), _checked(each, verifier.name)))
        key = each.key
    return Keys((Known(_public(key)), *known[::-1]))


def _checked(one: Rotation, of: str) -> Ended:
    """What the key before has signed last: the first checkpoint of the new one.

    Raises:
        RotationForged: it isn't signed by both, or its entry isn't that of this rotation.
    """
    try:
        parsed = Note.parse(one.checkpoint)
        first = Checkpoint.parse(parsed.text)
        epochs.number(first.origin, of)
        for key in (one.previous, one.key):
            note.Verifier(first.origin, _public(key)).verify(parsed)
        merkle.verify_inclusion(merkle.leaf_hash(one.leaf), one.first_index, first.size, one.hashes, first.root)
        leaf = leaf_pb2.Leaf.FromString(one.leaf)
    except (NoteError, EpochForged, merkle.ProofError, DecodeError) as error:
        raise RotationForged(str(error)) from None
    if leaf.method != METHOD or leaf.call_hash != call_hash(one.previous, one.key):
        raise RotationForged("its entry isn't one of these keys' rotation")
    if first.size != one.first_index + 1:
        raise RotationForged("its checkpoint isn't the first one with its entry")
    return Ended(first.size, first.origin)


def _public(raw: bytes) -> Ed25519PublicKey:
    if len(raw) != _KEY_BYTES:
        raise RotationForged("a key of the ledger has 32 bytes")
    return Ed25519PublicKey.from_public_bytes(raw)
