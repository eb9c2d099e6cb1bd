"""Who may sign a call, and how long a signature is taken: officers, systems and focal persons, each for their own."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import errors_pb2, officer_pb2
from nsor_server import errors
from nsor_server.access import focal_persons
from nsor_server.access.officers import Officers
from nsor_server.access.signatures import DECISION_DOMAIN, SignedCall
from nsor_server.calls import FocalPerson, Officer
from tests.access.test_gate import CALLER, KEY, METHOD, NOW_US, OFFICER, assertion, denied, snapshot


def signed_call(method: str = METHOD, call_hash: bytes = bytes(32)) -> SignedCall:
    return SignedCall(method, call_hash, NOW_US)


def decision(call_hash: bytes = bytes(32), signed_at_us: int = NOW_US, key: Ed25519PrivateKey = KEY) -> bytes:
    moment = signed_at_us.to_bytes(8, "big", signed=True)
    return officer_pb2.DecisionSignature(
        officer_key_id=hashlib.sha256(key.public_key().public_bytes_raw()).digest(),
        signature=key.sign(DECISION_DOMAIN + METHOD.encode() + b"\0" + call_hash + moment),
        signed_at_us=signed_at_us,
    ).SerializeToString()


def decided(signed: bytes | None, call: SignedCall, officer: Officer = OFFICER, *, own_key: bool = False) -> Officer:
    return Officers().of_decision(signed, call, CALLER, snapshot(officers=(officer,)), own_key=own_key)


def test_a_decision_holds_for_its_method_and_its_call_only() -> None:
    call_hash = bytes(range(32))
    signed = decision(call_hash)
    assert decided(signed, signed_call(METHOD, call_hash)) == OFFICER
    for method, other in ((METHOD + "x", call_hash), (METHOD, bytes(32))):
        with pytest.raises(errors.Denied):
            decided(signed, signed_call(method, other))
    another_time = officer_pb2.DecisionSignature.FromString(signed)
    another_time.signed_at_us += 1
    for wrong in (assertion(), b"\xff\xff", signed[:-1], another_time.SerializeToString()):
        with pytest.raises(errors.Denied) as caught:
            decided(wrong, signed_call(METHOD, call_hash))
        assert caught.value.reason == errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED


@pytest.mark.parametrize("age_us", [-15_000_000, 0, 299_999_999])
def test_a_decision_is_taken_up_to_its_bounds(age_us: int) -> None:
    assert decided(decision(signed_at_us=NOW_US - age_us), signed_call()) == OFFICER


@pytest.mark.parametrize("age_us", [-15_000_001, 300_000_000, NOW_US, NOW_US + 1])
def test_a_decision_dies_after_minutes(age_us: int) -> None:
    # Otherwise a call that was signed and never sent decides whenever whoever has kept it sends it.
    with pytest.raises(errors.Denied) as caught:
        decided(decision(signed_at_us=NOW_US - age_us), signed_call())
    assert caught.value.reason == errors_pb2.ERROR_REASON_DECISION_EXPIRED


def test_only_who_was_enrolled_as_deciding_decides() -> None:
    quiet = replace(OFFICER, decides=False)
    with pytest.raises(errors.Denied) as caught:
        decided(decision(), signed_call(), quiet)
    assert caught.value.reason == errors_pb2.ERROR_REASON_OFFICER_MAY_NOT_DECIDE
    assert decided(decision(), signed_call(), quiet, own_key=True) == quiet


def test_who_was_enrolled_before_own_numbers_were_asked_decides_once_it_is_given() -> None:
    # Until then nobody could tell whether he is somebody who has decided already.
    unknown = replace(OFFICER, own=frozenset())
    with pytest.raises(errors.Denied) as caught:
        decided(decision(), signed_call(), unknown)
    assert caught.value.reason == errors_pb2.ERROR_REASON_OFFICER_MAY_NOT_DECIDE
    assert decided(decision(), signed_call(), OFFICER) == OFFICER
    assert decided(decision(), signed_call(), unknown, own_key=True) == unknown


def test_a_system_never_acts_where_an_officer_is_needed() -> None:
    system = replace(OFFICER, decides=False, system=True)
    assert denied(assertion(), officer=system) == errors_pb2.ERROR_REASON_OFFICER_NOT_SYSTEM
    with pytest.raises(errors.Denied) as caught:
        decided(decision(), signed_call(), replace(system, decides=True))
    assert caught.value.reason == errors_pb2.ERROR_REASON_OFFICER_NOT_SYSTEM
    for either in (system, OFFICER):
        known = snapshot(officers=(either,))
        assert Officers().of_session(assertion(), CALLER, known, NOW_US, system=True) == either
    assert decided(decision(), signed_call(), system, own_key=True) == system


# ---- focal persons ----


FOCAL_KEYS = [Ed25519PrivateKey.generate() for _ in range(2)]
FOCAL_PERSONS = [
    FocalPerson(hashlib.sha256(raw).digest(), "an-agency", f"FP-{nth}", raw, bytes([nth]) * 32)
    for nth, raw in enumerate(key.public_key().public_bytes_raw() for key in FOCAL_KEYS)
]


def focal(
    first: bytes | None, second: bytes | None = None, persons: list[FocalPerson] = FOCAL_PERSONS
) -> tuple[FocalPerson, ...]:
    known = replace(snapshot(officers=(OFFICER,)), focal_persons={person.key_id: person for person in persons})
    return focal_persons.of_decision(first, second, signed_call(), CALLER, known)


def refused_focal(first: bytes | None, second: bytes | None = None, persons: list[FocalPerson] = FOCAL_PERSONS) -> int:
    with pytest.raises(errors.Denied) as caught:
        focal(first, second, persons)
    return caught.value.reason


def test_a_focal_persons_signature_is_one_over_this_very_call() -> None:
    one, other = (decision(key=key) for key in FOCAL_KEYS)
    assert focal(one) == (FOCAL_PERSONS[0],)
    assert focal(one, other) == tuple(FOCAL_PERSONS)
    required = errors_pb2.ERROR_REASON_FOCAL_PERSON_REQUIRED
    elsewhere = decision(bytes(range(32)), key=FOCAL_KEYS[0])
    # An officer's key is none, also where an officer's signature would hold.
    for wrong in (None, b"", b"\xff", elsewhere, decision(), assertion()):
        assert refused_focal(wrong) == required
        if wrong is not None:
            assert refused_focal(one, wrong) == required
    old = decision(signed_at_us=NOW_US - 300_000_000, key=FOCAL_KEYS[1])
    assert refused_focal(one, old) == errors_pb2.ERROR_REASON_DECISION_EXPIRED


def test_two_focal_persons_are_two_keys() -> None:
    one, again = decision(key=FOCAL_KEYS[0]), decision(signed_at_us=NOW_US - 1, key=FOCAL_KEYS[0])
    assert refused_focal(one, again) == errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED


def test_two_focal_persons_are_two_humans() -> None:
    # With two keys under two numbers, and one CNIC, somebody is alone.
    both = [decision(key=key) for key in FOCAL_KEYS]
    persons = [FOCAL_PERSONS[0], replace(FOCAL_PERSONS[1], own=FOCAL_PERSONS[0].own)]
    assert refused_focal(both[0], both[1], persons) == errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED


@pytest.mark.parametrize("changes", [{"disabled": True}, {"agency_id": "another"}])
def test_a_focal_person_of_another_agency_or_a_disabled_one_is_none(changes: dict[str, Any]) -> None:
    persons = [replace(FOCAL_PERSONS[0], **changes), FOCAL_PERSONS[1]]
    one, other = (decision(key=key) for key in FOCAL_KEYS)
    assert refused_focal(one, None, persons) == errors_pb2.ERROR_REASON_FOCAL_PERSON_REQUIRED
    assert refused_focal(other, one, persons) == errors_pb2.ERROR_REASON_FOCAL_PERSON_REQUIRED


def test_a_focal_persons_key_is_no_officers() -> None:
    known = replace(snapshot(officers=(OFFICER,)), focal_persons={FOCAL_PERSONS[0].key_id: FOCAL_PERSONS[0]})
    for own_key in (False, True):
        with pytest.raises(errors.Denied) as caught:
            Officers().of_decision(decision(key=FOCAL_KEYS[0]), signed_call(), CALLER, known, own_key=own_key)
        assert caught.value.reason == errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED
