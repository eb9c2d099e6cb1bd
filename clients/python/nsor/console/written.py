"""How values are written on the pages: instants in Pakistan's time, days, months, names of enumerations."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

KARACHI: Final = ZoneInfo("Asia/Karachi")
_HOUR_SECONDS: Final = 3600


def when(seconds: float) -> str:
    """An instant, Unix seconds; empty for 0."""
    return f"{dt.datetime.fromtimestamp(seconds, KARACHI):%Y-%m-%d %H:%M:%S}" if seconds else ""


def duration(seconds: float) -> str:
    """How long something took: hours and minutes, such as 26:05."""
    hours, rest = divmod(max(0, int(seconds)), _HOUR_SECONDS)
    return f"{hours}:{rest // 60:02}"


def ago(seconds: float) -> tuple[str, int]:
    """How long ago something was: a text with a place for the number, and the number; what lies ahead was just now."""
    passed = max(0, int(seconds))
    for text, of in (("{count} days ago", 86_400), ("{count} hours ago", 3_600), ("{count} minutes ago", 60)):
        if passed >= 2 * of:
            return text, passed // of
    return "{count} seconds ago", passed


def name(of: EnumDescriptor, number: int) -> str:
    """A value of an enumeration without what all its values share; empty for none."""
    found = of.values_by_number.get(number)
    shared = of.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return "" if number == 0 else str(number) if found is None else found.name.removeprefix(shared)


def month(text: str) -> dt.date | None:
    """The first day of a month as a browser writes it; None for what is none."""
    try:
        return dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def month_before(day: dt.date) -> dt.date:
    """The first day of the month before a day's."""
    return (day.replace(day=1) - dt.timedelta(days=1)).replace(day=1)


def set_day(target: Timestamp, text: str, later: dt.timedelta) -> None:
    """Set an instant to the beginning of a day in Pakistan, or later; what isn't a day sets nothing."""
    try:
        day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), KARACHI)
        target.FromDatetime(day + later)
    except (ValueError, OverflowError):
        return
