"""The seal on the register over mutual TLS: what it stops, what goes on, and who takes it off."""

import hashlib
import os
import threading
import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message

from nsor.v1 import (
    access_requests_pb2,
    lookup_pb2,
    notification_pb2,
    options_pb2,
    oversight_pb2,
    recalls_pb2,
    register_seal_pb2,
    registration_pb2,
)
from nsor_server.access import directory, gate
from nsor_server.access.contract import Contract
from nsor_server.events import hearers
from nsor_server.notification.stream import EventStream
from nsor_server.storage import keyring as keyrings
from tests.orders import order
from tests.polling import until
from tests.rpc.callers import Answered, Caller, Serve, Serving, answered, decision
from tests.rpc.seals import CONFIRM, DRILL, PROPOSE, Officers, confirms, decide, proposed, seals, unseals
from tests.rpc.test_broken_database import SECONDS, past
from tests.rpc.test_lifecycle import SERVING, health
from tests.rpc.test_replays import CREATE
from tests.rpc.test_screening import SCREEN, declared, message
from tests.rpc.test_streams import Subscription, publish
from tests.verifying import findings

LIST = "nsor.v1.LookupService/ListAccessRequests"
RECALLS = "nsor.v1.LookupService/ListRecalls"
SHOW = "nsor.v1.RegistrationService/GetRegistration"
ACKNOWLEDGE = "nsor.v1.NotificationService/AcknowledgeEvents"
ACCESSES = "nsor.v1.OversightService/ListAccesses"
METHODS = Contract.load().methods


def asks(caller: Caller) -> str:
    """How a question for a record that isn't there is answered."""
    return caller.call(SHOW, registration_pb2.GetRegistrationRequest(registration_id=str(uuid.uuid4()))).reason


def found_by_verification(serving: Serving) -> list[str]:
    """What `ledger verify` finds."""
    with serving.database.owner() as owner:
        return findings(owner, keyrings.load(serving.settings.keys), origin=serving.settings.ledger_origin)


def test_nothing_is_disclosed_by_any_process_from_the_entry_on_that_seals(serve: Serve, tmp_path: Path) -> None:
    own = {"state_dir": tmp_path / "other", "checkpoint_file": tmp_path / "other" / "checkpoints"}
    # The other process hears of it by nothing but the head that it locks.
    with pytest.MonkeyPatch.context() as slow:
        slow.setattr(directory, "WATCH_SECONDS", 3600.0)
        with serve() as one, serve(**own) as other:
            officers = Officers(one)
            asking = [serving.caller("punjab-prosecution", officer=True) for serving in (one, other)]
            oversight = other.caller("special-committee")
            assert [asks(each) for each in asking] == ["NO_RECORD", "NO_RECORD"]
            seal_id = officers.seal()
            assert [asks(each) for each in asking] == ["REGISTER_SEALED", "REGISTER_SEALED"]
            refused = asking[1].call(SHOW, registration_pb2.GetRegistrationRequest(registration_id=str(uuid.uuid4())))
            assert refused.code is grpc.StatusCode.PERMISSION_DENIED
            assert refused.proves_itself()
            assert oversight.call(ACCESSES, oversight_pb2.ListAccessesRequest()).code is grpc.StatusCode.OK
            officers.unseal(seal_id)
            assert [asks(each) for each in asking] == ["NO_RECORD", "NO_RECORD"]
        assert found_by_verification(one) == []


def test_what_is_refused_depends_on_the_contract_and_the_seal_alone(serving: Serving) -> None:
    officers = Officers(serving)
    # An emergency too, and by whom it isn't allowed is said before anything of the seal.
    police, court = (serving.caller(each, officer=True) for each in ("punjab-police", "lahore-special-court"))
    emergency = "nsor.v1.LookupService/LookUpInEmergency"
    officers.seal()
    assert officers.standing().HasField("seal")  # and this process has read so
    assert police.call(emergency, b"").reason == "REGISTER_SEALED"
    assert court.call(emergency, b"").reason == "NOT_ALLOWED"
    look_up = lookup_pb2.LookUpRegistrationRequest(purpose=options_pb2.PURPOSE_INVESTIGATION)
    assert police.call("nsor.v1.LookupService/LookUpRegistration", look_up).reason == "REGISTER_SEALED"
    # What discloses nothing goes on: entries of prosecutions, recalls, and the service's own health.
    prosecution = serving.caller("punjab-prosecution", officer=True)
    assert prosecution.call(CREATE, order()).code is grpc.StatusCode.OK
    assert police.call(RECALLS, recalls_pb2.ListRecallsRequest()).code is grpc.StatusCode.OK
    assert health(police) == SERVING
    closed = {name for name, rule in METHODS.items() if not rule.while_sealed}
    disclosing = {name for name, rule in METHODS.items() if rule.effect == options_pb2.EFFECT_DISCLOSES}
    assert disclosing - closed == {"nsor.v1.NotificationService/SubscribeEvents"}


def test_one_officer_does_not_seal_it_and_who_sealed_it_does_not_unseal_it(serving: Serving) -> None:
    officers = Officers(serving)
    first, second, third, fourth = officers.npb
    proposal = proposed(first, seals())
    assert decide(first, CONFIRM, confirms(proposal)).reason == "SECOND_PERSON_REQUIRED"
    assert decide(officers.committee, CONFIRM, confirms(proposal)).reason == "NOT_ALLOWED"
    assert decide(officers.committee, PROPOSE, seals()).reason == "NOT_ALLOWED"
    assert decide(second, PROPOSE, seals()).reason == "WRONG_STATE"  # there is one: it is to be confirmed
    assert not officers.standing().HasField("seal")
    assert decide(second, CONFIRM, confirms(proposal)).code is grpc.StatusCode.OK
    assert officers.standing().seal.seal_id == proposal
    assert officers.standing().seal.reason == DRILL
    # The same human with a newer key is the same person.
    again = first.officer
    first.officer = renewed(serving, first)
    assert decide(first, PROPOSE, unseals(proposal)).reason == "SECOND_PERSON_REQUIRED"
    first.officer = again
    assert decide(third, PROPOSE, unseals(str(uuid.uuid4()))).reason == "NO_RECORD"
    unsealing = proposed(third, unseals(proposal))
    assert decide(officers.committee, CONFIRM, confirms(unsealing)).reason == "WRONG_STATE"
    for caller in (first, second, third):
        assert decide(caller, CONFIRM, confirms(unsealing)).reason == "SECOND_PERSON_REQUIRED"
    assert decide(fourth, CONFIRM, confirms(unsealing)).code is grpc.StatusCode.OK
    assert officers.standing().HasField("seal")
    assert decide(serving.caller("npb", officer=True), CONFIRM, confirms(unsealing)).reason == "WRONG_STATE"
    assert decide(officers.committee, CONFIRM, confirms(unsealing)).code is grpc.StatusCode.OK
    assert not officers.standing().HasField("seal")
    assert found_by_verification(serving) == []


def renewed(serving: Serving, caller: Caller) -> Ed25519PrivateKey:
    """A newer key under the number of a caller's officer."""
    assert caller.officer is not None
    key = Ed25519PrivateKey.generate()
    raw, old = (each.public_key().public_bytes_raw() for each in (key, caller.officer))
    serving.sql(
        "INSERT INTO officer SELECT %s, agency_id, officer_number, %s, jurisdiction, grade, enrolled_at, access_id,"
        " kind, decides, own_key_id, own_number, enrolled_by FROM officer WHERE public_key = %s",
        (hashlib.sha256(raw).digest(), raw, old),
    )
    return key


def test_a_seal_on_which_the_rows_are_silent_is_obeyed(serving: Serving) -> None:
    # Whoever owns the database takes the row away as soon as it is there: nothing is disclosed all the same.
    officers = Officers(serving)
    asking = serving.caller("punjab-prosecution", officer=True)
    events = Subscription(serving.caller("nadra", system=True))
    events.replayed()
    proposal = proposed(officers.npb[0], seals())
    past(serving, "CREATE RULE nothing AS ON INSERT TO register_seal DO INSTEAD NOTHING")
    decide(officers.npb[1], CONFIRM, confirms(proposal))
    assert serving.one("SELECT count(*) FROM register_seal") == 1
    assert asks(asking) == "LEDGER_UNAVAILABLE"
    publish(serving, "nadra", kind=notification_pb2.EVENT_KIND_RECALL_ISSUED)
    assert events.reason(20).startswith("UNAVAILABLE")
    assert officers.committee.call(ACCESSES, oversight_pb2.ListAccessesRequest()).code is grpc.StatusCode.OK


def test_a_stream_that_discloses_ends_and_events_go_on(serving: Serving) -> None:
    officers, immigration = Officers(serving), serving.caller("fia-immigration", officer=True)
    manifest = declared(immigration, persons=4)
    events = Subscription(serving.caller("punjab-prisons", system=True))
    sealed = threading.Event()

    def two() -> Any:
        yield message(manifest, 1, 2).SerializeToString()
        sealed.wait(60)
        yield message(manifest, 3, 4).SerializeToString()

    nonce = os.urandom(32)
    stub: Any = immigration.channel.stream_stream(f"/{SCREEN}")
    call = stub(two(), metadata=immigration.metadata(nonce), timeout=60)
    next(call)
    officers.seal()
    sealed.set()
    with pytest.raises(grpc.RpcError):
        next(call)
    ended = answered(call, b"", nonce, message(manifest, 3, 4).SerializeToString())
    assert (ended.code, ended.reason) == (grpc.StatusCode.PERMISSION_DENIED, "REGISTER_SEALED")
    (told,) = notification_pb2.SubscribeEventsResponse.FromString(events.next()).events
    assert told.kind == notification_pb2.EVENT_KIND_REGISTER_SEALED


def test_events_of_records_wait_for_the_end_of_the_seal(serving: Serving) -> None:
    # Whoever gives in the numbers of arrivals would learn by what is opened at the fixed time who is registered.
    officers, events = Officers(serving), Subscription(serving.caller("punjab-prisons", system=True))
    events.replayed()
    publish(serving, "punjab-police")
    seal_id = officers.seal()
    assert told(Subscription(serving.caller("punjab-police", system=True)).replayed()).replay_ends
    kinds = notification_pb2.EventKind
    assert [each.kind for each in told(events.next()).events] == [kinds.EVENT_KIND_REGISTER_SEALED]
    publish(serving, "punjab-prisons")
    officers.unseal(seal_id)
    waited = told(events.next())
    assert waited.events[0].kind == kinds.EVENT_KIND_REGISTRATION_CREATED
    assert waited.receipt.index > steps_until(serving)


def test_events_that_were_read_before_the_seal_are_not_told_behind_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, sealed, after = threading.Event(), threading.Event(), EventStream.after

    def slowly(self: EventStream, *args: Any) -> Any:
        step = after(self, *args)
        if step is not None and step.outcome.response.events:
            read.set()
            assert sealed.wait(60)
        return step

    monkeypatch.setattr(EventStream, "after", slowly)
    with serve() as serving:
        officers, events = Officers(serving), Subscription(serving.caller("punjab-prisons", system=True))
        events.replayed()
        publish(serving, "punjab-prisons")
        assert read.wait(60)
        seal_id = officers.seal()
        sealed.set()
        officers.unseal(seal_id)
        assert told(events.next()).receipt.index > steps_until(serving)


def test_events_of_records_that_were_told_behind_a_seal_are_found(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    officers, events = Officers(serving), Subscription(serving.caller("lahore-special-court", system=True))
    officers.seal()
    assert told(events.next()).events[0].kind == notification_pb2.EVENT_KIND_REGISTER_SEALED
    assert found_by_verification(serving) == []
    monkeypatch.setattr(hearers, "TOLD_WHILE_SEALED", hearers.CONCERNED.keys())
    created = serving.caller("punjab-prosecution", officer=True).call(CREATE, order())
    assert created.code is grpc.StatusCode.OK, created.reason
    assert told(events.next()).events[0].registration_id
    assert found_by_verification(serving) == ["events of records were told although the register was sealed"]


def test_nobody_learns_that_events_wait(serving: Serving) -> None:
    # By trying numbers out, or by whether a replay comes to its end.
    officers, court = Officers(serving), serving.caller("lahore-special-court", system=True)
    seal_id = officers.seal()
    first = Subscription(court)
    assert told(first.next()).events[0].kind == notification_pb2.EVENT_KIND_REGISTER_SEALED
    first.call.cancel()

    def seen() -> list[object]:
        until(lambda: serving.open_streams == 0, seconds=SECONDS)
        numbers = [court.call(ACKNOWLEDGE, acknowledges(each)).reason for each in (2, 1)]
        behind, beyond = Subscription(court, after=1), Subscription(court, after=2)
        events = told(behind.replayed())
        behind.call.cancel()
        return [*numbers, events.replay_ends, len(events.events), beyond.reason(SECONDS)]

    before = seen()
    created = serving.caller("punjab-prosecution", officer=True).call(CREATE, order())
    assert created.code is grpc.StatusCode.OK, created.reason
    until(lambda: numbered(serving, "lahore-special-court") == 2, seconds=SECONDS)
    assert seen() == before
    assert before[0] == "INVALID_FIELDS"
    officers.unseal(seal_id)
    assert court.call(ACKNOWLEDGE, acknowledges(2)).code is grpc.StatusCode.OK
    assert found_by_verification(serving) == []


def numbered(serving: Serving, agency_id: str) -> int:
    """How many events of an agency have a number."""
    return int(serving.one("SELECT count(*) FROM agency_event WHERE agency_id = %s", (agency_id,)))


def acknowledges(sequence: int) -> notification_pb2.AcknowledgeEventsRequest:
    """Acknowledges events up to one."""
    return notification_pb2.AcknowledgeEventsRequest(through_sequence=sequence)


def steps_until(serving: Serving) -> int:
    """The index of the newest step of a seal."""
    return int(serving.one("SELECT max(index) FROM ledger_record WHERE table_name = 'register_seal'"))


def told(message: bytes) -> notification_pb2.SubscribeEventsResponse:
    """A stream's message."""
    return notification_pb2.SubscribeEventsResponse.FromString(message)


def test_no_call_in_flight_is_answered_behind_the_seal(serve: Serve, tmp_path: Path) -> None:
    # Asked without a pause in two processes while it is sealed: every answer that showed something stands before it.
    own = {"state_dir": tmp_path / "other", "checkpoint_file": tmp_path / "other" / "checkpoints"}
    with serve() as one, serve(**own) as other:
        officers = Officers(one)
        indexes: list[int] = []
        refused = [threading.Event() for _ in range(4)]

        def ask(caller: Caller, ended: threading.Event) -> None:
            for _ in range(5000):
                answer = caller.call(LIST, access_requests_pb2.ListAccessRequestsRequest())
                if answer.reason == "REGISTER_SEALED":
                    return ended.set()
                assert answer.receipt is not None
                indexes.append(answer.receipt.index)
            return None

        callers = [serving.caller("punjab-police", officer=True) for serving in (one, other) for _ in range(2)]
        threads = [threading.Thread(target=ask, args=each) for each in zip(callers, refused, strict=True)]
        for each in threads:
            each.start()
        until(lambda: len(indexes) > 40, seconds=SECONDS)
        officers.seal()
        for each in threads:
            each.join()
        assert all(each.is_set() for each in refused)
        at = one.one("SELECT index FROM ledger_record WHERE table_name = 'register_seal' AND version = 2")
        assert max(indexes) < at
        assert found_by_verification(one) == []


def test_what_was_disclosed_behind_a_seal_is_found(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    officers, police = Officers(serving), serving.caller("punjab-police", officer=True)
    seal_id = officers.seal()
    admit = gate.admit
    monkeypatch.setattr(gate, "admit", lambda *args, **_: admit(*args))
    answer = police.call(LIST, access_requests_pb2.ListAccessRequestsRequest())
    assert answer.code is grpc.StatusCode.OK, answer.reason
    monkeypatch.undo()
    officers.unseal(seal_id)
    assert police.call(LIST, access_requests_pb2.ListAccessRequestsRequest()).code is grpc.StatusCode.OK
    assert found_by_verification(serving) == ["it was answered although the register was sealed"]


def test_signed_calls_that_are_sent_again_seal_and_unseal_nothing(serving: Serving) -> None:
    # Whoever has recorded them sends the same bytes within their five minutes, also on the officer's own connection.
    officers = Officers(serving)
    sent: list[tuple[Caller, str, bytes, bytes, bytes]] = []

    def decides(caller: Caller, method: str, request: Message) -> bytes:
        assert caller.officer is not None
        nonce, encoded = os.urandom(32), request.SerializeToString()
        sent.append((caller, method, nonce, encoded, decision(caller.officer, method, nonce, encoded)))
        return again(*sent[-1]).message

    def again(caller: Caller, method: str, nonce: bytes, encoded: bytes, signed: bytes) -> Answered:
        answer = caller.call(method, encoded, nonce=nonce, nsor_decision_bin=signed)
        assert answer.code is grpc.StatusCode.OK, answer.reason
        return answer

    first, second, third, fourth = officers.npb
    made = decides(first, PROPOSE, seals())
    seal_id = register_seal_pb2.ProposeRegisterSealResponse.FromString(made).proposal.proposal_id
    decides(second, CONFIRM, confirms(seal_id))
    made = decides(third, PROPOSE, unseals(seal_id))
    unsealing = register_seal_pb2.ProposeRegisterSealResponse.FromString(made).proposal.proposal_id
    decides(fourth, CONFIRM, confirms(unsealing))
    decides(officers.committee, CONFIRM, confirms(unsealing))
    assert not officers.standing().HasField("seal")
    for each in sent:
        again(*each)
    assert not officers.standing().HasField("seal")
    assert not officers.standing().HasField("proposal")
    # And all of it once more under a new seal: an old answer, and nothing else.
    other = officers.seal()
    for each in sent:
        again(*each)
    assert officers.standing().seal.seal_id == other


def test_a_seal_whose_row_is_taken_away_later_stays_for_whoever_has_read_it(serving: Serving) -> None:
    officers = Officers(serving)
    asking = serving.caller("punjab-prosecution", officer=True)
    officers.seal()
    assert asks(asking) == "REGISTER_SEALED"
    past(serving, "ALTER TABLE register_seal DISABLE TRIGGER USER")
    past(serving, "DELETE FROM register_seal")
    serving.enrol("nadra")  # what decides has changed, so that it is read again
    assert [asks(asking) for _ in range(3)] == ["REGISTER_SEALED"] * 3
    assert any("register_seal" in problem for problem in found_by_verification(serving))
