"""What was spent, counted again along the ledger: whoever changes a bucket in the database doesn't change the details.

A bucket that was refilled by hand, or what was named and forgotten, shows as a call that cost less than it had to, or
that was answered from an empty bucket.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.budgets import UNIT, day_of, refilled
from nsor_server.ledger.stored import Add
from nsor_server.storage.v1 import record_pb2


@dataclass(slots=True)
class _Holder:
    """An officer's or an agency's bucket, as the details say.

    Attributes:
        missing: what it lacks to be full, in units.
        counted_us: when.
        day: the day on which it was named.
        named: what was named on that day.
    """

    missing: int = 0
    counted_us: int = 0
    day: int = 0
    named: set[bytes] = field(default_factory=set)

    def spend(self, price: int, capacity: int, refill: int, now_us: int) -> bool:
        """Take a price out; False: the bucket didn't hold it."""
        self.missing = refilled(self.missing, self.counted_us, now_us, refill) + price * UNIT
        self.counted_us = now_us
        if self.missing <= capacity * UNIT:
            return True
        self.missing = capacity * UNIT
        return False

    def names(self, name: bytes, day: int) -> bool:
        """Note what was named; True: it wasn't before on that day."""
        if self.day != day:
            self.day, self.named = day, set()
        new = name not in self.named
        self.named.add(name)
        return new


class Recount:
    """Counts what calls have cost, in the order of the ledger. Where details were dropped, nothing counts.

    An officer is his number, as he is where his budget is spent.
    """

    def __init__(self, add: Add) -> None:
        self._add = add
        self._holders: dict[tuple[str | int | bytes, ...], _Holder] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Count an entry that has cost something."""
        if detail is None or not detail.HasField("spent"):
            return
        spent, terms, day = detail.spent, detail.spent.terms, day_of(leaf.time_us)
        bucket = (leaf.agency, leaf.method, leaf.purpose, spent.bucket)
        for holder, who, price, capacity, refill in (
            ((*bucket, detail.officer_number), "officer", spent.price, terms.officer_capacity, terms.officer_refill),
            (bucket, "agency", spent.agency_price, terms.agency_capacity, terms.agency_refill),
        ):
            account = self._holders.setdefault(holder, _Holder())
            new = account.names(spent.named, day)
            if price < terms.call + (terms.first_named if new else 0):
                self._add(index, f"the call cost its {who} less than policy says: what was named was forgotten")
            if not account.spend(price, capacity, refill, leaf.time_us):
                self._add(index, f"the {who} had spent more on that day than policy allows: the bucket was filled")

    def finish(self) -> None:
        """Nothing is left to be compared."""
