"""How a manifest is declared, by whom, until when it screens, and how many persons a port may have screened."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from nsor.v1 import errors_pb2, notices_pb2, screening_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from nsor_server.policy.budgets import Bucket, Port
from nsor_server.storage.keyring import Keyring
from tests.access.requests import declaration
from tests.agencies import FIA_IMMIGRATION, officer_of
from tests.budgets import with_budget, with_budgets
from tests.calls import POLICY, call_of, violations
from tests.lookup.test_screening import (
    Later,
    asked,
    by_cnic,
    declared,
)
from tests.lookup.test_screening import later as later  # noqa: PLC0414 - a fixture
from tests.orders import cnic
from tests.registration.test_duplicates import findings
from tests.services import Services


def test_a_flight_is_declared_once(services: Services, keyring: Keyring) -> None:
    request = declaration()
    first = services.ask(call_of(FIA_IMMIGRATION), request).response
    assert dt.timedelta(hours=12) < first.close_time.ToDatetime() - request.scheduled_time.ToDatetime() + dt.timedelta(
        1
    )
    error = services.refused_by_the_register(errors.WrongState, call_of(FIA_IMMIGRATION), declaration(persons=4))
    assert error.reason == errors_pb2.ERROR_REASON_MANIFEST_DECLARED
    assert declared(services, number=302) != first.manifest_id
    assert findings(services, keyring) == []


def test_two_who_declare_one_flight_at_once_declare_it_once(services: Services) -> None:
    ended = services.at_once(*((call_of(FIA_IMMIGRATION), declaration()) for _ in range(2)), together=True)
    assert sorted(isinstance(each, errors.WrongState) for each in ended) == [False, True]


@pytest.mark.parametrize(("hours", "allowed"), [(47, True), (49, False), (-11, True), (-13, False)])
def test_a_flight_is_declared_two_days_ahead_at_most(services: Services, hours: int, *, allowed: bool) -> None:
    request = declaration()
    request.scheduled_time.FromDatetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours))
    if allowed:
        services.ask(call_of(FIA_IMMIGRATION), request)
        return
    error = services.refused(errors.InvalidFields, call_of(FIA_IMMIGRATION), request)
    assert violations(error) == [("scheduled_time", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]


def test_policy_may_allow_fewer_persons_than_the_contract(services: Services) -> None:
    services.policy = replace(POLICY, screening=msgspec.structs.replace(POLICY.screening, most_persons=2))
    error = services.refused(errors.InvalidFields, call_of(FIA_IMMIGRATION), declaration(persons=3))
    assert violations(error) == [("persons", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]


def test_a_manifest_that_is_over_screens_nobody(services: Services, later: Later, keyring: Keyring) -> None:
    manifest = declared(services)
    later(hours=POLICY.screening.late_hours + 2)
    request = screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[by_cnic(1, cnic())])
    error = services.refused_by_the_register(errors.WrongState, call_of(FIA_IMMIGRATION), request)
    assert error.reason == errors_pb2.ERROR_REASON_MANIFEST_CLOSED
    assert findings(services, keyring) == []


def test_a_port_declares_and_screens_its_own(services: Services, keyring: Keyring) -> None:
    at_lahore = call_of(FIA_IMMIGRATION, officer_of(FIA_IMMIGRATION, "PK-PB/LHR"))
    manifest = declared(services, at_lahore)
    request = screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[by_cnic(1, cnic())])
    for places in (("PK-SD",), ("PK-PB/FSD",)):
        elsewhere = officer_of(FIA_IMMIGRATION, *places)
        services.refused(errors.Denied, call_of(FIA_IMMIGRATION, elsewhere), declaration(number=303))
        services.refused_by_the_register(errors.NoRecord, call_of(FIA_IMMIGRATION, elsewhere), request)
    asked(services, manifest, by_cnic(1, cnic()), call=call_of(FIA_IMMIGRATION, officer_of(FIA_IMMIGRATION, "PK-PB")))
    other = screening_pb2.ScreenManifestRequest(manifest_id=str(uuid.uuid4()), rows=[by_cnic(1, cnic())])
    services.refused_by_the_register(errors.NoRecord, call_of(FIA_IMMIGRATION), other)
    assert findings(services, keyring) == []


def test_each_port_has_a_budget_of_persons(services: Services, keyring: Keyring) -> None:
    services.policy = with_budgets(
        officer=Bucket(capacity=50, refill_per_hour=1), agency=Bucket(capacity=80, refill_per_hour=1)
    )
    who = officer_of(FIA_IMMIGRATION)

    def told(number: int, officer: Officer, **fields: Any) -> str:
        try:
            declared(services, call_of(FIA_IMMIGRATION, officer), number=number, **fields)
        except errors.Exhausted as refused:
            return errors_pb2.ErrorReason.Name(refused.reason)[13:]
        return "OK"

    assert told(1, who, persons=40) == "OK"
    assert told(2, who, persons=20) == "BUDGET_EMPTY"
    assert told(3, who, persons=10) == "OK"
    assert told(4, officer_of(FIA_IMMIGRATION), persons=40) == "BUDGET_EMPTY"  # the port's own
    assert told(5, officer_of(FIA_IMMIGRATION), persons=30) == "OK"
    assert told(6, who, persons=40, border_crossing=notices_pb2.BORDER_CROSSING_KARACHI_AIRPORT) == "OK"
    assert findings(services, keyring) == []


def test_all_ports_of_an_agency_together_have_a_budget_and_one_may_have_its_own(
    services: Services, keyring: Keyring
) -> None:
    small = Port("WAGAH", Bucket(capacity=10, refill_per_hour=1), Bucket(capacity=20, refill_per_hour=1))
    services.policy = with_budget(
        "nsor.v1.LookupService/DeclareManifest",
        officer=Bucket(capacity=50, refill_per_hour=1),
        agency=Bucket(capacity=80, refill_per_hour=1),
        ports=(small,),
        all_ports=Bucket(capacity=90, refill_per_hour=1),
    )

    def is_paid(number: int, persons: int, crossing: int) -> bool:
        call = call_of(FIA_IMMIGRATION, officer_of(FIA_IMMIGRATION))
        try:
            declared(services, call, number=number, persons=persons, border_crossing=crossing)
        except errors.Exhausted:
            return False
        return True

    wagah, lahore, karachi = (
        notices_pb2.BORDER_CROSSING_WAGAH,
        notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
        notices_pb2.BORDER_CROSSING_KARACHI_AIRPORT,
    )
    assert not is_paid(1, 11, wagah)  # its officer's
    assert [is_paid(number, 10, wagah) for number in (2, 3, 4)] == [True, True, False]  # its agency's
    assert is_paid(5, 50, lahore)
    assert not is_paid(6, 21, karachi)  # 70 of 90 are spent
    assert is_paid(7, 20, karachi)
    assert findings(services, keyring) == []
    with services.database.owner() as owner:
        owner.execute("UPDATE budget SET missing = 0")
    assert is_paid(8, 30, lahore)
    assert "the agency had spent more in all than policy allows: the bucket was filled" in findings(services, keyring)


@pytest.mark.parametrize("together", [True, False])
def test_two_who_read_a_bucket_at_once_do_not_spend_it_twice(
    services: Services, keyring: Keyring, *, together: bool
) -> None:
    # As two server processes do: each has seen that the bucket holds its price, and one price is left.
    services.policy = with_budgets(
        officer=Bucket(capacity=50, refill_per_hour=1), agency=Bucket(capacity=80, refill_per_hour=1)
    )
    who = officer_of(FIA_IMMIGRATION)
    calls = [(call_of(FIA_IMMIGRATION, who), declaration(number=number, persons=40)) for number in (1, 2)]
    ended = services.at_once(*calls, together=together)
    assert sorted(isinstance(each, errors.Exhausted) for each in ended) == [False, True]
    assert services.one("SELECT count(*) FROM manifest") == 1
    assert findings(services, keyring) == []
