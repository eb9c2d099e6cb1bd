"""Searches by name: for whom, among whom, and what is shown of whoever is found."""

import datetime as dt
import uuid
from typing import Any

import pytest

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2, reviews_pb2, search_pb2, types_pb2
from nsor_server import errors
from nsor_server.lookup.search import candidates
from nsor_server.rpc import entries
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests import verifying
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_POLICE
from tests.calls import CONTRACT, call_of
from tests.lookup.conftest import officer
from tests.lookup.search.conftest import (
    LIKELY,
    OPENER,
    WORKER,
    Basis,
    Refused,
    Searching,
    asking,
    named,
    suspect,
    written,
)
from tests.lookup.test_emergencies import clock_of
from tests.lookup.test_withdrawal import withdrawal
from tests.orders import conviction

RAFIQ = ("Muhammad Rafiq", "Lal Din", 1980)


def test_a_suspect_of_a_ticket_is_found_in_either_script_and_masked(searching: Searching) -> None:
    roman, urdu, _ = searching.confirmed(
        named(*RAFIQ), named("محمد رفیق", "لال دین", 1981), named("Sher Zaman", "Gul Khan", 1980)
    )
    answer = searching.search(searching.ticket(suspect(*RAFIQ)))
    assert [each.band for each in answer.candidates] == [LIKELY, LIKELY]
    first, second = answer.candidates
    assert list(first.person.initials) == ["M. R."]
    assert list(first.relative_initials) == ["L. D."]
    assert (first.birth_year, first.sex, list(first.districts)) == (1980, types_pb2.SEX_MALE, ["PK-PB/LHR"])
    assert list(second.person.initials) == ["م. ر."]
    rules = {(each.part, each.rule) for each in second.evidence}
    assert (reviews_pb2.EVIDENCE_PART_NAME, reviews_pb2.EVIDENCE_RULE_OTHER_SCRIPT) in rules
    assert (reviews_pb2.EVIDENCE_PART_BIRTH_YEAR, reviews_pb2.EVIDENCE_RULE_NEAR) in rules
    # Neither a whole name nor a registration's id: the record is shown by a look-up alone.
    told = str(answer).casefold()
    assert all(word not in told for word in ("rafiq", "lal din", roman.registration_id, urdu.registration_id))
    # And the other way round.
    assert len(searching.search(searching.ticket(suspect("محمد رفیق", "لال دین", 1980))).candidates) == 2


def test_a_candidate_id_names_the_record_for_this_search_alone(searching: Searching) -> None:
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect("Sher Zaman", "Gul Khan", 1980), suspect(*RAFIQ))
    call = asking(basis)
    (found,) = searching.search(basis, call, subject=2).candidates
    later = asking(basis)
    later.purpose, later.directory = call.purpose, call.directory
    candidate = candidates.opened(searching.services.sealer, later, basis.ticket_id, found.candidate_id)
    assert uuid.UUID(bytes=candidate.registration_id) == rafiq.key
    assert (candidate.search, candidate.position) == (call.access_id, 1)
    (again,) = searching.search(basis, subject=2).candidates
    assert again.candidate_id != found.candidate_id


def test_an_investigating_officer_searches_for_the_suspect_of_his_grant(searching: Searching) -> None:
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis = searching.grant(suspect(*RAFIQ))
    assert searching.shown(basis) == [rafiq.key]
    colleague = officer(PUNJAB_POLICE.agency_id, 7)
    assert searching.refusal(basis, asking(basis, colleague)) == ("GRANT_NOT_VALID", [])
    assert searching.refusal(basis, call_of(SINDH_POLICE)) == ("GRANT_NOT_VALID", [])
    # Of what a grant in part doesn't show nothing is shown of a candidate either.
    in_part = searching.grant(suspect(*RAFIQ), classes=[options_pb2.FIELD_CLASS_IDENTITY])
    outcome = searching.outcome(in_part)
    (found,) = outcome.response.candidates
    assert (list(found.person.initials), list(found.districts)) == (["M. R."], [])
    assert set(outcome.detail.classes_shown) == {options_pb2.FIELD_CLASS_ALWAYS, options_pb2.FIELD_CLASS_IDENTITY}


def test_a_candidate_is_looked_up_and_another_searchs_is_not(searching: Searching, keyring: Keyring) -> None:
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis = searching.grant(suspect(*RAFIQ))
    services = searching.services
    (found,) = searching.search(basis).candidates

    def look_up(grant_id: str) -> lookup_pb2.LookUpRegistrationResponse:
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=str(uuid.uuid4()),
            purpose=options_pb2.PURPOSE_INVESTIGATION,
            candidate_id=found.candidate_id,
            basis=lookup_pb2.LookUpBasis(grant_id=grant_id),
        )
        answer: lookup_pb2.LookUpRegistrationResponse = services.ask(asking(basis), request).response
        return answer

    with pytest.raises(errors.Denied) as refused:
        look_up(searching.grant(suspect(*RAFIQ)).grant_id)
    assert refused.value.reason == errors_pb2.ERROR_REASON_CANDIDATE_NOT_VALID
    assert look_up(basis.grant_id).registration.registration_id == rafiq.registration_id
    with services.database.owner() as owner:
        assert verifying.findings(owner, keyring) == []


def test_a_court_searches_for_the_accused_of_its_case(searching: Searching) -> None:
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis = searching.case(suspect(*RAFIQ))
    assert searching.shown(basis) == [rafiq.key]
    colleague = officer(LAHORE_COURT.agency_id, 7)
    assert searching.shown(basis, asking(basis, colleague)) == [rafiq.key]
    elsewhere = officer(LAHORE_COURT.agency_id, 8, ("PK-PB/MUL",))
    assert searching.refusal(basis, asking(basis, elsewhere)) == ("GRANT_NOT_VALID", [])


def test_no_search_but_on_a_grant_of_ones_own_for_whom_it_names(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ), suspect(number="3520212345671"))
    not_valid: Refused = ("GRANT_NOT_VALID", [])
    assert searching.refusal(Basis(ticket_id=str(uuid.uuid4()))) == not_valid
    assert searching.refusal(basis, call_of(NPB, OPENER)) == not_valid
    assert searching.refusal(basis, subject=3) == not_valid
    # Who is named by a number alone is looked up by it.
    assert searching.refusal(basis, subject=2) == not_valid
    case = searching.case(suspect(*RAFIQ))
    assert searching.refusal(Basis(ticket_id=case.court_case_id)) == not_valid
    required = ("INVALID_FIELDS", ["basis.ticket_id REQUIRED"])
    assert searching.refusal(case, call_of(NPB, WORKER)) == required


def test_a_withdrawn_ticket_is_refused_from_the_next_search_on(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    services = searching.services
    # Both have run before the first one is written: the search comes after it, and answers nothing.
    first, second = services.at_once(
        (call_of(NPB, OPENER), withdrawal(basis.ticket_id)),
        (asking(basis), search_pb2.SearchRegistrationsRequest(basis=basis, subject=1)),
        together=False,
    )
    assert not isinstance(first, Exception)
    assert isinstance(second, errors.Denied)
    assert searching.refusal(basis) == ("GRANT_WITHDRAWN", [])


def test_a_subject_who_cant_be_looked_up_any_more_isnt_searched_for(searching: Searching, keyring: Keyring) -> None:
    # Nobody whom it found could be looked up: it would show up to 20 people to whoever may know of none.
    (rafiq, *_) = searching.confirmed(named(*RAFIQ), named("Sher Zaman", "Gul Khan", 1980))
    basis = searching.grant(suspect(*RAFIQ), suspect("Sher Zaman", "Gul Khan", 1980), uses_per_subject=1)
    (found,) = searching.search(basis).candidates
    assert searching.services.ask(asking(basis), look_up(basis, found)).detail.subjects[0] == rafiq.key.bytes
    refused = asking(basis)
    assert searching.refusal(basis, refused) == ("GRANT_USED_UP", [])
    # Its agency finds it again by the case of the grant.
    detail = record_pb2.AccessDetail.FromString(entries.entry(refused, ()).detail)
    assert (detail.outcome, detail.case_reference) == ("GRANT_USED_UP", "PK-PB/LHR/PS-001 679/2021")
    # The other suspect has a use of his own.
    assert len(searching.shown(basis, subject=2)) == 1
    assert findings(searching, keyring) == []


@pytest.mark.parametrize("together", [False, True])
def test_a_search_beside_the_last_use_comes_before_it_or_is_refused(
    searching: Searching, keyring: Keyring, *, together: bool
) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.grant(suspect(*RAFIQ), uses_per_subject=1)
    (found,) = searching.search(basis).candidates
    used, searched = searching.services.at_once(
        (asking(basis), look_up(basis, found)),
        (asking(basis), search_pb2.SearchRegistrationsRequest(basis=basis, subject=1)),
        together=together,
    )
    assert not isinstance(used, Exception)
    if together:
        assert not isinstance(searched, Exception)
    else:
        assert isinstance(searched, errors.Denied)
        assert searched.reason == errors_pb2.ERROR_REASON_GRANT_USED_UP
    assert findings(searching, keyring) == []


def test_a_refusal_beside_a_withdrawal_is_no_finding(searching: Searching, keyring: Keyring) -> None:
    # It has read before: then it was used up, and withdrawn when its entry was written.
    searching.confirmed(named(*RAFIQ))
    basis = searching.grant(suspect(*RAFIQ), uses_per_subject=1)
    (found,) = searching.search(basis).candidates
    searching.services.ask(asking(basis), look_up(basis, found))
    withdrawn, searched = searching.services.at_once(
        (call_of(PUNJAB_PROSECUTION), withdrawal(basis.grant_id)),
        (asking(basis), search_pb2.SearchRegistrationsRequest(basis=basis, subject=1)),
        together=False,
    )
    assert not isinstance(withdrawn, Exception)
    assert isinstance(searched, errors.Denied)
    assert searched.reason == errors_pb2.ERROR_REASON_GRANT_USED_UP
    assert searching.refusal(basis) == ("GRANT_WITHDRAWN", [])
    assert findings(searching, keyring) == []


def test_an_expired_grant_searches_for_nobody(
    searching: Searching, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.grant(suspect(*RAFIQ))
    (found,) = searching.search(basis).candidates
    clock = clock_of(monkeypatch)
    clock.ahead = dt.timedelta(days=365)
    assert searching.refusal(basis) == ("GRANT_EXPIRED", [])
    with pytest.raises(errors.Denied) as refused:
        searching.services.ask(asking(basis), look_up(basis, found))
    assert refused.value.reason == errors_pb2.ERROR_REASON_CANDIDATE_NOT_VALID
    assert findings(searching, keyring) == []


def look_up(basis: Basis, found: search_pb2.Candidate) -> lookup_pb2.LookUpRegistrationRequest:
    """A look-up of a candidate on the grant that found him."""
    return lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        candidate_id=found.candidate_id,
        basis=lookup_pb2.LookUpBasis(grant_id=basis.grant_id),
    )


def findings(searching: Searching, keyring: Keyring) -> list[str]:
    with searching.services.database.owner() as owner:
        return verifying.findings(owner, keyring)


def test_what_the_officer_adds_tells_people_of_the_name_apart(searching: Searching) -> None:
    older, younger = searching.confirmed(named("Muhammad Rafiq", "Lal Din", 1960), named(*RAFIQ[:2], 1983))
    basis = searching.ticket(suspect(*RAFIQ[:2], 0, "3520212345671"))
    assert searching.shown(basis) == searching.shown(basis, sex=types_pb2.SEX_MALE)
    assert set(searching.shown(basis)) == {older.key, younger.key}
    assert searching.shown(basis, first_birth_year=1975, last_birth_year=1985) == [younger.key]
    assert searching.shown(basis, first_birth_year=1961, last_birth_year=1961) == [older.key]
    # Another name can't be given, nor years that the grant rules out.
    assert searching.refusal(basis, name=written("Sher Zaman Khan")) == ("INVALID_FIELDS", ["subject EXACTLY_ONE"])
    of_1980 = searching.ticket(suspect(*RAFIQ))
    years: dict[str, Any] = {"first_birth_year": 1984, "last_birth_year": 1990}
    assert searching.refusal(of_1980, **years) == ("INVALID_FIELDS", ["first_birth_year OUT_OF_RANGE"])


def test_a_prosecution_finds_the_parties_of_its_case_alone(searching: Searching) -> None:
    other = conviction(case_number="Sessions Case No. 5/2023")
    other.fir.serial = 12
    (ours,) = searching.confirmed(named(*RAFIQ))
    theirs = searching.services.create(named(*RAFIQ, convictions=[other]))
    searching.services.confirm(theirs, case_number="Sessions Case No. 5/2023")
    searching.read()
    name = written("رفیق", "لال دین")
    assert searching.shown(searching.fir(), name=name) == [ours.key]
    assert searching.shown(searching.fir(13), name=name) == []
    nobody = written("Sher Zaman", "Gul Khan")
    assert searching.shown(searching.fir(), name=nobody) == []
    elsewhere = officer(PUNJAB_PROSECUTION.agency_id, 9, ("PK-PB/MUL",))
    assert searching.refusal(searching.fir(), call_of(PUNJAB_PROSECUTION, elsewhere), name=name)[0] == (
        "OUTSIDE_JURISDICTION"
    )
    assert searching.refusal(searching.fir(), subject=1)[0] == "INVALID_FIELDS"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Muhammad", "NAME_SAYS_TOO_LITTLE"),
        ("محمد", "NAME_SAYS_TOO_LITTLE"),
        ("Muhammad Khan", "NAME_SAYS_TOO_LITTLE"),
        ("Rafiq", "NAME_SAYS_TOO_LITTLE"),
        ("Syed Muhammad Khan", "NAME_SAYS_TOO_LITTLE"),
        ("R L", "NAME_SAYS_TOO_LITTLE"),
        ("Raf* Din", "NAME_FORM"),
        ("%", "NAME_FORM"),
        ("", "REQUIRED"),
        ("Raf\u06ccq لال", "NAME_FORM"),
    ],
)
def test_a_search_that_is_made_to_list_people_is_refused_by_its_form(
    searching: Searching, name: str, reason: str
) -> None:
    asked = written(name)
    code, wrong = searching.refusal(searching.fir(), name=asked)
    assert code == "INVALID_FIELDS"
    assert [each.split()[-1] for each in wrong] == [reason]


@pytest.mark.parametrize("field", ["name", "relative_name"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("R\u0430fiq Din", "LOOK_ALIKE", id="Cyrillic"),
        pytest.param("Rafiq D\u03b9n", "LOOK_ALIKE", id="Greek"),
        pytest.param("\uff32afiq Din", "LOOK_ALIKE", id="full width"),
        pytest.param("Raf\u06ccq Din", "NAME_FORM", id="Urdu inside a Roman word"),
        pytest.param("رفیq دین", "NAME_FORM", id="Roman inside an Urdu word"),
        pytest.param("Ra\u200bfiq Din", "CONTROL_CHARACTER", id="zero width"),
        pytest.param("Ra\u200cfiq Din", "CONTROL_CHARACTER", id="joiner between Roman letters"),
        pytest.param("رفیق\u202e دین", "CONTROL_CHARACTER", id="override"),
        pytest.param("Rafiq 2 Din", "NAME_FORM", id="digit"),
        pytest.param("رفیق ۲ دین", "NAME_FORM", id="Urdu digit"),
        pytest.param("Rafiq_ Din", "NAME_FORM", id="underscore"),
        pytest.param("Rafi? Din", "NAME_FORM", id="question mark"),
        pytest.param("Rafiq % Din", "NAME_FORM", id="per cent"),
        pytest.param("Rafiq Din " * 100, "TOO_LONG", id="two hundred words"),
    ],
)
def test_a_name_that_only_looks_like_one_is_named_by_field_and_rule(
    searching: Searching, field: str, name: str, reason: str
) -> None:
    asked = written("Muhammad Rafiq", "Lal Din")
    setattr(asked, field, name)
    assert searching.refusal(searching.fir(), name=asked) == ("INVALID_FIELDS", [f"name.{field} {reason}"])


def test_a_grant_for_most_people_of_the_country_finds_nobody(searching: Searching) -> None:
    basis = searching.ticket(suspect("Muhammad Khan", "Muhammad", 1980))
    assert searching.refusal(basis) == ("INVALID_FIELDS", ["subject NAME_SAYS_TOO_LITTLE"])


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"first_birth_year": 1980}, "last_birth_year REQUIRED"),
        ({"last_birth_year": 1980}, "first_birth_year REQUIRED"),
        ({"first_birth_year": 1981, "last_birth_year": 1980}, "last_birth_year DATE_ORDER"),
        ({"first_birth_year": 1960, "last_birth_year": 1980}, "last_birth_year OUT_OF_RANGE"),
        ({"first_birth_year": 1899, "last_birth_year": 1900}, "first_birth_year OUT_OF_RANGE"),
        ({"district": "PK-PB"}, "district FORM"),
        ({"subject": 21}, "subject OUT_OF_RANGE"),
        ({"subject": 0}, "subject EXACTLY_ONE"),
    ],
)
def test_what_is_no_search_for_one_person_is_refused(searching: Searching, fields: dict[str, Any], wrong: str) -> None:
    basis = Basis(ticket_id=str(uuid.uuid4()))
    assert searching.refusal(basis, **fields) == ("INVALID_FIELDS", [wrong])


def test_at_most_twenty_are_shown_and_the_others_counted(searching: Searching) -> None:
    searching.confirmed(*(named(*RAFIQ) for _ in range(23)))
    answer = searching.search(searching.ticket(suspect(*RAFIQ)))
    assert (len(answer.candidates), answer.others) == (20, 3)


def test_until_the_names_are_read_there_is_no_search(searching: Searching) -> None:
    basis = searching.ticket(suspect(*RAFIQ))
    name = written("Muhammad Rafiq", "Lal Din")
    not_ready: Refused = ("SEARCH_NOT_READY", [])
    assert searching.refusal(basis) == not_ready
    assert searching.refusal(searching.fir(), name=name) == not_ready
    # Whether the grant is good is said before: that follows from the grant alone.
    assert searching.refusal(basis, subject=2) == ("GRANT_NOT_VALID", [])
    searching.read()
    assert searching.shown(basis) == []


def test_nobody_found_is_an_answer_as_long_as_any_other_in_a_dump(searching: Searching) -> None:
    searching.confirmed(*(named(*RAFIQ) for _ in range(20)))
    found, none = searching.ticket(suspect(*RAFIQ)), searching.ticket(suspect("Sher Zaman", "Gul Khan", 1980))
    assert (len(searching.shown(found)), len(searching.shown(none))) == (20, 0)
    sizes = searching.services.one(
        "SELECT array_agg(octet_length(sealed)) FROM (SELECT sealed FROM ledger_detail ORDER BY index DESC LIMIT 2)"
    )
    assert len(sizes) == 2
    assert len(set(sizes)) == 1


def test_border_control_and_prisons_have_no_search() -> None:
    kinds = CONTRACT.methods["nsor.v1.LookupService/SearchRegistrations"].allow
    assert set(kinds) == {
        options_pb2.AGENCY_KIND_POLICE,
        options_pb2.AGENCY_KIND_PROSECUTION,
        options_pb2.AGENCY_KIND_COURT,
        options_pb2.AGENCY_KIND_NPB,
    }
