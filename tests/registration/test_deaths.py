"""A death that NADRA has reported and the record's owner has accepted archives the record at a fixed time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nsor.v1 import closure_pb2, types_pb2
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration.closure import rules, terms
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import NPB, PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.orders import Created, cnic, day, order
from tests.registration.test_closure import (
    ARCHIVED,
    CONFIRMED,
    NOBODY,
    RESTORED,
    TOLD,
    close,
    confirmed,
    old,
    state,
    time,
)
from tests.registration.test_custody import event
from tests.registration.test_identity_changes import decision, reported, verified
from tests.registration.test_review_decisions import MERGE, Pair, pair
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services, review_times

__all__ = ["clock", "pair", "time", "times"]


def dies(services: Services, created: Created | None = None) -> Created:
    """NADRA reports that he died on 1 February 2026, and the police of the place accept it."""
    created, handle = verified(services, created)
    reported(services, handle)
    services.ask(call_of(PUNJAB_POLICE), decision(services, created))
    return created


def test_a_verified_death_archives_the_record(services: Services, time: Callable[[], None], owner: Owner) -> None:
    created, living = dies(services), confirmed(services)
    assert state(services, created) == CONFIRMED
    time()
    assert (state(services, created), state(services, living)) == (ARCHIVED, CONFIRMED)
    archive = services.get(created.registration_id, NPB).archive
    assert (archive.reason, archive.died_date) == (closure_pb2.ARCHIVE_REASON_DECEASED, day(2026, 2, 1))
    assert (archive.certificate_number, archive.HasField("term_end_time")) == ("", False)
    assert services.owed(TOLD) == ["npb", "punjab-police", "punjab-prosecution"]
    services.hidden(created.registration_id, PUNJAB_POLICE)
    assert owner.findings() == []


def test_a_death_that_was_wrong_archives_nobody_again(
    services: Services, time: Callable[[], None], owner: Owner
) -> None:
    created = dies(services)
    time()
    close(services, created, kind=RESTORED)
    time()
    assert state(services, created) == CONFIRMED
    assert owner.findings() == []


def test_whom_npb_finds_alive_stays_whichever_day_archived_him(
    services: Services, time: Callable[[], None], owner: Owner
) -> None:
    # A certificate, or another of his records, may name another day than NADRA did.
    created = dies(services)
    close(services, created)
    close(services, created, kind=RESTORED)
    time()
    assert state(services, created) == CONFIRMED
    assert owner.findings() == []


@pytest.mark.parametrize("reported_only", [True, False])
def test_a_report_archives_nobody(services: Services, time: Callable[[], None], *, reported_only: bool) -> None:
    # What NADRA reports, until the owner accepts it, and what is recorded of custody verify nothing.
    if reported_only:
        created, handle = verified(services)
        reported(services, handle)
    else:
        created = services.confirmed(order(custody=types_pb2.Custody(state=types_pb2.CUSTODY_STATE_RELEASED)))
        services.ask(call_of(PUNJAB_POLICE), event(services, created, "DECEASED"))
        recorded = services.get(created.registration_id, NPB).custody
        assert recorded.state == types_pb2.CUSTODY_STATE_DECEASED
    time()
    assert state(services, created) == CONFIRMED


def test_who_has_died_has_died_in_all_of_his_records(
    pair: Pair, services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    pair.decide(MERGE)
    _, handle = verified(services, pair.first)  # of either: NADRA is handed out any one that waits
    reported(services, handle)
    both = (pair.first, pair.second)
    (of,) = (each for each in both if services.get(each.registration_id, NPB).identity.changes)
    services.ask(call_of(PUNJAB_POLICE), decision(services, of))
    while times.follow():
        pass
    clock.passes()
    assert times.look()
    assert (state(services, pair.first), state(services, pair.second)) == (ARCHIVED, ARCHIVED)
    assert owner.findings() == []


def test_a_death_that_nobody_has_verified_is_found(
    services: Services, time: Callable[[], None], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not even whoever runs another program archives anybody unseen.
    created = confirmed(services)
    with monkeypatch.context() as patched:
        patched.setattr(rules, "died_day", lambda _record: 20_000)
        time()
    assert state(services, created) == ARCHIVED
    assert owner.findings() == [NOBODY]


@pytest.mark.parametrize("both_over", [True, False])
def test_the_records_of_one_person_are_archived_when_all_terms_are_over(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, *, both_over: bool
) -> None:
    number = cnic()
    first = confirmed(services, number, convictions=[old()])
    second = confirmed(services, number, **({"convictions": [old()]} if both_over else {}))
    clock.passes()
    assert times.look()
    Pair(services, number, first, second).decide(MERGE)
    while times.follow():
        pass
    clock.passes()
    assert times.look()
    expected = ARCHIVED if both_over else CONFIRMED
    assert (state(services, first), state(services, second)) == (expected, expected)
    assert owner.findings() == []


def test_whoever_is_held_back_by_another_record_holds_back_nobody(
    services: Services, times: ReviewTimes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of as many as one time archives, none is: the next look begins behind them.
    monkeypatch.setattr(terms, "MOST", 1)
    monkeypatch.setattr(terms, "BATCH", 1)
    both = [(confirmed(services, number, convictions=[old()]), number) for number in (cnic(), cnic())]
    (held_back, number), (other, _) = sorted(both, key=lambda each: each[0].registration_id)
    within = confirmed(services, number)
    clock.passes()
    assert times.look()
    Pair(services, number, held_back, within).decide(MERGE)
    for _ in range(3):
        while times.follow():
            pass
        clock.passes()
        assert times.look()
    assert (state(services, held_back), state(services, other)) == (CONFIRMED, ARCHIVED)


def test_what_one_look_finds_beyond_what_a_time_archives_waits_for_the_next_ones(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A batch finds more than one time may write under the head's lock; nobody waits for the next day's look.
    monkeypatch.setattr(terms, "MOST", 2)
    number = cnic()
    first, second = [confirmed(services, number, convictions=[old()]) for _ in range(2)]
    clock.passes()
    assert times.look()
    Pair(services, number, first, second).decide(MERGE)
    every = [first, second, *(confirmed(services, cnic(), convictions=[old()]) for _ in range(3))]
    while times.follow():
        pass
    at_times: list[set[str]] = []
    for _ in range(4):
        clock.passes()
        assert times.look()
        archived = {each.registration_id for each in every if state(services, each) == ARCHIVED}
        at_times.append(archived.difference(*at_times))
    assert all(len(each) <= terms.MOST for each in at_times)
    assert {first.registration_id, second.registration_id} in at_times
    assert sum(map(len, at_times)) == len(every)
    assert owner.findings() == []


@pytest.mark.parametrize("policy_changes", [False, True])
def test_a_look_goes_on_where_the_process_before_was(
    services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, owner: Owner, *, policy_changes: bool
) -> None:
    # A server that is started again before it has read all would never come to the records at the end.
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    monkeypatch.setattr(terms, "BATCH", 2)
    every = [confirmed(services, cnic(), convictions=[old()]) for _ in range(3)]
    for _ in range(2):
        with review_times(services, keyring) as started:
            started.follow()
            assert started.look()
        if policy_changes:
            monkeypatch.setattr(terms, "_versions", lambda _: (7, 7))
    ended = [state(services, each) for each in every].count(ARCHIVED)
    assert ended == (2 if policy_changes else 3)
    assert owner.findings() == []
