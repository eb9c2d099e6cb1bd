"""Duties on a real register: release begins them, notices meet them, police waive them, and each explains itself."""

import datetime as dt
import uuid
from typing import Any

import pytest

from nsor.v1 import custody_pb2, duties_pb2, notices_pb2, notification_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.formats.dates import KARACHI
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PRISONS, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.test_notice import notice
from tests.notification.test_notice_decisions import decide, not_happened, withdraw
from tests.notification.test_notice_kinds import leg, named, names, of_kind, periodic, photographed, travel
from tests.notification.test_transfers import deciding
from tests.orders import Created, day
from tests.registration.test_custody import happens, held
from tests.services import Services, sealed_rows_are_listed

Kind = duties_pb2.DutyKind
MET, MET_LATE = duties_pb2.DUTY_STATE_MET, duties_pb2.DUTY_STATE_MET_LATE
OPEN, OVERDUE, VOID = duties_pb2.DUTY_STATE_OPEN, duties_pb2.DUTY_STATE_OVERDUE, duties_pb2.DUTY_STATE_VOID
WAIVED = duties_pb2.DUTY_STATE_WAIVED
HOME = "PK-PB/LHR/PS-001"
LATER = day(2024, 7, 1)


def today(days: int = 0) -> Any:
    found = dt.datetime.now(KARACHI).date() + dt.timedelta(days=days)
    return day(found.year, found.month, found.day)


def released(services: Services, when: Any = None) -> Created:
    """A man of Lahore who was in prison and is released: in 2024, or on another day."""
    created = held(services)
    happens(services, created, "RELEASED", event_date=when or day(2024, 6, 3))
    return created


def duties_of(services: Services, created: Created, agency: Agency = NPB) -> list[duties_pb2.Duty]:
    request = duties_pb2.GetDutyRequest(registration_id=created.registration_id)
    return list(services.ask(call_of(agency), request).response.duties)


def due(services: Services, created: Created, kind: str) -> duties_pb2.Duty:
    """The newest duty of a kind."""
    number = Kind.Value(f"DUTY_KIND_{kind}")
    return [each for each in duties_of(services, created) if each.kind == number][-1]


def states(services: Services, created: Created, kind: str) -> list[int]:
    number = Kind.Value(f"DUTY_KIND_{kind}")
    return [each.state for each in duties_of(services, created) if each.kind == number]


def types_of(kind: str) -> int:

    return custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{kind}")


def listed(services: Services, agency: Agency, officer: str = "", **fields: Any) -> list[duties_pb2.DutyItem]:
    who = officer_of(agency, officer) if officer else None
    return list(services.ask(call_of(agency, who), duties_pb2.ListDutiesRequest(**fields)).response.items)


def waiver(services: Services, created: Created, duty_id: str, **fields: Any) -> duties_pb2.WaiveDutyRequest:
    shown = services.ask(call_of(NPB), duties_pb2.GetDutyRequest(registration_id=created.registration_id)).response
    return duties_pb2.WaiveDutyRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "etag": shown.etag,
            "duty_id": duty_id,
            "reason": duties_pb2.DUTY_WAIVER_ILLNESS,
            **fields,
        }
    )


def test_duties_begin_with_the_release_and_not_before(services: Services) -> None:
    created = held(services)
    assert duties_of(services, created) == []
    assert listed(services, PUNJAB_POLICE) == []
    happens(services, created, "RELEASED", event_date=today())
    assert states(services, created, "INITIAL_NOTICE") == [OPEN]
    assert states(services, created, "PERIODIC_VERIFICATION") == [OPEN]


def test_a_deadline_explains_itself(services: Services) -> None:
    # Released on Monday 3 June 2024; the seventh day after it is a Monday too.
    deadline = due(services, released(services), "INITIAL_NOTICE").deadline
    assert (deadline.rule_id, deadline.calendar, deadline.verified) == ("initial-notice", "calendar-days", False)
    assert "text not read" in deadline.citation
    assert deadline.start_time.ToDatetime(dt.UTC) == dt.datetime(2024, 6, 3, tzinfo=KARACHI)
    assert deadline.due_time.ToDatetime(dt.UTC) == dt.datetime(2024, 6, 10, 23, 59, 59, tzinfo=KARACHI)


def test_offices_that_are_closed_make_it_later_and_the_days_are_named(services: Services) -> None:
    # Seven days after Sunday 9 June 2024 is Sunday 16 June.
    deadline = due(services, released(services, day(2024, 6, 9)), "INITIAL_NOTICE").deadline
    assert deadline.due_time.ToDatetime(dt.UTC) > dt.datetime(2024, 6, 16, 23, 59, 59, tzinfo=KARACHI)
    assert deadline.later.closed_days[0].date == day(2024, 6, 16)


def test_what_is_owed_without_a_date_is_shown_with_the_rest(services: Services) -> None:
    shown = duties_of(services, released(services))
    standing = [each for each in shown if each.state == duties_pb2.DUTY_STATE_STANDING]
    assert {Kind.Name(each.kind) for each in standing} == {
        f"DUTY_KIND_{name}"
        for name in (
            *("CHANGE_OF_NAME", "CHANGE_OF_ADDRESS", "CHANGE_OF_CONTACT"),
            *("EXTRA_ADDRESS", "TRAVEL_AT_HOME", "TRAVEL_ABROAD"),
        )
    }
    assert not any(each.HasField("deadline") or each.duty_id for each in standing)


def test_escalation_comes_in_steps_and_none_says_offence(services: Services) -> None:
    duty = due(services, released(services, today()), "INITIAL_NOTICE")
    assert [duties_pb2.DutyStepKind.Name(each.kind).removeprefix("DUTY_STEP_KIND_") for each in duty.steps] == [
        *("DUE_SOON", "OVERDUE", "ESCALATED", "REFERRED"),
    ]
    times = [each.step_time.seconds for each in duty.steps]
    assert times == sorted(times)
    assert times[0] < duty.deadline.due_time.seconds < times[1]
    assert list(duty.steps[-1].levels) == [duties_pb2.DUTY_LEVEL_PROVINCE, duties_pb2.DUTY_LEVEL_NPB]


@pytest.mark.parametrize(
    ("received", "state"), [(day(2024, 6, 10), MET), (day(2024, 6, 11), MET_LATE)], ids=["in time", "late"]
)
def test_a_notice_of_where_he_lives_meets_the_first_duty(services: Services, received: Any, state: int) -> None:
    created = released(services)
    services.ask(call_of(PUNJAB_POLICE), notice(created, event_date=day(2024, 6, 5), received_date=received))
    duty = due(services, created, "INITIAL_NOTICE")
    assert (duty.state, duty.met_date, list(duty.steps)) == (state, received, [])
    assert duty.notice_id
    # A permanent address says nothing of where he lives now; and what was met isn't met again.
    assert states(services, created, "PERIODIC_VERIFICATION") == [OVERDUE]


def test_a_permanent_address_meets_no_duty(services: Services) -> None:
    created = released(services)
    home = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code=HOME)
    services.ask(call_of(PUNJAB_POLICE), notice(created, address=home))
    assert states(services, created, "INITIAL_NOTICE") == [OVERDUE]


def test_what_was_told_before_it_happened_has_to_be_confirmed(services: Services) -> None:
    created = released(services, day(2026, 2, 1))
    expected = notices_pb2.NOTICE_TIMING_EXPECTED
    first = services.ask(call_of(PUNJAB_POLICE), notice(created, timing=expected, event_date=day(2026, 2, 25))).response
    duty = due(services, created, "EXPECTED_CHANGE")
    assert (duty.state, duty.notice_id, duty.deadline.rule_id) == (OVERDUE, first.notice_id, "address-change-notice")
    assert duty.deadline.start_time.ToDatetime(dt.UTC) == dt.datetime(2026, 2, 25, tzinfo=KARACHI)
    # Another address isn't that one.
    services.ask(call_of(PUNJAB_POLICE), notice(created, "PK-PB/FSD/PS-001"))
    assert states(services, created, "EXPECTED_CHANGE") == [OVERDUE]
    services.ask(call_of(PUNJAB_POLICE), notice(created, receiving_station="PK-PB/FSD/PS-001"))
    assert states(services, created, "EXPECTED_CHANGE") == [MET]


def test_a_change_of_another_kind_is_confirmed_by_a_notice_of_that_kind(services: Services) -> None:
    created = released(services, day(2026, 2, 1))
    expected = notices_pb2.NOTICE_TIMING_EXPECTED
    told = names(named("Zafar Testi Khan"))
    services.ask(call_of(PUNJAB_POLICE), of_kind(created, name=told, timing=expected, event_date=day(2026, 2, 25)))
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    assert states(services, created, "EXPECTED_CHANGE") == [OVERDUE]
    services.ask(call_of(PUNJAB_POLICE), of_kind(created, name=told, receiving_station="PK-PB/FSD/PS-003"))
    assert states(services, created, "EXPECTED_CHANGE") == [MET]


def test_who_travels_has_to_tell_that_he_is_back(services: Services) -> None:
    created = released(services, day(2026, 2, 1))
    journey = travel(leg(arrives=20), return_date=day(2026, 2, 21))
    services.ask(call_of(PUNJAB_POLICE), of_kind(created, travel=journey))
    duty = due(services, created, "RETURN")
    assert (duty.state, duty.deadline.rule_id) == (OVERDUE, "return-notice")
    assert duty.deadline.start_time.ToDatetime(dt.UTC) == dt.datetime(2026, 2, 21, tzinfo=KARACHI)
    back = of_kind(created, travel_return=notices_pb2.ReturnNotice(), event_date=day(2026, 2, 21))
    services.ask(call_of(PUNJAB_POLICE), back)
    assert states(services, created, "RETURN") == [MET]


def test_who_does_not_know_when_he_is_back_owes_no_return_yet(services: Services) -> None:
    created = released(services)
    services.ask(call_of(PUNJAB_POLICE), of_kind(created, travel=travel(leg(arrives=20))))
    assert states(services, created, "RETURN") == []


def test_a_verification_is_met_by_a_periodic_notice_and_due_again_a_year_after(services: Services) -> None:
    created = released(services, day(2025, 2, 25))
    shown = photographed(services, created, day(2026, 2, 1))
    services.ask(call_of(PUNJAB_POLICE), periodic(created, shown))
    assert states(services, created, "PERIODIC_VERIFICATION") == [MET, OPEN]
    start = due(services, created, "PERIODIC_VERIFICATION").deadline.start_time.ToDatetime(dt.UTC)
    assert start == dt.datetime(2026, 2, 20, tzinfo=KARACHI)


def test_without_a_fixed_abode_he_comes_every_week_until_he_has_one(services: Services) -> None:
    created = released(services, day(2026, 2, 15))
    stays = notices_pb2.NoFixedAbodeNotice(place_code=HOME)
    services.ask(call_of(PUNJAB_POLICE), of_kind(created, no_fixed_abode=stays))
    assert states(services, created, "INITIAL_NOTICE") == [MET]
    assert states(services, created, "NO_FIXED_ABODE") == [OVERDUE]
    again = of_kind(created, no_fixed_abode=stays, event_date=day(2026, 2, 27), received_date=day(2026, 2, 27))
    services.ask(call_of(PUNJAB_POLICE), again)
    assert states(services, created, "NO_FIXED_ABODE") == [MET, OVERDUE]
    services.ask(call_of(PUNJAB_POLICE), notice(created, event_date=day(2026, 3, 1), received_date=day(2026, 3, 1)))
    assert states(services, created, "NO_FIXED_ABODE") == [MET, MET]


@pytest.mark.parametrize("end", [decide, withdraw], ids=["refused", "withdrawn"])
def test_a_notice_that_is_not_so_meets_nothing_and_begins_nothing(services: Services, end: Any) -> None:
    created = released(services, day(2026, 2, 15))
    stays = notices_pb2.NoFixedAbodeNotice(place_code=HOME)
    told = services.ask(call_of(PUNJAB_POLICE), of_kind(created, no_fixed_abode=stays)).response
    assert (states(services, created, "INITIAL_NOTICE"), len(states(services, created, "NO_FIXED_ABODE"))) == ([MET], 1)
    end(services, created, told.notice_id, **({"refused": True} if end is decide else {}))
    duty = due(services, created, "INITIAL_NOTICE")
    assert (duty.state, duty.notice_id, duty.HasField("met_date")) == (OVERDUE, "", False)
    assert states(services, created, "NO_FIXED_ABODE") == [VOID]


def test_what_a_later_notice_has_told_is_not_owed_again(services: Services, owner: Owner) -> None:
    # Withdrawn, the first one has met nothing; the second, which has told the same since, has.
    created = released(services, day(2025, 2, 25))
    shown = photographed(services, created, day(2026, 2, 1))
    both = periodic(created, shown), periodic(created, shown)
    both[1].event_date.CopyFrom(day(2026, 2, 24))
    both[1].received_date.CopyFrom(day(2026, 2, 24))
    first, second = (services.ask(call_of(PUNJAB_POLICE), each).response.notice_id for each in both)
    assert states(services, created, "PERIODIC_VERIFICATION") == [MET, MET, OPEN]
    withdraw(services, created, first)
    assert sorted(states(services, created, "PERIODIC_VERIFICATION")) == sorted([MET, OPEN, VOID])
    assert due(services, created, "PERIODIC_VERIFICATION").notice_id == second
    withdraw(services, created, second)
    assert states(services, created, "PERIODIC_VERIFICATION").count(OVERDUE) == 1
    assert MET not in states(services, created, "PERIODIC_VERIFICATION")
    assert owner.findings() == []


def test_a_notice_that_is_verified_goes_on_meeting_what_it_met(services: Services) -> None:
    created = released(services, day(2026, 2, 15))
    told = services.ask(call_of(PUNJAB_POLICE), notice(created)).response
    decide(services, created, told.notice_id)
    assert states(services, created, "INITIAL_NOTICE") == [MET]


def test_what_did_not_happen_is_confirmed_as_what_did(services: Services) -> None:
    created = released(services, day(2026, 2, 1))
    expected = notices_pb2.NOTICE_TIMING_EXPECTED
    told = services.ask(call_of(PUNJAB_POLICE), notice(created, timing=expected, event_date=day(2026, 2, 25))).response
    services.ask(call_of(PUNJAB_POLICE), not_happened(created, told.notice_id))
    assert states(services, created, "EXPECTED_CHANGE") == [MET]


def test_what_happened_on_another_day_than_expected_is_confirmed_too(services: Services) -> None:
    created = released(services, day(2026, 2, 1))
    expected = notices_pb2.NOTICE_TIMING_EXPECTED
    told = services.ask(call_of(PUNJAB_POLICE), notice(created, timing=expected, event_date=day(2026, 2, 25))).response
    services.ask(call_of(PUNJAB_POLICE), notice(created, "PK-PB/FSD/PS-004", supersedes_notice_id=told.notice_id))
    assert states(services, created, "EXPECTED_CHANGE") == [MET]


def test_a_correction_meets_what_the_notice_before_it_met(services: Services) -> None:
    created = released(services, day(2026, 2, 15))
    first = services.ask(call_of(PUNJAB_POLICE), notice(created)).response
    corrected = notice(
        created, "PK-PB/FSD/PS-004", supersedes_notice_id=first.notice_id, receiving_station="PK-PB/FSD/PS-003"
    )
    second = services.ask(call_of(PUNJAB_POLICE), corrected).response
    duty = due(services, created, "INITIAL_NOTICE")
    assert (duty.state, duty.notice_id) == (MET, second.notice_id)


def test_prison_stops_duties_and_the_next_release_begins_them_anew(services: Services) -> None:
    created = released(services)
    first = due(services, created, "INITIAL_NOTICE").duty_id
    happens(services, created, "RECALLED", PUNJAB_POLICE, event_date=LATER, prisons_agency_id="punjab-prisons")
    assert states(services, created, "INITIAL_NOTICE") == [VOID]
    assert listed(services, PUNJAB_POLICE) == []
    happens(services, created, "ADMITTED", PUNJAB_PRISONS, event_date=LATER)
    happens(services, created, "RELEASED", event_date=today())
    assert states(services, created, "INITIAL_NOTICE") == [VOID, OPEN]
    assert due(services, created, "INITIAL_NOTICE").duty_id != first


def test_what_was_recorded_by_mistake_stops_nothing(services: Services) -> None:
    created = released(services)
    before = due(services, created, "INITIAL_NOTICE")
    happens(services, created, "DECEASED", PUNJAB_POLICE, event_date=LATER)
    assert states(services, created, "INITIAL_NOTICE") == [VOID]
    happens(services, created, "TAKEN_BACK", PUNJAB_POLICE, event_date=LATER, taken_back_kind=types_of("DECEASED"))
    assert due(services, created, "INITIAL_NOTICE") == before


def test_a_release_that_did_not_happen_began_nothing(services: Services) -> None:
    created = released(services)
    happens(services, created, "TAKEN_BACK", PUNJAB_PRISONS, event_date=LATER, taken_back_kind=types_of("RELEASED"))
    assert set(states(services, created, "INITIAL_NOTICE")) == {VOID}
    assert listed(services, NPB) == []


def test_after_a_set_aside_nobody_is_shown_a_duty(services: Services) -> None:
    created = released(services)
    assert len(listed(services, PUNJAB_POLICE)) == 2
    services.judge_all(created, "SET_ASIDE")
    assert listed(services, PUNJAB_POLICE) == listed(services, NPB) == []
    request = duties_pb2.GetDutyRequest(registration_id=created.registration_id)
    for agency in (PUNJAB_POLICE, NPB):
        services.refused(errors.NoRecord, call_of(agency), request)


def test_whoever_was_free_when_a_court_confirmed_him_owes_from_then_on(services: Services) -> None:
    created = services.create()
    assert listed(services, NPB) == []
    services.confirm(created)
    start = due(services, created, "INITIAL_NOTICE").deadline.start_time.ToDatetime(dt.UTC)
    assert start.date() == dt.datetime.now(dt.UTC).date()


def test_a_list_is_of_the_officers_places_soonest_first_and_masked(services: Services) -> None:
    later, sooner = released(services, day(2024, 8, 1)), released(services, day(2024, 7, 1))
    found = [each for each in listed(services, PUNJAB_POLICE) if each.kind == Kind.Value("DUTY_KIND_INITIAL_NOTICE")]
    assert [each.registration_id for each in found] == [sooner.registration_id, later.registration_id]
    due_times = [each.deadline.due_time.seconds for each in listed(services, PUNJAB_POLICE)]
    assert due_times == sorted(due_times)
    assert found[0].person.initials[0] == "Z. T."
    assert len(found[0].person.cnic_ending) == 3
    assert listed(services, PUNJAB_POLICE, "PK-PB/LHR") == listed(services, PUNJAB_POLICE)
    assert listed(services, PUNJAB_POLICE, "PK-PB/FSD") == listed(services, SINDH_POLICE) == []
    assert len(listed(services, NPB)) == 4


def test_pages_go_on_and_hold_for_one_officer_and_filter(services: Services) -> None:
    _, _, officer = released(services), released(services), officer_of(PUNJAB_POLICE)
    asked, found = duties_pb2.ListDutiesRequest(page_size=1), []
    for _ in range(4):
        page = services.ask(call_of(PUNJAB_POLICE, officer), asked).response
        found += [each.duty_id for each in page.items]
        asked.page_token = page.next_page_token
    assert len(set(found)) == 4
    assert not asked.page_token
    asked.page_token = services.ask(call_of(PUNJAB_POLICE, officer), asked).response.next_page_token
    services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), asked)
    asked.overdue = True
    services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE, officer), asked)


def test_only_what_is_overdue_is_listed_on_request(services: Services) -> None:
    late, _ = released(services, today(-300)), released(services, today())
    found = listed(services, PUNJAB_POLICE, overdue=True)
    assert [(each.registration_id, each.state) for each in found] == [(late.registration_id, OVERDUE)]


def test_a_move_takes_the_duties_along(services: Services) -> None:
    created = released(services)
    services.ask(call_of(PUNJAB_POLICE), notice(created))  # to Faisalabad, which meets the first one, and accepts him
    services.ask(call_of(PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/FSD")), deciding(services, created))
    assert listed(services, PUNJAB_POLICE, "PK-PB/LHR") == []
    assert len(listed(services, PUNJAB_POLICE, "PK-PB/FSD")) == 1


def test_police_waive_a_duty_and_npb_hears(services: Services) -> None:
    created = released(services)
    duty = due(services, created, "INITIAL_NOTICE")
    outcome = services.ask(call_of(PUNJAB_POLICE), waiver(services, created, duty.duty_id))
    assert sealed_rows_are_listed(services, outcome) == ["registration_version"]
    assert (outcome.response.duty.state, outcome.response.duty.waiver) == (WAIVED, duties_pb2.DUTY_WAIVER_ILLNESS)
    assert states(services, created, "INITIAL_NOTICE") == [WAIVED]
    assert services.owed(notification_pb2.EVENT_KIND_DUTY_WAIVED) == [NPB.agency_id]
    # It has ended: nobody waives it again.
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), waiver(services, created, duty.duty_id))


def test_a_verification_that_is_waived_is_due_again(services: Services) -> None:
    created = released(services)
    duty = due(services, created, "PERIODIC_VERIFICATION")
    services.ask(call_of(PUNJAB_POLICE), waiver(services, created, duty.duty_id))
    assert states(services, created, "PERIODIC_VERIFICATION") == [WAIVED, OPEN]
    again = due(services, created, "PERIODIC_VERIFICATION").deadline
    # Its time was over: the next one is counted from now on.
    assert abs(again.start_time.seconds - dt.datetime.now(dt.UTC).timestamp()) < 86_400


def test_a_duty_that_does_not_count_is_not_waived(services: Services) -> None:
    created = released(services)
    duty = due(services, created, "INITIAL_NOTICE")
    happens(services, created, "RECALLED", PUNJAB_POLICE, event_date=LATER, prisons_agency_id="punjab-prisons")
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), waiver(services, created, duty.duty_id))


def test_a_waiver_needs_the_newest_version(services: Services) -> None:
    created = released(services)
    duty = due(services, created, "INITIAL_NOTICE")
    request = waiver(services, created, duty.duty_id, etag="0123456789abcdef")
    services.refused(errors.EtagMismatch, call_of(PUNJAB_POLICE), request)


def test_whoever_may_not_see_a_duty_hears_what_he_hears_of_none(services: Services) -> None:
    created = released(services)
    duty = due(services, created, "INITIAL_NOTICE")
    absent = str(uuid.UUID(int=7))
    refusals = [
        repr(services.refused(errors.NoRecord, call_of(agency), request))
        for agency, request in (
            (SINDH_POLICE, waiver(services, created, duty.duty_id)),
            (PUNJAB_POLICE, waiver(services, created, absent)),
            (PUNJAB_POLICE, waiver(services, created, duty.duty_id, registration_id=absent)),
            (SINDH_POLICE, duties_pb2.GetDutyRequest(registration_id=created.registration_id)),
            (PUNJAB_POLICE, duties_pb2.GetDutyRequest(registration_id=absent)),
            (NPB, duties_pb2.GetDutyRequest(registration_id=created.registration_id, duty_id=absent)),
        )
    ]
    assert len(set(refusals)) == 1


def test_validate_only_reads_nothing(services: Services) -> None:
    absent = str(uuid.UUID(int=7))
    request = duties_pb2.WaiveDutyRequest(
        request_id=absent,
        validate_only=True,
        registration_id=absent,
        etag="0123456789abcdef",
        duty_id=absent,
        reason=duties_pb2.DUTY_WAIVER_ILLNESS,
    )
    assert services.ask(call_of(PUNJAB_POLICE), request).response == duties_pb2.WaiveDutyResponse()


def test_a_waiver_is_repeated_and_never_half_written(services: Services) -> None:
    created = released(services)
    request = waiver(services, created, due(services, created, "INITIAL_NOTICE").duty_id)
    assert services.never_half_written(call_of(PUNJAB_POLICE), request) == [
        *("registration_version", "outbox", "idempotency"),
    ]
