"""Time limits whose last day is one on which offices are closed."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nsor.v1 import types_pb2
from nsor_server.formats.instants import to_date
from nsor_server.policy import documents, explained, source, succession
from nsor_server.policy.deadlines import KARACHI, Due
from nsor_server.policy.holidays import Holidays
from nsor_server.policy.loaded import Policy

SHIPPED = Policy.load()
TODAY = dt.date(2026, 11, 26)
SATURDAYS = '\n[[weekend]]\ndays = ["SUNDAY"]\nvalid_from = {since}\ncitation = "c"\nverified = false\n'
NEVER_OPEN = SATURDAYS.replace(
    '"SUNDAY"', '"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"'
)
YEARLY = '\n[[yearly]]\ncode = "SINDH_DAY"\nmonth = 4\nday = 4\nunits = ["PK-SD"]\ncitation = "c"\nverified = true\n'
ANNOUNCED = '\n[[announced]]\ncode = "{code}"\nfirst = {first}\nlast = {last}\ncitation = "c"\nverified = true\n'


def policy(change: tuple[str, str] = ("", ""), more: str = "") -> Policy:
    toml = source.packaged("holidays.toml").read_text(encoding="utf-8")
    assert change[0] in toml
    return SHIPPED.replaced("holidays", documents.parse("holidays", (toml.replace(*change) + more).encode()))


def due(rule: str, start: dt.date, by: Policy = SHIPPED, unit: str = "PK") -> Due:
    return by.deadlines.due(rule, dt.datetime.combine(start, dt.time(), KARACHI), unit)


def closed(found: types_pb2.Deadline) -> list[tuple[str, str]]:
    return [(to_date(each.date).isoformat(), each.holiday) for each in found.later.closed_days]


def test_a_time_that_ends_on_a_holiday_ends_with_the_next_open_day_and_says_why() -> None:
    # Seven days from 13 March 2026 are the first day of Eid; then it is a weekend, and Pakistan Day.
    found = due("address-change-notice", dt.date(2026, 3, 13))
    assert found.due == dt.datetime(2026, 3, 24, 23, 59, 59, tzinfo=KARACHI)
    message = found.message()
    assert closed(message) == [
        ("2026-03-20", "EID_UL_FITR"),
        ("2026-03-21", "EID_UL_FITR"),
        ("2026-03-22", "EID_UL_FITR"),
        ("2026-03-23", "PAKISTAN_DAY"),
    ]
    assert "General Clauses Act" in message.later.citation


def test_a_time_that_ends_on_an_open_day_ends_there_whatever_was_closed_in_its_middle() -> None:
    found = due("address-change-notice", dt.date(2026, 3, 18))  # Eid and Pakistan Day are in its middle
    assert found.due.date() == dt.date(2026, 3, 25)
    assert not found.message().HasField("later")


def test_what_moves_a_verified_time_and_was_not_read_makes_it_a_working_value() -> None:
    # s.18(3) was read; that an appeal may be filed when the court opens again wasn't.
    assert due("appeal-window", dt.date(2026, 9, 1)).verified
    found = due("appeal-window", dt.date(2026, 9, 3))  # 30 days later is a Saturday
    assert (found.due.date(), found.verified) == (dt.date(2026, 10, 5), False)
    assert closed(found.message()) == [("2026-10-03", "WEEKEND"), ("2026-10-04", "WEEKEND")]


@pytest.mark.parametrize(
    ("rule", "start", "ends"),
    [
        ("grant-expiry", dt.date(2026, 11, 21), dt.date(2026, 12, 5)),  # a Saturday
        ("prosecutor-forwarding", dt.date(2026, 11, 26), dt.date(2026, 11, 28)),
        ("foreign-travel-lead", dt.date(2026, 12, 5), dt.date(2026, 11, 28)),
    ],
)
def test_a_rule_that_is_not_named_ends_as_counted(rule: str, start: dt.date, ends: dt.date) -> None:
    found = due(rule, start)
    assert found.due.date() == ends
    assert found.later is None


def test_a_day_may_be_closed_in_one_province() -> None:
    by = policy(more=YEARLY)
    start = dt.date(2028, 3, 28)  # seven days later is 4 April 2028, a Tuesday
    assert due("address-change-notice", start, by).due.date() == dt.date(2028, 4, 4)
    assert due("address-change-notice", start, by, "PK-PB").due.date() == dt.date(2028, 4, 4)
    assert due("address-change-notice", start, by, "PK-SD").due.date() == dt.date(2028, 4, 5)


def test_an_instant_that_was_stored_is_not_explained_by_todays_holidays() -> None:
    found = due("address-change-notice", dt.date(2026, 3, 13))
    assert not found.message(due_us=1).HasField("later")
    assert found.message(due_us=1).due_time.ToMicroseconds() == 1


def test_a_version_of_a_rule_is_named_by_its_first_day() -> None:
    toml = source.packaged("deadlines.toml").read_text(encoding="utf-8")
    row = (
        '\n[[deadline]]\nid = "grant-expiry"\nstart_event = "the prosecutor grants the request"\ndays = 7\n'
        'citation = "c"\nverified = false\nvalid_from = 2027-01-01\n'
    )
    by = SHIPPED.replaced("deadlines", documents.parse("deadlines", (toml + row).encode()))
    assert not due("grant-expiry", dt.date(2026, 12, 31), by).message().HasField("rule_valid_from")
    version = due("grant-expiry", dt.date(2027, 1, 1), by).message().rule_valid_from
    assert to_date(version) == dt.date(2027, 1, 1)


@pytest.mark.parametrize(
    ("change", "more"),
    [
        (('"SATURDAY", "SUNDAY"', '"SUNDAY"'), ""),
        (("first = 2026-05-27", "first = 2026-05-28"), ""),
        (("month = 11\nday = 9", "month = 11\nday = 10"), ""),
        (("", ""), SATURDAYS.format(since="2026-11-01")),
    ],
)
def test_a_day_that_was_closed_and_has_passed_stays_closed(change: tuple[str, str], more: str) -> None:
    # A notice that was in time would be late.
    with pytest.raises(source.PolicyError, match="was closed and would not be any more"):
        succession.check(SHIPPED, policy(change, more), TODAY)


@pytest.mark.parametrize(
    ("change", "more"),
    [
        (("first = 2027-03-10\nlast = 2027-03-12", "first = 2027-03-11\nlast = 2027-03-13"), ""),
        (("", ""), SATURDAYS.format(since="2027-01-01")),
        (("", ""), ANNOUNCED.format(code="ELECTION_DAY", first="2026-11-25", last="2026-11-25")),
        (("month = 12\nday = 25", "month = 12\nday = 25\nvalid_to = 2026-11-26"), ""),
    ],
)
def test_days_to_come_may_change_and_a_day_may_be_announced_late(change: tuple[str, str], more: str) -> None:
    succession.check(SHIPPED, policy(change, more), TODAY)


@pytest.mark.parametrize(
    "wrong",
    [
        ANNOUNCED.format(code="EID", first="2028-02-03", last="2028-02-01"),
        ANNOUNCED.format(code="EID", first="2028-02-01", last="2028-03-31"),
        ANNOUNCED.format(code="Eid of words", first="2028-02-01", last="2028-02-01"),
        YEARLY.replace("month = 4\nday = 4", "month = 2\nday = 30"),
        NEVER_OPEN.format(since="2028-01-01"),
        '\n[[ends_later]]\nrules = ["appeal-window"]\ncitation = "c"\nverified = false\n',
    ],
)
def test_a_document_that_cannot_be_meant_is_refused(wrong: str) -> None:
    with pytest.raises(source.PolicyError, match="holidays"):
        policy(more=wrong)


LATER = '\n[[ends_later]]\nrules = ["{rule}"]\ncitation = "c"\nverified = false\n'


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("adress-change-notice", "has no row"),
        ("prosecutor-forwarding", "hours or minutes"),
        ("foreign-travel-lead", "lead time"),
    ],
)
def test_a_rule_that_can_end_no_later_is_refused_by_its_name(rule: str, why: str, tmp_path: Path) -> None:
    # Else a slip in a name leaves a time limit as it was, and nobody is told.
    with pytest.raises(source.PolicyError, match=f"{rule} .*{why}") as refused:
        succession.check(SHIPPED, policy(more=LATER.format(rule=rule)), TODAY)
    assert (refused.value.path, rule in str(refused.value)) == ("ends_later", True)
    toml = source.packaged("holidays.toml").read_text(encoding="utf-8")
    (tmp_path / "holidays.toml").write_text(toml + LATER.format(rule=rule), encoding="utf-8")
    with pytest.raises(source.PolicyError, match=rule):
        Policy.load(tmp_path)


def test_a_register_that_has_adopted_such_a_rule_starts_and_may_change_its_other_documents() -> None:
    adopted = policy(more=LATER.format(rule="adress-change-notice"))
    started = Policy.of(adopted.documents, adopted.versions)
    succession.check(started, started.replaced("budgets", started.documents["budgets"]), TODAY)


def test_a_notice_that_has_to_come_before_a_journey_comes_no_nearer_to_it() -> None:
    # Seven days before Sunday, 12 July 2026 is a Sunday; a register may have adopted such a row before it was refused.
    adopted = policy(more=LATER.format(rule="foreign-travel-lead"))
    found = due("foreign-travel-lead", dt.date(2026, 7, 12), adopted)
    assert (found.due.date(), found.later) == (dt.date(2026, 7, 5), None)


def never_open() -> Policy:
    days: Callable[[int, int], Any] = lambda month, last: ANNOUNCED.format(  # noqa: E731 - a row of the document
        code="EVER", first=f"2028-{month:02}-01", last=f"2028-{month:02}-{last}"
    )
    return policy(more=days(3, 31) + days(4, 30))


def test_no_office_open_for_a_month_is_a_mistake_that_is_said_before_it_is_adopted() -> None:
    with pytest.raises(source.PolicyError, match="no office is open for more than 31 days until 2028-04-01"):
        succession.check(SHIPPED, never_open(), TODAY)


def test_offices_that_never_open_end_no_call() -> None:
    # A register that has adopted it all the same counts on: lists of work count from every day of a year.
    found = due("address-change-notice", dt.date(2028, 2, 23), never_open())  # seven days later is 1 March
    assert found.due.date() == dt.date(2028, 4, 1)
    assert len(closed(found.message())) == 31


def test_what_a_document_would_change_is_said_in_words() -> None:
    after = policy(more=YEARLY + ANNOUNCED.format(code="ELECTION_DAY", first="2027-02-08", last="2027-02-09"))
    found = list(explained.sentences(SHIPPED, after, {}, TODAY))
    assert found == [
        "Offices are closed (ELECTION_DAY) everywhere on 2027-02-08, 2027-02-09.",
        "Offices are closed (SINDH_DAY) in PK-SD on 2028-04-04, 2029-04-04.",
        "Deadlines that were computed keep their end.",
    ]
    fewer = list(explained.sentences(SHIPPED, policy(('"initial-notice", ', "")), {}, TODAY))
    assert fewer[0] == "Deadline initial-notice: it ends on its last day from now on, open or closed."


def test_rows_of_one_holiday_are_told_apart() -> None:
    after = policy(("first = 2027-03-10\nlast = 2027-03-12", "first = 2027-03-10\nlast = 2027-03-13"))
    (change,) = explained.changes(SHIPPED, after, "holidays")
    assert change.text() == "~ announced EID_UL_FITR 2027-03-10: last 2027-03-12 -> 2027-03-13"


def test_every_day_of_the_file_that_ships_is_one_row_each() -> None:
    holidays = Holidays.load()
    assert [holidays.code(dt.date(2026, 8, day)) for day in (13, 14, 15, 25)] == [
        "",
        "INDEPENDENCE_DAY",
        "WEEKEND",
        "EID_MILAD_UN_NABI",
    ]


def test_a_day_is_looked_up_once_in_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    # A list asks for each of its items, and a document has many rows.
    document = Holidays.load()
    days = [TODAY + dt.timedelta(days=number) for number in range(400)]
    before = [document.code(day, unit) for day in days for unit in ("PK", "PK-SD")]
    looked: list[dt.date] = []

    def look(_document: Holidays, day: dt.date, _unit: str) -> str:
        looked.append(day)
        return ""

    monkeypatch.setattr(Holidays, "_code", look)
    assert [document.code(day, unit) for day in days for unit in ("PK", "PK-SD")] == before
    assert not looked
    document.code(TODAY, "PK-PB")
    assert looked == [TODAY]
