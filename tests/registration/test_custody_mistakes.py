"""Custody events that were entered by mistake: who takes them back, and that everything is as it was before them."""

from typing import Any

import pytest

from nsor.v1 import custody_pb2, errors_pb2, notices_pb2, types_pb2, worklists_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PRISONS, SINDH_POLICE, SINDH_PRISONS
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of, violations
from tests.notification.test_notice import notice
from tests.notification.test_notice_decisions import decide
from tests.orders import Created, day
from tests.registration.test_custody import (
    AWAY,
    EVENT_DAY,
    acceptance,
    at_large,
    custody,
    event,
    expected,
    happens,
    has_no_part,
    held,
    soon,
    told,
    work,
)
from tests.services import Services

HOME = "PK-PB/LHR/PS-001"
ON_BAIL, RELEASED = types_pb2.CUSTODY_STATE_ON_BAIL, types_pb2.CUSTODY_STATE_RELEASED
DEPORTED, AT_LARGE = types_pb2.CUSTODY_STATE_DEPORTED, types_pb2.CUSTODY_STATE_AT_LARGE


def kind_of(name: str) -> custody_pb2.CustodyEventKind.ValueType:
    return custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{name}")


def takes_back(services: Services, created: Created, kind: str, by: Agency = PUNJAB_PRISONS, **fields: Any) -> Any:
    return happens(services, created, "TAKEN_BACK", by, taken_back_kind=kind_of(kind), **fields)


def refuses(services: Services, created: Created, kind: str, by: Agency = PUNJAB_PRISONS) -> None:
    request = event(services, created, "TAKEN_BACK", taken_back_kind=kind_of(kind))
    refused = services.refused(errors.WrongState, call_of(by), request)
    assert violations(refused) == [("kind", errors_pb2.FIELD_REASON_NOT_IN_THIS_STATE)]


def all_but_events(services: Services, created: Created) -> custody_pb2.GetCustodyResponse:
    shown = custody(services, created, NPB)
    shown.etag = ""
    del shown.events[:]
    return shown


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("TRANSFERRED", {"prisons_agency_id": "sindh-prisons"}),
        ("RELEASE_EXPECTED", {"expected_date": soon()}),
        ("RELEASED", {}),
        ("BAILED", {}),
        ("ESCAPED", {}),
        ("DEPORTED", {}),
        ("DECEASED", {}),
    ],
)
def test_what_a_prison_entered_by_mistake_is_taken_back_and_stays_in_the_history(
    services: Services, kind: str, fields: dict[str, Any]
) -> None:
    created = held(services)
    expected(services, created)
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    before, registration = all_but_events(services, created), services.get(created.registration_id, NPB)
    happens(services, created, kind, **fields)
    answer = takes_back(services, created, kind)
    assert answer.state == types_pb2.CUSTODY_STATE_IN_CUSTODY
    assert all_but_events(services, created) == before
    assert services.get(created.registration_id, PUNJAB_PRISONS).custody == before.custody
    after = services.get(created.registration_id, NPB)
    assert (after.responsible_place, list(after.addresses)) == (HOME, list(registration.addresses))
    *_, mistake, taken_back = custody(services, created, NPB).events
    assert (mistake.kind, taken_back.kind) == (kind_of(kind), custody_pb2.CUSTODY_EVENT_KIND_TAKEN_BACK)
    assert taken_back.taken_back_version == mistake.version
    assert {"npb", "punjab-prisons", "punjab-prosecution"} <= set(told(services, "CUSTODY_EVENT_TAKEN_BACK"))
    # It is over: neither is taken back again.
    refuses(services, created, kind)


@pytest.mark.parametrize(
    ("state", "kind", "fields"),
    [
        (ON_BAIL, "ESCAPED", {}),
        (ON_BAIL, "RELEASED", {}),
        (ON_BAIL, "RECALLED", {"prisons_agency_id": "sindh-prisons"}),
        (RELEASED, "RECALLED", {"prisons_agency_id": "sindh-prisons"}),
        (RELEASED, "DEPORTED", {}),
        (AT_LARGE, "DECEASED", {}),
        (DEPORTED, "RECALLED", {"prisons_agency_id": "sindh-prisons"}),
    ],
)
def test_the_police_take_back_what_they_entered_by_mistake(
    services: Services, state: types_pb2.CustodyState.ValueType, kind: str, fields: dict[str, Any]
) -> None:
    created = at_large(services, state)
    happens(services, created, kind, PUNJAB_POLICE, **fields)
    # It doesn't matter what else was written meanwhile: he is theirs all the time.
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    assert takes_back(services, created, kind, PUNJAB_POLICE).state == state
    assert services.get(created.registration_id, PUNJAB_POLICE).custody.state == state
    has_no_part(services, created, SINDH_PRISONS)
    assert work(services, SINDH_PRISONS) == []


def test_a_department_that_let_him_go_sees_him_until_something_else_is_written(services: Services) -> None:
    created = held(services)
    happens(services, created, "RELEASED")
    assert custody(services, created, PUNJAB_PRISONS).custody.state == types_pb2.CUSTODY_STATE_RELEASED
    # His custody alone, and nothing else of him is its to record.
    services.hidden(created.registration_id, PUNJAB_PRISONS)
    services.refused(errors.WrongState, call_of(PUNJAB_PRISONS), event(services, created, "ADMITTED"))
    assert work(services, PUNJAB_PRISONS) == []
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    has_no_part(services, created, PUNJAB_PRISONS)
    request = event(services, created, "TAKEN_BACK", taken_back_kind=kind_of("RELEASED"))
    services.refused(errors.NoRecord, call_of(PUNJAB_PRISONS), request)
    # The police have a way to put it right.
    happens(services, created, "RECALLED", PUNJAB_POLICE, prisons_agency_id="punjab-prisons")


@pytest.mark.parametrize("nested", [False, True])
def test_a_notice_of_where_he_lives_ends_a_release_that_is_put_back(
    services: Services, owner: Owner, *, nested: bool
) -> None:
    # Released to an address whose police haven't accepted him; then he says where he lives.
    created = held(services)
    expected(services, created)
    happens(services, created, "RELEASED")
    if nested:
        happens(services, created, "DEPORTED", PUNJAB_POLICE)
    happens(services, created, "DECEASED", PUNJAB_POLICE)
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    takes_back(services, created, "DECEASED", PUNJAB_POLICE)
    if nested:
        takes_back(services, created, "DEPORTED", PUNJAB_POLICE)
    shown = custody(services, created, NPB)
    assert (shown.custody.state, shown.HasField("expected_release")) == (RELEASED, False)
    services.refused(errors.NoRecord, call_of(SINDH_POLICE), acceptance(services, created))
    assert [each.place_code for each in services.get(created.registration_id, NPB).addresses][-1] == "PK-PB/FSD/PS-003"
    assert owner.findings() == []


def test_a_release_stands_again_once_no_notice_of_a_home_does(services: Services, owner: Owner) -> None:
    # The notice is refused while he is reported dead; what it had ended is found again when the report is taken back.
    created = held(services)
    expected(services, created)
    happens(services, created, "RELEASED")
    first, second = (services.ask(call_of(PUNJAB_POLICE), notice(created)).response.notice_id for _ in range(2))
    decide(services, created, first, refused=True)
    happens(services, created, "DECEASED", PUNJAB_POLICE)
    decide(services, created, second, refused=True)
    assert not custody(services, created, NPB).HasField("expected_release")
    takes_back(services, created, "DECEASED", PUNJAB_POLICE)
    assert custody(services, created, NPB).HasField("expected_release")
    assert owner.findings() == []


def test_a_notice_of_an_address_to_come_ends_no_release(services: Services, owner: Owner) -> None:
    created = held(services)
    expected(services, created)
    happens(services, created, "RELEASED")
    happens(services, created, "DECEASED", PUNJAB_POLICE)
    to_come = notice(created, timing=notices_pb2.NOTICE_TIMING_EXPECTED, event_date=day(2026, 4, 1))
    services.ask(call_of(PUNJAB_POLICE), to_come)
    takes_back(services, created, "DECEASED", PUNJAB_POLICE)
    assert custody(services, created, NPB).HasField("expected_release")
    assert owner.findings() == []


def test_nobody_takes_back_what_another_agency_recorded_or_an_officer_decided(services: Services) -> None:
    created = held(services)
    happens(services, created, "TRANSFERRED", prisons_agency_id="sindh-prisons")
    refuses(services, created, "TRANSFERRED", SINDH_PRISONS)
    refuses(services, created, "ESCAPED")
    happens(services, created, "ADMITTED", SINDH_PRISONS)
    takes_back(services, created, "ADMITTED", SINDH_PRISONS)
    assert services.get(created.registration_id, PUNJAB_PRISONS).custody.prisons_agency_id == "punjab-prisons"
    assert work(services, SINDH_PRISONS) == [(created.registration_id, worklists_pb2.WORK_KIND_ADMISSION)]
    takes_back(services, created, "TRANSFERRED")
    has_no_part(services, created, SINDH_PRISONS)
    expected(services, created)
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    refuses(services, created, "RELEASE_EXPECTED")
    refuses(services, created, "RELEASE_ACCEPTED")


def test_what_was_taken_back_counts_as_nothing_that_happened(services: Services) -> None:
    created = held(services)
    happens(services, created, "ESCAPED", event_date=day(2024, 9, 1))
    takes_back(services, created, "ESCAPED", event_date=day(2024, 9, 2))
    happens(services, created, "BAILED", event_date=EVENT_DAY)


@pytest.mark.parametrize(
    ("kind", "taken_back", "reason"), [("TAKEN_BACK", 0, "REQUIRED"), ("ESCAPED", kind_of("BAILED"), "EXACTLY_ONE")]
)
def test_the_kind_of_what_is_taken_back_is_named_then_alone(
    services: Services, kind: str, taken_back: int, reason: str
) -> None:
    request = event(services, held(services), kind, taken_back_kind=taken_back)
    refused = services.refused(errors.InvalidFields, call_of(PUNJAB_PRISONS), request)
    assert violations(refused) == [("taken_back_kind", errors_pb2.FieldReason.Value(f"FIELD_REASON_{reason}"))]


def test_an_acceptance_says_who_is_responsible_from_the_release_on(services: Services) -> None:
    created = held(services)
    expected(services, created)
    answer = services.ask(call_of(SINDH_POLICE), acceptance(services, created)).response
    assert (answer.responsible_now, answer.place_from_release) == (False, AWAY)
    # Who is responsible until then may be of where he has lived: those who accept aren't shown that.
    assert HOME.encode() not in answer.SerializeToString()
    other = held(services)
    expected(services, other)
    happens(services, other, "RELEASED")
    answer = services.ask(call_of(SINDH_POLICE), acceptance(services, other)).response
    assert (answer.responsible_now, answer.place_from_release) == (True, AWAY)
