"""Searches through two server processes of one database: each has an index of its own, and nobody sees that."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsor.errors import Refused
from nsor.v1 import access_requests_pb2, grants_pb2, lookup_pb2, options_pb2, registration_pb2, search_pb2, types_pb2
from nsor_server.policy.source import packaged
from nsor_synthetic.story import access_request
from tests import ample_budgets
from tests.agencies import LAHORE_HIGH_COURT
from tests.e2e.agencies import STATION
from tests.operating import operated
from tests.orders import day, judgment
from tests.polling import until
from tests.soak.deployment import COURT, POLICE, PROSECUTION, Deployment, beside, running

SECONDS = 120.0
SEARCH = "nsor.v1.LookupService/SearchRegistrations"
NAMES = (("Zarghun Marri", "Shahdad Marri"), ("Sanaullah Bugti", "Hayat Bugti"), ("Khuda Dad Mengal", "Mir Mengal"))
BY_NAMES = ("Zafar Raisani", "Shahzaman Raisani", "Kala Langove")
"""Of one more: the name, the father's, and a by-name."""
"""A name and the father's, of whom each test looks for."""
SEARCHES = 10
"""As many of one officer of a prosecution as the policy that ships has in a bucket that is full."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("two-servers-search")
    policy = ample_budgets.written(folder / "own-policy")
    _as_shipped(policy / "budgets.toml", SEARCH, "PROSECUTION")
    with running(folder, {"NSOR_POLICY_DIR": str(policy)}, prepared=prepared) as deployment:
        deployment.replace_officer(LAHORE_HIGH_COURT.agency_id)
        yield deployment


@pytest.fixture(scope="module")
def second(first: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with beside(first, tmp_path_factory.mktemp("second-server-search")) as deployment:
        yield deployment


def _as_shipped(file: Path, method: str, kind: str) -> None:
    """Give the buckets of one method and kind of agency the sizes that ship."""
    row = rf'\[\[budget\]\]\nmethod = "{re.escape(method)}"\nkind = "{kind}"\n(?:.+\n)+'
    found = re.search(row, packaged("budgets.toml").read_text(encoding="utf-8"))
    assert found is not None
    text, count = re.subn(row, found[0].replace("\\", r"\\"), file.read_text(encoding="utf-8"))
    assert count == 1
    file.write_text(text, encoding="utf-8")


def name_of(nth: int) -> types_pb2.SearchedName:
    return written(*NAMES[nth])


def written(name: str, relative: str, *by_names: str) -> types_pb2.SearchedName:
    return types_pb2.SearchedName(
        name=name, relative_name=relative, relation=types_pb2.RELATION_SON_OF, by_names=by_names
    )


def confirmed(deployment: Deployment, name: types_pb2.SearchedName) -> registration_pb2.CreateRegistrationRequest:
    """Have an adult of a name, and perhaps a by-name, entered and confirmed; gives the order."""
    order = deployment.order()
    del order.person.names[:]
    order.person.names.add(
        kind=types_pb2.NAME_KIND_OFFICIAL,
        name=name.name,
        relative_name=name.relative_name,
        relation=name.relation,
    )
    for by_name in name.by_names:
        order.person.names.add(kind=types_pb2.NAME_KIND_ALIAS, name=by_name)
    order.person.birth_date.year, order.heightened_handling = 1980, False
    court_case = order.convictions[0].court_case
    created = deployment.client(PROSECUTION).registration.create_registration(order).message
    deployment.client(COURT).registration.confirm_registration(
        registration_pb2.ConfirmRegistrationRequest(
            request_id=str(uuid.uuid4()),
            registration_id=created.registration_id,
            etag=created.etag,
            case_number=court_case.case_number,
            judgment_date=order.convictions[0].judgment_date,
        )
    )
    return order


def opened_case(deployment: Deployment, name: types_pb2.SearchedName) -> str:
    """A case of the court that names somebody so."""
    case = types_pb2.CourtCase(
        court_kind=types_pb2.COURT_KIND_SPECIAL_COURT,
        place_code="PK-PB/LHR",
        case_number=f"Sessions Case No. {uuid.uuid4().int % 9_000 + 1}/2026",
    )
    person = grants_pb2.Suspect(name=name, cnic="3520212345671")
    request = grants_pb2.OpenCourtCaseRequest(request_id=str(uuid.uuid4()), court_case=case, persons=[person])
    return deployment.client(COURT).lookup.open_court_case(request).message.grant.grant_id


def granted(deployment: Deployment, *suspects: grants_pb2.Suspect) -> str:
    """A prosecutor's grant for suspects, whom he sees as the officer has named them."""
    request = access_request(deployment.order(), STATION, uuid.uuid4().int % 9_000 + 1)
    request.request_id = str(uuid.uuid4())
    del request.suspects[:]
    request.suspects.extend(suspects)
    asked = deployment.client(POLICE).lookup.create_access_request(request).message
    prosecutor = deployment.client(PROSECUTION).lookup
    shown = prosecutor.get_access_request(
        access_requests_pb2.GetAccessRequestRequest(access_request_id=asked.access_request_id)
    )
    assert list(shown.message.access_request.suspects) == list(suspects)
    approval = access_requests_pb2.ApproveAccessRequestRequest(
        request_id=str(uuid.uuid4()), access_request_id=asked.access_request_id, etag=asked.etag
    )
    return prosecutor.approve_access_request(approval).message.grant.grant_id


def search(deployment: Deployment, case_id: str) -> search_pb2.SearchRegistrationsResponse:
    request = search_pb2.SearchRegistrationsRequest(basis=search_pb2.SearchBasis(court_case_id=case_id), subject=1)
    return deployment.client(COURT).lookup.search_registrations(request).message


def found(deployment: Deployment, case_id: str) -> list[search_pb2.Candidate]:
    """Candidates, once the process has read the names as far as that."""
    try:
        return list(search(deployment, case_id).candidates)
    except Refused as refused:
        if refused.reason != "SEARCH_NOT_READY":
            raise
        return []


def test_a_candidate_of_one_process_is_looked_up_in_the_other(first: Deployment, second: Deployment) -> None:
    name = name_of(0)
    confirmed(first, name)
    case_id = opened_case(first, name)
    for one, other in ((first, second), (second, first)):
        (candidate, *_) = until(lambda one=one: found(one, case_id), seconds=SECONDS)  # type: ignore[misc]  # bound here
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=str(uuid.uuid4()),
            purpose=options_pb2.PURPOSE_TRIAL,
            candidate_id=candidate.candidate_id,
            basis=lookup_pb2.LookUpBasis(court_case_id=case_id),
        )
        answer = other.client(COURT).lookup.look_up_registration(request).message
        assert answer.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
        assert name.name in [each.name for each in answer.registration.person.names]


def test_what_one_process_sets_aside_the_other_shows_to_nobody(first: Deployment, second: Deployment) -> None:
    # Its index holds the card until it has looked at the ledger: its answers are in the ledger's order all the same.
    name = name_of(1)
    order, case_id = confirmed(first, name), opened_case(first, name)
    until(lambda: found(second, case_id), seconds=SECONDS)
    request = search_pb2.SearchRegistrationsRequest(basis=search_pb2.SearchBasis(court_case_id=case_id), subject=1)
    answers: list[tuple[int, int]] = []
    ended, some = threading.Event(), threading.Event()

    def ask() -> None:
        while not ended.is_set():
            answer = second.client(COURT).lookup.search_registrations(request)
            answers.append((answer.index, len(answer.message.candidates)))
            some.set()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert some.wait(SECONDS)
        judged = judgment("SET_ASIDE", order.convictions[0], order_date=day(2026, 2, 1), cnics=[order.person.cnic])
        client = first.client(LAHORE_HIGH_COURT.agency_id)
        index = client.registration.record_judgment(judged).index
        until(lambda: any(at > index for at, _ in answers[-1:]), seconds=SECONDS)
    finally:
        ended.set()
        asking.join()
    assert {shown for at, shown in answers if at < index} == {1}
    assert {shown for at, shown in answers if at > index} == {0}


def test_somebody_is_found_by_what_else_he_is_called_in_words_of_both_scripts(first: Deployment) -> None:
    order = confirmed(first, written(*BY_NAMES))
    until(lambda: found(first, opened_case(first, written(*BY_NAMES))), seconds=SECONDS)
    year = order.person.birth_date.year
    suspects = (
        # By the by-name that the register has; and by a by-name of his own he is the registered one.
        grants_pb2.Suspect(name=written("Kala Langove", "شاہ زمان Raisani"), birth_year=year),
        grants_pb2.Suspect(name=written("Dilawar Khan", "Shahzaman رئیسانی", "Pappu", "ظفر Raisani"), birth_year=year),
        grants_pb2.Suspect(name=written("Dilawar Shah", "Shahzaman رئیسانی"), birth_year=year),
    )
    grant_id = granted(first, *suspects)
    by_names = []
    for subject in range(1, len(suspects) + 1):
        request = search_pb2.SearchRegistrationsRequest(
            basis=search_pb2.SearchBasis(grant_id=grant_id), subject=subject
        )
        candidates = first.client(POLICE).lookup.search_registrations(request).message.candidates
        by_names.append([{evidence.by_name for evidence in each.evidence} for each in candidates])
    assert by_names == [[{0}], [{0, 2}], []]


def test_one_officers_searches_are_paid_from_one_bucket(first: Deployment, second: Deployment) -> None:
    name = name_of(2)
    order, case_id = confirmed(first, name), opened_case(first, name)
    for each in (first, second):
        until(lambda each=each: found(each, case_id), seconds=SECONDS)  # type: ignore[misc]  # bound here
    request = search_pb2.SearchRegistrationsRequest(
        basis=search_pb2.SearchBasis(fir=order.convictions[0].fir), name=name
    )
    told = []
    for nth in range(SEARCHES + 2):
        try:
            (first, second)[nth % 2].client(PROSECUTION).lookup.search_registrations(request)
            told.append("")
        except Refused as refused:
            told.append(refused.reason)
    assert told == [""] * SEARCHES + ["BUDGET_EMPTY"] * 2
    assert operated(first.register.environment, "ledger", "verify").returncode == 0
