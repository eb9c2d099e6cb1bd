"""Recall orders along the ledger: one beside each version after which something that was told isn't so, and no others.

Whoever owns the database could take an order away, so that nobody who was told is told again, or add one. But which are
due follows from the sealed versions.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows
from nsor_server.registration import store
from nsor_server.registration.history import History
from nsor_server.registration.recalls import orders, rules
from nsor_server.storage.v1 import record_pb2

_ORDERS: Final = f"""
SELECT coalesce(r.index, -1), uuid_send(o.registration_id), o.version,
    (extract(epoch FROM o.ordered_at) * 1000000)::bigint
FROM {orders.TABLE} AS o
LEFT JOIN ledger_record AS r
    ON r.table_name = '{store.TABLE}' AND r.row_id = uuid_send(o.registration_id) AND r.version = o.version
ORDER BY 1
"""  # noqa: S608 - constants
_PROBLEM: Final = "the orders to recall what was told of registrations aren't those that are due"


class Ordered:
    """Compares the orders of each entry with the versions that it wrote. The history must be at the entry already."""

    def __init__(self, conn: Connection, history: History, add: Add) -> None:
        self._history, self._add = history, add
        self._rows = Rows(conn, "recall orders", _ORDERS, add)
        self.concerns = Concerns((self._rows, *history.rows))
        self._told: dict[bytes, bytes] = {}

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare the orders of the next entry; all come in their order."""
        found = {
            (registration_id, version): at_us
            for registration_id, version, at_us in self._rows.take(index)
            if registration_id not in self._history.changed_unread
        }
        due = {
            (record.registration_id, record.version): record.update_time_us
            for record in self._history.changed
            if self._is_due(record)
        }
        if found != due:
            self._add(index, _PROBLEM)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _is_due(self, record: record_pb2.RegistrationRecord) -> bool:
        told = rules.told_of(record)
        before, self._told[record.registration_id] = self._told.get(record.registration_id), told
        if before in {None, told}:
            return False
        # A version that is missing, or doesn't open, is a finding already.
        earlier = self._history.version(record.registration_id, record.version - 1)
        return earlier is not None and rules.is_due(earlier, record)
