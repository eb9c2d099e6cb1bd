"""Whoever owns the database, or holds the keys, tampers with arrival notices: `ledger verify` tells them again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nsor.v1 import arrivals_pb2
from nsor_server import errors
from nsor_server.registration.arrivals import rules
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_arrivals import has_none, listed, take
from tests.notification.test_counter import sealed, with_number
from tests.notification.test_transfers import AWAY, BEYOND, deciding, moves
from tests.orders import cnic, day
from tests.registration.test_reviews import Clock, clock
from tests.services import Services, review_times

__all__ = ["clock"]

LEFT_OUT = "a time for reviews has left out an arrival notice whose number a registration had"
NOT_SO = "a time for reviews has matched an arrival notice with a registration that it couldn't"
MADE = "what a time for reviews makes of a record doesn't follow from arrival notices"
PAGE = "a list of arrival notices didn't rest on those that its stations had taken"
BY = "an arrival notice names another officer than its entry, or a place that wasn't his"


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def test_the_arrivals_of_an_honest_register_are_no_finding(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    one, moving, shared, gone, late = (cnic() for _ in range(5))
    first, second = with_number(services, one), with_number(services, moving)
    for _ in range(2):
        with_number(services, shared)
    sealed(services, gone)
    moves(services, second)
    for number in (one, shared, gone, late, cnic()):
        take(services, number)
    for of_month, place in ((22, BEYOND), (20, AWAY)):
        take(services, moving, place, event_date=day(2026, 2, of_month), received_date=day(2026, 2, 23))
    clock.passes()
    assert times.look()
    services.ask(call_of(SINDH_POLICE), deciding(services, first))
    with_number(services, late)
    clock.passes()
    assert times.look()
    clock.days = 20
    assert times.look()
    page = listed(services, page_size=2)
    request = arrivals_pb2.GetArrivalNoticeRequest(arrival_id=page.items[0].arrival_id)
    services.ask(call_of(SINDH_POLICE), request)
    assert owner.findings() == []


@pytest.mark.parametrize("table", ["registration_identifier", "arrival_notice"])
def test_whoever_was_hidden_from_a_time_is_found(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock, table: str
) -> None:
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    clock.passes()
    with owner.without(table, "true"):
        assert times.look()
    assert has_none(services, created)
    assert LEFT_OUT in owner.findings()


def test_a_record_that_has_another_number_is_not_moved(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server whose rule was taken out: whoever holds the keys moves whom he likes.
    one, other = cnic(), cnic()
    with_number(services, one)
    take(services, other)
    monkeypatch.setattr(rules, "shown", lambda _: _identifier(one))
    clock.passes()
    assert times.look()
    monkeypatch.undo()
    assert NOT_SO in owner.findings()


def _identifier(number: str) -> object:
    from nsor_server.registration import claims  # noqa: PLC0415 - beside its use

    return claims.of_cnic(number)


def _elsewhere(record: record_pb2.RegistrationRecord) -> None:
    record.transfer.to_place = BEYOND


def _with_more(record: record_pb2.RegistrationRecord) -> None:
    record.names[0].name = "Another Name"


@pytest.mark.parametrize("changed", [_elsewhere, _with_more])
def test_a_version_that_no_notice_makes_is_found(
    services: Services,
    owner: Owner,
    keyring: Keyring,
    clock: Clock,
    changed: Callable[[record_pb2.RegistrationRecord], None],
) -> None:
    number = cnic()
    with_number(services, number)
    take(services, number)
    clock.passes()
    with pytest.MonkeyPatch.context() as server, review_times(services, keyring) as times:
        server.setattr(rules, "arrived", _then(changed))
        assert times.look()
    assert MADE in owner.findings()


def _then(changed: Callable[[record_pb2.RegistrationRecord], None]) -> Callable[..., record_pb2.RegistrationRecord]:
    honest = rules.arrived

    def made_up(*arguments: Any) -> record_pb2.RegistrationRecord:
        following = honest(*arguments)
        changed(following)
        return following

    return made_up


def test_a_notice_that_was_hidden_from_its_list_is_found(services: Services, owner: Owner) -> None:
    taken = take(services, cnic())
    take(services, cnic())
    with owner.without("arrival_notice", f"arrival_id = '{taken.arrival_id}'"):
        assert len(listed(services).items) == 1
    assert owner.findings() == [PAGE]


def test_a_notice_that_was_hidden_from_whoever_took_it_is_found(services: Services, owner: Owner) -> None:
    taken = take(services, cnic())
    request = arrivals_pb2.GetArrivalNoticeRequest(arrival_id=taken.arrival_id)
    officer = services.enrolled(officer_of(SINDH_POLICE))
    with owner.without("arrival_notice", "true"):
        services.refused(errors.NoRecord, call_of(SINDH_POLICE, officer), request)
    assert owner.findings() == ["a call was answered that there is no record, and one stood that it had to be shown"]


def test_a_notice_in_the_name_of_another_station_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The rule was taken out: Sindh's police have somebody sent to Faisalabad.
    monkeypatch.setattr("nsor_server.access.rows.require_within", lambda *_: None)
    take(services, cnic(), AWAY, home_place=BEYOND)
    monkeypatch.undo()
    assert owner.findings() == [BY]
