"""Checkpoints as C2SP signed notes: what the register signs about its ledger, and how anybody checks it.

Formats: https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint. Parsing is strict: a checkpoint that could
be written in another way isn't accepted, so that two equal checkpoints are equal bytes.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from nsor.ledger.merkle import HASH_BYTES

MAX_BYTES = 131_072
"""Longest note that is read: signed-note asks for at least 16 signatures, and one of ML-DSA has 5 kB."""

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
"""Characters below the space, but for line ends."""
_SIGNATURE_LINE = re.compile(r"— (?P<name>\S+) (?P<value>[A-Za-z0-9+/]+={0,2})")


class NoteError(Exception):
    """A note, a checkpoint or a verifier key is malformed, or nobody trusted has signed it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to.

    Attributes:
        origin: name of the log.
        size: entries in it.
        root: root of the Merkle tree over them, 32 bytes.
        extensions: lines whose meaning the log gives them; the register writes none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> bytes:
        """The note's text: three lines, and those of extensions."""
        return "\n".join((self.origin, str(self.size), _base64(self.root), *self.extensions, "")).encode()

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read a note's text.

        Raises:
            NoteError: it isn't the three lines of a checkpoint, and lines of extensions, none of them empty.
        """
        *lines, end = _decoded(text).split("\n")
        if len(lines) < 3 or end or not all(lines[3:]):
            raise NoteError("a checkpoint has three lines, and may have lines of extensions, none of them empty")
        origin, size, root, *extensions = lines
        if not _NAME.fullmatch(origin):
            raise NoteError("a checkpoint begins with the name of its log")
        if not _SIZE.fullmatch(size):
            raise NoteError("a checkpoint's second line is a size")
        checkpoint = cls(origin, int(size), _unbase64(root), tuple(extensions))
        if len(checkpoint.root) != HASH_BYTES:
            raise NoteError(f"a checkpoint's root has {HASH_BYTES} bytes")
        return checkpoint


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line.

    Attributes:
        name: of the signer's key.
        key_id: 4 bytes, a hint; the verifier key decides.
        value: the signature itself.
    """

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A signed text."""

    text: bytes
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: bytes) -> Self:
        """Take a note apart, without checking any signature.

        Raises:
            NoteError: it isn't a signed note.
        """
        if len(note) > MAX_BYTES:
            raise NoteError(f"a note has at most {MAX_BYTES} bytes")
        _decoded(note)
        text, separator, signatures = note.rpartition(b"\n\n")
        if not separator or not signatures.endswith(b"\n"):
            raise NoteError("a note is a text, an empty line and signatures")
        lines = signatures[:-1].decode().split("\n")
        return cls(text + b"\n", tuple(_signature(line) for line in lines))


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key by which notes are checked.

    Attributes:
        name: the key's name, which is the log's origin.
        key: Ed25519.
    """

    name: str
    key: Ed25519PublicKey

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key: ``name+key id in hex+base64(0x01 || public key)``.

        Raises:
            NoteError: it isn't one, or its key id doesn't fit.
        """
        return cls(*parse_key(text, _ED25519))

    @classmethod
    def of(cls, key: Ed25519PrivateKey, name: str) -> Self:
        """The verifier of what that key signs under that name."""
        check_name(name)
        return cls(name, key.public_key())

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || newline || 0x01 || public key)."""
        return key_id(self.name, _ED25519, self.key)

    def text(self) -> str:
        """The verifier key as text."""
        return key_text(self.name, _ED25519, self.key)

    def verify(self, note: Note) -> None:
        """Check that this key has signed the note; signatures of others are passed over.

        Raises:
            NoteError: it hasn't, or one of its signatures is wrong.
        """
        found = False
        for signature in note.signatures:
            if signature.name != self.name or signature.key_id != self.key_id:
                continue
            try:
                self.key.verify(signature.value, note.text)
            except InvalidSignature:
                raise NoteError(f"the signature of {self.name} is wrong") from None
            found = True
        if not found:
            raise NoteError(f"{self.name} hasn't signed the note with this key")


class Signer:
    """Signs checkpoints under one name. Ed25519, about 40 microseconds each."""

    def __init__(self, key: Ed25519PrivateKey, name: str) -> None:
        """``name`` is the log's origin."""
        verifier = Verifier.of(key, name)
        self.name = name
        self._key = key
        self._key_id = verifier.key_id

    def sign(self, checkpoint: Checkpoint) -> bytes:
        """The signed note of a checkpoint."""
        text = checkpoint.text()
        return text + b"\n" + signature_line(self.name, self._key_id + self._key.sign(text))

    def add_to(self, signed: bytes) -> bytes:
        """A signed note with this key's signature as well: the old log's under the first checkpoint of a new epoch."""
        parsed = Note.parse(signed)
        return signed + signature_line(self.name, self._key_id + self._key.sign(parsed.text))


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey, name: str) -> bytes:
    """Sign one checkpoint; a ``Signer`` does it again and again."""
    return Signer(key, name).sign(checkpoint)


def verify(note: bytes, verifier: Verifier) -> Checkpoint:
    """Check a signed checkpoint and read it.

    Raises:
        NoteError: it is malformed, not signed by that key, or of another log than the key's name says.
    """
    parsed = Note.parse(note)
    verifier.verify(parsed)
    checkpoint = Checkpoint.parse(parsed.text)
    if checkpoint.origin != verifier.name:
        raise NoteError(f"the checkpoint is of {checkpoint.origin}, not of {verifier.name}")
    return checkpoint


def check_name(name: str) -> None:
    """See that a key may have this name.

    Raises:
        NoteError: it is empty, or has spaces or a plus sign.
    """
    if not _NAME.fullmatch(name):
        raise NoteError("the name of a key has neither spaces nor a plus sign")


def key_id(name: str, kind: bytes, key: Ed25519PublicKey) -> bytes:
    """The first 4 bytes of SHA-256(name || newline || kind || public key); ``kind`` is the signature type's byte."""
    encoded = name.encode() + b"\n" + kind + key.public_bytes_raw()
    return hashlib.sha256(encoded).digest()[:_KEY_ID_BYTES]


def key_text(name: str, kind: bytes, key: Ed25519PublicKey) -> str:
    """A verifier key as text: ``name+key id in hex+base64(kind || public key)``."""
    return f"{name}+{key_id(name, kind, key).hex()}+{_base64(kind + key.public_bytes_raw())}"


def parse_key(text: str, kind: bytes) -> tuple[str, Ed25519PublicKey]:
    """Read a verifier key of one signature type; returns its name and the public key.

    Raises:
        NoteError: it isn't one, or its key id doesn't fit.
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise NoteError("a verifier key is name+id+key")
    encoded = _unbase64(parts[2])
    if encoded[:1] != kind or len(encoded) != 33:
        raise NoteError(f"a verifier key of this use is an Ed25519 key of 32 bytes after the byte {kind.hex()}")
    name, key = parts[0], Ed25519PublicKey.from_public_bytes(encoded[1:])
    if parts[1] != key_id(name, kind, key).hex():
        raise NoteError("the verifier key's id doesn't fit its key")
    return name, key


def signature_line(name: str, value: bytes) -> bytes:
    """The line of a signature; ``value`` begins with the key id."""
    return f"— {name} {_base64(value)}\n".encode()


def _signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None or not _NAME.fullmatch(match["name"]):
        raise NoteError("a signature line is a dash, a name and base64")
    value = _unbase64(match["value"])
    if len(value) <= _KEY_ID_BYTES:
        raise NoteError("a signature is longer than its key id")
    return Signature(match["name"], value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:])


def _decoded(text: bytes) -> str:
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        raise NoteError("a note is UTF-8") from None
    if _CONTROL.search(decoded):
        raise NoteError("a note has no control characters but line ends")
    return decoded


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _unbase64(text: str) -> bytes:
    """Standard base64, in the one canonical form."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("base64 is malformed") from None
    if _base64(value) != text:
        raise NoteError("base64 isn't in its canonical form")
    return value
