# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What stands on the page, in both languages: a name, duties and their dates. No number, no offence, no office.

Whoever sees the page learns from it that somebody has duties, and not why.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from nsor.advice import Words
from nsor.errors import NsorError

KARACHI: Final = zoneinfo.ZoneInfo("Asia/Karachi")
MOST_DUTIES: Final = 12
"""More don't fit on one page in two languages."""
_MONTHS: Final = (
    ("January", "جنوری"),
    ("February", "فروری"),
    ("March", "مارچ"),
    ("April", "اپریل"),
    ("May", "مئی"),
    ("June", "جون"),
    ("July", "جولائی"),
    ("August", "اگست"),
    ("September", "ستمبر"),
    ("October", "اکتوبر"),
    ("November", "نومبر"),
    ("December", "دسمبر"),
)
_DAYS: Final = (
    ("Monday", "پیر"),
    ("Tuesday", "منگل"),
    ("Wednesday", "بدھ"),
    ("Thursday", "جمعرات"),
    ("Friday", "جمعہ"),
    ("Saturday", "ہفتہ"),
    ("Sunday", "اتوار"),
)
_TITLE: Final = Words("What you must do, and by when", "آپ کو کیا کرنا ہے، اور کب تک")
_WHAT: Final = Words("What", "کیا")
_DUE: Final = Words("By when", "کب تک")
_NO_DATE: Final = Words("when it happens", "جب ایسا ہو")
_WAS_DUE: Final = Words("was due on {}", "{} تک کرنا تھا")
_OVERDUE: Final = Words(
    "The time for some of this is over: go to your police station now.",
    "جن کاموں کا وقت گزر چکا ہے ان کے لیے ابھی اپنے تھانے جائیں۔",
)
_CLOSING: Final = Words(
    "If anything is unclear, or you can't come in time, ask at your police station before the day. Printed on {}.",
    "کچھ واضح نہ ہو، یا آپ وقت پر نہ آ سکیں، تو اس دن سے پہلے اپنے تھانے سے پوچھیں۔ یہ {} کو چھاپا گیا۔",
)


class NotPrintable(NsorError):
    """What was to be printed can't be."""

    def __init__(self, message: Words, next_step: Words) -> None:
        super().__init__("NOT_PRINTABLE", message, next_step=next_step)


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty, as it is handed over.

    Attributes:
        what: what is to be done, in both languages.
        due: by when; None: there is no date, it begins when something happens.
        overdue: its time is over.
    """

    what: Words
    due: dt.datetime | None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the page.

    Attributes:
        name: the person's name in Latin letters, or in Urdu where there is no other.
        urdu_name: the name in Urdu, or in Latin letters where there is no other.
        owed: the duties, in the order in which they are printed.
        printed: the day.
    """

    name: str
    urdu_name: str
    owed: Sequence[Owed]
    printed: dt.date


def content(sheet: Sheet) -> dict[str, Any]:
    """The texts of the page by language, as the template takes them.

    Raises:
        NotPrintable: there are more duties than fit, or a name holds signs that turn letters round.
    """
    if not 1 <= len(sheet.owed) <= MOST_DUTIES:
        raise NotPrintable(
            Words(f"A page takes 1 to {MOST_DUTIES} duties.", f"ایک صفحے پر 1 سے {MOST_DUTIES} ذمہ داریاں آتی ہیں۔"),
            Words("Print those that are due first.", "پہلے وہ چھاپیں جن کا وقت قریب ہے۔"),
        )
    for name in (sheet.name, sheet.urdu_name):
        if not name.strip() or any(
            unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} for sign in name.replace("\u200c", "")
        ):
            raise NotPrintable(
                Words(
                    "The name is empty, or holds signs that aren't letters.",
                    "نام خالی ہے، یا اس میں ایسے نشان ہیں جو حروف نہیں۔",
                ),
                Words("Correct the record's name.", "ریکارڈ میں نام درست کریں۔"),
            )
    return {"en": _part(sheet, 0), "ur": _part(sheet, 1)}


def _part(sheet: Sheet, language: int) -> dict[str, Any]:
    return {
        "title": _TITLE[language],
        "name": (sheet.name, sheet.urdu_name)[language],
        "what": _WHAT[language],
        "due": _DUE[language],
        "duties": [_duty(each, language) for each in sheet.owed],
        "now": _OVERDUE[language] if any(each.overdue for each in sheet.owed) else "",
        "closing": _CLOSING[language].format(day(sheet.printed, language)),
    }


def _duty(owed: Owed, language: int) -> dict[str, Any]:
    """One duty; what is overdue says so: a date that has passed is easily taken for one to come."""
    when = _when(owed.due, language)
    due = _WAS_DUE[language].format(when) if owed.overdue else when
    return {"what": owed.what[language], "due": due, "overdue": owed.overdue}


def _when(due: dt.datetime | None, language: int) -> str:
    if due is None:
        return _NO_DATE[language]
    here = due.astimezone(KARACHI)
    # A due time is the end of a day nearly always; the hour is said where it isn't.
    last = here - dt.timedelta(seconds=1)
    if here.time() == dt.time(0) or last.time() >= dt.time(23, 59):
        return _with_weekday((last if here.time() == dt.time(0) else here).date(), language)
    return (
        f"{_with_weekday(here.date(), language)}, {here:%H:%M}"
        if not language
        else f"{_with_weekday(here.date(), language)}، {here:%H:%M}"
    )


def _with_weekday(date: dt.date, language: int) -> str:
    return f"{_DAYS[date.weekday()][language]} {day(date, language)}"


def day(date: dt.date, language: int) -> str:
    """A day in words, which read the same way round in both directions: 27 November 2026."""
    return f"{date.day} {_MONTHS[date.month - 1][language]} {date.year}"
