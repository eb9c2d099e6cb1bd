"""A record as of a past day: the version of that day, and of it what today shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nsor.v1 import amendments_pb2, errors_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Officer
from nsor_server.formats.dates import KARACHI
from nsor_server.policy.budgets import Bucket
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import (
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    officer_of,
)
from tests.attack.test_set_back import confirmed
from tests.budgets import with_budgets
from tests.calls import call_of, violations
from tests.orders import Created, cnic, conviction, order
from tests.registration.test_amend import IN_CUSTODY, amendment, imprisoned, released
from tests.registration.test_duplicates import findings
from tests.registration.test_held import CASES
from tests.registration.test_review_decisions import MERGE, Pair
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "times"]

ENTERED, FIRST, SECOND = dt.date(2026, 1, 10), dt.date(2026, 1, 20), dt.date(2026, 1, 31)
SECOND_CASE = "Sessions Case No. 7/2023"


@contextmanager
def written_on(day: dt.date, time: dt.time = dt.time(23, 59, 59, 999_999)) -> Iterator[None]:
    """Versions are written at the end of a day in Pakistan."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Call, "now", lambda _: dt.datetime.combine(day, time, KARACHI))
        yield


def amended_twice(services: Services) -> Created:
    """Entered and confirmed on one day, amended on two others: versions 1 and 2, 3, 4."""
    with written_on(ENTERED):
        created = released(services)
    for day, country in ((FIRST, "AF"), (SECOND + dt.timedelta(days=1), "IR")):
        with written_on(day, dt.time()):
            services.ask(call_of(PUNJAB_POLICE), amendment(services, created, nationality=country))
    return created


def question(created: Created, day: dt.date) -> registration_pb2.GetRegistrationRequest:
    request = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    request.as_of_date.year, request.as_of_date.month, request.as_of_date.day = day.year, day.month, day.day
    return request


def as_of(
    services: Services, created: Created, agency: Agency, day: dt.date, officer: Officer | None = None
) -> registration_pb2.Registration:
    shown: registration_pb2.Registration = services.ask(
        call_of(agency, officer), question(created, day)
    ).response.registration
    return shown


def test_the_version_of_the_day_is_shown(services: Services) -> None:
    created = amended_twice(services)
    before = FIRST - dt.timedelta(days=1)
    found = [as_of(services, created, NPB, day).person.nationality for day in (ENTERED, before, FIRST, SECOND)]
    assert found == ["PK", "PK", "AF", "AF"]
    today = as_of(services, created, NPB, SECOND + dt.timedelta(days=1))
    newest = services.get(created.registration_id, NPB)
    assert newest.etag
    newest.etag = ""
    assert today == newest
    services.refused(errors.NoRecord, call_of(NPB), question(created, ENTERED - dt.timedelta(days=1)))


def test_no_day_to_come_is_asked_for(services: Services) -> None:
    asked = question(amended_twice(services), dt.date(2026, 3, 3))
    refusal = services.refused(errors.InvalidFields, call_of(NPB), asked)
    assert violations(refusal) == [("as_of_date", errors_pb2.FIELD_REASON_DATE_FUTURE)]


def test_today_decides_who_sees_it_and_for_what(services: Services) -> None:
    with written_on(ENTERED):
        created = imprisoned(services)
    of_prison = as_of(services, created, PUNJAB_PRISONS, SECOND)
    assert of_prison.person.names
    assert not of_prison.addresses
    for agency, officer in ((SINDH_POLICE, None), (PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/MUL"))):
        services.refused(errors.NoRecord, call_of(agency, officer), question(created, SECOND))


def test_what_fell_since_is_in_no_version(services: Services) -> None:
    # Whoever asks for the day before an acquittal sees what he sees today.
    with written_on(ENTERED):
        created = released(services)
        second = conviction(case_number=SECOND_CASE)
        second.fir.serial = 680
        services.add_conviction(created, second)
        services.confirm(created, etag=services.get(created.registration_id, NPB).etag, case_number=SECOND_CASE)
    shown = as_of(services, created, NPB, SECOND).convictions
    assert sorted(each.court_case.case_number for each in shown) == sorted(["Sessions Case No. 123/2022", SECOND_CASE])
    services.judge(conviction(), "SET_ASIDE")
    assert [each.court_case.case_number for each in as_of(services, created, NPB, SECOND).convictions] == [SECOND_CASE]
    services.judge(second, "SET_ASIDE")
    for agency in (NPB, PUNJAB_PROSECUTION, PUNJAB_POLICE, LAHORE_COURT):
        services.refused(errors.NoRecord, call_of(agency), question(created, SECOND))


def test_a_count_that_fell_since_is_in_no_version(services: Services) -> None:
    with written_on(ENTERED):
        ordered = conviction()
        more = ordered.counts.add()
        more.CopyFrom(ordered.counts[0])
        more.offence_code = "PPC-377"
        created = services.create(order(convictions=[ordered]))
        services.confirm(created)
    assert len(as_of(services, created, NPB, SECOND).convictions[0].counts) == 2
    services.judge(ordered, "SET_ASIDE", counts=[registration_pb2.JudgedCount(offence_code="PPC-377")])
    (left,) = as_of(services, created, NPB, SECOND).convictions[0].counts
    assert left.offence_code == "PPC-376"


def test_a_court_is_not_told_the_number_that_it_is_yet_to_confirm(services: Services) -> None:
    with written_on(ENTERED):
        created = services.create()
    hidden = as_of(services, created, LAHORE_COURT, SECOND).convictions[0]
    assert not hidden.court_case.case_number
    services.confirm(created)
    confirmed = as_of(services, created, LAHORE_COURT, SECOND).convictions[0]
    assert (confirmed.court_case.case_number, confirmed.state) == (
        "Sessions Case No. 123/2022",
        types_pb2.CONVICTION_STATE_ENTERED,
    )


def test_it_costs_what_the_record_costs(services: Services) -> None:
    created, officer = amended_twice(services), officer_of(NPB)
    services.policy = with_budgets(call=1, first_named=0, officer=Bucket(capacity=1, refill_per_hour=1))
    as_of(services, created, NPB, FIRST, officer)
    with pytest.raises(errors.Exhausted):
        as_of(services, created, NPB, SECOND, officer)


def test_what_somebody_did_under_18_is_kept_back_of_a_past_day_too(services: Services) -> None:
    with written_on(ENTERED):
        young = order(custody=IN_CUSTODY)
        young.person.birth_date.year = 2006
        created = services.create(young)
        services.confirm(created)
    newest = services.get(created.registration_id, PUNJAB_PRISONS)
    past = as_of(services, created, PUNJAB_PRISONS, SECOND)
    assert list(past.convictions) == list(newest.convictions) == []
    assert as_of(services, created, NPB, SECOND).convictions


def test_a_past_day_of_a_merged_person_shows_all_that_stands_of_him(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    number = cnic()
    with written_on(ENTERED):
        first, second = (confirmed(services, number, case) for case in CASES[:2])
    vehicle = amendments_pb2.Vehicle(kind=amendments_pb2.VEHICLE_KIND_CAR, number="LEB-12-1234")
    for day, vehicles in ((FIRST, [vehicle]), (SECOND + dt.timedelta(days=1), [])):
        with written_on(day, dt.time()):
            services.ask(call_of(PUNJAB_POLICE), amendment(services, second, "vehicles", vehicles=vehicles))
    clock.passes()
    assert times.look()
    Pair(services, number, first, second).decide(MERGE)
    for day, then in ((ENTERED, []), (SECOND, [vehicle])):
        shown = as_of(services, first, NPB, day)
        assert list(shown.vehicles) == then
        assert sorted(each.court_case.case_number for each in shown.convictions) == sorted(CASES[:2])
        assert list(shown.merged_registration_ids) == [second.registration_id]
    # Its creator's record depends on no other one, and what is sealed today is of no day.
    assert len(as_of(services, first, PUNJAB_PROSECUTION, SECOND).convictions) == 1
    services.judge(conviction(case_number=CASES[1]), "SET_ASIDE")
    shown = as_of(services, first, NPB, SECOND)
    assert [each.court_case.case_number for each in shown.convictions] == [CASES[0]]
    assert not shown.vehicles
    assert not shown.merged_registration_ids
    assert findings(services, keyring) == []
