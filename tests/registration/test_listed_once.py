"""A merged person is one row of a list, and silence about his transfer is told once."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from nsor.v1 import duties_pb2, notification_pb2, transfers_pb2
from nsor_server.calls import Agency
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration import claims, review_store
from nsor_server.registration.duties import states
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.persons.others import Others
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.registration.transfers import rules as transfers
from nsor_server.registration.worklists import pages, store
from nsor_server.registration.worklists.once_history import PROBLEM
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.test_merged_persons import AWAY, HOME, accepted
from tests.notification.test_notice import notice, take
from tests.orders import Created
from tests.registration.test_held import CASES
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair, pair
from tests.registration.test_reviews import clock, times
from tests.services import Services

__all__ = ["clock", "pair", "times"]

INITIAL = duties_pb2.DUTY_KIND_INITIAL_NOTICE
OVERDUE = notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE
LISTED = "the worklist isn't what there was to do"
_DAY_US = 86_400_000_000


def owed(services: Services, agency: Agency = PUNJAB_POLICE, **fields: Any) -> list[tuple[str, int]]:
    """What an agency lists: of each page the registrations, and what they owe."""
    request, found, officer = duties_pb2.ListDutiesRequest(**fields), [], call_of(agency).officer
    while True:
        page = services.ask(call_of(agency, officer), request).response
        found += [(each.registration_id, each.kind) for each in page.items]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return found


def moving(services: Services, agency: Agency) -> list[str]:
    """The registrations whose transfers an agency lists."""
    request = transfers_pb2.ListTransfersRequest()
    return [each.registration_id for each in services.ask(call_of(agency), request).response.items]


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many days the fixed times are ahead of what the database says."""
    days, state = [0], review_store.state

    def later(conn: Connection) -> review_store.State:
        found = state(conn)
        return replace(found, now_us=found.now_us + days[0] * _DAY_US)

    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    monkeypatch.setattr(review_store, "state", later)
    return days


def set_aside(pair: Pair) -> None:
    """The conviction of the first alone is set aside: he is shown with those of both."""
    shown = pair.services.get(pair.first.registration_id, NPB)
    (one,) = [each for each in shown.convictions if each.court_case.case_number == CASES[0]]
    pair.services.judge(one, "SET_ASIDE", cnics=[pair.number])


def ids(*created: Created) -> list[str]:
    return [each.registration_id for each in created]


def test_of_a_merged_person_each_duty_is_one_row(pair: Pair, owner: Owner) -> None:
    services, other = pair.services, pair.services.confirmed()
    before = owed(services)
    assert len(before) == 6
    pair.decide(MERGE)
    # Each has one row of a kind: the pair by the registration that is due first, and whoever isn't merged.
    after = owed(services)
    assert after == [each for each in before if each[0] != pair.second.registration_id]
    for size in (1, 2, 3):
        assert owed(services, page_size=size) == after
    assert owed(services, NPB) == after
    pair.decide(REOPEN)
    assert owed(services) == before
    assert other.registration_id in {one for one, _ in before}
    assert owner.findings() == []


def test_the_row_is_of_the_registration_by_which_it_is_due_first(pair: Pair, owner: Owner) -> None:
    # The first was told of where he lives: by the second he still owes it, and its row is shown.
    services = pair.services
    take(services, notice(pair.first, HOME))
    pair.decide(MERGE)
    rows = Counter(owed(services))
    assert rows[pair.second.registration_id, INITIAL] == 1
    assert {kind for one, kind in rows if one == pair.second.registration_id} == {INITIAL}
    assert max(Counter(kind for _, kind in rows).values()) == 1
    assert owner.findings() == []


def test_where_two_stations_are_responsible_each_has_its_row(pair: Pair, owner: Owner) -> None:
    services = pair.services
    take(services, notice(pair.second, AWAY))
    accepted(services, pair.second)
    pair.decide(MERGE)
    assert {one for one, _ in owed(services, PUNJAB_POLICE)} == {pair.first.registration_id}
    assert {one for one, _ in owed(services, SINDH_POLICE)} == {pair.second.registration_id}
    assert {one for one, _ in owed(services, NPB)} == {*ids(pair.first, pair.second)}
    assert owner.findings() == []


def test_what_a_record_that_does_not_stand_owes_hides_nothing(pair: Pair, owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    assert {one for one, _ in owed(services)} == {pair.first.registration_id}
    set_aside(pair)
    assert {one for one, _ in owed(services)} == {pair.second.registration_id}
    assert owner.findings() == []


def test_of_a_merged_person_a_transfer_is_one_row(pair: Pair, owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    take(services, notice(pair.second, AWAY))
    for agency in (PUNJAB_POLICE, SINDH_POLICE):
        assert moving(services, agency) == ids(pair.first)
    # One decision is on both, whichever is named.
    accepted(services, pair.first)
    for agency in (PUNJAB_POLICE, SINDH_POLICE):
        assert moving(services, agency) == []
    assert owner.findings() == []


def test_from_two_stations_each_lists_its_own_transfer(pair: Pair, owner: Owner) -> None:
    services = pair.services
    take(services, notice(pair.second, AWAY))
    accepted(services, pair.second)
    pair.decide(MERGE)  # transfers the second back to the station of the first
    take(services, notice(pair.first, "PK-PB/FSD/PS-003"))
    assert moving(services, SINDH_POLICE) == ids(pair.second)
    # To Faisalabad both are transferred, and to Punjab's police that is one row; so is what leaves Lahore.
    assert Counter(moving(services, PUNJAB_POLICE)) == Counter({pair.first.registration_id: 2})
    assert owner.findings() == []


def test_silence_about_a_transfer_is_told_once(pair: Pair, times: ReviewTimes, ahead: list[int], owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    take(services, notice(pair.second, AWAY))
    ahead[0] = 9
    assert times.look()
    assert sorted(services.owed(OVERDUE)) == sorted([PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id])
    named = "SELECT array_agg(registration_id::text) FROM outbox WHERE kind = %s"
    assert set(services.one(named, OVERDUE)) == {pair.first.registration_id}
    # It isn't told later of the other one either, nor when the first stands no more.
    set_aside(pair)
    ahead[0] = 10
    assert times.look()
    assert len(services.owed(OVERDUE)) == 2
    assert owner.findings() == []


def test_silence_that_was_told_twice_is_found(
    pair: Pair, times: ReviewTimes, ahead: list[int], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = pair.services
    pair.decide(MERGE)
    take(services, notice(pair.second, AWAY))
    ahead[0] = 9
    with monkeypatch.context() as patched:
        patched.setattr(transfers, "is_told_of_another", lambda *_: False)
        assert times.look()
    assert len(services.owed(OVERDUE)) == 4
    assert owner.findings() == ["a time for reviews doesn't name the transfers of which a time was over"]


def test_a_row_that_was_left_out_is_found(pair: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    # They aren't merged: whoever has the server says that they are.
    services = pair.services
    with monkeypatch.context() as patched:
        patched.setattr(states, "is_covered", lambda record, *_: record.registration_id == pair.second.key.bytes)
        assert {one for one, _ in owed(services)} == {pair.first.registration_id}
    assert owner.findings() == [PROBLEM]


def test_a_merged_person_who_is_shown_twice_is_found(pair: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever owns the database hides that they are merged.
    services = pair.services
    pair.decide(MERGE)
    take(services, notice(pair.second, AWAY))
    honest = claims.newest_versions
    with monkeypatch.context() as patched:
        patched.setattr(
            claims,
            "newest_versions",
            lambda *given: {one: each._replace(is_merged=False) for one, each in honest(*given).items()},
        )
        assert len(owed(services)) == 2
        assert len(moving(services, SINDH_POLICE)) == 2
    assert owner.findings() == [PROBLEM] * 2


def test_a_merge_that_comes_while_a_page_is_read_has_it_read_again(
    pair: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, honest, read = pair.services, claims.newest_versions, list[int]()

    def merging(*given: Any) -> dict[bytes, claims.Newest]:
        found = honest(*given)
        read.append(1)
        if len(read) == 1:
            pair.decide(MERGE)
        return found

    monkeypatch.setattr(claims, "newest_versions", merging)
    assert {one for one, _ in owed(services)} == {pair.first.registration_id}
    assert len(read) == 2
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("rows", "size", "shown", "last", "asked"),
    [
        ("ll", 2, [0, 1], None, [3]),
        ("lll", 2, [0, 1], 1, [3]),
        ("lbbl", 2, [0, 3], None, [3, 12]),
        ("bbbbbl", 1, [5], None, [2, 8]),
        ("lbl" + "b" * 20, 1, [0], 0, [2, 8]),
        ("b" * 500 + "l", 1, [], 399, [2, 8, 32, 128, 400]),
    ],
)
def test_a_page_is_filled_however_many_rows_are_passed_over(
    rows: str, size: int, shown: list[int], last: int | None, asked: list[int]
) -> None:
    # A short page would say that somebody was left out.
    all_rows: Any = [SimpleNamespace(place=at, is_listed=each == "l") for at, each in enumerate(rows)]
    read = list[int]()

    def page(most: int) -> store.Page:
        read.append(most)
        return store.Page(0, all_rows[:most])

    made: Any = pages.filled(page, lambda: 0, size)
    assert ([each.place for each in made.items], made.last, read) == (shown, last, asked)
    assert len(made.read) == (len(made.found.items) if last is None else last + 1)


def test_whoever_was_confirmed_first_stands_for_the_others_of_one_instant() -> None:
    def owing(place: str, due_us: int, number: int) -> record_pb2.RegistrationRecord:
        duty = record_pb2.Duty(kind=INITIAL, due_us=due_us, state=states.OPEN)
        return record_pb2.RegistrationRecord(
            registration_id=bytes([number]) * 16, state=2, custody_state=2, responsible_place=place, duties=[duty]
        )

    one, other = owing(HOME, 5, 2), owing(HOME, 5, 1)
    person = [one.registration_id, other.registration_id]
    records = {each.registration_id: each for each in (one, other)}
    assert not states.is_covered(one, one.duties[0], Others.of(person[0], person, records))
    assert states.is_covered(other, other.duties[0], Others.of(person[1], person, records))
    assert not states.is_covered(other, other.duties[0], Others.of(person[1], [], records))
    other.duties[0].due_us = 4
    assert states.is_covered(one, one.duties[0], Others.of(person[0], person, records))
    assert not states.is_covered(other, other.duties[0], Others.of(person[1], person, records))
    other.state = 3
    assert Others.of(person[0], person, records) == Others()


def test_each_registration_of_a_person_is_read_once_for_a_page(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    # And none of whoever isn't merged.
    services, read, honest = pair.services, list[bytes](), Claimants._read

    def counted(claimants: Claimants, registration_id: bytes) -> Any:
        read.append(registration_id)
        return honest(claimants, registration_id)

    monkeypatch.setattr(Claimants, "_read", counted)
    services.confirmed()
    owed(services)
    assert read == []
    pair.decide(MERGE)
    read.clear()
    owed(services)
    assert Counter(read) == Counter([pair.first.key.bytes, pair.second.key.bytes])
