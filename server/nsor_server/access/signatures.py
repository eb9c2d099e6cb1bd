"""Signatures over one call: what is signed, whether a signature holds, and how long it is taken.

Whose key may sign which call is decided by ``officers`` and ``focal_persons``; here nobody is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import DecodeError

from nsor.v1 import errors_pb2, officer_pb2
from nsor_server import errors

DECISION_DOMAIN: Final = b"nsor-decision-v2\0"
DECISION_US: Final = 5 * 60 * 1_000_000
"""A decision is taken so long after it was signed: longer than a call with its repeats takes, each signed anew."""
DECISION_EARLY_US: Final = 15_000_000
"""A decision may be signed this much later than the database's clock says: a client's session begins 10 s early."""
MAX_BYTES: Final = 512
"""An encoded session with its signature has about 170, a decision less."""


@dataclass(frozen=True, slots=True)
class SignedCall:
    """The call that a signature must be over.

    Attributes:
        method: full method name.
        call_hash: SHA-256(nonce || request bytes).
        now_us: microseconds since 1970 by the database's clock.
    """

    method: str
    call_hash: bytes
    now_us: int

    def message(self, signed_at_us: int) -> bytes:
        """What is signed: names of methods hold no zero byte, and the rest has fixed lengths."""
        moment = signed_at_us.to_bytes(8, "big", signed=True)
        return DECISION_DOMAIN + self.method.encode() + b"\0" + self.call_hash + moment


def read(encoded: bytes) -> officer_pb2.DecisionSignature | None:
    """The signature that a call's metadata holds; None for what isn't one."""
    try:
        return officer_pb2.DecisionSignature.FromString(encoded[:MAX_BYTES])
    except DecodeError:
        return None


def holds(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a raw Ed25519 public key has signed a message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_time(decision: officer_pb2.DecisionSignature, call: SignedCall) -> None:
    """See that a signature that holds was made a short time ago.

    Raises:
        errors.Denied: DECISION_EXPIRED: it is older than ``DECISION_US``, or lies in the future.
    """
    if not -DECISION_EARLY_US <= call.now_us - decision.signed_at_us < DECISION_US:
        raise errors.Denied(errors_pb2.ERROR_REASON_DECISION_EXPIRED)
