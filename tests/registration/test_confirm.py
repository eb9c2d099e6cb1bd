"""What a court's confirmation promises."""

import threading
from dataclasses import replace

import pytest

from nsor.v1 import errors_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.facts import Agency
from tests.calls import (
    KARACHI_COURT,
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    Desk,
    call_of,
    cnic,
    confirmation,
    conviction,
    narrowed,
    officer_of,
    order,
    sealed_rows_are_listed,
)
from tests.polling import until


def test_a_confirmation_is_a_new_version(desk: Desk) -> None:
    created = desk.create()
    court = call_of(LAHORE_COURT)
    outcome = desk.confirm(created, court)
    answer = outcome.response
    assert isinstance(answer, registration_pb2.ConfirmRegistrationResponse)
    assert answer.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    assert answer.etag != created.etag
    assert sealed_rows_are_listed(desk, outcome) == ["registration_version"]
    assert [(ref.version, ref.row_id) for ref in outcome.records] == [(2, created.key.bytes)]
    shown = desk.get(created.registration_id, LAHORE_COURT)
    assert (shown.etag, shown.state) == (answer.etag, registration_pb2.REGISTRATION_STATE_CONFIRMED)
    assert shown.confirmed_by_agency == LAHORE_COURT.agency_id
    assert desk.one("SELECT count(*) FROM registration_version") == 2


@pytest.mark.parametrize(
    ("agency", "officer_places", "case_number"),
    [
        (KARACHI_COURT, (), "Sessions Case No. 123/2022"),
        (LAHORE_COURT, ("PK-PB/FSD",), "Sessions Case No. 123/2022"),
        (LAHORE_COURT, (), "Sessions Case No. 124/2022"),
    ],
)
def test_not_this_courts_case_and_no_such_case_are_one_answer(
    desk: Desk, agency: Agency, officer_places: tuple[str, ...], case_number: str
) -> None:
    created = desk.create()
    call = call_of(agency, officer_of(agency, *officer_places))
    request = confirmation(created, case_number=case_number)
    refusal = desk.refused(errors.NoRecord, desk.registrations.ConfirmRegistration, call, request)
    absent = confirmation(created, registration_id="00000000-0000-4000-8000-000000000000", case_number=case_number)
    assert repr(refusal) == repr(desk.refused(errors.NoRecord, desk.registrations.ConfirmRegistration, call, absent))


def test_the_case_number_of_another_courts_conviction_does_not_count(desk: Desk) -> None:
    # The registration has a case before each of two courts; each confirms from its own record.
    lahore, faisalabad = narrowed(LAHORE_COURT, "PK-PB/LHR"), narrowed(LAHORE_COURT, "PK-PB/FSD")
    created = desk.create(order(convictions=[conviction(), conviction("PK-PB/FSD", "Hudood Case 7/2023")]))
    theirs = confirmation(created, case_number="Hudood Case 7/2023")
    desk.refused(errors.NoRecord, desk.registrations.ConfirmRegistration, call_of(lahore), theirs)
    desk.confirm(created, call_of(faisalabad), case_number="Hudood Case 7/2023")


def test_whoever_entered_it_cannot_confirm_it(desk: Desk) -> None:
    # Two persons: keys are compared, also when the second agency is another one.
    creator = officer_of(PUNJAB_PROSECUTION)
    created = desk.create(order(), call_of(PUNJAB_PROSECUTION, creator))
    same_key = call_of(LAHORE_COURT, officer_of(LAHORE_COURT, key_id=creator.key_id))
    refusal = desk.refused(errors.Denied, desk.registrations.ConfirmRegistration, same_key, confirmation(created))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    # Whoever may not see it isn't told that he entered it.
    other_case = confirmation(created, case_number="Sessions Case No. 124/2022")
    desk.refused(errors.NoRecord, desk.registrations.ConfirmRegistration, same_key, other_case)


def test_another_officer_of_the_agency_that_entered_it_cannot_confirm_it(desk: Desk) -> None:
    # A second office has to see the judgment. No kind of agency may do both today; this holds when one may.
    created = desk.create(order(), call_of(LAHORE_COURT))
    colleague = call_of(LAHORE_COURT, officer_of(LAHORE_COURT))
    refusal = desk.refused(errors.Denied, desk.registrations.ConfirmRegistration, colleague, confirmation(created))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    desk.confirm(created, call_of(replace(LAHORE_COURT, agency_id="another-court")))


def test_a_court_that_has_seen_another_version_is_told(desk: Desk) -> None:
    created = desk.create()
    call = call_of(LAHORE_COURT)
    stale = confirmation(created, etag="0123456789abcdef")
    desk.refused(errors.EtagMismatch, desk.registrations.ConfirmRegistration, call, stale)


def test_it_is_confirmed_once(desk: Desk) -> None:
    created = desk.create()
    answer = desk.confirm(created).response
    assert isinstance(answer, registration_pb2.ConfirmRegistrationResponse)
    again = confirmation(created, etag=answer.etag)
    refusal = desk.refused(errors.WrongState, desk.registrations.ConfirmRegistration, call_of(LAHORE_COURT), again)
    assert refusal.reason == errors_pb2.ERROR_REASON_WRONG_STATE


def test_of_two_confirmations_at_once_one_is_told_that_it_moved_on(desk: Desk) -> None:
    created = desk.create()
    request = confirmation(created)
    found: list[errors.ApiError] = []

    def confirm_second() -> None:
        try:
            desk.ask(desk.registrations.ConfirmRegistration, call_of(LAHORE_COURT), confirmation(created))
        except errors.ApiError as refusal:
            found.append(refusal)

    with desk.database.transaction() as conn:
        desk.registrations.ConfirmRegistration(call_of(LAHORE_COURT), request, conn)
        thread = threading.Thread(target=confirm_second)
        thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        until(lambda: desk.one(waiting), seconds=60)
    thread.join(30)
    assert [type(refusal) for refusal in found] == [errors.EtagMismatch]


def test_a_held_registration_is_confirmed_alike_and_stays_held(desk: Desk) -> None:
    # No oracle: the court can't tell that the person was known.
    number = cnic()
    free, held = desk.create(order(number)), desk.create(order(number))
    answers = [desk.confirm(created).response for created in (free, held)]
    for answer in answers:
        assert isinstance(answer, registration_pb2.ConfirmRegistrationResponse)
        answer.registration_id = answer.etag = ""
    assert answers[0] == answers[1]
    assert desk.get(held.registration_id, NPB).held_for_review
    kind = notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED
    told = [
        desk.one(
            "SELECT array_agg(recipient ORDER BY recipient) FROM outbox WHERE kind = %s AND registration_id = %s",
            kind,
            created.key,
        )
        for created in (free, held)
    ]
    assert told[0] == told[1]


def test_police_npb_creator_and_custodian_are_told(desk: Desk) -> None:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    desk.confirm(desk.create(order(custody=custody)))
    expected = sorted(agency.agency_id for agency in (PUNJAB_POLICE, NPB, PUNJAB_PROSECUTION, PUNJAB_PRISONS))
    assert desk.owed(notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED) == expected


def test_nothing_is_half_written(desk: Desk) -> None:
    # Whichever statement fails, no row of any table stays.
    request = confirmation(desk.create())
    assert desk.never_half_written(desk.registrations.ConfirmRegistration, call_of(LAHORE_COURT), request) >= 6
