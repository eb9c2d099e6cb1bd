"""What owners have to do about identities, what NPB has to remind of, and to whom lists show juveniles."""

from __future__ import annotations

import pytest

from nsor.v1 import identity_pb2, options_pb2, types_pb2, worklists_pb2
from nsor_server.access.contract import purposes_of
from nsor_server.calls import Agency, Officer
from nsor_server.registration.worklists import rules
from tests.agencies import (
    NADRA,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SINDH_PROSECUTION,
    officer_of,
)
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_worklists_set_back import LISTED
from tests.calls import CONTRACT, call_of
from tests.orders import Created, cnic, order
from tests.registration.test_custody import acceptance, expected, happens, held
from tests.registration.test_identifiers import renumber
from tests.registration.test_identity import decide, handed_out, later, rename
from tests.registration.test_worklists import work
from tests.services import Services

TO_CORRECT, NO_DOCUMENT = worklists_pb2.WORK_KIND_IDENTITY_TO_CORRECT, worklists_pb2.WORK_KIND_IDENTITY_WITHOUT_DOCUMENT
OVERDUE, TO_ACCEPT = worklists_pb2.WORK_KIND_RELEASE_OVERDUE, worklists_pb2.WORK_KIND_RELEASE_TO_ACCEPT
WITHOUT_ADDRESS = worklists_pb2.WORK_KIND_RELEASE_WITHOUT_ADDRESS
LIST = "nsor.v1.RegistrationService/ListRegistrations"
MINUTES_OF_A_DAY = 1_440


def listed(services: Services, created: Created, agency: Agency, officer: Officer | None = None) -> list[int]:
    """What an agency has to do with a record."""
    return [each.kind for each in work(services, agency, officer) if each.registration_id == created.registration_id]


def found_wrong(services: Services, result: int = identity_pb2.IDENTITY_STATE_MISMATCH) -> None:
    officer = officer_of(NADRA)
    decide(services, officer, handed_out(services, officer).handle, result)


@pytest.mark.parametrize("result", [identity_pb2.IDENTITY_STATE_MISMATCH, identity_pb2.IDENTITY_STATE_NO_SUCH_DOCUMENT])
def test_whoever_owns_the_record_corrects_what_nadra_found_wrong(services: Services, owner: Owner, result: int) -> None:
    created = services.confirmed()  # he is released: the police own it
    assert listed(services, created, PUNJAB_POLICE) == []  # it waits for NADRA, whose own queue it is in
    found_wrong(services, result)
    assert listed(services, created, PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/LHR")) == [TO_CORRECT]
    for agency, officer in (
        (PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/MUL")),
        (SINDH_POLICE, None),
        (PUNJAB_PROSECUTION, None),
        (NPB, None),
    ):
        assert listed(services, created, agency, officer) == []
    rename(services, created, "Zafar Testi Khan")
    assert listed(services, created, PUNJAB_POLICE) == []
    assert owner.findings() == []


def test_until_the_release_it_is_the_prosecutions_work_and_not_that_of_police_of_the_place(services: Services) -> None:
    created = held(services)
    found_wrong(services)
    assert listed(services, created, PUNJAB_PROSECUTION) == [TO_CORRECT]
    assert listed(services, created, PUNJAB_POLICE) == listed(services, created, SINDH_PROSECUTION) == []
    happens(services, created, "RELEASED")
    assert listed(services, created, PUNJAB_PROSECUTION) == []
    assert TO_CORRECT in listed(services, created, PUNJAB_POLICE)


def test_whose_identity_nobody_can_verify_is_in_the_owners_list_until_there_is_a_number(services: Services) -> None:
    entered = order("")
    entered.person.no_cnic_reason = types_pb2.NO_CNIC_REASON_NOT_ESTABLISHED
    created = services.create(entered)
    assert listed(services, created, PUNJAB_PROSECUTION) == []
    services.confirm(created)
    (item,) = work(services, PUNJAB_POLICE)
    assert (item.kind, item.person.cnic_ending, list(item.person.initials)) == (NO_DOCUMENT, "", ["Z. T."])
    assert not item.HasField("court_case")
    renumber(services, created, cnic())
    assert listed(services, created, PUNJAB_POLICE) == []


def test_a_work_that_was_hidden_from_an_owner_is_found(services: Services, owner: Owner) -> None:
    created = services.confirmed()
    found_wrong(services)
    with owner.without("registration_work", f"kind = {TO_CORRECT}"):
        assert listed(services, created, PUNJAB_POLICE) == []
    assert owner.findings() == [LISTED]


def test_npb_and_the_prison_are_shown_releases_that_are_overdue(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted, unaccepted, nowhere = held(services), held(services), held(services)
    for each in (accepted, unaccepted):
        expected(services, each)
    expected(services, nowhere, "")
    services.ask(call_of(SINDH_POLICE), acceptance(services, accepted))
    of_all = (accepted, unaccepted, nowhere)
    assert [listed(services, each, NPB) for each in of_all] == [[], [], [WITHOUT_ADDRESS]]
    assert [listed(services, each, PUNJAB_PRISONS) for each in of_all] == [[], [], []]
    later(monkeypatch, 32 * MINUTES_OF_A_DAY)
    assert [listed(services, each, NPB) for each in of_all] == [
        [OVERDUE],
        [TO_ACCEPT, OVERDUE],
        [WITHOUT_ADDRESS, OVERDUE],
    ]
    assert [listed(services, each, PUNJAB_PRISONS) for each in of_all] == [[OVERDUE], [OVERDUE], [OVERDUE]]
    (item,) = [each for each in work(services, PUNJAB_PRISONS) if each.registration_id == accepted.registration_id]
    assert item.HasField("release_date")
    happens(services, accepted, "RELEASED")
    assert listed(services, accepted, NPB) == listed(services, accepted, PUNJAB_PRISONS) == []
    assert owner.findings() == []


def test_a_case_of_a_juvenile_is_listed_for_purposes_alone_that_are_shown_his_counts() -> None:
    # Rule 22: a list of another purpose says only that somebody is to be admitted, accepted or corrected.
    of_cases = {rules.PENDING_CONFIRMATION, rules.APPEAL_WINDOW_OPEN}
    allow = CONTRACT.methods[LIST].allow
    kinds = [kind for kind, own in rules._KINDS.items() if of_cases & set(own)]
    assert sorted(kinds) == sorted([options_pb2.AGENCY_KIND_COURT, options_pb2.AGENCY_KIND_PROSECUTION])
    for kind in kinds:
        assert set(allow[options_pb2.AgencyKind.ValueType(kind)].purposes) <= set(
            purposes_of(options_pb2.FIELD_CLASS_JUVENILE)
        )
