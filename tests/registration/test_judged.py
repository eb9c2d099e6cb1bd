"""What is told of judgments at fixed times: to whoever may have a registration, whether or not one was met."""

from collections.abc import Iterator

import pytest
from google.type import date_pb2

from nsor.v1 import errors_pb2, judgments_pb2, notification_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.registration.judgments import times as told_at_times
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import (
    FIA_IMMIGRATION,
    KARACHI_COURT,
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SINDH_PRISONS,
    SINDH_PROSECUTION,
    officer_of,
)
from tests.attack.test_sealed import stream
from tests.calls import call_of, violations
from tests.orders import Created, conviction, current_address, day, order
from tests.registration.test_reviews import Clock, clock
from tests.services import Services, review_times

__all__ = ["clock"]

JUDGED = notification_pb2.EVENT_KIND_REGISTRATIONS_JUDGED
LIST = judgments_pb2.ListUnmatchedJudgmentsRequest
POSSIBLE = sorted(
    each.agency_id
    for each in (LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PRISONS, PUNJAB_PROSECUTION, SINDH_POLICE, SINDH_PRISONS)
)
"""Of a judgment about a trial in Lahore: the home and the prison of whom it meets may be anywhere."""


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def at_home_in_sindh(services: Services) -> Created:
    """Convicted in Lahore, in prison in Punjab, with his home in Karachi."""
    held = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    created = services.create(order(addresses=[current_address("PK-SD/KHI/PS-001")], custody=held))
    services.confirm(created)
    return created


def told(services: Services) -> dict[str, list[bytes]]:
    """What was owed to each agency: one event each, with the registrations that it names."""
    with services.database.owner() as owner:
        query = "SELECT recipient, registration_ids FROM outbox WHERE kind = %s ORDER BY recipient"
        found = owner.execute(query, (JUDGED,)).fetchall()
    assert len(found) == len({recipient for recipient, _ in found})
    return {recipient: [ids[at : at + 16] for at in range(0, len(ids), 16)] for recipient, ids in found}


def listed(services: Services, token: str = "") -> list[judgments_pb2.UnmatchedJudgment]:
    found: list[judgments_pb2.UnmatchedJudgment] = list(
        services.ask(call_of(NPB), LIST(page_token=token)).response.judgments
    )
    return found


@pytest.mark.parametrize("met", [True, False])
def test_who_is_told_of_judgments_follows_from_the_judgments_alone(
    services: Services, times: ReviewTimes, clock: Clock, *, met: bool
) -> None:
    # An event that only those have whom a judgment met would tell its recorder, by the tree's growth, that it met one.
    created = at_home_in_sindh(services)
    services.judge(conviction() if met else conviction(case_number="Sessions Case No. 9/2020"), "APPEAL_FILED")
    assert services.owed(JUDGED) == []
    clock.passes()
    assert times.look()
    concerned = {each.agency_id for each in (LAHORE_COURT, NPB, PUNJAB_PRISONS, PUNJAB_PROSECUTION, SINDH_POLICE)}
    expected = {one: [created.key.bytes] if met and one in concerned else [] for one in POSSIBLE}
    assert told(services) == expected
    for agency in (SINDH_PROSECUTION, KARACHI_COURT, LAHORE_HIGH_COURT, FIA_IMMIGRATION):
        assert agency.agency_id not in expected


def test_of_a_judgment_nobody_is_told_twice_and_without_one_nobody_is(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    services.confirm(services.create())
    for judged in (0, 1, 0):
        for _ in range(judged):
            services.judge(conviction(), "APPEAL_FILED")
        before = len(services.owed(JUDGED))
        clock.passes()
        assert times.look()
        assert len(services.owed(JUDGED)) - before == judged * len(POSSIBLE)


def test_what_is_left_waits_for_the_next_time(
    services: Services, times: ReviewTimes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One time's work is bounded; nothing is passed over for it.
    monkeypatch.setattr(told_at_times, "MOST", 2)
    for serial in range(1, 6):
        services.judge(conviction(case_number=f"Sessions Case No. {serial}/2020"), "APPEAL_FILED")
    for count in (2, 4, 5):
        clock.passes()
        assert times.look()
        assert len(listed(services)) == count


def streamed(services: Services, agency: Agency) -> list[notification_pb2.Event]:
    """The agency's events of this kind, as its stream tells them."""
    _, step = stream(services, agency)
    return [each for each in step.outcome.response.events if each.kind == JUDGED]


def test_what_a_judgment_has_sealed_is_not_named(services: Services, times: ReviewTimes, clock: Clock) -> None:
    # The event is read after the seal: like every other, it names no sealed record.
    kept, fell = conviction(case_number="Sessions Case No. 1/2020"), conviction(case_number="Sessions Case No. 2/2020")
    by_case = {}
    for each in (kept, fell):
        created = by_case[each.court_case.case_number] = services.create(order(convictions=[each]))
        services.confirm(created, case_number=each.court_case.case_number)
    services.judge(kept, "APPEAL_FILED")
    services.judge(fell, "SET_ASIDE")
    clock.passes()
    assert times.look()
    (event,) = streamed(services, PUNJAB_POLICE)
    assert list(event.registration_ids) == [by_case["Sessions Case No. 1/2020"].registration_id]
    (elsewhere,) = streamed(services, SINDH_POLICE)
    assert list(elsewhere.registration_ids) == []


OFF = [
    pytest.param({"judgment_date": day(2023, 5, 5)}, id="a day off"),
    pytest.param({"case_number": "Murder Reference No. 123/2022"}, id="another series"),
    pytest.param({"court_kind": types_pb2.COURT_KIND_SESSIONS_COURT}, id="another kind of court"),
]


def mistyped(wrong: dict[str, date_pb2.Date | str | int]) -> types_pb2.Conviction:
    """The conviction of an order, with something wrong."""
    made = conviction()
    for name, value in wrong.items():
        if isinstance(value, date_pb2.Date):
            made.judgment_date.CopyFrom(value)
        else:
            setattr(made.court_case, name, value)
    return made


@pytest.mark.parametrize("wrong", OFF)
def test_npb_is_told_near_which_registration_a_judgment_came(
    services: Services, times: ReviewTimes, clock: Clock, wrong: dict[str, date_pb2.Date | str | int]
) -> None:
    # One digit mistyped, and whoever is acquitted goes on being shown: nobody had heard of it.
    created = services.create()
    services.confirm(created)
    services.judge(mistyped(wrong), "SET_ASIDE")
    assert listed(services) == []
    clock.passes()
    assert times.look()
    (found,) = listed(services)
    assert list(found.near_registration_ids) == [created.registration_id]


def test_npb_is_told_of_what_met_nobody_and_of_nothing_else(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    # A judgment that met somebody, or names another man's CNIC, has no registration near it; one that waits is none.
    created = services.create()
    services.confirm(created)
    waiting = conviction(case_number="Sessions Case No. 5/2021")
    services.create(order(convictions=[waiting]))
    services.judge(conviction(), "APPEAL_FILED")
    services.judge(mistyped({"judgment_date": day(2023, 5, 5)}), "APPEAL_FILED", cnics=["3520199999991"])
    services.judge(waiting, "APPEAL_FILED")
    clock.passes()
    assert times.look()
    assert [list(each.near_registration_ids) for each in listed(services)] == [[], []]


def test_the_list_goes_on_where_a_page_ended(services: Services, times: ReviewTimes, clock: Clock) -> None:
    for serial in range(1, 28):
        services.judge(conviction(case_number=f"Sessions Case No. {serial}/2020"), "APPEAL_FILED")
        clock.passes()
        assert times.look()
    officer = officer_of(NPB)
    first = services.ask(call_of(NPB, officer), LIST()).response
    assert len(first.judgments) == 24
    second = services.ask(call_of(NPB, officer), LIST(page_token=first.next_page_token)).response
    assert (len(second.judgments), second.next_page_token) == (3, "")
    refusal = services.refused(errors.InvalidFields, call_of(NPB), LIST(page_token="zz"))
    assert violations(refusal) == [("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)]
