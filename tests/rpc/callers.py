"""Callers that speak the wire by hand, to a register that serves with real certificates."""

import contextlib
import hashlib
import os
import time
import tomllib
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import officer_pb2, options_pb2, receipt_pb2, types_pb2
from nsor_server import config
from nsor_server.app import Register
from nsor_server.calls import Agency
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.pool import Database
from tests import deciding

AGENCIES = Path(__file__).parents[2] / "certs" / "agencies.toml"
SECONDS = 20
Logged = Callable[..., list[tuple[str, str]]]
"""Gives trace id and access id of each line of the log that says one of some words."""


@dataclass(frozen=True)
class Answered:
    """What came back of a call."""

    code: grpc.StatusCode
    message: bytes
    receipt: receipt_pb2.Receipt | None
    details: str
    status: status_pb2.Status | None
    nonce: bytes
    request: bytes

    @property
    def reason(self) -> str:
        """The ErrorInfo's reason, or empty."""
        info = error_details_pb2.ErrorInfo()
        for detail in self.status.details if self.status else ():
            if detail.Is(info.DESCRIPTOR):
                detail.Unpack(info)
        return str(info.reason)

    @property
    def leaf(self) -> leaf_pb2.Leaf:
        """The leaf of the receipt."""
        assert self.receipt is not None
        return leaf_pb2.Leaf.FromString(self.receipt.leaf)

    def proves_itself(self) -> bool:
        """Whether the receipt is this call's and this answer's."""
        answer = self.message if self.status is None else self.status.SerializeToString()
        return (
            self.leaf.call_hash == hashlib.sha256(self.nonce + self.request).digest()
            and self.leaf.answer_hash == hashlib.sha256(self.nonce + answer).digest()
        )


@dataclass
class Caller:
    """An agency's end of a connection; who acts there: an officer or a system, and focal persons who sign each call."""

    channel: grpc.Channel
    certificate: bytes
    officer: Ed25519PrivateKey | None = None
    focal_persons: Sequence[Ed25519PrivateKey] = ()
    extra: list[tuple[str, str | bytes]] = field(default_factory=list)

    def metadata(self, nonce: bytes | None, **more: bytes) -> tuple[tuple[str, str | bytes], ...]:
        found: list[tuple[str, str | bytes]] = list(self.extra)
        if nonce is not None:
            found.append(("nsor-nonce-bin", nonce))
        if self.officer is not None:
            found.append(("nsor-officer-bin", session(self.officer, self.certificate)))
        return (*found, *((name.replace("_", "-"), value) for name, value in more.items()))

    def call(
        self,
        method: str,
        request: Message | bytes,
        *,
        nonce: bytes | None = None,
        no_nonce: bool = False,
        **more: bytes,
    ) -> Answered:
        """Make a unary call, whatever the method and the bytes are."""
        encoded = request if isinstance(request, bytes) else request.SerializeToString()
        sent = nonce or os.urandom(32)
        names = ("nsor_decision_bin", "nsor_second_decision_bin")
        more |= {
            name: decision(key, method, sent, encoded) for name, key in zip(names, self.focal_persons, strict=False)
        }
        stub: Any = self.channel.unary_unary(f"/{method}")
        try:
            message, done = stub.with_call(
                encoded, metadata=self.metadata(None if no_nonce else sent, **more), timeout=SECONDS
            )
        except grpc.RpcError as error:
            return answered(error, b"", sent, encoded)
        return answered(done, message, sent, encoded)

    def stream(self, method: str, request: Message, **options: Any) -> Any:
        """Open a stream of raw messages."""
        options.setdefault("timeout", 60)
        stub: Any = self.channel.unary_stream(f"/{method}")
        return stub(request.SerializeToString(), metadata=self.metadata(os.urandom(32)), **options)


@dataclass(frozen=True)
class Exchange:
    """A stream both ways that has ended: what came back, each message with its receipt, and how it ended."""

    nonce: bytes
    answers: list[bytes]
    ended: Answered


def exchange(caller: Caller, method: str, messages: Iterable[Message | bytes], **options: Any) -> Exchange:
    """Send messages on one stream, and take all that comes back."""
    nonce = os.urandom(32)
    encoded = [each if isinstance(each, bytes) else each.SerializeToString() for each in messages]
    stub: Any = caller.channel.stream_stream(f"/{method}")
    options.setdefault("timeout", 60)
    call = stub(iter(encoded), metadata=caller.metadata(nonce), **options)
    answers: list[bytes] = []
    with contextlib.suppress(grpc.RpcError):
        answers.extend(call)
    unanswered = encoded[len(answers)] if len(answers) < len(encoded) else b""
    return Exchange(nonce, answers, answered(call, b"", nonce, unanswered))


def answered(call: Any, message: bytes, nonce: bytes, request: bytes) -> Answered:
    """Read a call that has ended."""
    trailing = {item[0]: item[1] for item in call.trailing_metadata() or ()}
    receipt = trailing.get("nsor-receipt-bin")
    details = trailing.get("grpc-status-details-bin")
    return Answered(
        call.code(),
        message,
        receipt_pb2.Receipt.FromString(receipt) if receipt else None,
        call.details() or "",
        status_pb2.Status.FromString(details) if details else None,
        nonce,
        request,
    )


def session(key: Ed25519PrivateKey, certificate: bytes, *, starts_us: int | None = None, minutes: int = 15) -> bytes:
    """A signed session assertion."""
    start = int(time.time() * 1e6) if starts_us is None else starts_us
    said = officer_pb2.OfficerSession(
        officer_key_id=hashlib.sha256(key.public_key().public_bytes_raw()).digest(),
        certificate_sha256=certificate,
        issued_at_us=start,
        expires_at_us=start + minutes * 60_000_000,
    ).SerializeToString()
    signature = key.sign(b"nsor-officer-session-v1\0" + said)
    return officer_pb2.SignedOfficerSession(session=said, signature=signature).SerializeToString()


def decision(
    key: Ed25519PrivateKey, method: str, nonce: bytes, request: bytes, *, signed_at_us: int | None = None
) -> bytes:
    """A signature over one call, made now."""
    at = int(time.time() * 1e6) if signed_at_us is None else signed_at_us
    call_hash = hashlib.sha256(nonce + request).digest()
    signed = b"nsor-decision-v2\0" + method.encode() + b"\0" + call_hash + at.to_bytes(8, "big")
    return officer_pb2.DecisionSignature(
        officer_key_id=hashlib.sha256(key.public_key().public_bytes_raw()).digest(),
        signature=key.sign(signed),
        signed_at_us=at,
    ).SerializeToString()


def fingerprint(path: Path) -> bytes:
    return x509.load_pem_x509_certificates(path.read_bytes())[0].fingerprint(hashes.SHA256())


def example_agencies() -> list[Agency]:
    entries = tomllib.loads(AGENCIES.read_text(encoding="utf-8"))["agency"]
    kinds = dict(options_pb2.AgencyKind.items())
    return [
        Agency(
            agency_id=e["id"],
            kind=kinds["AGENCY_KIND_" + e["kind"]],
            jurisdiction=tuple(e["jurisdiction"]),
            enabled=True,
            name_en=e["name"]["en"],
            name_ur=e["name"]["ur"],
            court_kinds=tuple(types_pb2.CourtKind.Value(f"COURT_KIND_{kind}") for kind in e.get("court_kinds", ())),
        )
        for e in entries
    ]


@dataclass
class Serving:
    """A register that serves, and all that a test may do around it."""

    address: str
    certificates: Path
    database: Database
    settings: config.Settings
    register: Register | None
    channels: list[grpc.Channel] = field(default_factory=list)

    @property
    def open_streams(self) -> int:
        assert self.register is not None
        return self.register.open_streams

    def files_of(self, name: str) -> tuple[Path, Path]:
        """Key and certificate of an agency, or of one of the flawed cases."""
        flawed = self.certificates / "test" / f"{name}.pem"
        folder = flawed.parent if flawed.exists() else self.certificates / "agencies"
        return folder / f"{name}.key", folder / f"{name}.pem"

    def caller(
        self,
        name: str,
        *,
        officer: bool = False,
        system: bool = False,
        focal_persons: int = 0,
        options: Sequence[tuple[str, Any]] = (),
    ) -> Caller:
        caller = self.caller_with(*self.files_of(name), options=options)
        caller.officer = self.enrol(name, system=system) if officer or system else None
        caller.focal_persons = [self.enter_focal_person(name) for _ in range(focal_persons)]
        return caller

    def caller_with(self, key: Path, certificate: Path, *, options: Sequence[tuple[str, Any]] = ()) -> Caller:
        ca = (self.certificates / "ca.pem").read_bytes()
        credentials = grpc.ssl_channel_credentials(ca, key.read_bytes(), certificate.read_bytes())
        # A subchannel is shared between channels of equal arguments; each caller is to shake hands by itself.
        own = [("grpc.use_local_subchannel_pool", 1), *options]
        channel = grpc.secure_channel(self.address, credentials, options=own)
        self.channels.append(channel)
        return Caller(channel, fingerprint(certificate))

    def enrol(self, agency_id: str, *, decides: bool = True, system: bool = False) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        raw = key.public_key().public_bytes_raw()
        number, kind = f"BELT-{os.urandom(3).hex().upper()}", 2 if system else 1
        self.sql(
            "INSERT INTO officer (key_id, agency_id, officer_number, public_key, jurisdiction, grade, access_id, kind,"
            " decides, own_number, own_key_id, enrolled_by)"
            " VALUES (%s, %s, %s, %s, '{}', 17, %s, %s, %s, %s, %s, sha256(''))",
            (
                hashlib.sha256(raw).digest(),
                agency_id,
                number,
                raw,
                uuid.uuid4(),
                kind,
                decides and not system,
                os.urandom(32),
                deciding.own_key(keyrings.load(self.settings.keys)),
            ),
        )
        return key

    def enter_focal_person(self, agency_id: str) -> Ed25519PrivateKey:
        (key,) = self.enter_focal_persons([agency_id])
        return key

    def enter_focal_persons(self, agency_ids: Iterable[str]) -> list[Ed25519PrivateKey]:
        """Enter one for each of these agencies, in one entry."""
        keys = [(Ed25519PrivateKey.generate(), agency_id) for agency_id in agency_ids]
        rows = [
            (hashlib.sha256(raw).digest(), agency_id, f"FOCAL-{os.urandom(3).hex().upper()}", raw, os.urandom(32))
            for raw, agency_id in ((key.public_key().public_bytes_raw(), agency_id) for key, agency_id in keys)
        ]
        statement = (
            "INSERT INTO focal_person (key_id, agency_id, officer_number, public_key, own_key_id, own_number)"
            " VALUES (%s, %s, %s, %s, 1, %s)"
        )
        self.change(lambda owner: owner.cursor().executemany(statement, rows))
        return [key for key, _ in keys]

    def revoke(self, name: str) -> None:
        serial = x509.load_pem_x509_certificates(self.files_of(name)[1].read_bytes())[0].serial_number
        self.sql("INSERT INTO certificate_revocation (serial, reason) VALUES (%s, 'keyCompromise')", (f"{serial:x}",))

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Change the directory, as an operator's command does."""
        self.change(lambda owner: owner.execute(statement, parameters))

    def set_enabled(self, agency_id: str, *, enabled: bool) -> None:
        """Enable or disable an agency."""
        self.change(lambda owner: deciding.set_enabled(owner, agency_id, enabled=enabled))

    def change(self, act: Callable[[psycopg.Connection], Any]) -> None:
        """Change what decides, and record it."""
        with self.database.owner() as owner:
            act(owner)
            deciding.record(owner, keyrings.load(self.settings.keys))

    def one(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        with self.database.transaction() as connection:
            row = connection.execute(query, parameters).fetchone()
        return row[0] if row else None


Serve = Callable[..., AbstractContextManager[Serving]]
"""Starts a register; its environment and changed settings may be given."""
