"""The owner of the database changes what is read for one emergency look-up, and puts everything back.

No row shows it afterwards; `ledger verify` tells them again. The honest register is accused of nothing.
"""

import datetime as dt
import uuid
from dataclasses import replace

import pytest

from nsor_server import errors
from nsor_server.calls import Officer, Row
from nsor_server.lookup.emergencies import store
from nsor_server.storage.keyring import Keyring
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.budgets import unlimited
from tests.calls import call_of
from tests.lookup.test_emergencies import (
    FOUND,
    HARMLESS,
    NO_RECORD,
    Clock,
    a_watch,
    denied,
    listed,
    opened,
    opening,
    read,
    reading,
    review,
    reviewing,
    with_much,
)
from tests.lookup.test_emergencies import clock as clock  # noqa: PLC0414 - a fixture
from tests.lookup.test_emergencies import officer as officer  # noqa: PLC0414 - a fixture
from tests.lookup.test_emergencies_listed import got
from tests.notification.test_counter import erased, sealed, with_number
from tests.orders import cnic
from tests.services import Services

OTHERS = "a look-up in an emergency didn't show whom it had to, or showed somebody else"
TOLD_OTHERS = "of a look-up in an emergency others were told than had to be, or of other records"
BLOCKED = "an emergency look-up was opened although another one waited for its review"
LISTED = "the emergency look-ups that were listed aren't those that there were"
NOT_OPEN = "somebody was looked up in an emergency without a look-up that was open for it"
SHOWN = "an emergency look-up was shown with another finding than it had, or other readings"
NOT_READ = "a reading by an emergency look-up isn't among its readings, or one is that was none"
HIDDEN_BY_PLACE = "an emergency look-up was refused, and not by what its agency had opened, or by who asked"
HIDDEN = "a call was refused by something that wasn't so when it was read"


def test_no_call_of_an_honest_register_is_a_finding(
    services: Services, owner: Owner, officer: Officer, clock: Clock, keyring: Keyring
) -> None:
    number, gone, fallen = cnic(), cnic(), cnic()
    with_much(services, number)
    sealed(services, fallen)
    erased(services, gone)
    services.policy = unlimited()
    for asked in (number, gone, fallen, cnic()):
        emergency_id = opened(services, officer, asked)
        assert denied(services, officer, opening(asked)) == "EMERGENCY_UNREVIEWED"
        read(services, officer, emergency_id, asked)
        services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, officer), reading(str(uuid.uuid4()), asked))
        review(services, emergency_id, HARMLESS)
        assert denied(services, officer, reading(emergency_id, asked)) == "EMERGENCY_OVER"
        reviewer = services.enrolled(officer_of(NPB))
        services.refused(errors.WrongState, call_of(NPB, reviewer), reviewing(emergency_id))
    emergency_id = opened(services, officer, number)
    renewed = replace(officer_of(PUNJAB_POLICE), officer_number=officer.officer_number, decides=False)
    assert denied(services, services.enrolled(renewed), reading(emergency_id, number)) == "EMERGENCY_ROLE_NEEDED"
    assert read(services, officer, emergency_id, number).response.outcome == FOUND
    got(services, emergency_id)
    for reviewed in (False, True):
        listed(services, NPB, page_size=2, reviewed=reviewed)
        listed(services, PUNJAB_POLICE, "PK-PB/LHR", reviewed=reviewed)
        listed(services, SINDH_POLICE, reviewed=reviewed)
    clock.ahead = dt.timedelta(hours=24)
    colleague = services.enrolled(officer_of(PUNJAB_POLICE))
    assert denied(services, colleague, opening(number)) == "EMERGENCY_REVIEWS_OVERDUE"
    assert denied(services, officer, reading(emergency_id, number)) == "EMERGENCY_OVER"
    a_watch(services, keyring).look()
    assert services.rows()["emergency_overdue"] == 1
    review(services, emergency_id)
    assert owner.findings() == []


@pytest.mark.parametrize("table", ["registration_identifier", "registration_claim"])
def test_who_was_hidden_from_a_look_up_in_an_emergency_is_found(
    services: Services, owner: Owner, officer: Officer, table: str
) -> None:
    number = cnic()
    created = with_number(services, number)
    emergency_id = opened(services, officer, number)
    with owner.without(table, f"registration_id = '{created.registration_id}'"):
        assert read(services, officer, emergency_id, number).response.outcome == NO_RECORD
    assert set(owner.findings()) == {OTHERS, TOLD_OTHERS}


def test_one_that_was_hidden_while_another_was_opened_is_found(
    services: Services, owner: Owner, officer: Officer
) -> None:
    opened(services, officer, cnic())
    with owner.without("emergency", "true"):
        opened(services, officer, cnic())
    assert owner.findings() == [BLOCKED]


def test_a_review_that_was_made_up_for_a_while_is_found(services: Services, owner: Owner, officer: Officer) -> None:
    opened(services, officer, cnic())
    owner.does("INSERT INTO emergency_review SELECT emergency_id, agency_id, 1, sha256(''), now() FROM emergency")
    opened(services, officer, cnic())
    owner.does("DELETE FROM emergency_review")
    assert owner.findings() == [BLOCKED]


def test_a_review_that_was_hidden_from_a_reading_is_found(services: Services, owner: Owner, officer: Officer) -> None:
    number = cnic()
    with_number(services, number)
    emergency_id = opened(services, officer, number)
    review(services, emergency_id, HARMLESS)
    with owner.without("emergency_review", "true"):
        assert read(services, officer, emergency_id, number).response.outcome == FOUND
    assert owner.findings() == [NOT_OPEN]


def test_one_that_was_hidden_from_its_officer_is_found(services: Services, owner: Owner, officer: Officer) -> None:
    number = cnic()
    emergency_id = opened(services, officer, number)
    with owner.without("emergency", "true"):
        services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, officer), reading(emergency_id, number))
    assert owner.findings() == [HIDDEN]


def test_what_was_hidden_from_the_list_is_found(services: Services, owner: Owner, officer: Officer) -> None:
    emergency_id = opened(services, officer, cnic())
    with owner.without("emergency", f"emergency_id = '{emergency_id}'"):
        assert listed(services, NPB) == []
    assert owner.findings() == [LISTED]


def test_an_event_that_an_owner_was_not_told_is_found(services: Services, owner: Owner, officer: Officer) -> None:
    # The event is there, and says that none of his records was shown.
    number = cnic()
    with_number(services, number)
    read(services, officer, opened(services, officer, number), number)
    owner.does("UPDATE outbox SET registration_ids = '' WHERE recipient = 'punjab-police' AND registration_ids <> ''")
    assert TOLD_OTHERS in owner.findings()


def test_a_review_that_was_hidden_from_its_emergency_look_up_is_found(
    services: Services, owner: Owner, officer: Officer
) -> None:
    # Else NPB would review it twice, or whoever opened it would seem to be unreviewed.
    emergency_id = opened(services, officer, cnic())
    review(services, emergency_id, HARMLESS)
    with owner.without("emergency_review", "true"):
        assert not got(services, emergency_id).response.emergency_look_up.finding
    assert got(services, emergency_id).response.emergency_look_up.finding == HARMLESS
    assert owner.findings() == [SHOWN]


def test_a_reading_that_was_hidden_from_npb_is_found(services: Services, owner: Owner, officer: Officer) -> None:
    number = cnic()
    emergency_id = opened(services, officer, number)
    read(services, officer, emergency_id, number)
    with owner.without("emergency_reading", "true"):
        assert not got(services, emergency_id).response.reading_times
    assert owner.findings() == [SHOWN]


def test_a_reading_without_its_row_is_found(
    services: Services, owner: Owner, officer: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a server that was changed: the rows of others stand for it, or none.
    number = cnic()
    emergency_id = opened(services, officer, number)
    with monkeypatch.context() as patched:
        patched.setattr(store.Readings, "following", property(lambda each: Row(store.OVERDUES, (each.emergency_id,))))
        read(services, officer, emergency_id, number)
    assert NOT_READ in owner.findings()


def test_a_reading_or_a_refusal_by_another_place_than_the_officers_is_found(
    services: Services, owner: Owner, officer: Officer
) -> None:
    number = cnic()
    emergency_id = opened(services, officer, number)
    read(services, officer, emergency_id, number)
    moved = replace(officer_of(PUNJAB_POLICE, "PK-PB/MUL"), officer_number=officer.officer_number)
    assert denied(services, services.enrolled(moved), reading(emergency_id, number)) == "OUTSIDE_JURISDICTION"
    assert owner.findings() == []
    owner.does("UPDATE officer SET jurisdiction = '{PK-PB/MUL}' WHERE jurisdiction = '{}'")
    assert NOT_OPEN in owner.findings()
    owner.does("UPDATE officer SET jurisdiction = '{}'")
    assert HIDDEN_BY_PLACE in owner.findings()
