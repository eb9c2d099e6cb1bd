"""What a court's confirmation promises."""

import concurrent.futures
import logging
from dataclasses import replace
from typing import Any

import pytest

from nsor.v1 import errors_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Outcome
from nsor_server.registration import rules
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import (
    KARACHI_COURT,
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    officer_of,
)
from tests.calls import call_of, violations
from tests.orders import Created, cnic, confirmation, conviction, day, order
from tests.services import Services, sealed_rows_are_listed


def test_a_confirmation_is_a_new_version(services: Services) -> None:
    created = services.create()
    court = call_of(LAHORE_COURT)
    outcome = services.confirm(created, court)
    answer = outcome.response
    assert isinstance(answer, registration_pb2.ConfirmRegistrationResponse)
    assert answer.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    assert answer.etag != created.etag
    tables = ["registration_version", "registration_claim", "registration_validation"]
    assert sealed_rows_are_listed(services, outcome) == tables
    assert [(ref.version, ref.row_id) for ref in outcome.records] == [(n, created.key.bytes) for n in (2, 1, 1)]
    shown = services.get(created.registration_id, LAHORE_COURT)
    assert (shown.etag, shown.state) == (answer.etag, registration_pb2.REGISTRATION_STATE_CONFIRMED)
    assert shown.confirmed_by_agency == LAHORE_COURT.agency_id
    assert services.one("SELECT count(*) FROM registration_version") == 2


@pytest.mark.parametrize(
    ("entered", "of_the_court", "confirmed"),
    [
        ("GBV Case No. 123/2022", "Sessions Case No. 123/2022", True),
        ("Sessions Case No. 123/2022", "S.C. No. 123/2022", True),
        ("123-P/2022", "Special Case No. 123-P/2022", True),
        ("Crl. Appeal No. 5/2022", "Criminal Appeal No. 5/2022", True),
        # Another series, another bench, another year: another number.
        ("Crl. Appeal No. 5/2022", "Sessions Case No. 5/2022", False),
        ("Crl. Appeal No. 5/2022", "Crl. Revision No. 5/2022", False),
        ("Case No. 123-P/2022", "Case No. 123/2022", False),
        ("Case No. 1/2022", "Case No. 1/2023", False),
    ],
)
def test_a_court_confirms_its_number_in_whatever_form_the_prosecution_wrote_it(
    services: Services, entered: str, of_the_court: str, *, confirmed: bool
) -> None:
    # A prosecution that wrote GBV Case kept a court that writes Sessions Case from confirming.
    created = services.create(order(convictions=[conviction(case_number=entered)]))
    if not confirmed:
        with pytest.raises(errors.NoRecord):
            services.confirm(created, case_number=of_the_court)
        return
    services.confirm(created, case_number=of_the_court)
    (shown,) = services.get(created.registration_id, LAHORE_COURT).convictions
    assert shown.court_case.case_number == entered


@pytest.mark.parametrize(
    ("agency", "officer_places", "case_number"),
    [
        (KARACHI_COURT, (), "Sessions Case No. 123/2022"),
        (LAHORE_COURT, ("PK-PB/FSD",), "Sessions Case No. 123/2022"),
        (LAHORE_COURT, (), "Sessions Case No. 124/2022"),
    ],
)
def test_not_this_courts_case_and_no_such_case_are_one_answer(
    services: Services, agency: Agency, officer_places: tuple[str, ...], case_number: str
) -> None:
    created = services.create()
    call = call_of(agency, officer_of(agency, *officer_places))
    request = confirmation(created, case_number=case_number)
    refusal = services.refused(errors.NoRecord, call, request)
    absent = confirmation(created, registration_id="00000000-0000-4000-8000-000000000000", case_number=case_number)
    assert repr(refusal) == repr(services.refused(errors.NoRecord, call, absent))


def test_with_an_old_etag_no_number_is_tried_out(services: Services) -> None:
    # The right number and a wrong one must be one answer, or a court could find the number without confirming.
    created = services.create()
    for number in ("Sessions Case No. 1/2022", confirmation(created).case_number):
        request = confirmation(created, case_number=number, etag="0" * 16)
        services.refused(errors.EtagMismatch, call_of(LAHORE_COURT), request)


def test_one_courts_number_confirms_nothing_of_another_court(services: Services) -> None:
    # One order named the cases of two courts, and either court's own number confirmed both.
    two = order(convictions=[conviction(), conviction("PK-PB/FSD", "Hudood Case 7/2023")])
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), two)
    assert violations(refusal) == [("convictions", errors_pb2.FIELD_REASON_TOO_LONG)]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"case_number": "Hudood Case 7/2023"}, id="another case"),
        pytest.param({"judgment_day": 19_482}, id="another day"),
        pytest.param({"court_place": "PK-SD/KHI"}, id="another place"),
        pytest.param({"court_kind": types_pb2.COURT_KIND_HIGH_COURT}, id="another kind of court"),
    ],
)
def test_a_courts_number_is_of_its_own_convictions_alone(other: dict[str, Any]) -> None:
    # A record may have convictions of several courts; a number of one confirms nothing of another.
    own = {"case_number": "Sessions Case No. 123/2022", "court_place": "PK-PB/LHR", "judgment_day": 19_481}
    of_court = rules.OwnRecord("Sessions Case No. 123/2022", 19_481)
    own_kind = types_pb2.COURT_KIND_SPECIAL_COURT
    both = {"court_kind": own_kind, "state": types_pb2.CONVICTION_STATE_ENTERED, **own}
    convictions = [record_pb2.Conviction(**{**both, **each}) for each in ({}, other)]
    record = record_pb2.RegistrationRecord(convictions=convictions)
    assert rules.of_court(record, LAHORE_COURT, None, of_court) == convictions[:1]
    record.convictions[0].state = types_pb2.CONVICTION_STATE_SET_ASIDE
    assert rules.of_court(record, LAHORE_COURT, None, of_court) == []


def test_a_wrong_day_is_answered_as_a_wrong_number_is(services: Services) -> None:
    # A day that is one off would hide the conviction from every later judgment about it.
    created = services.create()
    off = day(2023, 5, 5)
    told = [
        services.refused(errors.NoRecord, call_of(LAHORE_COURT), confirmation(created, **wrong)).reason
        for wrong in ({"judgment_date": off}, {"case_number": "Sessions Case No. 124/2022"})
    ]
    assert told == [errors_pb2.ERROR_REASON_NO_RECORD] * 2
    services.confirm(created)


def elsewhere() -> types_pb2.Conviction:
    """A conviction by another court of the same agency, whose case has the same number."""
    made = conviction("PK-PB/RWP")
    made.fir.serial = 680
    return made


def states_of(services: Services, created: Created) -> list[int]:
    return [each.state for each in services.get(created.registration_id, NPB).convictions]


def test_a_confirmation_is_of_one_courts_case(services: Services) -> None:
    # One agency may be several courts, and each numbers its cases by itself: a number alone is then nobody's.
    created = services.create()
    etag = services.add_conviction(created, elsewhere()).response.etag
    services.refused(errors.NoRecord, call_of(LAHORE_COURT), confirmation(created, etag=etag))
    special = types_pb2.COURT_KIND_SPECIAL_COURT
    for court in (
        registration_pb2.Court(court_kind=special, place_code="PK-PB/MUL"),
        registration_pb2.Court(court_kind=types_pb2.COURT_KIND_HIGH_COURT, place_code="PK-PB/RWP"),
    ):
        services.refused(errors.NoRecord, call_of(LAHORE_COURT), confirmation(created, etag=etag, court=court))
    rawalpindi = registration_pb2.Court(court_kind=special, place_code="PK-PB/RWP")
    services.confirm(created, etag=etag, court=rawalpindi)
    waits, confirmed = types_pb2.CONVICTION_STATE_ENTERED, types_pb2.CONVICTION_STATE_CONFIRMED
    assert states_of(services, created) == [waits, confirmed]
    # The one that still waits is the only one left that the number can mean.
    etag = services.get(created.registration_id, NPB).etag
    services.confirm(created, etag=etag)
    assert states_of(services, created) == [confirmed, confirmed]


def test_what_waits_is_confirmed_beside_what_another_court_has_confirmed(services: Services) -> None:
    created = services.create()
    services.confirm(created)
    etag = services.add_conviction(created, elsewhere()).response.etag
    answer = services.confirm(created, etag=etag).response
    assert states_of(services, created) == [types_pb2.CONVICTION_STATE_CONFIRMED] * 2
    services.refused(errors.WrongState, call_of(LAHORE_COURT), confirmation(created, etag=answer.etag))


def test_a_court_of_another_kind_confirms_no_case(services: Services) -> None:
    created = services.create()
    sessions_court = replace(LAHORE_COURT, court_kinds=(types_pb2.COURT_KIND_SESSIONS_COURT,))
    services.refused(errors.NoRecord, call_of(sessions_court), confirmation(created))


def test_whoever_entered_it_cannot_confirm_it(services: Services) -> None:
    # Two persons: keys are compared, also when the second agency is another one.
    creator = officer_of(PUNJAB_PROSECUTION)
    created = services.create(order(), call_of(PUNJAB_PROSECUTION, creator))
    same_key = call_of(LAHORE_COURT, officer_of(LAHORE_COURT, key_id=creator.key_id))
    refusal = services.refused(errors.Denied, same_key, confirmation(created))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    # Whoever may not see it isn't told that he entered it.
    other_case = confirmation(created, case_number="Sessions Case No. 124/2022")
    services.refused(errors.NoRecord, same_key, other_case)


def test_another_officer_of_the_agency_that_entered_it_cannot_confirm_it(services: Services) -> None:
    # A second office has to see the judgment: nobody who was both would do, whatever kinds of agency may do today.
    created = services.create(order(), call_of(PUNJAB_PROSECUTION))
    same_agency = replace(LAHORE_COURT, agency_id=PUNJAB_PROSECUTION.agency_id)
    refusal = services.refused(errors.Denied, call_of(same_agency, officer_of(same_agency)), confirmation(created))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.confirm(created, call_of(LAHORE_COURT))


def test_a_court_that_has_seen_another_version_is_told(services: Services) -> None:
    created = services.create()
    call = call_of(LAHORE_COURT)
    stale = confirmation(created, etag="0123456789abcdef")
    services.refused(errors.EtagMismatch, call, stale)


def test_it_is_confirmed_once(services: Services) -> None:
    created = services.create()
    answer = services.confirm(created).response
    assert isinstance(answer, registration_pb2.ConfirmRegistrationResponse)
    again = confirmation(created, etag=answer.etag)
    refusal = services.refused(errors.WrongState, call_of(LAHORE_COURT), again)
    assert refusal.reason == errors_pb2.ERROR_REASON_WRONG_STATE


@pytest.mark.parametrize("together", [True, False])
def test_of_two_confirmations_at_once_one_is_told_that_it_moved_on(services: Services, *, together: bool) -> None:
    # Both have read the unconfirmed version before either is written.
    created = services.create()
    both = [(call_of(LAHORE_COURT), confirmation(created)) for _ in range(2)]
    first, second = services.at_once(*both, together=together)
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.EtagMismatch)
    assert services.one("SELECT array_agg(version ORDER BY version) FROM registration_version") == [1, 2]


def test_of_many_confirmations_at_once_one_counts(services: Services) -> None:
    created = services.create()

    def confirm(_nth: int) -> str:
        try:
            return services.confirm(created).detail.outcome
        except errors.EtagMismatch:
            return "moved on"

    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(confirm, range(6))) == ["CONFIRMED"] + ["moved on"] * 5


def pair_of(identifier: str) -> list[registration_pb2.CreateRegistrationRequest]:
    """Two orders that share a CNIC or a passport, and nothing else."""
    number = cnic()
    requests = [order(number if identifier == "cnic" else None) for _ in range(2)]
    if identifier == "passport":
        for request in requests:
            request.person.travel_documents.add(number="AB1234567", country="PK")
    return requests


def held(services: Services, created: Created) -> bool:
    return services.get(created.registration_id, NPB).held_for_review


@pytest.mark.parametrize("identifier", ["cnic", "passport"])
def test_the_one_confirmed_first_isnt_held_whichever_was_entered_first(services: Services, identifier: str) -> None:
    older, younger = (services.create(request) for request in pair_of(identifier))
    services.confirm(younger)
    services.confirm(older)
    assert [held(services, created) for created in (older, younger)] == [True, False]


def test_what_no_court_has_confirmed_claims_nothing(services: Services) -> None:
    # Nobody who enters somebody else's numbers keeps the true record back, or learns anything by it.
    number = cnic()
    entered, other = services.create(order(number)), services.create(order(number))
    assert services.rows()["registration_identifier"] == services.rows()["registration_case"] == 0
    services.confirm(other)
    assert [held(services, created) for created in (entered, other)] == [False, False]


def test_a_passport_is_one_with_its_country(services: Services) -> None:
    requests = [order(), order(), order()]
    for request, country in zip(requests, ["PK", "AF", "PK"], strict=True):
        request.person.travel_documents.add(number="AB1234567", country=country)
    created = [services.create(request) for request in requests]
    for each in created:
        services.confirm(each)
    assert [held(services, each) for each in created] == [False, False, True]


def test_a_foreign_identity_card_is_no_passport_of_its_number(services: Services) -> None:
    requests = [order(), order(), order(), order()]
    card, passport = types_pb2.TRAVEL_DOCUMENT_KIND_FOREIGN_IDENTITY_CARD, types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT
    unstated = types_pb2.TRAVEL_DOCUMENT_KIND_UNSPECIFIED
    for request, kind in zip(requests, [unstated, card, card, passport], strict=True):
        request.person.travel_documents.add(number="P12345678", country="AF", kind=kind)
    created = [services.create(request) for request in requests]
    for each in created:
        services.confirm(each)
    assert [held(services, each) for each in created] == [False, False, True, True]


def test_a_known_cnic_is_found_after_the_keys_were_rotated(keyring: Keyring, services: Services) -> None:
    first, second = (services.create(request) for request in pair_of("cnic"))
    services.confirm(first)
    with Services(services.database, keyring.rotated()) as later:
        later.confirm(second)
        assert held(later, second)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("identifier", ["cnic", "passport"])
def test_of_two_confirmations_at_once_the_second_in_the_ledger_is_held(
    services: Services, identifier: str, *, together: bool
) -> None:
    # Both have looked for the person before either is written; the second one runs again and finds him.
    both = [services.create(request) for request in pair_of(identifier)]
    calls = [call_of(LAHORE_COURT) for _ in both]
    services.at_once(*((call, confirmation(each)) for call, each in zip(calls, both, strict=True)), together=together)
    assert [call.tries for call in calls] == [0, 1]
    assert [held(services, created) for created in both] == [False, True]


def test_of_many_confirmations_of_one_person_at_once_one_isnt_held(services: Services) -> None:
    number = cnic()
    created = [services.create(order(number)) for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        list(threads.map(services.confirm, created))
    assert sorted(held(services, each) for each in created) == [False] + [True] * 5


def test_a_claim_that_was_tampered_with_shows_itself(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    created = services.create()
    services.confirm(created)
    with services.database.owner() as owner:
        owner.execute("UPDATE registration_claim SET passport_held = true")
    with caplog.at_level(logging.CRITICAL), pytest.raises(errors.Internal):
        services.get(created.registration_id, NPB)
    assert caplog.messages == ["ALERT ROW_CONTRADICTED: a column of registration_claim contradicts the sealed record"]


def test_police_npb_creator_and_custodian_are_told(services: Services) -> None:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    services.confirm(services.create(order(custody=custody)))
    expected = sorted(agency.agency_id for agency in (PUNJAB_POLICE, NPB, PUNJAB_PROSECUTION, PUNJAB_PRISONS))
    assert services.owed(notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED) == expected


def test_nothing_is_half_written(services: Services) -> None:
    # Whichever statement fails, no row of any table stays, nor the entry.
    request = confirmation(services.create())
    tables = services.never_half_written(call_of(LAHORE_COURT), request)
    assert tables == [
        *("registration_version", "registration_claim", "registration_identifier", "registration_screened"),
        *("registration_case", "registration_validation", "outbox", "idempotency"),
    ]
