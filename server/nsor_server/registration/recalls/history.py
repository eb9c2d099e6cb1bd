"""Recall orders along the ledger: one beside each row after which something that was told isn't so, and no others.

Whoever owns the database could take an order away, so that nobody who was told is told again, or add one. But which are
due follows from the sealed versions, claims and decisions on photos.
"""

from __future__ import annotations

from typing import Any, Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import Row
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows
from nsor_server.registration.history import History
from nsor_server.registration.photos.history import Photos
from nsor_server.registration.recalls import orders, rules
from nsor_server.storage.v1 import record_pb2

_ORDERS: Final = f"""
SELECT coalesce(r.index, -1), o.made_by, uuid_send(o.row_id), o.version, uuid_send(o.registration_id)
FROM {orders.TABLE} AS o
LEFT JOIN ledger_record AS r
    ON r.table_name = o.made_by AND r.row_id = uuid_send(o.row_id) AND r.version = o.version
ORDER BY 1
"""  # noqa: S608 - constants
_PROBLEM: Final = "the orders to recall what was told of registrations aren't those that are due"


class Ordered:
    """Compares the orders of each entry with what it wrote. History and photos must be at the entry already."""

    def __init__(self, conn: Connection, history: History, photos: Photos, add: Add) -> None:
        self._history, self._photos, self._add = history, photos, add
        self._rows = Rows(conn, "recall orders", _ORDERS, add)
        self.concerns = Concerns((self._rows, *history.rows, *photos.rows))
        self._told: dict[bytes, bytes] = {}
        self._persons: dict[bytes, bytes] = {}

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare the orders of the next entry; all come in their order."""
        found = {row for row in self._rows.take(index) if not self._is_erased(row)}
        due = {
            (orders.VERSION, record.registration_id, record.version, record.registration_id)
            for record in self._history.changed
            if self._is_due(record)
        }
        due |= {row.values for each in self._history.claimed for row in self._of_claim(each.claim)}
        due |= {row.values for each in self._photos.decided for row in orders.of_photo(each)}
        if found != due:
            self._add(index, _PROBLEM)

    def _is_erased(self, row: tuple[Any, ...]) -> bool:
        """Whether what made an order due opens no more."""
        made_by, _, _, registration_id = row
        if made_by == orders.VERSION:
            return registration_id in self._history.changed_unread
        return registration_id in self._history.erased

    def _of_claim(self, claim: record_pb2.ClaimRecord) -> tuple[Row, ...]:
        before = self._persons.get(claim.registration_id, b"")
        self._persons[claim.registration_id] = claim.person
        return orders.of_claim(before, claim)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _is_due(self, record: record_pb2.RegistrationRecord) -> bool:
        told = rules.told_of(record) if rules.may_be_told(record) else b""
        before, self._told[record.registration_id] = self._told.get(record.registration_id, b""), told
        if before in {b"", told}:
            return False
        # A version that is missing, or doesn't open, is a finding already.
        earlier = self._history.version(record.registration_id, record.version - 1)
        return earlier is not None and rules.is_due(earlier, record)
