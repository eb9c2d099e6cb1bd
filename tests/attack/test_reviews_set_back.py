"""The owner of the database changes an index while reviews are written, and puts it back: the review stays for good."""

from collections.abc import Iterator

import pytest

from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import NPB
from tests.attack.conftest import Owner
from tests.attack.test_set_back import OWN_CASE, confirmed
from tests.orders import cnic
from tests.registration.test_reviews import Clock, clock, listed
from tests.services import Services, review_times

__all__ = ["clock"]

WRONG = "a review doesn't name the registration that had the identifier first"
WRONG_CLAIM = "a claim doesn't say which of its identifiers an earlier registration had"
LEFT_OUT = "a registration that an earlier one holds back was left out of the reviews"


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def test_a_review_that_names_somebody_else_is_found(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    # NPB would never compare the first one. The review is sealed and recorded as it was written, and so is who is held.
    number = cnic()
    first, second, third = (confirmed(services, number, f"Sessions Case No. {nth}/2024") for nth in range(1, 4))
    clock.passes()
    with owner.without("registration_identifier", f"registration_id = '{first.registration_id}'"):
        assert times.look()
    assert [each[:2] for each in listed(services)] == [(third.registration_id, second.registration_id)]
    assert not services.get(second.registration_id, NPB).held_for_review
    assert set(owner.findings()) == {WRONG, WRONG_CLAIM}


def test_nobody_is_reviewed_with_somebody_who_has_not_the_identifier(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    # Whatever the index says, the sealed record says whose number it is.
    number = cnic()
    other = confirmed(services, cnic(), "Sessions Case No. 901/2024")
    first, _ = confirmed(services, number), confirmed(services, number, OWN_CASE)
    clock.passes()
    owner.does(
        "CREATE TEMP TABLE kept AS SELECT * FROM registration_identifier",
        f"DELETE FROM registration_identifier WHERE registration_id IN ('{first.key}', '{other.key}')",  # noqa: S608 - a test
        f"INSERT INTO registration_identifier SELECT '{other.key}', kind, key_id, blind FROM kept"  # noqa: S608 - a test
        f" WHERE registration_id = '{first.key}'",
    )
    assert times.look()
    owner.does("DELETE FROM registration_identifier", "INSERT INTO registration_identifier SELECT * FROM kept")
    assert listed(services) == []
    assert owner.findings() == [WRONG_CLAIM]


def test_a_registration_that_is_never_reviewed_is_found(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    # One that is confirmed while a time is written waits for the next; whatever waits longer was hidden.
    number = cnic()
    confirmed(services, number)
    clock.passes()
    assert times.look()
    second = confirmed(services, number, OWN_CASE)
    hidden = f"registration_id = '{second.registration_id}'"
    for findings in ([], [LEFT_OUT]):
        clock.passes()
        with owner.without("registration_claim", hidden):
            assert times.look()
        assert owner.findings() == findings
    clock.passes()
    assert times.look()
    assert [each[0] for each in listed(services)] == [second.registration_id]
    assert owner.findings() == [LEFT_OUT]


def test_reviews_of_an_honest_register_are_no_finding(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    numbers = [cnic() for _ in range(2)]
    for nth, number in enumerate((*numbers, *numbers, numbers[0])):
        confirmed(services, number, f"Sessions Case No. {nth + 1}/2024")
        if nth % 2:
            clock.passes()
            assert times.look()
    clock.passes()
    assert times.look()
    assert len(listed(services)) == 3
    assert owner.findings() == []


def test_who_is_held_no_more_is_not_left_out(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    # What becomes of one registration changes what is due of another, of which nothing was written since.
    number = cnic()
    first, second = confirmed(services, number), confirmed(services, number, OWN_CASE)
    clock.passes()
    assert times.look()
    services.judge_all(first, "PARDONED")
    hidden = f"registration_id = '{second.registration_id}'"
    for findings in ([], [LEFT_OUT]):
        clock.passes()
        with owner.without("registration_claim", hidden):
            assert times.look()
        assert owner.findings() == findings
