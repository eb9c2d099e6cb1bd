"""Erasure of a record that has met another one: what NPB decided of both is undone before, and all is told again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nsor.v1 import reviews_pb2
from nsor_server import errors
from nsor_server.registration.closure import erasing, meetings
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import NPB
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_set_back import confirmed, is_shown
from tests.calls import call_of
from tests.orders import Created
from tests.registration.test_closure import close, proposing
from tests.registration.test_duplicates import SINGLE, caught_up, entered
from tests.registration.test_erasure import REASON, decided, destroy, gone
from tests.registration.test_held import CASES
from tests.registration.test_review_decisions import DISTINCT, MERGE, REOPEN, Pair, clock, pair, times
from tests.registration.test_reviews import Clock
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock", "pair", "times"]

NOT_FREE = "a registration is to be erased that what was decided of another one needs"
WRONG_CLAIM = "a claim doesn't say which of its identifiers an earlier registration had"
LEFT_UNSAID = "a registration was erased, and by whom it was held while it stood isn't said"


def erased(services: Services, keyring: Keyring, created: Created) -> None:
    """Withdraws, decides and destroys."""
    close(services, created, **WITHDRAWN)
    decided(services, created)
    destroy(services, keyring)
    gone(services, created)


@pytest.fixture
def later(times: ReviewTimes, clock: Clock) -> Callable[[], None]:
    """The next time for reviews comes."""

    def passes() -> None:
        caught_up(times)
        clock.passes()
        assert times.look()

    return passes


def reviews(services: Services) -> list[int]:
    found = services.ask(call_of(NPB), reviews_pb2.ListReviewsRequest()).response.reviews
    return [each.number for each in found]


@pytest.mark.parametrize("nth", [0, 1])
def test_whoever_had_its_number_stays_and_why_he_was_held_can_be_told(
    pair: Pair, keyring: Keyring, owner: Owner, later: Callable[[], None], nth: int
) -> None:
    # Of two with one number: the one that held the other one back, or the one that was held.
    services, both = pair.services, (pair.first, pair.second)
    assert is_shown(services, pair.number)
    assert pair.get().review.number == 1
    assert reviews(services) == [1]
    third = confirmed(services, pair.number, CASES[2])
    erased(services, keyring, both[nth])
    later()
    assert is_shown(services, pair.number)
    assert not services.get(both[1 - nth].registration_id, NPB).held_for_review
    assert services.get(third.registration_id, NPB).held_for_review
    assert reviews(services) == [2]
    services.refused(errors.NoRecord, call_of(NPB), reviews_pb2.GetReviewRequest(review_number=1))
    assert owner.findings() == []


def test_all_of_one_number_can_go_one_after_the_other(pair: Pair, keyring: Keyring, owner: Owner) -> None:
    third = confirmed(pair.services, pair.number, CASES[2])
    for each in (pair.second, pair.first, third):
        erased(pair.services, keyring, each)
        assert owner.findings() == []
    assert not is_shown(pair.services, pair.number)


def test_one_that_is_merged_is_erased_once_two_officers_have_undone_that(
    pair: Pair, keyring: Keyring, owner: Owner
) -> None:
    # Who was shown the two as one, what they were then, can be told still.
    services = pair.services
    pair.decide(MERGE)
    assert is_shown(services, pair.number)
    services.get(pair.first.registration_id, NPB)
    close(services, pair.second, **WITHDRAWN)
    services.refused(errors.WrongState, call_of(NPB), proposing(services, pair.second, **REASON))
    pair.decide(REOPEN)
    decided(services, pair.second)
    destroy(services, keyring)
    gone(services, pair.second)
    assert is_shown(services, pair.number)
    assert owner.findings() == []


@pytest.mark.parametrize("nth", [0, 1])
def test_one_whose_review_has_made_a_number_of_the_other_one_disputed_is_not_erased(
    pair: Pair, keyring: Keyring, owner: Owner, nth: int
) -> None:
    # Nobody could take that back. What is disputed of the erased one itself goes with it.
    services, both = pair.services, (pair.first, pair.second)
    pair.decide(DISTINCT, both[nth])
    for each in both:
        close(services, each, **WITHDRAWN)
    services.refused(errors.WrongState, call_of(NPB), proposing(services, both[1 - nth], **REASON))
    decided(services, both[nth])
    destroy(services, keyring)
    assert owner.findings() == []


def test_one_of_which_something_is_proposed_in_a_review_is_not_erased(pair: Pair) -> None:
    services = pair.services
    services.ask(call_of(NPB), pair.proposing(MERGE))
    close(services, pair.first, **WITHDRAWN)
    services.refused(errors.WrongState, call_of(NPB), proposing(services, pair.first, **REASON))


def test_a_likely_duplicate_is_erased_and_its_review_is_shown_to_nobody(
    services: Services, keyring: Keyring, owner: Owner, later: Callable[[], None]
) -> None:
    first, _ = entered(services, *SINGLE), entered(services, *SINGLE)
    later()
    assert reviews(services) == [1]
    erased(services, keyring, first)
    assert reviews(services) == []
    later()
    assert reviews(services) == []
    assert owner.findings() == []


def test_one_that_was_not_free_to_go_is_found(
    pair: Pair, keyring: Keyring, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever hides a decision on a review from two officers and the operator.
    pair.decide(DISTINCT, pair.second)
    with monkeypatch.context() as patched:
        patched.setattr(meetings, "check_free", lambda *_: [])
        erased(pair.services, keyring, pair.first)
    assert owner.findings() == [NOT_FREE]


@pytest.mark.parametrize("nth", [0, 1])
def test_whose_numbers_were_hidden_while_it_was_destroyed_is_found(
    pair: Pair, keyring: Keyring, owner: Owner, nth: int
) -> None:
    # What it had in common with another one is destroyed with it, but for what its erasure says.
    both = pair.first, pair.second
    close(pair.services, both[nth], **WITHDRAWN)
    decided(pair.services, both[nth])
    with owner.without("registration_identifier", f"registration_id = '{both[1 - nth].key}'"):
        destroy(pair.services, keyring)
    assert (LEFT_UNSAID if nth else WRONG_CLAIM) in owner.findings()


def test_a_column_beside_its_claim_that_was_changed_is_found(pair: Pair, keyring: Keyring, owner: Owner) -> None:
    erased(pair.services, keyring, pair.second)
    owner.does(
        f"UPDATE registration_claim SET cnic_held = false WHERE registration_id = '{pair.second.key}'"  # noqa: S608 - an id
    )
    assert owner.findings() == ["a column beside the versions of a registration that was erased was changed"]


def test_one_that_was_merged_since_it_was_decided_is_not_destroyed(
    pair: Pair, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever gets past the two officers' refusal meets the operator's.
    pair.decide(MERGE)
    close(pair.services, pair.first, **WITHDRAWN)
    with monkeypatch.context() as patched:
        patched.setattr(meetings, "check_free", lambda *_: [])
        decided(pair.services, pair.first)
    with pytest.raises(erasing.NotErased, match="is needed for what was decided"):
        destroy(pair.services, keyring)
    assert pair.services.one("SELECT count(*) FROM registration_key") == 2
