"""What is used of budgets: one row for each bucket, and one for each thing that an officer has named.

It is state, not history: the server's role may change it. What was spent stands in the ledger's details too, which
``ledger verify`` adds up again. Read and written under the ledger head's lock alone, so that server processes share it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from nsor_server.calls import Row, Table
from nsor_server.storage import arrays
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Rows, Statement, Step, ask

TABLE: Final = Table(
    "budget",
    (
        ("account_id", "uuid"),
        ("missing", "bigint"),
        ("counted_us", "bigint"),
        ("day", "integer"),
    ),
    key=("account_id",),
)
_READ: Final = Statement(
    b"budget read",
    b"""
SELECT q.account_id, b.missing, b.counted_us, b.day
FROM unnest($1::uuid[]) AS q (account_id)
CROSS JOIN LATERAL (
    SELECT missing, counted_us, day FROM budget WHERE account_id = q.account_id OFFSET 0
) AS b
""",
)
"""One look at the index for each, however small the table was when the statement was planned."""


@dataclass(slots=True)
class Account:
    """A bucket; or what an officer has named, of which only the day counts.

    Attributes:
        missing: what the bucket lacks to be full, in ``access.budgets.UNIT`` to a token.
        counted_us: when that was counted, microseconds since 1970.
        day: the day in Asia/Karachi on which it was last named, as a number of days; of a bucket, on which it was last
            told that it is empty; 0: it has been half full since.
    """

    missing: int = 0
    counted_us: int = 0
    day: int = 0


def read(account_ids: Collection[bytes]) -> Step:
    """Read accounts; those that were never used have no row."""
    return _READ(arrays.uuids(list(account_ids)))


def stored(conn: Connection, account_ids: Collection[bytes]) -> dict[bytes, Account]:
    """Accounts as they are just now, without the head's lock: by what they hold nothing may be spent."""
    return accounts(ask(conn, _READ, arrays.uuids(list(account_ids))))


def accounts(found: Rows) -> dict[bytes, Account]:
    """Accounts by id, 16 bytes."""
    return {row[0]: Account(*row[1:]) for row in found}


def rows(changed: Mapping[bytes, Account]) -> list[Row]:
    """The rows that take the place of what was read."""
    return [Row(TABLE, (account_id, each.missing, each.counted_us, each.day)) for account_id, each in changed.items()]
