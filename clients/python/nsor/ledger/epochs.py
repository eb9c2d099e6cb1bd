"""New epochs: how a ledger goes on after entries were lost, and what proves that its operator has owned up to it.

An epoch counts only if the entry that opens it is that of ``ledger new-epoch`` and holds the last checkpoint that was
known of the epoch before, and if the first checkpoint of the new origin is signed under the old origin's name as well,
and by every witness that whoever checks it knows. A row in a table is no epoch.
"""

import contextlib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import DecodeError

from nsor.ledger import merkle, note
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.v1 import leaf_pb2

METHOD: Final = "nsor-server/ledger.new-epoch"
"""Of the entry that opens an epoch."""


class EpochForged(Exception):
    """What is said to open an epoch doesn't. Says what is wrong."""


class NotCosigned(EpochForged):
    """A witness hasn't co-signed the first checkpoint of an epoch. Says which one."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What opened an epoch.

    Attributes:
        first_index: index of the entry that opened it: the entries before it survived.
        last_known: the signed checkpoint that was the last known one of the epoch before.
        leaf: of that entry.
        checkpoint: the signed checkpoint that is the first of the new origin, with what witnesses have co-signed.
        hashes: the inclusion proof of the leaf in its tree.
    """

    first_index: int
    last_known: bytes
    leaf: bytes
    checkpoint: bytes
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch that is proved.

    Attributes:
        first_index: of its entries.
        last_known: of the epoch before.
        first: its first checkpoint.
    """

    first_index: int
    last_known: note.Checkpoint
    first: note.Checkpoint


def proved(
    opening: Opening,
    verifier: note.Verifier,
    witnesses: Sequence[WitnessVerifier] = (),
    keys: Sequence[Ed25519PublicKey] = (),
) -> Epoch:
    """The epoch that was opened so.

    Args:
        opening: what is said to have opened it.
        verifier: the ledger's key, under the origin of any of its epochs.
        witnesses: each of them must have co-signed its first checkpoint.
        keys: all keys that the ledger has had; empty: that one alone.

    Raises:
        NotCosigned: one of them hasn't.
        EpochForged: it wasn't.
    """
    try:
        known = keys or (verifier.key,)
        last_known, _ = _signed(opening.last_known, known)
        first, key = _signed(opening.checkpoint, known)
        note.Verifier(last_known.origin, key).verify(note.Note.parse(opening.checkpoint))
        leaf = leaf_pb2.Leaf.FromString(opening.leaf)
        merkle.verify_inclusion(
            merkle.leaf_hash(opening.leaf), opening.first_index, first.size, opening.hashes, first.root
        )
    except (note.NoteError, DecodeError, merkle.ProofError) as error:
        raise EpochForged(str(error)) from None
    if leaf.method != METHOD or leaf.call_hash != hashlib.sha256(opening.last_known).digest():
        raise EpochForged("the entry at its beginning doesn't open an epoch after that checkpoint")
    if number(first.origin, verifier.name) <= number(last_known.origin, verifier.name):
        raise EpochForged("its origin doesn't follow that of the epoch before")
    _check_cosigned(note.Note.parse(opening.checkpoint), witnesses)
    return Epoch(opening.first_index, last_known, first)


def number(origin: str, of: str) -> int:
    """The number of an epoch by its origin, 1 for the first; ``of`` is the origin of any epoch of the same ledger.

    Raises:
        EpochForged: it is of another ledger.
    """
    base, _ = _parts(of)
    found, nth = _parts(origin)
    if found != base:
        raise EpochForged(f"{origin} is no epoch of {base}")
    return nth


def verifier_of(signed: bytes, of: note.Verifier) -> note.Verifier:
    """A ledger's key under the origin that a signed checkpoint says, of whichever epoch of that ledger it is.

    Raises:
        note.NoteError: it is no checkpoint.
        EpochForged: it is of another ledger.
    """
    origin = note.Checkpoint.parse(note.Note.parse(signed).text).origin
    number(origin, of.name)
    return note.Verifier(origin, of.key)


def first(origin: str) -> str:
    """The origin of the first epoch of the same ledger."""
    return _parts(origin)[0]


def is_of(origin: str, of: str) -> bool:
    """Whether two origins are of epochs of one ledger."""
    return first(origin) == first(of)


def _check_cosigned(first: note.Note, witnesses: Sequence[WitnessVerifier]) -> None:
    for witness in witnesses:
        try:
            times = witness.times(first)
        except note.NoteError as error:
            raise EpochForged(str(error)) from None
        if not times:
            raise NotCosigned(f"{witness.name} hasn't co-signed its first checkpoint")


def _parts(origin: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.+)/([2-9]|[1-9][0-9]{1,8})", origin)
    return (match[1], int(match[2])) if match else (origin, 1)


def _signed(signed: bytes, keys: Sequence[Ed25519PublicKey]) -> tuple[note.Checkpoint, Ed25519PublicKey]:
    """A checkpoint that a key of the ledger has signed under the origin that it says, and which."""
    origin = note.Checkpoint.parse(note.Note.parse(signed).text).origin
    for key in keys[:-1]:
        with contextlib.suppress(note.NoteError):
            return note.verify(signed, note.Verifier(origin, key)), key
    return note.verify(signed, note.Verifier(origin, keys[-1])), keys[-1]
