"""Emergency look-ups as they are listed and read: by NPB for whom, by others not."""

import uuid
from typing import Any

import pytest

from nsor.v1 import emergencies_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Officer, Outcome
from nsor_server.policy.budgets import Bucket
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, SPECIAL_COMMITTEE, officer_of
from tests.budgets import with_budgets
from tests.calls import call_of
from tests.lookup.test_emergencies import (
    HARMLESS,
    JUSTIFIED,
    STATION,
    denied,
    listed,
    opened,
    opening,
    read,
    reading,
    review,
    with_much,
)
from tests.lookup.test_emergencies import officer as officer  # noqa: PLC0414 - a fixture
from tests.notification.test_counter import with_number
from tests.orders import cnic
from tests.services import Services


def test_npb_lists_all_and_the_police_their_own_at_the_officers_places(services: Services, officer: Officer) -> None:
    first = opened(services, officer, cnic())
    colleague = services.enrolled(officer_of(PUNJAB_POLICE))
    second = opened(services, colleague, cnic())
    sindh = services.enrolled(officer_of(SINDH_POLICE))
    request = opening(cnic(), station="PK-SD/KHI/PS-001")
    third = services.ask(call_of(SINDH_POLICE, sindh), request).response.emergency_id
    assert listed(services, NPB, page_size=1) == [third, second, first]
    assert listed(services, PUNJAB_POLICE) == [second, first]
    assert listed(services, PUNJAB_POLICE, "PK-PB/MUL") == []
    assert listed(services, SINDH_POLICE) == [third]
    review(services, second, HARMLESS)
    assert listed(services, NPB) == [third, first]
    assert listed(services, PUNJAB_POLICE, reviewed=True) == [second]
    (item,) = services.ask(
        call_of(PUNJAB_POLICE), emergencies_pb2.ListEmergencyLookUpsRequest(reviewed=True)
    ).response.items
    assert (item.finding, item.officer_number, item.station) == (HARMLESS, colleague.officer_number, STATION)
    assert item.review_time.seconds
    assert item.review_deadline.rule_id == "emergency-review"


def test_a_list_names_no_person(services: Services, officer: Officer) -> None:
    number = cnic()
    opened(services, officer, number)
    page = services.ask(call_of(NPB), emergencies_pb2.ListEmergencyLookUpsRequest()).response
    assert number not in str(page)
    assert number[-4:] not in str(page.items[0].officer_number)


def got(services: Services, emergency_id: str) -> Outcome[Any]:
    reviewer = services.enrolled(officer_of(NPB))
    return services.ask(call_of(NPB, reviewer), emergencies_pb2.GetEmergencyLookUpRequest(emergency_id=emergency_id))


def test_npb_sees_for_whom_it_was_whether_or_not_there_is_such_a_person(services: Services, officer: Officer) -> None:
    # The list names nobody: without the number nobody can say whether it was justified.
    number, passport = (
        cnic(),
        types_pb2.TravelDocument(
            number="AB7654321", country="PK", kind=types_pb2.TRAVEL_DOCUMENT_KIND_FOREIGN_IDENTITY_CARD
        ),
    )
    with_much(services, number)
    emergency_id = opened(services, officer, number)
    found, unknown = got(services, emergency_id), cnic()
    (item,) = services.ask(call_of(NPB), emergencies_pb2.ListEmergencyLookUpsRequest()).response.items
    assert found.response.emergency_look_up == item
    assert (found.response.cnic, found.response.HasField("travel_document")) == (number, False)
    assert set(found.detail.classes_shown) == {
        options_pb2.FIELD_CLASS_ALWAYS,
        options_pb2.FIELD_CLASS_IDENTITY,
        options_pb2.FIELD_CLASS_TRAVEL,
        options_pb2.FIELD_CLASS_REVIEW,
    }
    review(services, emergency_id)
    assert got(services, emergency_id).response.emergency_look_up.finding == JUSTIFIED
    other = opened(services, officer, unknown)
    assert got(services, other).response.ByteSize() < found.response.ByteSize() + 4
    assert got(services, other).response.cnic == unknown
    review(services, other)
    request = opening("", travel_document=passport)
    by_document = services.ask(call_of(PUNJAB_POLICE, officer), request).response.emergency_id
    shown = got(services, by_document).response
    assert (shown.travel_document, shown.cnic) == (passport, "")


def test_npb_sees_how_often_and_when_it_was_read(services: Services, officer: Officer) -> None:
    # Whether or not somebody was found: else it would tell the reviewer who is registered.
    known, unknown = cnic(), cnic()
    with_number(services, known)
    for number in (known, unknown):
        emergency_id = opened(services, officer, number)
        assert not got(services, emergency_id).response.reading_times
        for _ in range(2):
            read(services, officer, emergency_id, number)
        times = [each.ToMicroseconds() for each in got(services, emergency_id).response.reading_times]
        assert len(times) == 2
        assert times == sorted(times)
        assert services.one("SELECT max(time_us) FROM ledger_head") >= times[1]
        review(services, emergency_id)
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, officer), reading(emergency_id, cnic()))
    assert len(got(services, emergency_id).response.reading_times) == 2


@pytest.mark.parametrize("together", [True, False])
def test_of_two_readings_at_once_both_count(services: Services, officer: Officer, *, together: bool) -> None:
    number = cnic()
    emergency_id = opened(services, officer, number)
    both = [(call_of(PUNJAB_POLICE, officer), reading(emergency_id, number)) for _ in range(2)]
    services.at_once(*both, together=together)
    assert len(got(services, emergency_id).response.reading_times) == 2


def test_who_is_not_npb_does_not_see_for_whom_it_was(services: Services, officer: Officer) -> None:
    emergency_id = opened(services, officer, cnic())
    other_id = opened(services, services.enrolled(officer_of(PUNJAB_POLICE)), cnic())
    request = emergencies_pb2.GetEmergencyLookUpRequest(emergency_id=emergency_id)
    for agency in (PUNJAB_POLICE, SINDH_POLICE, SPECIAL_COMMITTEE):
        assert denied(services, officer_of(agency), request, agency) == "NOT_ALLOWED"
    request.emergency_id = str(uuid.uuid4())
    services.refused_by_the_register(errors.NoRecord, call_of(NPB), request)
    # Each that is opened for the first time on a day costs more: nobody reads them all.
    services.policy = with_budgets(
        call=1,
        first_named=2,
        officer=Bucket(capacity=4, refill_per_hour=1),
        agency=Bucket(capacity=50, refill_per_hour=1),
    )
    request.emergency_id, acting = emergency_id, services.enrolled(officer_of(NPB))
    services.ask(call_of(NPB, acting), request)
    with pytest.raises(errors.Exhausted):
        services.ask(call_of(NPB, acting), emergencies_pb2.GetEmergencyLookUpRequest(emergency_id=other_id))
    services.ask(call_of(NPB, acting), request)
    with pytest.raises(errors.Exhausted):
        services.ask(call_of(NPB, acting), request)
