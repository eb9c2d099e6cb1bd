"""The keys that sign the ledger's checkpoints, one after the other, and which sizes of the tree each of them signs.

A rotation is an entry (``ledger/key_rotation.py``). Before it is written the next key is in the keyring already, so
that a server that runs reads it there and goes on; after it the keyring says what each key has signed last. What is
signed with an earlier key beyond that counts for nothing, whoever has the key. Earlier keys stay: a verification signs
what they have signed again, and compares, and a loss that takes a rotation with it is owned up to with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger import epochs
from nsor.ledger.rotations import Ended, Keys, Known


@dataclass(frozen=True, slots=True)
class _State:
    signers: tuple[Ed25519PrivateKey, ...]
    ended: tuple[Ended, ...]

    def raw(self) -> list[bytes]:
        return [each.private_bytes_raw() for each in self.signers]


class LedgerSigners:
    """The keys that a process knows. Threads may share it; it only ever learns of more of them."""

    __slots__ = ("_read_again", "_state")

    def __init__(self, signers: tuple[Ed25519PrivateKey, ...], ended: tuple[Ended, ...] = ()) -> None:
        """Know some keys.

        Args:
            signers: in their order: earlier ones, the one that signs, and perhaps the next one.
            ended: of each earlier one what it has signed last: its successor's first checkpoint.

        Raises:
            ValueError: there aren't one or two keys more than have ended.
        """
        if len(signers) - len(ended) not in {1, 2}:
            raise ValueError("the ledger's keys and what they have signed last don't fit together")
        self._state = _State(signers, ended)
        self._read_again: Callable[[], LedgerSigners | None] = lambda: None

    @property
    def signers(self) -> tuple[Ed25519PrivateKey, ...]:
        """All keys, in their order; the number of a key is its place."""
        return self._state.signers

    @property
    def ended(self) -> tuple[Ended, ...]:
        """Of each earlier key what it has signed last."""
        return self._state.ended

    @property
    def number(self) -> int:
        """The number of the key that signs, as far as is known: whether the next one does already, the ledger says."""
        return len(self._state.ended)

    @property
    def next(self) -> Ed25519PrivateKey | None:
        """The next key, if there is one."""
        state = self._state
        return state.signers[-1] if len(state.signers) > len(state.ended) + 1 else None

    def of(self, origin: str, size: int) -> Ed25519PrivateKey:
        """The key that signs a size under an origin; where there is a next one, perhaps that one does already."""
        state = self._state
        for signer, ended in zip(state.signers, state.ended, strict=False):
            epoch, own = (epochs.number(each, ended.origin) for each in (origin, ended.origin))
            if epoch < own or (epoch == own and size < ended.size):
                return signer
        return state.signers[len(state.ended)]

    def public(self) -> Keys:
        """The public keys, each with what it has signed last."""
        state = self._state
        ends: Sequence[Ended | None] = (*state.ended, *([None] * (len(state.signers) - len(state.ended))))
        known = [Known(each.public_key(), end) for each, end in zip(state.signers, ends, strict=True)]
        return Keys(tuple(known[::-1]))

    def with_next(self) -> Self:
        """The same keys, with a new next one."""
        state = self._state
        return type(self)((*state.signers[: self.number + 1], Ed25519PrivateKey.generate()), state.ended)

    def rotated(self, number: int, ended: Ended) -> Self:
        """The same keys; of one it is known what it has signed last: so the one behind it signs."""
        state = self._state
        return type(self)(state.signers, (*state.ended[:number], ended, *state.ended[number + 1 :]))

    def reads(self, again: Callable[[], LedgerSigners | None]) -> None:
        """Where they are read again when a key is met that isn't known; it may take no time to speak of."""
        self._read_again = again

    def look_again(self) -> bool:
        """Read them again; gives whether there is more to know than before."""
        found = self._read_again()
        return found is not None and self.learn(found)

    def learn(self, other: LedgerSigners) -> bool:
        """Take over what another reading of the keyring knows more of; False: nothing, or it is another ledger's."""
        mine, theirs = self._state, other._state
        known = mine.raw()[: len(mine.ended) + 1]
        if theirs.raw()[: len(known)] != known or (theirs.raw(), theirs.ended) == (mine.raw(), mine.ended):
            return False
        self._state = theirs
        return True
