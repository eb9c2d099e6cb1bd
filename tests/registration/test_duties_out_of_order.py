"""Notices that are entered after later ones: each meets what it would have met in its turn, and no later duty."""

import datetime as dt
from typing import Any

from nsor.v1 import duties_pb2, notices_pb2
from tests.agencies import PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.test_notice import notice
from tests.notification.test_notice_decisions import withdraw
from tests.notification.test_notice_kinds import of_kind, periodic, photographed
from tests.orders import Created, day
from tests.registration.test_duties import HOME, MET, MET_LATE, OPEN, OVERDUE, VOID, duties_of, released, states
from tests.services import Services

RELEASE = day(2025, 2, 25)
"""A verification is due a year later."""
ABODE = notices_pb2.NoFixedAbodeNotice(place_code=HOME)


def on(request: Any, of_february: int, **fields: Any) -> notices_pb2.CreateNoticeRequest:
    """A notice of what happened on a day of February 2026, received on it."""
    made = notices_pb2.CreateNoticeRequest()
    made.CopyFrom(request)
    made.MergeFrom(notices_pb2.CreateNoticeRequest(**fields))
    made.event_date.CopyFrom(day(2026, 2, of_february))
    made.received_date.CopyFrom(day(2026, 2, of_february))
    return made


def takes(services: Services, request: notices_pb2.CreateNoticeRequest) -> str:
    return str(services.ask(call_of(PUNJAB_POLICE), request).response.notice_id)


def standing(services: Services, created: Created, kind: str) -> list[tuple[int, int, str]]:
    """The duties of a kind that aren't void: state, day of February 2026 from which each is counted or 0, notice."""
    number = duties_pb2.DutyKind.Value(f"DUTY_KIND_{kind}")
    found = []
    for each in duties_of(services, created):
        start = each.deadline.start_time.ToDatetime(dt.UTC) + dt.timedelta(hours=5)
        if each.kind == number and each.state != VOID:
            counted = start.day if (start.year, start.month) == (2026, 2) else 0
            found.append((each.state, counted, each.notice_id if each.HasField("met_date") else ""))
    return sorted(found, key=lambda one: one[1])


def test_a_correction_of_an_older_verification_leaves_the_newer_duty(services: Services, owner: Owner) -> None:
    created = released(services, RELEASE)
    shown = photographed(services, created, day(2026, 2, 1))
    first = takes(services, on(periodic(created, shown), 10))
    second = takes(services, on(periodic(created, shown), 24))
    corrected = takes(services, on(periodic(created, shown), 12, supersedes_notice_id=first))
    expected = [(MET, 0, corrected), (MET, 12, second), (OPEN, 24, "")]
    assert standing(services, created, "PERIODIC_VERIFICATION") == expected
    withdraw(services, created, corrected)
    assert standing(services, created, "PERIODIC_VERIFICATION") == [(MET, 0, second), (OPEN, 24, "")]
    assert owner.findings() == []


def test_an_older_verification_that_is_entered_late_meets_nothing_that_began_later(
    services: Services, owner: Owner
) -> None:
    created = released(services, RELEASE)
    shown = photographed(services, created, day(2026, 2, 1))
    second = takes(services, on(periodic(created, shown), 20))
    third = takes(services, on(periodic(created, shown), 24))
    first = takes(services, on(periodic(created, shown), 10))
    expected = [(MET, 0, first), (MET, 10, second), (MET, 20, third), (OPEN, 24, "")]
    assert standing(services, created, "PERIODIC_VERIFICATION") == expected
    assert owner.findings() == []


def test_a_verification_before_all_others_makes_none_of_them_late(services: Services, owner: Owner) -> None:
    # The first one was late by its day; with one before it, it is in time.
    created = released(services, day(2025, 2, 10))
    shown = photographed(services, created, day(2026, 2, 1))
    second = takes(services, on(periodic(created, shown), 24))
    assert standing(services, created, "PERIODIC_VERIFICATION") == [(MET_LATE, 0, second), (OPEN, 24, "")]
    first = takes(services, on(periodic(created, shown), 9))
    expected = [(MET, 0, first), (MET, 9, second), (OPEN, 24, "")]
    assert standing(services, created, "PERIODIC_VERIFICATION") == expected
    assert owner.findings() == []


def test_a_correction_of_the_first_place_he_stayed_at_leaves_the_newer_week(services: Services, owner: Owner) -> None:
    created = released(services, day(2026, 2, 5))
    stays = of_kind(created, no_fixed_abode=ABODE)
    first, second = takes(services, on(stays, 8)), takes(services, on(of_kind(created, no_fixed_abode=ABODE), 24))
    corrected = takes(services, on(of_kind(created, no_fixed_abode=ABODE), 9, supersedes_notice_id=first))
    assert standing(services, created, "INITIAL_NOTICE") == [(MET, 5, corrected)]
    assert standing(services, created, "NO_FIXED_ABODE") == [(MET_LATE, 9, second), (OVERDUE, 24, "")]
    assert owner.findings() == []


def test_without_the_first_place_he_stayed_at_the_second_one_was_his_first(services: Services, owner: Owner) -> None:
    created = released(services, day(2026, 2, 5))
    first = takes(services, on(of_kind(created, no_fixed_abode=ABODE), 8))
    second = takes(services, on(of_kind(created, no_fixed_abode=ABODE), 24))
    withdraw(services, created, first)
    assert standing(services, created, "INITIAL_NOTICE") == [(MET_LATE, 5, second)]
    assert standing(services, created, "NO_FIXED_ABODE") == [(OVERDUE, 24, "")]
    assert owner.findings() == []


def test_an_address_of_before_ends_no_week_that_began_after_it(services: Services, owner: Owner) -> None:
    # He has told since that he has no fixed abode.
    created = released(services, day(2026, 2, 5))
    takes(services, on(of_kind(created, no_fixed_abode=ABODE), 24))
    takes(services, on(notice(created, HOME), 20))
    assert states(services, created, "NO_FIXED_ABODE") == [OVERDUE]
    takes(services, on(notice(created, HOME), 25))
    assert states(services, created, "NO_FIXED_ABODE") == [MET]
    assert owner.findings() == []
