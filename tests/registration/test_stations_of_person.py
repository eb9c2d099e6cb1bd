"""A merged person has one responsible station, and each registration its own again once the merge is undone."""

import contextlib
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import custody_pb2, notification_pb2, transfers_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.registration.persons import changes, joined, rejoined
from nsor_server.registration.reviews import ReviewTimes
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_set_back import confirmed
from tests.calls import call_of
from tests.notification.test_merged_persons import AWAY, HOME, places
from tests.notification.test_notice import notice, take
from tests.notification.test_notice_kinds import named, names, of_kind
from tests.orders import Created, cnic
from tests.registration.test_corrections import AGREES, asked, decision, disputes
from tests.registration.test_corrections import listed as corrections
from tests.registration.test_corrections import meet as meet  # noqa: PLC0414 - a fixture
from tests.registration.test_custody import acceptance, expected, happens
from tests.registration.test_held import CASES, restore
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair, pair
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "pair", "times"]

OPENED = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OPENED
RELEASED = custody_pb2.CUSTODY_EVENT_KIND_RELEASED
RETURNED = "a time for reviews hasn't joined a registration that stands again to its person, or joined another"
PROBLEM = "a registration isn't what NPB's merge, or its end, makes of it"


def accepts(services: Services, created: Created, by: Agency) -> Any:
    request = transfers_pb2.DecideTransferRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        etag=services.get(created.registration_id, NPB).etag,
        decision=transfers_pb2.TRANSFER_DECISION_ACCEPT,
    )
    return services.ask(call_of(by), request).response


def open_to(services: Services, created: Created, agency: Agency) -> list[tuple[str, str]]:
    """The open transfers of a registration that an agency lists: from where to where."""
    items = services.ask(call_of(agency), transfers_pb2.ListTransfersRequest()).response.items
    return [
        (each.transfer.from_place, each.transfer.to_place)
        for each in items
        if each.registration_id == created.registration_id
    ]


@pytest.fixture
def apart(pair: Pair) -> Pair:
    """Two registrations of one person, of which Sindh is responsible for the second."""
    take(pair.services, notice(pair.second, AWAY))
    accepts(pair.services, pair.second, SINDH_POLICE)
    return pair


def test_a_merge_opens_a_transfer_to_the_station_of_the_first(apart: Pair, owner: Owner) -> None:
    services, told = apart.services, Counter(apart.services.owed(OPENED))
    apart.decide(MERGE)
    # The old station stays responsible until the new one has accepted.
    assert [places(services, each)[0] for each in (apart.first, apart.second)] == [HOME, AWAY]
    assert open_to(services, apart.second, PUNJAB_POLICE) == [(AWAY, HOME)]
    assert not open_to(services, apart.first, PUNJAB_POLICE)
    hear = [each.agency_id for each in (NPB, PUNJAB_POLICE, SINDH_POLICE)]
    assert Counter(services.owed(OPENED)) - told == Counter(hear)
    accepts(services, apart.second, PUNJAB_POLICE)
    assert [places(services, each)[0] for each in (apart.first, apart.second)] == [HOME, HOME]
    assert owner.findings() == []


def test_when_it_is_undone_the_transfer_ends(apart: Pair, owner: Owner) -> None:
    services = apart.services
    apart.decide(MERGE)
    apart.decide(REOPEN)
    assert [places(services, each)[0] for each in (apart.first, apart.second)] == [HOME, AWAY]
    assert open_to(services, apart.second, SINDH_POLICE) == []
    assert owner.findings() == []


def test_when_it_is_undone_whoever_was_transferred_is_transferred_back(apart: Pair, owner: Owner) -> None:
    services = apart.services
    apart.decide(MERGE)
    accepts(services, apart.second, PUNJAB_POLICE)
    apart.decide(REOPEN)
    assert places(services, apart.second)[0] == HOME  # nobody falls in a gap
    assert open_to(services, apart.second, SINDH_POLICE) == [(HOME, AWAY)]
    accepts(services, apart.second, SINDH_POLICE)
    assert [places(services, each)[0] for each in (apart.first, apart.second)] == [HOME, AWAY]
    apart.decide(MERGE)
    apart.decide(REOPEN)
    assert [places(services, each)[0] for each in (apart.first, apart.second)] == [HOME, AWAY]
    assert owner.findings() == []


def test_a_release_that_is_taken_back_leaves_him_whose_he_was_apart(apart: Pair, owner: Owner) -> None:
    services = apart.services
    apart.decide(MERGE)
    accepts(services, apart.second, PUNJAB_POLICE)
    happens(services, apart.second, "RECALLED", PUNJAB_POLICE, prisons_agency_id="punjab-prisons")
    happens(services, apart.second, "ADMITTED")
    expected(services, apart.second, "PK-SD/KHI/PS-003")
    services.ask(call_of(SINDH_POLICE), acceptance(services, apart.second))
    happens(services, apart.second, "RELEASED")
    assert places(services, apart.second)[0] == "PK-SD/KHI/PS-003"
    happens(services, apart.second, "TAKEN_BACK", taken_back_kind=RELEASED)
    assert places(services, apart.second)[0] == HOME
    apart.decide(REOPEN)
    assert open_to(services, apart.second, SINDH_POLICE) == [(HOME, AWAY)]
    assert owner.findings() == []


def test_when_it_is_undone_nothing_is_left_of_what_was_told_of_another(pair: Pair, owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    take(services, of_kind(pair.first, name=names(named("Zafar Khan"))))
    take(services, of_kind(pair.second, name=names(named("Zafar Ali"))))
    take(services, notice(pair.first, AWAY))
    accepts(services, pair.first, SINDH_POLICE)
    assert places(services, pair.second)[0] == AWAY
    pair.decide(REOPEN)
    assert places(services, pair.second) == (AWAY, [HOME])
    assert open_to(services, pair.second, PUNJAB_POLICE) == [(AWAY, HOME)]
    assert places(services, pair.first) == (AWAY, [HOME, AWAY])
    assert not open_to(services, pair.first, SINDH_POLICE)
    known = [
        {each.name for each in services.get(one.registration_id, NPB).person.names} & {"Zafar Khan", "Zafar Ali"}
        for one in (pair.first, pair.second)
    ]
    assert known == [{"Zafar Khan"}, {"Zafar Ali"}]
    assert owner.findings() == []


def test_a_move_of_his_own_is_no_reason_to_transfer_him_back(apart: Pair, owner: Owner) -> None:
    services = apart.services
    apart.decide(MERGE)
    accepts(services, apart.second, PUNJAB_POLICE)
    take(services, notice(apart.second, "PK-SD/KHI/PS-001"))
    accepts(services, apart.second, SINDH_POLICE)
    apart.decide(REOPEN)
    assert places(services, apart.second)[0] == "PK-SD/KHI/PS-001"
    assert open_to(services, apart.second, SINDH_POLICE) == []
    assert open_to(services, apart.first, PUNJAB_POLICE) == [("PK-SD/KHI/PS-001", HOME)]
    assert owner.findings() == []


@pytest.mark.parametrize("undone", [False, True])
def test_a_merge_that_was_not_carried_out_is_found(
    apart: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch, *, undone: bool
) -> None:
    if undone:
        apart.decide(MERGE)
    monkeypatch.setattr(changes.Changes, "_join", lambda *_, **__: None)
    apart.decide(REOPEN if undone else MERGE)
    assert owner.findings() == [PROBLEM]


def set_aside(pair: Pair, case: str) -> None:
    """The conviction of one of the pair is set aside; a merged person is shown with those of both."""
    for each in (pair.first, pair.second):
        with contextlib.suppress(errors.NoRecord):
            shown = pair.services.get(each.registration_id, NPB)
            found = [one for one in shown.convictions if one.court_case.case_number == case]
            if found:
                pair.services.judge(found[0], "SET_ASIDE", cnics=[pair.number])
                return
    raise AssertionError


@pytest.fixture
def away(pair: Pair) -> Pair:
    """They are merged, and he has moved while the second one was sealed."""
    pair.decide(MERGE)
    set_aside(pair, CASES[1])
    take(pair.services, notice(pair.first, AWAY))
    accepts(pair.services, pair.first, SINDH_POLICE)
    return pair


def stands_again(pair: Pair, clock: Clock, times: ReviewTimes) -> None:
    """The second is unsealed, and the next time comes."""
    restore(pair.services, CASES[1])
    clock.passes()
    assert times.look()


def test_one_that_stands_again_joins_the_person_at_the_next_time(
    away: Pair, clock: Clock, times: ReviewTimes, owner: Owner
) -> None:
    # It stayed with the station that it had, which knows nothing of him any more.
    services = away.services
    restore(services, CASES[1])
    told = Counter(services.owed(OPENED))
    assert open_to(services, away.second, SINDH_POLICE) == []
    clock.passes()
    assert times.look()
    assert open_to(services, away.second, SINDH_POLICE) == [(HOME, AWAY)]
    hear = [each.agency_id for each in (NPB, PUNJAB_POLICE, SINDH_POLICE)]
    assert Counter(services.owed(OPENED)) - told == Counter(hear)
    # Once, and the old station stays responsible until the new one has accepted.
    assert places(services, away.second)[0] == HOME
    accepts(services, away.second, SINDH_POLICE)
    clock.passes()
    assert times.look()
    assert places(services, away.second)[0] == AWAY
    away.decide(REOPEN)
    assert open_to(services, away.second, PUNJAB_POLICE) == [(AWAY, HOME)]
    assert owner.findings() == []


@pytest.mark.parametrize("is_merged", [False, True])
def test_one_of_the_same_station_or_of_nobody_is_left_as_it_is(
    pair: Pair, clock: Clock, times: ReviewTimes, owner: Owner, *, is_merged: bool
) -> None:
    services = pair.services
    if is_merged:
        pair.decide(MERGE)
    set_aside(pair, CASES[1])
    restore(services, CASES[1])
    versions = "SELECT max(version) FROM registration_version WHERE registration_id = %s"
    before = services.one(versions, pair.second.key)
    clock.passes()
    assert times.look()
    assert services.one(versions, pair.second.key) == before
    assert owner.findings() == []


def test_the_first_joins_those_that_stood_meanwhile(pair: Pair, clock: Clock, times: ReviewTimes, owner: Owner) -> None:
    # What was told meanwhile was told of the others.
    services = pair.services
    pair.decide(MERGE)
    set_aside(pair, CASES[0])
    take(services, notice(pair.second, AWAY))
    accepts(services, pair.second, SINDH_POLICE)
    restore(services, CASES[0])
    clock.passes()
    assert times.look()
    assert open_to(services, pair.first, SINDH_POLICE) == [(HOME, AWAY)]
    assert places(services, pair.second)[0] == AWAY
    assert owner.findings() == []


def test_one_that_the_time_disputes_joins_at_the_next(
    services: Services, meet: Callable[[], None], owner: Owner
) -> None:
    # Of a registration a time writes one version: it says first that the person contests a refusal.
    first, second = (confirmed(services, number, case) for number in (cnic(),) for case in CASES[:2])
    both = Pair(services, services.get(first.registration_id, NPB).person.cnic, first, second)
    asked(services, cnic=both.number)
    meet()
    (one,) = corrections(services, second)
    services.ask(call_of(PUNJAB_POLICE), decision(second, one.correction_id, AGREES))
    both.decide(MERGE)
    set_aside(both, CASES[1])
    take(services, notice(first, AWAY))
    accepts(services, first, SINDH_POLICE)
    restore(services, CASES[1])
    asked(services, cnic=both.number, contests_refusal=True)
    meet()
    assert disputes(services, second)
    assert open_to(services, second, SINDH_POLICE) == []
    meet()
    assert open_to(services, second, SINDH_POLICE) == [(HOME, AWAY)]
    assert owner.findings() == []


def test_one_that_waits_joins_at_the_next_time(
    away: Pair, clock: Clock, times: ReviewTimes, owner: Owner, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a registration a time writes one version, and of them no more than a commit takes.
    with monkeypatch.context() as patched:
        patched.setattr(rejoined, "MOST", 0)
        stands_again(away, clock, times)
        assert open_to(away.services, away.second, SINDH_POLICE) == []
        assert owner.findings() == []
    clock.passes()
    assert times.look()
    assert open_to(away.services, away.second, SINDH_POLICE) == [(HOME, AWAY)]


def _nobody(*_: Any, **__: Any) -> None:
    return None


def _elsewhere(*_: Any, **__: Any) -> str:
    return "PK-PB/FSD/PS-003"


@pytest.mark.parametrize(("name", "made_up"), [("first", _nobody), ("station", _elsewhere)])
def test_one_that_was_not_joined_or_to_another_station_is_found(
    away: Pair,
    clock: Clock,
    times: ReviewTimes,
    owner: Owner,
    *,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    made_up: Any,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(joined, name, made_up)
        stands_again(away, clock, times)
    assert owner.findings() == [RETURNED]


def test_one_that_is_said_to_wait_for_nothing_is_found(
    away: Pair, clock: Clock, times: ReviewTimes, owner: Owner, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rejoined, "MOST", 0)
        stands_again(away, clock, times)
    assert owner.findings() == [RETURNED]
