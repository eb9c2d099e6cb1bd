"""Searches on a grant in part: no further than it goes, also when it is taken away or passed on after the search."""

import datetime as dt
import uuid
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, errors_pb2, lookup_pb2, options_pb2, reviews_pb2, search_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from nsor_server.storage.keyring import Keyring
from tests.agencies import PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.calls import call_of
from tests.lookup.conftest import officer
from tests.lookup.search.conftest import INVESTIGATOR, Basis, Request, Searching, asking, named, suspect
from tests.lookup.search.test_search import findings, look_up
from tests.lookup.test_emergencies import clock_of
from tests.lookup.test_withdrawal import withdrawal
from tests.orders import current_address
from tests.services import Services

RAFIQ = ("Muhammad Rafiq", "Lal Din", 1980)
SHER = ("Sher Zaman", "Gul Khan", 1980)
IDENTITY, CONTACT = options_pb2.FIELD_CLASS_IDENTITY, options_pb2.FIELD_CLASS_CONTACT


def denied(services: Services, basis: Basis, found: search_pb2.Candidate, who: Officer | None = None) -> str:
    """Why the look-up of a candidate is refused."""
    with pytest.raises(errors.Denied) as refused:
        services.ask(asking(basis, who), look_up(basis, found))
    return errors_pb2.ErrorReason.Name(refused.value.reason).removeprefix("ERROR_REASON_")


def test_whom_the_prosecutor_left_out_is_not_searched_for(searching: Searching) -> None:
    rafiq, _ = searching.confirmed(named(*RAFIQ), named(*SHER))
    basis = searching.grant(suspect(*SHER), suspect(*RAFIQ), suspects=[2])
    assert searching.shown(basis, subject=1) == [rafiq.key]
    assert searching.refusal(basis, subject=2) == ("GRANT_NOT_VALID", [])


def test_nothing_tells_the_district_on_a_grant_that_shows_no_addresses(searching: Searching) -> None:
    # The evidence and the order would: whoever asks for each district of the country in turn knows where he lives.
    lahore, multan = searching.confirmed(named(*RAFIQ), named(*RAFIQ, addresses=[current_address("PK-PB/MUL/PS-001")]))
    in_part = searching.grant(suspect(*RAFIQ), classes=[IDENTITY])
    out_of_range = ("INVALID_FIELDS", ["district OUT_OF_RANGE"])
    assert searching.refusal(in_part, district="PK-PB/MUL") == out_of_range
    both = {reviews_pb2.EVIDENCE_PART_NAME, reviews_pb2.EVIDENCE_PART_RELATIVE, reviews_pb2.EVIDENCE_PART_BIRTH_YEAR}
    answer = searching.search(in_part)
    assert {each.part for found in answer.candidates for each in found.evidence} == both
    assert [list(each.districts) for each in answer.candidates] == [[], []]
    for whole in (searching.grant(suspect(*RAFIQ)), searching.grant(suspect(*RAFIQ), classes=[IDENTITY, CONTACT])):
        assert searching.shown(whole, district="PK-PB/MUL") == [multan.key, lahore.key]
        shown = searching.search(whole, district="PK-PB/MUL")
        assert [list(each.districts) for each in shown.candidates] == [["PK-PB/MUL"], ["PK-PB/LHR"]]


def test_a_grant_that_shows_nobodys_identity_gives_ids_alone(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.grant(suspect(*RAFIQ), classes=[options_pb2.FIELD_CLASS_CONVICTION])
    (found,) = searching.search(basis).candidates
    assert [field.name for field, _ in found.ListFields()] == ["candidate_id"]
    # Who is found with each year, or as a man, would say when he was born and what he is.
    years: dict[str, Any] = {"first_birth_year": 1979, "last_birth_year": 1981}
    assert searching.refusal(basis, **years) == ("INVALID_FIELDS", ["first_birth_year OUT_OF_RANGE"])
    assert searching.refusal(basis, sex=types_pb2.SEX_MALE) == ("INVALID_FIELDS", ["sex OUT_OF_RANGE"])


def test_a_shorter_life_ends_search_and_look_up(searching: Searching, monkeypatch: pytest.MonkeyPatch) -> None:
    searching.confirmed(named(*RAFIQ))
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=30)
    basis = searching.grant(suspect(*RAFIQ), expire_time=ends)
    (found,) = searching.search(basis).candidates
    clock = clock_of(monkeypatch)
    clock.ahead = dt.timedelta(minutes=31)
    assert searching.refusal(basis) == ("GRANT_EXPIRED", [])
    assert denied(searching.services, basis, found) == "GRANT_EXPIRED"


def test_a_grant_that_is_withdrawn_after_the_search_shows_no_candidate(searching: Searching, keyring: Keyring) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.grant(suspect(*RAFIQ))
    (found,) = searching.search(basis).candidates
    # Both were sent before either was written: what comes behind the withdrawal shows nobody.
    withdrawn, shown = searching.services.at_once(
        (call_of(PUNJAB_PROSECUTION), withdrawal(basis.grant_id)),
        (asking(basis), look_up(basis, found)),
        together=False,
    )
    assert not isinstance(withdrawn, Exception)
    assert isinstance(shown, errors.Denied)
    assert denied(searching.services, basis, found) == "GRANT_WITHDRAWN"
    assert searching.services.one("SELECT count(*) FROM look_up") == 0
    assert findings(searching, keyring) == []


def test_a_successor_searches_for_himself(searching: Searching, keyring: Keyring) -> None:
    # A candidate's id is its officer's: with the grant it isn't passed on.
    searching.confirmed(named(*RAFIQ))
    services, successor = searching.services, officer(PUNJAB_POLICE.agency_id, 7)
    for each in (INVESTIGATOR, successor, head := officer(PUNJAB_POLICE.agency_id, 8)):
        services.enrolled(each)
    basis = searching.grant(suspect(*RAFIQ))
    (found,) = searching.search(basis).candidates
    pass_on(services, basis, successor, head)
    assert searching.refusal(basis) == ("GRANT_NOT_VALID", [])
    assert denied(services, basis, found) == "GRANT_NOT_VALID"
    assert denied(services, basis, found, successor) == "CANDIDATE_NOT_VALID"
    (his,) = searching.search(basis, asking(basis, successor)).candidates
    answer = services.ask(asking(basis, successor), look_up(basis, his)).response
    assert answer.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    assert findings(searching, keyring) == []


def pass_on(services: Services, basis: Basis, successor: Officer, head: Officer) -> None:
    """Pass the access request of a grant on to another officer."""
    found = services.one("SELECT access_request_id::text FROM access_grant WHERE grant_id = %s", basis.grant_id)
    request = access_requests_pb2.GetAccessRequestRequest(access_request_id=found)
    shown = services.ask(call_of(PUNJAB_POLICE, head), request).response.access_request
    passing = access_requests_pb2.PassAccessRequestRequest(
        request_id=str(uuid.uuid4()), access_request_id=found, etag=shown.etag, successor_key_id=successor.key_id
    )
    services.ask(call_of(PUNJAB_POLICE, head), passing)


def test_a_candidate_is_looked_up_in_another_process(searching: Searching, keyring: Keyring) -> None:
    # The id is sealed under the register's keys, and nothing of a search stays in its process.
    searching.confirmed(named(*RAFIQ))
    basis = searching.grant(suspect(*RAFIQ))
    (found,) = searching.search(basis).candidates
    with Services(searching.services.database, keyring) as other:
        # Its own names aren't read yet: until then it has no search, whatever the other one's are.
        with pytest.raises(errors.Unavailable):
            other.ask(asking(basis), Request(basis=basis, subject=1))
        answer = other.ask(asking(basis), look_up(basis, found)).response
        assert answer.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    assert findings(searching, keyring) == []
