"""A register in miniature for the client's tests: real mutual TLS, a real ledger in memory, and faults on demand.

It answers what a test scripts, and proves it as the contract says; each fault breaks exactly one promise, so that a
test shows the client noticing it.
"""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import hashlib
import ipaddress
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from google.protobuf import any_pb2, empty_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

import nsor
from nsor import cli
from nsor.ledger import batch_proof, merkle, note
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import oversight_pb2, receipt_pb2

ORIGIN = "test.example/ledger"
AGENCY = "punjab-police"
GRPC = {code.name: code for code in grpc.StatusCode}


@dataclass(frozen=True)
class Refusal:
    """A refusal that a scripted method makes."""

    code: str
    reason: str
    violations: tuple[tuple[str, str], ...] = ()


@dataclass
class Ledger:
    """Leaves and their tree."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    leaves: list[bytes] = field(default_factory=list)
    origin: str = ORIGIN
    epochs: list[oversight_pb2.Epoch] = field(default_factory=list)

    @property
    def hashes(self) -> list[bytes]:
        return [merkle.leaf_hash(leaf) for leaf in self.leaves]

    def sign(self, size: int | None = None) -> bytes:
        taken = self.hashes[:size]
        return note.sign(note.Checkpoint(self.origin, len(taken), merkle.root_of(taken)), self.key, self.origin)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return [merkle.root_of(self.hashes[part.start : part.stop]) for part in merkle.inclusion_path(index, size)]

    def consistency(self, first: int, second: int) -> list[bytes]:
        return [merkle.root_of(self.hashes[part.start : part.stop]) for part in merkle.consistency_path(first, second)]

    def batch(self, indexes: Sequence[int], earlier: Sequence[int], size: int) -> list[bytes]:
        hashes = self.hashes
        return [merkle.root_of(hashes[part.start : part.stop]) for part in batch_proof.path(indexes, earlier, size)]

    @property
    def verifier(self) -> str:
        return note.Verifier.of(self.key, ORIGIN).text()


Answerer = Callable[[bytes], Message | Refusal]
Tamper = Callable[[receipt_pb2.Receipt], receipt_pb2.Receipt | None]


@dataclass
class Call:
    """A call as the register received it."""

    method: str
    request: bytes
    metadata: dict[str, str | bytes]


@dataclass
class Register:
    """The miniature register."""

    ledger: Ledger = field(default_factory=Ledger)
    answers: dict[str, Answerer] = field(default_factory=dict)
    streams: dict[str, Callable[[bytes], Iterator[Message | Refusal]]] = field(default_factory=dict)
    exchanges: dict[str, Callable[[bytes], Message | Refusal | None]] = field(default_factory=dict)
    tamper: Tamper | None = None
    tamper_leaf: Callable[[leaf_pb2.Leaf], None] | None = None
    before: Callable[[Call], Refusal | None] | None = None
    calls: list[Call] = field(default_factory=list)
    target: str = ""

    def record(self, call: Call, answer: bytes, *, refused: bool) -> receipt_pb2.Receipt | None:
        nonce = call.metadata["nsor-nonce-bin"]
        assert isinstance(nonce, bytes)
        leaf = leaf_pb2.Leaf(
            format=1,
            time_us=1_700_000_000_000_000 + len(self.ledger.leaves),
            access_id=(1_700_000_000_000 + len(self.ledger.leaves)).to_bytes(6) + os.urandom(10),
            agency=AGENCY,
            method=call.method,
            purpose=3,
            outcome=leaf_pb2.OUTCOME_REFUSED if refused else leaf_pb2.OUTCOME_ALLOWED,
            trace_id=bytes.fromhex(str(call.metadata["traceparent"]).split("-")[1]),
            call_hash=hashlib.sha256(nonce + call.request).digest(),
            answer_hash=hashlib.sha256(nonce + answer).digest(),
            detail_hash=os.urandom(32),
            count=1,
        )
        if self.tamper_leaf:
            self.tamper_leaf(leaf)
        self.ledger.leaves.append(leaf.SerializeToString())
        receipt = receipt_pb2.Receipt(
            leaf=self.ledger.leaves[-1], index=len(self.ledger.leaves) - 1, checkpoint=self.ledger.sign()
        )
        return self.tamper(receipt) if self.tamper else receipt

    def proofs(self, method: str, request: bytes) -> Message:
        if method.endswith("GetCheckpoint"):
            return oversight_pb2.GetCheckpointResponse(checkpoint=self.ledger.sign(), epochs=self.ledger.epochs)
        if method.endswith("GetInclusionProof"):
            wanted = oversight_pb2.GetInclusionProofRequest.FromString(request)
            return oversight_pb2.GetInclusionProofResponse(
                hashes=self.ledger.inclusion(wanted.leaf_index, wanted.tree_size)
            )
        if method.endswith("GetBatchProof"):
            asked = oversight_pb2.GetBatchProofRequest.FromString(request)
            return oversight_pb2.GetBatchProofResponse(
                hashes=self.ledger.batch(asked.leaf_indexes, asked.earlier_sizes, asked.tree_size)
            )
        sizes = oversight_pb2.GetConsistencyProofRequest.FromString(request)
        return oversight_pb2.GetConsistencyProofResponse(
            hashes=self.ledger.consistency(sizes.first_tree_size, sizes.second_tree_size)
        )

    def answer(self, call: Call) -> Message | Refusal:
        if self.before and (refusal := self.before(call)):
            return refusal
        answerer = self.answers.get(call.method)
        return answerer(call.request) if answerer else self.proofs(call.method, call.request)


def _status(refusal: Refusal) -> bytes:
    info = error_details_pb2.ErrorInfo(reason=refusal.reason, domain="nsor.gov.pk")
    details: list[Message] = [
        info,
        error_details_pb2.LocalizedMessage(locale="en", message="No."),
        error_details_pb2.LocalizedMessage(locale="ur", message="نہیں"),
    ]
    if refusal.violations:
        fields = [
            error_details_pb2.BadRequest.FieldViolation(
                field=path,
                reason=reason,
                description="The rule.",
                localized_message=error_details_pb2.LocalizedMessage(locale="ur", message="اصول"),
            )
            for path, reason in refusal.violations
        ]
        details.append(error_details_pb2.BadRequest(field_violations=fields))
    packed = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    status = status_pb2.Status(code=GRPC[refusal.code].value[0], message="No.", details=packed)
    return bytes(status.SerializeToString())


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, register: Register) -> None:
        self.register = register

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        method = details.method.lstrip("/")
        if method in self.register.streams:
            return grpc.unary_stream_rpc_method_handler(lambda request, context: self.stream(method, request, context))
        if method in self.register.exchanges:
            return grpc.stream_stream_rpc_method_handler(lambda sent, context: self.exchange(method, sent, context))
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self.unary(method, request, context))

    def unary(self, method: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        call = self.received(method, request, context)
        answer = self.register.answer(call)
        if isinstance(answer, Refusal):
            return self.refuse(call, answer, context)
        data = answer.SerializeToString()
        receipt = self.register.record(call, data, refused=False)
        if receipt is not None:
            context.set_trailing_metadata((("nsor-receipt-bin", receipt.SerializeToString()),))
        return data

    def stream(self, method: str, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        call = self.received(method, request, context)
        for answer in self.register.streams[method](request):
            if isinstance(answer, Refusal):
                self.refuse(call, answer, context)
                return
            data = answer.SerializeToString()
            if isinstance(answer, empty_pb2.Empty):
                yield data  # no bytes: the register's sign that the connection is alive
                continue
            receipt = self.register.record(call, data, refused=False)
            yield data if receipt is None else data + _field_15(receipt.SerializeToString())

    def exchange(self, method: str, sent: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        for request in sent:
            call = self.received(method, request, context)
            answer = self.register.exchanges[method](request)
            if answer is None:
                return
            if isinstance(answer, Refusal):
                self.refuse(call, answer, context)
                return
            data = answer.SerializeToString()
            receipt = self.register.record(call, data, refused=False)
            yield data if receipt is None else data + _field_15(receipt.SerializeToString())

    def received(self, method: str, request: bytes, context: grpc.ServicerContext) -> Call:
        call = Call(method, request, dict(context.invocation_metadata()))
        self.register.calls.append(call)
        return call

    def refuse(self, call: Call, refusal: Refusal, context: grpc.ServicerContext) -> bytes:
        context.set_code(GRPC[refusal.code])
        context.set_details("No.")
        if not refusal.reason:
            return b""
        details = _status(refusal)
        trailing = [("grpc-status-details-bin", details)]
        receipt = self.register.record(call, details, refused=True)
        if receipt is not None:
            trailing.append(("nsor-receipt-bin", receipt.SerializeToString()))
        context.set_trailing_metadata(tuple(trailing))
        return b""


def _field_15(receipt: bytes) -> bytes:
    length, varint = len(receipt), b""
    while length > 0x7F:
        varint += bytes([length & 0x7F | 0x80])
        length >>= 7
    return b"\x7a" + varint + bytes([length]) + receipt


@dataclass(frozen=True)
class Files:
    """PEM files of a CA, a server and a client."""

    ca: Path
    server: bytes
    server_key: bytes
    certificate: Path
    key: Path


def _certificate(
    name: str,
    names: list[x509.GeneralName],
    signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    use: x509.ObjectIdentifier | None,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[0].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if use:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    return builder.sign(signer[1] if signer else key, hashes.SHA256()), key


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("pki")
    ca = _certificate("test CA", [], None, None)
    loopback: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    server, server_key = _certificate("localhost", loopback, ca, ExtendedKeyUsageOID.SERVER_AUTH)
    uri = x509.UniformResourceIdentifier(f"spiffe://nsor.gov.pk/agency/{AGENCY}")
    client, client_key = _certificate(AGENCY, [uri], ca, ExtendedKeyUsageOID.CLIENT_AUTH)
    (folder / "ca.pem").write_bytes(_pem(ca[0]))
    (folder / "client.pem").write_bytes(_pem(client))
    (folder / "client.key").write_bytes(_key_pem(client_key))
    return Files(folder / "ca.pem", _pem(server), _key_pem(server_key), folder / "client.pem", folder / "client.key")


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def register(files: Files) -> Iterator[Register]:
    """A running register that answers proofs; tests script the rest."""
    register = Register()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(16), options=(("grpc.so_reuseport", 0),))
    server.add_generic_rpc_handlers((_Handler(register),))
    credentials = grpc.ssl_server_credentials(
        [(files.server_key, files.server)], files.ca.read_bytes(), require_client_auth=True
    )
    register.target = f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"
    server.start()
    yield register
    server.stop(None).wait()


Connect = Callable[..., nsor.Client]


@pytest.fixture
def connect(register: Register, files: Files, tmp_path: Path) -> Iterator[Connect]:
    """Makes clients of that register, on one state folder, and closes them."""
    clients: list[nsor.Client] = []

    def make(**settings: object) -> nsor.Client:
        given: dict[str, object] = {
            "certificate": files.certificate,
            "key": files.key,
            "ca": files.ca,
            "ledger_key": register.ledger.verifier,
            "state_dir": tmp_path / "client-state",
            "retries": nsor.Retries(first_seconds=0.001, longest_seconds=0.002),
        }
        clients.append(nsor.Client(register.target, **(given | settings)))  # type: ignore[arg-type]
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Connect) -> nsor.Client:
    return connect(officer=nsor.OfficerKey.generate())


@pytest.fixture
def refusals() -> type[Refusal]:
    """The class of scripted refusals; tests are not packages, so it comes as a fixture."""
    return Refusal


@pytest.fixture
def ids() -> Iterator[str]:
    """Canonical UUIDs without end."""
    return (f"00000000-0000-4000-8000-{number:012d}" for number in itertools.count(1))


Run = Callable[..., int]


@pytest.fixture
def settings(tmp_path: Path, files: Files, register: Register, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file with one profile, and an officer's key."""
    nsor.OfficerKey.generate().save(tmp_path / "officer.key")
    path = tmp_path / "config.toml"
    path.write_text(
        f'target = "{register.target}"\nca = "{files.ca}"\nledger_key = "{register.ledger.verifier}"\n'
        f'[punjab-police]\ncertificate = "{files.certificate}"\nkey = "{files.key}"\n'
        'officer_key = "officer.key"\nstate = "state"\n'
    )
    for name in [name for name in os.environ if name.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NSOR_CLIENT_CONFIG", str(path))
    monkeypatch.setenv("NSOR_AGENCY", "punjab-police")
    return path


@pytest.fixture
def run(settings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    del settings

    def call(*arguments: str, stdin: str = "") -> int:
        path = tmp_path / "stdin"
        path.write_text(stdin)
        with path.open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            return cli.run(arguments)

    return call
