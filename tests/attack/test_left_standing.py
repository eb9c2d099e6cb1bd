"""Whoever owns the database hides somebody from a look at terms and deaths: it is told, and nobody else is accused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw
from nsor_server.policy import source
from nsor_server.policy import store as policies
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration import review_store
from nsor_server.registration.closure import terms
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.orders import Created, cnic, order
from tests.registration.test_amend import amendment
from tests.registration.test_closure import ARCHIVED, CONFIRMED, RESTORED, close, confirmed, old, state
from tests.registration.test_deaths import dies
from tests.registration.test_identity_changes import decision, reported, verified
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "times"]

STATE = "UPDATE registration_version SET state = {} WHERE version > 1 AND {}"
LEFT_STANDING = "a record whose term was over, or whose person had died, was left out when all were looked at"
LEFT_OUT = "the end of a person's record, or what undid it, has left out another one of his records"


@pytest.fixture
def follow(times: ReviewTimes, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Looks at all of the register, as once a day."""
    monkeypatch.setattr(terms, "EVERY", dt.timedelta())

    def once() -> None:
        while times.follow():
            pass

    return once


@pytest.fixture
def look(times: ReviewTimes, clock: Clock) -> Callable[[], None]:
    """Has a fixed time come."""

    def once() -> None:
        clock.passes()
        assert times.look()

    return once


def last(services: Services) -> record_pb2.ReviewTimeRecord:
    with services.database.owner() as conn:
        record = review_store.last_time(conn, services.sealer)
    assert record is not None
    return record


def in_another_case(services: Services) -> Created:
    """A record whose term is over; no judgment about the others is about it."""
    other = old()
    other.court_case.case_number = "Sessions Case No. 77/2007"
    created = services.create(order(convictions=[other]))
    services.confirm(created, judgment_date=other.judgment_date, case_number=other.court_case.case_number)
    return created


def merged(services: Services, look: Callable[[], None], **second: Any) -> Pair:
    """Two records of one person; the term of the first one is over."""
    number = cnic()
    first = confirmed(services, number, convictions=[old()])
    person = Pair(services, number, first, confirmed(services, number, **second))
    look()
    person.decide(MERGE)
    return person


def of(created: Created) -> str:
    return f"registration_id = '{created.key}'"


@pytest.mark.parametrize("dead", [True, False])
@pytest.mark.parametrize("hidden", ["its row", "its key", "its state"])
def test_who_was_hidden_from_a_look_is_found(
    services: Services, follow: Callable[[], None], look: Callable[[], None], owner: Owner, *, dead: bool, hidden: str
) -> None:
    # He stays registered otherwise, and found, as long as somebody hides him each day.
    created = dies(services) if dead else confirmed(services, convictions=[old()])
    table = {"its row": "registration_version", "its key": "registration_key"}.get(hidden)
    hidden_state, shown_state = (STATE.format(each, of(created)) for each in (1, 2))
    hiding = owner.without(table, of(created)) if table else owner.changing(hidden_state, shown_state)
    with hiding:
        follow()
    look()
    assert state(services, created) == CONFIRMED
    assert owner.findings() == [LEFT_STANDING]


def test_who_was_hidden_when_he_would_have_been_archived_is_found(
    services: Services, follow: Callable[[], None], look: Callable[[], None], owner: Owner
) -> None:
    created = confirmed(services, convictions=[old()])
    follow()
    with owner.without("registration_key", of(created)):
        look()
    assert LEFT_STANDING in owner.findings()


def test_a_change_each_day_hides_nobody_who_was_over_all_the_while(
    services: Services, follow: Callable[[], None], look: Callable[[], None], owner: Owner
) -> None:
    created = confirmed(services, convictions=[old()])
    with owner.without("registration_key", of(created)):
        follow()
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, email_addresses=["ali@example.pk"]))
    look()
    assert owner.findings() == [LEFT_STANDING]


def test_a_persons_other_record_that_was_hidden_when_he_had_died_is_found(
    services: Services, follow: Callable[[], None], look: Callable[[], None], owner: Owner
) -> None:
    # An older claim is as well sealed as the newest one: by it he has one record alone.
    person = merged(services, look)
    _, handle = verified(services, person.first)  # of either
    reported(services, handle)
    both = (person.first, person.second)
    dead, other = sorted(both, key=lambda each: not services.get(each.registration_id, NPB).identity.changes)
    services.ask(call_of(PUNJAB_POLICE), decision(services, dead))
    with owner.without("registration_claim", f"version > 1 AND {of(dead)}"):
        follow()
        look()
    assert (state(services, dead), state(services, other)) == (ARCHIVED, CONFIRMED)
    assert LEFT_OUT in owner.findings()


def test_two_terms_that_are_over_hold_nobody_back(
    services: Services, follow: Callable[[], None], look: Callable[[], None], owner: Owner
) -> None:
    # One is hidden: by the other one both are archived, but that is hidden as well.
    person = merged(services, look, convictions=[old()])
    both = f"registration_id IN ('{person.first.key}', '{person.second.key}')"
    with owner.without("registration_key", both):
        follow()
    look()
    assert owner.findings() == [LEFT_STANDING]


def test_whoever_is_held_back_accuses_nobody(
    services: Services, follow: Callable[[], None], look: Callable[[], None], owner: Owner
) -> None:
    # By another record of the person while there is one; from the next look on he is archived.
    person = merged(services, look)
    over = confirmed(services, cnic(), convictions=[old()])
    follow()
    look()
    assert last(services).terms.size
    assert [state(services, each) for each in (person.first, person.second, over)] == [CONFIRMED, CONFIRMED, ARCHIVED]
    follow()
    person.decide(REOPEN)
    look()
    follow()
    look()
    assert (state(services, person.first), state(services, person.second)) == (ARCHIVED, CONFIRMED)
    assert owner.findings() == []


def test_what_changes_while_a_look_lasts_accuses_nobody(
    services: Services, follow: Callable[[], None], look: Callable[[], None], owner: Owner
) -> None:
    # An appeal is open when he would be archived; another one comes out of the archive meanwhile, by two officers.
    created, restored = confirmed(services, convictions=[old()]), in_another_case(services)
    close(services, restored)
    follow()
    services.judge(old(), "APPEAL_FILED")
    close(services, restored, kind=RESTORED)
    look()
    assert last(services).terms.size
    assert [state(services, each) for each in (created, restored)] == [CONFIRMED, CONFIRMED]
    services.judge(old(), "APPEAL_DISMISSED")
    follow()
    look()
    assert [state(services, each) for each in (created, restored)] == [ARCHIVED, ARCHIVED]
    assert owner.findings() == []


def test_a_look_that_was_taken_under_two_policies_says_nothing(
    services: Services,
    follow: Callable[[], None],
    look: Callable[[], None],
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    confirmed(services, convictions=[old()])
    follow()
    with monkeypatch.context() as patched:
        patched.setattr(terms, "_versions", lambda _directory: (2, 1))
        look()
    assert not last(services).HasField("terms")
    assert owner.findings() == []


def test_one_that_could_not_be_read_is_said_and_accuses_nobody(
    services: Services, follow: Callable[[], None], look: Callable[[], None], owner: Owner
) -> None:
    # A broken disk, or whoever garbles a row each day; there is an alert each time.
    created = confirmed(services, convictions=[old()])
    garbled = "UPDATE registration_version SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE "
    with owner.changing(garbled + of(created), garbled + of(created)):
        follow()
    look()
    assert list(last(services).terms.unread_ids) == [raw(created.registration_id)]
    assert owner.findings() == []
    follow()
    look()
    assert state(services, created) == ARCHIVED


def test_a_look_that_lasts_longer_than_one_time_is_said_when_it_ends(
    services: Services, times: ReviewTimes, look: Callable[[], None], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "MOST", 1)
    every = [confirmed(services, cnic(), convictions=[old()]) for _ in range(2)]
    while times.follow():
        pass
    look()
    assert not last(services).HasField("terms")
    while not last(services).HasField("terms"):
        while times.follow():
            pass
        look()
    assert [state(services, each) for each in every] == [ARCHIVED, ARCHIVED]
    assert owner.findings() == []


def test_a_term_that_ends_after_the_instant_of_the_time_accuses_nobody(
    services: Services,
    follow: Callable[[], None],
    times: ReviewTimes,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It is found by the look, and isn't over at the instant for which the time is written: a later look archives it.
    created = confirmed(services, convictions=[old()])
    ends_us = to_us(dt.datetime(2019, 5, 31, 18, 59, 59, tzinfo=dt.UTC))
    follow()
    known = review_store.state
    monkeypatch.setattr(review_store, "state", lambda conn: replace(known(conn), since_us=0))
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, _now_us: ends_us - 1)
    assert times.look()
    assert (state(services, created), last(services).terms.at_us) == (CONFIRMED, ends_us - 1)
    assert owner.findings() == []


def test_deadlines_are_those_of_the_documents_that_a_look_names(services: Services) -> None:
    # A register's own, and those that ship for what a document of before may lack.
    with services.database.owner() as conn:
        shipped, own = (policies.deadlines_of(conn, version, version) for version in (0, 1))
        with pytest.raises(source.PolicyError, match="no version 7 of deadlines"):
            policies.deadlines_of(conn, 7, 1)
    assert shipped.rows() == own.rows() == services.directory.current.policy.deadlines.rows()
