"""What a call carries, and when it is made again: only when repeating it is safe."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import Message

import nsor
from nsor import connection, contract, credentials
from nsor.v1 import directory_pb2, lookup_pb2, officer_pb2, registration_pb2

if TYPE_CHECKING:
    from tests.client.conftest import Connect, Files, Refusal, Register

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
CONFIRM = "nsor.v1.RegistrationService/ConfirmRegistration"
LIST = "nsor.v1.DirectoryService/ListAgencies"


def _answers(register: Register, method: str, *answers: Message | Refusal) -> None:
    left = list(answers)
    register.answers[method] = lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_a_session_names_the_officer_and_the_certificate(connect: Connect, register: Register, files: Files) -> None:
    _answers(register, LOOK_UP, lookup_pb2.LookUpRegistrationResponse())
    officer = nsor.OfficerKey.generate()
    client = connect(officer=officer)
    client.lookup.look_up_registration(lookup_pb2.LookUpRegistrationRequest())
    client.lookup.look_up_registration(lookup_pb2.LookUpRegistrationRequest())
    first, second = (call.metadata for call in register.calls)
    # Signed once, used again, bound to the certificate that carries it.
    assert first["nsor-officer-bin"] == second["nsor-officer-bin"]
    assert "nsor-decision-bin" not in first
    signed = officer_pb2.SignedOfficerSession.FromString(bytes(first["nsor-officer-bin"]))  # type: ignore[arg-type]
    session = officer_pb2.OfficerSession.FromString(signed.session)
    own = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert session.certificate_sha256 == own.fingerprint(hashes.SHA256())
    assert session.officer_key_id == hashlib.sha256(officer.public_key).digest()
    assert session.expires_at_us - session.issued_at_us == 900_000_000
    assert session.issued_at_us <= time.time_ns() // 1000 < session.expires_at_us
    key = Ed25519PublicKey.from_public_bytes(officer.public_key)
    key.verify(signed.signature, b"nsor-officer-session-v1\0" + signed.session)


def test_a_session_that_ends_soon_is_signed_anew(
    connect: Connect, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SESSION_REUSE_SECONDS", -1)
    _answers(register, LOOK_UP, lookup_pb2.LookUpRegistrationResponse())
    client = connect(officer=nsor.OfficerKey.generate())
    for _ in range(2):
        client.lookup.look_up_registration(lookup_pb2.LookUpRegistrationRequest())
    first, second = (call.metadata["nsor-officer-bin"] for call in register.calls)
    assert first != second


def test_a_decision_is_signed_over_its_own_call(connect: Connect, register: Register) -> None:
    _answers(register, CONFIRM, registration_pb2.ConfirmRegistrationResponse())
    officer = nsor.OfficerKey.generate()
    before = time.time_ns() // 1000
    connect(officer=officer).registration.confirm_registration(registration_pb2.ConfirmRegistrationRequest())
    (call,) = register.calls
    decision = officer_pb2.DecisionSignature.FromString(bytes(call.metadata["nsor-decision-bin"]))  # type: ignore[arg-type]
    call_hash = hashlib.sha256(bytes(call.metadata["nsor-nonce-bin"]) + call.request).digest()  # type: ignore[arg-type]
    key = Ed25519PublicKey.from_public_bytes(officer.public_key)
    moment = decision.signed_at_us.to_bytes(8, "big")
    key.verify(decision.signature, b"nsor-decision-v2\0" + CONFIRM.encode() + b"\0" + call_hash + moment)
    assert before <= decision.signed_at_us <= time.time_ns() // 1000
    assert "nsor-officer-bin" not in call.metadata


def test_calls_between_systems_name_no_officer(client: nsor.Client, register: Register) -> None:
    _answers(register, LIST, directory_pb2.ListAgenciesResponse())
    client.directory.list_agencies(directory_pb2.ListAgenciesRequest())
    assert not {"nsor-officer-bin", "nsor-decision-bin"} & set(register.calls[0].metadata)


def test_a_callers_trace_is_joined(client: nsor.Client, register: Register) -> None:
    _answers(register, LIST, directory_pb2.ListAgenciesResponse())
    trace = f"00-{'ab' * 16}-{'cd' * 8}-01"
    answer = client.directory.list_agencies(directory_pb2.ListAgenciesRequest(), traceparent=trace)
    assert answer.trace_id == "ab" * 16


@pytest.mark.parametrize("code", ["UNAVAILABLE", "CANCELLED"])
def test_a_lost_decision_is_repeated_under_its_own_id(
    client: nsor.Client, register: Register, refusals: type[Refusal], code: str
) -> None:
    # Whether the first one was done is unknown: the same id makes a second one harmless, a new nonce makes it honest.
    _answers(register, CONFIRM, refusals(code, ""), registration_pb2.ConfirmRegistrationResponse())
    answer = client.registration.confirm_registration(registration_pb2.ConfirmRegistrationRequest())
    first, second = register.calls
    assert first.request == second.request
    assert registration_pb2.ConfirmRegistrationRequest.FromString(first.request).request_id == answer.request_id
    assert first.metadata["nsor-nonce-bin"] != second.metadata["nsor-nonce-bin"]
    # Each is signed when it is sent: a signature dies within minutes.
    signed = [
        officer_pb2.DecisionSignature.FromString(bytes(call.metadata["nsor-decision-bin"]))  # type: ignore[arg-type]
        for call in (first, second)
    ]
    assert signed[0].signed_at_us < signed[1].signed_at_us


def test_the_callers_message_is_left_as_it_was(client: nsor.Client, register: Register) -> None:
    _answers(register, CONFIRM, registration_pb2.ConfirmRegistrationResponse())
    request = registration_pb2.ConfirmRegistrationRequest()
    client.registration.confirm_registration(request)
    assert not request.request_id


def test_an_unknown_outcome_names_its_request(client: nsor.Client, register: Register, refusals: type[Refusal]) -> None:
    # Whoever gives up must be able to ask again under the same id.
    _answers(register, CONFIRM, refusals("UNAVAILABLE", ""))
    with pytest.raises(nsor.Unreachable) as raised:
        client.registration.confirm_registration(registration_pb2.ConfirmRegistrationRequest())
    assert raised.value.request_id
    assert len(register.calls) == nsor.Retries().attempts


@pytest.mark.parametrize("reason", ["NOT_ALLOWED", "ETAG_MISMATCH", "INTERNAL", "GRANT_USED_UP"])
def test_a_refusal_is_final(client: nsor.Client, register: Register, refusals: type[Refusal], reason: str) -> None:
    _answers(register, LOOK_UP, refusals("PERMISSION_DENIED", reason))
    with pytest.raises(nsor.Refused):
        client.lookup.look_up_registration(lookup_pb2.LookUpRegistrationRequest())
    assert len(register.calls) == 1


@pytest.mark.parametrize("reason", ["RATE_LIMITED", "LEDGER_UNAVAILABLE", "SHUTTING_DOWN"])
def test_what_passes_is_waited_for(
    client: nsor.Client, register: Register, refusals: type[Refusal], reason: str
) -> None:
    _answers(register, LOOK_UP, refusals("UNAVAILABLE", reason), lookup_pb2.LookUpRegistrationResponse())
    client.lookup.look_up_registration(lookup_pb2.LookUpRegistrationRequest())
    assert len(register.calls) == 2


def test_a_broken_proof_is_never_retried(client: nsor.Client, register: Register) -> None:
    # A register that can't prove what it did isn't asked again until it can.
    _answers(register, LOOK_UP, lookup_pb2.LookUpRegistrationResponse())
    register.tamper = lambda _: None
    with pytest.raises(nsor.ProofFailed):
        client.lookup.look_up_registration(lookup_pb2.LookUpRegistrationRequest())
    assert len(register.calls) == 1


def test_waits_are_bounded_by_the_callers_time() -> None:
    retries = nsor.Retries(attempts=100)
    error, method = nsor.Unreachable("UNAVAILABLE"), contract.method(LOOK_UP)
    waits = [retries.wait_before(attempt, error, method, 60.0) for attempt in range(2, 101)]
    assert all(wait is not None and wait <= retries.longest_seconds for wait in waits)
    assert retries.wait_before(101, error, method, 60.0) is None
    assert retries.wait_before(2, error, method, 0.0) is None


def test_every_method_may_be_repeated() -> None:
    # A new change without a request id must be thought about: it shows here. An import is gone on from by its own id
    # and the numbers of its rows (imports.py).
    not_repeatable = {name for name, method in contract._methods().items() if not method.repeatable}
    assert not_repeatable == {"nsor.v1.RegistrationService/ImportRegistrations"}


def test_a_register_that_is_away_is_told_apart(files: Files, tmp_path: Path, register: Register) -> None:
    client = nsor.Client(
        "127.0.0.1:1",
        certificate=files.certificate,
        key=files.key,
        ca=files.ca,
        ledger_key=register.ledger.verifier,
        state_dir=tmp_path,
        retries=nsor.Retries(attempts=1),
    )
    with client, pytest.raises(nsor.Unreachable) as raised:
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())
    assert "address" in raised.value.next_step.en


@pytest.mark.parametrize("wrong", ["ledger_key", "certificate", "ca", "key"])
def test_wrong_settings_are_told_before_any_call(connect: Connect, tmp_path: Path, wrong: str) -> None:
    value = "nonsense" if wrong == "ledger_key" else tmp_path / "missing.pem"
    with pytest.raises(nsor.SettingsWrong) as raised:
        connect(**{wrong: value})
    assert raised.value.next_step.en
    assert raised.value.next_step.ur


def test_a_key_of_another_certificate_is_told(connect: Connect, tmp_path: Path) -> None:
    # The handshake would only say that nobody answered.
    key, _ = credentials.new_key_and_csr("punjab-police")
    (tmp_path / "other.key").write_bytes(key)
    with pytest.raises(nsor.SettingsWrong, match="not the certificate's key"):
        connect(key=tmp_path / "other.key")


def test_an_expired_certificate_is_told(connect: Connect, register: Register, refusals: type[Refusal]) -> None:
    _answers(register, LIST, refusals("UNAVAILABLE", ""))
    client = connect()
    own = client._connection.certificate
    client._connection.certificate = dataclasses.replace(own, not_after=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(nsor.Unreachable) as raised:
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())
    assert "expired" in raised.value.next_step.en


def test_an_officers_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "officer.key"
    nsor.OfficerKey.generate().save(path)
    assert nsor.OfficerKey.load(path).public_key
    path.chmod(0o640)
    with pytest.raises(nsor.SettingsWrong, match="others"):
        nsor.OfficerKey.load(path)
