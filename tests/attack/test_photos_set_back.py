"""The owner of the database hides a photo, or what was decided on it, for one call, and puts everything back."""

from dataclasses import replace

import pytest

from nsor_server import errors
from nsor_server.registration import rules as owners
from tests import sides
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.orders import Created
from tests.registration.test_photos import add, answer, confirmation, listed, question, rejection, released
from tests.services import Services

REST = "an answer with photos didn't rest on all photos and decisions that there were"
ALONE = "a photo was confirmed by the officer who had added it, or after it was decided"
OWNER = "a photo was decided by an officer of another agency or place than the record's owner"
OLDER = "the answer showed another version than the newest one"


@pytest.fixture
def created(services: Services) -> Created:
    return released(services)


def confirmed(services: Services, created: Created) -> str:
    photo_id = add(services, created)
    answer(services, call_of(PUNJAB_POLICE), confirmation(created, photo_id))
    return photo_id


def test_an_honest_register_has_no_finding(services: Services, owner: Owner, created: Created) -> None:
    # Lists and pictures of photos that wait, are confirmed and are rejected, for who may see them and who may not.
    first, second = confirmed(services, created), confirmed(services, created)
    add(services, created)
    answer(services, call_of(PUNJAB_POLICE), rejection(created, second))
    for agency in (PUNJAB_POLICE, PUNJAB_PROSECUTION, NPB):
        listed(services, created, agency)
        answer(services, call_of(agency), question(created, first))
        services.refused(errors.NoRecord, call_of(agency), question(created, second))
    services.judge_all(created, "SET_ASIDE")
    assert owner.findings() == []


@pytest.mark.parametrize("by_list", [True, False])
def test_a_rejection_that_was_hidden_is_found(
    services: Services, owner: Owner, created: Created, *, by_list: bool
) -> None:
    # The picture of somebody else was shown once more.
    photo_id = confirmed(services, created)
    answer(services, call_of(PUNJAB_POLICE), rejection(created, photo_id))
    with owner.without("registration_photo_decision", "version = 2"):
        if by_list:
            assert len(listed(services, created, NPB)) == 1
        else:
            assert answer(services, call_of(NPB), question(created, photo_id)).picture
    assert owner.findings() == [REST]


@pytest.mark.parametrize("table", ["registration_photo_decision", "registration_photo"])
def test_a_photo_that_was_hidden_from_a_list_is_found(
    services: Services, owner: Owner, created: Created, table: str
) -> None:
    confirmed(services, created)
    with owner.without(table, "true"):
        assert not listed(services, created, NPB)
    assert owner.findings() == [REST]


def test_photos_of_a_record_whose_seal_was_hidden_are_found(services: Services, owner: Owner, created: Created) -> None:
    photo_id = confirmed(services, created)
    services.judge_all(created, "SET_ASIDE")
    with owner.without("registration_version", "version = 3"):
        assert listed(services, created, NPB)
        assert answer(services, call_of(NPB), question(created, photo_id)).picture
    assert owner.findings() == [OLDER, OLDER]


@pytest.mark.parametrize("next_key", [True, False])
def test_a_photo_that_its_own_officer_confirmed_is_found(
    services: Services, owner: Owner, created: Created, monkeypatch: pytest.MonkeyPatch, *, next_key: bool
) -> None:
    # Whatever let it pass, who signed stands in the sealed rows; a number is one person under each of its keys.
    first = services.enrolled(officer_of(PUNJAB_POLICE), disabled=next_key)
    again = (
        services.enrolled(replace(officer_of(PUNJAB_POLICE), officer_number=first.officer_number))
        if next_key
        else first
    )
    photo_id = add(services, created, PUNJAB_POLICE, first)
    sides.compare_nobody(monkeypatch)
    answer(services, call_of(PUNJAB_POLICE, again), confirmation(created, photo_id))
    assert owner.findings() == [ALONE]


@pytest.mark.parametrize("narrowed", [True, False])
def test_a_photo_that_another_than_the_owner_decided_is_found(
    services: Services, owner: Owner, created: Created, monkeypatch: pytest.MonkeyPatch, *, narrowed: bool
) -> None:
    # Whoever was taken for the owner for one call: another agency, or its officer of another district.
    photo_id = add(services, created)
    of_multan = services.enrolled(officer_of(PUNJAB_POLICE, "PK-PB/MUL"))
    with monkeypatch.context() as patched:
        patched.setattr(owners, "is_owner", lambda *_: True)
        by = call_of(PUNJAB_POLICE, replace(of_multan, jurisdiction=())) if narrowed else call_of(PUNJAB_PROSECUTION)
        answer(services, by, rejection(created, photo_id))
    assert owner.findings() == [OWNER]
