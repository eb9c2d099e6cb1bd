"""ListRegistrations: what an agency has to do, soonest first, and nothing else."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from nsor.v1 import types_pb2, worklists_pb2
from nsor_server import errors
from nsor_server.access import lists
from nsor_server.calls import Agency, Officer, Outcome
from nsor_server.policy.deadlines import APPEAL_WINDOW, Deadlines
from nsor_server.registration.worklists import store
from tests.agencies import (
    KARACHI_COURT,
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PROSECUTION,
    SINDH_PROSECUTION,
    narrowed,
    officer_of,
)
from tests.calls import POLICY, call_of, violations
from tests.orders import confirmation, conviction, day, order
from tests.services import Services

PENDING = worklists_pb2.WORK_KIND_PENDING_CONFIRMATION
APPEAL = worklists_pb2.WORK_KIND_APPEAL_WINDOW


def ask(services: Services, agency: Agency, officer: Officer | None = None, **fields: Any) -> Outcome[Any]:
    return services.ask(call_of(agency, officer), worklists_pb2.ListRegistrationsRequest(**fields))


def work(services: Services, agency: Agency, officer: Officer | None = None, **fields: Any) -> list[Any]:
    return list(ask(services, agency, officer, **fields).response.items)


def found(services: Services, agency: Agency, officer: Officer | None = None, **fields: Any) -> list[str]:
    return [item.registration_id for item in work(services, agency, officer, **fields)]


@pytest.fixture
def long_windows(services: Services) -> Iterator[None]:
    """Appeals against the judgments of the tests, which are years old, may still be filed."""
    rows = POLICY.deadlines.rows()
    longer = [msgspec.structs.replace(row, days=3_000) if row.id == APPEAL_WINDOW else row for row in rows]
    services.policy = replace(POLICY, deadlines=Deadlines(longer, POLICY.holidays))
    yield
    services.policy = None


def test_a_court_is_shown_what_waits_for_it_the_first_entered_in_front(services: Services) -> None:
    # Not by the day of the judgment, which the court has yet to confirm.
    later = conviction()
    later.judgment_date.CopyFrom(day(2025, 5, 4))
    first, second = services.create(order(convictions=[later])), services.create()
    assert found(services, LAHORE_COURT) == [first.registration_id, second.registration_id]
    assert {item.kind for item in work(services, LAHORE_COURT)} == {PENDING}


def test_what_is_done_is_in_no_later_page(services: Services) -> None:
    created = services.create()
    assert found(services, LAHORE_COURT) == [created.registration_id]
    services.confirm(created)
    assert found(services, LAHORE_COURT) == []


def test_a_conviction_that_is_added_waits_too(services: Services) -> None:
    created = services.create()
    services.confirm(created)
    services.add_conviction(created, conviction(case_number="Sessions Case No. 9/2024"))
    (item,) = work(services, LAHORE_COURT)
    assert (item.registration_id, item.kind) == (created.registration_id, PENDING)


@pytest.mark.usefixtures("long_windows")
def test_an_appeal_window_is_open_from_the_confirmation_to_the_appeal(services: Services) -> None:
    created = services.create()
    assert found(services, PUNJAB_PROSECUTION) == []
    services.confirm(created)
    for agency in (LAHORE_COURT, PUNJAB_PROSECUTION):
        (item,) = work(services, agency)
        assert (item.registration_id, item.kind) == (created.registration_id, APPEAL)
        assert item.deadline.rule_id == APPEAL_WINDOW
        assert item.court_case.case_number == "Sessions Case No. 123/2022"
    services.judge(conviction(), "APPEAL_FILED")
    assert found(services, LAHORE_COURT) == found(services, PUNJAB_PROSECUTION) == []


def test_a_window_that_has_closed_is_nobodys_work(services: Services) -> None:
    # 30 days from the judgment by the policy that ships: nothing is to be done any more.
    services.confirm(services.create())
    assert found(services, LAHORE_COURT) == found(services, PUNJAB_PROSECUTION) == []


@pytest.mark.usefixtures("long_windows")
def test_what_is_set_aside_is_nobodys_work(services: Services) -> None:
    services.confirm(services.create())
    services.judge(conviction(), "SET_ASIDE")
    assert found(services, LAHORE_COURT) == found(services, PUNJAB_PROSECUTION) == []


@pytest.mark.usefixtures("long_windows")
def test_nobody_is_shown_anothers_work(services: Services) -> None:
    # By agency, officer, kind of court, and who entered it.
    first, second = services.create(), services.create()
    services.confirm(first)
    for agency in (KARACHI_COURT, SINDH_PROSECUTION, narrowed(LAHORE_COURT, "PK-PB/MUL")):
        assert found(services, agency) == []
    of_multan = officer_of(LAHORE_COURT, "PK-PB/MUL")
    assert found(services, LAHORE_COURT, of_multan) == []
    assert found(services, PUNJAB_PROSECUTION, officer_of(PUNJAB_PROSECUTION, "PK-PB/MUL")) == []
    assert found(services, replace(LAHORE_COURT, court_kinds=(types_pb2.COURT_KIND_GBV_COURT,))) == []
    of_lahore = officer_of(LAHORE_COURT, "PK-PB/LHR")
    assert found(services, LAHORE_COURT, of_lahore) == [second.registration_id, first.registration_id]


def test_a_kind_of_work_that_an_agency_does_not_have_is_refused(services: Services) -> None:
    services.create()
    request = worklists_pb2.ListRegistrationsRequest(kind=PENDING)
    services.refused(errors.Denied, call_of(PUNJAB_PROSECUTION), request)
    services.refused(errors.Denied, call_of(PUNJAB_POLICE), request)
    services.refused(errors.Denied, call_of(NPB), request)


def test_an_item_is_masked_and_keeps_from_the_court_what_it_confirms(services: Services) -> None:
    # No name, no full CNIC and no number of the case: the file is found by its FIR.
    entered = order("3520112345671")
    entered.person.names[0].name = "Zafar Iqbal Testi"
    urdu = types_pb2.PersonName(kind=types_pb2.NAME_KIND_OFFICIAL, name="ظفر اقبال")
    alias = types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name="Feeqa")
    entered.person.names.extend([urdu, alias])
    services.create(entered)
    outcome = ask(services, LAHORE_COURT)
    (item,) = outcome.response.items
    assert list(item.person.initials) == ["Z. I. T.", "ظ. ا."]  # noqa: RUF001 - Urdu
    assert item.person.cnic_ending == "671"
    assert (item.court_case.place_code, item.court_case.case_number) == ("PK-PB/LHR", "")
    assert not item.HasField("judgment_date")
    assert abs(item.deadline.start_time.seconds - time.time()) < 86_400  # when it was entered, not when it was judged
    assert (item.fir.police_station, item.fir.serial, item.fir.year) == ("PK-PB/LHR/PS-001", 679, 2021)
    assert (item.deadline.rule_id, item.deadline.verified) == ("conviction-confirmation", False)
    written = outcome.response.SerializeToString()
    assert not any(word.encode() in written for word in ("3520112345671", "Zafar", "Testi", "ظفر", "Feeqa", "123/2022"))


def test_pages_go_on_where_the_one_before_ended(services: Services) -> None:
    # What is done meanwhile moves nothing to a page that was read.
    entered = [services.create() for _ in range(4)]
    officer = officer_of(LAHORE_COURT)
    first = ask(services, LAHORE_COURT, officer, page_size=2).response
    services.confirm(entered[0])
    second = ask(services, LAHORE_COURT, officer, page_size=2, page_token=first.next_page_token).response
    listed = [item.registration_id for item in (*first.items, *second.items)]
    assert listed == [each.registration_id for each in entered]
    assert not second.next_page_token


def test_a_token_is_of_one_officer_and_one_kind(services: Services) -> None:
    services.create()
    services.create()
    officer = officer_of(LAHORE_COURT)
    token = ask(services, LAHORE_COURT, officer, page_size=1).response.next_page_token
    assert found(services, LAHORE_COURT, officer, page_token=token)
    another = call_of(LAHORE_COURT, officer_of(LAHORE_COURT))
    made_up = lists.token(services.sealer, another, store.packed(store.START), 0)
    for call, fields in (
        (another, {"page_token": token}),
        (call_of(LAHORE_COURT, officer), {"page_token": token, "kind": PENDING}),
        (call_of(LAHORE_COURT, officer), {"page_token": made_up}),
    ):
        refusal = services.refused(errors.InvalidFields, call, worklists_pb2.ListRegistrationsRequest(**fields))
        assert [field for field, _ in violations(refusal)] == ["page_token"]


def test_a_page_shows_nothing_that_was_done_before_its_entry(services: Services) -> None:
    # It is read before the confirmation and written after it: it is made again.
    created = services.create()
    _, listed = services.at_once(
        (call_of(LAHORE_COURT), confirmation(created)),
        (call_of(LAHORE_COURT), worklists_pb2.ListRegistrationsRequest()),
        together=False,
    )
    assert isinstance(listed, Outcome)
    assert list(listed.response.items) == []


def test_a_record_that_is_sealed_has_no_work(services: Services) -> None:
    # One conviction waits beside one that was set aside: the court is shown no record of that id, and no work with it.
    created = services.create()
    services.confirm(created)
    services.add_conviction(created, conviction(case_number="Sessions Case No. 9/2024"))
    assert found(services, LAHORE_COURT) == [created.registration_id]
    services.judge(conviction(), "SET_ASIDE")
    services.hidden(created.registration_id, LAHORE_COURT)
    assert found(services, LAHORE_COURT) == []
