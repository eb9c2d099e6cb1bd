"""What an arrival notice opens: nothing of who can't have come, nor by a stolen key; and whom that shows, masked."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from nsor.v1 import directory_pb2, notification_pb2, transfers_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from nsor_server.registration.arrivals import rules
from nsor_server.registration.reviews import ReviewTimes
from tests import sides
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PRISONS, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.test_arrivals import (
    PENDING,
    arrival,
    disable,
    has_none,
    matches,
    opened,
    take,
    transfer,
)
from tests.notification.test_arrivals import times as times  # noqa: PLC0414 - a fixture
from tests.notification.test_counter import PASSPORT, with_number
from tests.notification.test_notice import notice
from tests.notification.test_notice import take as takes_notice
from tests.notification.test_notice_decisions import withdraw
from tests.notification.test_transfers import ASSIGN, AWAY, LEAVE, REFUSE, deciding, moves, resolving, shown
from tests.orders import Created, cnic
from tests.registration.test_custody import at_large, held
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair
from tests.registration.test_reviews import Clock, clock
from tests.services import Services

__all__ = ["clock"]

ALERT = notification_pb2.EVENT_KIND_ARRIVAL_AGAINST_CUSTODY
MADE = "what a time for reviews makes of a record doesn't follow from arrival notices"
NOT_SO = "a time for reviews has matched an arrival notice with a registration that it couldn't"
LEFT_OUT = "a time for reviews has left out an arrival notice whose number a registration had"
PROBLEM = "who is responsible for a registration doesn't follow from notices and decisions"
IN_PRISON = [NPB.agency_id, PUNJAB_POLICE.agency_id, PUNJAB_PRISONS.agency_id]


def number_of(services: Services, created: Created) -> str:
    return str(services.get(created.registration_id, NPB).person.cnic)


def deported(services: Services) -> Created:
    return at_large(services, types_pb2.CUSTODY_STATE_DEPORTED)


@pytest.mark.parametrize(("make", "hear"), [(held, IN_PRISON), (deported, IN_PRISON[:2])])
def test_who_is_recorded_in_custody_is_moved_by_nobody_and_an_alert_is_told_once(
    *,
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    owner: Owner,
    make: Callable[[Services], Created],
    hear: list[str],
) -> None:
    # A release wasn't entered, or somebody else shows his card: no station takes him on by that.
    created = make(services)
    take(services, number_of(services, created))
    assert services.owed(ALERT) == []
    for _ in range(2):
        clock.passes()
        assert times.look()
        assert services.owed(ALERT) == sorted(hear)
    assert has_none(services, created)
    assert opened(services) == []
    assert owner.findings() == []


def test_who_has_escaped_is_transferred_as_anybody(services: Services, times: ReviewTimes, clock: Clock) -> None:
    created = at_large(services, types_pb2.CUSTODY_STATE_AT_LARGE)
    take(services, number_of(services, created))
    clock.passes()
    assert times.look()
    assert transfer(services, created).state == PENDING
    assert services.owed(ALERT) == []


@pytest.mark.parametrize("opens", [True, False])
def test_a_transfer_of_a_prisoner_is_found_and_so_is_one_that_was_kept_back(
    *, services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch, opens: bool
) -> None:
    number = cnic()
    created = held(services) if opens else with_number(services, number)
    take(services, number_of(services, created))
    with monkeypatch.context() as server:
        server.setattr(rules, "is_against_custody", lambda _records: not opens)
        clock.passes()
        assert times.look()
    assert owner.findings() == [MADE]


def test_the_police_of_the_new_place_see_him_masked_until_they_have_accepted(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    # Whoever took the notice may have guessed the number: nobody reads a name and a day of birth by that.
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    clock.passes()
    assert times.look()
    seen = shown(services, created, SINDH_POLICE)
    assert not seen.HasField("person")
    assert not seen.HasField("address")
    assert (list(seen.masked_person.initials), seen.masked_person.cnic_ending) == (["Z. T."], number[-3:])
    assert number not in str(seen)
    for agency in (PUNJAB_POLICE, NPB):
        whole = shown(services, created, agency)
        assert whole.person.cnic == number
        assert not whole.HasField("masked_person")
    services.ask(call_of(SINDH_POLICE), deciding(services, created))
    assert shown(services, created, SINDH_POLICE).person.cnic == number
    assert services.get(created.registration_id, SINDH_POLICE).person.cnic == number


def test_once_he_has_told_it_himself_they_see_whom_they_are_to_accept(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    clock.passes()
    assert times.look()
    moves(services, created)
    assert shown(services, created, SINDH_POLICE).person.cnic == number


def test_a_merge_shows_him_no_more_by_another_registration(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    pair = Pair(services, number, with_number(services, number, PASSPORT), with_number(services, number))
    passport = types_pb2.TravelDocument(number=PASSPORT, country="PK")
    services.ask(call_of(SINDH_POLICE, officer), arrival("", travel_document=passport))
    clock.passes()
    assert times.look()
    pair.decide(MERGE)
    for each in (pair.first, pair.second):
        assert not shown(services, each, SINDH_POLICE).HasField("person")
    disable(services, officer)
    for each in (pair.first, pair.second):
        services.refused(errors.WrongState, call_of(SINDH_POLICE), deciding(services, each))
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("reason", "found"),
    [(directory_pb2.DISABLE_REASON_KEY_COMPROMISED, 0), (directory_pb2.DISABLE_REASON_LEFT_POST, 1)],
)
def test_what_a_compromised_key_has_typed_is_looked_for_no_more(
    *,
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    owner: Owner,
    reason: directory_pb2.DisableReason.ValueType,
    found: int,
) -> None:
    # Whoever has stolen it may have typed whom he liked. What an officer took who left since was his work.
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    with_number(services, number)
    services.ask(call_of(SINDH_POLICE, officer), arrival(number))
    disable(services, officer, reason)
    clock.passes()
    assert times.look()
    assert (matches(services), len(opened(services))) == (found, 3 * found)
    assert owner.findings() == []


def by_a_stolen_key(services: Services, times: ReviewTimes, clock: Clock) -> Created:
    """A transfer that an arrival notice has opened whose key turns out to be compromised."""
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    created = with_number(services, number)
    services.ask(call_of(SINDH_POLICE, officer), arrival(number))
    clock.passes()
    assert times.look()
    disable(services, officer)
    return created


def test_nobody_takes_on_whom_a_compromised_key_has_typed(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    created = by_a_stolen_key(services, times, clock)
    services.refused(errors.WrongState, call_of(SINDH_POLICE), deciding(services, created))
    services.ask(call_of(SINDH_POLICE), deciding(services, created, REFUSE))
    services.refused(errors.WrongState, call_of(NPB), resolving(services, created, ASSIGN))
    services.ask(call_of(NPB), resolving(services, created, LEAVE))
    assert transfer(services, created).state == transfers_pb2.TRANSFER_STATE_LEFT
    assert owner.findings() == []


def test_once_he_has_told_it_himself_it_counts_whoever_typed_his_number(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    created = by_a_stolen_key(services, times, clock)
    moves(services, created)
    services.ask(call_of(SINDH_POLICE), deciding(services, created))
    assert services.get(created.registration_id, SINDH_POLICE).responsible_place == AWAY
    assert owner.findings() == []


@pytest.mark.parametrize("resolves", [False, True])
def test_a_decision_for_the_new_place_by_a_compromised_key_is_found(
    *,
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    resolves: bool,
) -> None:
    created = by_a_stolen_key(services, times, clock)
    if resolves:
        services.ask(call_of(SINDH_POLICE), deciding(services, created, REFUSE))
    with monkeypatch.context() as server:
        sides.count_stolen_keys(server)
        if resolves:
            services.ask(call_of(NPB), resolving(services, created, ASSIGN))
        else:
            services.ask(call_of(SINDH_POLICE), deciding(services, created))
    assert owner.findings() == [PROBLEM]


def test_a_match_by_a_compromised_key_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    with_number(services, number)
    services.ask(call_of(SINDH_POLICE, officer), arrival(number))
    disable(services, officer)
    with monkeypatch.context() as server:
        server.setattr(ReviewTimes, "_as_it_is_now", lambda of: replace(of._directory.current, compromised={}))
        clock.passes()
        assert times.look()
    assert matches(services) == 1
    assert NOT_SO in owner.findings()


def test_a_notice_that_was_passed_over_as_by_a_stolen_key_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    created = with_number(services, number)
    services.ask(call_of(SINDH_POLICE, officer), arrival(number))
    with monkeypatch.context() as server:
        compromised = {officer.key_id: dt.datetime.now(dt.UTC)}
        server.setattr(ReviewTimes, "_as_it_is_now", lambda of: replace(of._directory.current, compromised=compromised))
        clock.passes()
        assert times.look()
    assert has_none(services, created)
    assert owner.findings() == [LEFT_OUT]


@pytest.fixture
def both_typed(services: Services, times: ReviewTimes, clock: Clock) -> tuple[Pair, Officer]:
    """Two registrations of one person, each with a passport of its own that an officer has typed at one place."""
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    passports = PASSPORT, "PB1234567"
    first, second = (with_number(services, number, each) for each in passports)
    pair = Pair(services, number, first, second)
    for each in passports:
        passport = types_pb2.TravelDocument(number=each, country="PK")
        services.ask(call_of(SINDH_POLICE, officer), arrival("", travel_document=passport))
    clock.passes()
    assert times.look()
    return pair, officer


def test_a_merge_tells_no_more_of_his_move_than_arrival_notices_do(
    services: Services, both_typed: tuple[Pair, Officer], owner: Owner
) -> None:
    # Otherwise it would show him whole, and have a stolen key's notice count.
    pair, officer = both_typed
    pair.decide(MERGE)
    for each in (pair.first, pair.second):
        assert not shown(services, each, SINDH_POLICE).HasField("person")
    disable(services, officer)
    for each in (pair.first, pair.second):
        services.refused(errors.WrongState, call_of(SINDH_POLICE), deciding(services, each))
    assert owner.findings() == []


def test_what_he_has_told_himself_counts_when_a_merge_is_undone(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # The second was transferred with the first alone, by a stolen key. Then he told its station himself.
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    pair = Pair(services, number, with_number(services, number, PASSPORT), with_number(services, number))
    passport = types_pb2.TravelDocument(number=PASSPORT, country="PK")
    services.ask(call_of(SINDH_POLICE, officer), arrival("", travel_document=passport))
    clock.passes()
    assert times.look()
    pair.decide(MERGE)
    moves(services, pair.second)
    pair.decide(REOPEN)
    disable(services, officer)
    assert shown(services, pair.second, SINDH_POLICE).HasField("person")
    services.ask(call_of(SINDH_POLICE), deciding(services, pair.second))
    assert owner.findings() == []


def test_an_arrival_notice_is_alone_again_when_what_he_has_told_is_taken_back(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # A merge has brought it to the second, of which he had told the same place himself, by mistake.
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    pair = Pair(services, number, with_number(services, number, PASSPORT), with_number(services, number))
    passport = types_pb2.TravelDocument(number=PASSPORT, country="PK")
    services.ask(call_of(SINDH_POLICE, officer), arrival("", travel_document=passport))
    clock.passes()
    assert times.look()
    told = takes_notice(services, notice(pair.second, AWAY)).notice_id
    pair.decide(MERGE)
    assert shown(services, pair.second, SINDH_POLICE).HasField("person")
    withdraw(services, pair.second, told)
    assert not shown(services, pair.second, SINDH_POLICE).HasField("person")
    disable(services, officer)
    services.refused(errors.WrongState, call_of(SINDH_POLICE), deciding(services, pair.second))
    assert owner.findings() == []
