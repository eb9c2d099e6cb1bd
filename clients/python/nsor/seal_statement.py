"""A statement that the register is to be sealed, signed into a file: for when its front door isn't trusted.

Two officers of the National Police Bureau sign the same statement; the register's operator gives both files to
`nsor-server seal`. A statement only ever seals. Text in JSON, which somebody can read before he acts on it.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsor.officer import SEAL_DOMAIN, OfficerKey

MAX_BYTES: Final = 2048
"""A file has about 500."""


class StatementError(ValueError):
    """A file isn't a signed statement."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed.

    Attributes:
        register: origin of the register's ledger, such as nsor.gov.pk/ledger: it holds for that register alone.
        seal_id: of the seal, 16 bytes; no two seals have the same.
        reason: number of nsor.v1.RegisterSealReason.
    """

    register: str
    seal_id: bytes
    reason: int

    def said(self, signed_at_us: int) -> bytes:
        """What is signed behind its domain: all parts before the register's name have fixed lengths."""
        moment = signed_at_us.to_bytes(8, "big", signed=True)
        return self.seal_id + self.reason.to_bytes(4, "big") + moment + self.register.encode()


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with one officer's signature.

    Attributes:
        signed_at_us: when, in microseconds since 1970, by the officer's clock.
        officer_key_id: SHA-256 of the officer's public key.
        signature: 64 bytes.
    """

    statement: Statement
    signed_at_us: int
    officer_key_id: bytes
    signature: bytes

    @classmethod
    def signed(cls, statement: Statement, key: OfficerKey, now_us: int) -> Self:
        """Sign a statement."""
        return cls(statement, now_us, key.key_id, key.sign_seal(statement.said(now_us)))

    def holds(self, public_key: bytes) -> bool:
        """Whether a raw public key has signed it."""
        try:
            signed = SEAL_DOMAIN + self.statement.said(self.signed_at_us)
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, signed)
        except (InvalidSignature, ValueError):
            return False
        return True

    def encode(self) -> bytes:
        """The file."""
        said = {
            "register": self.statement.register,
            "seal_id": str(uuid.UUID(bytes=self.statement.seal_id)),
            "reason": self.statement.reason,
            "signed_at_us": self.signed_at_us,
            "officer_key_id": self.officer_key_id.hex(),
            "signature": self.signature.hex(),
        }
        return json.dumps(said, indent=1).encode() + b"\n"

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        """Read a file.

        Raises:
            StatementError: it is no signed statement.
        """
        if len(encoded) > MAX_BYTES:
            raise StatementError
        try:
            said = json.loads(encoded)
            statement = Statement(str(said["register"]), uuid.UUID(said["seal_id"]).bytes, _number(said["reason"], 4))
            key_id, signature = bytes.fromhex(said["officer_key_id"]), bytes.fromhex(said["signature"])
            return cls(statement, _number(said["signed_at_us"], 7), key_id, signature)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise StatementError from None


def _number(said: object, size: int) -> int:
    """A number from 0, of so many bytes at most."""
    if type(said) is not int or not 0 <= said < 1 << (8 * size):
        raise ValueError
    return said
