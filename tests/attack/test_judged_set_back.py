"""The owner of the database hides a judgment, or whom it met, while a time is written: what was sealed stays."""

from collections.abc import Iterator

import pytest

from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.attack.conftest import Owner
from tests.orders import conviction
from tests.registration.test_judged import clock, listed
from tests.registration.test_reviews import Clock
from tests.services import Services, review_times

__all__ = ["clock"]

WRONG = "a time for reviews doesn't name the judgments since the last one, or whom they have met"


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def test_an_honest_register_has_told_of_every_judgment(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    services.confirm(services.create())
    for number in ("Sessions Case No. 123/2022", "Murder Reference No. 123/2022", "Sessions Case No. 9/2020"):
        services.judge(conviction(case_number=number), "APPEAL_FILED")
        clock.passes()
        assert times.look()
    assert len(listed(services)) == 2
    assert owner.findings() == []


@pytest.mark.parametrize("hidden", ["judgment_version", "registration_case"])
def test_a_judgment_that_is_told_of_to_nobody_or_as_if_it_had_met_nobody_is_found(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock, hidden: str
) -> None:
    # The owner, the police and the prison would go on as if nothing had been judged.
    services.confirm(services.create())
    services.judge(conviction(), "APPEAL_FILED")
    clock.passes()
    with owner.without(hidden, "true"):
        assert times.look()
    assert owner.findings() == [WRONG]
