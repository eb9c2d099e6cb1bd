"""What the Committee's pages count: calls by their day in Pakistan, by agency, and how long a review took."""

import datetime as dt
from collections import Counter

import pytest

from nsor.console import committee, counted, written
from nsor.v1 import emergencies_pb2, options_pb2, oversight_pb2

REFUSED, ALLOWED = oversight_pb2.ACCESS_OUTCOME_REFUSED, oversight_pb2.ACCESS_OUTCOME_ALLOWED
FAILED = oversight_pb2.ACCESS_OUTCOME_FAILED


def access(
    at: str, outcome: oversight_pb2.AccessOutcome.ValueType = ALLOWED, agency: str = "a", count: int = 1
) -> oversight_pb2.Access:
    found = oversight_pb2.Access(agency_id=agency, outcome=outcome, count=count, method=f"of-{agency}")
    found.access_time.FromDatetime(dt.datetime.fromisoformat(at).astimezone(dt.UTC))
    return found


def test_a_day_is_pakistans_and_one_without_accesses_stands_between() -> None:
    # 19:00 UTC is midnight in Pakistan.
    found = counted.by_day(
        [
            access("2026-03-05T19:00:00+00:00", REFUSED, count=40),
            access("2026-03-05T18:59:59+00:00"),
            access("2026-03-03T12:00:00+00:00", FAILED),
        ]
    )
    assert found == [
        (dt.date(2026, 3, 6), Counter(refused=40)),
        (dt.date(2026, 3, 5), Counter(allowed=1)),
        (dt.date(2026, 3, 4), Counter()),
        (dt.date(2026, 3, 3), Counter(failed=1)),
    ]
    assert counted.by_day([]) == []


def test_an_entry_of_a_flood_counts_for_all_its_calls_and_who_has_most_is_first() -> None:
    accesses = [access("2026-03-05", agency="a"), access("2026-03-05", agency="b", count=9), access("2026-03-05")]
    assert counted.by_agency(accesses, "method") == [("b", "of-b", 9), ("a", "of-a", 2)]


def of_month(*of: tuple[str, str, int], every: int) -> list[oversight_pb2.StatisticsCount]:
    purposes = [
        oversight_pb2.StatisticsCount(
            agency_id=agency, purpose=options_pb2.Purpose.Value(f"PURPOSE_{purpose}"), level=5, count=number
        )
        for agency, purpose, number in of
    ]
    return [oversight_pb2.StatisticsCount(count=every), *purposes]


def test_months_show_what_each_agency_called_for_which_purpose() -> None:
    months = [
        ("2026-09", of_month(("a", "TRIAL", 9), ("a", "TRIAL", 7), every=20)),
        ("2026-10", of_month(("a", "TRIAL", 8), ("a", "CUSTODY", 5), ("b", "TRIAL", 40), every=53)),
    ]
    found = committee._of_months(months, "", "")
    lines = [line[:3] for line in found["monthly"]]
    assert lines == [("b", "TRIAL", [0, 40]), ("a", "TRIAL", [16, 8]), ("a", "CUSTODY", [0, 5])]
    assert (found["months"], found["shown"]) == (["2026-09", "2026-10"], [16, 53])
    assert (found["rest"], found["every"]) == ([4, 0], [20, 53])
    # The columns of a line: the largest has the whole height.
    assert [each.height for each in found["monthly"][1][3]] == [100, 50]
    of_one = committee._of_months(months, "a", "TRIAL")
    assert ([line[:3] for line in of_one["monthly"]], of_one["shown"]) == ([("a", "TRIAL", [16, 8])], [16, 8])


@pytest.mark.parametrize(
    ("reviewed", "took", "late"), [(None, "25:30", True), (23.99, "23:59", False), (24.02, "24:01", True)]
)
def test_a_review_is_late_after_its_deadline_and_one_that_isnt_there_counts_up_to_now(
    reviewed: float | None, took: str, *, late: bool
) -> None:
    opened = 1_790_000_000
    each = emergencies_pb2.EmergencyLookUp(agency_id="punjab-police")
    each.open_time.FromSeconds(opened)
    each.review_deadline.due_time.FromSeconds(opened + 24 * 3600)
    if reviewed is not None:
        each.review_time.FromSeconds(opened + int(reviewed * 3600))
    now = dt.datetime.fromtimestamp(opened, dt.UTC) + dt.timedelta(hours=25, minutes=30)
    found = committee._emergency(each, now)
    assert (found["took"], found["late"]) == (took, late)
    assert (found["reviewed"] == "") == (reviewed is None)


def test_the_month_before_january_is_december() -> None:
    assert written.month_before(dt.date(2026, 1, 31)) == dt.date(2025, 12, 1)
    assert written.month_before(dt.date(2026, 3, 31)) == dt.date(2026, 2, 1)
