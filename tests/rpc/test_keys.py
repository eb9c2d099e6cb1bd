"""What a certificate is worth without keys, and each kind of key where another one is needed: over the wire."""

import datetime as dt
import hashlib
import os
import uuid

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import access_requests_pb2, directory_pb2, grants_pb2, notification_pb2, options_pb2
from nsor_server.access.directory import DirectorySnapshot
from nsor_synthetic import examples
from tests.agencies import AGENCIES
from tests.calls import CONTRACT
from tests.rpc.callers import Caller, Serving, decision, session
from tests.rpc.test_front_door import APPROVE, ENROL, LOOK_UP, enrolment, look_up
from tests.rpc.test_streams import SUBSCRIBE, Subscription, publish

DISABLE = "nsor.v1.DirectoryService/DisableOfficer"
DISABLE_OWN = "nsor.v1.DirectoryService/DisableOwnKey"
OPEN_TICKET = "nsor.v1.LookupService/OpenTicket"
LIST_OFFICERS = "nsor.v1.DirectoryService/ListOfficers"
ACKNOWLEDGE = "nsor.v1.NotificationService/AcknowledgeEvents"
STATES = grpc.StatusCode


def key_id(key: Ed25519PrivateKey) -> bytes:
    return hashlib.sha256(key.public_key().public_bytes_raw()).digest()


def with_keys(caller: Caller, *focal_persons: Ed25519PrivateKey) -> Caller:
    return Caller(caller.channel, caller.certificate, focal_persons=focal_persons)


def approval() -> access_requests_pb2.ApproveAccessRequestRequest:
    return access_requests_pb2.ApproveAccessRequestRequest(
        request_id=str(uuid.uuid4()), access_request_id=str(uuid.uuid4()), etag="0" * 16
    )


def disabling(key: Ed25519PrivateKey) -> directory_pb2.DisableOfficerRequest:
    return directory_pb2.DisableOfficerRequest(
        request_id=str(uuid.uuid4()), officer_key_id=key_id(key), reason=directory_pb2.DISABLE_REASON_LEFT_POST
    )


def test_whoever_holds_an_agencys_certificate_enrols_nobody(serving: Serving) -> None:
    # With the certificate of the agency's system alone one could enrol a key under a colleague's number, and look up.
    caller = serving.caller("punjab-police")
    officer, stranger = serving.enrol("punjab-police"), serving.enter_focal_person("sindh-police")
    nobody = Ed25519PrivateKey.generate()
    for keys in ((), (officer,), (stranger,), (nobody,)):
        for method, request in ((ENROL, enrolment("punjab-police")), (DISABLE, disabling(officer))):
            answer = with_keys(caller, *keys).call(method, request)
            assert (answer.code, answer.reason) == (STATES.PERMISSION_DENIED, "FOCAL_PERSON_REQUIRED")
            assert answer.proves_itself()
    caller.officer = officer
    assert caller.call(ENROL, enrolment("punjab-police")).reason == "FOCAL_PERSON_REQUIRED"
    assert serving.one("SELECT count(*) FROM officer WHERE officer_number = 'PB-1001'") == 0


def test_a_focal_persons_signature_is_worth_nothing_on_another_call(serving: Serving) -> None:
    caller, person = serving.caller("punjab-police"), serving.enter_focal_person("punjab-police")
    request, nonce = enrolment("punjab-police"), os.urandom(32)
    encoded = request.SerializeToString()
    for seen in (
        decision(person, DISABLE, nonce, encoded),
        decision(person, ENROL, os.urandom(32), encoded),
        decision(person, ENROL, nonce, enrolment("punjab-police").SerializeToString()),
    ):
        answer = caller.call(ENROL, request, nonce=nonce, nsor_decision_bin=seen)
        assert answer.reason == "FOCAL_PERSON_REQUIRED"
    good = decision(person, ENROL, nonce, encoded)
    assert caller.call(ENROL, request, nonce=nonce, nsor_decision_bin=good).code is STATES.OK


def test_npbs_deciding_officer_needs_the_signatures_of_two_focal_persons(serving: Serving) -> None:
    caller = serving.caller("npb", focal_persons=2)
    one, other = caller.focal_persons
    request = enrolment("npb")
    request.decides = True
    for keys in ((one,), (one, one), (one, serving.enrol("npb")), (one, serving.enter_focal_person("punjab-police"))):
        answer = with_keys(caller, *keys).call(ENROL, request)
        assert answer.code is STATES.PERMISSION_DENIED
        assert answer.reason in {"SECOND_FOCAL_PERSON_REQUIRED", "FOCAL_PERSON_REQUIRED"}
    answer = with_keys(caller, one, other).call(ENROL, request)
    assert answer.code is STATES.OK, answer.reason
    assert answer.proves_itself()


def test_a_focal_persons_key_does_nothing_else(serving: Serving) -> None:
    caller = serving.caller("punjab-prosecution", focal_persons=1)
    (person,) = caller.focal_persons
    assert caller.call(APPROVE, approval()).reason == "OFFICER_NOT_ACCEPTED"
    own = directory_pb2.DisableOwnKeyRequest(
        request_id=str(uuid.uuid4()), reason=directory_pb2.DISABLE_REASON_LEFT_POST
    )
    assert caller.call(DISABLE_OWN, own).reason == "OFFICER_NOT_ACCEPTED"
    assert caller.call(LIST_OFFICERS, directory_pb2.ListOfficersRequest()).code is STATES.OK
    border = serving.caller("fia-immigration")
    border.officer = serving.enter_focal_person("fia-immigration")
    assert border.call(LOOK_UP, look_up()).reason == "OFFICER_NOT_ACCEPTED"
    caller.officer = person
    assert caller.call(LIST_OFFICERS, directory_pb2.ListOfficersRequest()).reason == "OFFICER_NOT_ACCEPTED"
    acknowledged = caller.call(ACKNOWLEDGE, notification_pb2.AcknowledgeEventsRequest(through_sequence=1))
    assert acknowledged.reason == "OFFICER_NOT_ACCEPTED"


def test_a_system_listens_and_acts_for_no_officer(serving: Serving) -> None:
    bare, system = serving.caller("punjab-police"), serving.caller("punjab-police", system=True)
    publish(serving, "punjab-police")
    assert Subscription(bare).reason(20).startswith("PERMISSION_DENIED")
    acknowledgement = notification_pb2.AcknowledgeEventsRequest(through_sequence=1)
    assert bare.call(ACKNOWLEDGE, acknowledgement).reason == "OFFICER_REQUIRED"
    stream = Subscription(system)
    assert stream.next()
    stream.call.cancel()
    assert system.call(ACKNOWLEDGE, acknowledgement).code is STATES.OK
    assert system.call(LIST_OFFICERS, directory_pb2.ListOfficersRequest()).reason == "OFFICER_NOT_SYSTEM"
    border = serving.caller("fia-immigration", system=True)
    assert border.call(LOOK_UP, look_up()).reason == "OFFICER_NOT_SYSTEM"


def test_an_officer_who_does_not_decide_decides_nothing(serving: Serving) -> None:
    deciding = [rule for rule in CONTRACT.methods.values() if rule.officer == options_pb2.OFFICER_RULE_DECISION]
    assert len(deciding) > 30
    callers: dict[str, tuple[Caller, Ed25519PrivateKey]] = {}
    for rule in deciding:
        agency_id = next(each.agency_id for each in AGENCIES if each.kind in rule.allow)
        if agency_id not in callers:
            callers[agency_id] = serving.caller(agency_id), serving.enrol(agency_id, decides=False)
        (caller, key), nonce = callers[agency_id], os.urandom(32)
        signed = decision(key, rule.full_name, nonce, b"")
        answer = caller.call(rule.full_name, b"", nonce=nonce, nsor_decision_bin=signed)
        found = (answer.code, answer.reason)
        assert found == (STATES.PERMISSION_DENIED, "OFFICER_MAY_NOT_DECIDE"), rule.full_name


def test_an_officer_who_disables_his_own_key_is_refused_from_the_next_call_on(serving: Serving) -> None:
    caller, key = serving.caller("fia-immigration"), serving.enrol("fia-immigration", decides=False)
    caller.officer = key
    request, nonce = (
        directory_pb2.DisableOwnKeyRequest(
            request_id=str(uuid.uuid4()), reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED
        ),
        os.urandom(32),
    )
    signed = decision(key, DISABLE_OWN, nonce, request.SerializeToString())
    answer = caller.call(DISABLE_OWN, request, nonce=nonce, nsor_decision_bin=signed)
    assert answer.code is STATES.OK, answer.reason
    assert caller.call(LOOK_UP, look_up()).reason == "OFFICER_NOT_ACCEPTED"
    again = caller.call(DISABLE_OWN, request, nonce=nonce, nsor_decision_bin=signed)
    assert again.reason == "OFFICER_NOT_ACCEPTED"


def test_a_stream_outlives_its_session_and_not_its_key(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    now = DirectorySnapshot.now
    caller = serving.caller("punjab-police", system=True)
    assert caller.officer is not None
    stream = Subscription(caller)
    publish(serving, "punjab-police")
    stream.next()
    old = session(caller.officer, caller.certificate)
    monkeypatch.setattr(DirectorySnapshot, "now", lambda self: now(self) + dt.timedelta(minutes=20))
    publish(serving, "punjab-police")
    assert stream.next()
    renewed = Caller(caller.channel, caller.certificate, extra=[("nsor-officer-bin", old)])
    call = renewed.stream(SUBSCRIBE, notification_pb2.SubscribeEventsRequest())
    with pytest.raises(grpc.RpcError) as refused:
        next(call)
    assert refused.value.code() is STATES.PERMISSION_DENIED
    serving.sql(
        "INSERT INTO officer_disabled (key_id, reason, decided_by, agency_id, access_id)"
        " VALUES (%s, 1, sha256(''), 'punjab-police', %s)",
        (key_id(caller.officer), uuid.uuid4()),
    )
    assert stream.reason(20).startswith("PERMISSION_DENIED")


def test_a_ticket_is_opened_for_an_officer_who_was_enrolled_just_now(serving: Serving) -> None:
    # By another process, a moment ago: the handler's refusal isn't given by an old directory either.
    caller, opener = serving.caller("npb"), serving.enrol("npb")
    caller.officer = opener
    assert caller.call(LIST_OFFICERS, directory_pb2.ListOfficersRequest()).code is STATES.OK
    request = next(each for each in examples.requests(3) if isinstance(each, grants_pb2.OpenTicketRequest))
    request.officer_key_id = key_id(serving.enrol("npb"))
    nonce = os.urandom(32)
    signed = decision(opener, OPEN_TICKET, nonce, request.SerializeToString())
    answer = caller.call(OPEN_TICKET, request, nonce=nonce, nsor_decision_bin=signed)
    assert answer.code is STATES.OK, answer.reason
