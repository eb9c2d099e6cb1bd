"""Spends budgets: what a call costs an officer and his agency, and whether their buckets hold it. Pure arithmetic.

All of it follows from the purpose, from what the request names, and from what was spent before; never from what is in
the register. Counting is in whole units, so that whoever counts again comes to the same.
"""

from __future__ import annotations

from collections.abc import Mapping
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


class Payers(NamedTuple):
    """The accounts that a call concerns, 16 bytes each.

    Attributes:
        officer: bucket of the officer.
        agency: bucket of his agency.
        named: the day on which anybody of the agency last named what the call names; empty where that costs nothing.
    """

    officer: bytes
    agency: bytes
    named: bytes = b""

    @property
    def accounts(self) -> tuple[bytes, ...]:
        """Those that there are."""
        return self if self.named else self[:2]


class Spent(NamedTuple):
    """What a call has cost.

    Attributes:
        price: tokens from the officer's bucket, and as many from his agency's; 0: one of them was empty.
        refusal: why it isn't answered; None: both buckets held the price.
        officer_emptied: the officer's bucket didn't, and nobody was told of that yet.
        agency_emptied: the agency's didn't, likewise.
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

    def refusal(self, payers: Payers, budget: Budget) -> errors.Exhausted | None:
        """Why a call isn't answered; None: both buckets hold what it costs. Nothing is spent."""
        price = self._price(payers, budget)
        wait = max(
            _wait(self._bucket(payers.officer, budget.officer), budget.officer, price),
            _wait(self._bucket(payers.agency, budget.agency), budget.agency, price),
        )
        return errors.Exhausted(errors_pb2.ERROR_REASON_BUDGET_EMPTY, retry_after_seconds=wait) if wait else None

    def spend(self, payers: Payers, budget: Budget) -> Spent:
        """Take what a call costs out of both buckets, or nothing at all when one of them doesn't hold it."""
        price = self._price(payers, budget)
        officer = self._bucket(payers.officer, budget.officer)
        agency = self._bucket(payers.agency, budget.agency)
        officer_lacks = _wait(officer, budget.officer, price) > 0
        agency_lacks = _wait(agency, budget.agency, price) > 0
        if officer_lacks or agency_lacks:
            return Spent(
                0,
                self.refusal(payers, budget),
                officer_lacks and self._is_news(payers.officer),
                agency_lacks and self._is_news(payers.agency),
            )
        officer.missing += price * UNIT
        agency.missing += price * UNIT
        self.changed[payers.officer], self.changed[payers.agency] = officer, agency
        if price > budget.call:
            named = self.changed[payers.named] = self._accounts[payers.named]
            named.day = self._day
        return Spent(price)

    def _price(self, payers: Payers, budget: Budget) -> int:
        new = payers.named != b"" and self._account(payers.named).day != self._day
        return budget.call + budget.first_named if new else budget.call

    def _is_news(self, account_id: bytes) -> bool:
        """Note that it was told that the bucket is empty; False: it was told before."""
        account = self._accounts[account_id]
        if account.told:
            return False
        account.told = True
        self.changed[account_id] = account
        return True

    def _account(self, account_id: bytes) -> Account:
        account = self._accounts.get(account_id)
        if account is None:
            account = self._accounts[account_id] = Account()
        return account

    def _bucket(self, account_id: bytes, bucket: Bucket) -> Account:
        """The account, with what it has got back since it was counted."""
        account = self._account(account_id)
        if account.counted_us == self._now_us:
            return account
        account.missing = refilled(account.missing, account.counted_us, self._now_us, bucket.refill_per_hour)
        account.counted_us = self._now_us
        if account.missing * 2 <= bucket.capacity * UNIT:
            account.told = False
        return account


def refilled(missing: int, counted_us: int, now_us: int, refill_per_hour: int) -> int:
    """What a bucket lacks now of being full, in units."""
    return max(0, missing - max(0, now_us - counted_us) * refill_per_hour)


def day_of(now_us: int) -> int:
    """The day in Asia/Karachi, as a number of days."""
    return (_EPOCH + timedelta(microseconds=now_us)).astimezone(KARACHI).toordinal()


def _wait(account: Account, bucket: Bucket, price: int) -> float:
    """Seconds until the bucket holds the price; 0: it does."""
    lacking = account.missing + price * UNIT - bucket.capacity * UNIT
    return lacking / bucket.refill_per_hour / 1_000_000 if lacking > 0 else 0.0
