"""Days on which public offices are closed, and which time limits end later for it.

Weekends, yearly holidays and those that are announced are policy data: much of it follows the moon, and is known a day
before. A day may be closed in one province only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import msgspec

from nsor_server.policy import source

COUNTRY: Final = "PK"
WEEKEND: Final = "WEEKEND"
"""The code of a day that is closed each week."""
_DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_MOST_TOGETHER: Final = 31
"""Closed days in a row; more is a mistake of the document, and no time ends later than after so many."""
_LEAP_YEAR: Final = 2024
_MOST_KEPT: Final = 1 << 14
"""Days, each of a province, of which a document knows by heart why they are closed, or that they aren't."""

HolidayCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2,16}(?:_[A-Z]{1,16}){0,4}\Z")]
"""Such as EID_UL_FITR."""
_Units = Annotated[tuple[source.UnitCode, ...], msgspec.Meta(min_length=1)]


class WeekendRow(source.Row, frozen=True):
    """The days that are closed each week, from a day on until the next row."""

    days: tuple[Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"], ...]
    valid_from: dt.date = dt.date.min

    def __post_init__(self) -> None:
        """Refuse a week without an open day."""
        source.Row.__post_init__(self)
        if set(self.days) == set(_DAYS):
            raise ValueError("a week has an open day")


class YearlyRow(source.Row, frozen=True):
    """A holiday on the same day each year.

    Attributes:
        units: provinces in which it is one; the whole country unless it is said.
        valid_from, valid_to: the first and the last day on which it is one.
    """

    code: HolidayCode
    month: Annotated[int, msgspec.Meta(ge=1, le=12)]
    day: Annotated[int, msgspec.Meta(ge=1, le=31)]
    units: _Units = (COUNTRY,)
    valid_from: dt.date = dt.date.min
    valid_to: dt.date = dt.date.max

    def __post_init__(self) -> None:
        """Refuse a day that no year has."""
        source.Row.__post_init__(self)
        dt.date(_LEAP_YEAR, self.month, self.day)

    def is_on(self, day: dt.date) -> bool:
        """Whether a day is this holiday."""
        return (day.month, day.day) == (self.month, self.day) and self.valid_from <= day <= self.valid_to


class AnnouncedRow(source.Row, frozen=True):
    """A holiday on the days that a notification names, the last one included."""

    code: HolidayCode
    first: dt.date
    last: dt.date
    units: _Units = (COUNTRY,)

    def __post_init__(self) -> None:
        """Refuse days that are out of order, or too many."""
        source.Row.__post_init__(self)
        if not dt.timedelta() <= self.last - self.first < dt.timedelta(days=_MOST_TOGETHER):
            raise ValueError(f"a holiday has 1 to {_MOST_TOGETHER} days, the first before the last")

    def is_on(self, day: dt.date) -> bool:
        """Whether a day is of this holiday."""
        return self.first <= day <= self.last


class EndsLaterRow(source.Row, frozen=True):
    """Rules of deadlines whose time ends with the next open day when its last day is closed."""

    rules: Annotated[tuple[source.RuleId, ...], msgspec.Meta(min_length=1)]


class HolidaysFile(source.Part, frozen=True):
    """The file."""

    weekend: tuple[WeekendRow, ...]
    yearly: tuple[YearlyRow, ...] = ()
    announced: tuple[AnnouncedRow, ...] = ()
    ends_later: tuple[EndsLaterRow, ...] = ()


class HolidayNameRow(source.Part, frozen=True):
    """What a holiday is called."""

    code: HolidayCode
    en: source.Name
    ur: source.Name


class HolidayNamesFile(source.Part, frozen=True):
    """The names; they decide nothing, and are no policy document."""

    name: tuple[HolidayNameRow, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """A day on which offices are closed.

    Attributes:
        day: in Asia/Karachi.
        code: of the holiday, or ``WEEKEND``.
    """

    day: dt.date
    code: str


@dataclass(frozen=True, slots=True)
class Later:
    """Why a time ends later than counted.

    Attributes:
        closed: the days from the last one that was counted on, each of them closed.
        citation: by what it ends later.
        verified: whether somebody has read that.
    """

    closed: tuple[Closed, ...]
    citation: str
    verified: bool

    @property
    def end(self) -> dt.date:
        """The last day: the first open one."""
        return self.closed[-1].day + dt.timedelta(days=1)


class Holidays:
    """The days, and the rules that look at them."""

    __slots__ = ("_codes", "_file", "_later", "_weekends")

    def __init__(self, file: HolidaysFile) -> None:
        self._file = file
        self._codes: dict[tuple[dt.date, str], str] = {}
        self._weekends = sorted(file.weekend, key=lambda row: row.valid_from, reverse=True)
        self._later = {rule: row for row in file.ends_later for rule in row.rules}
        if len(self._later) != sum(len(row.rules) for row in file.ends_later):
            raise source.PolicyError("holidays: a rule is in ends_later twice", path="ends_later")

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return cls(source.read(path or source.packaged("holidays.toml"), HolidaysFile))

    def code(self, day: dt.date, unit: str = COUNTRY) -> str:
        """Why offices of a province are closed on a day: a holiday's code, or ``WEEKEND``; empty: they are open."""
        code = self._codes.get((day, unit))
        if code is None:
            if len(self._codes) >= _MOST_KEPT:
                self._codes.clear()
            code = self._codes[day, unit] = self._code(day, unit)
        return code

    def _code(self, day: dt.date, unit: str) -> str:
        rows: Sequence[YearlyRow | AnnouncedRow] = (*self._file.announced, *self._file.yearly)
        for row in rows:
            if row.is_on(day) and (COUNTRY in row.units or unit in row.units):
                return row.code
        weekend = next((row.days for row in self._weekends if row.valid_from <= day), ())
        return WEEKEND if _DAYS[day.weekday()] in weekend else ""

    def units(self) -> frozenset[str]:
        """The provinces that have days of their own, and the whole country."""
        rows: Sequence[YearlyRow | AnnouncedRow] = (*self._file.announced, *self._file.yearly)
        return frozenset(unit for row in rows for unit in row.units) | {COUNTRY}

    def rules(self) -> tuple[str, ...]:
        """The rules of deadlines whose time may end later, sorted."""
        return tuple(sorted(self._later))

    def check_open(self, first: dt.date, days: int) -> None:
        """See that offices are open now and then in so many days from the first one on.

        Raises:
            source.PolicyError: in a province, or everywhere, they are closed too long.
        """
        for unit in sorted(self.units()):
            together = 0
            for number in range(days):
                day = first + dt.timedelta(days=number)
                together = together + 1 if self.code(day, unit) else 0
                if together > _MOST_TOGETHER:
                    raise source.PolicyError(
                        f"holidays: no office is open for more than {_MOST_TOGETHER} days until {day}", path="holidays"
                    )

    def later(self, rule_id: str, last: dt.date, unit: str = COUNTRY) -> Later | None:
        """How much later a rule's time ends than with its last counted day; None: with that day.

        Whatever a document says there is an end: else its rule's calls, and lists, would fail for everybody.
        """
        row = self._later.get(rule_id)
        closed = tuple(self._closed_from(last, unit)) if row is not None else ()
        if row is None or not closed:
            return None
        return Later(closed, row.citation, row.verified)

    def _closed_from(self, day: dt.date, unit: str) -> Iterator[Closed]:
        for number in range(_MOST_TOGETHER):
            one = day + dt.timedelta(days=number)
            code = self.code(one, unit)
            if not code:
                return
            yield Closed(one, code)
