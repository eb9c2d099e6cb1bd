"""Certificate profiles: what a certificate may be used for and which names it carries, as reviewed data."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import msgspec
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from nsor_server.pki.errors import PkiError

NameKind = Literal["agency", "dns", "ip"]
ProfileName = Literal["root", "issuing", "agency", "server"]
LEAVES: tuple[ProfileName, ...] = ("agency", "server")
"""Profiles that a request can be issued by."""

_USES = {"clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH, "serverAuth": ExtendedKeyUsageOID.SERVER_AUTH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One certificate profile, as its TOML file says."""

    days: int
    """Validity, in days."""
    authority: bool
    """Whether it is the certificate of a CA."""
    key_usage: tuple[Literal["digitalSignature", "keyCertSign", "cRLSign"], ...]
    extended_key_usage: tuple[Literal["clientAuth", "serverAuth"], ...]
    names: tuple[NameKind, ...]
    """Kinds of subject alternative name that it carries; others are refused."""
    path_length: int | None = None
    """CAs that may follow below this one."""
    common_name: str | None = None
    """Fixed common name of a CA; a leaf's is made from its first name and never read."""

    def extensions(self) -> list[tuple[x509.ExtensionType, bool]]:
        """Uses and constraints as X.509 extensions, each with its criticality."""
        usage = x509.KeyUsage(
            digital_signature="digitalSignature" in self.key_usage,
            key_cert_sign="keyCertSign" in self.key_usage,
            crl_sign="cRLSign" in self.key_usage,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        found: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=self.authority, path_length=self.path_length), True),
            (usage, True),
        ]
        if self.extended_key_usage:
            found.append((x509.ExtendedKeyUsage([_USES[use] for use in self.extended_key_usage]), True))
        return found


def folder() -> Path:
    """Where the profiles are: in the installed package, or in certs/ of the source tree."""
    installed = Path(__file__).with_name("profiles")
    return installed if installed.is_dir() else Path(__file__).parents[3] / "certs" / "profiles"


def load(name: ProfileName, within: Path | None = None) -> Profile:
    """Read one profile.

    Args:
        name: the file's name without `.toml`.
        within: folder of the profiles; None takes the project's own.

    Raises:
        PkiError: the file is missing or says something that a profile can't.
    """
    if name not in get_args(ProfileName):
        raise PkiError(f"There is no such profile. There are: {', '.join(get_args(ProfileName))}.")
    path = (within or folder()) / f"{name}.toml"
    try:
        profile = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Profile)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PkiError(f"Profile {path} cannot be used: {error}") from None
    if not 1 <= profile.days <= 7300:
        raise PkiError(f"Profile {path}: days must be from 1 to 7300.")
    if profile.authority == (name in LEAVES):
        raise PkiError(f"Profile {path}: authority must be {str(name not in LEAVES).lower()}.")
    return profile
