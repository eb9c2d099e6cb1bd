"""What holds for keys: proved to be held, of a jurisdiction within the agency's, enrolled by whoever may. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.access.facts import contains
from nsor_server.calls import Agency, FocalPerson

_DOMAIN: Final = b"nsor-enrol-v1\0"
_PRIME: Final = 2**255 - 19
_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER: Final = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})
"""The y-coordinates of the eight points of small order of edwards25519 (RFC 8032)."""

FOCAL_PERSONS: Final = 2
"""Live ones that an agency needs to enrol deciding officers."""


def key_id(public_key: bytes) -> bytes:
    """The id of a raw Ed25519 public key: its SHA-256."""
    return hashlib.sha256(public_key).digest()


def proof_message(agency_id: str, officer_number: str) -> bytes:
    """What an officer signs to prove that he holds his key; agency ids hold no zero byte."""
    return _DOMAIN + agency_id.encode() + b"\0" + officer_number.encode()


def check_key(public_key: bytes) -> None:
    """See that only its holder can sign for the key, and that it has this one encoding.

    OpenSSL accepts points of small order, for which signatures hold that nobody's private key has made.

    Raises:
        errors.InvalidFields: naming the field.
    """
    y = int.from_bytes(public_key, "little") & ((1 << 255) - 1)
    if y >= _PRIME or y in _SMALL_ORDER:
        raise errors.InvalidFields(violations=(errors.Violation("public_key", errors_pb2.FIELD_REASON_FORM),))


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


def check_two(signers: Sequence[FocalPerson]) -> None:
    """See that two focal persons have signed.

    Raises:
        errors.Denied: SECOND_FOCAL_PERSON_REQUIRED.
    """
    if len(signers) < 2:
        raise errors.Denied(errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED)


def check_replaced(live: bytes | None, replaced: bytes, *, same_kind: bool) -> None:
    """See that a number with a live key gets a new one in its place alone, so that it always has one at most.

    Args:
        live: id of the live key of the number, if it has one.
        replaced: id of the key that the request replaces, or empty.
        same_kind: whether both are an officer's, or both a system's.

    Raises:
        errors.InvalidFields: NUMBER_OF_OTHER_KIND, NUMBER_HAS_KEY, or KEY_NOT_LIVE.
    """
    if live is not None and not same_kind:
        other = errors.Violation("officer_number", errors_pb2.FIELD_REASON_NUMBER_OF_OTHER_KIND)
        raise errors.InvalidFields(violations=(other,))
    if live == (replaced or None):
        return
    wrong = (
        errors.Violation("replaced_key_id", errors_pb2.FIELD_REASON_KEY_NOT_LIVE)
        if replaced
        else errors.Violation("officer_number", errors_pb2.FIELD_REASON_NUMBER_HAS_KEY)
    )
    raise errors.InvalidFields(violations=(wrong,))


def check_own_number(*, has_another: bool) -> None:
    """See that a person has one number of an agency at a time.

    With two of them one human would be the two persons whom many decisions need. Another agency's officers aren't told
    of: there the own numbers are compared when two persons decide (``access/decisions.py``), and NPB hears of it.

    Args:
        has_another: whether he has another number of the same agency, whose key is live.

    Raises:
        errors.InvalidFields: PERSON_HAS_NUMBER.
    """
    if has_another:
        wrong = errors.Violation("own_number", errors_pb2.FIELD_REASON_PERSON_HAS_NUMBER)
        raise errors.InvalidFields(violations=(wrong,))


def check_jurisdiction(agency: Agency, jurisdiction: Sequence[str], field: str = "jurisdiction") -> None:
    """See that an officer's or a consumer's places are different ones, all within his agency's.

    Raises:
        errors.InvalidFields: DUPLICATE.
        errors.Denied: OUTSIDE_JURISDICTION.
    """
    twice = tuple(
        errors.Violation(f"{field}[{index}]", errors_pb2.FIELD_REASON_DUPLICATE)
        for index, place in enumerate(jurisdiction)
        if place in jurisdiction[:index]
    )
    if twice:
        raise errors.InvalidFields(violations=twice)
    if not all(contains(agency.jurisdiction, place) for place in jurisdiction):
        raise errors.Denied(errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION)
