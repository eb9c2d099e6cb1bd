"""What entering a conviction order promises."""

import threading
import uuid
from collections.abc import Callable

import pytest

from nsor.v1 import errors_pb2, notification_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.registration import store
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests.calls import (
    KARACHI_COURT,
    LAHORE_COURT,
    NPB,
    PUNJAB_PROSECUTION,
    Desk,
    call_of,
    cnic,
    conviction,
    current_address,
    day,
    officer_of,
    order,
    sealed_rows_are_listed,
    violations,
)
from tests.polling import until

Request = registration_pb2.CreateRegistrationRequest
URDU_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def visible(answer: object) -> bytes:
    """The answer's bytes with the two random values blanked, each by as many characters."""
    assert isinstance(answer, registration_pb2.CreateRegistrationResponse)
    blanked = registration_pb2.CreateRegistrationResponse()
    blanked.CopyFrom(answer)
    blanked.registration_id = "0" * len(answer.registration_id)
    blanked.etag = "0" * len(answer.etag)
    return blanked.SerializeToString(deterministic=True)


def test_an_order_is_accepted_for_review_and_its_sealed_row_is_named(desk: Desk) -> None:
    created = desk.create()
    answer = created.outcome.response
    assert isinstance(answer, registration_pb2.CreateRegistrationResponse)
    assert answer.state == registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
    assert created.outcome.detail.outcome == "CREATED"
    assert created.outcome.detail.case_reference == "PK-PB/LHR/PS-001 679/2021"
    assert list(created.outcome.detail.subjects) == [created.key.bytes]
    assert sealed_rows_are_listed(desk, created.outcome) == ["registration_version"]


def test_validation_writes_nothing_and_names_no_registration(desk: Desk) -> None:
    before = desk.rows()
    request = order(validate_only=True)
    outcome = desk.ask(desk.registrations.CreateRegistration, call_of(PUNJAB_PROSECUTION), request)
    assert desk.rows() == before
    assert outcome.response == registration_pb2.CreateRegistrationResponse()
    assert outcome.records == ()


def test_validation_does_not_tell_whether_a_person_is_known(desk: Desk) -> None:
    number = cnic()
    unknown = desk.ask(
        desk.registrations.CreateRegistration, call_of(PUNJAB_PROSECUTION), order(number, validate_only=True)
    )
    desk.create(order(number))
    known = desk.ask(
        desk.registrations.CreateRegistration, call_of(PUNJAB_PROSECUTION), order(number, validate_only=True)
    )
    assert known.response == unknown.response
    assert known.detail.outcome == unknown.detail.outcome


@pytest.mark.parametrize(
    "verdict", [types_pb2.VERDICT_ACQUITTED, types_pb2.VERDICT_DISCHARGED, types_pb2.VERDICT_PENDING]
)
def test_whoever_was_not_convicted_is_refused(desk: Desk, verdict: types_pb2.Verdict.ValueType) -> None:
    # One acquittal among convictions refuses the whole order.
    request = order(convictions=[conviction(), conviction(case_number="Sessions Case No. 9/2023")])
    request.convictions[1].verdict = verdict
    refusal = desk.refused(
        errors.InvalidFields, desk.registrations.CreateRegistration, call_of(PUNJAB_PROSECUTION), request
    )
    assert refusal.reason == errors_pb2.ERROR_REASON_NOT_CONVICTED
    assert violations(refusal) == [("convictions[1].verdict", errors_pb2.FIELD_REASON_NOT_A_CONVICTION)]


def test_an_offence_that_was_no_law_on_its_day_is_refused_by_its_path(desk: Desk) -> None:
    # PECA-21 is law since 18 August 2016.
    request = order()
    request.convictions[0].counts.add().CopyFrom(request.convictions[0].counts[0])
    second = request.convictions[0].counts[1]
    second.offence_code = "PECA-21"
    second.offence_date.CopyFrom(day(2003, 1, 1))
    refusal = desk.refused(
        errors.InvalidFields, desk.registrations.CreateRegistration, call_of(PUNJAB_PROSECUTION), request
    )
    assert refusal.reason == errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE
    assert [field for field, _ in violations(refusal)] == ["convictions[0].counts[1].offence_code"]


def test_a_court_outside_the_agencys_jurisdiction_is_refused(desk: Desk) -> None:
    request = order(convictions=[conviction(), conviction("PK-SD/KHI")])
    refusal = desk.refused(errors.Denied, desk.registrations.CreateRegistration, call_of(PUNJAB_PROSECUTION), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_a_court_outside_the_officers_jurisdiction_is_refused(desk: Desk) -> None:
    elsewhere = officer_of(PUNJAB_PROSECUTION, "PK-PB/FSD")
    call = call_of(PUNJAB_PROSECUTION, elsewhere)
    refusal = desk.refused(errors.Denied, desk.registrations.CreateRegistration, call, order())
    assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION
    within = call_of(PUNJAB_PROSECUTION, officer_of(PUNJAB_PROSECUTION, "PK-PB/LHR"))
    desk.create(order(), within)


@pytest.mark.parametrize("custodian", ["punjab-police", "no-such-agency"])
def test_only_a_prisons_department_holds_an_offender(desk: Desk, custodian: str) -> None:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=custodian)
    refusal = desk.refused(
        errors.InvalidFields,
        desk.registrations.CreateRegistration,
        call_of(PUNJAB_PROSECUTION),
        order(custody=custody),
    )
    assert violations(refusal) == [("custody.prisons_agency_id", errors_pb2.FIELD_REASON_UNKNOWN_VALUE)]


def test_what_is_odd_is_warned_of_and_accepted(desk: Desk) -> None:
    request = order("3520112345670")
    request.person.travel_documents.add(number="X12345", country="PK")
    request.person.travel_documents.add(number="X12345", country="AF")
    answer = desk.create(request).outcome.response
    assert isinstance(answer, registration_pb2.CreateRegistrationResponse)
    assert [(warning.field, warning.reason) for warning in answer.warnings] == [
        ("person.cnic", registration_pb2.WARNING_REASON_CNIC_SEX_MISMATCH),
        ("person.travel_documents[0].number", registration_pb2.WARNING_REASON_PASSPORT_FORM_UNUSUAL),
    ]


@pytest.mark.parametrize(
    "spelling", [lambda text: text, lambda text: f"{text[:5]}-{text[5:12]}-{text[12]}".translate(URDU_DIGITS)]
)
def test_a_known_cnic_is_held_and_nobody_can_tell(desk: Desk, spelling: Callable[[str], str]) -> None:
    # No oracle: the same order for a known person, also in Urdu digits, is answered by the same bytes, told of in the
    # same events and shown in the same way. Only NPB and the sealed detail know.
    number = cnic()
    first, second = desk.create(order(number)), desk.create(order(spelling(number)))
    assert visible(first.outcome.response) == visible(second.outcome.response)
    assert [first.outcome.detail.outcome, second.outcome.detail.outcome] == ["CREATED", "HELD"]
    told = {(recipient, kind) for created in (first, second) for recipient, kind in _told(desk, created.key)}
    assert len(told) == len(_told(desk, first.key)) == len(_told(desk, second.key)) == 2
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT):
        shown = [desk.get(created.registration_id, agency) for created in (first, second)]
        for registration in shown:
            registration.ClearField("registration_id")
            registration.ClearField("etag")
            registration.ClearField("create_time")
            registration.ClearField("update_time")
        assert shown[0] == shown[1]
    assert [desk.get(created.registration_id, NPB).held_for_review for created in (first, second)] == [False, True]


def test_a_known_passport_is_held_by_country(desk: Desk) -> None:
    orders = [order(), order(), order()]
    for request, country in zip(orders, ["PK", "PK", "AF"], strict=True):
        request.person.travel_documents.add(number="AB1234567", country=country)
    assert [desk.create(request).outcome.detail.outcome for request in orders] == ["CREATED", "HELD", "CREATED"]


def test_a_known_cnic_is_found_after_the_keys_were_rotated(keyring: Keyring, desk: Desk) -> None:
    number = cnic()
    desk.create(order(number))
    rotated = keyring.rotated()
    later = type(desk.registrations)(Sealer(rotated), BlindIndex(rotated), desk.registrations._offences)
    outcome = desk.ask(later.CreateRegistration, call_of(PUNJAB_PROSECUTION), order(number))
    assert outcome.detail.outcome == "HELD"


def test_of_two_orders_at_once_one_is_held(database: Database, desk: Desk) -> None:
    # The second writer waits for the first one's transaction, whatever order their statements took.
    number = cnic()
    first, second = order(number), order(number)
    desk.checked(first)
    desk.checked(second)
    outcomes: list[str] = []

    def create_second() -> None:
        with database.transaction() as conn:
            outcome = desk.registrations.CreateRegistration(call_of(PUNJAB_PROSECUTION), second, conn)
        outcomes.append(outcome.detail.outcome)

    with database.transaction() as conn:
        outcome = desk.registrations.CreateRegistration(call_of(PUNJAB_PROSECUTION), first, conn)
        thread = threading.Thread(target=create_second)
        thread.start()
        _until_one_waits(desk)
    outcomes.insert(0, outcome.detail.outcome)
    thread.join(30)
    assert outcomes == ["CREATED", "HELD"]


def test_nothing_is_half_written(desk: Desk) -> None:
    # Whichever statement fails, no row of any table stays.
    request = order()
    request.person.travel_documents.add(number="AB7654321", country="PK")
    call = call_of(PUNJAB_PROSECUTION)
    assert desk.never_half_written(desk.registrations.CreateRegistration, call, request) >= 8


def test_npb_and_the_courts_of_the_case_are_told(desk: Desk) -> None:
    desk.create()
    assert desk.owed(notification_pb2.EVENT_KIND_REGISTRATION_CREATED) == [LAHORE_COURT.agency_id, NPB.agency_id]
    assert KARACHI_COURT.agency_id not in desk.owed()


def test_the_newest_current_address_decides_who_is_responsible(desk: Desk) -> None:
    addresses = [
        current_address("PK-PB/FSD"),
        current_address("PK-SD/KHI/PS-002"),
        types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code="PK-PB/MUL"),
    ]
    created = desk.create(order(addresses=addresses))
    assert desk.get(created.registration_id, NPB).responsible_place == "PK-SD/KHI/PS-002"


def test_no_column_names_a_person(desk: Desk) -> None:
    number = cnic()
    created = desk.create(order(number))
    with desk.database.owner() as owner:
        row = owner.execute(
            f"SELECT {store.COLUMNS} FROM registration_version v JOIN registration_key k USING (registration_id)"  # noqa: S608 - constants
        )
        text = repr(row.fetchall())
    assert created.registration_id in text
    for hidden in (number, "Zafar", "Sessions Case"):
        assert hidden not in text


@pytest.mark.parametrize("table", ["registration_version", "registration_key", "registration_identifier"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "UPDATE {} SET registration_id = registration_id", "TRUNCATE {}"]
)
def test_the_server_cannot_change_what_it_wrote(desk: Desk, table: str, statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"), desk.database.transaction() as conn:
        conn.execute(statement.format(table))


def _told(desk: Desk, registration_id: uuid.UUID) -> list[tuple[str, int]]:
    with desk.database.owner() as owner:
        query = "SELECT recipient, kind FROM outbox WHERE registration_id = %s"
        return owner.execute(query, (registration_id,)).fetchall()


def _until_one_waits(desk: Desk) -> None:
    """Until another session waits for an advisory lock."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    until(lambda: desk.one(waiting), seconds=60)


def test_agency_kinds_that_have_no_part_are_shown_nothing(desk: Desk) -> None:
    created = desk.create()
    for name, kind in options_pb2.AgencyKind.items():
        if name in {"AGENCY_KIND_NADRA", "AGENCY_KIND_IMMIGRATION", "AGENCY_KIND_SPECIAL_COMMITTEE"}:
            stranger = type(NPB)("stranger", kind, ("PK",), enabled=True)
            with desk.database.transaction() as conn:
                assert store.head(conn, created.key, stranger) is None
