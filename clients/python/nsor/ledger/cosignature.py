# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Co-signatures: a witness says that, at a time, the largest tree of the ledger that it saw had this root.

Format: https://c2sp.org/tlog-cosignature, version 1 with Ed25519. This module signs and checks; whether the witness may
sign, because the ledger only grew, is decided before (nsor.witness). The signed message doesn't hold the witness's
name, so a key belongs to one witness and signs nothing else.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from nsor.advice import Words
from nsor.credentials import write_key
from nsor.errors import SettingsWrong
from nsor.ledger import note
from nsor.ledger.note import Checkpoint, Note, NoteError

TOLERANCE_SECONDS = 60
"""By how much an entry may say a later time than the co-signature of a tree with it: clocks differ."""

_KIND = b"\x04"
_TIME_BYTES = 8
_SIGNATURE_BYTES = 64
_LATEST = 2**63 - 1
_NAME_LINE = re.compile(rb"^Witness: (\S+)$", re.MULTILINE)
_MAKE = Words(
    "Make one with `nsor ledger new-witness-key FILE`.",
    "`nsor ledger new-witness-key FILE` سے کلید بنائیں۔",
)


@dataclass(frozen=True, slots=True)
class WitnessVerifier:
    """A key by which co-signatures are checked.

    Attributes:
        name: the witness's name.
        key: Ed25519.
    """

    name: str
    key: Ed25519PublicKey

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key: ``name+key id in hex+base64(0x04 || public key)``.

        Raises:
            NoteError: it isn't one (a ledger's own key has another type byte), or its key id doesn't fit.
        """
        return cls(*note.parse_key(text, _KIND))

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || newline || 0x04 || public key)."""
        return note.key_id(self.name, _KIND, self.key)

    def text(self) -> str:
        """The verifier key as text."""
        return note.key_text(self.name, _KIND, self.key)

    def times(self, signed: Note) -> tuple[int, ...]:
        """When this witness co-signed the note, in Unix seconds; empty when it didn't. Others are passed over.

        Raises:
            NoteError: one of its co-signatures is wrong.
        """
        return tuple(
            self._time(signed.text, signature.value)
            for signature in signed.signatures
            if signature.name == self.name and signature.key_id == self.key_id
        )

    def _time(self, text: bytes, value: bytes) -> int:
        at = int.from_bytes(value[:_TIME_BYTES])
        if len(value) != _TIME_BYTES + _SIGNATURE_BYTES or at > _LATEST:
            raise NoteError(f"the co-signature of {self.name} is malformed")
        try:
            self.key.verify(value[_TIME_BYTES:], _message(text, at))
        except InvalidSignature:
            raise NoteError(f"the co-signature of {self.name} is wrong") from None
        return at


class WitnessKey:
    """A witness's private key.

    Attributes:
        verifier: by which anybody checks what it co-signs.
    """

    __slots__ = ("_key", "verifier")

    def __init__(self, key: Ed25519PrivateKey, name: str) -> None:
        """``name`` should be a URL without its scheme, such as ``witness.example/committee``."""
        note.check_name(name)
        self._key = key
        self.verifier = WitnessVerifier(name, key.public_key())

    @classmethod
    def generate(cls, name: str) -> Self:
        """Make a new key.

        Raises:
            NoteError: a key can't have this name.
        """
        return cls(Ed25519PrivateKey.generate(), name)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key that `save` wrote, from a file that only its owner may read.

        Raises:
            SettingsWrong: the file is missing, readable by others, or isn't a witness's key.
        """
        try:
            mode = path.stat().st_mode
            pem = path.read_bytes()
        except OSError:
            raise SettingsWrong(
                Words(
                    f"The witness's key file can't be read: {path}.",
                    "تصدیق کنندہ (witness) کی کلید کی فائل پڑھی نہیں جا سکی۔",
                ),
                _MAKE,
            ) from None
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise SettingsWrong(
                Words(
                    "The witness's key file can be read by others.",
                    "تصدیق کنندہ کی کلید کی فائل دوسرے بھی پڑھ سکتے ہیں۔",
                ),
                Words(
                    "Set its mode to 0600; if others may have read it, make a new key.",
                    "فائل کا موڈ 0600 کریں؛ کسی اور نے پڑھ لی ہو تو نئی کلید بنائیں۔",
                ),
            )
        try:
            key = serialization.load_pem_private_key(pem, password=None)
            name = _NAME_LINE.search(pem)
            if isinstance(key, Ed25519PrivateKey) and name is not None:
                return cls(key, name[1].decode())
        except (ValueError, TypeError, UnsupportedAlgorithm, NoteError):
            pass
        raise SettingsWrong(
            Words("The file holds no witness's key with its name.", "فائل میں تصدیق کنندہ کی کلید اور نام نہیں ہے۔"),
            _MAKE,
        )

    def save(self, path: Path) -> None:
        """Write the key into a new file with mode 0600: PEM (PKCS #8), the witness's name in a line before it.

        Raises:
            FileExistsError: there is a file already; a key is never overwritten.
        """
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_key(path, f"Witness: {self.verifier.name}\n".encode() + pem)

    def line(self, text: bytes, at: int) -> bytes:
        """The signature line over a note's text."""
        value = at.to_bytes(_TIME_BYTES) + self._key.sign(_message(text, at))
        return note.signature_line(self.verifier.name, self.verifier.key_id + value)


def cosign(signed: bytes, key: WitnessKey, at: int) -> bytes:
    """Add a co-signature to a signed checkpoint. The caller has verified the ledger.

    Args:
        signed: the note, with the signatures that it has.
        key: the witness's.
        at: now, in Unix seconds.

    Raises:
        NoteError: it isn't a signed checkpoint, or it would become longer than a note may be.
        ValueError: the time can't be written.
    """
    if not 0 <= at <= _LATEST:
        raise ValueError("the time of a co-signature is a number of seconds from 0 to 2^63 - 1")
    text = Note.parse(signed).text
    Checkpoint.parse(text)
    cosigned = signed + key.line(text, at)
    Note.parse(cosigned)
    return cosigned


def verify(signed: bytes, witness: str) -> tuple[Checkpoint, int]:
    """Check a witness's co-signature; the ledger's own signature is checked by ``note.verify``.

    Args:
        signed: the note.
        witness: the witness's verifier key, as text.

    Returns:
        The checkpoint, and the Unix time of the co-signature: the latest, if it has several of this witness.

    Raises:
        NoteError: the note or the key is malformed, or this witness hasn't co-signed it, or not as it stands here.
    """
    verifier = WitnessVerifier.parse(witness)
    parsed = Note.parse(signed)
    times = verifier.times(parsed)
    if not times:
        raise NoteError(f"{verifier.name} hasn't co-signed the note with this key")
    return Checkpoint.parse(parsed.text), max(times)


def _message(text: bytes, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n".encode() + text
