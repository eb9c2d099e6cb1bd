"""Calendar days, and today as the register's law sees it: in Asia/Karachi."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import errors_pb2
from nsor_server.formats.errors import FormatError

KARACHI: Final = ZoneInfo("Asia/Karachi")
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2199


def today() -> dt.date:
    """Give today's date in Asia/Karachi."""
    return dt.datetime.now(KARACHI).date()


def read(date: date_pb2.Date) -> dt.date:
    """Give the calendar day; year, month and day must all be set.

    Raises:
        FormatError: DATE_INVALID.
    """
    if not _FIRST_YEAR <= date.year <= _LAST_YEAR:
        raise FormatError(errors_pb2.FIELD_REASON_DATE_INVALID)
    try:
        return dt.date(date.year, date.month, date.day)
    except ValueError:
        # Not chained: Python's own text repeats the value.
        raise FormatError(errors_pb2.FIELD_REASON_DATE_INVALID) from None


def of_field(message: Message, field: str) -> dt.date | None:
    """Give the date of a field, or nothing when it isn't set or isn't a date: that was reported already."""
    if not message.HasField(field):
        return None
    try:
        return read(getattr(message, field))
    except FormatError:
        return None
