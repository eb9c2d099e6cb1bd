import hashlib
import logging
import os
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.rpc import error_details_pb2
from google.type import date_pb2

from certs import flawed
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import (
    access_requests_pb2,
    directory_pb2,
    lookup_pb2,
    options_pb2,
    oversight_pb2,
    registration_pb2,
    types_pb2,
)
from nsor_server.calls import Call, DecidedRows
from nsor_server.directory import officers
from nsor_server.errors import Violation
from nsor_server.ledger import proofs
from nsor_server.ledger.entry import Appended
from nsor_server.ledger.guard import CommitGuard
from nsor_server.rpc.pipeline import Pipeline
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Session, Step
from nsor_server.tracing import store
from tests.rpc.callers import Answered, Logged, Serve, Serving, decision, session

LIST = "nsor.v1.DirectoryService/ListAgencies"
ADD_PHOTO = "nsor.v1.RegistrationService/AddPhoto"
ENROL = "nsor.v1.DirectoryService/EnrolOfficer"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
ACCESSES = "nsor.v1.OversightService/ListAccesses"
CHECKPOINT = "nsor.v1.OversightService/GetCheckpoint"
"""Its handler reads the database; the one of LIST doesn't."""
APPROVE = "nsor.v1.LookupService/ApproveAccessRequest"
STATES = grpc.StatusCode


def look_up(cnic: str = "3520212345671") -> lookup_pb2.LookUpRegistrationRequest:
    return lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        cnic=cnic,
        basis=lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(number="AB1234567", country="PK")),
    )


def test_a_call_is_answered_with_its_proof(shared: Serving) -> None:
    # An answer and its leaf belong together: nobody can answer two calls with one leaf.
    answer = shared.caller("punjab-police").call(LIST, directory_pb2.ListAgenciesRequest())
    assert answer.code is STATES.OK
    assert answer.proves_itself()
    assert (answer.leaf.agency, answer.leaf.method) == ("punjab-police", LIST)
    assert answer.leaf.outcome == leaf_pb2.OUTCOME_ALLOWED
    agencies = directory_pb2.ListAgenciesResponse.FromString(answer.message).agencies
    assert "npb" in {agency.agency_id for agency in agencies}


def test_a_look_up_goes_through_the_group_commit_and_misses_prove_themselves(shared: Serving) -> None:
    # A miss is the cheapest entry to drop, so it is proved like a hit.
    caller = shared.caller("fia-immigration", officer=True)
    answer = caller.call(LOOK_UP, look_up())
    assert answer.code is STATES.OK, answer.reason
    assert answer.proves_itself()
    response = lookup_pb2.LookUpRegistrationResponse.FromString(answer.message)
    assert response.outcome == lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD


def test_a_method_that_does_not_exist_is_answered_and_recorded(shared: Serving) -> None:
    # Its name is the caller's text, so it stands in no record.
    answer = shared.caller("punjab-police").call("nsor.v1.LookupService/DropAll3520212345671", b"anything")
    assert (answer.code, answer.reason) == (STATES.UNIMPLEMENTED, "UNKNOWN_METHOD")
    assert answer.proves_itself()
    assert (answer.leaf.agency, answer.leaf.method) == ("punjab-police", "_OTHER")
    assert answer.leaf.outcome == leaf_pb2.OUTCOME_REFUSED


def test_a_malformed_message_is_answered_and_recorded(shared: Serving) -> None:
    answer = shared.caller("punjab-police").call(LIST, b"\xff\xff\xff3520212345671")
    assert (answer.code, answer.reason) == (STATES.INVALID_ARGUMENT, "MALFORMED_REQUEST")
    assert answer.proves_itself()
    assert (answer.leaf.agency, answer.leaf.method) == ("punjab-police", LIST)
    assert b"3520212345671" not in answer.status.SerializeToString() if answer.status else False


@pytest.mark.parametrize("nonce", [None, b"short", bytes(33)])
def test_without_a_nonce_there_is_no_answer(shared: Serving, nonce: bytes | None) -> None:
    # A hash without a nonce would confirm a guessed request to whoever reads the published leaf.
    caller = shared.caller("punjab-police")
    request = directory_pb2.ListAgenciesRequest()
    answer = caller.call(LIST, request, nonce=nonce, no_nonce=nonce is None)
    assert (answer.code, answer.reason) == (STATES.INVALID_ARGUMENT, "NONCE_REQUIRED")
    assert answer.leaf.agency == "punjab-police"
    encoded = request.SerializeToString()
    assert answer.leaf.call_hash not in {
        hashlib.sha256((nonce or b"") + encoded).digest(),
        hashlib.sha256(encoded).digest(),
    }


_ONCE = ("nsor-nonce-bin", "nsor-officer-bin", "nsor-decision-bin", "nsor-second-decision-bin")


@pytest.mark.parametrize("key", _ONCE)
@pytest.mark.parametrize("method", [LIST, LOOK_UP])
def test_what_counts_once_may_not_come_twice(shared: Serving, key: str, method: str) -> None:
    # Of two nonces the client would prove the one and the leaf hold the other; of two officers either could be meant.
    caller = shared.caller("npb", officer=True)
    known = dict(caller.metadata(os.urandom(32)))
    caller.extra += [(key, known.get(key, b"x")), (key, os.urandom(32))]
    request = look_up("3520212345671") if method == LOOK_UP else directory_pb2.ListAgenciesRequest()
    answer = caller.call(method, request)
    assert (answer.code, answer.reason) == (STATES.INVALID_ARGUMENT, "METADATA_REPEATED")
    assert (answer.leaf.agency, answer.leaf.outcome) == ("npb", leaf_pb2.OUTCOME_REFUSED)


def test_a_list_of_accesses_takes_a_session_and_needs_none(shared: Serving) -> None:
    request = oversight_pb2.ListAccessesRequest()
    for officer in (False, True):
        assert shared.caller("npb", officer=officer).call(ACCESSES, request).code is STATES.OK
    # A session that doesn't hold isn't taken for none: who sends one wants to be seen as that officer.
    answer = shared.caller("npb").call(ACCESSES, request, nsor_officer_bin=b"no session")
    assert (answer.code, answer.reason) == (STATES.PERMISSION_DENIED, "OFFICER_NOT_ACCEPTED")


def test_a_purpose_of_a_newer_contract_is_named_by_its_field(shared: Serving) -> None:
    # It isn't a question of permission, and whoever asks for leave would ask in vain.
    request = look_up("3520212345671")
    request.purpose = options_pb2.Purpose.ValueType(99)
    answer = shared.caller("npb", officer=True).call(LOOK_UP, request)
    assert (answer.code, answer.reason) == (STATES.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert 'field: "purpose"' in str(violations(answer))
    assert "UNKNOWN_VALUE" in str(violations(answer))


def violations(answer: Answered) -> error_details_pb2.BadRequest:
    """The fields that a refusal names."""
    assert answer.status is not None
    bad = error_details_pb2.BadRequest()
    for detail in answer.status.details:
        if detail.Is(bad.DESCRIPTOR):
            detail.Unpack(bad)
    return bad


def test_an_exception_tells_nothing_but_its_access_id(
    shared: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, logged: Logged
) -> None:
    # A driver's text holds values: neither the caller nor the log may see it.
    def broken(conn: Connection, _min_size: int) -> None:
        logging.getLogger("nsor_server.oversight").warning("reads")
        conn.execute("SELECT %s::integer", ("3520212345671 leaks",))

    monkeypatch.setattr(proofs, "checkpoint", broken)
    answer = shared.caller("punjab-police").call(CHECKPOINT, oversight_pb2.GetCheckpointRequest())
    assert (answer.code, answer.reason) == (STATES.INTERNAL, "INTERNAL")
    assert answer.proves_itself()
    assert answer.leaf.outcome == leaf_pb2.OUTCOME_FAILED
    access_id = str(uuid.UUID(bytes=answer.leaf.access_id))
    assert access_id in str(answer.status)
    assert "NumericValueOutOfRange" in caplog.text
    assert access_id in caplog.text
    # Both lines are found by the call's ids, that of its handler and that of its failure.
    assert logged("reads", "failed:") == [(answer.leaf.trace_id.hex(), access_id)] * 2
    for told in (str(answer.status), answer.details, caplog.text):
        assert "3520212345671" not in told


def test_errors_are_for_machines_and_for_people_in_two_languages(shared: Serving) -> None:
    caller = shared.caller("fia-immigration", officer=True)
    request = look_up("352021234567")
    answer = caller.call(LOOK_UP, request)
    assert (answer.code, answer.reason) == (STATES.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert answer.proves_itself()
    assert answer.status is not None
    kinds = [detail.TypeName().rpartition(".")[2] for detail in answer.status.details]
    assert kinds == ["ErrorInfo", "BadRequest", "LocalizedMessage", "LocalizedMessage"]
    bad = error_details_pb2.BadRequest()
    answer.status.details[1].Unpack(bad)
    assert [(each.field, each.reason) for each in bad.field_violations] == [("cnic", "CNIC_FORM")]
    assert "352021234567" not in str(answer.status)
    assert answer.details == answer.status.message


@pytest.mark.parametrize("request_id", ["a word", "3520212345671", "\N{ARABIC-INDIC DIGIT ONE}" * 36, "0" * 40])
def test_a_request_id_that_is_none_is_refused_on_the_record(shared: Serving, request_id: str) -> None:
    # It is text of the caller's: the entry has no place for it, and none of it is written down.
    caller = shared.caller("fia-immigration", officer=True)
    request = look_up()
    request.request_id = request_id
    answer = caller.call(LOOK_UP, request)
    assert (answer.code, answer.reason) == (STATES.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert answer.proves_itself()


def test_many_violations_are_counted_and_stay_small(shared: Serving) -> None:
    # Metadata beyond 8 KiB is dropped at random on its way.
    caller = shared.caller("punjab-prosecution", officer=True)
    request = registration_pb2.CreateRegistrationRequest(request_id=str(uuid.uuid4()))
    for _ in range(9):
        request.person.travel_documents.add(number="!")
    answer = caller.call("nsor.v1.RegistrationService/CreateRegistration", request)
    assert answer.reason == "INVALID_FIELDS"
    assert answer.status is not None
    assert answer.status.ByteSize() <= 4096
    bad = error_details_pb2.BadRequest()
    answer.status.details[1].Unpack(bad)
    assert 1 <= len(bad.field_violations) <= 10
    info = error_details_pb2.ErrorInfo()
    answer.status.details[0].Unpack(info)
    assert int(info.metadata["more_violations"]) > 10


def test_a_message_over_the_limit_is_refused_on_the_record(shared: Serving) -> None:
    answer = shared.caller("punjab-police").call(LIST, bytes(shared.settings.maximum_message_bytes + 1))
    assert (answer.code, answer.reason) == (STATES.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
    assert answer.proves_itself()


def test_the_writers_thread_never_works_at_a_large_request(shared: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    # 64 of the largest take it 60 to 240 ms, in which nobody's call is recorded.
    worked: list[tuple[str, int]] = []
    wrong = Pipeline._wrong

    def watched(pipeline: Pipeline, call: Call) -> list[Violation]:
        worked.append((threading.current_thread().name, len(call.data)))
        return wrong(pipeline, call)

    caller = shared.caller("fia-immigration", officer=True)
    assert caller.call(LOOK_UP, look_up()).code is STATES.OK  # whoever was enrolled just now waits for the directory
    monkeypatch.setattr(Pipeline, "_wrong", watched)
    request = look_up()
    assert caller.call(LOOK_UP, request).code is STATES.OK
    request.document.number = "1" * 200_000
    assert caller.call(LOOK_UP, request).reason == "INVALID_FIELDS"
    # Fields that stand there again and again make a large message that is right.
    answer = caller.call(LOOK_UP, look_up().SerializeToString() + look_up().SerializeToString() * 100)
    assert (answer.code, answer.proves_itself()) == (STATES.OK, True)
    of_writer = [size for thread, size in worked if thread == "ledger-writer"]
    assert len(of_writer) == 1
    assert len(worked) == 3


def test_the_largest_photo_fits_into_a_message(shared: Serving) -> None:
    # The limit of messages leaves room for what stands beside it: refused for what it is, not for its size.
    request = registration_pb2.AddPhotoRequest(
        request_id=str(uuid.uuid4()),
        registration_id=str(uuid.uuid4()),
        file=bytes(256 * 1024),
        taken_date=date_pb2.Date(year=2024, month=3, day=5),
    )
    answer = shared.caller("punjab-police", officer=True).call(ADD_PHOTO, request)
    assert answer.reason == "INVALID_FIELDS"


def test_a_message_far_over_the_limit_is_cut_off_by_grpc(shared: Serving) -> None:
    # The option's effect: without it grpc takes 4 MiB.
    answer = shared.caller("punjab-police").call(LIST, bytes(4 * shared.settings.maximum_message_bytes + 1))
    assert answer.code is STATES.RESOURCE_EXHAUSTED
    assert answer.status is None


def test_a_metadata_flood_is_cut_off_and_the_next_call_is_answered(shared: Serving) -> None:
    caller = shared.caller("punjab-police")
    caller.extra = [(f"x-{number}", "x" * 1000) for number in range(40)]
    assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is STATES.RESOURCE_EXHAUSTED
    caller.extra = []
    assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is STATES.OK


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("unknown", "AGENCY_NOT_ACTIVE"),
        ("revoked", "CERTIFICATE_NOT_ACTIVE"),
        ("two-uris", "CERTIFICATE_NOT_ACCEPTED"),
        ("no-eku", "CERTIFICATE_NOT_ACCEPTED"),
    ],
)
def test_a_stranger_is_refused_and_recorded(shared: Serving, name: str, reason: str) -> None:
    answer = shared.caller(name).call(LIST, directory_pb2.ListAgenciesRequest())
    assert (answer.code, answer.reason) == (STATES.UNAUTHENTICATED, reason)
    assert answer.proves_itself()
    assert answer.leaf.agency == ("punjab-police" if name == "revoked" else "")


@pytest.mark.parametrize("name", ["expired", "other-ca"])
def test_tls_turns_away_what_it_can_judge(shared: Serving, name: str) -> None:
    answer = shared.caller(name).call(LIST, directory_pb2.ListAgenciesRequest())
    assert answer.code is STATES.UNAVAILABLE


def test_a_kind_of_agency_that_the_contract_does_not_name_is_denied(shared: Serving) -> None:
    answer = shared.caller("special-committee", officer=True).call(LOOK_UP, look_up())
    assert (answer.code, answer.reason) == (STATES.PERMISSION_DENIED, "NOT_ALLOWED")
    assert answer.proves_itself()
    assert answer.leaf.purpose == 0


def test_a_disabled_agency_is_refused_from_the_next_call(serving: Serving) -> None:
    caller = serving.caller("sindh-police")
    assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is STATES.OK
    serving.set_enabled("sindh-police", enabled=False)
    answer = caller.call(LIST, directory_pb2.ListAgenciesRequest())
    assert (answer.code, answer.reason) == (STATES.UNAUTHENTICATED, "AGENCY_NOT_ACTIVE")


@pytest.mark.parametrize("grouped", [False, True])
def test_a_revocation_counts_from_the_next_call(serving: Serving, grouped: bool) -> None:
    # On the same connection, without a query per call: the commit finds that the directory has moved on.
    caller = serving.caller("fia-immigration", officer=True)

    def call() -> tuple[grpc.StatusCode, str]:
        answer = caller.call(LOOK_UP, look_up()) if grouped else caller.call(LIST, directory_pb2.ListAgenciesRequest())
        return answer.code, answer.reason

    assert call() == (STATES.OK, "")
    serving.revoke("fia-immigration")
    assert call() == (STATES.UNAUTHENTICATED, "CERTIFICATE_NOT_ACTIVE")


def test_an_officer_who_was_enrolled_just_now_may_act(shared: Serving) -> None:
    # Enrolled by another process, a moment ago: the refusal is not given by an old snapshot.
    caller = shared.caller("fia-immigration")
    assert caller.call(LOOK_UP, look_up()).reason == "OFFICER_REQUIRED"
    caller.officer = shared.enrol("fia-immigration")
    assert caller.call(LOOK_UP, look_up()).code is STATES.OK


def test_an_officer_of_another_agency_is_not_accepted(shared: Serving) -> None:
    caller = shared.caller("fia-immigration")
    caller.officer = shared.enrol("punjab-police")
    assert caller.call(LOOK_UP, look_up()).reason == "OFFICER_NOT_ACCEPTED"


def test_a_session_of_another_certificate_is_worth_nothing(shared: Serving) -> None:
    caller = shared.caller("fia-immigration", officer=True)
    caller.certificate = bytes(32)
    assert caller.call(LOOK_UP, look_up()).reason == "OFFICER_SESSION_EXPIRED"


def test_a_decision_is_signed_over_its_own_call(shared: Serving) -> None:
    # A signature can't be carried to another request, another nonce or another method.
    caller = shared.caller("punjab-prosecution")
    key = shared.enrol("punjab-prosecution")
    nonce = os.urandom(32)
    request = access_requests_pb2.ApproveAccessRequestRequest(
        request_id=str(uuid.uuid4()), access_request_id=str(uuid.uuid4()), etag="0" * 16
    )
    encoded = request.SerializeToString()
    good = decision(key, APPROVE, nonce, encoded)
    for wrong in (
        decision(key, APPROVE.replace("Approve", "Return"), nonce, encoded),
        decision(key, APPROVE, bytes(32), encoded),
        decision(key, APPROVE, nonce, encoded + b"x"),
        session(key, caller.certificate),
    ):
        answer = caller.call(APPROVE, request, nonce=nonce, nsor_decision_bin=wrong)
        assert answer.reason == "OFFICER_NOT_ACCEPTED"
    assert caller.call(APPROVE, request, nonce=nonce).reason == "OFFICER_REQUIRED"
    kept = decision(key, APPROVE, nonce, encoded, signed_at_us=int((time.time() - 301) * 1e6))
    assert caller.call(APPROVE, request, nonce=nonce, nsor_decision_bin=kept).reason == "DECISION_EXPIRED"
    answer = caller.call(APPROVE, request, nonce=nonce, nsor_decision_bin=good)
    assert (answer.code, answer.reason) == (STATES.NOT_FOUND, "NO_RECORD")
    assert answer.proves_itself()


def test_an_enrolment_is_repeatable_and_leaves_one_officer(serving: Serving) -> None:
    caller = serving.caller("punjab-police", focal_persons=1)
    request = enrolment("punjab-police")
    first = caller.call(ENROL, request)
    again = caller.call(ENROL, request)
    assert first.code is STATES.OK, first.reason
    assert again.message == first.message
    assert again.proves_itself()
    assert again.leaf.access_id != first.leaf.access_id
    assert serving.one("SELECT count(*) FROM officer WHERE agency_id = 'punjab-police'") == 1
    other = enrolment("punjab-police")
    other.request_id = request.request_id
    refused = caller.call(ENROL, other)
    assert (refused.code, refused.reason) == (STATES.ALREADY_EXISTS, "REQUEST_ID_REUSED")


def test_a_request_that_is_sent_twice_at_once_is_done_once(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    # Both have found nothing under the request's id. The second is found out under the lock, runs again, and hears
    # what the first was told.
    is_known = officers.is_known
    both = threading.Barrier(2)
    runs = []

    def meanwhile(rows: DecidedRows, key_id: bytes) -> bool:
        runs.append(key_id)
        if len(runs) <= 2:
            both.wait(10)
        return is_known(rows, key_id)

    monkeypatch.setattr("nsor_server.directory.officers.is_known", meanwhile)
    callers = [serving.caller("punjab-police") for _ in range(2)]
    callers[0].focal_persons = callers[1].focal_persons = [serving.enter_focal_person("punjab-police")]
    request = enrolment("punjab-police")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda caller: caller.call(ENROL, request), callers)
    assert first.code is second.code is STATES.OK, (first.reason, second.reason)
    assert first.message == second.message
    assert first.proves_itself()
    assert second.proves_itself()
    assert first.leaf.access_id != second.leaf.access_id
    assert len(runs) == 2
    assert serving.one("SELECT count(*) FROM officer WHERE agency_id = 'punjab-police'") == 1


def test_a_call_that_is_always_overtaken_is_given_up(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    # It runs a few times, and then its caller is to come again: nothing is half done.
    monkeypatch.setattr("nsor_server.rpc.pipeline.MAX_TRIES", 3)
    is_known = officers.is_known
    runs = []

    def meanwhile(rows: DecidedRows, key_id: bytes) -> bool:
        runs.append(key_id)
        serving.sql("INSERT INTO agency SELECT 'agency-' || count(*), 1, 'A', 'الف', '{PK}' FROM agency")
        return is_known(rows, key_id)

    monkeypatch.setattr("nsor_server.directory.officers.is_known", meanwhile)
    answer = serving.caller("punjab-police", focal_persons=1).call(ENROL, enrolment("punjab-police"))
    assert answer.code is STATES.UNAVAILABLE
    assert answer.proves_itself()
    assert answer.leaf.outcome == leaf_pb2.OUTCOME_FAILED
    assert len(runs) == 3 + 1
    assert serving.one("SELECT count(*) FROM officer WHERE agency_id = 'punjab-police'") == 0


def test_an_agency_over_its_rate_is_told_when_to_come_back(serve: Serve) -> None:
    with serve(rate_per_second=5) as serving:
        caller, other = serving.caller("punjab-police"), serving.caller("sindh-police")
        answers = [caller.call(LIST, directory_pb2.ListAgenciesRequest()) for _ in range(20)]
        over = [answer for answer in answers if answer.code is STATES.RESOURCE_EXHAUSTED]
        assert over
        assert over[0].reason == "RATE_LIMITED"
        assert over[0].status is not None
        assert "RetryInfo" in [detail.TypeName().rpartition(".")[2] for detail in over[0].status.details]
        assert other.call(LIST, directory_pb2.ListAgenciesRequest()).code is STATES.OK
    # They aren't itemised: one entry a second stands for them.
    assert stood_for(serving, "outcome = 2 AND agency = 'punjab-police'") == len(over)
    assert serving.one("SELECT count(*) FROM ledger_entry WHERE outcome = 2 AND agency = 'punjab-police'") < len(over)


def stood_for(serving: Serving, condition: str) -> int:
    """How many calls the entries of a condition stand for."""
    leaves = serving.one(f"SELECT array_agg(leaf) FROM ledger_entry WHERE {condition}")  # noqa: S608 - constants
    return sum(leaf_pb2.Leaf.FromString(leaf).count for leaf in leaves)


def test_a_flood_of_refusals_is_counted(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise whoever is refused could fill the ledger.
    monkeypatch.setattr("nsor_server.rpc.refusals.UNKNOWN_PER_SECOND", 1.0)
    with serve() as serving:
        caller = serving.caller("revoked")
        stranger = serving.caller("unknown")
        answers = [stranger.call(LIST, directory_pb2.ListAgenciesRequest()) for _ in range(30)]
        # A receipt may be missing with one reason only, so that a caller can insist on it with all others.
        assert {answer.reason for answer in answers if answer.receipt} == {"AGENCY_NOT_ACTIVE"}
        assert {answer.reason for answer in answers if not answer.receipt} == {"RATE_LIMITED"}
        itemised = [answer for answer in answers if answer.receipt is not None]
        assert 5 <= len(itemised) <= 10
        assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).receipt is not None
    assert stood_for(serving, "outcome = 2 AND agency = ''") == 30
    assert serving.one("SELECT count(*) FROM ledger_entry WHERE agency = ''") < 15


def test_a_revoked_certificate_spends_nothing_of_what_its_agency_has(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise whoever holds it decides which refusals of the agency are still itemised.
    monkeypatch.setattr("nsor_server.rpc.refusals.KNOWN_PER_SECOND", 0.2)
    with serve() as serving:
        revoked = serving.caller("revoked")
        for _ in range(20):
            assert revoked.call(LIST, directory_pb2.ListAgenciesRequest()).reason == "CERTIFICATE_NOT_ACTIVE"
        answer = serving.caller(flawed.AGENCY).call(LIST, b"\xff")
    assert (answer.reason, answer.receipt is not None) == ("MALFORMED_REQUEST", True)


def test_a_look_up_that_is_given_up_while_it_is_committed_harms_no_neighbour(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two entries of one access id are a unique violation, for which the second one's whole batch is rolled back.
    commit = CommitGuard.commit

    def slow(self: CommitGuard, session: Session, appended: Appended, steps: Sequence[Step]) -> None:
        time.sleep(1.0)
        commit(self, session, appended, steps)

    monkeypatch.setattr(CommitGuard, "commit", slow)
    caller = serving.caller("fia-immigration", officer=True)
    stub = caller.channel.unary_unary(f"/{LOOK_UP}")  # type: ignore[var-annotated]
    with pytest.raises(grpc.RpcError):
        stub(look_up("3520212345671").SerializeToString(), metadata=caller.metadata(os.urandom(32)), timeout=0.4)
    _until_recorded(serving, "fia-immigration", leaf_pb2.OUTCOME_FAILED)
    assert serving.one("SELECT count(*) FROM ledger_entry WHERE agency = 'fia-immigration' AND outcome = 1") == 1


def test_a_directory_that_changes_without_end_holds_nobody_up(shared: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    # One agency that enrols officers as fast as it can has made half of the others' calls fail.
    read = proofs.checkpoint

    def meanwhile(conn: Connection, min_size: int) -> bytes:
        shared.enrol("npb")
        return read(conn, min_size)

    monkeypatch.setattr(proofs, "checkpoint", meanwhile)
    answer = shared.caller("punjab-police").call(CHECKPOINT, oversight_pb2.GetCheckpointRequest())
    assert answer.code is STATES.OK
    assert answer.proves_itself()


def test_a_call_whose_agency_is_disabled_meanwhile_is_refused(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = proofs.checkpoint

    def meanwhile(conn: Connection, min_size: int) -> bytes:
        serving.set_enabled("punjab-police", enabled=False)
        return read(conn, min_size)

    monkeypatch.setattr(proofs, "checkpoint", meanwhile)
    answer = serving.caller("punjab-police").call(CHECKPOINT, oversight_pb2.GetCheckpointRequest())
    assert (answer.code, answer.reason) == (STATES.UNAUTHENTICATED, "AGENCY_NOT_ACTIVE")
    assert serving.one("SELECT count(*) FROM ledger_entry WHERE outcome = 1 AND agency <> ''") == 0


def test_a_shorter_deadline_of_the_callers_ends_the_work(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    # And the server's own, for callers that set none: the database is told, not only the thread.
    def slow(conn: Connection, _min_size: int) -> None:
        conn.execute("SELECT pg_sleep(30)")

    monkeypatch.setattr(proofs, "checkpoint", slow)
    caller = serving.caller("punjab-police")
    stub = caller.channel.unary_unary(f"/{CHECKPOINT}")  # type: ignore[var-annotated]
    with pytest.raises(grpc.RpcError) as ended:
        stub(b"", metadata=caller.metadata(os.urandom(32)), timeout=0.5)
    assert ended.value.code() is STATES.DEADLINE_EXCEEDED
    _until_recorded(serving, "punjab-police", leaf_pb2.OUTCOME_FAILED)
    start = time.monotonic()
    answer = caller.call(CHECKPOINT, oversight_pb2.GetCheckpointRequest())
    assert (answer.code, answer.reason) == (STATES.DEADLINE_EXCEEDED, "DEADLINE")
    assert 4 < time.monotonic() - start < 8
    assert answer.leaf.outcome == leaf_pb2.OUTCOME_FAILED


def test_a_call_its_leaf_and_its_spans_are_one_trace(serve: Serve) -> None:
    with serve(trace_store=True) as serving:
        caller = serving.caller("fia-immigration", officer=True)
        caller.extra = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")]
        answer = caller.call(LOOK_UP, look_up("3520212345671"))
        refused = caller.call(LOOK_UP, look_up("352021234567"))
        state_dir = serving.settings.state_dir
    assert answer.leaf.trace_id.hex() == refused.leaf.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    found = list(store.read(state_dir))
    calls = {span.attributes.get("nsor.access_id"): span for span in found if span.parent == "b7ad6b7169203331"}
    for each, outcome in ((answer, "ALLOWED"), (refused, "REFUSED")):
        span = calls[str(uuid.UUID(bytes=each.leaf.access_id))]
        assert span.attributes["nsor.outcome"] == outcome
        assert [child.name for child in found if child.parent == span.span] == ["ledger.commit"]
    text = (state_dir / "traces" / "spans.jsonl").read_text(encoding="utf-8")
    assert "3520212345671" not in text
    assert "352021234567" not in text


def _until_recorded(serving: Serving, agency: str, outcome: int) -> None:
    end = time.monotonic() + 10
    query = "SELECT count(*) FROM ledger_entry WHERE agency = %s AND outcome = %s"
    while not serving.one(query, (agency, outcome)):
        assert time.monotonic() < end
        threading.Event().wait(0.05)


def enrolment(agency_id: str) -> directory_pb2.EnrolOfficerRequest:
    key = Ed25519PrivateKey.generate()
    number = "PB-1001"
    return directory_pb2.EnrolOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_number=number,
        public_key=key.public_key().public_bytes_raw(),
        proof_of_possession=key.sign(b"nsor-enrol-v1\0" + agency_id.encode() + b"\0" + number.encode()),
        grade=17,
        kind=directory_pb2.KEY_KIND_OFFICER,
        own_number="3520112345671",
    )
