"""A first answer isn't given again to whoever may no longer call: each replay passes the whole front door."""

import hashlib

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import registration_pb2
from tests.orders import order
from tests.rpc.callers import Answered, Caller, Serving
from tests.rpc.test_policy import adopt, narrowing, propose

CREATE = "nsor.v1.RegistrationService/CreateRegistration"


@pytest.fixture
def prosecution(serving: Serving) -> Caller:
    return serving.caller("punjab-prosecution", officer=True)


def repeated(caller: Caller, request: registration_pb2.CreateRegistrationRequest) -> Answered:
    """Send a request twice, and give the second answer, which is the first one."""
    first, again = caller.call(CREATE, request), caller.call(CREATE, request)
    assert (first.code, again.message) == (grpc.StatusCode.OK, first.message)
    return again


def key_id(key: Ed25519PrivateKey | None) -> bytes:
    assert key is not None
    return hashlib.sha256(key.public_key().public_bytes_raw()).digest()


def test_a_disabled_officer_gets_no_answer_again(serving: Serving, prosecution: Caller) -> None:
    request = order()
    repeated(prosecution, request)
    serving.sql(
        "INSERT INTO officer_disabled (key_id, reason, decided_by, agency_id, access_id)"
        " VALUES (%s, 1, sha256(''), 'punjab-prosecution', gen_random_uuid())",
        (key_id(prosecution.officer),),
    )
    refused = prosecution.call(CREATE, request)
    assert refused.code is grpc.StatusCode.PERMISSION_DENIED
    assert not refused.message
    assert refused.proves_itself()


def test_an_agency_that_may_no_longer_call_gets_no_answer_again(serving: Serving, prosecution: Caller) -> None:
    request = order()
    repeated(prosecution, request)
    serving.set_enabled("punjab-prosecution", enabled=False)
    refused = prosecution.call(CREATE, request)
    assert refused.code is not grpc.StatusCode.OK
    assert not refused.message


def test_what_policy_has_switched_off_is_not_answered_again(serving: Serving, prosecution: Caller) -> None:
    # A first answer is no way around a decision that was made after it.
    request = order()
    repeated(prosecution, request)
    first, second = (serving.caller("npb", officer=True) for _ in range(2))
    assert adopt(second, propose(first, narrowing())).code is grpc.StatusCode.OK
    refused = prosecution.call(CREATE, request)
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SWITCHED_OFF")
    assert not refused.message
    assert refused.proves_itself()


def test_a_colleague_gets_no_answer_again(serving: Serving, prosecution: Caller) -> None:
    request = order()
    repeated(prosecution, request)
    colleague = serving.caller("punjab-prosecution", officer=True)
    assert colleague.call(CREATE, request).reason == "REQUEST_ID_REUSED"
