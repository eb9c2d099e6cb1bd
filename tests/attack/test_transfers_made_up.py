"""Whoever holds the keys, or owns the database, moves a responsibility: `ledger verify` tells decisions again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nsor.v1 import transfers_pb2, types_pb2
from nsor_server.notification.notices import effects
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.registration.transfers import rules
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_notice import notice, take
from tests.notification.test_notice_decisions import withdraw
from tests.notification.test_transfers import (
    AWAY,
    BEYOND,
    HOME,
    LEAVE,
    REFUSE,
    deciding,
    listed,
    moves,
    moving,
    resolving,
    shown,
    told,
)
from tests.orders import Created
from tests.registration.test_custody import acceptance as release_acceptance
from tests.registration.test_custody import expected, happens, held, today
from tests.registration.test_custody_mistakes import takes_back
from tests.registration.test_reviews import Clock, clock
from tests.services import Services, review_times

__all__ = ["clock", "moving"]

PROBLEM = "who is responsible for a registration doesn't follow from notices and decisions"
MADE = "a version isn't what its notice makes of the one before"
LEFT_OUT = "a time for reviews doesn't name the transfers of which a time was over"
LISTED = "the worklist isn't what there was to do"
DAY_US = 86_400_000_000
OLDER = "the answer showed another version than the newest one"
Record = record_pb2.RegistrationRecord


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def test_the_transfers_of_an_honest_register_are_no_finding(services: Services, owner: Owner) -> None:
    first, second, third = services.confirmed(), services.confirmed(), held(services)
    for created in (first, second):
        moves(services, created)
    services.ask(call_of(SINDH_POLICE), deciding(services, first))
    moves(services, first, HOME)
    moves(services, first, BEYOND)
    moves(services, first, AWAY)
    services.ask(call_of(SINDH_POLICE), deciding(services, second, REFUSE))
    for agency in (PUNJAB_POLICE, SINDH_POLICE, NPB):
        listed(services, agency)
        shown(services, second, agency)
    services.ask(call_of(NPB), resolving(services, second, LEAVE))
    withdraw(services, second, moves(services, second).notice_id)
    moves(services, second)
    further = moves(services, second, BEYOND).notice_id
    withdraw(services, second, further)
    withdraw(services, second, moves(services, second, HOME).notice_id)
    assert shown(services, second, SINDH_POLICE).transfer.state == transfers_pb2.TRANSFER_STATE_PENDING
    moves(services, third, BEYOND)
    expected(services, third)
    services.ask(call_of(SINDH_POLICE), release_acceptance(services, third))
    happens(services, third, "RELEASED", event_date=today())
    takes_back(services, third, "RELEASED", event_date=today())
    assert owner.findings() == []


def _as_if_refused(record: Record) -> None:
    record.transfer.state = rules.REFUSED


def _as_if_ended(record: Record) -> None:
    record.transfer.state = rules.RETURNED


def _from_elsewhere(record: Record) -> None:
    record.transfer.from_place = BEYOND


def _without(record: Record) -> None:
    record.ClearField("transfer")


def _by_another(record: Record) -> None:
    record.transfer.refused_by_agency = "punjab-police"


@pytest.mark.parametrize("changed", [_as_if_refused, _as_if_ended, _from_elsewhere, _without])
def test_a_move_that_was_made_up_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, changed: Callable[[Record], None]
) -> None:
    created = services.confirmed()
    _make_up(monkeypatch, "moved", changed)
    moves(services, created)
    monkeypatch.undo()
    assert MADE in owner.findings()


def test_a_refusal_whose_silence_nobody_would_hear_of_is_found(
    services: Services, owner: Owner, moving: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_up(record: Record) -> None:
        del record.transfer.deadlines[:]

    _make_up(monkeypatch, "transfer_refused", made_up)
    services.ask(call_of(SINDH_POLICE), deciding(services, moving, REFUSE))
    monkeypatch.undo()
    assert owner.findings() == [PROBLEM]


def test_a_refusal_on_which_npb_is_to_decide_a_year_later_is_found(
    services: Services, owner: Owner, moving: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_up(record: Record) -> None:
        record.transfer.deadlines[0].due_us += 365 * DAY_US

    _make_up(monkeypatch, "transfer_refused", made_up)
    services.ask(call_of(SINDH_POLICE), deciding(services, moving, REFUSE))
    monkeypatch.undo()
    assert owner.findings() == [PROBLEM]


def test_a_responsibility_that_a_custody_event_without_event_has_moved_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The history of custody looks at events alone; this version has none.
    created = held(services)
    expected(services, created)
    moves(services, created, BEYOND)

    def made_up(record: Record, _event: record_pb2.CustodyEvent) -> Record:
        following = Record()
        following.CopyFrom(record)
        following.responsible_place, following.transfer.state = BEYOND, rules.ACCEPTED
        return following

    monkeypatch.setattr("nsor_server.registration.custody.rules.after", made_up)
    expected(services, created, AWAY)
    monkeypatch.undo()
    assert owner.findings() == [PROBLEM]


def test_a_refusal_in_the_name_of_others_is_found(
    services: Services, owner: Owner, moving: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_up(monkeypatch, "transfer_refused", _by_another)
    services.ask(call_of(SINDH_POLICE), deciding(services, moving, REFUSE))
    monkeypatch.undo()
    assert owner.findings() == [PROBLEM]


def test_an_acceptance_by_whom_it_does_not_lead_to_is_found(
    services: Services, owner: Owner, moving: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server whose rule was taken out: the old station has pushed him away.
    monkeypatch.setattr("nsor_server.access.rows.within", lambda *_: True)
    services.ask(call_of(PUNJAB_POLICE), deciding(services, moving))
    monkeypatch.undo()
    assert owner.findings() == [PROBLEM]


def test_a_responsibility_that_a_permanent_address_has_moved_is_found(
    services: Services, owner: Owner, moving: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The database lets a transfer be accepted; that this was no acceptance only the ledger says.
    honest = effects.after

    def made_up(record: Record, notice: record_pb2.NoticeRecord) -> Record:
        following = honest(record, notice)
        following.responsible_place, following.transfer.state = AWAY, rules.ACCEPTED
        return following

    monkeypatch.setattr(effects, "after", made_up)
    permanent = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code=AWAY)
    take(services, notice(moving, address=permanent))
    monkeypatch.undo()
    assert sorted(owner.findings()) == [MADE, PROBLEM]


@pytest.mark.usefixtures("moving")
def test_silence_is_told_step_by_step_at_the_fixed_times_and_once(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    police, npb = [PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id], NPB.agency_id
    clock.passes()
    assert times.look()
    assert told(services, "OVERDUE") == []
    for days, name, parts in (
        (9, "OVERDUE", police),
        (16, "OVERDUE_PROVINCE", police),
        (23, "OVERDUE_NPB", [npb, *police]),
    ):
        clock.days = days
        assert times.look()
        assert told(services, name) == parts
    clock.days = 24
    assert times.look()
    assert told(services, "OVERDUE") == told(services, "OVERDUE_PROVINCE") == police
    assert owner.findings() == []


def test_a_refusal_that_npb_leaves_is_told_and_what_has_ended_is_not(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock, moving: Created
) -> None:
    accepted = services.confirmed()
    moves(services, accepted)
    services.ask(call_of(SINDH_POLICE), deciding(services, accepted))
    services.ask(call_of(SINDH_POLICE), deciding(services, moving, REFUSE))
    clock.days = 30
    assert times.look()
    assert told(services, "UNRESOLVED") == [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]
    assert told(services, "OVERDUE") == told(services, "OVERDUE_NPB") == []
    assert owner.findings() == []


@pytest.mark.usefixtures("moving")
def test_a_transfer_that_was_hidden_when_its_time_was_over_is_found(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    clock.days = 9
    with owner.without("registration_version", "transfer_last_day IS NOT NULL"):
        assert times.look()
    assert told(services, "OVERDUE") == []
    assert owner.findings() == [LEFT_OUT]


def test_a_transfer_that_was_hidden_from_a_list_is_found(services: Services, owner: Owner, moving: Created) -> None:
    # Its station would never hear of him, and answer for it.
    with owner.without("registration_work", f"registration_id = '{moving.registration_id}' AND part = 160"):
        assert listed(services, SINDH_POLICE) == []
    assert owner.findings() == [LISTED]


def test_an_older_transfer_that_was_shown_is_found(services: Services, owner: Owner, moving: Created) -> None:
    services.ask(call_of(SINDH_POLICE), deciding(services, moving, REFUSE))
    with owner.without("registration_version", "version = 4"):
        assert shown(services, moving, SINDH_POLICE).transfer.state == transfers_pb2.TRANSFER_STATE_PENDING
    assert owner.findings() == [OLDER]


def _make_up(monkeypatch: pytest.MonkeyPatch, name: str, changed: Callable[[Record], None]) -> None:
    """Have the service seal another version than the rule makes."""
    from nsor_server.registration import facts  # noqa: PLC0415 - it is changed

    honest = getattr(facts, name)

    def made_up(record: Record, *arguments: Any) -> None:
        honest(record, *arguments)
        changed(record)

    monkeypatch.setattr(facts, name, made_up)
