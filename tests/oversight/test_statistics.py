"""Months are counted once after their end, from what was recorded in them, and shown to NPB and the Committee alone."""

import datetime as dt
from collections.abc import Iterator

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, options_pb2, oversight_pb2
from nsor_server import errors
from nsor_server.oversight.statistics import facts, rules
from nsor_server.oversight.statistics import times as statistics_times
from nsor_server.oversight.statistics.rules import Month, MonthNotCounted
from nsor_server.oversight.statistics.times import AGAIN, StatisticsTimes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SPECIAL_COMMITTEE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import TRACING, call_of
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_emergencies import Clock, clock_of, opened, review
from tests.notification.test_events import deliver
from tests.orders import cnic
from tests.oversight.conftest import Written
from tests.registration.test_closure import close
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

Request = oversight_pb2.GetStatisticsRequest
ACCESSES = oversight_pb2.STATISTICS_MEASURE_ACCESSES
MEASURES = oversight_pb2.StatisticsMeasure.values()[1:]


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(monkeypatch)


@pytest.fixture
def times(services: Services, keyring: Keyring) -> StatisticsTimes:
    services.directory.reload()
    return StatisticsTimes(services.database, services.writer, services.directory, TRACING, keyring)


def this_month() -> Month:
    return Month.of(dt.datetime.now(dt.UTC))


def asked(month: Month, measure: oversight_pb2.StatisticsMeasure.ValueType = ACCESSES) -> Request:
    return Request(year=month.year, month=month.month, measure=measure)


def counted(services: Services, times: StatisticsTimes, clock: Clock) -> None:
    """Bring the month to its end, and have it counted."""
    deliver(services.database)
    clock.ahead = this_month().next.start - dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    while times.look():
        pass


def table(services: Services, measure: oversight_pb2.StatisticsMeasure.ValueType) -> dict[tuple[str, ...], int]:
    """What NPB is shown of this month."""
    response = services.ask(call_of(NPB), asked(this_month(), measure)).response
    paths = (
        (each.part, each.province, each.district, each.agency_id, options_pb2.Purpose.Name(each.purpose))[: each.level]
        for each in response.counts
    )
    return dict(zip(paths, (each.count for each in response.counts), strict=True))


def look_up_in_emergencies(services: Services, times: int) -> None:
    officer = services.enrolled(officer_of(PUNJAB_POLICE))
    for _ in range(times):
        review(services, opened(services, officer, cnic()))


@pytest.mark.parametrize("at_once", [1, facts.OPENED_AT_ONCE])
def test_each_fact_is_counted_once_where_it_was_recorded(
    services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(facts, "OPENED_AT_ONCE", at_once)
    monkeypatch.setattr(facts, "AT_ONCE", 10 * at_once)
    services.get(services.confirmed().registration_id, NPB)
    services.create()
    requests = AccessRequests(services)
    request = requests.created()
    requests.approve(request.access_request_id, request.etag)
    look_up_in_emergencies(services, 1)
    services.refused_by_the_register(MonthNotCounted, call_of(NPB), asked(this_month()))
    deliver(services.database)
    with services.database.transaction() as conn:
        ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
        found = facts.Facts(conn, keyring).of(0, size)
    assert set(found) == set(MEASURES)
    assert all(each.is_whole for each in found.values())

    def of(measure: oversight_pb2.StatisticsMeasure.ValueType) -> list[tuple[str, str, str, int]]:
        return sorted((each.part, each.place, each.agency, each.count) for each in found[measure].facts)

    assert of(oversight_pb2.STATISTICS_MEASURE_ENTRIES) == [("", "PK-PB/LHR", PUNJAB_PROSECUTION.agency_id, 2)]
    assert of(oversight_pb2.STATISTICS_MEASURE_IDENTITIES) == [
        ("UNVERIFIED", "PK-PB/LHR/PS-001", LAHORE_COURT.agency_id, 1)
    ]
    assert of(oversight_pb2.STATISTICS_MEASURE_ACCESS_REQUESTS) == [
        ("IN_TIME", "PK-PB/LHR", PUNJAB_PROSECUTION.agency_id, 1)
    ]
    assert of(oversight_pb2.STATISTICS_MEASURE_EMERGENCIES) == [
        ("IN_TIME", "PK-PB/LHR/PS-001", PUNJAB_POLICE.agency_id, 1)
    ]
    assert of(oversight_pb2.STATISTICS_MEASURE_REFUSALS) == [("MONTH_NOT_COUNTED", "PK", "npb", 1)]
    assert ("nsor.v1.RegistrationService/GetRegistration", "PK", "npb", 1) in of(ACCESSES)


def test_who_is_refused_is_not_believed_of_places_of_others(
    services: Services, written: Written, keyring: Keyring
) -> None:
    # Otherwise an officer fills the tables of another province with numbers that he makes up.
    first = services.one("SELECT size FROM ledger_head")
    for place in ("PK-PB/LHR/PS-001", "PK-SD/KHI/PS-001"):
        written.append(PUNJAB_POLICE.agency_id, outcome=leaf_pb2.OUTCOME_REFUSED, case=f"{place} 679/2025")
    with services.database.transaction() as conn:
        found = facts.Facts(conn, keyring).of(first, first + 2)[oversight_pb2.STATISTICS_MEASURE_REFUSALS].facts
    assert sorted(each.place for each in found) == ["PK-PB", "PK-PB/LHR/PS-001"]


def test_a_month_is_counted_once_after_its_end(services: Services, times: StatisticsTimes, clock: Clock) -> None:
    look_up_in_emergencies(services, rules.LEAST)
    deliver(services.database)
    assert not times.look()
    services.refused(MonthNotCounted, call_of(SPECIAL_COMMITTEE), asked(this_month()))
    counted(services, times, clock)
    assert services.one("SELECT count(*) FROM statistics_month") == 1
    place = ("IN_TIME", "PK-PB", "PK-PB/LHR", PUNJAB_POLICE.agency_id)
    expected = {place[:level]: rules.LEAST for level in range(5)}
    assert table(services, oversight_pb2.STATISTICS_MEASURE_EMERGENCIES) == expected
    # What is recorded from now on is the next month's.
    look_up_in_emergencies(services, 1)
    assert not times.look()
    assert table(services, oversight_pb2.STATISTICS_MEASURE_EMERGENCIES) == expected


def test_accesses_are_divided_by_agency_and_purpose(
    services: Services, times: StatisticsTimes, clock: Clock, owner: Owner
) -> None:
    registration = services.confirmed().registration_id
    for _ in range(rules.LEAST):
        services.get(registration, NPB)
    for _ in range(rules.LEAST + 1):
        services.get(registration, PUNJAB_PROSECUTION)
    counted(services, times, clock)
    counts = table(services, ACCESSES)
    method = "nsor.v1.RegistrationService/GetRegistration"
    assert {path[3:]: count for path, count in counts.items() if len(path) == 5 and path[0] == method} == {
        ("npb", "PURPOSE_REGISTER_OPERATION"): rules.LEAST,
        (PUNJAB_PROSECUTION.agency_id, "PURPOSE_REGISTRATION"): rules.LEAST + 1,
    }
    # A purpose that isn't the entry's own makes another count, and is found.
    with owner.changing(
        "UPDATE ledger_entry SET purpose = purpose + 50 WHERE agency = 'npb'",
        "UPDATE ledger_entry SET purpose = purpose - 50 WHERE agency = 'npb'",
    ):
        assert "a month's tables aren't what was recorded in it" in owner.findings()


def test_messages_that_wait_for_their_numbers_are_waited_for(
    services: Services, times: StatisticsTimes, clock: Clock
) -> None:
    look_up_in_emergencies(services, 1)
    clock.ahead = this_month().next.start - dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    assert not times.look()
    assert services.one("SELECT count(*) FROM statistics_month") == 0


def test_nobody_else_sees_it(services: Services) -> None:
    for agency in (PUNJAB_POLICE, PUNJAB_PROSECUTION, LAHORE_COURT):
        assert services.refused(errors.Denied, call_of(agency), asked(this_month())).reason == (
            errors_pb2.ERROR_REASON_NOT_ALLOWED
        )


def test_few_facts_are_not_shown(services: Services, times: StatisticsTimes, clock: Clock) -> None:
    look_up_in_emergencies(services, rules.LEAST - 1)
    counted(services, times, clock)
    assert table(services, oversight_pb2.STATISTICS_MEASURE_EMERGENCIES) == {}
    # Nor do they stand in the database.
    content = services.one("SELECT content FROM statistics_month")
    assert b"PK-PB/LHR" not in bytes(content)


def test_what_was_counted_stays_when_a_record_is_sealed(
    services: Services, times: StatisticsTimes, clock: Clock, owner: Owner
) -> None:
    created = [services.confirmed() for _ in range(rules.LEAST)]
    counted(services, times, clock)
    before = table(services, oversight_pb2.STATISTICS_MEASURE_ENTRIES)
    assert before[()] == rules.LEAST
    services.judge_all(created[0], "SET_ASIDE")
    assert not times.look()
    assert table(services, oversight_pb2.STATISTICS_MEASURE_ENTRIES) == before
    assert owner.findings() == []


def test_what_was_counted_stays_when_a_record_is_erased(
    services: Services, times: StatisticsTimes, clock: Clock, owner: Owner
) -> None:
    # Nor does whoever verifies then hold the table against what is left, and take an erasure for a fault.
    created = [services.confirmed() for _ in range(rules.LEAST)]
    counted(services, times, clock)
    before = table(services, oversight_pb2.STATISTICS_MEASURE_ENTRIES)
    close(services, created[0], **WITHDRAWN)
    decided(services, created[0])
    destroy(services, services.keyring)
    assert table(services, oversight_pb2.STATISTICS_MEASURE_ENTRIES) == before != {}
    # Of the clock, which only this test puts forward, something else is found.
    assert not [each for each in owner.findings() if "month" in each]


def test_a_month_that_cannot_be_counted_is_tried_again_later(
    services: Services, times: StatisticsTimes, clock: Clock, owner: Owner
) -> None:
    # To count takes long, and every 5 seconds would be for nothing.
    services.confirmed()
    deliver(services.database)
    clock.ahead = this_month().next.start - dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    with owner.changing(
        "UPDATE registration_version SET responsible_place = 'PK-PB/MUL' WHERE responsible_place = 'PK-PB/LHR/PS-001'",
        "UPDATE registration_version SET responsible_place = 'PK-PB/LHR/PS-001' WHERE responsible_place = 'PK-PB/MUL'",
    ):
        with pytest.raises(errors.Internal):
            times.look()
        assert not times.look()
    assert not times.look()
    clock.ahead += AGAIN
    assert times.look()


@pytest.mark.parametrize("of", ["over", "out of turn"])
def test_a_month_that_was_counted_too_early_or_out_of_turn_is_found(
    times: StatisticsTimes, owner: Owner, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    # Whoever runs another server counts when he likes; verification says that it wasn't its time.
    now = this_month()
    months = [now] if of == "over" else [Month(now.year - 1, 1), Month(now.year - 1, 3)]
    for month in months:
        monkeypatch.setattr(statistics_times, "next_month", lambda _conn, month=month: month)
        monkeypatch.setattr(statistics_times, "PATIENCE", -dt.timedelta(days=40))
        assert times.look()
    assert owner.findings() == ["a month's tables weren't counted once after its end, or not in order"]


def test_a_count_that_was_changed_is_found(
    services: Services, times: StatisticsTimes, clock: Clock, owner: Owner
) -> None:
    look_up_in_emergencies(services, rules.LEAST)
    counted(services, times, clock)
    assert owner.findings() == []
    content = services.one("SELECT content FROM statistics_month")
    more = record_pb2.StatisticsRecord.FromString(content)
    next(each for each in more.tables if each.shown).shown[0].count += 1
    owner.conn.execute("UPDATE statistics_month SET content = %s", (more.SerializeToString(),))
    # Whoever has a month counted wrongly in the first place, by rows that are hidden meanwhile, is found as well.
    assert "a month's tables aren't what was recorded in it" in owner.findings()


def test_a_table_that_was_hidden_or_changed_for_a_call_is_found(
    services: Services, times: StatisticsTimes, clock: Clock, owner: Owner
) -> None:
    look_up_in_emergencies(services, rules.LEAST)
    counted(services, times, clock)
    with owner.without("statistics_month", "true"):
        services.refused_by_the_register(MonthNotCounted, call_of(NPB), asked(this_month()))
    assert owner.findings() == ["a call was refused by something that wasn't so when it was read"]
    with owner.changing(
        "UPDATE statistics_month SET content = content || '\\x12001200'",
        "UPDATE statistics_month SET content = substr(content, 1, length(content) - 4)",
    ):
        table(services, ACCESSES)
    assert "a monthly table was shown that wasn't the one that was counted" in owner.findings()
