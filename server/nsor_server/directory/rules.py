"""What holds for officers: a key that its holder has proved to hold, and a jurisdiction within the agency's. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.access.facts import Agency, contains

_DOMAIN: Final = b"nsor-enrol-v1\0"


def key_id(public_key: bytes) -> bytes:
    """The id of a raw Ed25519 public key: its SHA-256."""
    return hashlib.sha256(public_key).digest()


def proof_message(agency_id: str, officer_number: str) -> bytes:
    """What an officer signs to prove that he holds his key; agency ids hold no zero byte."""
    return _DOMAIN + agency_id.encode() + b"\0" + officer_number.encode()


def check_proof(public_key: bytes, proof: bytes, *, agency_id: str, officer_number: str) -> None:
    """See that the holder of the key signed for this agency and this number.

    Raises:
        errors.InvalidFields: SIGNATURE_INVALID.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(proof, proof_message(agency_id, officer_number))
    except (InvalidSignature, ValueError):
        wrong = errors.Violation("proof_of_possession", errors_pb2.FIELD_REASON_SIGNATURE_INVALID)
        raise errors.InvalidFields(violations=(wrong,)) from None


def check_jurisdiction(agency: Agency, jurisdiction: Sequence[str]) -> None:
    """See that an officer's places are different ones, all within his agency's.

    Raises:
        errors.InvalidFields: DUPLICATE.
        errors.Denied: OUTSIDE_JURISDICTION.
    """
    twice = tuple(
        errors.Violation(f"jurisdiction[{index}]", errors_pb2.FIELD_REASON_DUPLICATE)
        for index, place in enumerate(jurisdiction)
        if place in jurisdiction[:index]
    )
    if twice:
        raise errors.InvalidFields(violations=twice)
    if not all(contains(agency.jurisdiction, place) for place in jurisdiction):
        raise errors.Denied(errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION)
