"""Who is shown a registration, and what becomes of a row that somebody changed."""

import logging
import uuid
from dataclasses import replace

import pytest

from nsor.v1 import registration_pb2, types_pb2
from nsor_server import errors
from tests.agencies import (
    KARACHI_COURT,
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SINDH_PROSECUTION,
    narrowed,
    officer_of,
)
from tests.calls import call_of
from tests.orders import Created, conviction, order
from tests.services import Services


def in_custody(services: Services) -> Created:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    return services.create(order(custody=custody))


def test_before_confirmation_creator_court_and_npb_see_it(services: Services) -> None:
    created = in_custody(services)
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, NPB):
        assert services.get(created.registration_id, agency).etag == created.etag
    for agency in (SINDH_PROSECUTION, KARACHI_COURT, PUNJAB_POLICE, SINDH_POLICE, PUNJAB_PRISONS):
        services.hidden(created.registration_id, agency)


def test_from_confirmation_on_police_and_prisons_see_it(services: Services) -> None:
    created = in_custody(services)
    services.confirm(created)
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PRISONS):
        shown = services.get(created.registration_id, agency)
        assert shown.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    for agency in (SINDH_PROSECUTION, KARACHI_COURT, SINDH_POLICE):
        services.hidden(created.registration_id, agency)


def another(place: str) -> types_pb2.Conviction:
    """A second conviction, by a court of that place."""
    made = conviction(place, "Sessions Case No. 7/2023")
    made.fir.serial = 680
    return made


@pytest.mark.parametrize("falls", [0, 1])
def test_the_court_of_what_fell_is_named_to_nobody(services: Services, falls: int) -> None:
    # It would tell that there was a conviction by that court, and that it stands no more.
    courts = (LAHORE_COURT, replace(LAHORE_HIGH_COURT, court_kinds=LAHORE_COURT.court_kinds))
    created = services.create()
    services.confirm(created)
    services.add_conviction(created, another("PK-PB/LHR"))
    shown = services.get(created.registration_id, NPB)
    services.confirm(created, call_of(courts[1]), etag=shown.etag, case_number="Sessions Case No. 7/2023")
    services.judge(shown.convictions[falls], "SET_ASIDE", cnics=[shown.person.cnic])
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, NPB):
        assert services.get(created.registration_id, agency).confirmed_by_agency == courts[1 - falls].agency_id


def test_a_court_that_has_confirmed_nothing_sees_no_others_confirmation(services: Services) -> None:
    # What waits for it looks as if it were alone: nobody learns by an entry of his own whether another court convicted.
    alone, beside = services.create(order(convictions=[another("PK-PB/RWP")])), services.create()
    services.confirm(beside)
    services.add_conviction(beside, another("PK-PB/RWP"))
    rawalpindi = officer_of(LAHORE_COURT, "PK-PB/RWP")
    seen = [services.get(each.registration_id, LAHORE_COURT, rawalpindi) for each in (alone, beside)]
    assert [each.state for each in seen] == [registration_pb2.REGISTRATION_STATE_UNDER_REVIEW] * 2
    assert [each.confirmed_by_agency for each in seen] == ["", ""]
    assert services.get(beside.registration_id, NPB).state == registration_pb2.REGISTRATION_STATE_CONFIRMED


def test_a_court_is_not_told_the_case_number_before_it_has_confirmed(services: Services) -> None:
    # It confirms from its own record: whoever is shown the number, and types it, has confirmed nothing.
    created = services.create()
    before = services.get(created.registration_id, LAHORE_COURT).convictions
    assert [(each.court_case.case_number, each.HasField("judgment_date")) for each in before] == [("", False)]
    assert [each.court_case.place_code for each in before] == ["PK-PB/LHR"]
    for agency in (PUNJAB_PROSECUTION, NPB):
        shown = services.get(created.registration_id, agency).convictions
        assert shown[0].court_case.case_number == "Sessions Case No. 123/2022"
    services.confirm(created)
    after = services.get(created.registration_id, LAHORE_COURT).convictions
    assert [each.court_case.case_number for each in after] == ["Sessions Case No. 123/2022"]


def test_a_district_is_no_other_district_of_the_same_letters(services: Services) -> None:
    # PK-PB/LH contains nothing of PK-PB/LHR.
    created = services.create()
    services.confirm(created)
    services.hidden(created.registration_id, narrowed(PUNJAB_POLICE, "PK-PB/LH"))
    services.get(created.registration_id, narrowed(PUNJAB_POLICE, "PK-PB/FSD", "PK-PB/LHR"))


def test_an_officer_sees_within_his_own_jurisdiction(services: Services) -> None:
    created = services.create()
    services.confirm(created)
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE):
        services.hidden(created.registration_id, agency, officer_of(agency, "PK-PB/FSD"))
        services.get(created.registration_id, agency, officer_of(agency, "PK-PB/LHR"))


def test_police_see_neither_the_case_nor_the_custodians_view(services: Services) -> None:
    # Fields are the purpose's: police keep addresses, prisons keep the sentence.
    created = in_custody(services)
    services.confirm(created)
    police = services.get(created.registration_id, PUNJAB_POLICE)
    assert (len(police.convictions), len(police.addresses)) == (0, 1)
    prisons = services.get(created.registration_id, PUNJAB_PRISONS)
    assert (len(prisons.convictions), len(prisons.addresses)) == (1, 0)
    assert not prisons.convictions[0].HasField("fir")


def test_what_was_entered_is_what_is_shown(services: Services) -> None:
    request = order()
    request.person.names.add(
        kind=types_pb2.NAME_KIND_ALIAS, name="ظفر", relative_name="کریم", relation=types_pb2.RELATION_SON_OF
    )
    request.person.mobile_numbers.append("+923001234567")
    request.person.travel_documents.add(
        number="AB1234567", country="PK", expiry_date={"year": 2030, "month": 2, "day": 28}
    )
    for kind in types_pb2.TravelDocumentKind.values()[1:]:
        request.person.travel_documents.add(number="P12345678", country="AF", kind=kind)
    created = services.create(request)
    shown = services.get(created.registration_id, NPB)
    assert shown.person == request.person
    assert list(shown.addresses) == list(request.addresses)
    assert shown.custody == request.custody
    entered = request.convictions[0]
    entered.counts[0].legal_basis = types_pb2.LEGAL_BASIS_BOTH
    entered.state, entered.conviction_id = types_pb2.CONVICTION_STATE_ENTERED, shown.convictions[0].conviction_id
    assert str(uuid.UUID(entered.conviction_id)) == entered.conviction_id
    entered.offence_table_version = 1  # the register's first
    assert list(shown.convictions) == list(request.convictions)
    assert shown.create_time == shown.update_time
    assert shown.create_time.seconds > 0


@pytest.mark.parametrize(
    "change",
    [
        "state = 2",
        "responsible_place = 'PK-SD/KHI'",
        "custodian_agency = 'punjab-prisons'",
        "created_by_agency = 'sindh-prosecution'",
        "court_places = '{PK-PB/LHR,PK-SD/KHI}'",
        "created_at = created_at + interval '1 microsecond'",
    ],
)
def test_a_changed_column_shows_itself(services: Services, caplog: pytest.LogCaptureFixture, change: str) -> None:
    # Whoever owns the tables could move a row into another jurisdiction; the seal knows better.
    created = services.create()
    with services.database.owner() as owner:
        owner.execute(f"UPDATE registration_version SET {change}")  # noqa: S608 - constants
    with caplog.at_level(logging.CRITICAL), pytest.raises(errors.Internal):
        services.get(created.registration_id, NPB)
    column = change.split(" ", 1)[0]
    assert caplog.messages == [f"ALERT ROW_CONTRADICTED: registration_version.{column} contradicts the sealed record"]


def test_a_seal_moved_to_another_registration_does_not_open(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = services.create(), services.create()
    with services.database.owner() as owner:
        owner.execute(
            "UPDATE registration_version AS v SET sealed = w.sealed FROM registration_version AS w"
            " WHERE v.registration_id = %s AND w.registration_id = %s",
            (first.key, second.key),
        )
    with pytest.raises(errors.Internal):
        services.get(first.registration_id, NPB)
    assert caplog.messages == ["ALERT ROW_CONTRADICTED: a sealed row of registration_version does not open"]


def test_the_detail_says_who_was_shown_what(services: Services) -> None:
    created = services.create()
    services.confirm(created)
    request = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    outcome = services.ask(call_of(PUNJAB_POLICE), request)
    assert list(outcome.detail.subjects) == [uuid.UUID(created.registration_id).bytes]
