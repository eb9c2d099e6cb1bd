"""Look-ups of the candidates of a search: by the id that it gave, as the subject for whom it found them."""

import datetime as dt
import os
import uuid

import pytest

from nsor.v1 import errors_pb2, lookup_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Call, Outcome
from nsor_server.lookup.search import candidates
from nsor_server.lookup.search.candidates import Candidate
from nsor_server.registration import claims
from nsor_server.storage.v1 import record_pb2
from tests.lookup.conftest import KNOWN, UNKNOWN, Register, conviction_record, fir_key, make_call, officer
from tests.lookup.test_look_up import NO_RECORD, Basis, answer, found, reason

FIR = "PK-PB/LHR/PS-001 679/2025"
NOT_VALID = errors_pb2.ERROR_REASON_GRANT_NOT_VALID


def candidate(
    register: Register, call: Call, basis: str, record: record_pb2.RegistrationRecord, position: int = 0
) -> str:
    """The id that a search gives of somebody whom it has found a minute ago."""
    found_us = int((call.now() - dt.timedelta(minutes=1)).timestamp() * 1_000_000)
    of = Candidate(record.registration_id, os.urandom(16), position, found_us)
    return candidates.candidate_id(register.sealer, call, basis, of)


def test_a_candidate_is_shown_as_the_subject_for_whom_he_was_found(register: Register) -> None:
    # The grant names its second subject by a number that nobody has: the search has found him all the same.
    record = register.add(conviction_record())
    call, grant_id = make_call("punjab-police"), register.grant((UNKNOWN, "3520200000010"), uses=2)
    text = candidate(register, call, grant_id, record, position=1)
    (decided,) = register.decide(register.prepare(call, Basis(grant_id=grant_id), text))
    assert found(decided).registration_id == str(uuid.UUID(bytes=record.registration_id))
    assert isinstance(decided, Outcome)
    assert (decided.detail.grant_position, decided.detail.grant_use) == (1, 1)
    assert decided.detail.found_by
    # It is a use of the grant for that subject.
    register.decide(register.prepare(call, Basis(grant_id=grant_id), text))
    (third,) = register.decide(register.prepare(call, Basis(grant_id=grant_id), text))
    assert reason(third) == errors_pb2.ERROR_REASON_GRANT_USED_UP
    (other,) = register.decide(register.prepare(call, Basis(grant_id=grant_id), UNKNOWN))
    assert answer(other).SerializeToString() == NO_RECORD


def test_the_entry_names_the_registration_so_that_a_recall_finds_it(register: Register) -> None:
    record = register.add(conviction_record())
    call, grant_id = make_call("punjab-police"), register.grant()
    register.prepare(call, Basis(grant_id=grant_id), candidate(register, call, grant_id, record))
    assert call.named == f"registration {uuid.UUID(bytes=record.registration_id)}"
    assert claims.of_named(call.named) is None


def test_a_candidate_of_another_search_is_denied_whatever_the_register_holds(register: Register) -> None:
    record, nobody = register.add(conviction_record()), conviction_record(UNKNOWN)
    call, grant_id, another = make_call("punjab-police"), register.grant(), register.grant(serial=8)
    for of in (record, nobody):
        text = candidate(register, call, another, of)
        colleague = make_call("punjab-police", acting=officer("punjab-police", 2))
        for caller, basis in ((call, grant_id), (colleague, another)):
            with pytest.raises(errors.Denied) as refused:
                register.prepare(caller, Basis(grant_id=basis), text)
            assert refused.value.reason == errors_pb2.ERROR_REASON_CANDIDATE_NOT_VALID


def test_a_candidate_who_is_not_shown_any_more_is_no_record(register: Register) -> None:
    sealed, held = conviction_record("3520212345698"), conviction_record("3520212345697")
    sealed.convictions[0].state = types_pb2.CONVICTION_STATE_SET_ASIDE
    sealed.state = registration_pb2.REGISTRATION_STATE_SEALED
    register.add(sealed, claimed=True)
    register.add(held, held_by=[claims.IDENTIFIER_PASSPORT])
    # Of one that has no claim nobody else's is shown, whoever comes before him.
    standing, unclaimed = conviction_record(), conviction_record(UNKNOWN)
    standing.registration_id, unclaimed.registration_id = bytes([*[0] * 15, 1]), bytes([*[0] * 15, 2])
    register.add(standing)
    call, grant_id = make_call("punjab-police"), register.grant(uses=5)
    asked = [
        register.prepare(call, Basis(grant_id=grant_id), candidate(register, call, grant_id, of))
        for of in (sealed, held, unclaimed)
    ]
    assert [answer(each).SerializeToString() for each in register.decide(*asked)] == [NO_RECORD] * 3


def test_a_prosecution_is_shown_a_candidate_of_its_own_case_alone(register: Register) -> None:
    record = register.add(conviction_record())
    call = make_call("punjab-prosecution")
    for serial, is_shown in ((679, True), (680, False)):
        text = candidate(register, call, FIR.replace("679", str(serial)), record)
        (decided,) = register.decide(register.prepare(call, Basis(fir=fir_key(serial=serial)), text))
        outcome = lookup_pb2.LOOK_UP_OUTCOME_FOUND if is_shown else lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD
        assert answer(decided).outcome == outcome


def test_one_batch_has_numbers_documents_and_candidates(register: Register) -> None:
    record = register.add(conviction_record())
    call, grant_id = make_call("punjab-police"), register.grant(uses=5)
    basis = Basis(grant_id=grant_id)
    text = candidate(register, call, grant_id, record)
    border = register.prepare(
        make_call("fia-immigration"),
        Basis(travel_document=types_pb2.TravelDocument(number="AB1", country="PK")),
        types_pb2.TravelDocument(number="AB1234567", country="PK"),
    )
    asked = (register.prepare(call, basis, text), border, register.prepare(call, basis, KNOWN))
    assert {found(each).registration_id for each in register.decide(*asked)} == {
        str(uuid.UUID(bytes=record.registration_id))
    }


def test_a_subject_that_the_grant_does_not_have_is_denied(register: Register) -> None:
    record = register.add(conviction_record())
    call, grant_id = make_call("punjab-police"), register.grant()
    text = candidate(register, call, grant_id, record, position=1)
    (decided,) = register.decide(register.prepare(call, Basis(grant_id=grant_id), text))
    assert reason(decided) == NOT_VALID
