"""The public keys by which the ledger's checkpoints are verified: for whoever may hold no key that signs or opens."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsor.ledger import note
from nsor.ledger.note import Checkpoint, NoteError
from nsor.ledger.rotations import Keys, Known
from nsor_server.config import OperatorError
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.ledger_signers import LedgerSigners


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Keys of the ledger, whatever its origin is: after a loss it has another one.

    Attributes:
        keys: Ed25519; one of them signs, or has signed.
        signers: those of a keyring, which may learn of another one, and says what each has signed last.
        path: the file that the keys are from; it is read again when another one has signed, as after a rotation.
    """

    keys: Sequence[Ed25519PublicKey] = ()
    signers: LedgerSigners | None = None
    path: Path | None = None

    @classmethod
    def of(cls, keyring: Keyring) -> Self:
        """The keys of whoever signs."""
        return cls(signers=keyring.ledger)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file of verifier keys, one a line, as `nsor-server ledger log-key` prints them.

        Raises:
            OperatorError: it can't be read, is empty, or holds something else.
        """
        try:
            found = tuple(note.Verifier.parse(line).key for line in path.read_text(encoding="utf-8").split())
        except (OSError, UnicodeDecodeError):
            why = "can't be read; `nsor-server ledger log-key` prints what it must hold"
            raise OperatorError(f"the file of the ledger's verifier keys {why}: {path}") from None
        except NoteError as error:
            raise OperatorError(f"{path} must hold the ledger's verifier keys, one a line: {error}") from None
        if not found:
            raise OperatorError(f"{path} holds no verifier key; `nsor-server ledger log-key` prints the ledger's")
        return cls(found, path=path)

    def verify(self, signed: bytes) -> Checkpoint:
        """A checkpoint that one of the keys has signed in its time, under the origin that it says.

        Raises:
            NoteError: none has, or it is malformed.
        """
        try:
            return self._known().verify(signed)[0]
        except NoteError:
            again = self._read_again()
            if again is None:
                raise
        return again.verify(signed)[0]

    def _read_again(self) -> Keys | None:
        """The keys, if there may be others now than there were."""
        if self.path is not None:
            with contextlib.suppress(OperatorError):
                return Keys(tuple(map(Known, self.load(self.path).keys)))
        return self._known() if self.signers is not None and self.signers.look_again() else None

    def _known(self) -> Keys:
        return Keys((*(self.signers.public().known if self.signers else ()), *map(Known, self.keys)))
