"""Whoever holds the keys seals a version with another custody: `ledger verify` tells what was recorded again."""

from collections.abc import Callable

import pytest

from nsor.v1 import types_pb2
from nsor_server.registration.custody import rules
from nsor_server.storage.v1 import record_pb2
from tests.attack.conftest import Owner
from tests.calls import NPB, PUNJAB_POLICE, SINDH_POLICE, SINDH_PRISONS, Services, call_of
from tests.notification.test_notice import notice
from tests.registration.test_custody import AWAY, acceptance, expected, happens, held, refusal, today

PROBLEM = "the custody of a registration doesn't follow from what was recorded of it"
Record = record_pb2.RegistrationRecord


def test_what_was_recorded_follows(services: Services, owner: Owner) -> None:
    created = held(services)
    happens(services, created, "TRANSFERRED", prisons_agency_id="sindh-prisons")
    happens(services, created, "TRANSFER_REFUSED", SINDH_PRISONS)
    expected(services, created, "PK-SD/KHI/PS-002")
    services.ask(call_of(SINDH_POLICE), refusal(services, created))
    expected(services, created)
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    happens(services, created, "RELEASED", event_date=today())
    assert services.get(created.registration_id, NPB).responsible_place == AWAY
    other = held(services)
    happens(services, other, "RELEASED")
    services.ask(call_of(PUNJAB_POLICE), notice(other))
    happens(services, other, "RECALLED", PUNJAB_POLICE, prisons_agency_id="sindh-prisons")
    happens(services, other, "ADMITTED", SINDH_PRISONS)
    assert owner.findings() == []


def _without_an_earlier_one(record: Record) -> None:
    del record.custody_events[0]


def _with_another_custodian(record: Record) -> None:
    record.custodian_agency = "sindh-prisons"


def _free(record: Record) -> None:
    record.custody_state, record.custodian_agency = types_pb2.CUSTODY_STATE_RELEASED, ""


def _sent_elsewhere(record: Record) -> None:
    record.receiving_agency = "punjab-prisons"


def _somebody_elses(record: Record) -> None:
    record.responsible_place = AWAY


def _accepted_by_nobody(record: Record) -> None:
    record.expected_release.accepted = True


def _recorded_by_another(record: Record) -> None:
    record.custody_events[-1].agency = "sindh-prisons"


@pytest.mark.parametrize(
    "changed",
    [
        _without_an_earlier_one,
        _with_another_custodian,
        _free,
        _sent_elsewhere,
        _somebody_elses,
        _accepted_by_nobody,
        _recorded_by_another,
    ],
)
def test_what_nobody_has_recorded_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, changed: Callable[[Record], None]
) -> None:
    created, honest = held(services), rules.after
    expected(services, created)

    def made_up(record: Record, event: record_pb2.CustodyEvent) -> Record:
        following = honest(record, event)
        changed(following)
        return following

    with monkeypatch.context() as patched:
        patched.setattr(rules, "after", made_up)
        expected(services, created)
    assert owner.findings() == [PROBLEM]
