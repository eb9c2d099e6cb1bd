"""Movements over the border as they are taken: one answer for everybody, and a budget for each port."""

import datetime as dt
import uuid
from typing import Any

import pytest

from nsor.v1 import errors_pb2, movements_pb2, notices_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Call, Officer
from nsor_server.policy.budgets import Bucket
from nsor_server.rpc import naming
from tests.access.requests import movement
from tests.agencies import FIA_IMMIGRATION, officer_of
from tests.budgets import with_budgets
from tests.calls import call_of, violations
from tests.orders import order
from tests.services import Services, sealed_rows_are_listed

CNIC = "3520212345671"
DOCUMENT = types_pb2.TravelDocument(number="ZZ0000001", country="PK")
PORT = notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT


def report(**fields: Any) -> movements_pb2.ReportMovementRequest:
    request = movement()
    request.MergeFrom(movements_pb2.ReportMovementRequest(**fields))
    return request


def at(moment: dt.datetime) -> movements_pb2.ReportMovementRequest:
    request = movement()
    request.movement_time.FromDatetime(moment)
    return request


def reported(services: Services, request: Any, call: Call | None = None) -> Any:
    return services.ask(call or call_of(FIA_IMMIGRATION), request)


def told(services: Services, who: Officer, request: movements_pb2.ReportMovementRequest) -> str:
    """What an officer is told, in a word."""
    request.request_id = str(uuid.uuid4())
    try:
        reported(services, request, call_of(FIA_IMMIGRATION, who))
    except errors.ApiError as refused:
        return errors_pb2.ErrorReason.Name(refused.reason).removeprefix("ERROR_REASON_")
    return "OK"


def wrong(services: Services, request: Any) -> list[tuple[str, int]]:
    return violations(services.refused(errors.InvalidFields, call_of(FIA_IMMIGRATION), request))


@pytest.mark.parametrize("how", ["absent", "unconfirmed", "confirmed", "sealed"])
def test_the_answer_is_the_same_whether_the_register_knows_the_number(services: Services, how: str) -> None:
    # A port that probes learns nothing: same size, same rows, and nobody is told anything.
    if how != "absent":
        created = services.create(order(CNIC))
        if how != "unconfirmed":
            services.confirm(created)
        if how == "sealed":
            services.judge_all(created, "SET_ASIDE")
    before = services.rows("ledger_entry", "ledger_record")
    outcome = reported(services, report())
    grown = {
        table: count - before[table]
        for table, count in services.rows("ledger_entry", "ledger_record").items()
        if count != before[table]
    }
    assert grown == {"movement": 1, "movement_key": 1, "idempotency": 1, "ledger_entry": 1, "ledger_record": 2}
    assert len(outcome.response.movement_id) == 36
    assert outcome.response.HasField("create_time")
    assert [each.what.name for each in outcome.seen] == ["request id"]


def test_its_number_labels_no_entry(services: Services) -> None:
    # By a label of its number whoever has the keys would find all journeys of anybody, for ever.
    assert naming.named(report()) == naming.named(report(shown_document=DOCUMENT)) == ""
    detail = reported(services, report()).detail
    assert detail.named == ""
    assert not detail.case_reference


def test_its_rows_are_written_together_and_recorded(services: Services) -> None:
    sealed_rows_are_listed(services, reported(services, report()))
    tables = services.never_half_written(call_of(FIA_IMMIGRATION), report())
    assert tables == ["movement", "movement_key", "idempotency"]


def test_a_system_of_a_port_may_report(services: Services) -> None:
    reported(services, report(), call_of(FIA_IMMIGRATION, officer_of(FIA_IMMIGRATION)))


def test_a_report_that_is_sent_again_has_its_first_answer(services: Services) -> None:
    who, request = officer_of(FIA_IMMIGRATION), report()
    first, again = call_of(FIA_IMMIGRATION, who), call_of(FIA_IMMIGRATION, who)
    reported(services, request, first)
    reported(services, request, again)
    assert again.answer == first.answer
    assert services.one("SELECT count(*) FROM movement") == 1
    # A port's file is run again by whoever has the counter then, or by its system with a new key.
    of_another = call_of(FIA_IMMIGRATION, officer_of(FIA_IMMIGRATION))
    reported(services, request, of_another)
    assert of_another.answer == first.answer
    assert services.one("SELECT count(*) FROM movement") == 1
    other = report(request_id=request.request_id, carrier_code="EK")
    services.refused(errors.RequestIdReused, call_of(FIA_IMMIGRATION, who), other)


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ({"country": "ZZ"}, "country", "COUNTRY_UNKNOWN"),
        ({"country": "PK"}, "country", "UNKNOWN_VALUE"),
        ({"border_crossing": 99}, "border_crossing", "UNKNOWN_VALUE"),
        ({"direction": 9}, "direction", "UNKNOWN_VALUE"),
        ({"identity_number": "123"}, "identity_number", "CNIC_FORM"),
        ({"carrier_code": "PIA"}, "carrier_code", "FORM"),
        ({"shown_document": types_pb2.TravelDocument(country="PK")}, "shown_document.number", "REQUIRED"),
    ],
)
def test_what_is_wrong_by_form_is_said(services: Services, fields: dict[str, Any], name: str, reason: str) -> None:
    ((field, given),) = wrong(services, report(**fields))
    assert (
        field,
        errors_pb2.FieldReason.Name(errors_pb2.FieldReason.ValueType(given)).removeprefix("FIELD_REASON_"),
    ) == (name, reason)


def test_a_document_is_needed(services: Services) -> None:
    request = report()
    request.ClearField("identity_number")
    assert wrong(services, request) == [("identity_number", errors_pb2.FIELD_REASON_EXACTLY_ONE)]


def test_it_is_neither_in_the_future_nor_too_long_ago(services: Services) -> None:
    now = dt.datetime.now(dt.UTC)
    assert wrong(services, at(now + dt.timedelta(hours=1))) == [("movement_time", errors_pb2.FIELD_REASON_DATE_FUTURE)]
    assert wrong(services, at(now - dt.timedelta(days=32))) == [("movement_time", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]
    reported(services, at(now - dt.timedelta(days=29)))
    assert services.one("SELECT count(*) FROM movement") == 1


def test_the_budget_of_one_port_takes_nothing_from_another(services: Services) -> None:
    bucket = Bucket(capacity=2, refill_per_hour=1)
    services.policy = with_budgets(call=1, first_named=0, officer=bucket, agency=Bucket(capacity=3, refill_per_hour=1))
    who = officer_of(FIA_IMMIGRATION)
    lahore, wagah = (report(border_crossing=each) for each in (PORT, notices_pb2.BORDER_CROSSING_WAGAH))
    assert [told(services, who, lahore) for _ in range(3)] == ["OK", "OK", "BUDGET_EMPTY"]
    # Another officer of the same port finds what his port has left; another port has its own.
    other = officer_of(FIA_IMMIGRATION)
    assert [told(services, other, lahore) for _ in range(2)] == ["OK", "BUDGET_EMPTY"]
    assert [told(services, who, wagah) for _ in range(3)] == ["OK", "OK", "BUDGET_EMPTY"]


def test_nothing_is_written_of_what_is_only_validated(services: Services) -> None:
    answer = reported(services, report(validate_only=True)).response
    assert answer == movements_pb2.ReportMovementResponse()
    assert services.one("SELECT count(*) FROM movement") == 0
    assert wrong(services, report(validate_only=True, country="PK")) == [
        ("country", errors_pb2.FIELD_REASON_UNKNOWN_VALUE)
    ]
