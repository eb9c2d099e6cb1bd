"""Which rows of budgets are deleted: those that say nothing any more."""

import time
import uuid

import pytest

from nsor_server.access.budgets import day_of
from nsor_server.storage.budgets import Account
from nsor_server.storage.full_buckets import FullBuckets
from nsor_server.storage.pool import Database

DAY_US = 86_400_000_000
TOKEN = 3_600_000_000
NOW_US = time.time_ns() // 1000
TODAY = day_of(NOW_US)


def _add(database: Database, account: Account) -> uuid.UUID:
    """Add an account's row."""
    account_id = uuid.uuid4()
    with database.owner() as owner:
        owner.execute(
            "INSERT INTO budget (account_id, missing, counted_us, day) VALUES (%s, %s, %s, %s)",
            (account_id, account.missing, account.counted_us, account.day),
        )
    return account_id


def _left(database: Database) -> set[uuid.UUID]:
    with database.owner() as owner:
        return {account_id for (account_id,) in owner.execute("SELECT account_id FROM budget")}


def test_full_buckets_and_what_was_named_long_ago_are_deleted_and_nothing_else(database: Database) -> None:
    # Ids that were made up added rows for ever: three for each, as fast as calls come.
    week_ago = NOW_US - 7 * DAY_US
    for _ in range(3):
        _add(database, Account(day=TODAY - 2))
        _add(database, Account(missing=TOKEN, counted_us=week_ago))
        _add(database, Account(missing=100 * TOKEN, counted_us=week_ago, day=TODAY - 3))
    kept = {
        _add(database, Account(day=TODAY)),
        _add(database, Account(missing=TOKEN, counted_us=NOW_US)),
        _add(database, Account(missing=TOKEN, counted_us=NOW_US - DAY_US)),
        # At the slowest refill it isn't full yet, and policy may come to that.
        _add(database, Account(missing=200 * TOKEN, counted_us=week_ago)),
        _add(database, Account(missing=TOKEN, counted_us=week_ago, day=TODAY)),
    }
    FullBuckets(database).look()
    assert _left(database) == kept


def test_all_of_many_are_deleted_and_what_the_writer_holds_is_passed_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Waiting for a row that a batch has locked, while that batch waits for another one, would end the batch.
    monkeypatch.setattr("nsor_server.storage.deleting.MOST", 2)
    ids = [_add(database, Account(day=TODAY - 9)) for _ in range(7)]
    with database.owner() as writer:
        writer.execute("SELECT FROM budget WHERE account_id = %s FOR UPDATE", (ids[0],))
        FullBuckets(database).look()
    assert _left(database) == {ids[0]}
