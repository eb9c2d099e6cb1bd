"""The CA: a root that signs issuing CAs, and an issuing CA that signs agencies' and servers' certificates.

A CA folder holds `ca.pem` (root and issuing certificate, what others trust), `issuing/` with the issuing CA's
key, and `index.jsonl`. The root's key lives in a folder of its own, on a medium that is put away again.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nsor_server.access.peer import serial_text
from nsor_server.pki import files, index, profiles, requests
from nsor_server.pki.errors import PkiError
from nsor_server.pki.profiles import Profile

ORGANIZATION = "National Sex Offenders Register"
CLOCK_SKEW = dt.timedelta(minutes=5)
"""A certificate begins this long before it is made, for machines whose clock is behind."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A CA's certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def now() -> dt.datetime:
    """The current time in whole seconds, as certificates count."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def sign(
    profile: Profile,
    *,
    public_key: ec.EllipticCurvePublicKey,
    common_name: str,
    signer: Signer | ec.EllipticCurvePrivateKey,
    at: dt.datetime,
    names: Sequence[x509.GeneralName] = (),
) -> x509.Certificate:
    """Make one certificate.

    Args:
        profile: uses and validity.
        public_key: the key that it certifies.
        common_name: for people; no program reads it.
        signer: the CA, or the key itself for a self-signed root.
        at: the time of issue, UTC.
        names: subject alternative names.

    Raises:
        PkiError: the CA's own certificate ends before this one would.
    """
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PK"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ]
    )
    ends = at + dt.timedelta(days=profile.days)
    if isinstance(signer, Signer):
        issuer, key = signer.certificate.subject, signer.key
        if ends > signer.certificate.not_valid_after_utc:
            raise PkiError("The CA's own certificate ends before this one would. Make a new issuing CA.")
    else:
        issuer, key = subject, signer
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(_new_serial())
        .not_valid_before(at - CLOCK_SKEW)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for extension, critical in profile.extensions():
        builder = builder.add_extension(extension, critical=critical)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256())


def _new_serial() -> int:
    """128 random bits; zero is no serial (RFC 5280, section 4.1.2.2)."""
    return secrets.randbits(128) or _new_serial()


def create_root(folder: Path, *, passphrase: bytes | None, at: dt.datetime, within: Path | None = None) -> Path:
    """Make the root's key and certificate in a new folder.

    Returns:
        The path of the root's certificate.

    Raises:
        PkiError: the folder holds a root already.
    """
    files.make_folder(folder)
    if (folder / "root.key").exists():
        raise PkiError(f"{folder} holds a root already. A second one needs another folder.")
    profile = profiles.load("root", within)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = sign(
        profile,
        public_key=key.public_key(),
        common_name=profile.common_name or "Root CA",
        signer=key,
        at=at,
    )
    files.replace(folder / "root.key", files.key_pem(key, passphrase), mode=0o600)
    path = folder / "root.pem"
    files.replace(path, files.certificates_pem([certificate]), mode=0o644)
    return path


def create_issuing(
    folder: Path,
    *,
    root: Path,
    root_passphrase: bytes | None,
    passphrase: bytes | None,
    at: dt.datetime,
    within: Path | None = None,
) -> Path:
    """Make an issuing CA, signed by the root, in a new CA folder.

    Args:
        folder: the CA folder.
        root: the root's folder.
        root_passphrase: opens the root's key.
        passphrase: encrypts the issuing CA's key.
        at: the time of issue, UTC.
        within: folder of the profiles; None takes the project's own.

    Returns:
        The path of `ca.pem`, which servers and agencies trust.

    Raises:
        PkiError: the root cannot be opened, or the folder holds an issuing CA already.
    """
    root_certificate = files.read_certificates(root / "root.pem")[0]
    signer = Signer(root_certificate, files.read_key(root / "root.key", root_passphrase))
    files.make_folder(folder)
    inner = files.make_folder(folder / "issuing")
    if (inner / "issuing.key").exists():
        raise PkiError(f"{folder} holds an issuing CA already. A second one needs another folder.")
    profile = profiles.load("issuing", within)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = sign(
        profile,
        public_key=key.public_key(),
        common_name=f"{profile.common_name or 'Issuing CA'} {at:%Y-%m}",
        signer=signer,
        at=at,
    )
    files.replace(inner / "issuing.key", files.key_pem(key, passphrase), mode=0o600)
    files.replace(inner / "issuing.pem", files.certificates_pem([certificate]), mode=0o644)
    with index.locked(folder / "index.jsonl"):
        path = folder / "ca.pem"
        files.replace(path, files.certificates_pem([root_certificate, certificate]), mode=0o644)
    return path


class Authority:
    """An issuing CA that is open for signing."""

    def __init__(self, folder: Path, *, passphrase: bytes | None = None, within: Path | None = None) -> None:
        self.folder = folder
        self.index = folder / "index.jsonl"
        certificate = files.read_certificates(folder / "issuing" / "issuing.pem")[0]
        self.signer = Signer(certificate, files.read_key(folder / "issuing" / "issuing.key", passphrase))
        self._within = within

    def issue(
        self, csr_pem: bytes, *, profile: profiles.ProfileName, names: requests.Names, at: dt.datetime
    ) -> list[x509.Certificate]:
        """Issue a certificate for a request and write it to the index first.

        Returns:
            The certificate and the issuing CA's, in the order in which TLS sends them.

        Raises:
            PkiError: the request or the names are refused, or the CA's own certificate ends too soon.
        """
        if profile not in profiles.LEAVES:
            raise PkiError(f"Requests are issued by profile {' or '.join(profiles.LEAVES)}.")
        rules = profiles.load(profile, self._within)
        general_names = names.general_names(rules)
        key = requests.read(csr_pem, general_names)
        certificate = sign(
            rules,
            public_key=key,
            common_name=names.agency_id or str(general_names[0].value),
            signer=self.signer,
            at=at,
            names=general_names,
        )
        entry = issued_entry(certificate, profile=profile, names=general_names, agency_id=names.agency_id, at=at)
        with index.locked(self.index) as writer:
            writer.append(entry)
        return [certificate, self.signer.certificate]


def issued_entry(
    certificate: x509.Certificate,
    *,
    profile: str,
    names: Sequence[x509.GeneralName],
    agency_id: str | None,
    at: dt.datetime,
) -> index.Issued:
    """The index's line for a certificate."""
    return index.Issued(
        serial=serial_text(certificate.serial_number),
        profile=profile,
        names=requests.described(names),
        agency_id=agency_id,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        at=at,
    )


def revoke(path: Path, serial: str, *, reason: index.Reason, at: dt.datetime) -> index.Revoked:
    """Revoke a certificate in the index; a second time changes nothing.

    Needs no key: the register believes the index that its operator imports.

    Args:
        path: the index.
        serial: hexadecimal, in either case, with or without colons.
        reason: why.
        at: the time from which it counts as revoked, UTC.

    Raises:
        PkiError: this CA issued no such serial.
    """
    wanted = serial.replace(":", "").lower().lstrip("0")
    if not path.exists():
        raise PkiError(f"There is no index at {path}. Name the CA's folder.")
    with index.locked(path) as writer:
        for line in index.fold(writer.entries()):
            if line.issued.serial == wanted:
                if line.revoked is not None:
                    return line.revoked
                entry = index.Revoked(serial=wanted, reason=reason, at=at)
                writer.append(entry)
                return entry
    raise PkiError("This CA issued no such serial. See: nsor-server pki list")
