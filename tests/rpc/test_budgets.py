"""Budgets at the front door: what costs something is paid for, whatever else is refused beside it."""

import os
import uuid

import pytest

from nsor.v1 import registration_pb2
from tests.rpc.callers import Serving, decision

CONFIRM = "nsor.v1.RegistrationService/ConfirmRegistration"
COURT = "lahore-special-court"


def test_a_flood_of_refusals_makes_no_try_free(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    # Refusals beyond an agency's rate are counted, with no entry each. A wrong number is a refusal: beside enough
    # others it would have cost nothing.
    monkeypatch.setattr("nsor_server.rpc.refusals.KNOWN_PER_SECOND", 0.2)
    key = serving.enrol(COURT)
    caller = serving.caller(COURT)
    reasons = [caller.call(CONFIRM, b"\xff").reason for _ in range(3)]
    assert reasons == ["MALFORMED_REQUEST", "RATE_LIMITED", "RATE_LIMITED"]
    registration_id, told = str(uuid.uuid4()), []
    for nth in range(1, 10):
        request = registration_pb2.ConfirmRegistrationRequest(
            request_id=str(uuid.uuid4()),
            registration_id=registration_id,
            etag="0" * 16,
            case_number=f"Sessions Case No. {nth}/2022",
        ).SerializeToString()
        nonce = os.urandom(32)
        answer = caller.call(CONFIRM, request, nonce=nonce, nsor_decision_bin=decision(key, CONFIRM, nonce, request))
        assert answer.proves_itself()
        told.append(answer.reason)
    assert told == ["NO_RECORD"] * 5 + ["BUDGET_EMPTY"] * 4
