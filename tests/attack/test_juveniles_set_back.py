"""The owner of the database has look-ups show a juvenile's record, or hides an adult's as if it were one."""

import pytest

from nsor_server import errors
from tests.attack.conftest import Owner
from tests.attack.test_set_back import NO_RECORD, is_shown
from tests.attack.test_set_back import confirmed as adult
from tests.orders import cnic
from tests.registration.test_juveniles import LATER, OFFENCE, confirmed, convicted, count, looked_up
from tests.services import Services

SHOWN = "UPDATE registration_version SET in_look_ups = {}"


def test_the_look_ups_of_an_honest_register_are_no_finding(services: Services, owner: Owner) -> None:
    # A juvenile, one of whom an adult's count stands too, and nobody.
    juvenile, mixed = cnic(), cnic()
    confirmed(services, juvenile, convicted(count("PPC-376", OFFENCE)))
    confirmed(services, mixed, convicted(count("PPC-376", OFFENCE), count("PPC-377", LATER)))
    for number in (juvenile, mixed, cnic()):
        looked_up(services, number)
    assert owner.findings() == []


def test_a_juvenile_is_not_shown_by_a_changed_column(services: Services, owner: Owner) -> None:
    number = cnic()
    confirmed(services, number, convicted(count("PPC-376", OFFENCE)))
    with (
        owner.changing(SHOWN.format("true"), SHOWN.format("false")),
        pytest.raises(errors.Internal),
    ):
        looked_up(services, number)
    assert not is_shown(services, number)
    assert owner.findings() == []


def test_an_adult_who_was_hidden_as_a_juvenile_is_found(services: Services, owner: Owner) -> None:
    number = cnic()
    adult(services, number)
    with owner.changing(f"{SHOWN.format('false')} WHERE version = 2", f"{SHOWN.format('true')} WHERE version = 2"):
        assert not is_shown(services, number)
    assert is_shown(services, number)
    assert owner.findings() == [NO_RECORD]
