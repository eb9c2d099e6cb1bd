"""The gate: who calls, and whether that kind of agency may call this method for this purpose. Deny by default.

Pure decisions over a certificate, the contract and one snapshot of the directory: no SQL, no clock of its own, and
nothing that the register holds. So a refusal here tells nothing about anybody in it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import peer
from nsor_server.access.contract import MethodRule
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import NOBODY, Agency


class Narrows(Protocol):
    """Policy that takes away from what the contract allows."""

    def allows(self, agency: Agency, purpose: options_pb2.Purpose.ValueType) -> bool:
        """Whether the purpose is switched on for the agency and its province."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        agency: the agency of the certificate.
        certificate: SHA-256 of the certificate's DER.
    """

    agency: Agency
    certificate: bytes


def identify(pem: bytes, snapshot: DirectorySnapshot, now: dt.datetime) -> Caller:
    """The agency of a client certificate, checked on every call: TLS looks at a certificate once per connection.

    Args:
        pem: the certificate as the TLS layer hands it over.
        snapshot: the directory.
        now: the time by the database's clock.

    Raises:
        Unauthenticated: the certificate names no agency, isn't active, is outside its validity, or its agency
            isn't active.
    """
    try:
        facts = peer.parse(pem)
    except peer.NoIdentity:
        raise errors.Unauthenticated from None
    known = snapshot.certificates.get(facts.serial)
    if known is None or known.revoked or known.fingerprint != facts.fingerprint or known.agency_id != facts.agency_id:
        raise errors.Unauthenticated(errors_pb2.ERROR_REASON_CERTIFICATE_NOT_ACTIVE)
    if not facts.not_before <= now <= facts.not_after:
        raise errors.Unauthenticated(errors_pb2.ERROR_REASON_CERTIFICATE_EXPIRED)
    agency = snapshot.agencies.get(facts.agency_id)
    if agency is None or not agency.enabled:
        raise errors.Unauthenticated(errors_pb2.ERROR_REASON_AGENCY_NOT_ACTIVE)
    return Caller(agency, facts.fingerprint)


def ends(snapshot: DirectorySnapshot) -> dict[tuple[str, ...], float]:
    """When the last valid certificate of each agency that may call ends, seconds since 1970; 0: it has none."""
    now = snapshot.now()
    found = {agency.agency_id: 0.0 for agency in snapshot.agencies.values() if agency.enabled}
    for each in snapshot.certificates.values():
        if each.agency_id in found and not each.revoked and each.not_after > now:
            found[each.agency_id] = max(found[each.agency_id], each.not_after.timestamp())
    return {(agency_id,): end for agency_id, end in found.items()}


def claimed(pem: bytes, snapshot: DirectorySnapshot) -> tuple[Agency, bytes]:
    """For the record of a refusal: the known agency that a certificate names, or nobody, and its fingerprint, or b"".

    Our CA has signed the name, so it may be written down even when the certificate isn't accepted.
    """
    try:
        facts = peer.parse(pem)
    except peer.NoIdentity:
        return NOBODY, b""
    return snapshot.agencies.get(facts.agency_id, NOBODY), facts.fingerprint


def admit(
    rule: MethodRule,
    agency: Agency,
    stated: options_pb2.Purpose.ValueType,
    narrowing: Narrows,
    *,
    sealed: bool = False,
) -> options_pb2.Purpose.ValueType:
    """The purpose for which an agency may make a call.

    Args:
        rule: the method's.
        agency: the caller's.
        stated: the request's purpose; PURPOSE_UNSPECIFIED when it states none.
        narrowing: policy.
        sealed: whether a seal lies on the register.

    Raises:
        Denied: the contract doesn't allow it, policy has switched it off, or the register is sealed.
        InvalidFields: the purpose isn't one of the contract.
    """
    allowed = rule.allow.get(agency.kind)
    if allowed is None:
        raise errors.Denied(errors_pb2.ERROR_REASON_NOT_ALLOWED)
    if stated not in options_pb2.Purpose.DESCRIPTOR.values_by_number:
        # Not a question of permission: a newer client's purpose, which this contract doesn't have.
        raise errors.InvalidFields(violations=(errors.Violation("purpose", errors_pb2.FIELD_REASON_UNKNOWN_VALUE),))
    purposes = allowed.purposes
    if stated == options_pb2.PURPOSE_UNSPECIFIED and len(purposes) == 1:
        (stated,) = purposes
    if stated not in purposes:
        raise errors.Denied(errors_pb2.ERROR_REASON_NOT_ALLOWED)
    if not narrowing.allows(agency, stated):
        raise errors.Denied(errors_pb2.ERROR_REASON_SWITCHED_OFF)
    if sealed and not rule.while_sealed:
        raise errors.Denied(errors_pb2.ERROR_REASON_REGISTER_SEALED)
    return stated
