# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""A key of an officer, a system or a focal person, and what it signs: a session, a decision, and its own enrolment.

An Ed25519 key, made on the holder's side that never leaves it: the register holds the public half. This module neither
talks to the register nor decides when a signature is needed; the contract does (nsor.contract).
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.advice import Words
from nsor.credentials import write_key
from nsor.errors import SettingsWrong
from nsor.v1 import officer_pb2

SESSION_DOMAIN = b"nsor-officer-session-v1\0"
DECISION_DOMAIN = b"nsor-decision-v2\0"
ENROL_DOMAIN = b"nsor-enrol-v1\0"
SEAL_DOMAIN = b"nsor-register-seal-v1\0"
SESSION_SECONDS = 15 * 60
"""The longest session that the register takes."""

_MAKE = Words(
    "Make one with `nsor officer new-key FILE` and have it enrolled.",
    "`nsor officer new-key FILE` سے کلید بنائیں اور درج کروائیں۔",
)


class OfficerKey:
    """An officer's private key.

    Attributes:
        public_key: raw public key, 32 bytes.
        key_id: SHA-256 of the public key, 32 bytes: how the register names the officer.
    """

    __slots__ = ("_key", "key_id", "public_key")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(self.public_key).digest()

    @classmethod
    def generate(cls) -> OfficerKey:
        """Make a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> OfficerKey:
        """Read a key from a PEM file (PKCS #8) that only its owner may read.

        Raises:
            SettingsWrong: the file is missing, readable by others, or holds no Ed25519 key.
        """
        try:
            mode = path.stat().st_mode
            pem = path.read_bytes()
        except OSError:
            raise SettingsWrong(
                Words(f"The officer's key file can't be read: {path}.", "افسر کی کلید کی فائل پڑھی نہیں جا سکی۔"), _MAKE
            ) from None
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise SettingsWrong(
                Words("The officer's key file can be read by others.", "افسر کی کلید کی فائل دوسرے بھی پڑھ سکتے ہیں۔"),
                Words(
                    "Set its mode to 0600; if others may have read it, make a new key.",
                    "فائل کا موڈ 0600 کریں؛ کسی اور نے پڑھ لی ہو تو نئی کلید بنائیں۔",
                ),
            )
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise SettingsWrong(
                Words("The officer's key file holds no Ed25519 private key.", "افسر کی فائل میں Ed25519 کلید نہیں ہے۔"),
                _MAKE,
            )
        return cls(key)

    def save(self, path: Path) -> None:
        """Write the key into a new file with mode 0600.

        Raises:
            FileExistsError: there is a file already; a key is never overwritten.
        """
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_key(path, pem)

    def public_pem(self) -> bytes:
        """The public key in PEM: what a focal person gives to the register's operator."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign_session(self, certificate_sha256: bytes, issued_at_us: int) -> bytes:
        """A session of 15 minutes, bound to one client certificate: the metadata ``nsor-officer-bin``."""
        session = officer_pb2.OfficerSession(
            officer_key_id=self.key_id,
            certificate_sha256=certificate_sha256,
            issued_at_us=issued_at_us,
            expires_at_us=issued_at_us + SESSION_SECONDS * 1_000_000,
        ).SerializeToString()
        signature = self._key.sign(SESSION_DOMAIN + session)
        return officer_pb2.SignedOfficerSession(session=session, signature=signature).SerializeToString()

    def sign_decision(self, method: str, call_hash: bytes, signed_at_us: int) -> bytes:
        """A signature over one call and its time: the metadata ``nsor-decision-bin``. It dies after minutes."""
        signed = DECISION_DOMAIN + method.encode() + b"\0" + call_hash + signed_at_us.to_bytes(8, "big")
        return officer_pb2.DecisionSignature(
            officer_key_id=self.key_id, signature=self._key.sign(signed), signed_at_us=signed_at_us
        ).SerializeToString()

    def sign_seal(self, said: bytes) -> bytes:
        """A signature over a statement that the register is to be sealed (nsor.seal_statement)."""
        return self._key.sign(SEAL_DOMAIN + said)

    def prove_possession(self, agency_id: str, officer_number: str) -> bytes:
        """The proof that an enrolment carries: whoever enrols the key holds it."""
        return self._key.sign(ENROL_DOMAIN + agency_id.encode() + b"\0" + officer_number.encode())
