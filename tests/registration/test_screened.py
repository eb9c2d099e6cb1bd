"""By what passengers of manifests are found: a number and the date of birth together, of a record's newest set."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from google.type import date_pb2

from nsor.v1 import types_pb2
from nsor_server.registration import claims, screened
from nsor_server.storage.keyring import Keyring
from tests.orders import Created, cnic, order
from tests.registration.test_duplicates import findings
from tests.registration.test_proposals import amended_by_two, numbered
from tests.services import Services

BORN = date_pb2.Date(year=1985, month=6, day=7)
DAY, YEAR = "1985-06-07", "1985"
DAYS = types_pb2.DATE_PRECISION_DAY


def born(number: str, precision: int = types_pb2.DATE_PRECISION_DAY, **fields: Any) -> Any:
    made = order(number, **fields)
    made.person.birth_date.CopyFrom(BORN)
    if precision != types_pb2.DATE_PRECISION_DAY:
        made.person.birth_date.day = 1
        made.person.birth_date.month = 6 if precision == types_pb2.DATE_PRECISION_MONTH else 1
    made.person.birth_date_precision = types_pb2.DatePrecision.ValueType(precision)
    return made


def finds(services: Services, created: Created, number: claims.Identifier, date: str) -> bool:
    """Whether a number with a date finds the registration."""
    ((key_id, blind),) = services.blind_index.values(screened.USE, screened.of_row(number, date).text)
    found = f"""
        SELECT EXISTS (
            SELECT FROM registration_screened AS i
            WHERE kind = %s AND key_id = %s AND blind = %s AND registration_id = %s AND {screened.IS_NEWEST}
        )
    """  # noqa: S608 - constants
    return bool(
        services.one(found, number.kind, key_id, uuid.UUID(bytes=blind[:16]), uuid.UUID(created.registration_id))
    )


def found_by(services: Services, created: Created, number: str, *dates: str) -> list[bool]:
    return [finds(services, created, claims.of_cnic(number), date) for date in dates]


def test_a_number_finds_its_record_by_the_day_of_birth_and_by_no_other_day(services: Services) -> None:
    number = cnic()
    created = services.create(born(number))
    assert found_by(services, created, number, DAY) == [False]  # no court has confirmed it
    services.confirm(created)
    assert found_by(services, created, number, DAY, "1985-06-08", YEAR) == [True, False, False]
    assert found_by(services, created, cnic(), DAY) == [False]


@pytest.mark.parametrize(
    ("precision", "years"),
    [
        (types_pb2.DATE_PRECISION_MONTH, ["1985"]),
        (types_pb2.DATE_PRECISION_YEAR, ["1985"]),
        (types_pb2.DATE_PRECISION_APPARENT_AGE, ["1983", "1984", "1985", "1986", "1987"]),
    ],
)
def test_a_date_that_is_not_known_to_the_day_stands_as_its_year(
    services: Services, precision: int, years: list[str]
) -> None:
    number = cnic()
    created = services.confirmed(born(number, precision))
    assert found_by(services, created, number, DAY) == [False]
    range_of = [str(year) for year in range(1980, 1991)]
    assert found_by(services, created, number, *range_of) == [year in years for year in range_of]


def test_an_amended_date_of_birth_finds_it_and_the_old_one_no_more(services: Services, keyring: Keyring) -> None:
    number = cnic()
    created = services.confirmed(born(number))
    before = services.rows()
    amended_by_two(services, created, birth_date=date_pb2.Date(year=1986, month=6, day=7), birth_date_precision=DAYS)
    assert services.rows()["registration_claim"] == before["registration_claim"]  # no number has changed
    assert found_by(services, created, number, DAY, "1986-06-07") == [False, True]
    assert findings(services, keyring) == []


def test_an_amended_number_or_document_finds_it_and_the_old_one_no_more(services: Services, keyring: Keyring) -> None:
    old, new, document = cnic(), cnic(), types_pb2.TravelDocument(number="AB1234567", country="PK")
    created = services.confirmed(born(old))
    amended_by_two(services, created, **numbered(new))
    amended_by_two(services, created, travel_documents=[document])
    assert [*found_by(services, created, old, DAY), *found_by(services, created, new, DAY)] == [False, True]
    assert finds(services, created, claims.of_document("PK", "AB1234567", document.kind), DAY)
    amended_by_two(services, created, **numbered(""))
    amended_by_two(services, created, travel_documents=[])
    assert found_by(services, created, new, DAY) == [False]
    assert not finds(services, created, claims.of_document("PK", "AB1234567", document.kind), DAY)
    assert findings(services, keyring) == []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM registration_screened",
        "UPDATE registration_screened SET version = version + 1 WHERE version = 2",
        "UPDATE registration_screened SET blind = gen_random_uuid()",
        "UPDATE registration_screened SET registration_id = gen_random_uuid()",
        "INSERT INTO registration_screened SELECT registration_id, 7, kind, key_id, blind FROM registration_screened",
    ],
)
def test_a_changed_row_is_found(services: Services, keyring: Keyring, change: str) -> None:
    services.confirmed(born(cnic()))
    assert findings(services, keyring) == []
    with services.database.owner() as owner:
        owner.execute(change.encode())
    assert findings(services, keyring) != []
