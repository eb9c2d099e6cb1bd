"""Deletes the rows of budgets that say nothing any more: full buckets, and what was named on days that are past.

Otherwise whoever makes things up to name adds rows for ever. An account without a row is a full one, so nobody's
budget changes, and what ``ledger verify`` counts again doesn't either.
"""

from __future__ import annotations

from typing import Final

from nsor_server.storage.deleting import Deleting
from nsor_server.storage.pool import Database

_DELETE: Final = """
DELETE FROM budget
 WHERE account_id IN (
    SELECT account_id FROM budget
     WHERE counted_us + missing < (extract(epoch FROM now()) - 86400) * 1000000
       AND day < (now() AT TIME ZONE 'Asia/Karachi')::date - date '0001-01-01'
     LIMIT %s
       FOR UPDATE SKIP LOCKED)
"""
"""The slowest bucket that policy can have gets one unit a microsecond, a token an hour: whatever policy comes to be in
force, it is full at ``counted_us + missing``. A day more, and days before yesterday, since entries have an instant of
their own. Rows that the ledger's writer holds are passed over: they are in use."""


class FullBuckets(Deleting):
    """The thread that deletes such rows."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "full-buckets", _DELETE)
