"""The owner of the database hides a proposal, or the decision on one, for one call, and puts it back."""

import pytest

from nsor.v1 import amendments_pb2
from nsor_server.registration.amendments import rules
from tests.agencies import NPB, PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.orders import Created
from tests.registration.test_amend import released
from tests.registration.test_proposals import acceptance, listed, proposal, proposed, refusal, told
from tests.services import Services

REST = "an answer with amendments didn't rest on all that were proposed and decided"
OLDER = "the answer showed another version than the newest one"


@pytest.fixture
def created(services: Services) -> Created:
    return released(services)


def test_honest_lists_are_no_finding(
    services: Services, owner: Owner, created: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Waiting, accepted and refused ones, more than a list reads, for who proposed them and who decides.
    for end in (acceptance, refusal):
        services.ask(call_of(PUNJAB_POLICE), end(services, created, proposed(services, created, NPB)))
    waiting = [proposed(services, created, NPB) for _ in range(3)]
    proposed(services, released(services), NPB)
    monkeypatch.setattr(rules, "MOST_LISTED", 2)
    assert len(listed(services, created, PUNJAB_POLICE)) == 2
    services.ask(call_of(PUNJAB_POLICE), refusal(services, created, waiting[-1]))
    for agency in (NPB, PUNJAB_POLICE):
        listed(services, created, agency)
        told(services, created, agency, waiting[0])
    # What is proposed while a list is made is in it.
    asked = amendments_pb2.ListAmendmentsRequest(registration_id=created.registration_id)
    services.at_once(
        (call_of(NPB), proposal(created, nationality="AF")), (call_of(PUNJAB_POLICE), asked), together=False
    )
    services.judge_all(created, "SET_ASIDE")
    assert owner.findings() == []


def test_a_proposal_that_was_hidden_from_its_list_is_found(services: Services, owner: Owner, created: Created) -> None:
    one, other = proposed(services, created, NPB), proposed(services, created, NPB)
    with owner.without("registration_amendment", f"amendment_id = '{one}'"):
        assert [each.amendment_id for each in listed(services, created, PUNJAB_POLICE)] == [other]
    assert owner.findings() == [REST]


@pytest.mark.parametrize("by_list", [True, False])
def test_a_refusal_that_was_hidden_is_found(
    services: Services, owner: Owner, created: Created, *, by_list: bool
) -> None:
    # What the owner has refused waits for him once more.
    one = proposed(services, created, NPB)
    services.ask(call_of(PUNJAB_POLICE), refusal(services, created, one))
    with owner.without("registration_amendment_decision", "true"):
        if by_list:
            assert len(listed(services, created, PUNJAB_POLICE)) == 1
        else:
            told(services, created, PUNJAB_POLICE, one)
    assert owner.findings() == [REST]


def test_a_list_beside_an_older_record_is_found(services: Services, owner: Owner, created: Created) -> None:
    # Who owns a record, and so who sees what waits, follows from its newest version.
    proposed(services, created, NPB)
    services.judge_all(created, "SET_ASIDE")
    with owner.without("registration_version", "version = 3"):
        assert listed(services, created, PUNJAB_POLICE)
    assert owner.findings() == [OLDER]
