"""What enrolling and disabling officers promises."""

import hashlib
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import directory_pb2, errors_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Outcome
from nsor_server.directory.limits import ENROLMENTS_A_MINUTE
from tests import deciding
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, officer_of
from tests.calls import ORIGIN, call_of, violations
from tests.orders import cnic
from tests.services import Services


def directory_call(agency: Agency = PUNJAB_POLICE) -> Call:
    return call_of(agency)


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
        kind=directory_pb2.KEY_KIND_OFFICER,
        own_number=cnic(),
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
    services: Services, key: Ed25519PrivateKey
) -> None:
    call = directory_call()
    before = services.one("SELECT directory_version FROM ledger_head")
    outcome = services.ask(call, enrolment(key, PUNJAB_POLICE, "LHR-1204", "PK-PB/LHR"))
    assert outcome.directory_changed
    answer = outcome.response
    assert isinstance(answer, directory_pb2.EnrolOfficerResponse)
    assert answer.officer.officer_key_id == hashlib.sha256(key.public_key().public_bytes_raw()).digest()
    assert answer.officer.agency_id == PUNJAB_POLICE.agency_id
    assert list(answer.officer.jurisdiction) == ["PK-PB/LHR"]
    assert answer.officer.enrol_time.seconds > 0
    assert services.one("SELECT access_id FROM officer").bytes == call.access_id
    assert services.one("SELECT directory_version FROM ledger_head") == before + 1


@pytest.mark.parametrize(
    ("agency", "number"), [(SINDH_POLICE, "LHR-1204"), (PUNJAB_POLICE, "LHR-1205")], ids=["agency", "number"]
)
def test_a_proof_made_for_another_agency_or_number_is_refused(
    services: Services, key: Ed25519PrivateKey, agency: Agency, number: str
) -> None:
    # Nobody enrols somebody else's key with a proof that he has seen.
    request = enrolment(key)
    request.proof_of_possession = enrolment(key, agency, number).proof_of_possession
    refusal = services.refused(errors.InvalidFields, directory_call(), request)
    assert violations(refusal) == [("proof_of_possession", errors_pb2.FIELD_REASON_SIGNATURE_INVALID)]


@pytest.mark.parametrize("agency", [PUNJAB_POLICE, SINDH_POLICE], ids=["same agency", "another agency"])
@pytest.mark.parametrize("disabled", [False, True])
def test_a_key_belongs_to_one_officer_for_good(
    services: Services, key: Ed25519PrivateKey, agency: Agency, disabled: bool
) -> None:
    services.ask(directory_call(), enrolment(key))
    if disabled:
        services.ask(directory_call(), disabling(key))
    again = enrolment(key, agency, "MUL-77")
    refusal = services.refused(errors.InvalidFields, directory_call(agency), again)
    assert violations(refusal) == [("public_key", errors_pb2.FIELD_REASON_KEY_ENROLLED)]


@pytest.mark.parametrize(
    "encoding",
    [
        "00" * 32,
        "01" + "00" * 31,
        "01" + "00" * 30 + "80",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "ff",
        "ee" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ],
)
def test_a_key_that_anybody_could_sign_for_is_refused(services: Services, encoding: str) -> None:
    # A point of small order: a signature without a private key would hold for it.
    request = enrolment(Ed25519PrivateKey.generate())
    request.public_key = bytes.fromhex(encoding)
    request.proof_of_possession = b"\x01" + bytes(63)
    refusal = services.refused(errors.InvalidFields, directory_call(), request)
    assert violations(refusal) == [("public_key", errors_pb2.FIELD_REASON_FORM)]


def test_an_officer_acts_within_his_agencys_jurisdiction(services: Services, key: Ed25519PrivateKey) -> None:
    request = enrolment(key, PUNJAB_POLICE, "LHR-1204", "PK-PB/LHR", "PK-SD/KHI")
    refusal = services.refused(errors.Denied, directory_call(), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_a_place_stands_once(services: Services, key: Ed25519PrivateKey) -> None:
    request = enrolment(key, PUNJAB_POLICE, "LHR-1204", "PK-PB/LHR", "PK-PB/LHR")
    refusal = services.refused(errors.InvalidFields, directory_call(), request)
    assert violations(refusal) == [("jurisdiction[1]", errors_pb2.FIELD_REASON_DUPLICATE)]


def test_disabling_twice_changes_nothing_the_second_time(services: Services, key: Ed25519PrivateKey) -> None:
    services.ask(directory_call(), enrolment(key))
    first = services.ask(directory_call(), disabling(key))
    second = services.ask(directory_call(), disabling(key))
    assert first.response == second.response
    assert (first.directory_changed, second.directory_changed) == (True, False)
    assert [first.detail.outcome, second.detail.outcome] == ["DISABLED LEFT_POST", "DISABLED_BEFORE"]
    assert services.rows()["officer_disabled"] == 1


def test_another_agencys_key_and_no_key_are_one_answer(services: Services, key: Ed25519PrivateKey) -> None:
    services.ask(directory_call(), enrolment(key))
    unknown = disabling(Ed25519PrivateKey.generate())
    refusals = [
        services.refused(errors.NoRecord, directory_call(SINDH_POLICE), disabling(key)),
        services.refused(errors.NoRecord, directory_call(), unknown),
    ]
    assert repr(refusals[0]) == repr(refusals[1])


def test_nothing_is_half_written(services: Services, key: Ed25519PrivateKey) -> None:
    # Whichever statement fails, no row of any table stays, nor the entry, and the directory's version stays.
    before = services.one("SELECT directory_version FROM ledger_head")
    assert services.never_half_written(directory_call(), enrolment(key)) == [
        "officer",
        "outbox",
        "idempotency",
    ]
    assert services.never_half_written(directory_call(), disabling(key)) == [
        "officer_disabled",
        "outbox",
        "idempotency",
    ]
    assert services.one("SELECT directory_version FROM ledger_head") == before + 2


@pytest.mark.parametrize("together", [True, False])
def test_of_two_officers_with_one_key_at_once_one_is_enrolled(
    services: Services, key: Ed25519PrivateKey, *, together: bool
) -> None:
    # Both have both whether the key is known before either is written.
    both = [
        (directory_call(PUNJAB_POLICE), enrolment(key)),
        (directory_call(SINDH_POLICE), enrolment(key, SINDH_POLICE, "KHI-7")),
    ]
    first, second = services.at_once(*both, together=together)
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.InvalidFields)
    assert violations(second) == [("public_key", errors_pb2.FIELD_REASON_KEY_ENROLLED)]
    assert services.rows()["officer"] == 1


@pytest.mark.parametrize("together", [True, False])
def test_of_two_disablings_at_once_one_disables(services: Services, key: Ed25519PrivateKey, *, together: bool) -> None:
    services.ask(directory_call(), enrolment(key))
    both = [(directory_call(), disabling(key)) for _ in range(2)]
    outcomes = services.at_once(*both, together=together)
    assert [each.detail.outcome for each in outcomes if isinstance(each, Outcome)] == [
        *("DISABLED LEFT_POST", "DISABLED_BEFORE")
    ]
    assert services.rows()["officer_disabled"] == 1


def test_npb_enrols_its_own(services: Services, key: Ed25519PrivateKey) -> None:
    # PK contains every place.
    services.ask(directory_call(NPB), enrolment(key, NPB, "NPB-1", "PK-SD/KHI", "PK-PB"))


def test_an_agency_enrols_so_often_and_no_more_and_disables_all_the_same(
    services: Services, key: Ed25519PrivateKey
) -> None:
    # Each enrolment is read anew by every call that follows, whosever it is. Whoever enrols without end mustn't keep a
    # key that is misused from being disabled.
    with services.database.owner() as owner:
        owner.execute(
            "INSERT INTO officer SELECT sha256(int4send(n)), %s, n::text, sha256(int4send(n)), '{}', 17,"
            " clock_timestamp(), gen_random_uuid(), 1, false, NULL, NULL, sha256('') FROM generate_series(1, %s) AS n",
            (PUNJAB_POLICE.agency_id, ENROLMENTS_A_MINUTE),
        )
        deciding.record(owner, services.keyring, ORIGIN)
    services.refused(errors.Exhausted, directory_call(), enrolment(key))
    rogue = services.enrolled(officer_of(PUNJAB_POLICE))
    request = directory_pb2.DisableOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_key_id=rogue.key_id,
        reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED,
    )
    assert services.ask(directory_call(), request).response.HasField("disable_time")
    services.ask(directory_call(SINDH_POLICE), enrolment(key, SINDH_POLICE))
