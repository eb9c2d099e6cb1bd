"""Who is shown a notice, and what of it: the responsible police, NPB, and FIA Immigration a journey over the border."""

import uuid
from typing import Any

import pytest

from nsor.v1 import notices_pb2, notification_pb2
from nsor_server import errors
from nsor_server.notification.notices import reading, states
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_POLICE, narrowed, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.test_notice import confirmed, notice, take
from tests.notification.test_notice_decisions import decide, withdraw
from tests.notification.test_notice_kinds import leg, named, names, of_kind, periodic, photographed, travel
from tests.orders import Created, cnic, day, order
from tests.registration.test_duty_watch import Clock
from tests.registration.test_duty_watch import clock as ahead
from tests.registration.test_juveniles import OFFENCE, convicted, count
from tests.registration.test_juveniles import confirmed as of_juvenile
from tests.services import Services

__all__ = ["ahead", "confirmed"]


def asking(created: Created, notice_id: str) -> notices_pb2.GetNoticeRequest:
    return notices_pb2.GetNoticeRequest(registration_id=created.registration_id, notice_id=notice_id)


def shown(services: Services, created: Created, notice_id: str, agency: Any = PUNJAB_POLICE) -> Any:
    return services.ask(call_of(agency), asking(created, notice_id)).response


def listed(services: Services, created: Created, agency: Any = PUNJAB_POLICE) -> list[notices_pb2.Notice]:
    request = notices_pb2.ListNoticesRequest(registration_id=created.registration_id)
    return list(services.ask(call_of(agency), request).response.notices)


KINDS: list[dict[str, Any]] = [
    {"name": names(named("Zafar Khan"))},
    {"contact": notices_pb2.ContactNotice(mobile_numbers=["+923990000001"], ended_email_addresses=["a@example.pk"])},
    {"travel": travel(leg(), return_date=day(2026, 3, 1))},
    {"travel_return": notices_pb2.ReturnNotice(border_crossing=notices_pb2.BORDER_CROSSING_WAGAH)},
    {"no_fixed_abode": notices_pb2.NoFixedAbodeNotice(place_code="PK-PB/LHR")},
    {"home_visit": notices_pb2.HomeVisitNotice(result=notices_pb2.HOME_VISIT_RESULT_REFUSED)},
]


@pytest.mark.parametrize("given", KINDS, ids=lambda given: next(iter(given)))
def test_the_police_are_shown_what_they_took(services: Services, confirmed: Created, given: dict[str, Any]) -> None:
    officer = officer_of(PUNJAB_POLICE)
    services.enrolled(officer)
    taken = take(services, of_kind(confirmed, **given), call_of(PUNJAB_POLICE, officer))
    answer = shown(services, confirmed, taken.notice_id)
    ((kind, content),) = given.items()
    assert getattr(answer, kind) == content
    assert answer.notice.kind == notices_pb2.NoticeKind.Value(f"NOTICE_KIND_{kind.upper()}")
    assert (answer.notice.officer_number, answer.notice.state) == (officer.officer_number, states.TAKEN)
    assert {each.name for each, _ in answer.ListFields()} == {"notice", "person", kind}
    assert not shown(services, confirmed, taken.notice_id, NPB).notice.officer_number


def test_an_address_and_a_photo_are_shown_too(services: Services, confirmed: Created) -> None:
    moved = take(services, notice(confirmed, "PK-PB/LHR/PS-002"))
    assert shown(services, confirmed, moved.notice_id).address.place_code == "PK-PB/LHR/PS-002"
    photo_id = photographed(services, confirmed, day(2026, 2, 1))
    taken = take(services, periodic(confirmed, photo_id))
    assert shown(services, confirmed, taken.notice_id, NPB).periodic.photo_id == photo_id


def test_fia_is_shown_a_journey_abroad_and_who_travels_and_no_more(services: Services, confirmed: Created) -> None:
    taken = take(services, of_kind(confirmed, travel=travel(leg("AE"))))
    answer = shown(services, confirmed, taken.notice_id, FIA_IMMIGRATION)
    assert answer.travel == travel(leg("AE"))
    assert [each.name for each in answer.person.names] == ["Zafar Testi"]
    assert answer.person.cnic
    # Border purpose: nothing of where he lives, nor of which police.
    assert not answer.person.mobile_numbers
    assert (answer.notice.receiving_station, answer.notice.taken_by_agency, answer.notice.late) == ("", "", False)
    withdraw(services, confirmed, taken.notice_id)
    assert shown(services, confirmed, taken.notice_id, FIA_IMMIGRATION).notice.state == states.WITHDRAWN


def test_a_journey_that_is_not_so_is_shown_at_the_border_for_some_days(
    services: Services, confirmed: Created, ahead: Clock, owner: Owner
) -> None:
    # FIA reads that what it heard of isn't so; for ever it would be a history of what he once meant to do.
    so, ended = (take(services, of_kind(confirmed, travel=travel(leg("AE")))).notice_id for _ in range(2))
    withdraw(services, confirmed, ended)
    ahead.days = 29
    assert shown(services, confirmed, ended, FIA_IMMIGRATION).notice.state == states.WITHDRAWN
    ahead.days = 40
    services.refused(errors.NoRecord, call_of(FIA_IMMIGRATION), asking(confirmed, ended))
    assert shown(services, confirmed, ended, NPB).notice.state == states.WITHDRAWN
    assert shown(services, confirmed, so, FIA_IMMIGRATION).travel == travel(leg("AE"))
    ahead.days = 0
    assert owner.findings() == []


def test_a_journey_of_whom_no_look_up_shows_is_no_record_for_fia_and_it_hears_of_none(services: Services) -> None:
    # What he did under 18 is shown by no look-up (rule 22): not at the border either.
    juvenile = of_juvenile(services, cnic(), convicted(count("PPC-376", OFFENCE)))
    taken = take(services, of_kind(juvenile, travel=travel(leg("AE"))))
    absent = services.refused(errors.NoRecord, call_of(FIA_IMMIGRATION), asking(juvenile, str(uuid.uuid4())))
    hidden = services.refused(errors.NoRecord, call_of(FIA_IMMIGRATION), asking(juvenile, taken.notice_id))
    assert repr(hidden) == repr(absent)
    withdraw(services, juvenile, taken.notice_id)
    for kind in ("TRAVEL_ABROAD", "NOTICE_WITHDRAWN"):
        heard = services.owed(notification_pb2.EventKind.Value(f"EVENT_KIND_{kind}"))
        assert heard == [NPB.agency_id, PUNJAB_POLICE.agency_id]


def test_the_entry_names_a_case_that_stands(services: Services, confirmed: Created) -> None:
    # NPB lists it with its accesses; the first conviction of a record may have fallen.
    taken = take(services, of_kind(confirmed, **KINDS[0]))
    assert services.ask(call_of(NPB), asking(confirmed, taken.notice_id)).detail.case_reference
    juvenile = of_juvenile(services, cnic(), convicted(count("PPC-376", OFFENCE)))
    other = take(services, of_kind(juvenile, **KINDS[0]))
    assert not services.ask(call_of(PUNJAB_POLICE), asking(juvenile, other.notice_id)).detail.case_reference


def test_any_other_notice_is_no_record_for_fia(services: Services, confirmed: Created) -> None:
    at_home = travel(leg("PK", place="PK-SD/KHI"))
    others = [take(services, of_kind(confirmed, **each)).notice_id for each in (*KINDS[:2], *KINDS[4:])]
    others.append(take(services, of_kind(confirmed, travel=at_home)).notice_id)
    others.append(take(services, of_kind(confirmed, travel_return=notices_pb2.ReturnNotice())).notice_id)
    hidden = {
        repr(services.refused(errors.NoRecord, call_of(FIA_IMMIGRATION), asking(confirmed, each)))
        for each in (*others, str(uuid.uuid4()))
    }
    assert len(hidden) == 1


def test_what_was_sealed_since_is_no_record_for_anybody(services: Services, confirmed: Created) -> None:
    taken = take(services, of_kind(confirmed, travel=travel(leg())))
    services.judge_all(confirmed, "SET_ASIDE")
    for agency in (PUNJAB_POLICE, FIA_IMMIGRATION, NPB):
        services.refused(errors.NoRecord, call_of(agency), asking(confirmed, taken.notice_id))


def test_absent_another_records_and_not_yours_are_one_answer(services: Services, confirmed: Created) -> None:
    taken = take(services, of_kind(confirmed, **KINDS[0]))
    other = services.confirmed(order())
    elsewhere = narrowed(PUNJAB_POLICE, "PK-PB/FSD")
    refusals = [
        services.refused(errors.NoRecord, call_of(agency), request)
        for agency, request in (
            (PUNJAB_POLICE, asking(confirmed, str(uuid.uuid4()))),
            (PUNJAB_POLICE, asking(other, taken.notice_id)),
            (SINDH_POLICE, asking(confirmed, taken.notice_id)),
            (elsewhere, asking(confirmed, taken.notice_id)),
            (SINDH_POLICE, notices_pb2.ListNoticesRequest(registration_id=confirmed.registration_id)),
        )
    ]
    assert len({repr(refusal) for refusal in refusals}) == 1
    with pytest.raises(errors.Denied):
        services.ask(call_of(PUNJAB_PROSECUTION), asking(confirmed, taken.notice_id))


def test_a_list_says_where_each_notice_stands(services: Services, confirmed: Created) -> None:
    first = take(services, of_kind(confirmed, **KINDS[0])).notice_id
    second = take(services, notice(confirmed, "PK-PB/LHR/PS-002")).notice_id
    third = take(services, notice(confirmed, "PK-PB/LHR/PS-003", supersedes_notice_id=second)).notice_id
    decide(services, confirmed, first, refused=True)
    for agency in (PUNJAB_POLICE, NPB):
        assert [(each.notice_id, each.state) for each in listed(services, confirmed, agency)] == [
            (third, states.TAKEN),
            (second, states.SUPERSEDED),
            (first, states.REFUSED),
        ]
    newest, before, oldest = listed(services, confirmed)
    assert (newest.supersedes_notice_id, before.superseded_by_notice_id) == (second, third)
    assert oldest.refusal == notices_pb2.NOTICE_REFUSAL_NOT_SO
    assert (oldest.HasField("decide_time"), newest.HasField("decide_time")) == (True, False)


def test_what_waits_is_listed_however_old_it_is(
    services: Services, confirmed: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise a station never finds it any more.
    monkeypatch.setattr(reading, "MOST_LISTED", 1)
    waits = take(services, of_kind(confirmed, **KINDS[0])).notice_id
    decided = take(services, of_kind(confirmed, **KINDS[1])).notice_id
    decide(services, confirmed, decided)
    newest = take(services, of_kind(confirmed, **KINDS[5])).notice_id
    assert [each.notice_id for each in listed(services, confirmed)] == [newest, waits]
