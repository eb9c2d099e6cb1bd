"""Custody events and releases on a real register: who records, accepts and sees what."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest
from google.type import date_pb2

from nsor.v1 import custody_pb2, errors_pb2, notification_pb2, types_pb2, worklists_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Officer
from nsor_server.registration.custody import rules
from tests.agencies import (
    FIA_IMMIGRATION,
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SINDH_PRISONS,
    officer_of,
)
from tests.calls import call_of, violations
from tests.notification.test_notice import notice
from tests.orders import Created, current_address, day, order
from tests.services import Services, sealed_rows_are_listed

ABSENT = str(uuid.UUID(int=7))
AWAY = "PK-SD/KHI/PS-001"
"""A station of Karachi."""
HOME = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code=AWAY)
EVENT_DAY = day(2024, 6, 1)
REFUSED = custody_pb2.RELEASE_REFUSAL_OTHER_STATION


def soon() -> date_pb2.Date:
    later = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    return day(later.year, later.month, later.day)


def held(services: Services, by: Agency = PUNJAB_PRISONS) -> Created:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=by.agency_id)
    created = services.create(order(custody=custody))
    services.confirm(created)
    return created


def at_large(services: Services, state: types_pb2.CustodyState.ValueType) -> Created:
    created = services.create(order(custody=types_pb2.Custody(state=state)))
    services.confirm(created)
    return created


def event(services: Services, created: Created, kind: str, **fields: Any) -> custody_pb2.RecordCustodyEventRequest:
    return custody_pb2.RecordCustodyEventRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "etag": services.get(created.registration_id, NPB).etag,
            "kind": custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{kind}"),
            "event_date": EVENT_DAY,
            **fields,
        }
    )


def happens(services: Services, created: Created, kind: str, by: Agency | Call = PUNJAB_PRISONS, **fields: Any) -> Any:
    call = by if isinstance(by, Call) else call_of(by)
    return services.ask(call, event(services, created, kind, **fields)).response


def expected(services: Services, created: Created, place: str = AWAY) -> None:
    address = current_address(place) if place else None
    happens(services, created, "RELEASE_EXPECTED", expected_date=soon(), address=address)


def acceptance(services: Services, created: Created) -> custody_pb2.AcceptReleaseRequest:
    return custody_pb2.AcceptReleaseRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        etag=services.get(created.registration_id, NPB).etag,
    )


def refusal(services: Services, created: Created) -> custody_pb2.RefuseReleaseRequest:
    accepted = acceptance(services, created)
    return custody_pb2.RefuseReleaseRequest(
        request_id=accepted.request_id, registration_id=accepted.registration_id, etag=accepted.etag, reason=REFUSED
    )


def custody(
    services: Services, created: Created, agency: Agency, officer: Officer | None = None
) -> custody_pb2.GetCustodyResponse:
    request = custody_pb2.GetCustodyRequest(registration_id=created.registration_id)
    shown: custody_pb2.GetCustodyResponse = services.ask(call_of(agency, officer), request).response
    return shown


def has_no_part(services: Services, created: Created, agency: Agency, officer: Officer | None = None) -> None:
    """The agency hears of custody what it hears of a record that isn't there."""
    answers = [
        repr(
            services.refused(
                errors.NoRecord,
                call_of(agency, officer),
                custody_pb2.GetCustodyRequest(registration_id=registration_id),
            )
        )
        for registration_id in (created.registration_id, ABSENT)
    ]
    assert answers[0] == answers[1]


def told(services: Services, kind: str) -> list[str]:
    return services.owed(notification_pb2.EventKind.Value(f"EVENT_KIND_{kind}"))


def test_a_department_sees_whom_it_is_to_admit_and_has_him_once_it_has(services: Services) -> None:
    created = held(services)
    has_no_part(services, created, SINDH_PRISONS)
    happens(services, created, "TRANSFERRED", prisons_agency_id="sindh-prisons")
    shown = custody(services, created, SINDH_PRISONS)
    assert (shown.person.names[0].name, shown.receiving_agency_id) == ("Zafar Testi", "sindh-prisons")
    assert (shown.custody.prisons_agency_id, len(shown.events)) == ("punjab-prisons", 0)
    # It is enough to admit him; the record is his department's until then.
    services.hidden(created.registration_id, SINDH_PRISONS)
    assert services.get(created.registration_id, PUNJAB_PRISONS).custody.prisons_agency_id == "punjab-prisons"
    answer = happens(services, created, "ADMITTED", SINDH_PRISONS)
    assert answer.state == types_pb2.CUSTODY_STATE_IN_CUSTODY
    assert services.get(created.registration_id, SINDH_PRISONS).etag == answer.etag
    has_no_part(services, created, PUNJAB_PRISONS)
    parts = {"punjab-police", "npb", "punjab-prosecution", "punjab-prisons", "sindh-prisons"}
    assert set(told(services, "OFFENDER_TRANSFERRED")) == set(told(services, "OFFENDER_ADMITTED")) == parts


def test_the_police_of_another_province_take_him_on_from_his_release(services: Services) -> None:
    created = held(services)
    has_no_part(services, created, SINDH_POLICE)
    expected(services, created)
    shown = custody(services, created, SINDH_POLICE)
    assert shown.expected_release == custody_pb2.ExpectedRelease(
        release_date=soon(), has_address=True, address=current_address(AWAY)
    )
    assert not shown.person.mobile_numbers
    assert "sindh-police" in told(services, "RELEASE_EXPECTED")
    answer = services.ask(call_of(SINDH_POLICE), acceptance(services, created)).response
    assert not answer.responsible_now
    services.hidden(created.registration_id, SINDH_POLICE)
    happens(services, created, "RELEASED", event_date=today())
    registration = services.get(created.registration_id, SINDH_POLICE)
    assert (registration.responsible_place, registration.custody.state) == (AWAY, types_pb2.CUSTODY_STATE_RELEASED)
    assert registration.addresses[-1].since_date == today()
    services.hidden(created.registration_id, PUNJAB_POLICE)
    has_no_part(services, created, SINDH_POLICE)
    assert told(services, "RELEASE_NOT_ACCEPTED") == told(services, "RELEASE_WITHOUT_ADDRESS") == []
    assert {"punjab-police", "sindh-police", "npb"} <= set(told(services, "OFFENDER_RELEASED"))
    # The time of his duties begins on a day, by an event that is kept.
    last = custody(services, created, NPB).events[-1]
    assert (last.kind, last.event_date) == (custody_pb2.CUSTODY_EVENT_KIND_RELEASED, today())


def today() -> date_pb2.Date:
    now = rules.day_of(dt.datetime.now(dt.UTC))
    return day(now.year, now.month, now.day)


def test_nobody_falls_into_a_gap_when_he_is_released_unaccepted(services: Services) -> None:
    created = held(services)
    expected(services, created)
    happens(services, created, "RELEASED", event_date=today())
    assert {"punjab-police", "npb", "sindh-police"} <= set(told(services, "RELEASE_NOT_ACCEPTED"))
    assert services.get(created.registration_id, PUNJAB_POLICE).responsible_place == "PK-PB/LHR/PS-001"
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    assert services.get(created.registration_id, SINDH_POLICE).responsible_place == AWAY


def test_whoever_refuses_him_sees_him_no_more(services: Services) -> None:
    created = held(services)
    expected(services, created)
    services.ask(call_of(SINDH_POLICE), refusal(services, created))
    has_no_part(services, created, SINDH_POLICE)
    assert {"punjab-prisons", "punjab-police", "npb"} <= set(told(services, "RELEASE_REFUSED"))
    shown = custody(services, created, NPB)
    assert (shown.expected_release.has_address, shown.events[-1].refusal) == (False, REFUSED)
    happens(services, created, "RELEASED", event_date=today())
    assert {"punjab-police", "npb"} <= set(told(services, "RELEASE_WITHOUT_ADDRESS"))


def test_a_notice_of_where_he_lives_ends_a_release_that_nobody_has_taken_on(services: Services) -> None:
    created = held(services)
    expected(services, created, "")
    assert {"punjab-police", "npb"} <= set(told(services, "RELEASE_WITHOUT_ADDRESS"))
    happens(services, created, "RELEASED")
    assert custody(services, created, NPB).HasField("expected_release")
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    assert not custody(services, created, NPB).HasField("expected_release")


def test_an_officer_of_another_place_does_nothing(services: Services) -> None:
    created = held(services)
    expected(services, created)
    elsewhere = officer_of(SINDH_POLICE, "PK-SD/KHP")
    has_no_part(services, created, SINDH_POLICE, elsewhere)
    for request in (acceptance(services, created), refusal(services, created)):
        services.refused(errors.NoRecord, call_of(SINDH_POLICE, elsewhere), request)
    one = officer_of(SINDH_POLICE, "PK-SD/KHI")
    accepted = acceptance(services, created)
    services.ask(call_of(SINDH_POLICE, one), accepted)
    # It is his place alone, also when the request is sent again by one who was moved.
    services.refused(errors.NoRecord, call_of(SINDH_POLICE, replace(one, jurisdiction=("PK-SD/KHP",))), accepted)
    bailed = at_large(services, types_pb2.CUSTODY_STATE_ON_BAIL)
    absconded = event(services, bailed, "ESCAPED")
    multan = officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, multan), absconded)
    services.ask(call_of(PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/LHR")), absconded)


@pytest.mark.parametrize("agency", [SINDH_PRISONS, SINDH_POLICE])
def test_whoever_has_no_part_in_it_hears_no_record(services: Services, agency: Agency) -> None:
    created = held(services)
    kind = "RELEASED" if agency is SINDH_PRISONS else "DECEASED"
    there = services.refused(errors.NoRecord, call_of(agency), event(services, created, kind))
    absent = event(services, created, kind, registration_id=ABSENT)
    assert repr(there) == repr(services.refused(errors.NoRecord, call_of(agency), absent))
    if agency is SINDH_POLICE:
        services.refused(errors.NoRecord, call_of(agency), acceptance(services, created))


@pytest.mark.parametrize("agency", [PUNJAB_PROSECUTION, LAHORE_COURT, FIA_IMMIGRATION])
def test_others_may_not_ask(services: Services, agency: Agency) -> None:
    services.refused(errors.Denied, call_of(agency), custody_pb2.GetCustodyRequest(registration_id=ABSENT))


def test_what_does_not_follow_is_refused_by_field_and_rule(services: Services) -> None:
    created = held(services)
    happens(services, created, "BAILED")
    wrong = [("kind", errors_pb2.FIELD_REASON_NOT_IN_THIS_STATE)]
    refused = services.refused(errors.WrongState, call_of(PUNJAB_POLICE), event(services, created, "BAILED"))
    assert violations(refused) == wrong
    happens(services, created, "RECALLED", PUNJAB_POLICE, prisons_agency_id="sindh-prisons")
    # The department that is to admit him sees him, and nothing else is its to record.
    refused = services.refused(errors.WrongState, call_of(SINDH_PRISONS), event(services, created, "DECEASED"))
    assert violations(refused) == wrong
    happens(services, created, "ADMITTED", SINDH_PRISONS)
    refused = services.refused(errors.WrongState, call_of(PUNJAB_POLICE), event(services, created, "DECEASED"))
    assert violations(refused) == wrong


@pytest.mark.parametrize(
    ("kind", "fields", "field", "reason"),
    [
        ("RELEASED", {"event_date": day(2199, 1, 1)}, "event_date", "DATE_FUTURE"),
        ("RELEASED", {"event_date": day(2023, 5, 3)}, "event_date", "DATE_ORDER"),
        ("RELEASED", {"event_date": None}, "event_date", "REQUIRED"),
        ("RELEASED", {"expected_date": day(2199, 1, 1)}, "expected_date", "EXACTLY_ONE"),
        ("RELEASE_EXPECTED", {}, "expected_date", "REQUIRED"),
        ("RELEASE_EXPECTED", {"expected_date": day(2024, 7, 1)}, "expected_date", "DATE_ORDER"),
        ("RELEASE_ACCEPTED", {}, "kind", "UNKNOWN_VALUE"),
        ("BAILED", {"address": current_address(AWAY)}, "address", "EXACTLY_ONE"),
        (
            "RELEASED",
            {"address": HOME},
            "address.kind",
            "UNKNOWN_VALUE",
        ),
        ("TRANSFERRED", {}, "prisons_agency_id", "REQUIRED"),
        ("TRANSFERRED", {"prisons_agency_id": "sindh-police"}, "prisons_agency_id", "AGENCY_UNKNOWN"),
        ("TRANSFERRED", {"prisons_agency_id": "punjab-prisons"}, "prisons_agency_id", "AGENCY_UNKNOWN"),
        ("TRANSFERRED", {"prisons_agency_id": "no-such-agency"}, "prisons_agency_id", "AGENCY_UNKNOWN"),
        ("DECEASED", {"prisons_agency_id": "sindh-prisons"}, "prisons_agency_id", "EXACTLY_ONE"),
    ],
)
def test_a_wrong_event_is_refused_by_field_and_rule(
    services: Services, kind: str, fields: dict[str, Any], field: str, reason: str
) -> None:
    request = event(services, held(services), kind, **fields)
    refused = services.refused(errors.InvalidFields, call_of(PUNJAB_PRISONS), request)
    assert violations(refused) == [(field, errors_pb2.FieldReason.Value(f"FIELD_REASON_{reason}"))]


def test_an_event_is_not_before_what_happened_last(services: Services) -> None:
    created = held(services)
    happens(services, created, "TRANSFERRED", prisons_agency_id="sindh-prisons")
    early = event(services, created, "ADMITTED", event_date=day(2024, 5, 31))
    refused = services.refused(errors.InvalidFields, call_of(SINDH_PRISONS), early)
    assert violations(refused) == [("event_date", errors_pb2.FIELD_REASON_DATE_ORDER)]


def test_a_release_that_is_entered_late_may_lie_before_its_acceptance(services: Services) -> None:
    created = held(services)
    expected(services, created)
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    happens(services, created, "RELEASED", event_date=EVENT_DAY)
    assert services.get(created.registration_id, SINDH_POLICE).addresses[-1].since_date == EVENT_DAY


def test_expectations_block_no_move_and_fill_no_record(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    # A version repeats the newest of what changed no state; the others stand in the versions before.
    monkeypatch.setattr(rules, "MOST_WITHOUT_CHANGE", 3)
    created = held(services)
    happens(services, created, "TRANSFERRED", prisons_agency_id="sindh-prisons")
    began = work(services, SINDH_PRISONS)
    for nth in range(5):
        expected(services, created, AWAY if nth % 2 == 0 else "PK-SD/KHI/PS-002")
    kinds = [each.kind for each in custody(services, created, NPB).events]
    of_expectation = custody_pb2.CUSTODY_EVENT_KIND_RELEASE_EXPECTED
    assert kinds == [custody_pb2.CUSTODY_EVENT_KIND_TRANSFERRED, of_expectation, of_expectation]
    assert work(services, SINDH_PRISONS) == began
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    happens(services, created, "ADMITTED", SINDH_PRISONS)
    happens(services, created, "TRANSFERRED", SINDH_PRISONS, prisons_agency_id="punjab-prisons")
    happens(services, created, "ADMITTED")
    happens(services, created, "RELEASED")


def test_a_release_that_is_expected_already_is_not_recorded_again(services: Services) -> None:
    created = held(services)
    expected(services, created)
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    before, rows = custody(services, created, NPB), services.rows()
    same = {"expected_date": soon(), "address": current_address(AWAY)}
    answer = happens(services, created, "RELEASE_EXPECTED", **same)
    assert (answer.already_recorded, answer.etag) == (True, before.etag)
    # The entry of the call is new, and the request that was kept.
    assert custody(services, created, NPB) == before
    assert services.rows()["registration_version"] == rows["registration_version"]
    for other in ({**same, "address": None}, {**same, "expected_date": later()}):
        assert not happens(services, created, "RELEASE_EXPECTED", **other).already_recorded
    # Whose it isn't to say is told no more than before.
    happens(services, created, "TRANSFERRED", prisons_agency_id="sindh-prisons")
    request = event(services, created, "RELEASE_EXPECTED", expected_date=later())
    services.refused(errors.WrongState, call_of(SINDH_PRISONS), request)


def later() -> date_pb2.Date:
    found = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=60)
    return day(found.year, found.month, found.day)


def test_an_old_etag_records_nothing(services: Services) -> None:
    created = held(services)
    expected(services, created)
    old = acceptance(services, created)
    expected(services, created, "PK-SD/KHI/PS-002")
    services.refused(errors.EtagMismatch, call_of(SINDH_POLICE), old)
    bailed = event(services, created, "BAILED", etag=created.etag)
    services.refused(errors.EtagMismatch, call_of(PUNJAB_PRISONS), bailed)


def test_a_repeated_event_is_recorded_once_and_answered_while_he_is_the_callers(services: Services) -> None:
    created = held(services)
    call, request = call_of(PUNJAB_PRISONS), event(services, created, "RELEASE_EXPECTED", expected_date=soon())
    services.ask(call, request)
    before = services.rows()
    assert services.ask(call_of(PUNJAB_PRISONS, call.officer), request).detail.outcome == "REPLAY"
    assert services.rows() == before
    happens(services, created, "RELEASED")
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    services.refused(errors.NoRecord, call_of(PUNJAB_PRISONS, call.officer), request)


def test_a_rehearsal_does_not_read_the_register(services: Services) -> None:
    created = held(services)
    rehearsed = happens(services, created, "RELEASED", registration_id=ABSENT, validate_only=True)
    assert rehearsed == custody_pb2.RecordCustodyEventResponse()


def test_what_was_set_aside_is_nobodys_to_record(services: Services) -> None:
    created = held(services)
    expected(services, created)
    request, accepted = event(services, created, "RELEASED"), acceptance(services, created)
    services.judge_all(created, "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(PUNJAB_PRISONS), request)
    services.refused(errors.NoRecord, call_of(SINDH_POLICE), accepted)
    for agency in (PUNJAB_PRISONS, SINDH_POLICE, NPB):
        has_no_part(services, created, agency)


def work(services: Services, agency: Agency, officer: Officer | None = None) -> list[tuple[str, int]]:
    """What the agency has to do: registrations with the kind of work."""
    found = services.ask(call_of(agency, officer), worklists_pb2.ListRegistrationsRequest()).response.items
    return [(each.registration_id, each.kind) for each in found]


def test_whoever_has_to_do_something_finds_it_in_his_worklist_and_nobody_else(services: Services) -> None:
    created = held(services)
    of = created.registration_id
    agencies = (PUNJAB_POLICE, SINDH_POLICE, PUNJAB_PRISONS, SINDH_PRISONS)
    assert [work(services, each) for each in agencies] == [[], [], [], []]
    happens(services, created, "TRANSFERRED", prisons_agency_id="sindh-prisons")
    admission = (of, worklists_pb2.WORK_KIND_ADMISSION)
    assert [work(services, each) for each in agencies] == [[], [], [], [admission]]
    happens(services, created, "TRANSFER_REFUSED", SINDH_PRISONS)
    expected(services, created, "")
    nowhere = (of, worklists_pb2.WORK_KIND_RELEASE_WITHOUT_ADDRESS)
    assert [work(services, each) for each in agencies] == [[nowhere], [], [], []]
    assert work(services, PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/MUL")) == []
    expected(services, created)
    accepting = (of, worklists_pb2.WORK_KIND_RELEASE_TO_ACCEPT)
    assert [work(services, each) for each in agencies] == [[], [accepting], [], []]
    (item,) = services.ask(call_of(SINDH_POLICE), worklists_pb2.ListRegistrationsRequest()).response.items
    assert (item.release_date, list(item.person.initials)) == (soon(), ["Z. T."])
    assert not item.HasField("court_case")
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    assert [work(services, each) for each in agencies] == [[], [], [], []]


def test_what_is_sealed_is_in_no_worklist(services: Services) -> None:
    created = held(services)
    expected(services, created)
    services.judge_all(created, "SET_ASIDE")
    assert work(services, SINDH_POLICE) == []


def test_every_row_is_an_entrys_work(services: Services) -> None:
    created = held(services)
    outcome = services.ask(call_of(PUNJAB_PRISONS), event(services, created, "BAILED"))
    assert sealed_rows_are_listed(services, outcome) == ["registration_version"]


@pytest.mark.parametrize(
    ("change", "agency"),
    [
        ("receiving_agency = 'sindh-prisons'", SINDH_PRISONS),
        ("release_places = ARRAY['PK-SD/KHI/PS-001']", SINDH_POLICE),
        ("release_day = 20000", NPB),
        ("custodian_agency = 'sindh-prisons'", SINDH_PRISONS),
    ],
)
def test_a_changed_column_shows_nobody(services: Services, change: str, agency: Agency) -> None:
    # The owner of the database can't have another agency see whom it is to admit or to accept.
    created = held(services)
    with services.database.owner() as owner:
        owner.execute(f"UPDATE registration_version SET {change}".encode())  # noqa: S608 - constants
    request = custody_pb2.GetCustodyRequest(registration_id=created.registration_id)
    services.refused(errors.Internal, call_of(agency), request)
