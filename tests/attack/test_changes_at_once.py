"""What several who have part in a record do to it: nothing waits for ever, and nobody finds out what he isn't shown."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from nsor.v1 import errors_pb2, registration_pb2, reviews_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Call
from nsor_server.ledger.entry import StaleRead
from nsor_server.registration.reviews import STALE_LOOKS, ReviewTimes
from nsor_server.registration.validation import overdue
from nsor_server.storage.keyring import Keyring
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PRISONS
from tests.attack.conftest import Owner
from tests.calls import call_of, violations
from tests.orders import cnic, conviction, day, order
from tests.registration.test_closure import RESTORED, close, confirmed, old, time
from tests.registration.test_corrections import AGREES, NAME, asked, decision, listed
from tests.registration.test_custody import at_large, event, happens, held
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_review_decisions import MERGE, Pair
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "time", "times"]

ARCHIVED, CONFIRMED = registration_pb2.REGISTRATION_STATE_ARCHIVED, registration_pb2.REGISTRATION_STATE_CONFIRMED


@pytest.mark.parametrize("disputed", [True, False])
def test_nothing_that_is_asked_for_postpones_the_end_of_a_term(
    services: Services, time: Callable[[], None], owner: Owner, *, disputed: bool
) -> None:
    # Anybody at a station may ask every day. What was asked for meets a record that is taken out of the archive.
    created = confirmed(services, convictions=[old()])
    if disputed:
        services.judge(old(), "APPEAL_FILED")
        asked(services, registration_id=created.registration_id)
        time()
        (met,) = listed(services, created)
        services.ask(call_of(PUNJAB_POLICE), decision(created, met.correction_id, AGREES))
        services.judge(old(), "APPEAL_DISMISSED")
    asked(services, registration_id=created.registration_id, contests_refusal=disputed)
    time()
    assert services.get(created.registration_id, NPB).state == ARCHIVED
    close(services, created, kind=RESTORED)
    time()
    assert len(listed(services, created)) == 1 + disputed
    assert list(services.get(created.registration_id, NPB).disputed) == [NAME] * disputed
    assert owner.findings() == []


def test_whom_a_time_archives_holds_nobody_back_any_more(
    services: Services, time: Callable[[], None], owner: Owner
) -> None:
    # The same time would else name him as the one who had the number first.
    over, later = confirmed(services, number := cnic(), convictions=[old()]), confirmed(services, number)
    time()
    assert [services.get(each.registration_id, NPB).state for each in (over, later)] == [ARCHIVED, CONFIRMED]
    assert not services.get(later.registration_id, NPB).held_for_review
    reviews = services.ask(call_of(NPB), reviews_pb2.ListReviewsRequest()).response.reviews
    assert not any(each.identifier for each in reviews)  # that their names are alike may be said
    assert owner.findings() == []


def test_of_whom_a_time_archives_nothing_else_is_told(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both have to be looked at again, and a time takes one: it is the one who stays.
    monkeypatch.setattr(overdue, "MOST", 1)
    over, within = confirmed(services, convictions=[old()]), confirmed(services)
    while times.follow():
        pass
    clock.days = 370
    assert times.look()
    assert [services.get(each.registration_id, NPB).state for each in (over, within)] == [ARCHIVED, CONFIRMED]
    assert owner.findings() == []


def test_what_stood_for_a_while_between_two_times_accuses_nobody(
    services: Services, time: Callable[[], None], owner: Owner
) -> None:
    # It was asked for before the court confirmed it, and a judgment has sealed it before anybody could be told.
    asked(services, cnic=(number := cnic()))
    confirmed(services)
    time()
    confirmed(services, number)
    services.judge(conviction(), "SET_ASIDE")
    time()
    assert owner.findings() == []


def test_a_correction_of_what_was_erased_stops_no_time(
    services: Services, time: Callable[[], None], keyring: Keyring, owner: Owner
) -> None:
    # One officer of any station who has such an id would keep every later time from being written.
    erased, created = services.create(), confirmed(services)
    decided(services, erased)
    destroy(services, keyring)
    for each in (erased, created):
        asked(services, registration_id=each.registration_id)
    time()
    assert len(listed(services, created)) == 1
    assert owner.findings() == []


def test_a_time_that_is_never_written_is_no_secret(
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Until it is written nobody hears of anything that is overdue, disputed or held.
    confirmed(services)
    clock.passes()

    def moved_on(_call: Call) -> None:
        raise StaleRead

    monkeypatch.setattr(services.writer, "submit", moved_on)
    with caplog.at_level(logging.CRITICAL):
        assert not any(times.look() for _ in range(STALE_LOOKS))
    assert caplog.messages == [f"ALERT CALL_FAILED: reviews couldn't be written {STALE_LOOKS} times in a row"]


def test_of_a_person_no_record_is_archived_before_the_others_are_over(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # In one record the last conviction counts for all: two officers who merge two must not shorten anybody's term.
    number, case_number = cnic(), "Sessions Case No. 7/2023"
    over = confirmed(services, number, convictions=[old()])
    within = services.create(order(number, convictions=[conviction(case_number=case_number)]))
    services.confirm(within, case_number=case_number)
    clock.passes()
    assert times.look()
    Pair(services, number, over, within).decide(MERGE)
    while times.follow():
        pass
    clock.passes()
    assert times.look()
    assert [services.get(each.registration_id, NPB).state for each in (over, within)] == [CONFIRMED, CONFIRMED]
    assert owner.findings() == []


def test_police_do_not_find_out_the_day_of_a_judgment_that_they_are_not_shown(services: Services) -> None:
    created = at_large(services, types_pb2.CUSTODY_STATE_RELEASED)
    # Trying days would cost them nothing: what is refused is written nowhere.
    assert not services.get(created.registration_id, PUNJAB_POLICE).convictions
    early = event(services, created, "DECEASED", event_date=day(2023, 5, 3))
    services.ask(call_of(PUNJAB_POLICE), early)
    imprisoned = held(services)
    refusal = services.refused(
        errors.InvalidFields, call_of(PUNJAB_PRISONS), event(services, imprisoned, "BAILED", event_date=day(2023, 5, 3))
    )
    assert violations(refusal) == [("event_date", errors_pb2.FIELD_REASON_DATE_ORDER)]


def test_a_wrong_report_of_a_death_is_taken_back(services: Services, owner: Owner) -> None:
    # One officer reports it, and nobody has verified it: whoever lives doesn't stay dead.
    created = at_large(services, types_pb2.CUSTODY_STATE_RELEASED)
    happens(services, created, "DECEASED", PUNJAB_POLICE)
    happens(services, created, "RELEASED", PUNJAB_POLICE)
    imprisoned = held(services)
    happens(services, imprisoned, "DECEASED")
    # Nobody is freed by a false death.
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), event(services, imprisoned, "RELEASED"))
    happens(services, imprisoned, "RECALLED", PUNJAB_POLICE, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    happens(services, imprisoned, "ADMITTED")
    custody = [services.get(each.registration_id, NPB).custody for each in (created, imprisoned)]
    assert custody == [
        types_pb2.Custody(state=types_pb2.CUSTODY_STATE_RELEASED),
        types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id),
    ]
    assert owner.findings() == []
