"""Files of the CA: keys that only their owner can read, and certificates that appear whole or not at all."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nsor_server.pki.errors import PkiError

MINIMUM_PASSPHRASE_BYTES = 8


def make_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter (0700); an existing one is closed to others."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def replace(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file under another name, then move it into place; the mode holds from its first byte."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def certificates_pem(certificates: Sequence[x509.Certificate]) -> bytes:
    """Certificates one after the other, as PEM."""
    return b"".join(item.public_bytes(serialization.Encoding.PEM) for item in certificates)


def key_pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes | None) -> bytes:
    """A private key as PKCS #8 PEM, encrypted when there is a passphrase."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def read_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of a PEM file.

    Raises:
        PkiError: the file is missing or holds none.
    """
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise PkiError(f"{path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise PkiError(f"{path} holds no certificate in PEM form.") from None


def read_key(path: Path, passphrase: bytes | None) -> ec.EllipticCurvePrivateKey:
    """A CA's private key.

    Raises:
        PkiError: missing, open to others, encrypted with another passphrase, or not an EC key.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise PkiError(f"{path} can be read by others. Run: chmod 600 {path}")
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase)
    except OSError as error:
        raise PkiError(f"{path} cannot be read ({error.strerror}).") from None
    except TypeError:
        wanted = (
            "needs a passphrase. See --passphrase."
            if passphrase is None
            else "is not encrypted, so that it needs no passphrase. Leave it out; to have one, make the CA with it."
        )
        raise PkiError(f"{path} {wanted}") from None
    except ValueError:
        raise PkiError(f"{path} cannot be opened: wrong passphrase, or not a key.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise PkiError(f"{path} is not an EC key.")
    return key


def read_passphrase(source: str) -> bytes:
    """The first line of a private file (mode 0600), or of an open descriptor.

    Args:
        source: a path or `fd:N`.

    Raises:
        PkiError: it cannot be read, is open to others, or has fewer than 8 bytes. Never repeats `source`, where
            somebody may have typed the passphrase itself.
    """
    try:
        if source.startswith("fd:") and source[3:].isdecimal():
            with os.fdopen(int(source[3:]), "rb") as stream:
                found = stream.readline(4096)
        else:
            path = Path(source)
            if path.stat().st_mode & 0o077:
                raise PkiError("The passphrase's file can be read by others. Make it yours alone: chmod 600")
            with path.open("rb") as stream:
                found = stream.readline(4096)
    except OSError as error:
        raise PkiError(
            f"The passphrase cannot be read ({error.strerror}). Name a file, or an open descriptor as fd:N."
        ) from None
    found = found.rstrip(b"\r\n")
    if len(found) < MINIMUM_PASSPHRASE_BYTES:
        raise PkiError(f"The passphrase must have at least {MINIMUM_PASSPHRASE_BYTES} bytes.")
    return found
