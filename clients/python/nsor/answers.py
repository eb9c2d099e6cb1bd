"""What a call gives back: the message, and the proof that the call is in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from nsor.receipts import Proof

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Answer(Generic[M]):
    """An answer whose receipt has been checked.

    Attributes:
        message: the answer.
        proof: the leaf and the checkpoint that came with it, as checked.
        request_id: the request's id, also when the library gave it one; empty for requests that have none.
    """

    message: M
    proof: Proof
    request_id: str = ""

    @property
    def access_id(self) -> str:
        """Id of the access: tell it when you ask the register's operator about this call."""
        return self.proof.access_id

    @property
    def index(self) -> int:
        """Index of the leaf in the ledger, from 0."""
        return self.proof.index

    @property
    def trace_id(self) -> str:
        """W3C trace id, 32 hexadecimal digits."""
        return self.proof.trace_id
