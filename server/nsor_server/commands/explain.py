"""Why a client certificate is let in or not, asked of the files and the register that the server asks.

A client hears "Socket closed" and no more when a handshake fails, and grpcio tells the server's Python nothing of it:
so the operator takes the certificate that the agency holds, which is public, and asks here.
"""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.access import directory, gate, peer
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.ledger import directory_proof
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.pki.errors import PkiError
from nsor_server.storage.clock import Clock
from nsor_server.storage.decided_rows import Contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection

_ASK_ANEW: Final = "the agency asks for a new one: nsor credentials request {agency}"
_NEXT: Final = {
    errors_pb2.ERROR_REASON_CERTIFICATE_NOT_ACTIVE: (
        "nsor-server pki import INDEX; nsor-server status --index INDEX says whether it was imported"
    ),
    errors_pb2.ERROR_REASON_CERTIFICATE_EXPIRED: _ASK_ANEW,
    errors_pb2.ERROR_REASON_AGENCY_NOT_ACTIVE: "nsor-server agency show {agency}",
}
_ISSUE: Final = "issue another one: nsor-server pki issue --profile agency --agency AGENCY --csr FILE --folder CA"


def read(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file.

    Raises:
        PkiError: there is none.
    """
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (ValueError, IndexError):
        raise PkiError(f"{path} holds no PEM certificate.") from None


def handshake(leaf: x509.Certificate, authorities: list[x509.Certificate], now: dt.datetime) -> str | None:
    """Why TLS would end the handshake, and what to do; None: it wouldn't.

    Args:
        leaf: the agency's certificate.
        authorities: those of NSOR_CLIENT_CA.
        now: the time by this host's clock, as TLS has it.
    """
    if not any(_issued_by(leaf, authority) for authority in authorities):
        return f"no CA of NSOR_CLIENT_CA has issued it: the handshake fails\nNext: {_ISSUE}"
    if now < leaf.not_valid_before_utc:
        return f"it counts from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on: the handshake fails until then"
    if now > leaf.not_valid_after_utc:
        ended = f"it ended on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: the handshake fails"
        return f"{ended}\nNext: the agency asks for a new one: nsor credentials request AGENCY"
    return None


def call(leaf: x509.Certificate, snapshot: DirectorySnapshot) -> tuple[str | None, str]:
    """Why the front door would refuse its calls, or None, and what to do or whose it is."""
    pem = leaf.public_bytes(serialization.Encoding.PEM)
    try:
        facts = peer.parse(pem)
    except peer.NoIdentity as error:
        return f"it names no agency ({error.reason.value}): calls get CERTIFICATE_NOT_ACCEPTED", _ISSUE
    try:
        caller = gate.identify(pem, snapshot, snapshot.now())
    except errors.Unauthenticated as error:
        reason = errors_pb2.ErrorReason.Name(error.reason).removeprefix("ERROR_REASON_")
        known = snapshot.certificates.get(facts.serial)
        revoked = known is not None and known.revoked
        step = _ASK_ANEW if revoked else _NEXT.get(error.reason, _ISSUE)
        return f"calls get {reason}{', since it was revoked' * revoked}", step.format(agency=facts.agency_id)
    return None, caller.agency.agency_id


def known(conn: Connection, keyring: Keyring) -> DirectorySnapshot:
    """What a server obeys: the directory as far as the signed root proves it.

    Raises:
        DirectoryContradicted: the rows aren't those of the ledger.
    """
    try:
        return directory.read(conn, functools.partial(directory_proof.prove, keys=LogKeys.of(keyring)), Clock())
    except Contradicted as error:
        raise directory.DirectoryContradicted(f"{error}; run `nsor-server ledger verify`") from None


def _issued_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
