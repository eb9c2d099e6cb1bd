"""What adding a conviction to a registration promises."""

import uuid

import pytest

from nsor.v1 import errors_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.registration.convictions import rules
from nsor_server.storage.v1 import record_pb2
from tests.agencies import (
    KARACHI_COURT,
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PROSECUTION,
    SINDH_PROSECUTION,
    officer_of,
)
from tests.calls import call_of, violations
from tests.orders import Created, confirmation, conviction, day, order
from tests.services import Services, sealed_rows_are_listed

FIRST, SECOND = "Sessions Case No. 123/2022", "Sessions Case No. 7/2023"
ADDED, CONFIRMED = notification_pb2.EVENT_KIND_CONVICTION_ADDED, notification_pb2.EVENT_KIND_CONVICTION_CONFIRMED


def further(case_number: str = SECOND, place: str = "PK-PB/LHR") -> types_pb2.Conviction:
    added = conviction(place, case_number)
    added.fir.serial = 680
    return added


@pytest.fixture
def created(services: Services) -> Created:
    """A confirmed registration of Punjab's prosecution."""
    created = services.create()
    services.confirm(created)
    return created


def cases(shown: registration_pb2.Registration) -> list[str]:
    return [each.court_case.case_number for each in shown.convictions]


def test_what_is_left_of_a_conviction_and_shown_to_nobody_keeps_no_court_from_confirming(services: Services) -> None:
    # Only a connected count stood: hidden, it was taken for confirmed, and the court heard WRONG_STATE.
    first = conviction()
    first.counts.add().CopyFrom(first.counts[0])
    first.counts[1].offence_code = "PPC-34"
    created = services.create(order(convictions=[first]))
    services.confirm(created)
    services.add_conviction(created, further())
    services.confirm(created, etag=services.get(created.registration_id, NPB).etag, case_number=SECOND)
    services.judge(first, "SET_ASIDE", counts=[registration_pb2.JudgedCount(offence_code="PPC-376")])
    again = conviction()
    again.fir.serial, again.judgment_date.year = 681, 2024
    services.add_conviction(created, again)
    services.confirm(created, etag=services.get(created.registration_id, NPB).etag, judgment_date=again.judgment_date)
    assert sorted(cases(services.get(created.registration_id, NPB))) == [FIRST, SECOND]


def test_it_waits_for_its_court_while_the_other_goes_on_being_shown(services: Services, created: Created) -> None:
    outcome = services.add_conviction(created, further())
    assert sealed_rows_are_listed(services, outcome) == ["registration_version"]
    shown = services.get(created.registration_id, PUNJAB_PROSECUTION)
    assert (shown.etag, shown.state) == (outcome.response.etag, registration_pb2.REGISTRATION_STATE_CONFIRMED)
    assert cases(shown) == [FIRST, SECOND]
    confirmed, waiting = shown.convictions
    assert waiting.conviction_id == outcome.response.conviction_id
    assert (confirmed.state, waiting.state) == (
        types_pb2.CONVICTION_STATE_CONFIRMED,
        types_pb2.CONVICTION_STATE_ENTERED,
    )
    assert waiting.counts[0].legal_basis == types_pb2.LEGAL_BASIS_BOTH
    assert services.get(created.registration_id, PUNJAB_POLICE).state == shown.state


def test_while_one_waits_its_court_is_told_no_case_number(services: Services, created: Created) -> None:
    # The number is what confirms it, from the court's own record.
    services.add_conviction(created, further())
    assert cases(services.get(created.registration_id, LAHORE_COURT)) == ["", ""]


def test_its_own_court_confirms_it_and_nothing_else(services: Services, created: Created) -> None:
    added = services.add_conviction(created, further()).response
    before = services.rows()
    outcome = services.confirm(created, etag=added.etag, case_number=SECOND)
    after = services.rows()
    assert cases(services.get(created.registration_id, LAHORE_COURT)) == [FIRST, SECOND]
    # Its cases are claimed (FIR, court's case, and this with the judgment's day); the person is claimed already.
    assert after["registration_case"] - before["registration_case"] == 3
    for table in ("registration_claim", "registration_identifier"):
        assert after[table] == before[table]
    request = confirmation(created, etag=outcome.response.etag, case_number=SECOND)
    services.refused(errors.WrongState, call_of(LAHORE_COURT), request)


def test_of_two_that_wait_each_court_confirms_its_own(services: Services) -> None:
    created = services.create()
    added = services.add_conviction(created, further()).response
    answer = services.confirm(created, etag=added.etag, case_number=SECOND).response
    shown = services.get(created.registration_id, PUNJAB_PROSECUTION)
    assert [each.state for each in shown.convictions] == [
        types_pb2.CONVICTION_STATE_ENTERED,
        types_pb2.CONVICTION_STATE_CONFIRMED,
    ]
    assert shown.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    services.confirm(created, etag=answer.etag, case_number=FIRST)
    states = {each.state for each in services.get(created.registration_id, NPB).convictions}
    assert states == {types_pb2.CONVICTION_STATE_CONFIRMED}


def test_whoever_entered_it_cannot_confirm_it(services: Services, created: Created) -> None:
    # The registration was entered by another officer: it is who entered this conviction that counts.
    who = officer_of(PUNJAB_PROSECUTION)
    request = services.further(created, further())
    added = services.ask(call_of(PUNJAB_PROSECUTION, who), request).response
    same_key = call_of(LAHORE_COURT, officer_of(LAHORE_COURT, key_id=who.key_id))
    refusal = services.refused(errors.Denied, same_key, confirmation(created, etag=added.etag, case_number=SECOND))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def test_npb_and_its_court_hear_of_it_and_then_who_has_a_part(services: Services, created: Created) -> None:
    added = services.add_conviction(created, further()).response
    assert services.owed(ADDED) == [LAHORE_COURT.agency_id, NPB.agency_id]
    services.confirm(created, etag=added.etag, case_number=SECOND)
    assert services.owed(CONFIRMED) == [NPB.agency_id, PUNJAB_POLICE.agency_id, PUNJAB_PROSECUTION.agency_id]


def test_not_the_owners_and_no_such_record_are_one_answer(services: Services, created: Created) -> None:
    request = services.further(created, further(place="PK-SD/KHI"))
    request.conviction.fir.police_station = "PK-SD/KHI/PS-001"
    absent = registration_pb2.AddConvictionRequest()
    absent.CopyFrom(request)
    absent.registration_id, absent.request_id = str(uuid.uuid4()), str(uuid.uuid4())
    refusals = [services.refused(errors.NoRecord, call_of(SINDH_PROSECUTION), each) for each in (request, absent)]
    assert repr(refusals[0]) == repr(refusals[1])


def test_nothing_is_added_to_a_sealed_record(services: Services, created: Created) -> None:
    request = services.further(created, further())
    services.judge_all(created, "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(PUNJAB_PROSECUTION), request)


def test_a_case_from_where_he_may_not_act_is_refused(services: Services, created: Created) -> None:
    for added in (further(place="PK-SD/KHI"), further()):
        if added.court_case.place_code == "PK-PB/LHR":
            added.fir.police_station = "PK-SD/KHI/PS-001"
        refusal = services.refused(errors.Denied, call_of(PUNJAB_PROSECUTION), services.further(created, added))
        assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_what_is_no_conviction_or_not_registrable_is_refused(services: Services, created: Created) -> None:
    acquitted, unregistrable = further(), further()
    acquitted.verdict = types_pb2.VERDICT_ACQUITTED
    unregistrable.counts[0].offence_code = "PPC-34"
    expected = [
        (acquitted, errors_pb2.ERROR_REASON_NOT_CONVICTED, "conviction.verdict"),
        (unregistrable, errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE, "conviction.counts[0].offence_code"),
    ]
    for added, reason, field in expected:
        call, request = call_of(PUNJAB_PROSECUTION), services.further(created, added)
        refusal = services.refused(errors.InvalidFields, call, request)
        assert (refusal.reason, [each for each, _ in violations(refusal)]) == (reason, [field])


def test_the_same_case_isnt_added_twice_in_whatever_form(services: Services, created: Created) -> None:
    request = services.further(created, further("S.C. No. 123/2022"))
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), request)
    assert violations(refusal) == [("conviction.court_case.case_number", errors_pb2.FIELD_REASON_DUPLICATE)]


def test_no_offence_is_before_the_persons_birth(services: Services, created: Created) -> None:
    added = further()
    added.counts[0].offence_date.CopyFrom(day(1950, 1, 1))
    added.fir.year, added.counts[0].offence_code = 1990, "PPC-354"
    added.fir.fir_date.CopyFrom(day(1990, 1, 1))
    request = services.further(created, added)
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), request)
    assert violations(refusal) == [("conviction.counts[0].offence_date", errors_pb2.FIELD_REASON_DATE_ORDER)]


def test_a_record_has_so_many_convictions_and_no_more() -> None:
    known = [record_pb2.Conviction(case_number=f"Case {nth}/2022") for nth in range(rules.MOST)]
    added = record_pb2.Conviction(case_number="Case 900/2022")
    rules.check_fits(record_pb2.RegistrationRecord(), known[:-1], added)
    with pytest.raises(errors.InvalidFields) as refused:
        rules.check_fits(record_pb2.RegistrationRecord(), known, added)
    assert violations(refused.value) == [("conviction", errors_pb2.FIELD_REASON_TOO_LONG)]


@pytest.mark.parametrize("together", [True, False])
def test_of_two_at_once_one_is_told_that_the_record_moved_on(
    services: Services, created: Created, *, together: bool
) -> None:
    requests = [services.further(created, further(f"Sessions Case No. {number}/2023")) for number in (7, 8)]
    calls = [call_of(PUNJAB_PROSECUTION) for _ in requests]
    first, second = services.at_once(*zip(calls, requests, strict=True), together=together)
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.EtagMismatch)


def test_with_an_old_etag_nothing_is_added(services: Services, created: Created) -> None:
    services.refused(
        errors.EtagMismatch, call_of(PUNJAB_PROSECUTION), services.further(created, further(), etag=created.etag)
    )


def test_nothing_is_half_written(services: Services, created: Created) -> None:
    tables = services.never_half_written(call_of(PUNJAB_PROSECUTION), services.further(created, further()))
    assert tables == ["registration_version", "outbox", "idempotency"]


def test_a_court_that_has_another_part_in_nothing_sees_its_own_alone(services: Services, created: Created) -> None:
    # Karachi's court has nothing to do with Punjab's records; with jurisdiction over Punjab alone it stays so.
    services.add_conviction(created, further())
    services.hidden(created.registration_id, KARACHI_COURT)
