"""What enrolling, disabling and listing consumers of events promises."""

import uuid
from typing import Any

import pytest

from nsor.v1 import consumers_pb2, errors_pb2, notification_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.directory import consumers
from tests.agencies import NADRA, PUNJAB_POLICE, SINDH_POLICE
from tests.calls import call_of, violations
from tests.consumers import disabling, enrolled, enrolment, listed, system
from tests.services import Services

MOVED = notification_pb2.EVENT_KIND_ADDRESS_CHANGED


def test_a_consumer_is_enrolled_for_a_system_of_the_callers_agency(services: Services) -> None:
    system(services)
    call = call_of(PUNJAB_POLICE)
    answer = services.ask(call, enrolment(places=["PK-PB/LHR"], kinds=[MOVED])).response.consumer
    assert (answer.consumer, list(answer.places), list(answer.kinds)) == ("SYSTEM-1", ["PK-PB/LHR"], [MOVED])
    assert answer.enrol_time.seconds > 0
    assert list(listed(services)) == [answer]
    assert listed(services, SINDH_POLICE) == []
    assert services.one("SELECT access_id FROM event_consumer").bytes == call.access_id
    assert services.one("SELECT decided_by FROM event_consumer") == call.focal_persons[0].key_id


@pytest.mark.parametrize("request_of", [enrolment, disabling])
def test_the_agency_and_npb_hear_of_each_change(services: Services, request_of: Any) -> None:
    enrolled(services) if request_of is disabling else system(services)
    services.ask(call_of(PUNJAB_POLICE), request_of())
    kind = {
        enrolment: notification_pb2.EVENT_KIND_CONSUMER_ENROLLED,
        disabling: notification_pb2.EVENT_KIND_CONSUMER_DISABLED,
    }[request_of]
    assert services.owed(kind) == ["npb", "punjab-police"]


def test_what_is_validated_only_changes_nothing_and_reads_no_register(services: Services) -> None:
    for request in (enrolment(), disabling()):
        request.validate_only = True
        before = services.rows()
        services.ask(call_of(PUNJAB_POLICE), request)
        assert services.rows() == before


def test_a_consumer_is_of_a_system_with_a_live_key(services: Services) -> None:
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), enrolment())
    assert violations(refusal) == [("consumer", errors_pb2.FIELD_REASON_NO_SYSTEM_KEY)]
    services.enrolled(call_of(PUNJAB_POLICE).officer)  # type: ignore[arg-type]  # there is one
    system(services, SINDH_POLICE)
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), enrolment())
    assert violations(refusal) == [("consumer", errors_pb2.FIELD_REASON_NO_SYSTEM_KEY)]


# A cursor of the old one would otherwise be taken for one of the new one.
def test_a_name_is_used_once(services: Services) -> None:
    enrolled(services)
    for _ in range(2):
        refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), enrolment())
        assert violations(refusal) == [("consumer", errors_pb2.FIELD_REASON_CONSUMER_ENROLLED)]
        services.ask(call_of(PUNJAB_POLICE), disabling())


def test_a_filter_names_places_of_the_agency_and_kinds_that_concern_it(services: Services) -> None:
    system(services)
    outside = services.refused(errors.Denied, call_of(PUNJAB_POLICE), enrolment(places=["PK-PB/LHR", "PK-SD"]))
    assert outside.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION
    twice = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), enrolment(places=["PK-PB", "PK-PB"]))
    assert violations(twice) == [("places[1]", errors_pb2.FIELD_REASON_DUPLICATE)]
    twice = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), enrolment(kinds=[MOVED, MOVED]))
    assert violations(twice) == [("kinds[1]", errors_pb2.FIELD_REASON_DUPLICATE)]
    kinds = [MOVED, notification_pb2.EVENT_KIND_SEALED_READING_OPENED]
    wrong = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), enrolment(kinds=kinds))
    assert violations(wrong) == [("kinds[1]", errors_pb2.FIELD_REASON_EVENT_NOT_CONCERNING)]
    system(services, NADRA)
    of_nadra = services.refused(errors.InvalidFields, call_of(NADRA), enrolment(kinds=[MOVED]))
    assert violations(of_nadra) == [("kinds[0]", errors_pb2.FIELD_REASON_EVENT_NOT_CONCERNING)]


def test_an_agency_has_so_many_consumers_and_a_disabled_one_makes_room(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "MOST", 2)
    for number in ("SYSTEM-1", "SYSTEM-2"):
        enrolled(services, number=number)
    enrolled(services, SINDH_POLICE)
    system(services, number="SYSTEM-3")
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), enrolment("SYSTEM-3"))
    assert violations(refusal) == [("consumer", errors_pb2.FIELD_REASON_CONSUMERS_FULL)]
    services.ask(call_of(PUNJAB_POLICE), disabling())
    services.ask(call_of(PUNJAB_POLICE), enrolment("SYSTEM-3"))
    assert consumers.ENROLMENTS_AN_HOUR >= 50


@pytest.mark.parametrize("together", [True, False])
def test_two_enrolments_at_once_do_not_pass_the_limit(
    services: Services, monkeypatch: pytest.MonkeyPatch, *, together: bool
) -> None:
    monkeypatch.setattr(consumers, "MOST", 1)
    for number in ("SYSTEM-1", "SYSTEM-2"):
        system(services, number=number)
    both = [(call_of(PUNJAB_POLICE), enrolment(number)) for number in ("SYSTEM-1", "SYSTEM-2")]
    ended = services.at_once(*both, together=together)
    assert sum(isinstance(each, Outcome) for each in ended) == 1
    assert services.rows()["event_consumer"] == 1


def test_an_agency_does_not_enrol_and_disable_without_end(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "ENROLMENTS_AN_HOUR", 1)
    enrolled(services)
    system(services, number="SYSTEM-2")
    services.refused(errors.Exhausted, call_of(PUNJAB_POLICE), enrolment("SYSTEM-2"))


def test_a_consumer_is_disabled_once(services: Services) -> None:
    enrolled(services)
    first, second = (services.ask(call_of(PUNJAB_POLICE), disabling()).response.disable_time for _ in range(2))
    assert first == second
    assert services.rows()["event_consumer_disabled"] == 1
    assert [each.disable_time for each in listed(services)] == [first]
    for agency in (PUNJAB_POLICE, SINDH_POLICE):
        refusal = services.refused(errors.InvalidFields, call_of(agency), disabling("SYSTEM-7"))
        assert violations(refusal) == [("consumer", errors_pb2.FIELD_REASON_CONSUMER_UNKNOWN)]


def test_consumers_are_listed_in_pages(services: Services) -> None:
    for number in ("SYSTEM-1", "SYSTEM-2", "SYSTEM-3"):
        enrolled(services, number=number)
    token, found = "", []
    for _ in range(2):
        request = consumers_pb2.ListConsumersRequest(page_size=2, page_token=token)
        page = services.ask(call_of(PUNJAB_POLICE), request).response
        found.append([each.consumer for each in page.consumers])
        token = page.next_page_token
    assert (found, token) == ([["SYSTEM-1", "SYSTEM-2"], ["SYSTEM-3"]], "")
    wrong = consumers_pb2.ListConsumersRequest(page_token=uuid.uuid4().hex)
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), wrong)
    assert violations(refusal) == [("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)]


def test_enrolling_and_disabling_are_never_half_written(services: Services) -> None:
    system(services)
    assert services.never_half_written(call_of(PUNJAB_POLICE), enrolment())[0] == "event_consumer"
    assert services.never_half_written(call_of(PUNJAB_POLICE), disabling())[0] == "event_consumer_disabled"
