"""`nsor report`: the monthly tables, for NPB and the Special Committee; and that no entry of the month is missing."""

from __future__ import annotations

import csv
import datetime as dt
import sys
import zoneinfo
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from nsor import statistics
from nsor.cli import failed_before
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.v1 import oversight_pb2

TABLES: Final = {
    "lookups": "ACCESSES",
    "accesses": "ACCESSES",
    "purposes": "ACCESSES",
    "refusals": "REFUSALS",
    "entries": "ENTRIES",
    "identities": "IDENTITIES",
    "overdue": "OVERDUE",
    "recalls": "RECALLS",
    "requests": "ACCESS_REQUESTS",
    "emergencies": "EMERGENCIES",
}
"""What a table is asked for by, and its measure."""
LEVELS: Final = ("part", "province", "district", "agency")
_LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
_PURPOSES: Final = "purposes"
"""A table of its own: accesses by agency and purpose, whatever the method and the place."""
_PAKISTAN: Final = zoneinfo.ZoneInfo("Asia/Karachi")
_AVERAGED: Final = {"entries": "average days", "requests": "average hours"}


@click.command()
@click.argument("name", metavar="TABLE", type=click.Choice(tuple(TABLES)))
@click.option("--month", metavar="MONTH", help="Such as 2026-10; otherwise the last one that has ended.")
@click.option("--by", type=click.Choice(LEVELS), show_default="province", help="How it is divided.")
@click.option("--csv", "as_csv", is_flag=True, help="Write it for a spreadsheet, each row with its month.")
@click.option("--no-verify", is_flag=True, help="Don't prove the ledger beside it.")
@common
def report(session: Session, *, name: str, month: str | None, by: str | None, as_csv: bool, no_verify: bool) -> None:
    """Show a monthly table (NPB, Special Committee): lookups, refusals, entries, requests and more.

    TABLE is one of: lookups, accesses, purposes, refusals, entries, identities, overdue, recalls, requests,
    emergencies.

    A count below 5 isn't shown, nor another one by which it would be found: it stands in what is "not shown".
    """
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if name == _PURPOSES and by is not None:
        raise WrongUse("Purposes are divided by agency and purpose: leave --by out.")
    by = by or "province"
    year, number = ended(dt.datetime.now(dt.UTC)) if month is None else _month(month)
    measure = oversight_pb2.StatisticsMeasure.Value(f"STATISTICS_MEASURE_{TABLES[name]}")
    with session.client() as client:
        request = oversight_pb2.GetStatisticsRequest(year=year, month=number, measure=measure)
        found = client.oversight.get_statistics(request).message
        with failed_before.beside(session, client):
            verified = None if no_verify else client.verify_ledger()
    shown = f"{year}-{number:02}"
    if session.as_json:
        from nsor.cli import programs  # noqa: PLC0415 - as above

        failures = failed_before.as_list(client)
        session.json({"month": shown, **programs.as_dict(found), "failures": failures})
        return
    failed_before.say(session, client)
    columns = (*_columns(name, by), "count", *([_AVERAGED[name]] if name in _AVERAGED else []))
    rows = _rows(session, name, by, found.counts)
    if month is None:
        session.say("The month is {}, the last one that has ended.", shown)
    if as_csv:
        csv.writer(sys.stdout).writerows([("month", *columns), *((shown, *row) for row in rows)])
        return
    if rows:
        session.table("Monthly table", columns, rows)
    else:
        session.say("There were fewer than 5, and so few aren't shown.")
    if found.first_index == found.stop_index:
        session.say("The month has no entries in the ledger.")
        return
    session.say("The month has the ledger's entries {:,} to {:,}.", found.first_index, found.stop_index - 1)
    if verified is not None:
        session.say("The ledger was verified now, up to entry {:,}: none is missing.", verified.size - 1)


def ended(now: dt.datetime) -> tuple[int, int]:
    """Year and number of the month that ended last, in Pakistan."""
    last = now.astimezone(_PAKISTAN).replace(day=1) - dt.timedelta(days=1)
    return last.year, last.month


def _month(text: str) -> tuple[int, int]:
    """Year and month.

    Raises:
        click.UsageError: it isn't one.
    """
    try:
        found = dt.datetime.strptime(text.strip(), "%Y-%m").replace(tzinfo=dt.UTC)
    except ValueError:
        raise WrongUse("The month is written like 2026-10.") from None
    return found.year, found.month


def _columns(name: str, by: str) -> tuple[str, ...]:
    """What a row is known by; of look-ups the part is one method."""
    if name == _PURPOSES:
        return ("agency", "purpose")
    columns = LEVELS[: LEVELS.index(by) + 1]
    return tuple(each for each in columns if each != "part") if name == "lookups" else columns


def _rows(
    session: Session, name: str, by: str, counts: Sequence[oversight_pb2.StatisticsCount]
) -> list[tuple[str, ...]]:
    """The rows of one level, the rest that isn't shown, and all of them together."""
    if name == _PURPOSES:
        return _of_purposes(session, counts)
    level, columns = LEVELS.index(by) + 1, _columns(name, by)
    chosen = [each for each in counts if name != "lookups" or each.part == _LOOK_UP]
    of_level = [each for each in chosen if each.level == level]
    rows = [(*_path(name, each)[: len(columns)], *_numbers(name, each)) for each in of_level]
    blank = [""] * max(len(columns) - 1, 0)
    for every in (each for each in chosen if each.level == (1 if name == "lookups" else 0)):
        rest = every.count - sum(each.count for each in of_level)
        if rest and columns:
            rows.append((session.said("not shown"), *blank, str(rest), *([""] if name in _AVERAGED else [])))
        if columns:
            rows.append((session.said("all of them"), *blank, *_numbers(name, every)))
    return rows


def _of_purposes(session: Session, counts: Sequence[oversight_pb2.StatisticsCount]) -> list[tuple[str, ...]]:
    if not counts:
        return []
    found = statistics.by_agency_and_purpose(counts)
    rest = statistics.every(counts) - found.total()
    rows = [(agency, _words(purpose), str(count)) for (agency, purpose), count in found.most_common()]
    rows += [(session.said("not shown"), "", str(rest))] if rest else []
    return [*rows, (session.said("all of them"), "", str(statistics.every(counts)))]


def _words(purpose: str) -> str:
    return purpose.lower().replace("_", " ")


def _path(name: str, each: oversight_pb2.StatisticsCount) -> tuple[str, ...]:
    places = (each.province, each.district, each.agency_id)
    return places if name == "lookups" else (each.part.rpartition("/")[2], *places)


def _numbers(name: str, each: oversight_pb2.StatisticsCount) -> tuple[str, ...]:
    return (str(each.count), f"{each.average_tenths / 10:.1f}") if name in _AVERAGED else (str(each.count),)
