"""Days, instants and ids as they are stored: the same value whichever way it takes."""

import datetime as dt
import time
import uuid

from hypothesis import given
from hypothesis import strategies as st

from nsor_server.calls import new_access_id
from nsor_server.formats import instants, uuids

UTC_DATETIMES = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)))
def test_a_day_comes_back_and_is_counted_from_1970(day: dt.date) -> None:
    date = instants.from_day((day - dt.date(1970, 1, 1)).days)
    assert (date.year, date.month, date.day) == (day.year, day.month, day.day)
    assert instants.to_date(date) == day
    assert instants.to_day(date) == (day - dt.date(1970, 1, 1)).days


@given(UTC_DATETIMES, st.integers(-14 * 60, 14 * 60))
def test_an_instant_comes_back_to_the_microsecond_whatever_its_zone(instant: dt.datetime, minutes: int) -> None:
    # A float would lose microseconds, and a row would contradict its seal.
    elsewhere = instant.astimezone(dt.timezone(dt.timedelta(minutes=minutes)))
    microseconds = instants.to_us(elsewhere)
    assert instants.instant(microseconds) == instant
    assert instants.from_us(microseconds).ToDatetime(dt.UTC) == instant
    assert 0 <= instants.from_us(microseconds).nanos < 10**9


@given(st.uuids())
def test_an_id_has_one_text_and_one_row_of_bytes(value: uuid.UUID) -> None:
    assert uuids.text(value.bytes) == str(value)
    assert uuids.raw(str(value)) == value.bytes
    assert uuids.normalise(str(value).upper()) == str(value)


def test_access_ids_are_uuids_that_grow_with_time_and_repeat_never() -> None:
    # RFC 9562: version 7, 48 bits of milliseconds first.
    before = time.time_ns() // 1_000_000
    ids = [uuid.UUID(bytes=new_access_id()) for _ in range(2_000)]
    after = time.time_ns() // 1_000_000
    milliseconds = [int.from_bytes(each.bytes[:6], "big") for each in ids]
    assert milliseconds == sorted(milliseconds)
    assert before <= milliseconds[0] <= milliseconds[-1] <= after
    assert {(each.version, each.variant) for each in ids} == {(7, uuid.RFC_4122)}
    assert len(set(ids)) == len(ids)
    # Each of the 74 random bits is both 0 and 1 somewhere.
    free = (1 << 80) - 1 & ~(0xF << 76) & ~(0x3 << 62)
    every, some = free, 0
    for each in ids:
        every &= each.int
        some |= each.int & free
    assert (every, some) == (0, free)
