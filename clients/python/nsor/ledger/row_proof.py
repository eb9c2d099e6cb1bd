"""What proves to anybody that a passenger was screened, and with which answer: one row, and no other of its message.

The row's salted hash leads to the root over the rows, which stands in the entry; the entry leads to the root of the
ledger, which the register has signed. Whoever checks it needs the ledger's key, and asks nobody. That key signs under
another origin after each loss of entries: a proof of before and one of after are checked with whichever was given.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from typing import Self

from google.protobuf.message import DecodeError

from nsor.ledger import epochs, merkle, screened
from nsor.ledger.note import NoteError, Verifier
from nsor.ledger.tlog_proof import TlogProof
from nsor.ledger.v1 import leaf_pb2

_WRONG = binascii.Error, DecodeError, NoteError, ValueError, merkle.ProofError, epochs.EpochForged


class RowProofError(ValueError):
    """It is no such proof, or doesn't prove what it says."""


@dataclass(frozen=True, slots=True)
class RowProof:
    """A row, and what proves it.

    Attributes:
        row: its number in the manifest.
        documents: as ``screened.row_hash`` takes them.
        birth_date: "1985-06-07".
        outcome: FOUND, ALIKE, NO_RECORD or NAMES_NOT_COMPARED.
        salt: the row's own, in hexadecimal digits.
        position: among the rows of its message that were screened, from 0.
        rows: how many these were.
        path: from the row to the root over them, in hexadecimal digits, from the row up.
        entry: the leaf of the ledger, in base64.
        proof: a C2SP tlog-proof of the entry.
    """

    row: int
    documents: str
    birth_date: str
    outcome: str
    salt: str
    position: int
    rows: int
    path: list[str]
    entry: str
    proof: str

    def text(self) -> str:
        """As a file has it."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file; nothing is verified.

        Raises:
            RowProofError: it isn't one.
        """
        try:
            value = json.loads(text)
            found = cls(**value)
        except (ValueError, TypeError, RecursionError):
            raise RowProofError("the file is no proof of a row") from None
        numbers = (found.row, found.position, found.rows)
        words = (found.documents, found.birth_date, found.outcome, found.salt, found.entry, found.proof)
        is_one = all(type(each) is int for each in numbers) and isinstance(found.path, list)
        if not is_one or not all(isinstance(each, str) for each in (*words, *found.path)):
            raise RowProofError("the file is no proof of a row")
        return found

    def verify(self, verifier: Verifier) -> tuple[leaf_pb2.Leaf, int]:
        """The entry that the row was answered by, and its index, if all of it holds.

        Args:
            verifier: the ledger's key, under the origin of any of its epochs.

        Raises:
            RowProofError: the row, the entry or the ledger's signature is another one.
        """
        try:
            entry = base64.b64decode(self.entry, validate=True)
            leaf = leaf_pb2.Leaf.FromString(entry)
            salt, path = bytes.fromhex(self.salt), [bytes.fromhex(each) for each in self.path]
            own = screened.row_hash(salt, self.row, self.documents, self.birth_date, self.outcome)
            merkle.verify_inclusion(own, self.position, self.rows, path, leaf.rows_root)
            proof = TlogProof.parse(self.proof.encode())
            proof.verify(entry, epochs.verifier_of(proof.checkpoint, verifier))
        except _WRONG as wrong:
            raise RowProofError(str(wrong)) from None
        return leaf, proof.index
