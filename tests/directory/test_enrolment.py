"""Enrolment is two persons' work: who may enrol whom, one live key of a number, and who hears of it."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import directory_pb2, errors_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access import watched
from nsor_server.calls import Agency, FocalPerson, Officer, Outcome
from nsor_server.directory import limits, rules
from tests import deciding
from tests.agencies import (
    FIA_IMMIGRATION,
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SPECIAL_COMMITTEE,
    focal_person_of,
    officer_of,
)
from tests.calls import ORIGIN, call_of, violations
from tests.directory.test_officers import disabling, enrolment
from tests.services import Services

ENROLLED, REPLACED, DISABLED = (
    notification_pb2.EVENT_KIND_KEY_ENROLLED,
    notification_pb2.EVENT_KIND_KEY_REPLACED,
    notification_pb2.EVENT_KIND_KEY_DISABLED,
)


def new_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def key_id(key: Ed25519PrivateKey) -> bytes:
    return rules.key_id(key.public_key().public_bytes_raw())


def replacement(key: Ed25519PrivateKey, replaced: Ed25519PrivateKey) -> directory_pb2.EnrolOfficerRequest:
    request = enrolment(key)
    request.replaced_key_id = key_id(replaced)
    return request


KINDS = [NPB, LAHORE_COURT, SPECIAL_COMMITTEE, PUNJAB_POLICE, PUNJAB_PROSECUTION, PUNJAB_PRISONS, FIA_IMMIGRATION]
each_kind = pytest.mark.parametrize("agency", KINDS, ids=lambda agency: str(agency.agency_id))


def by(agency: Agency, *focal_persons: FocalPerson) -> Any:
    """A call that these focal persons have signed."""
    return call_of(agency, None, *focal_persons)


def refused(services: Services, call: Any, request: Any) -> list[tuple[str, int]]:
    return violations(services.refused(errors.InvalidFields, call, request))


# ---- how many focal persons ----


@each_kind
def test_a_deciding_officer_is_enrolled_by_two(services: Services, agency: Agency) -> None:
    one, other = focal_person_of(agency), focal_person_of(agency, "FOCAL-2")
    request = enrolment(new_key(), agency)
    request.decides = True
    refusal = services.refused(errors.Denied, by(agency, one), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED
    assert services.ask(by(agency, one, other), request).response.officer.decides
    request = enrolment(new_key(), agency, "LHR-1205")
    assert not services.ask(by(agency, one), request).response.officer.decides


@each_kind
def test_the_key_of_a_deciding_officer_is_replaced_by_two(services: Services, agency: Agency) -> None:
    # Alone, one focal person could take every decider's key away and put his own keys, which decide nothing, there.
    one, other = focal_person_of(agency), focal_person_of(agency, "FOCAL-2")
    old = new_key()
    request = enrolment(old, agency)
    request.decides = True
    services.ask(by(agency, one, other), request)
    request = enrolment(new_key(), agency)
    request.replaced_key_id = key_id(old)
    refusal = services.refused(errors.Denied, by(agency, one), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED
    assert services.ask(by(agency, one, other), request).detail.outcome == "REPLACED"


@each_kind
def test_a_number_that_has_decided_gets_no_key_from_one_focal_person(services: Services, agency: Agency) -> None:
    # Alone, he disabled the decider's key in one call and enrolled a key of his own under that number in the next.
    one, other = focal_person_of(agency), focal_person_of(agency, "FOCAL-2")
    old, plain = new_key(), new_key()
    request = enrolment(old, agency)
    request.decides = True
    services.ask(by(agency, one, other), request)
    services.ask(by(agency, one), disabling(old))
    refusal = services.refused(errors.Denied, by(agency, one), enrolment(plain, agency))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED
    # Nor when a key that decides nothing has had the number since.
    services.ask(by(agency, one, other), enrolment(plain, agency))
    request = enrolment(new_key(), agency)
    request.replaced_key_id = key_id(plain)
    services.refused(errors.Denied, by(agency, one), request)


@pytest.mark.parametrize(
    "agency", [NPB, LAHORE_COURT, PUNJAB_PROSECUTION, PUNJAB_POLICE], ids=["NPB", "court", "prosecution", "police"]
)
def test_one_focal_person_disables_few_deciding_officers_and_two_any(services: Services, agency: Agency) -> None:
    # A stolen key can't wait for a second person; but one focal person mustn't put an end to all decisions.
    one, other = focal_person_of(agency), focal_person_of(agency, "FOCAL-2")
    deciders = [services.enrolled(officer_of(agency)) for _ in range(limits.DECIDERS_ALONE_A_DAY + 2)]
    plain = services.enrolled(replace(officer_of(agency), decides=False))
    for each in deciders[:-2]:
        services.ask(by(agency, one), disabling_of(each))
    refusal = services.refused(errors.Denied, by(agency, one), disabling_of(deciders[-1]))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED
    # Neither who decides nothing, nor his colleague, nor both of them, wait for the next day.
    services.ask(by(agency, one), disabling_of(plain))
    services.ask(by(agency, other), disabling_of(deciders[-2]))
    services.ask(by(agency, one, other), disabling_of(deciders[-1]))
    assert services.owed(DISABLED).count("npb") == services.one("SELECT count(*) FROM officer_disabled")


def test_of_many_that_one_disables_at_once_few_are(services: Services) -> None:
    one = focal_person_of(NPB)
    deciders = [services.enrolled(officer_of(NPB)) for _ in range(limits.DECIDERS_ALONE_A_DAY + 2)]
    ended = services.at_once(*((by(NPB, one), disabling_of(each)) for each in deciders), together=True)
    assert sum(isinstance(each, Outcome) for each in ended) == limits.DECIDERS_ALONE_A_DAY


def disabling_of(who: Officer) -> directory_pb2.DisableOfficerRequest:
    return directory_pb2.DisableOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_key_id=who.key_id,
        reason=directory_pb2.DISABLE_REASON_SUSPENDED,
    )


def test_who_enrolled_a_key_stands_beside_it(services: Services) -> None:
    one, other = focal_person_of(PUNJAB_POLICE), focal_person_of(PUNJAB_POLICE, "FOCAL-2")
    services.ask(by(PUNJAB_POLICE, one), enrolment(new_key(), PUNJAB_POLICE, "LHR-1"))
    decides = enrolment(new_key(), PUNJAB_POLICE, "LHR-2")
    decides.decides = True
    services.ask(by(PUNJAB_POLICE, one, other), decides)
    with services.database.reading() as conn:
        rows = conn.execute("SELECT enrolled_by, seconded_by FROM officer ORDER BY officer_number").fetchall()
    assert rows == [(one.key_id, None), (one.key_id, other.key_id)]


def test_nobody_enrols_his_own_human(services: Services) -> None:
    # Under whichever number of an officer, and with whichever of the two signatures.
    request = enrolment(new_key())
    (_, own), *_ = watched.own_values(services.blind_index, request.own_number)
    himself, other = replace(focal_person_of(PUNJAB_POLICE), own=own), focal_person_of(PUNJAB_POLICE, "FOCAL-2")
    for signers in ((himself,), (himself, other), (other, himself)):
        refusal = services.refused(errors.Denied, by(PUNJAB_POLICE, *signers), request)
        assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


@pytest.mark.parametrize("signers", [("LHR-1204", "FOCAL-2"), ("FOCAL-2", "LHR-1204"), ("LHR-1204",)])
def test_nobody_enrols_himself(services: Services, signers: Sequence[str]) -> None:
    # Not the same key: a focal person who makes himself a second one has it under the number that the operator knows.
    call = by(PUNJAB_POLICE, *(focal_person_of(PUNJAB_POLICE, number) for number in signers))
    refusal = services.refused(errors.Denied, call, enrolment(new_key()))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def test_a_focal_persons_key_is_enrolled_for_nobody(services: Services) -> None:
    # He would decide alone what two must decide.
    key = new_key()
    with services.database.owner() as owner:
        owner.execute(
            "INSERT INTO focal_person (key_id, agency_id, officer_number, public_key, own_key_id, own_number)"
            " VALUES (%s, 'npb', 'F-1', %s, 1, sha256(''))",
            (key_id(key), key.public_key().public_bytes_raw()),
        )
        deciding.record(owner, services.keyring, ORIGIN)
    assert refused(services, call_of(PUNJAB_POLICE), enrolment(key)) == [
        ("public_key", errors_pb2.FIELD_REASON_KEY_ENROLLED)
    ]


def test_an_enrolment_rests_on_nobody_having_become_a_focal_person_meanwhile(services: Services) -> None:
    key = new_key()
    call = services.run(call_of(PUNJAB_POLICE), enrolment(key))
    with services.database.owner() as owner:
        owner.execute(
            "INSERT INTO focal_person (key_id, agency_id, officer_number, public_key, own_key_id, own_number)"
            " VALUES (%s, 'npb', 'F-1', %s, 1, sha256(''))",
            (key_id(key), key.public_key().public_bytes_raw()),
        )
        deciding.record(owner, services.keyring, ORIGIN)
    before = services.rows()
    with pytest.raises(errors.InvalidFields):
        services.ask(call, enrolment(key))
    assert services.rows() == before


# ---- one live key ----


def test_a_number_has_one_live_key(services: Services) -> None:
    # Two keys under one number would be one human who is two persons.
    first, second, third = new_key(), new_key(), new_key()
    services.ask(call_of(PUNJAB_POLICE), enrolment(first))
    assert refused(services, call_of(PUNJAB_POLICE), enrolment(second)) == [
        ("officer_number", errors_pb2.FIELD_REASON_NUMBER_HAS_KEY)
    ]
    # The number is the agency's: another one may have the same.
    services.ask(call_of(SINDH_POLICE), enrolment(third, SINDH_POLICE))
    services.ask(call_of(PUNJAB_POLICE), disabling(first))
    services.ask(call_of(PUNJAB_POLICE), enrolment(second))


def test_a_new_key_takes_the_old_ones_place_in_one_entry(services: Services) -> None:
    old, new = new_key(), new_key()
    services.ask(call_of(PUNJAB_POLICE), enrolment(old))
    outcome = services.ask(call_of(PUNJAB_POLICE), replacement(new, old))
    assert outcome.detail.outcome == "REPLACED"
    assert outcome.detail.decided_key == key_id(new)
    assert [ref.table for ref in outcome.records] == ["officer_disabled", "officer"]
    assert services.one("SELECT count(DISTINCT index) FROM ledger_record WHERE table_name LIKE 'officer%%'") == 2
    live = {each.key_id for each in services.directory.reload().officers.values() if not each.disabled}
    assert live == {key_id(new)}


def test_what_is_replaced_is_the_live_key_of_that_number(services: Services) -> None:
    old, other, new = new_key(), new_key(), new_key()
    services.ask(call_of(PUNJAB_POLICE), enrolment(old))
    services.ask(call_of(PUNJAB_POLICE), enrolment(other, PUNJAB_POLICE, "LHR-1205"))
    not_live = [("replaced_key_id", errors_pb2.FIELD_REASON_KEY_NOT_LIVE)]
    assert refused(services, call_of(PUNJAB_POLICE), replacement(new, other)) == not_live
    services.ask(call_of(PUNJAB_POLICE), disabling(old))
    assert refused(services, call_of(PUNJAB_POLICE), replacement(new, old)) == not_live


@pytest.mark.parametrize("replaces", [True, False])
def test_a_systems_number_does_not_become_an_officers(services: Services, *, replaces: bool) -> None:
    # Its programs would stop, and what it did would be read as that officer's. Nor is it told to replace the key.
    system = new_key()
    request = enrolment(system)
    request.kind, request.grade, request.own_number = directory_pb2.KEY_KIND_SYSTEM, 0, ""
    services.ask(call_of(PUNJAB_POLICE), request)
    officers_key = replacement(new_key(), system) if replaces else enrolment(new_key())
    assert refused(services, call_of(PUNJAB_POLICE), officers_key) == [
        ("officer_number", errors_pb2.FIELD_REASON_NUMBER_OF_OTHER_KIND)
    ]
    new = new_key()
    request = replacement(new, system)
    request.kind, request.grade, request.own_number = directory_pb2.KEY_KIND_SYSTEM, 0, ""
    assert services.ask(call_of(PUNJAB_POLICE), request).detail.outcome == "REPLACED"


@pytest.mark.parametrize("together", [True, False])
def test_of_two_keys_for_one_number_at_once_one_is_enrolled(services: Services, *, together: bool) -> None:
    both = [(call_of(PUNJAB_POLICE), enrolment(new_key())) for _ in range(2)]
    first, second = services.at_once(*both, together=together)
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.InvalidFields)
    assert violations(second) == [("officer_number", errors_pb2.FIELD_REASON_NUMBER_HAS_KEY)]
    assert services.rows()["officer"] == 1


def test_a_replacement_is_written_whole_or_not(services: Services) -> None:
    old = new_key()
    services.ask(call_of(PUNJAB_POLICE), enrolment(old))
    tables = services.never_half_written(call_of(PUNJAB_POLICE), replacement(new_key(), old))
    assert tables == ["officer_disabled", "officer", "outbox", "idempotency"]


# ---- systems ----


def test_a_system_has_no_grade_and_decides_nothing(services: Services) -> None:
    request = enrolment(new_key(), PUNJAB_POLICE, "SYSTEM-1")
    request.kind, request.decides = directory_pb2.KEY_KIND_SYSTEM, True
    not_for = errors_pb2.FIELD_REASON_NOT_FOR_SYSTEM
    assert refused(services, call_of(PUNJAB_POLICE), request) == [
        ("grade", not_for),
        ("decides", not_for),
        ("own_number", not_for),
    ]
    request.grade, request.decides, request.own_number = 0, False, ""
    answer = services.ask(call_of(PUNJAB_POLICE), request).response.officer
    assert (answer.kind, answer.grade) == (directory_pb2.KEY_KIND_SYSTEM, 0)
    (known,) = services.directory.reload().officers.values()
    assert known.system
    request = enrolment(new_key())
    request.grade = 0
    assert refused(services, call_of(PUNJAB_POLICE), request) == [("grade", errors_pb2.FIELD_REASON_REQUIRED)]


# ---- one's own key ----


def disabling_own() -> directory_pb2.DisableOwnKeyRequest:
    return directory_pb2.DisableOwnKeyRequest(
        request_id="6f5b2a30-0000-4000-8000-000000000001", reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED
    )


def enrolled(services: Services, agency: Agency = PUNJAB_POLICE, number: str = "LHR-1204") -> Officer:
    key = new_key()
    services.ask(call_of(agency), enrolment(key, agency, number))
    return officer_of(agency, key_id=key_id(key))


def test_an_officer_disables_his_own_key_alone(services: Services) -> None:
    mine, colleague = enrolled(services), enrolled(services, number="LHR-1205")
    outcome = services.ask(call_of(PUNJAB_POLICE, mine), disabling_own())
    assert outcome.detail.outcome == "DISABLED KEY_COMPROMISED"
    assert outcome.directory_changed
    known = services.directory.reload().officers
    assert (known[mine.key_id].disabled, known[colleague.key_id].disabled) == (True, False)


@pytest.mark.parametrize("together", [True, False])
def test_a_key_that_somebody_else_disables_at_once_is_disabled_once(services: Services, *, together: bool) -> None:
    mine = enrolled(services)
    request = directory_pb2.DisableOfficerRequest(
        request_id="6f5b2a30-0000-4000-8000-000000000002",
        officer_key_id=mine.key_id,
        reason=directory_pb2.DISABLE_REASON_SUSPENDED,
    )
    both = [(call_of(PUNJAB_POLICE), request), (call_of(PUNJAB_POLICE, mine), disabling_own())]
    first, second = services.at_once(*both, together=together)
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.Denied)
    assert second.reason == errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED
    assert services.rows()["officer_disabled"] == 1


# ---- who hears of it ----


def test_the_agency_and_npb_hear_of_each_change_of_a_key(services: Services) -> None:
    # Nobody gets a key behind their backs, whoever has colluded.
    old, new = new_key(), new_key()
    services.ask(call_of(PUNJAB_POLICE), enrolment(old))
    assert services.owed(ENROLLED) == ["npb", "punjab-police"]
    services.ask(call_of(PUNJAB_POLICE), replacement(new, old))
    assert services.owed(REPLACED) == ["npb", "punjab-police"]
    services.ask(call_of(PUNJAB_POLICE), disabling(new))
    assert services.owed(DISABLED) == ["npb", "punjab-police"]
    services.ask(call_of(PUNJAB_POLICE), disabling(new))
    assert services.owed(DISABLED) == ["npb", "punjab-police"]
    assert services.one("SELECT count(*) FROM outbox WHERE about_agency IS DISTINCT FROM 'punjab-police'") == 0
    services.ask(call_of(NPB), enrolment(new_key(), NPB, "NPB-1"))
    assert services.owed(ENROLLED) == ["npb", "npb", "punjab-police"]
    services.ask(call_of(PUNJAB_POLICE, enrolled(services)), disabling_own())
    assert services.owed(DISABLED) == ["npb", "npb", "punjab-police", "punjab-police"]


# ---- lists ----


def listed(services: Services, agency: Agency = PUNJAB_POLICE, **page: Any) -> directory_pb2.ListOfficersResponse:
    answer: directory_pb2.ListOfficersResponse = services.ask(
        call_of(agency), directory_pb2.ListOfficersRequest(**page)
    ).response
    return answer


def test_an_agency_lists_its_own_keys_in_pages(services: Services) -> None:
    keys = [new_key() for _ in range(4)]
    for key, number in zip(keys, ("B-2", "ASI-1", "C-3"), strict=False):
        services.ask(call_of(PUNJAB_POLICE), enrolment(key, PUNJAB_POLICE, number, "PK-PB/LHR"))
    request = enrolment(keys[3], PUNJAB_POLICE, "ASI-1")
    request.replaced_key_id = key_id(keys[1])
    services.ask(call_of(PUNJAB_POLICE), request)
    foreign = enrolled(services, SINDH_POLICE)
    with services.database.owner() as owner:
        owner.execute(
            "INSERT INTO focal_person (key_id, agency_id, officer_number, public_key, own_key_id, own_number)"
            " VALUES (sha256('1'), 'punjab-police', 'F-1', sha256('2'), 1, sha256('5')),"
            " (sha256('3'), 'npb', 'F-1', sha256('4'), 1, sha256('6'))"
        )
        owner.execute(
            "INSERT INTO certificate (serial, agency_id, fingerprint, not_before, not_after) VALUES"
            " ('1a', 'punjab-police', sha256('5'), '2026-01-01Z', '2026-03-01Z'),"
            " ('2b', 'punjab-police', sha256('6'), '2026-02-01Z', '2026-04-01Z'),"
            " ('3c', 'npb', sha256('7'), '2026-02-01Z', '2026-04-01Z')"
        )
        owner.execute("INSERT INTO certificate_revocation (serial, reason) VALUES ('1a', 'keyCompromise')")
        deciding.record(owner, services.keyring, ORIGIN)
    shown, token, people, certificates = [], "", [], []
    while True:
        page = listed(services, page_size=2, page_token=token)
        shown += [(each.officer_number, each.HasField("disable_time")) for each in page.officers]
        people += [person.number for person in page.focal_persons]
        certificates += [
            (each.serial, f"{each.end_time.ToDatetime():%Y-%m-%d}", each.HasField("revoke_time"))
            for each in page.certificates
        ]
        token = page.next_page_token
        if not token:
            break
        assert len(page.officers) == 2
    # The newest key of a number comes first.
    assert shown == [("ASI-1", False), ("ASI-1", True), ("B-2", False), ("C-3", False)]
    assert people == ["F-1"]
    assert certificates == [("2b", "2026-04-01", False), ("1a", "2026-03-01", True)]
    invalid = [("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)]
    for wrong in (foreign.key_id.hex(), "00", "no-hex"):
        request_ = directory_pb2.ListOfficersRequest(page_token=wrong)
        assert refused(services, call_of(PUNJAB_POLICE), request_) == invalid
