"""What was spent, counted again along the ledger: whoever changes a bucket in the database doesn't change the details.

A bucket that was refilled by hand, or what was named and forgotten, shows as a call that cost less than it had to, or
that was answered from an empty bucket.
"""

from __future__ import annotations

from dataclasses import dataclass

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.budgets import UNIT, day_of, refilled
from nsor_server.ledger.stored import Add
from nsor_server.storage.v1 import record_pb2


@dataclass(slots=True)
class _Bucket:
    """An officer's or an agency's bucket, as the details say.

    Attributes:
        missing: what it lacks to be full, in units.
        counted_us: when.
    """

    missing: int = 0
    counted_us: int = 0

    def spend(self, price: int, capacity: int, refill: int, now_us: int) -> bool:
        """Take a price out; False: the bucket didn't hold it."""
        self.missing = refilled(self.missing, self.counted_us, now_us, refill) + price * UNIT
        self.counted_us = now_us
        if self.missing <= capacity * UNIT:
            return True
        self.missing = capacity * UNIT
        return False


class Recount:
    """Counts what calls have cost, in the order of the ledger. Where details were dropped, nothing counts.

    An officer is his number, as he is where his budget is spent.
    """

    def __init__(self, add: Add) -> None:
        self._add = add
        self._buckets: dict[tuple[str | int | bytes, ...], _Bucket] = {}
        self._day = 0
        self._named: set[tuple[str | int | bytes, ...]] = set()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Count an entry that has cost something."""
        if detail is None or not detail.HasField("spent"):
            return
        spent, terms = detail.spent, detail.spent.terms
        agency = (leaf.agency, leaf.method, leaf.purpose, spent.bucket)
        officer = (*agency, detail.officer_number)
        if spent.price < terms.call + (terms.first_named if self._is_new((*officer, spent.named), leaf.time_us) else 0):
            self._add(index, "the call cost less than policy says: what was named is said to have been named before")
        for who, holder, capacity, refill in (
            ("officer", officer, terms.officer_capacity, terms.officer_refill),
            ("agency", agency, terms.agency_capacity, terms.agency_refill),
        ):
            bucket = self._buckets.setdefault(holder, _Bucket())
            if not bucket.spend(spent.price, capacity, refill, leaf.time_us):
                self._add(index, f"the {who} had spent more on that day than policy allows: the bucket was filled")

    def _is_new(self, named: tuple[str | int | bytes, ...], now_us: int) -> bool:
        """Note what was named; True: it wasn't before on that day. The time of entries never goes back."""
        day = day_of(now_us)
        if day != self._day:
            self._day = day
            self._named.clear()
        new = named not in self._named
        self._named.add(named)
        return new

    def finish(self) -> None:
        """Nothing is left to be compared."""
