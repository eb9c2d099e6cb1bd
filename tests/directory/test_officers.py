"""What enrolling and disabling officers promises."""

import hashlib
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import directory_pb2, errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.facts import Agency
from nsor_server.directory.service import CHANGES_PER_MINUTE, DirectoryService
from nsor_server.rpc.calls import Call
from tests.calls import NPB, PUNJAB_POLICE, SINDH_POLICE, Desk, call_of, violations

SERVICE = DirectoryService()


def directory_call(agency: Agency = PUNJAB_POLICE) -> Call:
    return call_of(agency, purpose=options_pb2.PURPOSE_DIRECTORY)


def enrolment(
    key: Ed25519PrivateKey, agency: Agency = PUNJAB_POLICE, number: str = "LHR-1204", *places: str
) -> directory_pb2.EnrolOfficerRequest:
    proof = b"nsor-enrol-v1\0" + agency.agency_id.encode() + b"\0" + number.encode()
    return directory_pb2.EnrolOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_number=number,
        public_key=key.public_key().public_bytes_raw(),
        proof_of_possession=key.sign(proof),
        jurisdiction=places,
        grade=16,
    )


def disabling(key: Ed25519PrivateKey) -> directory_pb2.DisableOfficerRequest:
    return directory_pb2.DisableOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_key_id=hashlib.sha256(key.public_key().public_bytes_raw()).digest(),
        reason=directory_pb2.DISABLE_REASON_LEFT_POST,
    )


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_an_officer_is_enrolled_for_the_callers_agency_and_the_directory_moves_on(
    desk: Desk, key: Ed25519PrivateKey
) -> None:
    call = directory_call()
    outcome = desk.ask(SERVICE.EnrolOfficer, call, enrolment(key, PUNJAB_POLICE, "LHR-1204", "PK-PB/LHR"))
    assert outcome.directory_changed
    answer = outcome.response
    assert isinstance(answer, directory_pb2.EnrolOfficerResponse)
    assert answer.officer.officer_key_id == hashlib.sha256(key.public_key().public_bytes_raw()).digest()
    assert answer.officer.agency_id == PUNJAB_POLICE.agency_id
    assert list(answer.officer.jurisdiction) == ["PK-PB/LHR"]
    assert answer.officer.enrol_time.seconds > 0
    assert desk.one("SELECT access_id FROM officer") == call.access_id


@pytest.mark.parametrize(
    ("agency", "number"), [(SINDH_POLICE, "LHR-1204"), (PUNJAB_POLICE, "LHR-1205")], ids=["agency", "number"]
)
def test_a_proof_made_for_another_agency_or_number_is_refused(
    desk: Desk, key: Ed25519PrivateKey, agency: Agency, number: str
) -> None:
    # Nobody enrols somebody else's key with a proof that he has seen.
    request = enrolment(key)
    request.proof_of_possession = enrolment(key, agency, number).proof_of_possession
    refusal = desk.refused(errors.InvalidFields, SERVICE.EnrolOfficer, directory_call(), request)
    assert violations(refusal) == [("proof_of_possession", errors_pb2.FIELD_REASON_SIGNATURE_INVALID)]


@pytest.mark.parametrize("agency", [PUNJAB_POLICE, SINDH_POLICE], ids=["same agency", "another agency"])
@pytest.mark.parametrize("disabled", [False, True])
def test_a_key_belongs_to_one_officer_for_good(
    desk: Desk, key: Ed25519PrivateKey, agency: Agency, disabled: bool
) -> None:
    desk.ask(SERVICE.EnrolOfficer, directory_call(), enrolment(key))
    if disabled:
        desk.ask(SERVICE.DisableOfficer, directory_call(), disabling(key))
    again = enrolment(key, agency, "NEW-77")
    refusal = desk.refused(errors.InvalidFields, SERVICE.EnrolOfficer, directory_call(agency), again)
    assert violations(refusal) == [("public_key", errors_pb2.FIELD_REASON_DUPLICATE)]


@pytest.mark.parametrize(
    "encoding",
    [
        "00" * 32,
        "01" + "00" * 31,
        "01" + "00" * 30 + "80",
        "ec" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ],
)
def test_a_key_that_anybody_could_sign_for_is_refused(desk: Desk, encoding: str) -> None:
    # A point of small order: a signature without a private key would hold for it.
    request = enrolment(Ed25519PrivateKey.generate())
    request.public_key = bytes.fromhex(encoding)
    request.proof_of_possession = b"\x01" + bytes(63)
    refusal = desk.refused(errors.InvalidFields, SERVICE.EnrolOfficer, directory_call(), request)
    assert violations(refusal) == [("public_key", errors_pb2.FIELD_REASON_FORM)]


def test_an_officer_acts_within_his_agencys_jurisdiction(desk: Desk, key: Ed25519PrivateKey) -> None:
    request = enrolment(key, PUNJAB_POLICE, "LHR-1204", "PK-PB/LHR", "PK-SD/KHI")
    refusal = desk.refused(errors.Denied, SERVICE.EnrolOfficer, directory_call(), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_a_place_stands_once(desk: Desk, key: Ed25519PrivateKey) -> None:
    request = enrolment(key, PUNJAB_POLICE, "LHR-1204", "PK-PB/LHR", "PK-PB/LHR")
    refusal = desk.refused(errors.InvalidFields, SERVICE.EnrolOfficer, directory_call(), request)
    assert violations(refusal) == [("jurisdiction[1]", errors_pb2.FIELD_REASON_DUPLICATE)]


def test_disabling_twice_changes_nothing_the_second_time(desk: Desk, key: Ed25519PrivateKey) -> None:
    desk.ask(SERVICE.EnrolOfficer, directory_call(), enrolment(key))
    first = desk.ask(SERVICE.DisableOfficer, directory_call(), disabling(key))
    second = desk.ask(SERVICE.DisableOfficer, directory_call(), disabling(key))
    assert first.response == second.response
    assert (first.directory_changed, second.directory_changed) == (True, False)
    assert [first.detail.outcome, second.detail.outcome] == ["DISABLED LEFT_POST", "DISABLED_BEFORE"]
    assert desk.rows()["officer_disabled"] == 1


def test_another_agencys_key_and_no_key_are_one_answer(desk: Desk, key: Ed25519PrivateKey) -> None:
    desk.ask(SERVICE.EnrolOfficer, directory_call(), enrolment(key))
    unknown = disabling(Ed25519PrivateKey.generate())
    refusals = [
        desk.refused(errors.NoRecord, SERVICE.DisableOfficer, directory_call(SINDH_POLICE), disabling(key)),
        desk.refused(errors.NoRecord, SERVICE.DisableOfficer, directory_call(), unknown),
    ]
    assert repr(refusals[0]) == repr(refusals[1])


def test_nothing_is_half_written(desk: Desk, key: Ed25519PrivateKey) -> None:
    # Whichever statement fails, no row of any table stays.
    assert desk.never_half_written(SERVICE.EnrolOfficer, directory_call(), enrolment(key)) == 2
    desk.ask(SERVICE.EnrolOfficer, directory_call(), enrolment(key))
    assert desk.never_half_written(SERVICE.DisableOfficer, directory_call(), disabling(key)) == 4


def test_npb_enrols_its_own(desk: Desk, key: Ed25519PrivateKey) -> None:
    # PK contains every place.
    desk.ask(SERVICE.EnrolOfficer, directory_call(NPB), enrolment(key, NPB, "NPB-1", "PK-SD/KHI", "PK-PB"))


def test_an_agency_changes_the_directory_so_often_and_no_more(desk: Desk, key: Ed25519PrivateKey) -> None:
    # Each change is read anew by every call that follows, whosever it is.
    with desk.database.owner() as owner:
        owner.execute(
            "INSERT INTO officer SELECT sha256(int4send(n)), %s, n::text, sha256(int4send(n)), '{}', 17,"
            " clock_timestamp(), gen_random_uuid() FROM generate_series(1, %s) AS n",
            (PUNJAB_POLICE.agency_id, CHANGES_PER_MINUTE),
        )
    desk.refused(errors.Exhausted, SERVICE.EnrolOfficer, directory_call(), enrolment(key))
    desk.ask(SERVICE.EnrolOfficer, directory_call(SINDH_POLICE), enrolment(key, SINDH_POLICE))
