"""The owner of the database hides a review, or what was decided on it, for one call of NPB, and puts it back."""

from collections.abc import Callable

import pytest

from nsor.v1 import judgments_pb2, reviews_pb2
from nsor_server.registration.reviews import ReviewTimes
from tests.agencies import NPB, officer_of
from tests.attack.conftest import Owner
from tests.attack.test_set_back import confirmed
from tests.calls import call_of
from tests.registration.test_held import CASES
from tests.registration.test_review_decisions import DISTINCT, MERGE, Pair, pair
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "pair", "times"]

OFFICER = officer_of(NPB)
SHOWN = "what NPB was shown of reviews, or of their times, isn't what there was"
LIST = reviews_pb2.ListReviewsRequest()
TIMES = judgments_pb2.ListUnmatchedJudgmentsRequest()


def listed(pair: Pair, **fields: object) -> reviews_pb2.ListReviewsResponse:
    request = reviews_pb2.ListReviewsRequest(**fields)  # type: ignore[arg-type]  # whatever the test gives
    response: reviews_pb2.ListReviewsResponse = pair.services.ask(call_of(NPB, OFFICER), request).response
    return response


def third(pair: Pair, times: ReviewTimes, clock: Clock) -> None:
    """A third registration with the number, and the review of it."""
    confirmed(pair.services, pair.number, CASES[2])
    clock.passes()
    assert times.look()


def test_an_honest_register_has_no_finding(pair: Pair, owner: Owner, times: ReviewTimes, clock: Clock) -> None:
    third(pair, times, clock)
    for decision in (MERGE, reviews_pb2.REVIEW_DECISION_REOPEN):
        pair.get()
        # What is proposed while a list is made is in it.
        proposing = pair.proposing(decision)
        pair.services.at_once((call_of(NPB), proposing), (call_of(NPB), LIST), together=False)
        pair.services.ask(call_of(NPB), pair.confirming(decision))
        page = listed(pair, page_size=1)
        assert listed(pair, page_size=1, page_token=page.next_page_token).reviews
        pair.get()
    pair.services.judge_all(pair.second, "SET_ASIDE")
    assert len(listed(pair).reviews) < 2
    pair.services.ask(call_of(NPB), TIMES)
    assert owner.findings() == []


def test_a_register_without_reviews_has_no_finding(services: Services, owner: Owner) -> None:
    for request in (LIST, TIMES):
        services.ask(call_of(NPB), request)
    assert owner.findings() == []


@pytest.mark.parametrize("shown", [listed, Pair.get])
def test_a_decision_that_was_hidden_is_found(pair: Pair, owner: Owner, shown: Callable[[Pair], object]) -> None:
    # Another officer would go on with what has been proposed, or has ended, already.
    pair.services.ask(call_of(NPB), pair.proposing(MERGE))
    with owner.without("review_decision", "true"):
        shown(pair)
    assert owner.findings() == [SHOWN]


def test_a_review_that_was_hidden_from_the_list_is_found(
    pair: Pair, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    third(pair, times, clock)
    with owner.without("registration_review", "number = 2"):
        assert [each.number for each in listed(pair).reviews] == [1]
    assert owner.findings() == [SHOWN]


def test_a_review_that_was_hidden_from_a_later_page_is_found(
    pair: Pair, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    third(pair, times, clock)
    page = listed(pair, page_size=1)
    with owner.without("registration_review", "number = 1"):
        assert not listed(pair, page_size=1, page_token=page.next_page_token).reviews
    assert owner.findings() == [SHOWN]


def test_a_sealed_registration_whose_review_was_listed_is_found(pair: Pair, owner: Owner) -> None:
    # A single officer doesn't hear of it.
    pair.services.judge_all(pair.second, "SET_ASIDE")
    version = pair.services.one(
        "SELECT max(version) FROM registration_version WHERE registration_id = %s", pair.second.registration_id
    )
    where = f"registration_id = '{pair.second.registration_id}' AND version = {version}"
    with owner.without("registration_version", where):
        assert listed(pair).reviews
    assert owner.findings() == [SHOWN]


def test_a_claim_that_was_hidden_from_a_review_is_found(pair: Pair, owner: Owner) -> None:
    # Which of its identifiers are disputed, and who is of one person with it, stands in the claim.
    pair.decide(DISTINCT, pair.second)
    where = f"registration_id = '{pair.second.registration_id}' AND version = 2"
    with owner.without("registration_claim", where):
        assert not pair.get().registration.disputed
    assert owner.findings() == [SHOWN]


def test_a_time_that_was_hidden_from_what_met_nobody_is_found(
    pair: Pair, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    clock.passes()
    assert times.look()
    with owner.without("review_time", "number = 2"):
        pair.services.ask(call_of(NPB), TIMES)
    assert owner.findings() == [SHOWN]
