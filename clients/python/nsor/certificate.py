# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""The agency's certificate, its key and the register's CA, as files; and what the certificate says of the agency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization

from nsor.advice import Words
from nsor.errors import SettingsWrong

AGENCY_PREFIX = "spiffe://nsor.gov.pk/agency/"


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What a channel needs, and who it makes us.

    Attributes:
        chain_pem: the agency's certificate and its chain.
        key_pem: its private key.
        ca_pem: the register's CA.
        sha256: SHA-256 of the certificate's DER: an officer's session is bound to it.
        agency_id: the agency that it names; empty when it doesn't name exactly one.
        serial: its serial number, as the register's operator lists it.
        not_after: the last second in which it is valid.
    """

    chain_pem: bytes
    key_pem: bytes
    ca_pem: bytes
    sha256: bytes
    agency_id: str
    serial: str
    not_after: dt.datetime

    @classmethod
    def load(cls, certificate: Path, key: Path, ca: Path) -> ClientCertificate:
        """Read the three files.

        Raises:
            SettingsWrong: one is missing, the certificate can't be read, or the key isn't its key.
        """
        chain = _read(certificate, "certificate", "سرٹیفکیٹ")
        try:
            own = x509.load_pem_x509_certificates(chain)[0]
        except ValueError:
            raise SettingsWrong(
                Words("The certificate file holds no PEM certificate.", "سرٹیفکیٹ کی فائل میں PEM سرٹیفکیٹ نہیں۔"),
                Words("Use the file that the CA sent back.", "وہ فائل استعمال کریں جو سی اے نے بھیجی۔"),
            ) from None
        key_pem = _read(key, "certificate's key", "سرٹیفکیٹ کی کلید")
        _check_pair(own, key_pem)
        return cls(
            chain_pem=chain,
            key_pem=key_pem,
            ca_pem=_read(ca, "register's CA", "رجسٹر کے سی اے"),
            sha256=own.fingerprint(hashes.SHA256()),
            agency_id=_agency_id(own),
            serial=f"{own.serial_number:x}",
            not_after=own.not_valid_after_utc,
        )

    @property
    def expired(self) -> bool:
        """Whether this computer's clock is past its validity."""
        return dt.datetime.now(dt.UTC) > self.not_after


def _check_pair(certificate: x509.Certificate, key_pem: bytes) -> None:
    """A key of another certificate ends in a handshake that nobody explains: say it here."""
    try:
        found = serialization.load_pem_private_key(key_pem, password=None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if found is None or found != certificate.public_key():
        raise SettingsWrong(
            Words("The key is not the certificate's key.", "یہ کلید اس سرٹیفکیٹ کی نہیں ہے۔"),
            Words(
                "Name the key that was made with the certificate's request.",
                "وہ کلید دیں جو سرٹیفکیٹ کی درخواست کے ساتھ بنائی گئی تھی۔",
            ),
        )


def _read(path: Path, what_en: str, what_ur: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsWrong(
            Words(
                f"The file of the {what_en} can't be read: {path} ({error.strerror}).",
                f"{what_ur} کی فائل پڑھی نہیں جا سکی۔",
            ),
            Words("Check the path and its permissions.", "فائل کا راستہ (path) اور اجازتیں دیکھیں۔"),
        ) from None


def _agency_id(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or not uris[0].startswith(AGENCY_PREFIX):
        return ""
    return uris[0].removeprefix(AGENCY_PREFIX)
