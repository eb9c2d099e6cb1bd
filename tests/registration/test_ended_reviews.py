"""A review whose proposed end is withdrawn, refused or late is what it was before."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from nsor.v1 import errors_pb2, notification_pb2, proposals_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from tests import sides
from tests.agencies import LAHORE_HIGH_COURT, NPB, officer_of
from tests.attack.conftest import Owner, owner
from tests.calls import call_of
from tests.registration.test_held import CASES
from tests.registration.test_judgments import judgment
from tests.registration.test_pending import later
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair, pair
from tests.registration.test_reviews import clock, times
from tests.services import Services

__all__ = ["clock", "owner", "pair", "times"]

NOT_SO = proposals_pb2.PROPOSAL_REFUSAL_NOT_SO
WRONGLY = "a proposal how a review ends wasn't withdrawn or refused as it may be"
FOLLOWS = "the version of a decision on a review doesn't follow the one before"


def withdrawing() -> proposals_pb2.WithdrawProposalRequest:
    return proposals_pb2.WithdrawProposalRequest(request_id=str(uuid.uuid4()), review_number=1)


def refusing() -> proposals_pb2.RefuseProposalRequest:
    return proposals_pb2.RefuseProposalRequest(request_id=str(uuid.uuid4()), review_number=1, reason=NOT_SO)


@pytest.fixture
def first(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


@pytest.fixture
def second(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


def test_whoever_proposed_a_merge_withdraws_it(pair: Pair, owner: Owner, first: Officer, second: Officer) -> None:
    services = pair.services
    services.refused(errors.NoRecord, call_of(NPB, first), withdrawing())
    services.ask(call_of(NPB, first), pair.proposing(MERGE))
    services.refused(errors.NoRecord, call_of(NPB, second), withdrawing())
    outcome = services.ask(call_of(NPB, first), withdrawing())
    assert [each.table for each in outcome.records] == ["review_decision"]
    shown = pair.get().review
    assert (shown.state, shown.decision) == (reviews_pb2.REVIEW_STATE_OPEN, 0)
    assert shown.proposal_state == proposals_pb2.PROPOSAL_STATE_WITHDRAWN
    services.refused(errors.WrongState, call_of(NPB, second), pair.confirming(MERGE))
    services.refused(errors.WrongState, call_of(NPB, second), refusing())
    services.ask(call_of(NPB, second), pair.proposing(MERGE))
    services.ask(call_of(NPB, first), pair.confirming(MERGE))
    shown = pair.get().review
    assert (shown.state, shown.proposal_state) == (reviews_pb2.REVIEW_STATE_DECIDED, 0)
    assert owner.findings() == []


def test_a_merge_stays_when_taking_it_back_is_refused(
    pair: Pair, owner: Owner, first: Officer, second: Officer
) -> None:
    services = pair.services
    pair.decide(MERGE)
    services.ask(call_of(NPB, first), pair.proposing(REOPEN))
    refusal = services.refused(errors.Denied, call_of(NPB, first), refusing())
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.ask(call_of(NPB, second), refusing())
    assert services.owed(notification_pb2.EVENT_KIND_PROPOSAL_REFUSED) == ["npb"]
    shown = pair.get().review
    assert (shown.state, shown.decision) == (reviews_pb2.REVIEW_STATE_DECIDED, MERGE)
    assert (shown.proposal_state, shown.refusal) == (proposals_pb2.PROPOSAL_STATE_REFUSED, NOT_SO)
    services.refused(errors.WrongState, call_of(NPB, second), pair.confirming(REOPEN))
    services.refused(errors.WrongState, call_of(NPB, second), refusing())
    pair.decide(REOPEN)
    assert pair.get().review.state == reviews_pb2.REVIEW_STATE_OPEN
    assert owner.findings() == []


@pytest.mark.parametrize("decision", [MERGE, REOPEN])
def test_what_nobody_confirms_in_time_is_proposed_again(
    pair: Pair, first: Officer, second: Officer, monkeypatch: pytest.MonkeyPatch, decision: int
) -> None:
    services = pair.services
    if decision == REOPEN:
        pair.decide(MERGE)
    services.ask(call_of(NPB, first), pair.proposing(decision))
    assert pair.get().review.proposal_state == proposals_pb2.PROPOSAL_STATE_WAITING
    later(monkeypatch, dt.timedelta(days=16))
    services.refused(errors.WrongState, call_of(NPB, second), pair.confirming(decision))
    services.refused(errors.WrongState, call_of(NPB, second), refusing())
    services.refused(errors.WrongState, call_of(NPB, first), withdrawing())
    assert pair.get().review.proposal_state == proposals_pb2.PROPOSAL_STATE_EXPIRED
    services.ask(call_of(NPB, first), pair.proposing(decision))
    services.ask(call_of(NPB, second), pair.confirming(decision))


def test_a_proposal_of_a_review_that_is_hidden_is_as_absent_as_it_is(
    pair: Pair, owner: Owner, first: Officer, second: Officer
) -> None:
    services = pair.services
    services.ask(call_of(NPB, first), pair.proposing(MERGE))
    set_aside = judgment("SET_ASIDE", case_number=CASES[0], cnics=[pair.number])
    services.ask(call_of(LAHORE_HIGH_COURT), set_aside)
    services.refused(errors.NoRecord, call_of(NPB, second), refusing())
    services.refused(errors.NoRecord, call_of(NPB, first), withdrawing())
    assert owner.findings() == []


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("reverse", [True, False])
def test_a_merge_is_confirmed_or_refused_or_withdrawn(
    pair: Pair, owner: Owner, first: Officer, second: Officer, *, together: bool, reverse: bool
) -> None:
    services = pair.services
    services.ask(call_of(NPB, first), pair.proposing(MERGE))
    calls = [
        (call_of(NPB, second), pair.confirming(MERGE)),
        (call_of(NPB, second), refusing()),
        (call_of(NPB, first), withdrawing()),
    ]
    ended = services.at_once(*(reversed(calls) if reverse else calls), together=together)
    # The etag of a review changes with what is proposed of it.
    late = [isinstance(each, errors.WrongState | errors.EtagMismatch) for each in ended]
    assert late == [False, True, True]
    assert owner.findings() == []


def test_an_end_by_who_may_not_and_a_late_confirmation_are_found(
    pair: Pair, owner: Owner, first: Officer, second: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = pair.services
    services.ask(call_of(NPB, first), pair.proposing(MERGE))
    with monkeypatch.context() as patched:
        sides.compare_nobody(patched)
        services.ask(call_of(NPB, first), refusing())
    assert owner.findings() == [WRONGLY]
    with monkeypatch.context() as then:
        later(then, -dt.timedelta(days=30))
        services.ask(call_of(NPB, first), pair.proposing(MERGE))
    monkeypatch.setattr("nsor_server.registration.proposals.rules.is_open", lambda **_: True)
    services.ask(call_of(NPB, second), pair.confirming(MERGE))
    assert set(owner.findings()) == {WRONGLY, FOLLOWS}


def test_what_was_refused_of_a_review_stays_shown_when_it_is_proposed_again(
    pair: Pair, owner: Owner, first: Officer, second: Officer
) -> None:
    # Also once it is decided: whoever thinks of taking it back reads why it was in doubt.
    services = pair.services
    services.ask(call_of(NPB, first), pair.proposing(MERGE))
    services.ask(call_of(NPB, second), refusing())
    pair.decide(MERGE)
    services.ask(call_of(NPB, second), pair.proposing(REOPEN))
    services.ask(call_of(NPB, second), withdrawing())
    shown = pair.get().review
    assert [(each.decision, each.proposal.state, each.proposal.refusal) for each in shown.ended_proposals] == [
        (MERGE, proposals_pb2.PROPOSAL_STATE_REFUSED, NOT_SO),
        (REOPEN, proposals_pb2.PROPOSAL_STATE_WITHDRAWN, 0),
    ]
    assert [each.proposal.officer_number for each in shown.ended_proposals] == [
        first.officer_number,
        second.officer_number,
    ]
    (listed,) = services.ask(call_of(NPB), reviews_pb2.ListReviewsRequest()).response.reviews
    assert listed.ended_proposals == shown.ended_proposals
    assert owner.findings() == []
