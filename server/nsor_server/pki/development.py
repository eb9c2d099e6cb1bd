"""Development certificates: a throw-away CA, a server and the example agencies.

Here one program plays every part, so this CA protects nothing: its keys lie beside the certificates. The agencies'
keys are still made by the agencies' own code and reach the CA as requests, so that this way is exercised daily.
"""

import datetime as dt
import fcntl
import functools
import os
import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nsor import credentials
from nsor_server.pki import authority, files, index, profiles, requests
from nsor_server.pki.authority import Authority
from nsor_server.pki.errors import PkiError

RENEW_BEFORE = dt.timedelta(days=30)
SERVER_NAMES = requests.Names(dns=("localhost",), ip=("127.0.0.1", "::1"))
_OWNED = ("root", "issuing", "agencies", "index.jsonl", "ca.pem", "server.pem", "server.key")


@dataclass(slots=True)
class Report:
    """What `create` did, as names below the folder."""

    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def agency_ids(path: Path) -> list[str]:
    """Ids of the agencies in a file like certs/agencies.toml.

    Raises:
        PkiError: the file cannot be read, or an entry has no id.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["agency"]
        return [str(entry["id"]) for entry in entries]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError):
        raise PkiError(f"{path} is not a list of [[agency]] entries with an id each.") from None


def create(folder: Path, agencies: Sequence[str], *, force: bool = False, at: dt.datetime | None = None) -> Report:
    """Make whatever is missing, damaged or about to expire below a folder; keep the rest.

    Args:
        folder: becomes mode 0700; must be new, empty or made by this function.
        agencies: ids of the agencies that get a key and a certificate.
        force: make everything anew, the CA too.
        at: the current time, UTC; None asks the clock.

    Raises:
        PkiError: the folder holds something else.
    """
    at = at or authority.now()
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "issuing").is_dir():
        raise PkiError(f"{folder} holds other files. Name a new folder.")
    files.make_folder(folder)
    with alone(folder):
        report = Report()
        if force or not _authority_serves(folder, at):
            _clear(folder)
            authority.create_root(folder / "root", passphrase=None, at=at)
            authority.create_issuing(folder, root=folder / "root", root_passphrase=None, passphrase=None, at=at)
            report.made.append("ca")
        else:
            report.kept.append("ca")
        _leaves(Authority(folder), report, at, agencies)
    return report


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Lock the folder: two `make certs` at a time would each find the other's half."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    for name in _OWNED:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _authority_serves(folder: Path, at: dt.datetime) -> bool:
    """Whether the CA can still sign what is made today: leaves live 90 days."""
    try:
        signer = Authority(folder).signer
        root, issuing = files.read_certificates(folder / "ca.pem")
        index.read(folder / "index.jsonl")
        issuing.verify_directly_issued_by(root)
    except (PkiError, ValueError, InvalidSignature):
        return False
    longest = max(profiles.load(name).days for name in profiles.LEAVES)
    ends = min(root.not_valid_after_utc, issuing.not_valid_after_utc)
    return (
        issuing == signer.certificate
        and issuing.public_key() == signer.key.public_key()
        and ends > at + dt.timedelta(days=longest) + RENEW_BEFORE
    )


def _leaves(ca: Authority, report: Report, at: dt.datetime, agencies: Sequence[str]) -> None:
    """Make or keep the server's and each agency's certificate."""
    pairs = Pairs(ca, report, at)

    def for_server(csr_pem: bytes) -> list[x509.Certificate]:
        return ca.issue(csr_pem, profile="server", names=SERVER_NAMES, at=at)

    pairs.provide("server", _server_key_and_csr, for_server)
    for agency_id in agencies:
        names = requests.Names(agency_id=agency_id)
        pairs.provide(
            f"agencies/{agency_id}",
            functools.partial(credentials.new_key_and_csr, agency_id),
            functools.partial(ca.issue, profile="agency", names=names, at=at),
        )


class Pairs:
    """Keys with their certificates below the folder of a development CA: kept while they are good, else made."""

    def __init__(self, ca: Authority, report: Report, at: dt.datetime) -> None:
        self._ca = ca
        self._report = report
        self._at = at

    def provide(
        self,
        name: str,
        new_key_and_csr: Callable[[], tuple[bytes, bytes]],
        certify: Callable[[bytes], list[x509.Certificate]],
        *,
        foreign: bool = False,
        expired: bool = False,
    ) -> None:
        """Keep a pair or make it.

        Args:
            name: what the report calls it: the files' path below the folder, without an ending.
            new_key_and_csr: makes a key and a request, both PEM.
            certify: gives the chain for a request.
            foreign: it is good although another CA signed it.
            expired: it is good although it is over.
        """
        path = self._ca.folder / name
        files.make_folder(path.parent)
        key_path, certificate_path = path.with_suffix(".key"), path.with_suffix(".pem")
        if self._still_good(certificate_path, key_path, foreign=foreign, expired=expired):
            self._report.kept.append(name)
            return
        certificate_path.unlink(missing_ok=True)
        key_path.unlink(missing_ok=True)
        key_pem, csr_pem = new_key_and_csr()
        chain = certify(csr_pem)
        credentials.write_key(key_path, key_pem)
        files.replace(certificate_path, files.certificates_pem(chain), mode=0o644)
        self._report.made.append(name)

    def _still_good(self, certificate_path: Path, key_path: Path, *, foreign: bool, expired: bool) -> bool:
        """Whether a pair belongs together, is ours and lasts."""
        try:
            leaf = files.read_certificates(certificate_path)[0]
            key = files.read_key(key_path, None)
            if not foreign:
                leaf.verify_directly_issued_by(self._ca.signer.certificate)
        except (PkiError, ValueError, InvalidSignature):
            return False
        lasts = expired or leaf.not_valid_after_utc > self._at + RENEW_BEFORE
        return lasts and leaf.public_key() == key.public_key()


def _server_key_and_csr() -> tuple[bytes, bytes]:
    """A server's key and request; the names are the CA's to give."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return files.key_pem(key, None), csr.public_bytes(serialization.Encoding.PEM)
