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
        officer_case: what he has had to do with the case that the call names.
        agency_case: what his agency has had to do with it.
    """

    officer: bytes
    agency: bytes
    officer_case: bytes
    agency_case: bytes


class Spent(NamedTuple):
    """What a call has cost.

    Attributes:
        price: tokens from the officer's bucket; 0: it was empty.
        agency_price: tokens from his agency's.
        refusal: why it isn't answered; None: both buckets held the price.
        officer_emptied: the officer's bucket didn't, and nobody was told of that yet.
        agency_emptied: the agency's didn't, likewise.
    """

    price: int
    agency_price: int
    refusal: errors.Exhausted | None = None
    officer_emptied: bool = False
    agency_emptied: bool = False


class Accounts:
    """The accounts of the calls of one batch, under the ledger head's lock.

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

    def spend(self, payers: Payers, budget: Budget) -> Spent:
        """Take what a call costs out of both buckets, or nothing at all when one of them doesn't hold it."""
        officer = self._bucket(payers.officer, budget.officer)
        agency = self._bucket(payers.agency, budget.agency)
        officer_case, agency_case = self._account(payers.officer_case), self._account(payers.agency_case)
        new = officer_case.day != self._day
        further = new and officer.day == self._day and officer.cases > 0
        price, agency_price = prices(budget, further=further, new_to_agency=agency_case.day != self._day)
        wait = max(_wait(officer, budget.officer, price), _wait(agency, budget.agency, agency_price))
        if wait:
            return self._refused(payers, budget, (price, agency_price), wait)
        officer.missing += price * UNIT
        agency.missing += agency_price * UNIT
        self.changed[payers.officer], self.changed[payers.agency] = officer, agency
        if new:
            officer.cases = officer.cases + 1 if officer.day == self._day else 1
            officer.day = officer_case.day = self._day
            self.changed[payers.officer_case] = officer_case
        if agency_case.day != self._day:
            agency_case.day = self._day
            self.changed[payers.agency_case] = agency_case
        return Spent(price, agency_price)

    def _refused(self, payers: Payers, budget: Budget, needed: tuple[int, int], wait: float) -> Spent:
        emptied = []
        for account_id, bucket, price in (
            (payers.officer, budget.officer, needed[0]),
            (payers.agency, budget.agency, needed[1]),
        ):
            account = self._accounts[account_id]
            news = _wait(account, bucket, price) > 0 and not account.told
            if news:
                account.told = True
                self.changed[account_id] = account
            emptied.append(news)
        refusal = errors.Exhausted(errors_pb2.ERROR_REASON_BUDGET_EMPTY, retry_after_seconds=wait)
        return Spent(0, 0, refusal, *emptied)

    def _account(self, account_id: bytes) -> Account:
        account = self._accounts.get(account_id)
        if account is None:
            account = self._accounts[account_id] = Account()
        return account

    def _bucket(self, account_id: bytes, bucket: Bucket) -> Account:
        """The account, with what it has got back since it was counted."""
        account = self._account(account_id)
        account.missing = refilled(account.missing, account.counted_us, self._now_us, bucket.refill_per_hour)
        account.counted_us = self._now_us
        if account.missing * 2 <= bucket.capacity * UNIT:
            account.told = False
        return account


def prices(budget: Budget, *, further: bool, new_to_agency: bool) -> tuple[int, int]:
    """Tokens that a look-up costs the officer and his agency; never more the agency than the officer.

    Args:
        budget: of the purpose.
        further: the officer names a case that isn't his first of the day and that he hasn't named on that day.
        new_to_agency: nobody of his agency has.
    """
    return (
        budget.look_up + (budget.further_case if further else 0),
        budget.look_up + (budget.further_case if further and new_to_agency else 0),
    )


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
