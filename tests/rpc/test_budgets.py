"""Budgets at the front door: what costs something is paid for, whatever else is refused beside it."""

import os
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from google.protobuf.message import Message

from nsor.v1 import lookup_pb2, options_pb2, registration_pb2
from nsor_server.lookup.grants import store
from tests.orders import JUDGMENT_DATE
from tests.rpc.callers import Serving, decision

CONFIRM = "nsor.v1.RegistrationService/ConfirmRegistration"
COURT = "lahore-special-court"
POLICE = "punjab-police"
TOLD = """
SELECT (SELECT count(*) FROM outbox WHERE recipient = agency_id AND about_agency = agency_id)
     + (SELECT count(*) FROM agency_event AS e WHERE e.agency_id = agency.agency_id AND about_agency = agency.agency_id)
  FROM agency WHERE agency_id = %s
"""
"""Events to an agency about itself, on their way or numbered; of keys that are enrolled by hand there are none."""


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
            judgment_date=JUDGMENT_DATE,
        ).SerializeToString()
        nonce = os.urandom(32)
        answer = caller.call(CONFIRM, request, nonce=nonce, nsor_decision_bin=decision(key, CONFIRM, nonce, request))
        assert answer.reason == "RATE_LIMITED" or answer.proves_itself()
        told.append(answer.reason)
    # What is refused for an empty bucket has tried nothing: but for the first time, it is a refusal like others.
    assert told == ["NO_RECORD"] * 5 + ["BUDGET_EMPTY"] + ["RATE_LIMITED"] * 3


def test_a_look_up_that_can_be_paid_after_all_is_paid(serving: Serving) -> None:
    # As far as the process knows the bucket doesn't hold what another grant costs: nobody is read for what comes next.
    caller = serving.caller(POLICE, officer=True)
    known = _look_up()

    def reason(asked: Message) -> str:
        asked.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # every look-up has one
        answer = caller.call("nsor.v1.LookupService/LookUpRegistration", asked)
        assert answer.proves_itself()
        return answer.reason

    told = [reason(each) for each in (known, *(_look_up() for _ in range(18)), known, _look_up(), _look_up())]
    assert told == ["GRANT_NOT_VALID"] * 20 + ["BUDGET_EMPTY"] * 2
    assert [reason(known) for _ in range(3)] == ["GRANT_NOT_VALID", "GRANT_NOT_VALID", "BUDGET_EMPTY"]


def _registration() -> Message:
    return registration_pb2.GetRegistrationRequest(registration_id=str(uuid.uuid4()))


def _look_up() -> Message:
    return lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        cnic="3520212345671",
        basis=lookup_pb2.LookUpBasis(grant_id=str(uuid.uuid4())),
    )


@pytest.mark.parametrize(
    ("method", "request_of"),
    [
        ("nsor.v1.RegistrationService/GetRegistration", _registration),
        ("nsor.v1.LookupService/LookUpRegistration", _look_up),
    ],
)
def test_a_flood_for_an_empty_bucket_is_an_event_and_is_counted(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, method: str, request_of: Callable[[], Message]
) -> None:
    # They read nothing and spend nothing, and each of them was an entry: 3,919 in five seconds.
    monkeypatch.setattr("nsor_server.rpc.refusals.KNOWN_PER_SECOND", 0.0)
    read, held_by = list[object](), store.held_by

    def reading(*grant: Any) -> store.Held | None:
        read.append(grant)
        return held_by(*grant)

    monkeypatch.setattr(store, "held_by", reading)
    caller = serving.caller(POLICE, officer=True)
    told = Counter(caller.call(method, request_of()).reason for _ in range(40))
    assert sorted(told.values()) == [1, 19, 20]
    assert (told["BUDGET_EMPTY"], told["RATE_LIMITED"]) == (1, 19)
    assert serving.one(TOLD, (POLICE,)) == 1
    # No grant is read for what is only counted; for an entry of its own it is, which says its case.
    assert read == []
    monkeypatch.setattr("nsor_server.rpc.refusals.KNOWN_PER_SECOND", 1e9)
    assert caller.call(method, request_of()).reason == "BUDGET_EMPTY"
    assert len(read) == (request_of is _look_up)

    def failing(*_grant: Any) -> None:
        raise psycopg.errors.InsufficientPrivilege

    # Whatever becomes of that, the refusal has its entry.
    monkeypatch.setattr(store, "held_by", failing)
    assert caller.call(method, request_of()).reason == "BUDGET_EMPTY"
