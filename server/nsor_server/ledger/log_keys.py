"""The public keys by which the ledger's checkpoints are verified: for whoever may hold no key that signs or opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsor.ledger import note
from nsor.ledger.note import Checkpoint, Note, NoteError
from nsor_server.config import OperatorError
from nsor_server.storage.keyring import Keyring


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Keys of the ledger, whatever its origin is: after a loss it has another one.

    Attributes:
        keys: Ed25519; one of them signs, or has signed.
    """

    keys: Sequence[Ed25519PublicKey]

    @classmethod
    def of(cls, keyring: Keyring) -> Self:
        """The key of whoever signs."""
        return cls((keyring.ledger_signer.public_key(),))

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
        return cls(found)

    def verify(self, signed: bytes) -> Checkpoint:
        """A checkpoint that one of the keys has signed under the origin that it says.

        Raises:
            NoteError: none has, or it is malformed.
        """
        origin = Checkpoint.parse(Note.parse(signed).text).origin
        why = NoteError("no key is known that could have signed the checkpoint")
        for key in self.keys:
            try:
                return note.verify(signed, note.Verifier(origin, key))
            except NoteError as error:
                why = error
        raise why
