"""The owner of the database takes a person's registrations apart, or puts others together, for one call or for good."""

import pytest

from nsor_server import errors
from nsor_server.registration.persons.changes import Changes
from tests import sides
from tests.agencies import NPB
from tests.attack.conftest import Owner
from tests.attack.test_set_back import at_the_border, opening
from tests.calls import call_of
from tests.registration.test_review_decisions import DISTINCT, IN_ERROR, MERGE, Pair, pair, tried
from tests.registration.test_reviews import clock, times

__all__ = ["clock", "pair", "times"]

NOT_ALL = "the answer didn't show all registrations of the person, or another version of one"
CLAIM = "a claim doesn't say of which person NPB decided that it is, or what is disputed of it"
WITHDRAWN = "a registration was withdrawn without a decision of NPB, or wasn't by one"


@pytest.mark.parametrize("table", ["registration_version", "registration_claim"])
def test_nobody_is_shown_a_part_of_a_person(pair: Pair, owner: Owner, table: str) -> None:
    # One of his records hidden, there is no answer; with an older version of one it is found.
    services = pair.services
    pair.decide(MERGE)
    with owner.without(table, f"registration_id = '{pair.second.registration_id}'"):
        services.refused(errors.Internal, *at_the_border(pair.number))
    assert owner.findings() == []


def test_an_older_version_of_a_part_is_found(pair: Pair, owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    case_id = opening(services, pair.number)
    where = f"registration_id = '{pair.second.registration_id}' AND version = 2"
    with owner.without("registration_version", where):
        tried(services, case_id, pair.number)
    assert owner.findings() == [NOT_ALL]


@pytest.mark.parametrize(("decision", "problem"), [(MERGE, {CLAIM}), (DISTINCT, {CLAIM}), (IN_ERROR, {WITHDRAWN})])
def test_a_decision_that_was_not_carried_out_is_found(
    pair: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch, decision: int, problem: set[str]
) -> None:
    # A server that was changed may seal and record a decision, and not what follows from it.
    monkeypatch.setattr(Changes, "decided", lambda *_: None)
    pair.decide(decision, *([] if decision == MERGE else [pair.second]))
    assert set(owner.findings()) == problem


def test_a_decision_by_one_officer_alone_is_found(pair: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    sides.compare_nobody(monkeypatch)
    officer = call_of(NPB).officer
    pair.services.ask(call_of(NPB, officer), pair.proposing(MERGE))
    pair.services.ask(call_of(NPB, officer), pair.confirming(MERGE))
    assert owner.findings() == ["a decision on a review was confirmed by the officer who had proposed it"]


def test_a_decision_that_was_hidden_from_another_is_found(pair: Pair, owner: Owner) -> None:
    # Two officers would decide anew what is decided.
    pair.decide(DISTINCT, pair.second)
    owner.does("ALTER TABLE review_decision DROP CONSTRAINT review_decision_review_number_version_key")
    with owner.without("review_decision", "true"):
        pair.services.ask(call_of(NPB), pair.proposing(MERGE))
    assert "the version of a decision on a review doesn't follow the one before" in owner.findings()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE review_decision SET review_number = review_number + 1",
        "DELETE FROM review_decision WHERE version = 2",
        "UPDATE registration_claim SET person = '' WHERE version = 2",
    ],
)
def test_verification_sees_a_changed_decision(pair: Pair, owner: Owner, change: str) -> None:
    pair.decide(MERGE)
    assert owner.findings() == []
    owner.does(change)
    assert owner.findings()
