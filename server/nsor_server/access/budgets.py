"""Spends budgets: what a call costs an officer and his agency, and whether their buckets hold it. Pure arithmetic.

All of it follows from the purpose, from what the request names, and from what was spent before; never from what is in
the register. Counting is in whole units, so that whoever counts again comes to the same.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.policy.budgets import Bucket, Budget
from nsor_server.policy.deadlines import KARACHI
from nsor_server.storage.budgets import Account

UNIT: Final = 3_600_000_000
"""Units of a token: a bucket that gets n tokens an hour gets n units a microsecond."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_US: Final = 3_600_000_000


class Payers(NamedTuple):
    """The accounts that a call concerns, 16 bytes each.

    Attributes:
        officer: bucket of the officer.
        agency: bucket of his agency.
        named: the day on which the officer last named what the call names; empty where that costs nothing.
        officer_told: where it is noted that it was told that an officer's bucket is empty, if it is one of many; empty:
            in the bucket.
        agency_told: the agency's, likewise.
        every: the agency's bucket for all of the many together; empty: there is none.
    """

    officer: bytes
    agency: bytes
    named: bytes = b""
    officer_told: bytes = b""
    agency_told: bytes = b""
    every: bytes = b""

    @property
    def accounts(self) -> tuple[bytes, ...]:
        """Those that there are."""
        paid = self[:3] if self.named else self[:2]
        if not self.officer_told:
            return paid
        told = *paid, self.officer_told, self.agency_told
        return (*told, self.every) if self.every else told


class Spent(NamedTuple):
    """What a call has cost.

    Attributes:
        price: tokens from the officer's bucket, and as many from his agency's; 0: one of them was empty.
        refusal: why it isn't answered; None: the buckets held the price.
        officer_emptied: the officer's bucket didn't, and nobody was told of that yet.
        agency_emptied: the agency's, or that for all together, didn't, likewise.
    """

    price: int
    refusal: errors.Exhausted | None = None
    officer_emptied: bool = False
    agency_emptied: bool = False


class Accounts:
    """The accounts of the calls of one batch, under the ledger head's lock; or of one call, to see what it would find.

    Args:
        stored: those that were read, by id; they are changed.
        now_us: the instant of the batch's entries.
    """

    def __init__(self, stored: Mapping[bytes, Account], now_us: int) -> None:
        self._accounts = dict(stored)
        self._now_us = now_us
        self._day = day_of(now_us)
        self.changed: dict[bytes, Account] = {}
        """Those whose rows are to be written."""

    def refusal(self, payers: Payers, budget: Budget, times: int = 1) -> errors.Exhausted | None:
        """Why a call isn't answered; None: both buckets hold what it costs. Nothing is spent."""
        price = self._price(payers, budget, times)
        missing = self._missing_of(payers, budget)
        if all(_holds(bucket, lacks, price) for bucket, _, lacks in missing):
            return None
        return _refusal(budget, missing, times)

    def left(self, payers: Payers, budget: Budget) -> int:
        """How many things that cost what a call does its buckets hold."""
        return min(
            (bucket.capacity * UNIT - missing) // (budget.call * UNIT)
            for bucket, _, missing in self._missing_of(payers, budget)
        )

    def spend(self, payers: Payers, budget: Budget, times: int = 1) -> Spent:
        """Take what a call costs out of its buckets, or nothing at all when one of them doesn't hold it.

        ``times``: of how many things at once it asks, each of which costs what a call does.
        """
        price = self._price(payers, budget, times)
        missing = self._missing_of(payers, budget)
        officer_holds, *agency_holds = [_holds(bucket, lacks, price) for bucket, _, lacks in missing]
        if not (officer_holds and all(agency_holds)):
            return Spent(
                0,
                _refusal(budget, missing, times),
                not officer_holds and self._is_news(payers.officer_told or payers.officer),
                not all(agency_holds) and self._is_news(payers.agency_told or payers.agency),
            )
        for bucket, account_id, lacks in missing:
            self._take(account_id, bucket, lacks, price)
        if price > budget.call * times:
            named = self.changed[payers.named] = self._accounts[payers.named]
            named.day = self._day
        return Spent(price)

    def _price(self, payers: Payers, budget: Budget, times: int) -> int:
        """What the call costs: by what the officer himself has named, whatever colleagues have."""
        new = payers.named != b"" and self._account(payers.named).day != self._day
        return budget.call * times + (budget.first_named if new else 0)

    def _take(self, account_id: bytes, bucket: Bucket, missing: int, price: int) -> None:
        account = self.changed[account_id] = self._account(account_id)
        if missing * 2 <= bucket.capacity * UNIT:
            account.day = 0
        account.missing = missing + price * UNIT
        account.counted_us = self._now_us

    def _is_news(self, account_id: bytes) -> bool:
        """Note that it is told that the bucket is empty; False: it was on that day, and it hasn't been half full since.

        Nothing else of the account is changed: what it has got back is counted by the terms of the call that is paid
        from it next, as ``ledger verify`` counts it.
        """
        account = self._account(account_id)
        if account.day == self._day:
            return False
        account.day = self._day
        self.changed[account_id] = account
        return True

    def _account(self, account_id: bytes) -> Account:
        account = self._accounts.get(account_id)
        if account is None:
            account = self._accounts[account_id] = Account()
        return account

    def _missing_of(self, payers: Payers, budget: Budget) -> list[tuple[Bucket, bytes, int]]:
        """The buckets of a call, the officer's in front, and what each lacks by now."""
        officer, agency = payers.officer, payers.agency
        found = [
            (budget.officer, officer, self._missing(officer, budget.officer)),
            (budget.agency, agency, self._missing(agency, budget.agency)),
        ]
        if payers.every and budget.all_ports is not None:
            found.append((budget.all_ports, payers.every, self._missing(payers.every, budget.all_ports)))
        return found

    def _missing(self, account_id: bytes, bucket: Bucket) -> int:
        """What a bucket lacks by now, in units."""
        account = self._account(account_id)
        return refilled(account.missing, account.counted_us, self._now_us, bucket.refill_per_hour)


def refilled(missing: int, counted_us: int, now_us: int, refill_per_hour: int) -> int:
    """What a bucket lacks now of being full, in units."""
    return max(0, missing - max(0, now_us - counted_us) * refill_per_hour)


def day_of(now_us: int) -> int:
    """The day in Asia/Karachi, as a number of days. It begins there when an hour of UTC does."""
    return _day_of_hour(now_us // _HOUR_US)


@functools.lru_cache(maxsize=8)
def _day_of_hour(hour: int) -> int:
    return (_EPOCH + timedelta(hours=hour)).astimezone(KARACHI).toordinal()


def _holds(bucket: Bucket, missing: int, price: int) -> bool:
    return missing + price * UNIT <= bucket.capacity * UNIT


def _refusal(budget: Budget, missing: Iterable[tuple[Bucket, bytes, int]], times: int) -> errors.Exhausted:
    """Says when all buckets hold the full price of a call: the wait is the same whatever was named."""
    price = budget.call * times + budget.first_named
    wait = max(_wait(bucket, lacks, price) for bucket, _, lacks in missing)
    return errors.Exhausted(errors_pb2.ERROR_REASON_BUDGET_EMPTY, retry_after_seconds=wait)


def _wait(bucket: Bucket, missing: int, price: int) -> float:
    """Seconds until the bucket holds the price; 0: it does."""
    lacking = missing + price * UNIT - bucket.capacity * UNIT
    return max(0.0, lacking / bucket.refill_per_hour / 1_000_000)
