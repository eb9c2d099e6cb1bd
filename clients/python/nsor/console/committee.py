"""What the Special Committee's own pages ask and show: accesses over time, refusals, emergency look-ups."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nsor import statistics
from nsor.client import Client
from nsor.console import counted
from nsor.console.written import duration, month_before, name, set_day, when
from nsor.errors import Refused
from nsor.v1 import emergencies_pb2, options_pb2, oversight_pb2
from nsor.web import charts

MONTHS: Final = 12
"""That the chart of months goes back; each is an entry of the ledger, as each page of accesses is."""
MOST_LINES: Final = 30
"""Of agencies with their purposes, or methods; those with the most calls."""
_OUTCOMES: Final = ("allowed", "refused", "failed")
_PART: Final = 1
"""Of a count in a monthly table that is divided by part alone."""


def over_time(client: Client, asked: Mapping[str, str]) -> dict[str, Any]:
    """Accesses by agency and purpose of each month that is over, and the newest ones by day.

    Args:
        client: the Committee's.
        asked: filters, as they stand in the address: agency, purpose, since, until; the last two of the newest alone.
    """
    wanted = _filter(asked)
    listed = counted.newest(client, wanted)
    by_purpose = counted.by_agency(listed.accesses, "purpose")
    purposes = options_pb2.Purpose.DESCRIPTOR
    months, entries, refused = _months(client)
    return {
        **_days(listed),
        "lines": [(agency, name(purposes, int(purpose)), count) for agency, purpose, count in by_purpose[:MOST_LINES]],
        "of": len(by_purpose),
        **_of_months(months, asked.get("agency", ""), asked.get("purpose", "")),
        "entries": [*listed.entries, *entries],
        "refused": refused,
    }


def refusals(client: Client, asked: Mapping[str, str], today: dt.date) -> dict[str, Any]:
    """Refused calls by day and by agency and method, and a month's by their reasons.

    Whose call was refused for which reason is sealed; the monthly table counts reasons, and leaves few of them out.

    Args:
        client: the Committee's.
        asked: filters, as they stand in the address: agency, since, until.
        today: in Pakistan.
    """
    wanted = _filter(asked)
    wanted.outcome = oversight_pb2.ACCESS_OUTCOME_REFUSED
    listed = counted.newest(client, wanted)
    by_method = counted.by_agency(listed.accesses, "method")
    month = month_before(today)
    reasons, entries = _reasons(client, month)
    return {
        **_days(listed),
        "lines": by_method[:MOST_LINES],
        "of": len(by_method),
        "reasons": reasons,
        "month": f"{month:%Y-%m}",
        "entries": [*listed.entries, *entries],
        "refused": int(reasons is None),
    }


def emergencies(client: Client, page: str, now: dt.datetime) -> dict[str, Any]:
    """Emergency look-ups that wait for NPB's review, all of them, and a page of those that it has reviewed.

    Args:
        client: the Committee's.
        page: token of the page of those that were reviewed; empty for the newest.
        now: by this machine's clock.
    """
    waiting: list[emergencies_pb2.EmergencyLookUp] = []
    entries: list[int] = []
    asked = emergencies_pb2.ListEmergencyLookUpsRequest(page_size=100)
    for _ in range(counted.MOST_PAGES):
        answer = client.lookup.list_emergency_look_ups(asked)
        waiting += answer.message.items
        entries.append(answer.index)
        asked.page_token = answer.message.next_page_token
        if not asked.page_token:
            break
    reviewed = client.lookup.list_emergency_look_ups(
        emergencies_pb2.ListEmergencyLookUpsRequest(page_size=100, reviewed=True, page_token=page)
    )
    done = [_emergency(each, now) for each in reviewed.message.items]
    return {
        "waiting": [_emergency(each, now) for each in waiting],
        "more": bool(asked.page_token),
        "reviewed": done,
        "late": sum(each["late"] for each in done),
        "next_page": reviewed.message.next_page_token,
        "entries": [*entries, reviewed.index],
        "refused": 0,
    }


def _emergency(each: emergencies_pb2.EmergencyLookUp, now: dt.datetime) -> dict[str, Any]:
    opened, due = each.open_time.ToSeconds(), each.review_deadline.due_time.ToSeconds()
    is_reviewed = each.HasField("review_time")
    until = each.review_time.ToSeconds() if is_reviewed else int(now.timestamp())
    return {
        "id": each.emergency_id,
        "agency": each.agency_id,
        "station": each.station,
        "harm": name(emergencies_pb2.ImminentHarm.DESCRIPTOR, each.harm),
        "opened": when(opened),
        "due": when(due),
        "reviewed": when(until) if is_reviewed else "",
        "finding": name(emergencies_pb2.EmergencyFinding.DESCRIPTOR, each.finding),
        "took": duration(until - opened),
        "late": until > due,
    }


def _filter(asked: Mapping[str, str]) -> oversight_pb2.ListAccessesRequest:
    wanted = oversight_pb2.ListAccessesRequest(agency_id=asked.get("agency", ""))
    named = f"PURPOSE_{asked.get('purpose', '')}"
    if named in options_pb2.Purpose.keys():  # noqa: SIM118 - no dictionary
        wanted.of_purpose = options_pb2.Purpose.Value(named)
    set_day(wanted.start_time, asked.get("since", ""), dt.timedelta(0))
    set_day(wanted.end_time, asked.get("until", ""), dt.timedelta(days=1))
    return wanted


def _days(listed: counted.Listed) -> dict[str, Any]:
    days = counted.by_day(listed.accesses)
    since = listed.since
    return {
        "days": [(f"{day:%Y-%m-%d}", counts) for day, counts in days],
        "drawn": charts.bars([(f"{day}", [(each, counts[each]) for each in _OUTCOMES]) for day, counts in days]),
        "count": sum(counts.total() for _, counts in days),
        "more": listed.more,
        "since": "" if since is None else f"{since:%Y-%m-%d %H:%M:%S}",
    }


def _of_months(
    months: Sequence[tuple[str, Sequence[oversight_pb2.StatisticsCount]]], agency: str, purpose: str
) -> dict[str, Any]:
    """Answered calls that disclose, of each agency for each purpose, month by month.

    Args:
        months: the table of each, the oldest first.
        agency: only of this one; empty: of all.
        purpose: only for this one, without what all their names share; empty: for all.
    """
    tables = [(month, table, statistics.by_agency_and_purpose(table)) for month, table in months]
    total: Counter[tuple[str, str]] = Counter()
    for _, _, found in tables:
        total += found
    chosen = [each for each, _ in total.most_common() if agency in ("", each[0]) and purpose in ("", each[1])]
    shown = [sum(found[each] for each in chosen) for _, _, found in tables]
    every = [statistics.every(table) for _, table, _ in tables]
    return {
        "months": [month for month, _ in months],
        "drawn_months": charts.columns(shown),
        "monthly": [
            (*each, numbers, charts.columns(numbers))
            for each in chosen[:MOST_LINES]
            for numbers in [[found[each] for _, _, found in tables]]
        ],
        "of_monthly": len(chosen),
        "shown": shown,
        "every": every,
        "rest": [of - found.total() for of, (_, _, found) in zip(every, tables, strict=True)],
        "chosen": bool(agency or purpose),
    }


def _months(
    client: Client,
) -> tuple[list[tuple[str, Sequence[oversight_pb2.StatisticsCount]]], list[int], int]:
    """The tables of accesses of the months that were counted, the oldest first.

    Also the entries of asking, and how many more of them were refused: that of the first month that isn't counted.
    """
    found: list[tuple[str, Sequence[oversight_pb2.StatisticsCount]]] = []
    entries: list[int] = []
    month = month_before(dt.datetime.now(counted.KARACHI).date())
    for _ in range(MONTHS):
        try:
            table, entry = _table(client, month, oversight_pb2.STATISTICS_MEASURE_ACCESSES)
        except Refused:
            return found[::-1], entries, 1  # MONTH_NOT_COUNTED: the register is younger
        entries.append(entry)
        found.append((f"{month:%Y-%m}", table))
        month = month_before(month)
    return found[::-1], entries, 0


def _reasons(client: Client, month: dt.date) -> tuple[list[tuple[str, int]] | None, list[int]]:
    """A month's refusals by reason, the most first; None: it isn't counted."""
    try:
        table, entry = _table(client, month, oversight_pb2.STATISTICS_MEASURE_REFUSALS)
    except Refused:
        return None, []
    counts: Counter[str] = Counter({each.part: each.count for each in table if each.level == _PART})
    return counts.most_common(), [entry]


def _table(
    client: Client, month: dt.date, measure: oversight_pb2.StatisticsMeasure.ValueType
) -> tuple[Sequence[oversight_pb2.StatisticsCount], int]:
    wanted = oversight_pb2.GetStatisticsRequest(year=month.year, month=month.month, measure=measure)
    answer = client.oversight.get_statistics(wanted)
    return answer.message.counts, answer.index
