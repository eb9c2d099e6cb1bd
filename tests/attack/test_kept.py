"""Whoever holds the keys has a call change more than it is there for: `ledger verify` compares the rest of it."""

from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import types_pb2
from nsor_server.registration import facts
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.duties import due_dates, rules
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import PUNJAB_POLICE, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_notice import notice, take
from tests.notification.test_transfers import BEYOND, deciding, moves
from tests.registration.test_custody import expected, held
from tests.registration.test_duties import due, released, waiver
from tests.registration.test_duty_watch import a_watch
from tests.services import Services

MADE = "a call changed something of a registration that it isn't there to change"
BY = "a notice, or what became of it, names another officer or version than its entry, or isn't its agency's"
DUTIES = "the duties of a registration don't follow from what was recorded of it"
RESPONSIBLE = "who is responsible for a registration doesn't follow from notices and decisions"
WORK = "registration_work differs from the registrations in 1 row"
RECALLED = "the orders to recall what was told of registrations aren't those that are due"
Record = record_pb2.RegistrationRecord


def _other_name(record: Record) -> None:
    record.names[0].name = "Zafri Testi"


def _other_mobile(record: Record) -> None:
    record.mobiles.append("+923990000009")


def _other_address(record: Record) -> None:
    record.addresses.add(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code="PK-SD/KHI/PS-002", since_day=20_000)


def _heightened(record: Record) -> None:
    record.heightened_handling = not record.heightened_handling


def _no_notice_waits(record: Record) -> None:
    record.notices_waited = not record.notices_waited


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        *((changed, [MADE]) for changed in (_other_mobile, _other_address, _heightened)),
        (_other_name, [MADE, RECALLED]),
        (_no_notice_waits, [MADE, WORK]),
    ],
)
def test_a_pass_that_changed_more_than_duties_is_found(
    services: Services,
    owner: Owner,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
    *,
    changed: Callable[[Record], None],
    found: list[str],
) -> None:
    # Nobody called: no agency, no officer and no notice answers for it. A pass writes the rows of duties alone, so that
    # the row with which such a version says whether notices wait is missing too.
    released(services)
    watching, honest = a_watch(services, keyring), due_dates.announced

    def made_up(counting: due_dates.Counting, record: Record, now_us: int) -> list[due_dates.Announced]:
        changed(record)
        return honest(counting, record, now_us)

    with monkeypatch.context() as patched:
        patched.setattr(due_dates, "announced", made_up)
        watching.look()
    watching.stop()
    assert owner.findings() == found


def test_what_an_officer_of_another_station_has_decided_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that lets every officer act where his agency may: the police of a province are one agency.
    elsewhere = services.enrolled(officer_of(PUNJAB_POLICE, "PK-PB/MUL"))
    moved, waived, told = services.confirmed(), released(services), services.confirmed()
    moves(services, moved, BEYOND)
    duty = due(services, waived, "PERIODIC_VERIFICATION")
    before = owner.findings()
    with monkeypatch.context() as patched:
        patched.setattr("nsor_server.access.rows.acts_at", lambda agency, _officer: agency.jurisdiction)
        services.ask(call_of(PUNJAB_POLICE, elsewhere), deciding(services, moved))
        services.ask(call_of(PUNJAB_POLICE, elsewhere), waiver(services, waived, duty.duty_id))
        take(services, notice(told), call_of(PUNJAB_POLICE, elsewhere))
    assert sorted(each for each in owner.findings() if each not in before) == sorted([BY, DUTIES, RESPONSIBLE])


def test_a_custody_event_a_waiver_and_an_acceptance_that_changed_more_are_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def and_the_name(record: Record) -> Any:
        _other_name(record)
        return record

    prisoner, moved, waived = held(services), services.confirmed(), released(services)
    moves(services, moved)
    duty = due(services, waived, "PERIODIC_VERIFICATION")
    event, accepted, waive = custody.after, facts.transfer_accepted, rules.waived
    assert owner.findings() == []
    with monkeypatch.context() as patched:
        patched.setattr(custody, "after", lambda *given: and_the_name(event(*given)))
        patched.setattr(facts, "transfer_accepted", lambda record, by: accepted(and_the_name(record), by))
        patched.setattr(rules, "waived", lambda counting, record, *rest: waive(counting, and_the_name(record), *rest))
        expected(services, prisoner)
        services.ask(call_of(SINDH_POLICE), deciding(services, moved))
        services.ask(call_of(PUNJAB_POLICE), waiver(services, waived, duty.duty_id))
    assert owner.findings() == [MADE] * 3
