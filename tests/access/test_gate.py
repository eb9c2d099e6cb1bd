import dataclasses
import datetime as dt
import hashlib
import itertools

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from nsor.v1 import errors_pb2, officer_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import gate
from nsor_server.access.contract import Contract, MethodRule
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.access.facts import Certificate
from nsor_server.access.gate import Caller
from nsor_server.access.limits import UNKNOWN, UNKNOWN_AT_A_TIME, UNKNOWN_STREAMS, Limits
from nsor_server.access.officers import SESSION_DOMAIN, Officers
from nsor_server.calls import NOBODY, Agency, Officer
from nsor_server.policy.loaded import Policy

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
NOW_US = int(NOW.timestamp() * 1_000_000)
CONTRACT = Contract.load()
POLICY = Policy.load()
NARROWING = POLICY.narrowing
KINDS = [kind for kind in options_pb2.AgencyKind.values() if kind]
PURPOSES = options_pb2.Purpose.values()
METHOD = "nsor.v1.LookupService/ApproveAccessRequest"


def agency(kind: options_pb2.AgencyKind.ValueType = options_pb2.AGENCY_KIND_NPB, *, enabled: bool = True) -> Agency:
    return Agency("an-agency", kind, ("PK",), enabled)


# ---- every method x kind of agency x purpose ----


def purposes(rule: MethodRule, kind: options_pb2.AgencyKind.ValueType) -> frozenset[options_pb2.Purpose.ValueType]:
    allowed = rule.allow.get(kind)
    return frozenset() if allowed is None else allowed.purposes


@pytest.mark.parametrize("rule", CONTRACT.methods.values(), ids=lambda rule: rule.full_name)
def test_the_gate_allows_what_the_contract_names_and_nothing_else(rule: MethodRule) -> None:
    for kind, stated in itertools.product(KINDS, PURPOSES):
        allowed = purposes(rule, kind)
        implied = next(iter(allowed)) if not stated and len(allowed) == 1 else stated
        if implied in allowed:
            assert gate.admit(rule, agency(kind), stated, NARROWING) == implied
            continue
        with pytest.raises(errors.Denied) as denied:
            gate.admit(rule, agency(kind), stated, NARROWING)
        assert denied.value.reason == errors_pb2.ERROR_REASON_NOT_ALLOWED


def test_policy_takes_away_and_never_gives() -> None:
    class Off:
        def allows(self, _agency: Agency, _purpose: int) -> bool:
            return False

    for rule, kind, stated in itertools.product(CONTRACT.methods.values(), KINDS, PURPOSES):
        with pytest.raises(errors.Denied) as denied:
            gate.admit(rule, agency(kind), stated, Off())
        allowed = purposes(rule, kind)
        off = stated in allowed or (not stated and len(allowed) == 1)
        expected = errors_pb2.ERROR_REASON_SWITCHED_OFF if off else errors_pb2.ERROR_REASON_NOT_ALLOWED
        assert denied.value.reason == expected


# ---- certificates ----


def certificate(agency_id: str = "an-agency") -> tuple[bytes, Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"spiffe://nsor.gov.pk/agency/{agency_id}")]),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    known = Certificate(
        f"{built.serial_number:x}",
        agency_id,
        built.fingerprint(hashes.SHA256()),
        built.not_valid_before_utc,
        built.not_valid_after_utc,
    )
    return built.public_bytes(serialization.Encoding.PEM), known


def snapshot(
    *certificates: Certificate, agencies: tuple[Agency, ...] = (), officers: tuple[Officer, ...] = ()
) -> DirectorySnapshot:
    return DirectorySnapshot(
        1,
        {each.agency_id: each for each in agencies or (agency(),)},
        {each.serial: each for each in certificates},
        {each.key_id: each for each in officers},
        POLICY,
    )


def refused(pem: bytes, known: DirectorySnapshot, now: dt.datetime = NOW) -> int:
    with pytest.raises(errors.Unauthenticated) as caught:
        gate.identify(pem, known, now)
    return caught.value.reason


def test_an_active_certificate_names_its_agency() -> None:
    pem, known = certificate()
    caller = gate.identify(pem, snapshot(known), NOW)
    assert caller == Caller(agency(), known.fingerprint)


def test_an_agency_ends_with_its_last_certificate_that_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    # One that is revoked, over or another's keeps nobody from hearing that the last one ends.
    monkeypatch.setattr(DirectorySnapshot, "now", lambda _snapshot: NOW)
    _, first = certificate()

    def until(days: int, agency_id: str = "an-agency", *, revoked: bool = False) -> Certificate:
        end = NOW + dt.timedelta(days=days)
        return dataclasses.replace(first, serial=f"{days}", not_after=end, agency_id=agency_id, revoked=revoked)

    ends = {("an-agency",): until(5).not_after.timestamp()}
    others = until(9, revoked=True), until(-1), until(8, "another")
    assert gate.ends(snapshot(until(2), until(5), until(3), *others)) == ends
    assert gate.ends(snapshot(*others)) == {("an-agency",): 0.0}
    assert gate.ends(snapshot(until(2), agencies=(dataclasses.replace(agency(), enabled=False),))) == {}


def test_what_the_register_does_not_know_is_not_active() -> None:
    pem, known = certificate()
    not_active = errors_pb2.ERROR_REASON_CERTIFICATE_NOT_ACTIVE
    assert refused(pem, snapshot()) == not_active
    assert refused(pem, snapshot(dataclasses.replace(known, revoked=True))) == not_active
    for fingerprint in (bytes(32), b"\xff" * 32):
        assert refused(pem, snapshot(dataclasses.replace(known, fingerprint=fingerprint))) == not_active
    for other in ("aaa", "zzz"):
        assert refused(pem, snapshot(dataclasses.replace(known, agency_id=other))) == not_active


def test_validity_is_judged_by_the_given_clock() -> None:
    pem, known = certificate()
    expired = errors_pb2.ERROR_REASON_CERTIFICATE_EXPIRED
    assert refused(pem, snapshot(known), NOW + dt.timedelta(days=1, seconds=1)) == expired
    assert refused(pem, snapshot(known), NOW - dt.timedelta(days=1, seconds=1)) == expired
    for still in (known.not_before, known.not_after):
        assert gate.identify(pem, snapshot(known), still).agency == agency()


def test_an_agency_that_is_unknown_or_disabled_is_not_active() -> None:
    pem, known = certificate()
    not_active = errors_pb2.ERROR_REASON_AGENCY_NOT_ACTIVE
    assert refused(pem, snapshot(known, agencies=(agency(enabled=False),))) == not_active
    stranger, its = certificate("a-stranger")
    assert refused(stranger, snapshot(its)) == not_active


@pytest.mark.parametrize("pem", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_not_accepted(pem: bytes) -> None:
    assert refused(pem, snapshot()) == errors_pb2.ERROR_REASON_CERTIFICATE_NOT_ACCEPTED


def test_a_refusal_is_recorded_under_the_name_that_our_ca_has_signed() -> None:
    # Only a name that the directory knows, so that nobody writes another one into the ledger.
    pem, known = certificate()
    assert gate.claimed(pem, snapshot()) == (agency(), known.fingerprint)
    stranger, its = certificate("a-stranger")
    assert gate.claimed(stranger, snapshot()) == (NOBODY, its.fingerprint)
    assert gate.claimed(b"junk", snapshot()) == (NOBODY, b"")


# ---- officers ----


KEY = Ed25519PrivateKey.generate()
RAW = KEY.public_key().public_bytes_raw()
KEY_ID = hashlib.sha256(RAW).digest()
CALLER = Caller(agency(), b"c" * 32)
OFFICER = Officer(KEY_ID, "an-agency", "PB-1", RAW, (), 17, decides=True, own=frozenset({bytes(32)}))


def assertion(*, start_us: int = NOW_US, length_us: int = 900_000_000, bound_to: bytes = b"c" * 32) -> bytes:
    said = officer_pb2.OfficerSession(
        officer_key_id=KEY_ID, certificate_sha256=bound_to, issued_at_us=start_us, expires_at_us=start_us + length_us
    ).SerializeToString()
    return officer_pb2.SignedOfficerSession(session=said, signature=KEY.sign(SESSION_DOMAIN + said)).SerializeToString()


def denied(signed: bytes | None, *, officer: Officer = OFFICER, now_us: int = NOW_US, caller: Caller = CALLER) -> int:
    with pytest.raises(errors.Denied) as caught:
        Officers().of_session(signed, caller, snapshot(officers=(officer,)), now_us)
    return caught.value.reason


def test_a_session_is_verified_once_and_looked_at_every_time() -> None:
    # 114 us per signature; enrolment, binding and time still count on every call.
    officers = Officers()
    signed = assertion()
    for _ in range(3):
        assert officers.of_session(signed, CALLER, snapshot(officers=(OFFICER,)), NOW_US) == OFFICER
    assert officers.verified == 1
    disabled = Officer(KEY_ID, "an-agency", "PB-1", RAW, (), 17, disabled=True)
    with pytest.raises(errors.Denied):
        officers.of_session(signed, CALLER, snapshot(officers=(disabled,)), NOW_US)
    with pytest.raises(errors.Denied):
        officers.of_session(signed, CALLER, snapshot(officers=(OFFICER,)), NOW_US + 900_000_000)
    with pytest.raises(errors.Denied):
        officers.of_session(signed, Caller(agency(), b"d" * 32), snapshot(officers=(OFFICER,)), NOW_US)


def test_the_cache_of_sessions_is_bounded() -> None:
    officers = Officers(capacity=2)
    known = snapshot(officers=(OFFICER,))
    sessions = [assertion(start_us=NOW_US - n) for n in range(3)]
    for signed in (*sessions, sessions[0], sessions[2]):
        officers.of_session(signed, CALLER, known, now_us=NOW_US)
    assert officers.verified == 4


@pytest.mark.parametrize(
    "signed",
    [assertion(), assertion(length_us=1), assertion(start_us=NOW_US + 5_000_000), assertion(start_us=NOW_US - 1)],
)
def test_a_session_is_accepted_up_to_its_bounds(signed: bytes) -> None:
    assert Officers().of_session(signed, CALLER, snapshot(officers=(OFFICER,)), NOW_US) == OFFICER


@pytest.mark.parametrize(
    "signed",
    [
        assertion(length_us=900_000_001),
        assertion(length_us=0),
        assertion(length_us=-1),
        assertion(start_us=NOW_US - 900_000_000),
        assertion(start_us=NOW_US + 5_000_001),
        assertion(start_us=NOW_US + 1, length_us=0),
        assertion(start_us=NOW_US + 2, length_us=-1),
        assertion(bound_to=b"d" * 32),
    ],
)
def test_a_session_has_its_time_and_its_certificate(signed: bytes) -> None:
    assert denied(signed) == errors_pb2.ERROR_REASON_OFFICER_SESSION_EXPIRED


def test_a_session_needs_a_signature_of_an_officer_of_the_agency() -> None:
    not_accepted = errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED
    assert denied(None) == errors_pb2.ERROR_REASON_OFFICER_REQUIRED
    assert denied(b"\xff\xff") == not_accepted
    signed = assertion()
    for wrong in (1, 0x80):
        assert denied(signed[:-1] + bytes([signed[-1] ^ wrong])) == not_accepted
    assert denied(assertion(), officer=Officer(KEY_ID, "another", "PB-1", RAW, (), 17)) == not_accepted
    assert denied(assertion(), officer=Officer(bytes(32), "an-agency", "PB-1", RAW, (), 17)) == not_accepted


def test_a_session_with_a_tail_is_not_accepted() -> None:
    # Each tail would be remembered as a session of its own, with all its bytes: whatever metadata may hold.
    def padded(size: int) -> bytes:
        signed = assertion()
        ignored = size - len(signed) - 3
        return signed + b"\x7a" + bytes([ignored & 0x7F | 0x80, ignored >> 7]) + bytes(ignored)

    assert Officers().of_session(padded(512), CALLER, snapshot(officers=(OFFICER,)), NOW_US) == OFFICER
    for signed in (padded(513), padded(512) + bytes(10_000)):
        assert denied(signed) == errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED


# ---- limits ----


def limits(
    clock: list[float], *, rate: float = 10, in_flight: int = 3, streams: int = 2, all_streams: int = 4
) -> Limits:
    return Limits(
        rate_per_second=rate,
        in_flight=in_flight,
        streams=streams,
        streams_of_one=1,
        all_streams=all_streams,
        clock=lambda: clock[0],
    )


# Whoever has one consumer's key doesn't keep the agency's others from hearing, and another key of his is no way around.
def test_an_officer_has_a_part_of_his_agencys_streams() -> None:
    limited = limits([0.0])
    held = limited.stream_of("a", "SYSTEM-1")
    with pytest.raises(errors.Exhausted):
        limited.stream_of("a", "SYSTEM-1")
    limited.stream_of("a", "SYSTEM-2").release()
    limited.stream_of("b", "SYSTEM-1").release()
    held.release()
    limited.stream_of("a", "SYSTEM-1").release()


def test_a_rate_comes_back_with_time_and_says_when() -> None:
    clock = [0.0]
    limited = limits(clock, in_flight=1000)
    for _ in range(20):
        limited.call("a").release()
    with pytest.raises(errors.Exhausted) as caught:
        limited.call("a")
    assert caught.value.retry_after_seconds == pytest.approx(0.1)
    limited.call("b").release()
    clock[0] += 0.04
    with pytest.raises(errors.Exhausted) as caught:
        limited.call("a")
    assert caught.value.retry_after_seconds == pytest.approx(0.06)
    clock[0] += 0.06
    limited.call("a").release()


def test_after_a_pause_twice_the_rate_comes_at_once_and_no_more() -> None:
    clock = [0.0]
    limited = limits(clock, in_flight=1000)
    for pause in (1_000.0, 2.0, 1.0):
        clock[0] += pause
        for _ in range(20 if pause > 1 else 10):
            limited.call("a").release()
        with pytest.raises(errors.Exhausted):
            limited.call("a")


def test_a_stream_counts_as_a_call_and_what_is_refused_takes_no_place() -> None:
    clock = [0.0]
    limited = limits(clock, rate=1, in_flight=2, streams=2)
    limited.stream("a")
    limited.call("a")
    for _ in range(5):
        for refused in (limited.stream, limited.call):
            with pytest.raises(errors.Exhausted) as caught:
                refused("a")
            assert caught.value.retry_after_seconds == pytest.approx(1)
    clock[0] += 2
    held = limited.stream("a")
    limited.call("a")
    clock[0] += 2
    for full in (limited.stream, limited.call):
        with pytest.raises(errors.Exhausted):
            full("a")
    for _ in range(2):
        held.release()
    limited.stream("a")
    with pytest.raises(errors.Exhausted):
        limited.stream("a")


def test_calls_and_streams_at_a_time_are_each_agencys_own() -> None:
    limited = limits([0.0])
    held = [limited.call("a") for _ in range(3)]
    with pytest.raises(errors.Exhausted):
        limited.call("a")
    limited.call("b")
    limited.stream("a")
    limited.stream("a")
    with pytest.raises(errors.Exhausted):
        limited.stream("a")
    held[0].release()
    limited.call("a")


def test_what_ends_frees_a_place_of_its_own_kind() -> None:
    limited = limits([0.0], in_flight=1, streams=1)
    call, stream = limited.call("a"), limited.stream("a")
    call.release()
    with pytest.raises(errors.Exhausted):
        limited.stream("a")
    limited.call("a")
    stream.release()
    with pytest.raises(errors.Exhausted):
        limited.call("a")
    limited.stream("a")


def test_a_stream_for_which_there_is_no_thread_is_told_so() -> None:
    limited = limits([0.0], streams=3, all_streams=4)
    held = [limited.stream(agency_id) for agency_id in ("a", "a", "a", "b")]
    with pytest.raises(errors.Exhausted):
        limited.stream("c")
    held[0].release()
    limited.stream("c")


def test_a_place_is_given_back_once() -> None:
    # A call may be released where it is answered and where its channel breaks: two calls would fit into one place.
    limited = limits([0.0])
    held = [limited.call("a") for _ in range(3)]
    held[0].release()
    held[0].release()
    limited.call("a")
    with pytest.raises(errors.Exhausted):
        limited.call("a")


def test_callers_that_nobody_knows_share_a_small_allowance() -> None:
    limited = limits([0.0], rate=1000, in_flight=1000, streams=1000, all_streams=1000)
    for _ in range(UNKNOWN_AT_A_TIME):
        limited.call(UNKNOWN)
    for _ in range(UNKNOWN_STREAMS):
        limited.stream(UNKNOWN)
    for full in (limited.call, limited.stream):
        with pytest.raises(errors.Exhausted):
            full(UNKNOWN)
