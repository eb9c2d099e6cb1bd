"""What somebody did under 18, and records that are handled with more care: shown for fewer purposes (rule 22)."""

import datetime as dt
import uuid
from typing import Any

import pytest
from google.type import date_pb2

from nsor.v1 import grants_pb2, lookup_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server.calls import Agency
from nsor_server.formats.instants import to_day
from nsor_server.registration import juveniles
from nsor_server.registration.duplicates import rules as duplicates
from nsor_server.storage.v1 import record_pb2
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_PRISONS, PUNJAB_PROSECUTION
from tests.calls import call_of
from tests.orders import Created, cnic, conviction, day, order, suspects
from tests.services import Services

BORN = day(2004, 5, 20)
OFFENCE, LATER = day(2021, 9, 1), day(2022, 5, 20)
"""On the first day he was 17, on the second 18."""
DAY, MONTH, YEAR = (
    types_pb2.DATE_PRECISION_DAY,
    types_pb2.DATE_PRECISION_MONTH,
    types_pb2.DATE_PRECISION_YEAR,
)
APPARENT = types_pb2.DATE_PRECISION_APPARENT_AGE


def day_number(text: str) -> int:
    of = dt.date.fromisoformat(text)
    return to_day(date_pb2.Date(year=of.year, month=of.month, day=of.day))


@pytest.mark.parametrize(
    ("born", "precision", "first_adult_day"),
    [
        ("2004-05-20", DAY, "2022-05-20"),
        ("2004-12-31", DAY, "2022-12-31"),
        ("2004-02-29", DAY, "2022-03-01"),
        ("2004-04-01", MONTH, "2022-04-30"),
        ("2004-12-01", MONTH, "2022-12-31"),
        ("2004-01-01", YEAR, "2022-12-31"),
        ("2004-01-01", APPARENT, "2024-12-31"),
    ],
)
def test_the_younger_reading_counts(
    born: str, precision: types_pb2.DatePrecision.ValueType, first_adult_day: str
) -> None:
    # Whoever may have been 17 by what is known is taken for 17; on the eighteenth birthday he is 18.
    record = record_pb2.RegistrationRecord(birth_day=day_number(born), birth_precision=precision)
    of = day_number(first_adult_day)
    assert juveniles.was_adult(record, record_pb2.Count(offence_day=of))
    assert not juveniles.was_adult(record, record_pb2.Count(offence_day=of - 1))


@pytest.mark.parametrize(
    ("born", "precision", "first_day"),
    [
        ("2004-05-20", DAY, "2022-05-20"),
        ("2004-04-20", MONTH, "2022-04-01"),
        ("2004-07-01", YEAR, "2022-01-01"),
        ("2004-07-01", APPARENT, "2020-01-01"),
    ],
)
def test_who_may_have_been_18_was_not_certainly_a_minor(
    born: str, precision: types_pb2.DatePrecision.ValueType, first_day: str
) -> None:
    # The older reading, for what makes a term shorter.
    record = record_pb2.RegistrationRecord(birth_day=day_number(born), birth_precision=precision)
    of = day_number(first_day)
    assert not juveniles.was_minor(record, record_pb2.Count(offence_day=of))
    assert juveniles.was_minor(record, record_pb2.Count(offence_day=of - 1))


def count(offence: str, on: date_pb2.Date) -> types_pb2.Count:
    made = conviction().counts[0]
    made.offence_code = offence
    made.offence_date.CopyFrom(on)
    return made


def confirmed(services: Services, number: str, *convictions: types_pb2.Conviction, **fields: Any) -> Created:
    """A registration of somebody born on BORN, each of its convictions confirmed."""
    request = order(number, convictions=convictions[:1], **fields)
    request.person.birth_date.CopyFrom(BORN)
    request.person.birth_date_precision = DAY
    created = services.create(request)
    for nth, each in enumerate(convictions):
        if nth:
            services.add_conviction(created, each)
        services.confirm(
            created,
            etag=services.get(created.registration_id, NPB).etag,
            case_number=each.court_case.case_number,
        )
    return created


def convicted(*counts: types_pb2.Count, case_number: str = "Sessions Case No. 123/2022") -> types_pb2.Conviction:
    made = conviction(case_number=case_number)
    made.fir.year = 2022
    made.fir.fir_date.CopyFrom(day(2022, 6, 1))
    del made.counts[:]
    made.counts.extend(counts)
    return made


def looked_up(services: Services, number: str) -> lookup_pb2.LookUpRegistrationResponse:
    """By a court that tries him in another case."""
    opened = grants_pb2.OpenCourtCaseRequest(
        request_id=str(uuid.uuid4()),
        court_case=types_pb2.CourtCase(
            court_kind=types_pb2.COURT_KIND_SPECIAL_COURT,
            place_code="PK-PB/LHR",
            case_number="Sessions Case No. 900/2024",
        ),
        persons=suspects(number),
    )
    case = services.ask(call_of(LAHORE_COURT), opened).response.grant.grant_id
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_TRIAL,
        basis=lookup_pb2.LookUpBasis(court_case_id=case),
        cnic=number,
    )
    response: lookup_pb2.LookUpRegistrationResponse = services.ask(call_of(LAHORE_COURT), request).response
    return response


def counts(shown: registration_pb2.Registration) -> list[str]:
    return [each.offence_code for of in shown.convictions for each in of.counts]


def test_a_record_of_a_juvenile_is_in_no_look_up(services: Services) -> None:
    # It is answered as somebody is who isn't there, to the byte; NPB, the court and the owner see it by its id.
    number = cnic()
    created = confirmed(services, number, convicted(count("PPC-376", OFFENCE)))
    assert looked_up(services, number).SerializeToString() == looked_up(services, cnic()).SerializeToString()
    for agency in (NPB, PUNJAB_PROSECUTION, LAHORE_COURT):
        assert counts(services.get(created.registration_id, agency)) == ["PPC-376"]


def test_an_adults_count_is_shown_alone(services: Services) -> None:
    number = cnic()
    created = confirmed(
        services,
        number,
        convicted(count("PPC-376", OFFENCE), count("PPC-377", LATER)),
        convicted(count("PPC-376", OFFENCE), case_number="Sessions Case No. 7/2022"),
    )
    shown = looked_up(services, number)
    assert shown.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    assert counts(shown.registration) == ["PPC-377"]
    assert len(shown.registration.convictions) == 1
    assert counts(services.get(created.registration_id, NPB)) == ["PPC-376", "PPC-377", "PPC-376"]


def test_a_connected_count_is_not_shown_without_the_juveniles_count_beside_it(services: Services) -> None:
    # By itself it would tell that there is a principal offence that isn't shown.
    number = cnic()
    confirmed(services, number, convicted(count("PPC-376", OFFENCE), count("PPC-364", LATER)))
    assert looked_up(services, number).outcome == lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD


def test_a_prison_is_shown_whom_it_holds_without_a_juveniles_counts(services: Services) -> None:
    held = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    juvenile = confirmed(services, cnic(), convicted(count("PPC-376", OFFENCE)), custody=held)
    both = convicted(count("PPC-376", OFFENCE), count("PPC-377", LATER))
    mixed = confirmed(services, cnic(), both, custody=held)
    seen = services.get(juvenile.registration_id, PUNJAB_PRISONS)
    assert (seen.state, counts(seen)) == (registration_pb2.REGISTRATION_STATE_CONFIRMED, [])
    assert counts(services.get(mixed.registration_id, PUNJAB_PRISONS)) == ["PPC-377"]


def test_a_case_of_a_juvenile_finds_nobody(services: Services) -> None:
    # A prosecutor who names it would else see the adult's conviction, and know that there is another.
    number = cnic()
    adult = convicted(count("PPC-377", LATER), case_number="Sessions Case No. 7/2022")
    adult.fir.serial = 680
    confirmed(services, number, convicted(count("PPC-376", OFFENCE)), adult)
    for serial, outcome in ((679, "NO_RECORD"), (680, "FOUND")):
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=str(uuid.uuid4()), purpose=options_pb2.PURPOSE_PROSECUTION, cnic=number
        )
        request.basis.fir.CopyFrom(adult.fir)
        request.basis.fir.serial = serial
        found = services.ask(call_of(PUNJAB_PROSECUTION), request).response.outcome
        assert lookup_pb2.LookUpOutcome.Name(found) == f"LOOK_UP_OUTCOME_{outcome}"


def test_nobody_is_compared_by_name_with_a_juvenile() -> None:
    def record(on: date_pb2.Date, *, heightened: bool = False) -> record_pb2.RegistrationRecord:
        of = record_pb2.Count(
            offence_day=to_day(on), stands=True, legal_basis=types_pb2.LEGAL_BASIS_BOTH, offence_code="PPC-376"
        )
        return record_pb2.RegistrationRecord(
            state=registration_pb2.REGISTRATION_STATE_CONFIRMED,
            birth_day=to_day(BORN),
            birth_precision=DAY,
            convictions=[record_pb2.Conviction(state=types_pb2.CONVICTION_STATE_CONFIRMED, counts=[of])],
            heightened_handling=heightened,
        )

    assert duplicates.is_compared(record(LATER))
    assert not duplicates.is_compared(record(OFFENCE))
    assert not duplicates.is_compared(record(LATER, heightened=True))


def test_a_record_that_is_handled_with_more_care_shows_fewer_classes(services: Services) -> None:
    # His own address could lead to a victim of his family: a court isn't shown it; NPB and the owner see all.
    plain, careful = cnic(), cnic()
    adult = convicted(count("PPC-377", LATER))
    confirmed(services, plain, adult)
    created = confirmed(services, careful, adult, heightened_handling=True)
    assert looked_up(services, plain).registration.addresses
    shown = looked_up(services, careful)
    assert shown.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    assert shown.registration.person.cnic == careful
    assert not shown.registration.addresses
    for agency in (NPB, PUNJAB_PROSECUTION):
        assert services.get(created.registration_id, agency).addresses


@pytest.mark.parametrize("agency", [NPB, PUNJAB_PROSECUTION], ids=lambda agency: agency.agency_id)
def test_what_the_entry_says_was_shown_is_what_was_shown(services: Services, agency: Agency) -> None:
    created = confirmed(services, cnic(), convicted(count("PPC-376", OFFENCE)))
    wanted = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    detail = services.ask(call_of(agency), wanted).detail
    assert detail.case_reference == "PK-PB/LHR/PS-001 679/2022"
    assert options_pb2.FIELD_CLASS_CONTACT in detail.classes_shown
