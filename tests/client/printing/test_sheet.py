"""What stands on the page: a name, duties and dates in both languages, and nothing else."""

import datetime as dt
from dataclasses import replace

import pytest

from nsor.advice import Words
from nsor.printing.sheet import MOST_DUTIES, NotPrintable, Owed, Sheet, content

VERIFICATION = Words("Come to be verified", "تصدیق کے لیے آنا")
SHEET = Sheet(
    name="Muhammad Aslam",
    urdu_name="محمد اسلم",
    owed=[Owed(VERIFICATION, dt.datetime(2026, 12, 4, 18, 59, 59, tzinfo=dt.UTC)), Owed(VERIFICATION, None)],
    printed=dt.date(2026, 11, 27),
)


def _dates(due: dt.datetime) -> tuple[str, str]:
    found = content(replace(SHEET, owed=[Owed(VERIFICATION, due)]))
    return found["en"]["duties"][0]["due"], found["ur"]["duties"][0]["due"]


def test_a_page_has_the_same_in_both_languages() -> None:
    found = content(SHEET)
    assert found["en"]["name"] == "Muhammad Aslam"
    assert found["ur"]["name"] == "محمد اسلم"
    assert [each["what"] for each in found["ur"]["duties"]] == [VERIFICATION.ur] * 2
    assert found["en"]["duties"][1]["due"] == "when it happens"
    assert "27 November 2026" in found["en"]["closing"]
    assert "27 نومبر 2026" in found["ur"]["closing"]
    # Whoever finds the page must not learn from it why somebody has duties.
    said = str(found).lower()
    assert not [word for word in ("offen", "regist", "convict", "sex", "مجرم", "رجسٹر", "جرم") if word in said]


@pytest.mark.parametrize(
    ("due", "english", "urdu"),
    [
        # The last instant of a day in Pakistan, its end, and an hour within it.
        (dt.datetime(2026, 12, 4, 18, 59, 59, tzinfo=dt.UTC), "Friday 4 December 2026", "جمعہ 4 دسمبر 2026"),
        (dt.datetime(2026, 12, 4, 19, 0, tzinfo=dt.UTC), "Friday 4 December 2026", "جمعہ 4 دسمبر 2026"),
        (dt.datetime(2026, 12, 4, 20, 0, tzinfo=dt.UTC), "Saturday 5 December 2026, 01:00", "ہفتہ 5 دسمبر 2026، 01:00"),
        (dt.datetime(2026, 12, 4, 19, 1, tzinfo=dt.UTC), "Saturday 5 December 2026, 00:01", "ہفتہ 5 دسمبر 2026، 00:01"),
    ],
)
def test_a_date_is_the_day_in_pakistan(due: dt.datetime, english: str, urdu: str) -> None:
    assert _dates(due) == (english, urdu)


def test_what_is_overdue_says_that_it_was_due_and_where_to_go_now() -> None:
    # A date that has passed, and nothing beside it, is easily taken for one to come.
    due = SHEET.owed[0].due
    found = content(replace(SHEET, owed=[Owed(VERIFICATION, due, overdue=True), Owed(VERIFICATION, due)]))
    english, urdu = found["en"], found["ur"]
    assert [each["due"] for each in english["duties"]] == [
        "was due on Friday 4 December 2026",
        "Friday 4 December 2026",
    ]
    assert [each["due"] for each in urdu["duties"]] == ["جمعہ 4 دسمبر 2026 تک کرنا تھا", "جمعہ 4 دسمبر 2026"]
    assert [each["overdue"] for each in english["duties"]] == [True, False]
    assert "go to your police station now" in english["now"]
    assert "ابھی اپنے تھانے جائیں" in urdu["now"]
    assert {content(SHEET)[language]["now"] for language in ("en", "ur")} == {""}


@pytest.mark.parametrize("name", ["", "  ", "Aslam\u202e", "As\nlam", "As\u2066lam", "As\u200elam"])
def test_a_name_with_signs_that_turn_letters_round_is_refused(name: str) -> None:
    for sheet in (replace(SHEET, name=name), replace(SHEET, urdu_name=name)):
        with pytest.raises(NotPrintable) as raised:
            content(sheet)
        assert "Aslam" not in raised.value.message.en


@pytest.mark.parametrize("number", [0, MOST_DUTIES + 1])
def test_a_page_takes_so_many_duties(number: int) -> None:
    with pytest.raises(NotPrintable, match="1 to 12 duties"):
        content(replace(SHEET, owed=[Owed(VERIFICATION, None)] * number))
