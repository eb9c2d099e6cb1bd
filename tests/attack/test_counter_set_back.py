"""The owner of the database hides whoever stands at a counter, or shows him to a station that isn't his."""

import pytest

from nsor_server import errors
from tests.agencies import PUNJAB_POLICE, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_counter import FOUND, NO_RECORD, by_passport, find, sealed, with_number
from tests.notification.test_transfers import deciding, moves
from tests.orders import cnic, order
from tests.services import Services

FOUND_OTHERS = "a number at a counter didn't find the records that it had to"


def test_the_counters_of_an_honest_register_are_no_finding(services: Services, owner: Owner) -> None:
    number, other, gone = cnic(), cnic(), cnic()
    created = with_number(services, number, "AB1234567")
    with_number(services, number)
    services.create(order(other))
    sealed(services, gone)
    multan = services.enrolled(officer_of(PUNJAB_POLICE, "PK-PB/MUL"))
    for each in (number, other, gone, cnic()):
        for agency in (PUNJAB_POLICE, SINDH_POLICE):
            find(services, each, agency)
    assert find(services, number, officer=multan).outcome == NO_RECORD
    assert by_passport(services).outcome == FOUND
    moves(services, created)
    services.ask(call_of(SINDH_POLICE), deciding(services, created))
    assert find(services, number, SINDH_POLICE).outcome == FOUND
    assert owner.findings() == []


@pytest.mark.parametrize("table", ["registration_identifier", "registration_claim"])
def test_who_was_hidden_from_a_counter_is_found(services: Services, owner: Owner, table: str) -> None:
    number = cnic()
    created = with_number(services, number)
    with owner.without(table, f"registration_id = '{created.registration_id}'"):
        assert find(services, number).outcome == NO_RECORD
    assert owner.findings() == [FOUND_OTHERS]


def test_who_is_held_is_not_shown_by_a_column_that_says_otherwise(services: Services, owner: Owner) -> None:
    number = cnic()
    with_number(services, number)
    held = with_number(services, number)
    its = f"WHERE registration_id = '{held.registration_id}'"
    with (
        owner.changing(
            f"UPDATE registration_claim SET cnic_held = false {its}",  # noqa: S608 - constants
            f"UPDATE registration_claim SET cnic_held = true {its}",  # noqa: S608 - constants
        ),
        pytest.raises(errors.Internal),
    ):
        find(services, number)
    assert len(find(services, number).registrants) == 1
    assert owner.findings() == []
