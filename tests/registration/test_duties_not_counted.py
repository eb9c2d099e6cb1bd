"""A policy of duties by which nobody counts is found, once the same server has written some fixed times since."""

from collections.abc import Callable

import pytest

from nsor_server.registration.duties import counted
from nsor_server.registration.duties.counted_history import NOT_COUNTED
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.registration.test_duties import released, today
from tests.registration.test_duties_counted import adopted, all_of
from tests.registration.test_duty_watch import watching as watching  # noqa: PLC0414 - a fixture
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "times"]


@pytest.fixture
def pass_(times: ReviewTimes, clock: Clock) -> Callable[[int], None]:
    """Let some fixed times come."""

    def of(count: int) -> None:
        for _ in range(count):
            clock.passes()
            assert times.look()

    return of


def test_a_policy_that_nobody_counts_by_is_found(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner, pass_: Callable[[int], None]
) -> None:
    released(services, today())
    adopted(services, keyring)
    pass_(2)  # they may come at two starts in a row, before anybody counts
    assert owner.findings() == []
    pass_(3)
    assert owner.findings() == [NOT_COUNTED]
    all_of(watching)  # what was late stays so
    assert owner.findings() == [NOT_COUNTED]


def test_a_policy_that_was_hidden_from_whoever_counts_is_found(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner, pass_: Callable[[int], None]
) -> None:
    released(services, today())
    adopted(services, keyring)
    with owner.without("policy_version", "version = (SELECT max(version) FROM policy_version)"):
        assert all_of(watching) == 0
    pass_(3)
    assert owner.findings() == [NOT_COUNTED]


def test_counting_that_has_stopped_in_the_middle_is_found(
    services: Services,
    watching: DutyWatch,
    keyring: Keyring,
    owner: Owner,
    pass_: Callable[[int], None],
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(2):
        released(services, today())
    adopted(services, keyring)
    pass_(2)
    with monkeypatch.context() as patched:
        patched.setattr(counted, "_MOST", 1)
        assert watching.recount()
    pass_(2)  # it has gone on since
    assert owner.findings() == []
    pass_(1)
    assert owner.findings() == [NOT_COUNTED]


def test_what_is_counted_in_time_is_no_finding(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner, pass_: Callable[[int], None]
) -> None:
    released(services, today())
    pass_(4)  # by its first policy a register counts nobody again
    adopted(services, keyring)
    all_of(watching)
    pass_(4)
    assert owner.findings() == []
