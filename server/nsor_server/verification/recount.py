"""What was spent, counted again along the ledger: whoever changes a bucket in the database doesn't change the details.

A bucket that was refilled by hand, or what was named and forgotten, shows as a call that cost less than it had to, or
that was answered from an empty bucket; one that was emptied, as a call that cost more, or was refused.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2
from nsor_server.access.budgets import UNIT, day_of, refilled
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.names_of_day import NamesOfDay

_EMPTY: Final = errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_BUDGET_EMPTY).removeprefix("ERROR_REASON_")
_EVERY: Final = b"every"
"""Stands for all buckets of a method together; that of one has eight bytes."""


@dataclass(slots=True)
class _Bucket:
    """An officer's or an agency's bucket, as the details say.

    Attributes:
        missing: what it lacks to be full, in units.
        counted_us: when.
    """

    missing: int = 0
    counted_us: int = 0

    def missing_at(self, now_us: int, refill: int) -> int:
        """What it lacks by then."""
        return refilled(self.missing, self.counted_us, now_us, refill)

    def spend(self, price: int, capacity: int, refill: int, now_us: int) -> bool:
        """Take a price out; False: the bucket didn't hold it."""
        self.missing = self.missing_at(now_us, refill) + price * UNIT
        self.counted_us = now_us
        if self.missing <= capacity * UNIT:
            return True
        self.missing = capacity * UNIT
        return False


@dataclass(slots=True)
class _Officer(_Bucket):
    """An officer's bucket, and what he has named on the day."""

    named: NamesOfDay = field(default_factory=NamesOfDay)


@dataclass(slots=True)
class _Agency(_Bucket):
    """An agency's bucket, for a method and a purpose, and those of its officers by their numbers."""

    officers: defaultdict[str, _Officer] = field(default_factory=lambda: defaultdict(_Officer))


class Recount:
    """Counts what calls have cost, in the order of the ledger. Where details were dropped, nothing counts.

    An officer is his number, as he is where his budget is spent.
    """

    def __init__(self, add: Add) -> None:
        self._add = add
        self.concerns = Concerns(told=("spent",))
        self._agencies: defaultdict[tuple[str, str, int, bytes], _Agency] = defaultdict(_Agency)
        self._day = 0
        self._of_the_day: list[_Officer] = []
        self._dropped_us = 0

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Count an entry that has cost something, or was refused since it would have."""
        if detail is None:
            self._dropped_us = leaf.time_us
            return
        if not detail.HasField("spent"):
            return
        spent, now_us = detail.spent, leaf.time_us
        terms, named = spent.terms, spent.named
        self._begin_day(day_of(now_us))
        agency = self._agencies[leaf.agency, leaf.method, leaf.purpose, spent.bucket]
        officer = agency.officers[detail.officer_number]
        every = self._agencies[leaf.agency, leaf.method, leaf.purpose, _EVERY] if terms.every_capacity else agency
        is_new = named not in officer.named
        price = terms.call * max(spent.times, 1) + (terms.first_named if is_new else 0)
        if detail.outcome == _EMPTY:
            buckets = [
                (officer, terms.officer_capacity, terms.officer_refill),
                (agency, terms.agency_capacity, terms.agency_refill),
                *([(every, terms.every_capacity, terms.every_refill)] if terms.every_capacity else ()),
            ]
            if all(self._holds(price, now_us, *each) for each in buckets):
                self._add(index, "the call was refused for an empty bucket, and both held its price")
            return
        if not officer.named:
            self._of_the_day.append(officer)
        if is_new:
            officer.named.add(named)
        if spent.price != price and day_of(self._dropped_us) != self._day:
            self._add(index, "the call cost something else than policy says for what was, or wasn't, named before")
        if not officer.spend(spent.price, terms.officer_capacity, terms.officer_refill, now_us):
            self._add(index, "the officer had spent more on that day than policy allows: the bucket was filled")
        if not agency.spend(spent.price, terms.agency_capacity, terms.agency_refill, now_us):
            self._add(index, "the agency had spent more on that day than policy allows: the bucket was filled")
        self._spend_of_all(index, spent, every, now_us)

    def _spend_of_all(self, index: int, spent: record_pb2.Spent, every: _Agency, now_us: int) -> None:
        """Take a price out of the agency's bucket for all of the method's, if there is one."""
        capacity, refill = spent.terms.every_capacity, spent.terms.every_refill
        if capacity and not every.spend(spent.price, capacity, refill, now_us):
            self._add(index, "the agency had spent more in all than policy allows: the bucket was filled")

    def finish(self) -> None:
        """Nothing is left to be compared."""

    def _holds(self, price: int, now_us: int, bucket: _Bucket, capacity: int, refill: int) -> bool:
        """Whether a bucket held a price for certain: what was dropped may have emptied it."""
        dropped = _Bucket(capacity * UNIT, self._dropped_us) if self._dropped_us else _Bucket()
        missing = max(each.missing_at(now_us, refill) for each in (dropped, bucket))
        return missing + price * UNIT <= capacity * UNIT

    def _begin_day(self, day: int) -> None:
        """Forget what was named on another day. The time of entries never goes back."""
        if day != self._day:
            self._day = day
            for each in self._of_the_day:
                each.named.clear()
            self._of_the_day.clear()
