"""Certificate signing requests: which are accepted, and the names that a certificate gets.

Names come from the operator's options alone. What the request asks for is read only to notice a mix-up.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from nsor_server.access import peer
from nsor_server.pki.errors import PkiError
from nsor_server.pki.profiles import NameKind, Profile

MAX_BYTES = 64 * 1024
_CURVES = (ec.SECP256R1, ec.SECP384R1)
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The subject alternative names that the operator decided on."""

    agency_id: str | None = None
    dns: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()

    def general_names(self, profile: Profile) -> list[x509.GeneralName]:
        """As X.509 names, checked against what the profile carries.

        Raises:
            PkiError: a name is malformed, or of a kind that the profile does not carry, or there is none.
        """
        given: set[NameKind] = set()
        names: list[x509.GeneralName] = []
        if self.agency_id is not None:
            if not peer.AGENCY_ID.fullmatch(self.agency_id):
                raise PkiError("--agency must be 2 to 63 lower-case letters, digits and dashes, a letter first.")
            given.add("agency")
            names.append(x509.UniformResourceIdentifier(peer.agency_uri(self.agency_id)))
        for host in self.dns:
            if not _HOST.fullmatch(host):
                raise PkiError("--dns must be a host name in lower case, without a wildcard.")
            given.add("dns")
            names.append(x509.DNSName(host))
        for address in self.ip:
            given.add("ip")
            names.append(x509.IPAddress(_address(address)))
        if not given or not given <= set(profile.names):
            wanted = " and ".join(f"--{kind}" for kind in profile.names)
            raise PkiError(f"This profile takes {wanted}, at least one, and no other names.")
        return names


def described(names: Sequence[x509.GeneralName]) -> tuple[str, ...]:
    """Names as the index and the list write them."""
    kinds = {x509.UniformResourceIdentifier: "URI", x509.DNSName: "DNS", x509.IPAddress: "IP"}
    return tuple(f"{kinds[type(name)]}:{name.value}" for name in names)


def read(pem: bytes, wanted: Sequence[x509.GeneralName]) -> ec.EllipticCurvePublicKey:
    """Check a request and return the public key that it proves possession of.

    Args:
        pem: the request.
        wanted: the names that the certificate will get.

    Raises:
        PkiError: malformed, not signed by its own key, another kind of key, or made for another agency.
    """
    if len(pem) > MAX_BYTES:
        raise PkiError("The request is too large to be one.")
    try:
        request = x509.load_pem_x509_csr(pem)
        valid = request.is_signature_valid
        key = request.public_key()
        asked = _agencies_asked(request)
    except (ValueError, InvalidSignature, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise PkiError("The file holds no well-formed request. Make one with: nsor credentials request") from None
    if not valid:
        raise PkiError("The request is not signed by its own key. Ask the agency for a new one.")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
        raise PkiError("The request's key must be EC P-256 or P-384.")
    if asked - {name.value for name in wanted}:
        raise PkiError("The request was made for another agency than the one named by --agency.")
    return key


def _agencies_asked(request: x509.CertificateSigningRequest) -> set[str]:
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return {uri for uri in uris if uri.startswith(peer.AGENCY_PREFIX)}


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise PkiError("--ip must be an IPv4 or IPv6 address.") from None
