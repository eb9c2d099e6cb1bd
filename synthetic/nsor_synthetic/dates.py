"""Days of synthetic orders. All lie before a fixed one, never before or after "now"."""

from __future__ import annotations

import datetime as dt
from typing import Final

from google.type import date_pb2

LAST_DAY: Final = dt.date(2025, 6, 30)
"""No date of an order is later; only travel documents expire later."""
FIRST_OFFENCE: Final = dt.date(2018, 1, 1)
"""No offence is earlier."""
_SUNDAY: Final = 6


def to_date(day: dt.date) -> date_pb2.Date:
    """Give a day as a message."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def to_day(date: date_pb2.Date) -> dt.date:
    """Give a message as a day."""
    return dt.date(date.year, date.month, date.day)


def no_sunday(day: dt.date) -> dt.date:
    """The day, or the Saturday before: courts don't sit on Sundays."""
    return day - dt.timedelta(days=1) if day.weekday() == _SUNDAY else day
