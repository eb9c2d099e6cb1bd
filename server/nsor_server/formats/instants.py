"""Days and instants as they are stored, and as the contract writes them, for checked requests: dates are real days."""

from __future__ import annotations

import datetime as dt
from typing import Final

from google.protobuf import timestamp_pb2
from google.type import date_pb2

_EPOCH_ORDINAL: Final = dt.date(1970, 1, 1).toordinal()
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_SECOND_US: Final = 1_000_000


def to_date(date: date_pb2.Date) -> dt.date:
    """The calendar day of a checked date."""
    return dt.date(date.year, date.month, date.day)


def to_day(date: date_pb2.Date) -> int:
    """Days since 1970-01-01 of a checked date."""
    return day_of(to_date(date))


def day_of(date: dt.date) -> int:
    """Days since 1970-01-01 of a calendar day."""
    return date.toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> dt.date:
    """The calendar day that is ``day`` days after 1970-01-01."""
    return dt.date.fromordinal(day + _EPOCH_ORDINAL)


def set_day(target: date_pb2.Date, day: int) -> None:
    """Set a date to ``day`` days after 1970-01-01."""
    set_date(target, date_of(day))


def set_date(target: date_pb2.Date, date: dt.date) -> None:
    """Set a date to a calendar day."""
    target.year, target.month, target.day = date.year, date.month, date.day


def from_day(day: int) -> date_pb2.Date:
    """The date that is ``day`` days after 1970-01-01."""
    date = date_pb2.Date()
    set_day(date, day)
    return date


def to_us(instant: dt.datetime) -> int:
    """Microseconds since 1970 of an instant with a time zone."""
    return (instant - _EPOCH) // _MICROSECOND


def set_us(target: timestamp_pb2.Timestamp, microseconds: int) -> None:
    """Set a timestamp to an instant in microseconds since 1970."""
    seconds, rest = divmod(microseconds, _SECOND_US)
    target.seconds, target.nanos = seconds, rest * 1000


def from_us(microseconds: int) -> timestamp_pb2.Timestamp:
    """The timestamp of an instant in microseconds since 1970."""
    timestamp = timestamp_pb2.Timestamp()
    set_us(timestamp, microseconds)
    return timestamp


def instant(microseconds: int) -> dt.datetime:
    """The instant, in UTC, of microseconds since 1970."""
    return _EPOCH + microseconds * _MICROSECOND
