"""The owner of the database keeps one kind of fixed times from ever coming: no row is wrong, and nobody is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.lookup.times import LookUpTimes
from nsor_server.lookup.tripwires.times import TripwireTimes
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.storage.keyring import Keyring
from nsor_server.verification import left_out
from tests.attack.conftest import Owner
from tests.calls import TRACING
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_returned import granted
from tests.services import Services, review_times

Looks = dict[str, Callable[[], object]]
KINDS = ("reviews", "recalls", "the look-up", "tripwires")


@pytest.fixture
def looks(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looks]:
    """What writes each kind of times; one has always come."""
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    monkeypatch.setattr(rules, "ENTRIES", 2)  # of each time of recalls: they aren't what this is about
    services.directory.reload()
    having = services.database, services.writer, services.directory, TRACING, keyring
    recalls, look_ups, tripwires = RecallTimes(*having), LookUpTimes(*having), TripwireTimes(*having)

    def every_entry() -> None:
        while recalls.look():
            pass

    with review_times(services, keyring) as reviews:
        looks = {"reviews": reviews.look, "recalls": every_entry, "the look-up": look_ups.look}
        yield {**looks, "tripwires": tripwires.look}
    for each in (recalls, look_ups, tripwires):
        each.stop()


@pytest.fixture
def served(services: Services, requests: AccessRequests, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> Looks:
    """A register in which each kind has begun, and by whose clock times follow each other fast."""
    monkeypatch.setattr(left_out, "LEAST_US", 0)
    services.confirmed()
    granted(requests)
    for look in looks.values():
        look()
    return looks


@pytest.mark.parametrize("hidden", KINDS)
def test_a_kind_of_times_that_was_left_out_is_found(served: Looks, owner: Owner, hidden: str) -> None:
    others = [name for name in KINDS if name != hidden]
    assert owner.findings() == []
    for _ in range(left_out.LEAST):
        for name in others:
            served[name]()
    expected = {f"the fixed times of {hidden} were left out while those of {each} came" for each in others}
    assert set(owner.findings()) == expected


def test_times_that_all_come_are_no_finding(served: Looks, owner: Owner) -> None:
    for _ in range(2 * left_out.LEAST):
        for look in served.values():
            look()
    assert owner.findings() == []


@pytest.mark.parametrize("hidden", ["recalls", "the look-up"])
def test_one_that_never_began_though_there_was_something_to_look_for_is_found(
    services: Services,
    requests: AccessRequests,
    looks: Looks,
    owner: Owner,
    *,
    monkeypatch: pytest.MonkeyPatch,
    hidden: str,
) -> None:
    monkeypatch.setattr(left_out, "LEAST_US", 0)
    for _ in range(left_out.LEAST):
        looks["reviews"]()
        looks["tripwires"]()
    assert owner.findings() == []
    services.confirmed()
    granted(requests)
    for _ in range(left_out.LEAST):
        for name, look in looks.items():
            if name != hidden:
                look()
    assert {each.split(" were ")[0] for each in owner.findings()} == {f"the fixed times of {hidden}"}


def test_by_the_policy_times_never_follow_each_other_that_fast(
    served: Looks, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_out, "LEAST_US", 60_000_000)
    for _ in range(left_out.LEAST):
        served["reviews"]()
    assert owner.findings() == []
