"""A copy of the keyring that may be kept elsewhere: encrypted under a passphrase, proven to read back.

scrypt (RFC 7914) makes the key, AES-256-GCM seals; the parameters stand beside the ciphertext and are sealed
with it.
"""

import base64
import binascii
import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from nsor_server.storage.keyring import Keyring, KeyringError

FORMAT = "nsor-keyring-backup/1"
SHORTEST_PASSPHRASE = 16
"""Characters; a passphrase is attacked offline."""

_COST = 1 << 17
"""scrypt's N: 128 MiB and half a second for each guess."""
_MOST_COST = 1 << 20
_BLOCK_SIZE = 8


class _Backup(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    scrypt_n: int
    salt: str
    nonce: str
    ciphertext: str


def encrypt(keyring: Keyring, passphrase: str) -> bytes:
    """Make a backup, and open it again before returning it.

    Raises:
        KeyringError: the passphrase is too short.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise KeyringError(f"the passphrase has fewer than {SHORTEST_PASSPHRASE} characters")
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_key(passphrase, salt, _COST)).encrypt(nonce, keyring.to_bytes(), _bound(salt, _COST))
    encoded = (base64.b64encode(part).decode() for part in (salt, nonce, sealed))
    backup = msgspec.json.format(msgspec.json.encode(_Backup(FORMAT, _COST, *encoded))) + b"\n"
    if decrypt(backup, passphrase).to_bytes() != keyring.to_bytes():
        raise KeyringError("the backup does not read back; nothing was written")
    return backup


def decrypt(backup: bytes, passphrase: str) -> Keyring:
    """Open a backup.

    Raises:
        KeyringError: it is none, was changed, or the passphrase is another.
    """
    try:
        read = msgspec.json.decode(backup, type=_Backup)
        salt, nonce, sealed = (
            base64.b64decode(part, validate=True) for part in (read.salt, read.nonce, read.ciphertext)
        )
        if read.format != FORMAT or not 2 <= read.scrypt_n <= _MOST_COST:
            raise KeyringError(f"the backup is not of format {FORMAT}")
        cipher = AESGCM(_key(passphrase, salt, read.scrypt_n))
        return Keyring.from_bytes(cipher.decrypt(nonce, sealed, _bound(salt, read.scrypt_n)))
    except InvalidTag:
        raise KeyringError("the backup does not open: another passphrase, or a changed file") from None
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise KeyringError("what was read is not a backup of a keyring") from None


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=_BLOCK_SIZE, p=1).derive(passphrase.encode())


def _bound(salt: bytes, cost: int) -> bytes:
    return f"{FORMAT}\0{cost}\0".encode() + salt
