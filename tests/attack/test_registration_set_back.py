"""The owner of the database hides what stands beside a record while it is shown, and puts it back."""

from nsor.v1 import registration_pb2
from tests.agencies import LAHORE_HIGH_COURT, NPB, PUNJAB_POLICE, PUNJAB_PRISONS
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.registration.test_custody import custody, expected, held
from tests.registration.test_judgments import by_prosecution, confirming
from tests.registration.test_review_decisions import DISTINCT, Pair, pair
from tests.registration.test_reviews import clock, times
from tests.registration.test_validation import INTENSIVE, confirmed, saying, shown
from tests.services import Services

__all__ = ["clock", "pair", "times"]

OLDER = "the answer showed another version than the newest one"


def test_a_claim_that_was_hidden_from_its_record_is_found(pair: Pair, owner: Owner) -> None:
    # Its newest version says that it isn't held any more, and of whom it is.
    pair.services.get(pair.second.registration_id, NPB)
    pair.decide(DISTINCT, pair.second)
    assert owner.findings() == []
    where = f"registration_id = '{pair.second.registration_id}' AND version = 2"
    with owner.without("registration_claim", where):
        assert pair.services.get(pair.second.registration_id, NPB).held_for_review
    assert owner.findings() == ["the answer rests on another claim than the newest one"]


def test_a_validation_that_was_hidden_is_found(services: Services, owner: Owner) -> None:
    # Its owner would look at it by a day that isn't his any more.
    created = confirmed(services)
    before = shown(services, created, PUNJAB_POLICE).validation
    services.ask(call_of(PUNJAB_POLICE), saying(services, created, tier=INTENSIVE))
    assert shown(services, created, PUNJAB_POLICE).validation != before
    assert owner.findings() == []
    with owner.without("registration_validation", "version = 2"):
        assert shown(services, created, PUNJAB_POLICE).validation == before
    assert owner.findings() == ["the answer showed another validation than the newest one"]


def test_an_older_custody_that_was_shown_is_found(services: Services, owner: Owner) -> None:
    created = held(services)
    expected(services, created)
    before = custody(services, created, PUNJAB_PRISONS)
    assert before.HasField("expected_release")
    with owner.without("registration_version", "version = 3"):
        assert not custody(services, created, PUNJAB_PRISONS).HasField("expected_release")
    assert owner.findings() == [OLDER]


def test_a_judgment_that_was_shown_as_it_was_before_is_found(services: Services, owner: Owner) -> None:
    # Its registry would confirm it once more, or nobody would know that it has.
    judgment_id = by_prosecution(services)
    services.ask(call_of(LAHORE_HIGH_COURT), confirming(judgment_id))
    request = registration_pb2.GetJudgmentRequest(judgment_id=judgment_id)
    with owner.without("judgment_version", "version = 2"):
        shown_to = services.ask(call_of(NPB), request).response.judgment
    assert shown_to.state == registration_pb2.JUDGMENT_STATE_RECORDED
    assert owner.findings() == [OLDER]
