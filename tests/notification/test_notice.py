"""What a notice of a change of address promises."""

import datetime as dt
import uuid
from typing import Any

import pytest

from nsor.v1 import errors_pb2, notices_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Call, Outcome
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_POLICE, narrowed, officer_of
from tests.calls import call_of, violations
from tests.orders import Created, cnic, current_address, day, order
from tests.services import Services, sealed_rows_are_listed

HAPPENED, EXPECTED = notices_pb2.NOTICE_TIMING_HAPPENED, notices_pb2.NOTICE_TIMING_EXPECTED
Answer = notices_pb2.CreateNoticeResponse


@pytest.fixture
def confirmed(services: Services) -> Created:
    created = services.create()
    services.confirm(created)
    return created


def notice(created: Created, place: str = "PK-PB/FSD/PS-003", **fields: Any) -> notices_pb2.CreateNoticeRequest:
    return notices_pb2.CreateNoticeRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "address": current_address(place),
            "event_date": day(2026, 2, 20),
            "received_date": day(2026, 2, 21),
            "receiving_station": "PK-PB/LHR/PS-001",
            "timing": HAPPENED,
            **fields,
        }
    )


def take(services: Services, request: object, call: Call | None = None) -> Answer:
    assert isinstance(request, notices_pb2.CreateNoticeRequest)
    answer = services.ask(call or call_of(PUNJAB_POLICE), request).response
    assert isinstance(answer, Answer)
    return answer


def test_a_move_to_another_station_leaves_the_old_one_responsible(services: Services, confirmed: Created) -> None:
    # Responsibility can't fall in a gap: it stays until the others accept.
    answer = take(services, notice(confirmed))
    assert (answer.responsible_place, answer.transfer_needed, answer.late) == ("PK-PB/LHR/PS-001", True, False)
    shown = services.get(confirmed.registration_id, NPB)
    assert (shown.etag, shown.responsible_place) == (answer.etag, "PK-PB/LHR/PS-001")
    assert [address.place_code for address in shown.addresses] == ["PK-PB/LHR/PS-001", "PK-PB/FSD/PS-003"]
    assert shown.addresses[-1].since_date == day(2026, 2, 20)


def test_a_move_within_one_station_opens_no_transfer(services: Services, confirmed: Created) -> None:
    answer = take(services, notice(confirmed, "PK-PB/LHR/PS-001"))
    assert (answer.responsible_place, answer.transfer_needed) == ("PK-PB/LHR/PS-001", False)
    assert len(services.get(confirmed.registration_id, NPB).addresses) == 2


def test_across_provinces_the_old_police_stay_responsible(services: Services, confirmed: Created) -> None:
    answer = take(services, notice(confirmed, "PK-SD/KHI/PS-002"))
    assert (answer.responsible_place, answer.transfer_needed) == ("PK-PB/LHR/PS-001", True)
    assert len(services.get(confirmed.registration_id, PUNJAB_POLICE).addresses) == 2
    services.hidden(confirmed.registration_id, SINDH_POLICE)


def test_old_and_new_police_npb_and_the_creator_are_told(services: Services, confirmed: Created) -> None:
    take(services, notice(confirmed))
    within = [NPB.agency_id, PUNJAB_POLICE.agency_id, PUNJAB_PROSECUTION.agency_id]
    assert services.owed(notification_pb2.EVENT_KIND_ADDRESS_CHANGED) == within
    take(services, notice(confirmed, "PK-SD/KHI"))
    across = services.owed(notification_pb2.EVENT_KIND_ADDRESS_CHANGED_ACROSS_PROVINCES)
    assert across == [*within, SINDH_POLICE.agency_id]


def test_an_expected_move_moves_nothing_yet(services: Services, confirmed: Created) -> None:
    answer = take(services, notice(confirmed, timing=EXPECTED, event_date=day(2026, 4, 1)))
    assert (answer.responsible_place, answer.transfer_needed, answer.late) == ("PK-PB/LHR/PS-001", False, False)
    assert services.get(confirmed.registration_id, NPB).addresses[-1].since_date == day(2026, 4, 1)


@pytest.mark.parametrize("validate_only", [False, True])
def test_a_move_is_expected_for_so_many_days_ahead_as_policy_says(
    services: Services, confirmed: Created, validate_only: bool
) -> None:
    # Otherwise a notice that nobody ever checks moves a person's address to a day on which nobody looks for him.
    # 90 days after the day on which the station received it, 21 February.
    take(services, notice(confirmed, timing=EXPECTED, event_date=day(2026, 5, 22), validate_only=validate_only))
    beyond = notice(confirmed, timing=EXPECTED, event_date=day(2026, 5, 23), validate_only=validate_only)
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), beyond)
    assert violations(refusal) == [("event_date", errors_pb2.FIELD_REASON_DATE_TOO_FAR)]


def test_a_permanent_address_moves_nothing(services: Services, confirmed: Created) -> None:
    permanent = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code="PK-SD/KHI")
    answer = take(services, notice(confirmed, address=permanent))
    assert (answer.responsible_place, answer.transfer_needed) == ("PK-PB/LHR/PS-001", False)


@pytest.mark.parametrize(("received", "late"), [(day(2026, 2, 10), False), (day(2026, 2, 11), True)])
def test_late_is_accepted_and_flagged_by_a_rule_that_explains_itself(
    services: Services, confirmed: Created, received: object, late: bool
) -> None:
    # Seven days, until the end of the last one in Karachi.
    answer = take(services, notice(confirmed, event_date=day(2026, 2, 3), received_date=received))
    assert answer.late is late
    assert answer.deadline.rule_id == "address-change-notice"
    assert not answer.deadline.verified
    due = dt.datetime(2026, 2, 10, 18, 59, 59, tzinfo=dt.UTC)
    assert answer.deadline.due_time.ToDatetime(dt.UTC) == due
    assert answer.deadline.start_time.ToDatetime(dt.UTC) == dt.datetime(2026, 2, 2, 19, tzinfo=dt.UTC)


@pytest.mark.parametrize(("received", "late"), [(day(2026, 2, 9), False), (day(2026, 2, 10), True)])
def test_who_finds_the_office_closed_on_the_last_day_is_in_time_on_the_next_open_one(
    services: Services, confirmed: Created, received: object, late: bool
) -> None:
    # Seven days from 1 February 2026 are a Sunday.
    answer = take(services, notice(confirmed, event_date=day(2026, 2, 1), received_date=received))
    assert answer.late is late
    assert [(each.date, each.holiday) for each in answer.deadline.later.closed_days] == [(day(2026, 2, 8), "WEEKEND")]


def test_version_and_notice_are_sealed_under_the_registrations_key_and_named(
    services: Services, confirmed: Created
) -> None:
    outcome = services.ask(call_of(PUNJAB_POLICE), notice(confirmed))
    assert sealed_rows_are_listed(services, outcome) == ["registration_version", "notice"]
    notice_id = outcome.records[1].row_id
    wrapped = services.one("SELECT wrapped FROM registration_key WHERE registration_id = %s", confirmed.key)
    sealed = services.one("SELECT sealed FROM notice WHERE notice_id = %s", uuid.UUID(bytes=notice_id))
    opened = services.sealer.open_data_key(confirmed.key.bytes, wrapped).open("notice", notice_id, 1, sealed)
    stored = record_pb2.NoticeRecord.FromString(opened)
    assert stored.address.place_code == "PK-PB/FSD/PS-003"
    assert stored.receiving_station == "PK-PB/LHR/PS-001"
    assert b"PK-PB/FSD" not in sealed


def test_a_station_outside_the_officers_jurisdiction_takes_no_notice(services: Services, confirmed: Created) -> None:
    # It depends on the request alone, so it may be said.
    for call, station in (
        (call_of(PUNJAB_POLICE), "PK-SD/KHI/PS-001"),
        (call_of(PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/FSD")), "PK-PB/LHR/PS-001"),
    ):
        request = notice(confirmed, receiving_station=station)
        refusal = services.refused(errors.Denied, call, request)
        assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_absent_unconfirmed_and_somebody_elses_are_one_answer(services: Services, confirmed: Created) -> None:
    unconfirmed = services.create()
    absent = Created(str(uuid.uuid4()), "", confirmed.outcome)
    faisalabad = narrowed(PUNJAB_POLICE, "PK-PB/FSD")
    refusals = [
        services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), notice(unconfirmed)),
        services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), notice(absent)),
        services.refused(
            errors.NoRecord,
            call_of(faisalabad),
            notice(confirmed, receiving_station="PK-PB/FSD/PS-003"),
        ),
    ]
    assert len({repr(refusal) for refusal in refusals}) == 1


def test_a_held_registration_takes_notices_alike(services: Services) -> None:
    # No oracle: the police can't tell that the person was known.
    number = cnic()
    pair = [services.create(order(number)), services.create(order(number))]
    answers = []
    for created in pair:
        services.confirm(created)
        answer = take(services, notice(created))
        answer.notice_id = answer.etag = ""
        answers.append(answer)
    assert answers[0] == answers[1]


def test_validation_reads_no_register_and_writes_nothing(services: Services) -> None:
    absent = Created(str(uuid.uuid4()), "", services.create().outcome)
    before = services.rows()
    answer = take(services, notice(absent, validate_only=True))
    assert services.rows() == before
    assert (answer.notice_id, answer.etag, answer.responsible_place) == ("", "", "")
    assert answer.HasField("deadline")


def test_a_change_that_came_after_its_notice_is_refused(services: Services, confirmed: Created) -> None:
    backwards = notice(confirmed, event_date=day(2026, 2, 22))
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), backwards)
    assert violations(refusal) == [("received_date", errors_pb2.FIELD_REASON_DATE_ORDER)]


def test_nothing_is_half_written(services: Services, confirmed: Created) -> None:
    # Whichever statement fails, no row of any table stays, nor the entry.
    tables = services.never_half_written(call_of(PUNJAB_POLICE), notice(confirmed))
    assert tables == ["registration_version", "notice", "outbox", "idempotency"]


@pytest.mark.parametrize("together", [True, False])
def test_of_two_notices_at_once_neither_loses_the_others_address(
    services: Services, confirmed: Created, *, together: bool
) -> None:
    # Both have read the same version before either is written; the second one reads again and goes on from there.
    both = [(call_of(PUNJAB_POLICE), notice(confirmed, place)) for place in ("PK-PB/FSD/PS-003", "PK-PB/MUL/PS-002")]
    outcomes = services.at_once(*both, together=together)
    assert [each.detail.outcome for each in outcomes if isinstance(each, Outcome)] == ["NOTICED", "NOTICED"]
    shown = services.get(confirmed.registration_id, NPB)
    assert [address.place_code for address in shown.addresses] == [
        *("PK-PB/LHR/PS-001", "PK-PB/FSD/PS-003", "PK-PB/MUL/PS-002")
    ]


def test_a_confirmed_state_survives_a_notice(services: Services, confirmed: Created) -> None:
    take(services, notice(confirmed))
    shown = services.get(confirmed.registration_id, PUNJAB_POLICE)
    assert shown.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    assert services.one("SELECT array_agg(version ORDER BY version) FROM registration_version") == [1, 2, 3]
