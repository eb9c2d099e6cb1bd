"""Fixed times that were left out: of reviews, recalls, the look-up or tripwires, while the others were written.

Each has one entry whenever its time has come, whatever there is to tell, and all have the same times. Whoever owns the
database could keep one kind from ever coming, by the lock that says whose turn it is or by hiding that there is
anything to look for: then no row is wrong, and nobody is told. One kind that several times of another one have passed
by was left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.lookup.recalls import store as recalls
from nsor_server.lookup.times import TIMES as LOOK_UPS
from nsor_server.lookup.tripwires.store import TIMES as TRIPWIRES
from nsor_server.registration import claims, review_store
from nsor_server.storage.v1 import record_pb2

LEAST: Final = 3
"""So many others, since one may be written by a process that ends before it has come to the next kind."""
LEAST_US: Final = 60_000_000
"""From the first of these to the last: there are no times that follow each other faster."""
_KINDS: Final = {
    review_store.TIMES: ("review_time_id", "reviews", ""),
    recalls.PASSES: ("recall_pass_id", "recalls", claims.TABLE),
    LOOK_UPS.name: ("look_up_time_id", "the look-up", "access_grant"),
    TRIPWIRES.name: ("tripwire_time_id", "tripwires", "agency"),
}
"""Table of times -> its key, of what they are, and the table with whose first row they begin; none: with the first
time."""
_TIMES: Final = "\nUNION ALL\n".join(
    f"""
SELECT r.index, '{table}', (extract(epoch FROM t.due_at) * 1000000)::bigint
FROM ledger_record AS r JOIN {table} AS t ON t.{key} = {UUID_OF_RECORD}
WHERE r.table_name = '{table}'
"""  # noqa: S608 - constants
    for table, (key, _, _) in _KINDS.items()
)
_BEGINS: Final = "\nUNION ALL\n".join(
    f"SELECT min(r.index), '{table}', -1::bigint FROM ledger_record AS r WHERE r.table_name = '{begins}'"  # noqa: S608
    for table, (_, _, begins) in _KINDS.items()
    if begins
)
_ALL: Final = f"""
SELECT index, name, due_us FROM ({_TIMES} UNION ALL {_BEGINS}) AS of (index, name, due_us)
WHERE index IS NOT NULL
ORDER BY index, due_us
"""  # noqa: S608 - constants


@dataclass(slots=True)
class _Kind:
    """One kind of times.

    Attributes:
        since_us: when the last one was due, or when they began.
        passed: since then, by kind, when others were written that were due later, in their order.
    """

    since_us: int
    passed: dict[str, list[int]] = field(default_factory=dict)


class LeftOut:
    """Compares when times were written, over all of the ledger."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._add = add
        self._rows = Rows(conn, "fixed times of all kinds", _ALL, add)
        self.concerns = Concerns((self._rows,))
        self._kinds: dict[str, _Kind] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Take the times of the next entry; all come in their order."""
        for table, due_us in self._rows.take(index):
            if due_us < 0:
                self._kinds.setdefault(table, _Kind(leaf.time_us))
            else:
                self._take(index, leaf, table, due_us)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _take(self, index: int, leaf: leaf_pb2.Leaf, table: str, due_us: int) -> None:
        before = self._kinds.get(table)
        if before is not None and due_us <= before.since_us:
            return  # it goes on
        self._kinds[table] = _Kind(due_us)
        for name, other in self._kinds.items():
            if name == table or due_us <= other.since_us:
                continue
            passed = other.passed.setdefault(table, [])
            passed.append(leaf.time_us)
            if len(passed) >= LEAST and passed[-1] - passed[0] >= LEAST_US:
                _, what, _ = _KINDS[name]
                self._add(index, f"the fixed times of {what} were left out while those of {_KINDS[table][1]} came")
                passed.clear()
