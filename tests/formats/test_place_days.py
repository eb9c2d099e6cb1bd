"""A code outlives its district: papers of its days go on naming it, and nothing that is current does."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import errors_pb2, lookup_pb2, notices_pb2, registration_pb2, types_pb2
from nsor_server.formats.checker import Checker
from nsor_server.policy import written_forms
from nsor_server.policy.loaded import Policy
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_synthetic import examples

FIRST, LAST = dt.date(2019, 6, 17), dt.date(2023, 12, 31)
TODAY = dt.date(2026, 11, 26)
THEN = errors_pb2.FIELD_REASON_PLACE_OF_OTHER_DAYS


def _registry() -> Places:
    """The shipped places, with Gupis-Yasin a district from 17 June 2019 to the end of 2023."""
    units: Any = Policy.load().documents["places"].unit  # type: ignore[attr-defined]
    return Places(
        tuple(
            msgspec.structs.replace(
                unit,
                districts=tuple(
                    msgspec.structs.replace(row, valid_to=LAST) if row.code == "GYN" else row for row in unit.districts
                ),
            )
            for unit in units
        )
    )


CHECKER = Checker(_registry(), OffenceTable.load(), written_forms.load(), today=lambda: TODAY)


def found(message: Message) -> list[tuple[str, int]]:
    return [(violation.field, violation.reason) for violation in CHECKER.check(message)]


def date(day: dt.date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def fir(day: dt.date) -> types_pb2.FirKey:
    return types_pb2.FirKey(police_station="PK-GB/GYN/PS-001", year=day.year, serial=5, fir_date=date(day))


@pytest.mark.parametrize("day", [FIRST, dt.date(2021, 3, 5), LAST])
def test_an_fir_of_a_day_on_which_the_district_was_one_is_taken(day: dt.date) -> None:
    assert found(fir(day)) == []


@pytest.mark.parametrize("day", [FIRST - dt.timedelta(days=1), LAST + dt.timedelta(days=1)])
def test_an_fir_of_another_day_names_the_field_and_the_rule(day: dt.date) -> None:
    assert found(fir(day)) == [("police_station", THEN)]
    # Wherever an FIR is named: also when somebody is looked up on one.
    basis = lookup_pb2.LookUpBasis(fir=fir(day))
    assert found(basis) == [("fir.police_station", THEN)]


def test_a_judgment_names_a_district_of_its_day() -> None:
    (order,) = (r for r in examples.requests(3) if isinstance(r, registration_pb2.CreateRegistrationRequest))
    order.convictions[0].court_case.place_code = "PK-GB/GYN"
    assert found(order) == []  # of 2023
    order.convictions[0].judgment_date.CopyFrom(date(dt.date(2024, 1, 1)))
    assert found(order) == [("convictions[0].court_case.place_code", THEN)]


def test_nobody_lives_in_a_district_that_has_ended_and_anybody_may_have() -> None:
    address = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code="PK-GB/GYN", house_number="4")
    assert found(address) == [("place_code", THEN)]
    address.kind = types_pb2.ADDRESS_KIND_PERMANENT
    assert found(address) == []


def test_a_notice_is_received_by_a_station_of_its_day() -> None:
    notice = next(r for r in examples.requests(3) if isinstance(r, notices_pb2.CreateNoticeRequest))
    assert notice.received_date.year == 2024
    notice.receiving_station = "PK-GB/GYN/PS-001"
    assert found(notice) == [("receiving_station", THEN)]


def test_a_date_that_is_none_is_reported_as_such_alone() -> None:
    wrong = fir(FIRST)
    wrong.fir_date.month = 13
    assert found(wrong) == [("fir_date", errors_pb2.FIELD_REASON_DATE_INVALID)]
