"""Tickets of NPB and cases that courts have opened: who opens them, whom they show; invented ones show nobody."""

import concurrent.futures
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from nsor.v1 import errors_pb2, grants_pb2, lookup_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Call, Officer, Outcome
from nsor_server.lookup.grants import store
from nsor_server.storage.v1 import record_pb2
from tests.calls import call_of, violations
from tests.lookup.conftest import (
    AGENCIES,
    KNOWN,
    NOW_US,
    UNKNOWN,
    Register,
    conviction_record,
    make_call,
    naming,
    officer,
    request_of,
)
from tests.orders import suspects
from tests.services import Services, sealed_rows_are_listed

Basis = lookup_pb2.LookUpBasis
NPB, COURT = "npb", "lahore-special-court"


def enrolled(services: Services, agency_id: str, number: int, *, disabled: bool = False) -> Officer:
    """An officer whom the directory knows."""
    return services.enrolled(officer(agency_id, number), disabled=disabled)


def ticket_for(worker: Officer, cnics: Sequence[str] = (KNOWN,), **fields: Any) -> grants_pb2.OpenTicketRequest:
    return grants_pb2.OpenTicketRequest(
        request_id=str(uuid.uuid4()),
        officer_key_id=worker.key_id,
        work=grants_pb2.TICKET_WORK_CORRECTION,
        persons=suspects(*cnics),
        **fields,
    )


def case_of(
    cnics: Sequence[str] = (KNOWN,), place: str = "PK-PB/LHR", **fields: Any
) -> grants_pb2.OpenCourtCaseRequest:
    return grants_pb2.OpenCourtCaseRequest(
        request_id=str(uuid.uuid4()),
        court_case=types_pb2.CourtCase(
            court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code=place, case_number="Sessions Case No. 9/2026"
        ),
        persons=suspects(*cnics),
        **fields,
    )


def reason(services: Services, call: Call, request: Any) -> str:
    """Why a call is refused; ANSWERED when it isn't."""
    try:
        services.ask(call, request)
    except errors.ApiError as refused:
        return errors_pb2.ErrorReason.Name(refused.reason).removeprefix("ERROR_REASON_")
    return "ANSWERED"


def look_up(services: Services, call: Call, basis: Basis, cnic: str = KNOWN) -> str:
    """What a look-up says: FOUND, NO_RECORD, or why it is refused."""
    request = request_of(call, basis, cnic)
    told = reason(services, call, request)
    if told != "ANSWERED" or call.outcome is None:
        return told
    response: Any = call.outcome.response
    return lookup_pb2.LookUpOutcome.Name(response.outcome).removeprefix("LOOK_UP_OUTCOME_")


def acting(agency_id: str, who: Officer) -> Call:
    return make_call(agency_id, acting=who)


def test_a_ticket_shows_named_persons_to_the_officer_whom_it_names(services: Services, register: Register) -> None:
    register.add(conviction_record())
    opener, worker = enrolled(services, NPB, 1), enrolled(services, NPB, 2)
    opened = services.ask(call_of(AGENCIES[NPB], opener), ticket_for(worker, (KNOWN, UNKNOWN)))
    ticket = opened.response.grant
    assert ticket.uses_per_subject == 3
    assert ticket.expiry.rule_id == "ticket-expiry"
    assert not ticket.expiry.verified
    assert list(sealed_rows_are_listed(services, opened)) == [store.GRANTS]
    basis = Basis(ticket_id=ticket.grant_id)
    assert look_up(services, acting(NPB, worker), basis) == "FOUND"
    assert look_up(services, acting(NPB, worker), basis, UNKNOWN) == "NO_RECORD"
    # Not to whoever opened it, not to a colleague, and nobody who isn't named.
    assert look_up(services, acting(NPB, opener), basis) == "GRANT_NOT_VALID"
    assert look_up(services, acting(NPB, officer(NPB, 3)), basis) == "GRANT_NOT_VALID"
    assert look_up(services, acting(NPB, worker), basis, "3520212345699") == "GRANT_NOT_VALID"


def test_any_made_up_ticket_shows_nobody(services: Services, register: Register) -> None:
    # Any number showed any person before. An id of something else is as good as none.
    register.add(conviction_record())
    grant, case = register.grant(), register.court_case()
    for made_up in (str(uuid.uuid4()), grant, case):
        assert look_up(services, make_call(NPB), Basis(ticket_id=made_up)) == "GRANT_NOT_VALID"


def test_a_court_with_an_invented_case_is_shown_nobody(services: Services, register: Register) -> None:
    # 701 people were shown in a second. What the register holds plays no part: registered or not, it is one answer.
    register.add(conviction_record())
    said = [
        (
            call := make_call(COURT),
            reason_and_text(services, call, request_of(call, Basis(court_case_id=made_up), cnic)),
        )[1]
        for made_up in (str(uuid.uuid4()), register.ticket(), register.grant())
        for cnic in (KNOWN, UNKNOWN)
    ]
    assert set(said) == {("GRANT_NOT_VALID", ())}


def reason_and_text(services: Services, call: Call, request: Any) -> tuple[str, tuple[Any, ...]]:
    try:
        services.ask(call, request)
    except errors.ApiError as refused:
        return errors_pb2.ErrorReason.Name(refused.reason).removeprefix("ERROR_REASON_"), refused.violations
    return "ANSWERED", ()


@pytest.mark.parametrize("who", ["himself", "himself with another key", "nobody", "another agency's", "disabled"])
def test_nobody_opens_a_ticket_for_himself_or_for_a_stranger(services: Services, who: str) -> None:
    opener = enrolled(services, NPB, 1)
    worker = {
        "himself": lambda: opener,
        # The register gives a number no second live key; were it to, he would still be one person.
        "himself with another key": lambda: services.enrolled(
            replace(officer(NPB, 7), officer_number=opener.officer_number)
        ),
        "nobody": lambda: officer(NPB, 7),
        "another agency's": lambda: enrolled(services, "punjab-police", 7),
        "disabled": lambda: enrolled(services, NPB, 7, disabled=True),
    }[who]()
    refused = services.refused(errors.Denied, call_of(AGENCIES[NPB], opener), ticket_for(worker))
    expected = "SECOND_PERSON_REQUIRED" if who.startswith("himself") else "OFFICER_NOT_KNOWN"
    assert errors_pb2.ErrorReason.Name(refused.reason) == f"ERROR_REASON_{expected}"


def test_a_ticket_is_used_as_often_as_it_says_for_each_person(services: Services, register: Register) -> None:
    ticket = Basis(ticket_id=register.ticket((KNOWN, UNKNOWN), uses=2))
    told = [look_up(services, make_call(NPB), ticket, cnic) for cnic in (KNOWN, KNOWN, KNOWN, UNKNOWN)]
    assert told == ["NO_RECORD", "NO_RECORD", "GRANT_USED_UP", "NO_RECORD"]


def test_an_opened_case_shows_who_is_named_in_it_to_the_officers_of_that_place(
    services: Services, register: Register
) -> None:
    register.add(conviction_record())
    opened = services.ask(call_of(AGENCIES[COURT]), case_of((KNOWN,)))
    case = opened.response.grant
    assert case.expiry.rule_id == "court-case-expiry"
    assert list(sealed_rows_are_listed(services, opened)) == [store.GRANTS]
    basis = Basis(court_case_id=case.grant_id)
    lahore, multan = officer(COURT, 5, ("PK-PB/LHR",)), officer(COURT, 6, ("PK-PB/MUL",))
    assert look_up(services, acting(COURT, lahore), basis) == "FOUND"
    assert look_up(services, acting(COURT, officer(COURT, 7)), basis) == "FOUND"
    assert look_up(services, acting(COURT, multan), basis) == "GRANT_NOT_VALID"
    assert look_up(services, acting(COURT, lahore), basis, UNKNOWN) == "GRANT_NOT_VALID"
    assert look_up(services, make_call("karachi-special-court"), basis) == "GRANT_NOT_VALID"


def test_who_is_not_named_is_refused_whether_he_is_registered_or_not(services: Services, register: Register) -> None:
    case = Basis(court_case_id=register.court_case((UNKNOWN,)))
    before = reason_and_text(services, call := make_call(COURT), request_of(call, case, KNOWN))
    register.add(conviction_record())
    after = reason_and_text(services, call := make_call(COURT), request_of(call, case, KNOWN))
    assert before == after == ("GRANT_NOT_VALID", ())


@pytest.mark.parametrize(
    ("request_", "jurisdiction"),
    [
        pytest.param(case_of(place="PK-SD/KHI"), (), id="another province's place"),
        pytest.param(case_of(place="PK-PB/MUL"), ("PK-PB/LHR",), id="outside the officer's place"),
    ],
)
def test_a_case_is_opened_within_the_courts_and_the_officers_jurisdiction(
    services: Services, request_: grants_pb2.OpenCourtCaseRequest, jurisdiction: tuple[str, ...]
) -> None:
    call = call_of(AGENCIES[COURT], officer(COURT, 1, jurisdiction))
    refused = services.refused(errors.Denied, call, request_)
    assert refused.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_a_court_opens_no_case_of_a_court_that_it_is_not(services: Services) -> None:
    request = case_of()
    request.court_case.court_kind = types_pb2.COURT_KIND_HIGH_COURT
    refused = services.refused(errors.Denied, call_of(AGENCIES[COURT]), request)
    assert refused.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


def test_nobody_is_named_twice(services: Services) -> None:
    worker = enrolled(services, NPB, 2)
    for call, request in (
        (call_of(AGENCIES[NPB]), ticket_for(worker, (KNOWN, UNKNOWN, KNOWN))),
        (call_of(AGENCIES[COURT]), case_of((KNOWN, UNKNOWN, KNOWN))),
    ):
        refused = services.refused(errors.InvalidFields, call, request)
        assert violations(refused) == [("persons[2]", errors_pb2.FIELD_REASON_DUPLICATE)]


def test_a_request_that_is_only_checked_writes_nothing(services: Services) -> None:
    worker = enrolled(services, NPB, 2)
    before = services.rows()
    for call, request in (
        (call_of(AGENCIES[NPB]), ticket_for(worker, validate_only=True)),
        (call_of(AGENCIES[COURT]), case_of(validate_only=True)),
    ):
        answered = services.ask(call, request)
        assert not answered.response.HasField("grant")
        assert answered.detail.outcome == "VALIDATED"
    assert services.rows() == before


def test_an_opening_is_repeatable_and_never_half_written(services: Services) -> None:
    request = case_of()
    call = call_of(AGENCIES[COURT])
    first = services.ask(call, request)
    again = call_of(AGENCIES[COURT], call.officer)
    services.ask(again, request)
    assert grants_pb2.OpenCourtCaseResponse.FromString(again.answer) == first.response
    assert services.one("SELECT count(*) FROM access_grant") == 1
    assert "access_grant" in services.never_half_written(call_of(AGENCIES[COURT]), case_of())


def test_nothing_beside_the_seal_names_the_persons_or_the_case(services: Services) -> None:
    services.ask(call_of(AGENCIES[COURT]), case_of((KNOWN,)))
    with services.database.owner() as owner:
        ((text,),) = owner.execute("SELECT access_grant::text FROM access_grant").fetchall()
    assert KNOWN not in text
    assert KNOWN.encode().hex() not in text
    assert "9/2026" not in text


def test_a_race_for_the_last_use_of_a_case_has_one_winner(services: Services, register: Register) -> None:
    case = Basis(court_case_id=register.court_case(uses=1))

    def ask(number: int) -> str:
        return look_up(services, acting(COURT, officer(COURT, number)), case)

    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        told = sorted(threads.map(ask, range(6)))
    assert told == ["GRANT_USED_UP"] * 5 + ["NO_RECORD"]


@pytest.mark.parametrize(
    "change", ["agency_id = 'karachi-special-court'", "expires_at = expires_at + interval '1 day'"]
)
def test_a_case_that_was_tampered_with_serves_nobody(register: Register, change: str) -> None:
    case = register.court_case()
    with register.database.owner() as owner:
        owner.execute(f"UPDATE access_grant SET {change}".encode())  # noqa: S608 - a constant
    agency_id = "karachi-special-court" if "karachi" in change else COURT
    (decided,) = register.decide(register.prepare(make_call(agency_id), Basis(court_case_id=case)))
    assert isinstance(decided, errors.Internal)


def test_a_grant_of_nobody_and_of_no_place_serves_nobody(register: Register) -> None:
    # What has neither an officer nor a place is for no officer, not for every one.
    grant = record_pb2.GrantRecord(
        grant_id=uuid.uuid4().bytes,
        agency=COURT,
        **naming(KNOWN),
        uses_per_subject=1,
        expires_at_us=NOW_US + 10**12,
        expiry_rule="court-case-expiry",
        create_time_us=NOW_US - 1,
        purpose=call_purpose(COURT),
    )
    basis = Basis(court_case_id=register.write_grant(grant))
    (decided,) = register.decide(register.prepare(make_call(COURT), basis))
    assert isinstance(decided, errors.Denied)


def test_a_grant_serves_its_own_purpose_alone(register: Register) -> None:
    # A kind of agency may get a second purpose, and a ticket must not show what a trial may see.
    grant = record_pb2.GrantRecord(
        grant_id=uuid.uuid4().bytes,
        agency=COURT,
        officer_key=officer(COURT).key_id,
        **naming(KNOWN),
        uses_per_subject=1,
        expires_at_us=NOW_US + 10**12,
        expiry_rule="ticket-expiry",
        create_time_us=NOW_US - 1,
        purpose=call_purpose(NPB),
    )
    basis = Basis(court_case_id=register.write_grant(grant))
    (decided,) = register.decide(register.prepare(make_call(COURT), basis))
    assert isinstance(decided, errors.Denied)


def call_purpose(agency_id: str) -> int:
    return int(make_call(agency_id).purpose)


def test_the_entry_names_the_case_for_its_label(register: Register) -> None:
    (decided,) = register.decide(
        register.prepare(make_call(COURT), Basis(court_case_id=register.court_case())),
    )
    assert isinstance(decided, Outcome)
    assert decided.detail.case_reference == "PK-PB/LHR Sessions Case No. 9/2026"
