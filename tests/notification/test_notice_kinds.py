"""What each kind of notice makes of the record, by when it is due, and who hears of it."""

import datetime as dt
import uuid
from typing import Any

import pytest

from nsor.v1 import errors_pb2, notices_pb2, notification_pb2, types_pb2
from nsor_server import errors
from nsor_server.storage.v1 import record_pb2
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_POLICE, officer_of
from tests.calls import call_of, violations
from tests.notification.test_notice import EXPECTED, confirmed, notice, take
from tests.orders import JUDGMENT_DATE, Created, day, order
from tests.registration.test_photos import addition, rejection
from tests.services import Services

__all__ = ["confirmed"]
OFFICIAL, ALIAS, FORMER = types_pb2.NAME_KIND_OFFICIAL, types_pb2.NAME_KIND_ALIAS, types_pb2.NAME_KIND_FORMER


def of_kind(created: Created, **fields: Any) -> notices_pb2.CreateNoticeRequest:
    """A notice of another kind than an address."""
    return notice(created, **{"address": None, **fields})


def named(name: str, kind: types_pb2.NameKind.ValueType = OFFICIAL) -> types_pb2.PersonName:
    return types_pb2.PersonName(kind=kind, name=name)


def names(*given: types_pb2.PersonName) -> notices_pb2.NameNotice:
    return notices_pb2.NameNotice(names=given)


def leg(country: str = "SA", departs: int = 20, arrives: int = 20, place: str = "") -> notices_pb2.TravelLeg:
    """A leg of a journey in February 2026."""
    return notices_pb2.TravelLeg(
        country=country,
        place_code=place,
        departure_date=day(2026, 2, departs),
        arrival_date=day(2026, 2, arrives),
        mode=notices_pb2.TRAVEL_MODE_AIR,
    )


def travel(*legs: notices_pb2.TravelLeg, **fields: Any) -> notices_pb2.TravelNotice:
    document = types_pb2.TravelDocument(number="ZZ0000001", country="PK")
    return notices_pb2.TravelNotice(
        **{"legs": legs, "purpose": notices_pb2.TRAVEL_PURPOSE_FAMILY, "document": document, **fields}
    )


def stored(services: Services, created: Created, notice_id: str) -> record_pb2.NoticeRecord:
    wrapped = services.one("SELECT wrapped FROM registration_key WHERE registration_id = %s", created.key)
    sealed = services.one("SELECT sealed FROM notice WHERE notice_id = %s", uuid.UUID(notice_id))
    key = services.sealer.open_data_key(created.key.bytes, wrapped)
    return record_pb2.NoticeRecord.FromString(key.open("notice", uuid.UUID(notice_id).bytes, 1, sealed))


def wrong(services: Services, request: notices_pb2.CreateNoticeRequest) -> list[tuple[str, int]]:
    return violations(services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request))


def test_a_new_official_name_makes_the_one_of_its_script_a_former_one(services: Services, confirmed: Created) -> None:
    # Rule 18: an old name stays searchable.
    take(services, of_kind(confirmed, name=names(named("ظفر ٹیسٹی"), named("Zafri", ALIAS))))
    take(services, of_kind(confirmed, name=names(named("Zafar Khan"))))
    shown = [(each.name, each.kind) for each in services.get(confirmed.registration_id, NPB).person.names]
    assert shown == [("Zafar Testi", FORMER), ("ظفر ٹیسٹی", OFFICIAL), ("Zafri", ALIAS), ("Zafar Khan", OFFICIAL)]
    told = {NPB.agency_id, PUNJAB_POLICE.agency_id, PUNJAB_PROSECUTION.agency_id}
    assert set(services.owed(notification_pb2.EVENT_KIND_NAME_CHANGED)) == told


def test_a_former_name_that_is_official_again_stands_once(services: Services, confirmed: Created) -> None:
    take(services, of_kind(confirmed, name=names(named("Zafar Khan"))))
    take(services, of_kind(confirmed, name=names(named("Zafar Testi"))))
    shown = [(each.name, each.kind) for each in services.get(confirmed.registration_id, NPB).person.names]
    assert shown == [("Zafar Testi", OFFICIAL), ("Zafar Khan", FORMER)]


def test_a_name_that_is_only_expected_is_not_the_persons_yet(services: Services, confirmed: Created) -> None:
    take(services, of_kind(confirmed, name=names(named("Zafar Khan")), timing=EXPECTED, event_date=day(2026, 4, 1)))
    assert [each.name for each in services.get(confirmed.registration_id, NPB).person.names] == ["Zafar Testi"]


@pytest.mark.parametrize(
    ("given", "violation"),
    [
        (names(named("Zafar Khan", FORMER)), ("name.names[0].kind", errors_pb2.FIELD_REASON_UNKNOWN_VALUE)),
        (names(named("Zafar Khan"), named("Zafar Ali")), ("name.names[1].name", errors_pb2.FIELD_REASON_DUPLICATE)),
        (names(named("Zafri"), named("Zafri", ALIAS)), ("name.names[1]", errors_pb2.FIELD_REASON_DUPLICATE)),
    ],
)
def test_a_person_has_one_official_name_of_a_script(
    services: Services, confirmed: Created, given: notices_pb2.NameNotice, violation: tuple[str, int]
) -> None:
    assert wrong(services, of_kind(confirmed, name=given)) == [violation]


def test_a_record_takes_so_many_names_and_numbers(services: Services, confirmed: Created) -> None:
    first = [f"+92399000{nth:04d}" for nth in range(10)]
    take(services, of_kind(confirmed, contact=notices_pb2.ContactNotice(mobile_numbers=first)))
    one_more = notices_pb2.ContactNotice(mobile_numbers=["+923990009999"])
    full = [("contact.mobile_numbers", errors_pb2.FIELD_REASON_TOO_LONG)]
    assert wrong(services, of_kind(confirmed, contact=one_more)) == full
    # What a check says never depends on the record.
    take(services, of_kind(confirmed, contact=one_more, validate_only=True))


def test_a_number_that_has_ended_makes_room_for_the_new_one(services: Services, confirmed: Created) -> None:
    take(services, of_kind(confirmed, contact=notices_pb2.ContactNotice(mobile_numbers=["+923990000001"])))
    change = notices_pb2.ContactNotice(
        mobile_numbers=["+923990000002"], ended_mobile_numbers=["+923990000001"], email_addresses=["z@example.pk"]
    )
    take(services, of_kind(confirmed, contact=change))
    shown = services.get(confirmed.registration_id, NPB)
    assert ([*shown.person.mobile_numbers], [*shown.email_addresses]) == (["+923990000002"], ["z@example.pk"])
    told = services.owed(notification_pb2.EVENT_KIND_CONTACT_CHANGED)
    assert sorted(set(told)) == [NPB.agency_id, PUNJAB_POLICE.agency_id]


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        (notices_pb2.ContactNotice(), "contact.mobile_numbers", errors_pb2.FIELD_REASON_REQUIRED),
        (
            notices_pb2.ContactNotice(mobile_numbers=["+923990000001"], ended_mobile_numbers=["03990000001"]),
            "contact.ended_mobile_numbers",
            errors_pb2.FIELD_REASON_DUPLICATE,
        ),
    ],
)
def test_a_notice_of_contact_changes_something(
    services: Services,
    confirmed: Created,
    given: notices_pb2.ContactNotice,
    field: str,
    reason: errors_pb2.FieldReason.ValueType,
) -> None:
    assert wrong(services, of_kind(confirmed, contact=given)) == [(field, reason)]


@pytest.mark.parametrize(("received", "late"), [(day(2026, 2, 13), False), (day(2026, 2, 14), True)])
def test_a_journey_abroad_is_told_a_week_before(
    services: Services, confirmed: Created, received: object, late: bool
) -> None:
    # Seven days, until the end of the day in Karachi: of a departure on 20 February the 13th.
    request = of_kind(confirmed, travel=travel(leg()), timing=EXPECTED, received_date=received)
    answer = take(services, request)
    assert (answer.late, answer.deadline.rule_id) == (late, "foreign-travel-lead")
    assert answer.deadline.due_time.ToDatetime(dt.UTC) == dt.datetime(2026, 2, 13, 18, 59, 59, tzinfo=dt.UTC)
    kept = stored(services, confirmed, answer.notice_id)
    assert (kept.travel.legs[0].country, kept.travel.document.number, kept.late) == ("SA", "ZZ0000001", late)
    told = services.owed(notification_pb2.EVENT_KIND_TRAVEL_ABROAD)
    assert sorted(told) == [FIA_IMMIGRATION.agency_id, NPB.agency_id, PUNJAB_POLICE.agency_id]


def test_of_a_journey_at_home_the_police_of_its_places_hear(services: Services, confirmed: Created) -> None:
    legs = [leg("PK", place="PK-SD/KHI"), leg("PK", 22, 22, place="PK-PB/LHR/PS-001")]
    answer = take(services, of_kind(confirmed, travel=travel(*legs)))
    assert (answer.late, answer.deadline.rule_id) == (True, "home-travel-lead")
    told = services.owed(notification_pb2.EVENT_KIND_TRAVEL_AT_HOME)
    assert sorted(told) == [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]
    # It moves nobody.
    assert answer.responsible_place == "PK-PB/LHR/PS-001"


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        (travel(leg(departs=20, arrives=19)), "travel.legs[0].arrival_date", errors_pb2.FIELD_REASON_DATE_ORDER),
        (
            travel(leg(arrives=22), leg("AE", 21, 21)),
            "travel.legs[1].departure_date",
            errors_pb2.FIELD_REASON_DATE_ORDER,
        ),
        (
            travel(leg(arrives=22), return_date=day(2026, 2, 21)),
            "travel.return_date",
            errors_pb2.FIELD_REASON_DATE_ORDER,
        ),
        (travel(leg(departs=19)), "event_date", errors_pb2.FIELD_REASON_DATE_ORDER),
        (travel(leg("XK")), "travel.legs[0].country", errors_pb2.FIELD_REASON_COUNTRY_UNKNOWN),
        (travel(leg(), document=None), "travel.document", errors_pb2.FIELD_REASON_REQUIRED),
        (travel(leg("PK")), "travel.legs[0].place_code", errors_pb2.FIELD_REASON_REQUIRED),
        (travel(leg(place="PK-PB/LHR")), "travel.legs[0].place_code", errors_pb2.FIELD_REASON_EXACTLY_ONE),
        (travel(leg("PK", place="PK-PB")), "travel.legs[0].place_code", errors_pb2.FIELD_REASON_FORM),
    ],
)
def test_a_journey_goes_on_in_time_and_to_places_that_exist(
    services: Services,
    confirmed: Created,
    given: notices_pb2.TravelNotice,
    field: str,
    reason: errors_pb2.FieldReason.ValueType,
) -> None:
    assert wrong(services, of_kind(confirmed, travel=given)) == [(field, reason)]


def test_who_returned_over_the_border_is_told_to_fia(services: Services, confirmed: Created) -> None:
    back = notices_pb2.ReturnNotice(border_crossing=notices_pb2.BORDER_CROSSING_TORKHAM)
    answer = take(services, of_kind(confirmed, travel_return=back))
    assert answer.deadline.rule_id == "return-notice"
    told = services.owed(notification_pb2.EVENT_KIND_TRAVEL_RETURNED)
    assert sorted(told) == [FIA_IMMIGRATION.agency_id, NPB.agency_id, PUNJAB_POLICE.agency_id]


@pytest.mark.parametrize("kind", ["travel_return", "periodic", "home_visit"])
def test_some_kinds_are_told_once_they_have_happened(services: Services, confirmed: Created, kind: str) -> None:
    given = {
        "travel_return": notices_pb2.ReturnNotice(),
        "periodic": notices_pb2.PeriodicNotice(photo_id=str(uuid.uuid4())),
        "home_visit": notices_pb2.HomeVisitNotice(result=notices_pb2.HOME_VISIT_RESULT_MET),
    }[kind]
    request = of_kind(confirmed, timing=EXPECTED, event_date=day(2026, 2, 25), **{kind: given})
    assert wrong(services, request) == [("timing", errors_pb2.FIELD_REASON_UNKNOWN_VALUE)]


def photographed(services: Services, created: Created, taken: object) -> str:
    return str(services.ask(call_of(PUNJAB_POLICE), addition(created, taken_date=taken)).response.photo_id)


def periodic(created: Created, photo_id: str) -> notices_pb2.CreateNoticeRequest:
    return of_kind(created, periodic=notices_pb2.PeriodicNotice(photo_id=photo_id))


def test_a_periodic_notice_names_a_new_photo_of_the_person(services: Services, confirmed: Created) -> None:
    answer = take(services, periodic(confirmed, photographed(services, confirmed, day(2026, 1, 21))))
    assert not answer.HasField("deadline")
    assert sorted(services.owed(notification_pb2.EVENT_KIND_PERIODIC_NOTICE)) == [
        NPB.agency_id,
        PUNJAB_POLICE.agency_id,
    ]
    # 30 days, counted from the day on which it was taken.
    old = photographed(services, confirmed, day(2026, 1, 20))
    assert wrong(services, periodic(confirmed, old)) == [("periodic.photo_id", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]


def test_a_photo_that_is_absent_rejected_or_another_persons_is_no_record(
    services: Services, confirmed: Created
) -> None:
    rejected = photographed(services, confirmed, day(2026, 2, 1))
    services.ask(call_of(PUNJAB_POLICE), rejection(confirmed, rejected))
    other = services.confirmed(order())
    of_other = photographed(services, other, day(2026, 2, 1))
    for photo_id in (rejected, of_other, str(uuid.uuid4())):
        services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), periodic(confirmed, photo_id))


def test_without_a_fixed_abode_the_police_of_the_place_are_responsible(services: Services, confirmed: Created) -> None:
    nowhere = notices_pb2.NoFixedAbodeNotice(place_code="PK-PB/FSD/PS-003")
    answer = take(services, of_kind(confirmed, no_fixed_abode=nowhere))
    assert (answer.responsible_place, answer.deadline.rule_id) == ("PK-PB/LHR/PS-001", "address-change-notice")
    address = services.get(confirmed.registration_id, NPB).addresses[-1]
    assert (address.no_fixed_abode, address.place_code, address.kind) == (
        True,
        "PK-PB/FSD/PS-003",
        types_pb2.ADDRESS_KIND_CURRENT,
    )
    unit = of_kind(confirmed, no_fixed_abode=notices_pb2.NoFixedAbodeNotice(place_code="PK-PB"))
    assert wrong(services, unit) == [("no_fixed_abode.place_code", errors_pb2.FIELD_REASON_FORM)]


def test_an_extra_address_moves_nothing_and_has_its_own_time(services: Services, confirmed: Created) -> None:
    extra = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_EXTRA, place_code="PK-PB/FSD/PS-003", house_number="4")
    answer = take(services, notice(confirmed, address=extra))
    assert (answer.responsible_place, answer.deadline.rule_id) == ("PK-PB/LHR/PS-001", "extra-address-threshold")


@pytest.mark.parametrize("result", notices_pb2.HomeVisitResult.values()[1:])
def test_a_visit_is_an_officers_and_whom_he_has_not_met_npb_hears_of(
    services: Services, confirmed: Created, result: notices_pb2.HomeVisitResult.ValueType
) -> None:
    officer = officer_of(PUNJAB_POLICE)
    request = of_kind(confirmed, home_visit=notices_pb2.HomeVisitNotice(result=result))
    answer = take(services, request, call_of(PUNJAB_POLICE, officer))
    assert not answer.HasField("deadline")
    kept = stored(services, confirmed, answer.notice_id)
    assert (kept.home_visit, kept.officer_key) == (result, officer.key_id)
    met = result == notices_pb2.HOME_VISIT_RESULT_MET
    kind = notification_pb2.EVENT_KIND_HOME_VISIT if met else notification_pb2.EVENT_KIND_HOME_VISIT_FAILED
    assert sorted(services.owed(kind)) == [NPB.agency_id, PUNJAB_POLICE.agency_id]


def test_nobody_learns_by_trying_days_when_a_person_was_convicted(services: Services, confirmed: Created) -> None:
    # The purpose isn't shown convictions.
    before = day(JUDGMENT_DATE.year, JUDGMENT_DATE.month, JUDGMENT_DATE.day - 1)
    for tried in (JUDGMENT_DATE, before):
        assert take(services, notice(confirmed, event_date=tried)).late


def test_nothing_happened_before_the_person_was_born(services: Services, confirmed: Created) -> None:
    born = services.get(confirmed.registration_id, NPB).person.birth_date
    before = day(born.year - 1, born.month, born.day)
    early = notice(confirmed, event_date=before)
    assert wrong(services, early) == [("event_date", errors_pb2.FIELD_REASON_DATE_ORDER)]
    # Nobody learns the day by a check, nor of a record that isn't his.
    take(services, notice(confirmed, event_date=before, validate_only=True))
    services.refused(
        errors.NoRecord,
        call_of(SINDH_POLICE),
        notice(confirmed, event_date=before, receiving_station="PK-SD/KHI/PS-001"),
    )


def test_a_sealed_record_takes_no_notice(services: Services, confirmed: Created) -> None:
    services.judge_all(confirmed, "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), of_kind(confirmed, name=names(named("Zafar Khan"))))


def test_one_kind_is_given(services: Services, confirmed: Created) -> None:
    request = notice(confirmed)
    request.ClearField("address")
    assert wrong(services, request) == [("address", errors_pb2.FIELD_REASON_EXACTLY_ONE)]
