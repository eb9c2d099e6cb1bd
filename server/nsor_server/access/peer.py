"""Who is calling: the one identity in a client certificate, or the reason why it has none.

TLS has already checked signature, chain and validity. This module reads the names and uses of the certificate.
It may not decide whether the agency exists, is enabled, or holds an active serial: the directory does. The CN
is never read.
"""

import datetime as dt
import enum
import functools
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

AGENCY_PREFIX = "spiffe://nsor.gov.pk/agency/"
AGENCY_ID = re.compile(r"[a-z][a-z0-9-]{1,62}", re.ASCII)
MAX_PEM_BYTES = 16 * 1024
CACHED_CERTIFICATES = 4096
"""More than the agencies' certificates in force at one time, and about 8 MB at most."""


_MALFORMED = (ValueError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)


class Flaw(enum.StrEnum):
    """Why a certificate gives no identity."""

    MALFORMED = "malformed"
    """Not one well-formed X.509 certificate."""
    NOT_ONE_NAME = "not-one-name"
    """Not exactly one subject alternative name, or one of another type than URI."""
    NOT_AN_AGENCY = "not-an-agency"
    """The URI is not spiffe://nsor.gov.pk/agency/<agency-id>."""
    KEY_USE = "key-use"
    """The extended key usage is not exactly clientAuth."""
    AUTHORITY = "authority"
    """The certificate of a CA."""


class NoIdentity(Exception):
    """The certificate gives no identity; `reason` says why and holds nothing of the certificate."""

    def __init__(self, reason: Flaw) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The facts of an agency's certificate."""

    fingerprint: bytes
    """SHA-256 of the DER, 32 bytes."""
    serial: str
    """Lower-case hexadecimal without leading zeros, as in the CA's index and the register's tables."""
    agency_id: str
    not_before: dt.datetime
    """UTC, with time zone."""
    not_after: dt.datetime
    """UTC, with time zone; the last second in which it is valid."""


def agency_uri(agency_id: str) -> str:
    """The one name in the certificate of an agency."""
    return AGENCY_PREFIX + agency_id


def serial_text(serial: int) -> str:
    """A serial as the index and the tables write it."""
    return f"{serial:x}"


def parse(pem: bytes) -> PeerCertificate:
    """Read the peer's certificate; a dictionary hit after the first time.

    Args:
        pem: `x509_pem_cert` of the call's auth context.

    Raises:
        NoIdentity: the certificate names not exactly one agency, or may be used for something else.
    """
    found = _parse(pem)
    if isinstance(found, PeerCertificate):
        return found
    raise NoIdentity(found)


@functools.lru_cache(maxsize=CACHED_CERTIFICATES)
def _parse(pem: bytes) -> PeerCertificate | Flaw:
    """The whole PEM is the cache's key: no two certificates can share an entry."""
    if len(pem) > MAX_PEM_BYTES:
        return Flaw.MALFORMED
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        extensions = certificates[0].extensions
    except _MALFORMED:
        return Flaw.MALFORMED
    if len(certificates) != 1:
        return Flaw.MALFORMED
    return _refusal(extensions) or _facts(certificates[0], extensions)


def _refusal(extensions: x509.Extensions) -> Flaw | None:
    found = {type(extension.value): extension.value for extension in extensions}
    if _may_sign(found.get(x509.BasicConstraints), found.get(x509.KeyUsage)):
        return Flaw.AUTHORITY
    uses = found.get(x509.ExtendedKeyUsage)
    if not isinstance(uses, x509.ExtendedKeyUsage) or list(uses) != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        return Flaw.KEY_USE
    names = found.get(x509.SubjectAlternativeName)
    values = list(names) if isinstance(names, x509.SubjectAlternativeName) else []
    if len(values) != 1 or not isinstance(values[0], x509.UniformResourceIdentifier):
        return Flaw.NOT_ONE_NAME
    uri = values[0].value
    if not uri.startswith(AGENCY_PREFIX) or not AGENCY_ID.fullmatch(uri.removeprefix(AGENCY_PREFIX)):
        return Flaw.NOT_AN_AGENCY
    return None


def _may_sign(constraints: object, usage: object) -> bool:
    if isinstance(constraints, x509.BasicConstraints) and constraints.ca:
        return True
    return isinstance(usage, x509.KeyUsage) and (usage.key_cert_sign or usage.crl_sign)


def _facts(certificate: x509.Certificate, extensions: x509.Extensions) -> PeerCertificate:
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (uri,) = names.get_values_for_type(x509.UniformResourceIdentifier)
    return PeerCertificate(
        fingerprint=certificate.fingerprint(hashes.SHA256()),
        serial=serial_text(certificate.serial_number),
        agency_id=uri.removeprefix(AGENCY_PREFIX),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )
