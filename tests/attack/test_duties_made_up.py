"""Whoever holds the keys seals a version with other duties: `ledger verify` tells what was recorded again."""

from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import custody_pb2, notices_pb2
from nsor_server.registration.duties import due_dates, rules, states
from nsor_server.registration.duties.due_dates import Counting
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_notice import notice
from tests.notification.test_notice_decisions import decide, not_happened
from tests.notification.test_notice_kinds import leg, of_kind, travel
from tests.orders import day
from tests.registration.test_custody import happens, held
from tests.registration.test_duties import LATER, due, released, waiver
from tests.registration.test_duty_watch import a_watch
from tests.services import Services

PROBLEM = "the duties of a registration don't follow from what was recorded of it"
Record = record_pb2.RegistrationRecord


def test_what_was_recorded_follows(services: Services, owner: Owner) -> None:
    # Free when he was confirmed; released, told, taken to prison again and released; taken back; waived.
    free, created = services.confirmed(), released(services)
    services.ask(call_of(PUNJAB_POLICE), notice(free))
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    happens(services, created, "RECALLED", PUNJAB_POLICE, event_date=LATER, prisons_agency_id="punjab-prisons")
    happens(services, created, "ADMITTED", event_date=LATER)
    happens(services, created, "RELEASED", event_date=LATER)
    released_kind = custody_pb2.CUSTODY_EVENT_KIND_RELEASED
    happens(services, created, "TAKEN_BACK", event_date=LATER, taken_back_kind=released_kind)
    stays = notices_pb2.NoFixedAbodeNotice(place_code="PK-PB/FSD/PS-003")
    journey = travel(leg(arrives=20), return_date=day(2026, 2, 21))
    for told in ({"no_fixed_abode": stays}, {"travel": journey}, {"travel_return": notices_pb2.ReturnNotice()}):
        services.ask(call_of(PUNJAB_POLICE), of_kind(free, receiving_station="PK-PB/FSD/PS-003", **told))
    other = released(services, day(2026, 2, 1))
    expected = notices_pb2.NOTICE_TIMING_EXPECTED
    told = services.ask(call_of(PUNJAB_POLICE), notice(other, timing=expected, event_date=day(2026, 2, 25))).response
    services.ask(call_of(PUNJAB_POLICE), not_happened(other, told.notice_id))
    told = services.ask(call_of(PUNJAB_POLICE), notice(other, "PK-PB/LHR/PS-001")).response
    decide(services, other, told.notice_id, refused=True)
    duty = due(services, free, "PERIODIC_VERIFICATION")
    services.ask(call_of(PUNJAB_POLICE), waiver(services, free, duty.duty_id))
    assert owner.findings() == []


def _due_later(record: Record) -> None:
    record.duties[0].due_us += 86_400_000_000


def _met_by_nobody(record: Record) -> None:
    record.duties[1].state, record.duties[1].end_version = states.MET, record.version


def _none(record: Record) -> None:
    del record.duties[:]


def _one_more(record: Record) -> None:
    record.duties.add(duty_id=bytes(16), kind=8, due_us=1, rule="return-notice")


def _of_another_rule(record: Record) -> None:
    record.duties[0].rule = "re-verification"


@pytest.mark.parametrize("changed", [_due_later, _met_by_nobody, _none, _one_more, _of_another_rule])
def test_duties_that_no_release_began_are_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, changed: Callable[[Record], None]
) -> None:
    honest, created = rules.after_event, held(services)

    def made_up(counting: Counting, record: Record) -> None:
        honest(counting, record)
        changed(record)

    with monkeypatch.context() as patched:
        patched.setattr(rules, "after_event", made_up)
        happens(services, created, "RELEASED", event_date=LATER)
    assert owner.findings() == [PROBLEM]


def test_a_step_that_is_not_due_is_found_when_it_was_told(
    services: Services, owner: Owner, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(services)
    watching, honest = a_watch(services, keyring), due_dates.announced

    def made_up(counting: Counting, record: Record, now_us: int) -> list[due_dates.Announced]:
        honest(counting, record, now_us)
        record.duties[0].told_step = 1
        return []

    with monkeypatch.context() as patched:
        patched.setattr(due_dates, "announced", made_up)
        watching.look()
    watching.stop()
    assert owner.findings() == [PROBLEM]


def test_a_policy_that_was_not_in_force_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = held(services)
    with monkeypatch.context() as patched:
        other = record_pb2.DutyPolicy(duties=0, deadlines=0, holidays=0)
        honest = Counting.by
        patched.setattr(Counting, "by", lambda policy: honest(policy)._replace(policy=other))
        happens(services, created, "RELEASED", event_date=LATER)
    assert owner.findings() == ["a duty was counted by a policy that wasn't in force"]


@pytest.mark.parametrize("field", ["waived_by_agency", "waived_by_key", "waiver"])
def test_a_waiver_of_somebody_else_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    created = released(services)
    duty = due(services, created, "INITIAL_NOTICE")
    honest, wrong = rules.waived, {"waived_by_agency": "sindh-police", "waived_by_key": bytes(32), "waiver": 0}

    def made_up(counting: Counting, record: Record, *given: Any) -> record_pb2.Duty:
        waived = honest(counting, record, *given)
        setattr(waived, field, wrong[field])
        if field == "waiver":
            waived.state = states.MET
        return waived

    with monkeypatch.context() as patched:
        patched.setattr(rules, "waived", made_up)
        services.ask(call_of(PUNJAB_POLICE), waiver(services, created, duty.duty_id))
    assert owner.findings() == [PROBLEM]
