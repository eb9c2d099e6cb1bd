"""Accesses counted for a page: by day, agency and purpose. What is read is bounded, and says whether there is more."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from nsor.client import Client
from nsor.v1 import oversight_pb2

KARACHI: Final = ZoneInfo("Asia/Karachi")
PAGE: Final = 500
MOST_PAGES: Final = 4
"""Each page is an entry of the ledger."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The newest accesses of some kind.

    Attributes:
        accesses: the newest first.
        more: there are older ones, which weren't read.
        entries: the ledger's entries of reading them.
    """

    accesses: Sequence[oversight_pb2.Access]
    more: bool
    entries: Sequence[int]

    @property
    def since(self) -> dt.datetime | None:
        """When the oldest one was; None: there is none."""
        return at(self.accesses[-1]) if self.accesses else None


def newest(client: Client, wanted: oversight_pb2.ListAccessesRequest) -> Listed:
    """Read the newest accesses that pass a filter, `PAGE` times `MOST_PAGES` at most."""
    asked = oversight_pb2.ListAccessesRequest()
    asked.CopyFrom(wanted)
    asked.page_size = PAGE
    found: list[oversight_pb2.Access] = []
    entries: list[int] = []
    for _ in range(MOST_PAGES):
        answer = client.oversight.list_accesses(asked)
        found += answer.message.accesses
        entries.append(answer.index)
        asked.page_token = answer.message.next_page_token
        if not asked.page_token:
            break
    return Listed(found, bool(asked.page_token), entries)


def at(access: oversight_pb2.Access) -> dt.datetime:
    """When an access was, in Pakistan."""
    return access.access_time.ToDatetime(dt.UTC).astimezone(KARACHI)


def by_day(accesses: Iterable[oversight_pb2.Access]) -> list[tuple[dt.date, Counter[str]]]:
    """How many calls of each outcome a day had, the newest day first; days between without any are there too."""
    days: dict[dt.date, Counter[str]] = {}
    for each in accesses:
        days.setdefault(at(each).date(), Counter())[outcome(each)] += max(1, each.count)
    if not days:
        return []
    first, last = min(days), max(days)
    every = (last - dt.timedelta(days=number) for number in range((last - first).days + 1))
    return [(day, days.get(day, Counter())) for day in every]


def by_agency(accesses: Iterable[oversight_pb2.Access], key: str) -> list[tuple[str, str, int]]:
    """How many calls each agency made of each method, or for each purpose; the most first.

    Args:
        accesses: to count.
        key: name of the field beside the agency: `method` or `purpose`.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for each in accesses:
        counts[each.agency_id, str(getattr(each, key))] += max(1, each.count)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(agency, value, count) for (agency, value), count in ordered]


def outcome(access: oversight_pb2.Access) -> str:
    """Its outcome as the pages' styles name it: allowed, refused or failed."""
    return oversight_pb2.AccessOutcome.Name(access.outcome).removeprefix("ACCESS_OUTCOME_").lower()
