"""Most who are typed at a counter aren't registered: an arrival notice opens nowhere some days after it has ended."""

import datetime as dt
import uuid
from dataclasses import replace

import msgspec
import pytest

from nsor.v1 import arrivals_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import to_us
from nsor_server.ledger import operator
from nsor_server.policy.deadlines import ARRIVAL_EXPIRY, ARRIVAL_MATCHING, BACKUP_EXPIRY, DeadlineRow, Deadlines
from nsor_server.policy.holidays import Holidays
from nsor_server.registration.arrivals import notices, rules
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.rpc.naming import named
from tests.agencies import SINDH_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import POLICY, call_of
from tests.notification.test_arrivals import PENDING, arrival, listed, take, transfer
from tests.notification.test_arrivals import times as times  # noqa: PLC0414 - a fixture
from tests.notification.test_counter import with_number
from tests.orders import cnic
from tests.registration.test_closure import close
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_reviews import Clock, clock
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock"]

LAST_DAY = 14 + 7
"""The number is looked for so long, and then it opens so long still."""


def keys(services: Services) -> int:
    return int(services.one("SELECT count(*) FROM arrival_key"))


def ended(services: Services) -> None:
    """From now on a number is looked for until an hour before it was typed: its time is over at once."""
    rows = [
        DeadlineRow(**{**msgspec.structs.asdict(row), "days": None, "hours": 1, "before": True})
        if row.id == ARRIVAL_MATCHING
        else row
        for row in POLICY.deadlines.rows()
    ]
    services.policy = replace(POLICY, deadlines=Deadlines(rows, Holidays.load()))


def shown(services: Services, arrival_id: str) -> arrivals_pb2.GetArrivalNoticeResponse:
    request = arrivals_pb2.GetArrivalNoticeRequest(arrival_id=arrival_id)
    answer: arrivals_pb2.GetArrivalNoticeResponse = services.ask(call_of(SINDH_POLICE), request).response
    return answer


def test_a_notice_opens_nowhere_some_days_after_its_number_was_looked_for_last(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    number = cnic()
    created = with_number(services, number)
    for each in (number, cnic()):
        take(services, each)
    for days in (1, LAST_DAY - 1):
        clock.days = days
        assert times.look()
        assert keys(services) == 2
    assert owner.findings() == []
    clock.days = LAST_DAY + 1
    assert times.look()
    assert keys(services) == 0
    arrival_id, sealed = services.one(
        "SELECT ARRAY[arrival_id::text, encode(sealed, 'hex')] FROM arrival_notice LIMIT 1"
    )
    now = dt.datetime.now(dt.UTC)
    row = notices.StoredArrival(uuid.UUID(arrival_id).bytes, "", now, now, None, bytes.fromhex(sealed))
    with pytest.raises(errors.Internal):
        notices.opened(services.sealer, row)
    assert transfer(services, created).state == PENDING  # what followed stays
    clock.days = LAST_DAY + 2
    assert times.look()
    assert owner.findings() == []


def test_what_is_deleted_stays_so_when_policy_keeps_notices_longer() -> None:
    # Else the keys that are gone would seem to be missing.
    now, day_us = 1_790_000_000_000_000, 86_400_000_000
    first = rules.destroyed_before(POLICY.deadlines, now, 0)
    assert first == now - 7 * day_us
    longer = [
        msgspec.structs.replace(row, days=30) if row.id == ARRIVAL_EXPIRY else row for row in POLICY.deadlines.rows()
    ]
    assert rules.destroyed_before(Deadlines(longer, Holidays.load()), now + day_us, first) == first


@pytest.mark.parametrize("days", [3, 30])
def test_a_rule_that_began_while_a_notice_was_taken_counts_from_the_day_before_or_not(days: int) -> None:
    # A call that was decided just before midnight is recorded after it: neither end is too early.
    midnight = dt.datetime(2026, 3, 2, tzinfo=KARACHI)
    rows = [
        other
        for row in POLICY.deadlines.rows()
        for other in (
            (row, msgspec.structs.replace(row, valid_from=midnight.date(), days=days))
            if row.id == ARRIVAL_MATCHING
            else (row,)
        )
    ]
    policy = Deadlines(rows, Holidays.load())
    decided = midnight - dt.timedelta(seconds=1), midnight + dt.timedelta(seconds=1)
    earliest = rules.ends_not_before(policy, to_us(decided[1]))
    assert earliest == min(to_us(policy.due(ARRIVAL_MATCHING, each).due) for each in decided)


def test_of_a_register_that_has_nobody_they_go_too(services: Services, times: ReviewTimes, clock: Clock) -> None:
    take(services, cnic())
    clock.days = LAST_DAY + 1
    assert times.look()
    assert keys(services) == 0


def test_a_station_sees_it_as_long_as_the_number_is_looked_for(services: Services, owner: Owner) -> None:
    # Its key may go at any time afterwards, and earlier when somebody is erased: by that nobody learns whose it was.
    stands = take(services, cnic()).arrival_id
    ended(services)
    over = take(services, cnic()).arrival_id
    assert shown(services, stands).arrival.arrival_id == stands
    services.refused(errors.NoRecord, call_of(SINDH_POLICE), arrivals_pb2.GetArrivalNoticeRequest(arrival_id=over))
    assert [each.arrival_id for each in listed(services).items] == [stands]
    assert owner.findings() == []


def test_no_row_says_whose_number_it_was(services: Services, times: ReviewTimes, clock: Clock) -> None:
    # Whoever reads a dump sees that a station took two notices.
    number = cnic()
    with_number(services, number)
    for each in (number, cnic()):
        take(services, each)
    clock.passes()
    assert times.look()
    beside = """
        SELECT count(DISTINCT (a.place, date(a.ends_at), length(a.sealed), length(k.wrapped)))
        FROM arrival_notice AS a JOIN arrival_key AS k USING (arrival_id)
    """
    assert services.one(beside) == 1
    columns = """
        SELECT array_agg(DISTINCT column_name::text ORDER BY column_name::text) FROM information_schema.columns
        WHERE table_schema = 'public' AND starts_with(table_name, 'arrival')
    """
    assert services.one(columns) == ["arrival_id", "created_at", "ends_at", "place", "sealed", "wrapped"]


def test_its_number_labels_no_entry_and_stands_in_no_detail() -> None:
    # A label would tell which notices are of one person, and the detail would keep what the notice forgets.
    document = types_pb2.TravelDocument(number="AB1234567", country="PK")
    assert named(arrival(cnic())) == named(arrival("", travel_document=document)) == ""


def test_an_erasure_destroys_the_keys_of_those_that_had_met_it(
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, other = cnic(), cnic()
    created, _ = with_number(services, number), with_number(services, other)
    theirs, nobodys, others = (take(services, each).arrival_id for each in (number, cnic(), other))
    clock.passes()
    assert times.look()
    close(services, created, **WITHDRAWN)
    decided(services, created)
    now = operator.now
    monkeypatch.setattr(operator, "now", lambda conn: now(conn) + dt.timedelta(days=16))
    destroy(services, services.keyring)
    left = services.one("SELECT array_agg(arrival_id::text) FROM arrival_key")
    assert set(left) == {nobodys, others}
    assert theirs not in left
    assert owner.findings() == []
    clock.days = LAST_DAY + 1
    assert times.look()
    assert keys(services) == 0
    assert owner.findings() == []


def test_an_erasure_leaves_what_a_station_still_sees_to_its_own_time(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # A notice that is gone before its time would tell whoever took it whose number it was.
    number = cnic()
    created = with_number(services, number)
    taken = take(services, number).arrival_id
    clock.passes()
    assert times.look()
    before = shown(services, taken), listed(services)
    close(services, created, **WITHDRAWN)
    decided(services, created)
    (said,) = destroy(services, services.keyring)
    # Backups that are made until the key goes have it: the erasure is complete when these have expired.
    gone = POLICY.deadlines.due(ARRIVAL_EXPIRY, before[0].arrival.end_time.ToDatetime(dt.UTC)).due
    complete = POLICY.deadlines.due(BACKUP_EXPIRY, gone).due
    assert f"expired, on {complete.astimezone(dt.UTC):%Y-%m-%d}" in said
    assert (shown(services, taken), listed(services)) == before
    clock.days = LAST_DAY + 1
    assert times.look()
    assert keys(services) == 0
    assert owner.findings() == []
