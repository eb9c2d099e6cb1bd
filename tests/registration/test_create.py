"""What entering a conviction order promises."""

import uuid
from typing import Any

import pytest

from nsor.v1 import errors_pb2, notification_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Outcome
from nsor_server.registration import rules, store
from tests.agencies import KARACHI_COURT, LAHORE_COURT, NPB, PUNJAB_PROSECUTION, officer_of
from tests.calls import call_of, violations
from tests.orders import cnic, conviction, current_address, day, order
from tests.services import Services, sealed_rows_are_listed

Request = registration_pb2.CreateRegistrationRequest
OF_OTHER_TABLES = {options_pb2.ROW_SCOPE_JURISDICTION, options_pb2.ROW_SCOPE_RECIPIENTS}
URDU_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def visible(answer: object) -> bytes:
    """The answer's bytes with the two random values blanked, each by as many characters."""
    assert isinstance(answer, registration_pb2.CreateRegistrationResponse)
    blanked = registration_pb2.CreateRegistrationResponse()
    blanked.CopyFrom(answer)
    blanked.registration_id = "0" * len(answer.registration_id)
    blanked.etag = "0" * len(answer.etag)
    return blanked.SerializeToString(deterministic=True)


def test_an_order_is_accepted_for_review_and_its_sealed_row_is_named(services: Services) -> None:
    created = services.create()
    answer = created.outcome.response
    assert isinstance(answer, registration_pb2.CreateRegistrationResponse)
    assert answer.state == registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
    assert created.outcome.detail.outcome == "CREATED"
    assert created.outcome.detail.case_reference == "PK-PB/LHR/PS-001 679/2021"
    assert list(created.outcome.detail.subjects) == [created.key.bytes]
    assert sealed_rows_are_listed(services, created.outcome) == ["registration_version"]


def test_validation_writes_nothing_and_names_no_registration(services: Services) -> None:
    before = services.rows()
    request = order(validate_only=True)
    outcome = services.ask(call_of(PUNJAB_PROSECUTION), request)
    assert services.rows() == before
    assert outcome.response == registration_pb2.CreateRegistrationResponse()
    assert outcome.records == ()


def test_validation_does_not_tell_whether_a_person_is_known(services: Services) -> None:
    number = cnic()
    unknown = services.ask(call_of(PUNJAB_PROSECUTION), order(number, validate_only=True))
    services.create(order(number))
    known = services.ask(call_of(PUNJAB_PROSECUTION), order(number, validate_only=True))
    assert known.response == unknown.response
    assert known.detail.outcome == unknown.detail.outcome


@pytest.mark.parametrize(
    "verdict", [types_pb2.VERDICT_ACQUITTED, types_pb2.VERDICT_DISCHARGED, types_pb2.VERDICT_PENDING]
)
def test_whoever_was_not_convicted_is_refused(services: Services, verdict: types_pb2.Verdict.ValueType) -> None:
    request = order()
    request.convictions[0].verdict = verdict
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_NOT_CONVICTED
    assert violations(refusal) == [("convictions[0].verdict", errors_pb2.FIELD_REASON_NOT_A_CONVICTION)]


def test_an_offence_that_was_no_law_on_its_day_is_refused_by_its_path(services: Services) -> None:
    # PECA-21 is law since 18 August 2016.
    request = order()
    request.convictions[0].counts.add().CopyFrom(request.convictions[0].counts[0])
    second = request.convictions[0].counts[1]
    second.offence_code = "PECA-21"
    second.offence_date.CopyFrom(day(2003, 1, 1))
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE
    assert [field for field, _ in violations(refusal)] == ["convictions[0].counts[1].offence_code"]


def test_an_attempt_is_stored_and_shown_with_the_section_that_was_attempted(services: Services) -> None:
    request = order()
    count = request.convictions[0].counts[0]
    count.offence_code, count.underlying_offence_code = "PPC-511", "ppc-376"
    created = services.create(request)
    (shown,) = services.get(created.registration_id, PUNJAB_PROSECUTION).convictions[0].counts
    assert (shown.offence_code, shown.underlying_offence_code) == ("PPC-511", "PPC-376")
    assert shown.legal_basis == types_pb2.LEGAL_BASIS_S24_EXPLANATION


@pytest.mark.parametrize(
    ("code", "underlying", "field", "rule"),
    [
        ("PPC-376", "PPC-377", "underlying_offence_code", errors_pb2.FIELD_REASON_ONLY_WITH_ATTEMPT),
        ("PPC-511", "PPC-506", "offence_code", errors_pb2.FIELD_REASON_OFFENCE_UNKNOWN),
    ],
)
def test_an_attempt_that_does_not_fit_is_refused_by_field_and_rule(
    services: Services, code: str, underlying: str, field: str, rule: errors_pb2.FieldReason.ValueType
) -> None:
    request = order()
    count = request.convictions[0].counts[0]
    count.offence_code, count.underlying_offence_code = code, underlying
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_PROSECUTION), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE
    assert violations(refusal) == [(f"convictions[0].counts[0].{field}", rule)]


def test_a_court_outside_the_agencys_jurisdiction_is_refused(services: Services) -> None:
    request = order(convictions=[conviction("PK-SD/KHI")])
    refusal = services.refused(errors.Denied, call_of(PUNJAB_PROSECUTION), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


@pytest.mark.parametrize(
    ("station", "officer_places"),
    [("PK-SD/KHI/PS-001", ()), ("PK-PB/MUL/PS-001", ("PK-PB/LHR",))],
    ids=["another province", "another officer's district"],
)
def test_an_fir_from_where_nobody_of_them_may_act_is_refused(
    services: Services, station: str, officer_places: tuple[str, ...]
) -> None:
    # The order would be found by that FIR, and no court has its number to confirm.
    request = order()
    request.convictions[0].fir.police_station = station
    call = call_of(PUNJAB_PROSECUTION, officer_of(PUNJAB_PROSECUTION, *officer_places))
    refusal = services.refused(errors.Denied, call, request)
    assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_a_court_outside_the_officers_jurisdiction_is_refused(services: Services) -> None:
    elsewhere = officer_of(PUNJAB_PROSECUTION, "PK-PB/FSD")
    call = call_of(PUNJAB_PROSECUTION, elsewhere)
    refusal = services.refused(errors.Denied, call, order())
    assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION
    within = call_of(PUNJAB_PROSECUTION, officer_of(PUNJAB_PROSECUTION, "PK-PB/LHR"))
    services.create(order(), within)


@pytest.mark.parametrize("custodian", ["punjab-police", "no-such-agency"])
def test_only_a_prisons_department_holds_an_offender(services: Services, custodian: str) -> None:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=custodian)
    refusal = services.refused(
        errors.InvalidFields,
        call_of(PUNJAB_PROSECUTION),
        order(custody=custody),
    )
    assert violations(refusal) == [("custody.prisons_agency_id", errors_pb2.FIELD_REASON_AGENCY_UNKNOWN)]


@pytest.mark.parametrize("digit", range(10))
def test_by_custom_the_last_digit_of_a_cnic_tells_men_and_women(digit: int) -> None:
    # Transgender holders have either, so theirs is never odd.
    warned = {
        sex: bool(rules.warnings(types_pb2.Person(cnic=f"352011234567{digit}", sex=sex)))
        for sex in types_pb2.Sex.values()
    }
    contradicted = types_pb2.SEX_FEMALE if digit % 2 else types_pb2.SEX_MALE
    assert warned == {sex: sex == contradicted for sex in types_pb2.Sex.values()}


def test_what_is_odd_is_warned_of_and_accepted(services: Services) -> None:
    request = order("3520112345670")
    request.person.travel_documents.add(number="X12345", country="PK")
    request.person.travel_documents.add(number="X12345", country="AF")
    # A card that Pakistan issues to Afghans has another form than its passports.
    card = types_pb2.TRAVEL_DOCUMENT_KIND_PROOF_OF_REGISTRATION
    request.person.travel_documents.add(number="X12345", country="PK", kind=card)
    answer = services.create(request).outcome.response
    assert isinstance(answer, registration_pb2.CreateRegistrationResponse)
    assert [(warning.field, warning.reason) for warning in answer.warnings] == [
        ("person.cnic", types_pb2.WARNING_REASON_CNIC_SEX_MISMATCH),
        ("person.travel_documents[0].number", types_pb2.WARNING_REASON_PASSPORT_FORM_UNUSUAL),
    ]


@pytest.mark.parametrize("together", [True, False])
def test_an_order_that_is_sent_twice_at_once_is_entered_once(services: Services, *, together: bool) -> None:
    # A line that breaks and comes back sends it again before the first answer is there.
    request, officer = order(), officer_of(PUNJAB_PROSECUTION)
    calls = [call_of(PUNJAB_PROSECUTION, officer) for _ in range(2)]
    services.at_once((calls[0], request), (calls[1], request), together=together)
    assert calls[0].answer == calls[1].answer
    assert [_said(call.outcome) for call in calls] == ["CREATED", "REPLAY"]
    assert services.rows()["registration_key"] == 1


def test_an_order_that_is_sent_again_gets_its_first_answer_and_changes_nothing(services: Services) -> None:
    request, officer = order(), officer_of(PUNJAB_PROSECUTION)
    first, again, another = (call_of(PUNJAB_PROSECUTION, officer) for _ in range(3))
    services.ask(first, request)
    before = services.rows()
    services.ask(again, request)
    assert again.answer == first.answer
    assert services.rows() == before
    # Under the same id, another request, and the same request by another officer, aren't the same.
    changed = order(request_id=request.request_id)
    services.refused(errors.RequestIdReused, another, changed)
    services.refused(errors.RequestIdReused, call_of(PUNJAB_PROSECUTION), request)


def test_nothing_is_half_written(services: Services) -> None:
    # Whichever statement fails, no row of any table stays, nor the entry.
    request = order()
    assert services.never_half_written(call_of(PUNJAB_PROSECUTION), request) == [
        *("registration_key", "registration_version", "outbox", "idempotency")
    ]


def test_npb_and_the_courts_of_the_case_are_told(services: Services) -> None:
    services.create()
    assert services.owed(notification_pb2.EVENT_KIND_REGISTRATION_CREATED) == [LAHORE_COURT.agency_id, NPB.agency_id]
    assert KARACHI_COURT.agency_id not in services.owed()


def test_the_newest_current_address_decides_who_is_responsible(services: Services) -> None:
    addresses = [
        current_address("PK-PB/FSD"),
        current_address("PK-SD/KHI/PS-002"),
        types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code="PK-PB/MUL"),
    ]
    created = services.create(order(addresses=addresses))
    assert services.get(created.registration_id, NPB).responsible_place == "PK-SD/KHI/PS-002"


def test_no_column_names_a_person(services: Services) -> None:
    number = cnic()
    created = services.create(order(number))
    with services.database.owner() as owner:
        row = owner.execute(
            f"SELECT {store.COLUMNS} FROM registration_version v JOIN registration_key k USING (registration_id)"  # noqa: S608 - constants
        )
        text = repr(row.fetchall())
    assert repr(created.key.bytes) in text
    for hidden in (number, "Zafar", "Sessions Case"):
        assert hidden not in text


@pytest.mark.parametrize("table", ["registration_version", "registration_key"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "UPDATE {} SET registration_id = registration_id", "TRUNCATE {}"]
)
def test_the_server_cannot_change_what_it_wrote(services: Services, table: str, statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"), services.database.transaction() as conn:
        conn.execute(statement.format(table))


def _owed(services: Services, registration_id: uuid.UUID) -> list[tuple[str, int]]:
    with services.database.owner() as owner:
        query = "SELECT recipient, kind FROM outbox WHERE registration_id = %s"
        return owner.execute(query, (registration_id,)).fetchall()


def _said(outcome: Outcome[Any] | errors.ApiError | None) -> str:
    """What the sealed detail says."""
    assert isinstance(outcome, Outcome)
    return outcome.detail.outcome


def test_agency_kinds_that_have_no_part_are_shown_nothing(services: Services) -> None:
    created = services.create()
    request = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    for name, kind in options_pb2.AgencyKind.items():
        if name in {"AGENCY_KIND_NADRA", "AGENCY_KIND_IMMIGRATION", "AGENCY_KIND_SPECIAL_COMMITTEE"}:
            stranger = Agency("stranger", kind, ("PK",), enabled=True)
            refusal = services.refused(errors.Denied, call_of(stranger), request)
            assert refusal.reason == errors_pb2.ERROR_REASON_NOT_ALLOWED


@pytest.mark.parametrize("scope", options_pb2.RowScope.values())
def test_a_scope_of_other_rows_shows_no_registration(services: Services, scope: options_pb2.RowScope.ValueType) -> None:
    # Even if the contract named it: a registration has no place of its own and isn't owed to anybody.
    created = services.create()
    call = call_of(Agency("stranger", options_pb2.AGENCY_KIND_NADRA, ("PK-GB",), enabled=True))
    call.rows = scope
    with services.database.reading() as conn:
        if scope in {options_pb2.ROW_SCOPE_UNSPECIFIED, *OF_OTHER_TABLES}:
            with pytest.raises(KeyError):
                store.head(conn, services.sealer, created.key.bytes, call)
        else:
            found = store.head(conn, services.sealer, created.key.bytes, call)
            assert (found is not None) is (scope == options_pb2.ROW_SCOPE_ALL)
