"""What was spent, counted again along the ledger: whoever changes a bucket in the database doesn't change the details.

A bucket that was refilled by hand, or a case that was forgotten, shows as a look-up that cost less than it had to, or
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
    """An officer's or an agency's bucket for a purpose, as the details say.

    Attributes:
        missing: what it lacks to be full, in units.
        counted_us: when.
        day: the day of the cases.
        cases: those that were named on that day.
    """

    missing: int = 0
    counted_us: int = 0
    day: int = 0
    cases: set[bytes] = field(default_factory=set)

    def spend(self, price: int, capacity: int, refill: int, now_us: int) -> bool:
        """Take a price out; False: the bucket didn't hold it."""
        self.missing = refilled(self.missing, self.counted_us, now_us, refill) + price * UNIT
        self.counted_us = now_us
        if self.missing <= capacity * UNIT:
            return True
        self.missing = capacity * UNIT
        return False

    def cases_of(self, day: int) -> set[bytes]:
        """The cases of a day, which is the one that counts from now on."""
        if self.day != day:
            self.day, self.cases = day, set()
        return self.cases


class Recount:
    """Counts what look-ups have cost, in the order of the ledger. Where details were dropped, nothing counts."""

    def __init__(self, add: Add) -> None:
        self._add = add
        self._officers: dict[tuple[str, int, bytes], _Holder] = {}
        self._agencies: dict[tuple[str, int], _Holder] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """Count an entry that has cost something."""
        spent, terms = detail.spent, detail.spent.terms
        officer = self._officers.setdefault((leaf.agency, leaf.purpose, detail.officer_key), _Holder())
        agency = self._agencies.setdefault((leaf.agency, leaf.purpose), _Holder())
        day = day_of(leaf.time_us)
        own, all_ = officer.cases_of(day), agency.cases_of(day)
        further = terms.further_case if own and spent.case not in own else 0
        if spent.price < terms.look_up + further:
            self._add(index, "the look-up cost its officer less than policy says: cases of the day were forgotten")
        if spent.agency_price < terms.look_up + (further if spent.case not in all_ else 0):
            self._add(index, "the look-up cost its agency less than policy says: cases of the day were forgotten")
        own.add(spent.case)
        all_.add(spent.case)
        if not officer.spend(spent.price, terms.officer_capacity, terms.officer_refill, leaf.time_us):
            self._add(index, "the officer had spent more on that day than policy allows: his bucket was filled")
        if not agency.spend(spent.agency_price, terms.agency_capacity, terms.agency_refill, leaf.time_us):
            self._add(index, "the agency had spent more on that day than policy allows: its bucket was filled")
