# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""One secure channel to the register, and the path that each call takes over it.

Fresh nonce, trace, officer's proof as the contract asks, bytes out, bytes in, receipt checked, proof kept; then, and
only then, the answer is read. What the messages mean is nobody's business here.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from nsor import causes, contract, forms, receipts, status
from nsor.advice import NEXT_STEPS, Words
from nsor.answers import Answer
from nsor.certificate import ClientCertificate
from nsor.errors import EpochNotCosigned, NsorError, ProofFailed, SettingsWrong, Unreachable
from nsor.extras import need
from nsor.journal import Journal
from nsor.ledger import note
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.epochs import Opening
from nsor.ledger.rotations import Rotation
from nsor.officer import OfficerKey
from nsor.origins import Origins, UnknownOrigin
from nsor.retries import Retries
from nsor.spans import CallSpan, NoSpans, Spans
from nsor.v1 import options_pb2, oversight_pb2

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

DEFAULT_TIMEOUT_SECONDS = 20.0
SESSION_REUSE_SECONDS = 14 * 60
CLOCK_LEEWAY_SECONDS = 10
"""A session starts this much in the past, so that a clock which is a little ahead of the register's does no harm."""

_OPTIONS = (
    ("grpc.enable_retries", 0),  # retries are ours: each needs a fresh nonce
    ("grpc.keepalive_time_ms", 330_000),  # the register takes no pings more often than every 300 s
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
    # By itself gRPC waits up to two minutes before it tries to connect again, and fails every call until then.
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
_BY_SESSION = frozenset(
    {
        options_pb2.OFFICER_RULE_SESSION,
        options_pb2.OFFICER_RULE_SYSTEM,
        options_pb2.OFFICER_RULE_SESSION_IF_SENT,
        options_pb2.OFFICER_RULE_OFFICER_OR_FOCAL_PERSON,
    }
)
_BY_SIGNATURE = frozenset({options_pb2.OFFICER_RULE_DECISION, options_pb2.OFFICER_RULE_OWN_KEY})
_BY_FOCAL_PERSON = frozenset({options_pb2.OFFICER_RULE_FOCAL_PERSON, options_pb2.OFFICER_RULE_OFFICER_OR_FOCAL_PERSON})
_M = TypeVar("_M", bound=Message)
_R = TypeVar("_R", bound=Message)


class _Unary(Protocol):
    def with_call(
        self, request: bytes, *, timeout: float, metadata: tuple[tuple[str, str | bytes], ...]
    ) -> tuple[bytes, grpc.Call]: ...


class RawStream(Protocol):
    """A stream of undecoded messages, as gRPC gives it."""

    def __iter__(self) -> Iterator[bytes]:
        """The messages."""

    def cancel(self) -> bool:
        """End the stream."""


class _Stream(Protocol):
    def __call__(self, request: bytes, *, metadata: tuple[tuple[str, str | bytes], ...]) -> RawStream: ...


class _BothWays(Protocol):
    def __call__(
        self, request_iterator: Iterator[bytes], *, metadata: tuple[tuple[str, str | bytes], ...]
    ) -> RawStream: ...


@dataclass(slots=True)
class _Session:
    signed: bytes = b""
    since: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Connection:
    """A connection of one agency, for one officer or none.

    Attributes:
        target: host and port of the register.
        certificate: the own certificate.
        journal: the proofs that are kept.
        verifier: the ledger's key.
        origins: the epochs under which it signs, as far as they are proved.
        spans: begins the spans of calls.
    """

    def __init__(
        self,
        target: str,
        *,
        certificate: Path,
        key: Path,
        ca: Path,
        ledger_key: str,
        state_dir: Path,
        officer: OfficerKey | None = None,
        focal_persons: Sequence[OfficerKey] = (),
        witnesses: Sequence[str] = (),
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        retries: Retries | None = None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        """Connect, lazily: nothing is sent before the first call.

        Args:
            target: host:port, or any gRPC target with several addresses; calls are spread over them.
            certificate: PEM file, the agency's certificate first, then the chain.
            key: PEM file of its private key.
            ca: PEM file of the register's CA.
            ledger_key: the ledger's verifier key, as text. It comes from the register's operator by another way than
                the register itself, since it is what the register is checked with.
            state_dir: folder in which leaves and the last checkpoint are kept.
            officer: the key of the officer who acts, or of the system; None: only what needs no key can be called.
            focal_persons: the keys of one focal person or two, for enrolments.
            witnesses: verifier keys of those who must have co-signed the beginning of each new epoch, as text; like the
                ledger's they come by another way than the register.
            timeout_seconds: for a whole call with its retries.
            retries: how often and how soon a call is sent again.
            tracer_provider: makes a span of each attempt of a call; it needs the extra ``nsor[tracing]``. Without it
                there are no spans on this side. Whatever it samples, the register records each call.

        Raises:
            SettingsWrong: a file is missing or is not what it should be.
            ReceiptWrong: what is kept of the ledger's epochs, or of rotations of its key, isn't what proves them.
            ReceiptNotKept: nothing can be kept in the folder.
        """
        self.target = target
        self.certificate = ClientCertificate.load(certificate, key, ca)
        self.verifier = _verifier(ledger_key)
        self.origins = Origins(self.verifier, [_witness(each) for each in witnesses])
        self.journal = Journal(state_dir, self.verifier)
        self._follow_kept()
        self.officer = officer
        self.focal_persons = tuple(focal_persons)
        self.spans = _spans(tracer_provider, target)
        self._timeout = timeout_seconds
        self._retries = retries or Retries()
        self._session = _Session()
        self._channel = grpc.secure_channel(
            target,
            grpc.ssl_channel_credentials(
                root_certificates=self.certificate.ca_pem,
                private_key=self.certificate.key_pem,
                certificate_chain=self.certificate.chain_pem,
            ),
            options=_OPTIONS,
        )
        self._unary: dict[str, _Unary] = {}

    def call(
        self,
        name: str,
        request: Message,
        response_type: type[_R],
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[_R]:
        """Make a unary call, again if that is safe, and give its answer once the receipt holds.

        A request without a request id gets one, so that it can be repeated.

        Raises:
            Refused: the register said no.
            Unreachable: no answer came; under the same request id the call may be repeated.
            ProofFailed: the receipt is missing or wrong.
        """
        method = contract.method(name)
        request = contract.copy_of(request)
        request_id = _with_request_id(request) if method.has_request_id else ""
        ends = time.monotonic() + (self._timeout if timeout_seconds is None else timeout_seconds)
        attempt = 1
        span: CallSpan | None = None
        while True:
            span = self.spans.begin(method.name, traceparent, previous=span)
            try:
                with span:
                    message, proof = self._attempt(
                        method, request, response_type, span=span, remaining=ends - time.monotonic()
                    )
            except NsorError as error:
                error.request_id = request_id
                error.violations = forms.with_forms(request, error.violations)
                error.trace_id = error.trace_id or span.trace_id
                attempt += 1
                wait = self._retries.wait_before(attempt, error, method, ends - time.monotonic())
                if wait is None:
                    if isinstance(error, Unreachable) and self.certificate.expired:
                        error.next_step = NEXT_STEPS["CERTIFICATE_EXPIRED"]
                    raise
            else:
                return Answer(message, proof, request_id)
            time.sleep(wait)

    def open_stream(
        self, method: contract.Method, request: bytes, traceparent: str
    ) -> tuple[receipts.Exchange, RawStream]:
        """Start a stream of raw messages; whoever reads them checks their receipts."""
        exchange = self._exchange(method, request)
        start: _Stream = self._channel.unary_stream(method.path, request_serializer=None, response_deserializer=None)
        return exchange, start(request, metadata=self._metadata(method, exchange, traceparent))

    def open_exchange(
        self, method: contract.Method, requests: Iterator[bytes], traceparent: str
    ) -> tuple[receipts.Exchange, RawStream]:
        """Start a stream of raw messages both ways; whoever reads the answers checks each against its own request."""
        exchange = self._exchange(method, b"")
        start: _BothWays = self._channel.stream_stream(method.path, request_serializer=None, response_deserializer=None)
        return exchange, start(requests, metadata=self._metadata(method, exchange, traceparent))

    def failed(self, call: grpc.RpcError, exchange: receipts.Exchange, method: contract.Method) -> NsorError:
        """The error of a failed call, after its receipt was checked and kept.

        Raises:
            ProofFailed: the receipt is missing where one is owed, or is wrong.
        """
        failure = status.read(call, self.target)
        if failure.receipt or failure.owes_receipt:
            proof = self.proved(failure.receipt, exchange, failure.details, refused=True)
            self.journal.keep(proof, leaf=method.keeps_leaf)
            failure.error.access_id = proof.access_id
            failure.error.trace_id = proof.trace_id
        return failure.error

    def proved(self, receipt: bytes, exchange: receipts.Exchange, answer: bytes, *, refused: bool) -> receipts.Proof:
        """Check a receipt; one of an epoch that isn't known yet after the register has proved how that was opened.

        Raises:
            ReceiptMissing, ReceiptWrong: as ``receipts.check``; the epoch wasn't opened as it must be.
            EpochNotCosigned: a witness hasn't co-signed its beginning.
            LedgerRolledBack, LedgerForked: it is of less than was known when the call was sent.
            Unreachable: the register doesn't say now how the epoch was opened.
        """
        try:
            return receipts.check(receipt, exchange, answer, self.origins, refused=refused)
        except UnknownOrigin:
            openings, turned = self._openings()
            self.origins.follow(openings, turned)
            self.journal.keep_followed(openings, turned)
            self._learn_epochs()
            return receipts.check(receipt, exchange, answer, self.origins, refused=refused)

    def _follow_kept(self) -> None:
        """Follow what was proved before, so that it needn't be asked for again."""
        openings, turned = self.journal.openings(), self.journal.rotations()
        try:
            self.origins.follow(openings, turned)
        except EpochNotCosigned:
            # A witness that the settings name since: it may have co-signed by now, so the register is asked again.
            self.origins.follow((), turned)
        self._learn_epochs()

    def _learn_epochs(self) -> None:
        for each in self.origins.epochs:
            self.journal.learn(each.first)

    def _openings(self) -> tuple[list[Opening], list[Rotation]]:
        """What the register says of its epochs and keys. It proves itself: no receipt of it needs to be known."""
        method = contract.method("nsor.v1.OversightService/GetCheckpoint")
        exchange = self._exchange(method, b"")
        try:
            with self.spans.begin(method.name) as span:
                metadata = self._metadata(method, exchange, span.traceparent)
                answer, _ = self._callable(method).with_call(
                    b"", timeout=method.deadline_seconds + 1, metadata=metadata
                )
        except grpc.RpcError as failed:
            cause = causes.of(failed.details() or "", "UNAVAILABLE")
            raise Unreachable("UNAVAILABLE", target=self.target, cause=cause) from None
        found = read_message(oversight_pb2.GetCheckpointResponse, answer)
        openings = [Opening(e.first_index, e.last_known, e.leaf, e.checkpoint, tuple(e.hashes)) for e in found.epochs]
        turned = [
            Rotation(e.first_index, e.previous_key, e.key, e.leaf, e.checkpoint, tuple(e.hashes))
            for e in found.rotations
        ]
        return openings, turned

    def close(self) -> None:
        """Close the channel and sync the journal."""
        self._channel.close()
        self.journal.close()

    def _attempt(
        self, method: contract.Method, request: Message, response_type: type[_R], *, span: CallSpan, remaining: float
    ) -> tuple[_R, receipts.Proof]:
        data = request.SerializeToString()
        exchange = self._exchange(method, data)
        timeout = max(0.001, min(remaining, method.deadline_seconds + 1))
        try:
            answer, call = self._callable(method).with_call(
                data, timeout=timeout, metadata=self._metadata(method, exchange, span.traceparent)
            )
        except grpc.RpcError as failed:
            raise self.failed(failed, exchange, method) from None
        receipt = status.metadata_value(call.trailing_metadata(), status.RECEIPT_KEY)
        proof = self.proved(receipt, exchange, answer, refused=False)
        span.answered(proof.access_id)
        self.journal.keep(proof, leaf=method.keeps_leaf)
        return read_message(response_type, answer), proof

    def _callable(self, method: contract.Method) -> _Unary:
        found = self._unary.get(method.path)
        if found is None:
            # Identity serializers: the answer's hash covers the bytes as they came.
            found = self._channel.unary_unary(method.path, request_serializer=None, response_deserializer=None)
            self._unary[method.path] = found
        return found

    def _exchange(self, method: contract.Method, request: bytes) -> receipts.Exchange:
        known = self.journal.newest()
        return receipts.Exchange(method.name, self.certificate.agency_id, secrets.token_bytes(32), request, known)

    def _metadata(
        self, method: contract.Method, exchange: receipts.Exchange, traceparent: str
    ) -> tuple[tuple[str, str | bytes], ...]:
        metadata: list[tuple[str, str | bytes]] = [("nsor-nonce-bin", exchange.nonce), ("traceparent", traceparent)]
        rule, acting = method.officer, self.officer
        if rule in _BY_FOCAL_PERSON and self.focal_persons:
            names = ("nsor-decision-bin", "nsor-second-decision-bin")
            metadata += zip(names, (self._signed(method, exchange, key) for key in self.focal_persons), strict=False)
        elif rule in _BY_SESSION and acting is not None:
            metadata.append(("nsor-officer-bin", self._officer_session(acting)))
        elif rule in _BY_SIGNATURE and acting is not None:
            metadata.append(("nsor-decision-bin", self._signed(method, exchange, acting)))
        return tuple(metadata)

    def _signed(self, method: contract.Method, exchange: receipts.Exchange, key: OfficerKey) -> bytes:
        """A decision, signed when it is sent: it dies within minutes, so that none is made ahead of its call."""
        return key.sign_decision(method.name, exchange.call_hash, time.time_ns() // 1000)

    def _officer_session(self, officer: OfficerKey) -> bytes:
        session = self._session
        with session.lock:
            now = time.monotonic()
            if not session.signed or now - session.since > SESSION_REUSE_SECONDS:
                start = time.time_ns() // 1000 - CLOCK_LEEWAY_SECONDS * 1_000_000
                session.signed = officer.sign_session(self.certificate.sha256, start)
                session.since = now
            return session.signed


def read_message(message_type: type[_M], data: bytes) -> _M:
    """Parse an answer.

    Raises:
        ProofFailed: the register signed for bytes that aren't a message of this type.
    """
    try:
        return message_type.FromString(data)
    except DecodeError:
        words = Words("The answer can't be read.", "جواب پڑھا نہیں جا سکا۔")
        raise ProofFailed("ANSWER_MALFORMED", words) from None


def _spans(provider: TracerProvider | None, target: str) -> Spans:
    if provider is None:
        return NoSpans()
    need("tracing", "opentelemetry")
    from nsor import tracing  # noqa: PLC0415 - most programs do without it

    return tracing.Recorded(provider, target=target)


def _with_request_id(request: Message) -> str:
    given: str = getattr(request, "request_id")  # noqa: B009 - a field of every message that has_request_id
    if not given:
        given = str(uuid.uuid4())
        setattr(request, "request_id", given)  # noqa: B010 - as above
    return given


def _verifier(text: str) -> note.Verifier:
    try:
        return note.Verifier.parse(text)
    except note.NoteError:
        raise SettingsWrong(
            Words("The ledger's key is not a verifier key.", "لیجر کی کلید درست صورت میں نہیں۔"),
            Words(
                "Ask the register's operator for it: name+id+key in one line.",
                "رجسٹر کے منتظم سے ایک سطر میں name+id+key لیں۔",
            ),
        ) from None


def _witness(text: str) -> WitnessVerifier:
    try:
        return WitnessVerifier.parse(text)
    except note.NoteError:
        raise SettingsWrong(
            Words("The key of a witness is not a verifier key.", "تصدیق کنندہ کی کلید درست صورت میں نہیں۔"),
            Words(
                "Ask the witness for it: name+id+key in one line, as `nsor ledger new-witness-key` prints it.",
                "تصدیق کنندہ سے ایک سطر میں name+id+key لیں۔",
            ),
        ) from None
