"""Validations along the ledger: each follows the one before, and whatever was overdue stands in a time for reviews.

Whoever owns the database can hide what has fallen due while a time is written, or show an older validation. Told again
in the ledger's order, the seals say what each time had to name.
"""

from __future__ import annotations

import heapq
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.registration.history import History
from nsor_server.registration.reviewed import Reviewed
from nsor_server.registration.validation import overdue, rules, store
from nsor_server.registration.validation.tiers import Tiers
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_VALIDATIONS: Final = f"""
SELECT r.index, k.wrapped, uuid_send(d.registration_id), d.version, d.due_us, d.sealed
FROM ledger_record AS r
JOIN registration_validation AS d ON d.registration_id = {UUID_OF_RECORD} AND d.version = r.version
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants


_TIER: Final = "the supervision tier of a registration isn't that of its newest validation"


class Validated:
    """The validations at each entry; history and reviews must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, reviewed: Reviewed, add: Add) -> None:
        self._history, self._reviewed, self._add = history, reviewed, add
        self._sealer = Sealer(keyring)
        self._rows = Rows(conn, "validations", _VALIDATIONS, add)
        self.rows = self._rows, *history.rows, *reviewed.rows
        """Entries that have some of these may change when a registration has to be looked at again."""
        self.concerns = Concerns(self.rows, told=("validation_read",), also_next=True)
        self._newest: dict[bytes, int] = {}
        self._tiers = Tiers()
        self._due_us: dict[bytes, int] = {}
        self.said_again: list[bytes] = []
        """Registrations whose owners have said by the last entry that they are right."""
        self._coming: list[tuple[int, bytes, int]] = []
        self._place = overdue.place(record_pb2.ReviewTimeRecord())

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written, or shown, by the next entry; all come in their order."""
        self.said_again = []
        for wrapped, *columns in self._rows.take(index):
            self._take(index, wrapped, store.StoredValidation(*columns))
        if not self._tiers.are_those_of(self._history.changed):
            self._add(index, _TIER)
        for each in self._history.changed:
            if self._history.is_confirmed(each.registration_id) and each.registration_id not in self._newest:
                self._add(index, "a registration was confirmed, and when it has to be looked at again wasn't written")
                self._newest[each.registration_id] = 0
        if self._reviewed.written is not None:
            self._compare(index, self._reviewed.written)
        if detail is not None and detail.HasField("validation_read"):
            self._compare_shown(index, detail)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _take(self, index: int, wrapped: bytes | None, stored: store.StoredValidation) -> None:
        """Take a validation; of a registration that was erased its columns are left."""
        if wrapped or stored.registration_id not in self._history.erased:
            record = opened(self._add, index, store.TABLE, lambda: _open(self._sealer, wrapped, stored))
            if record is not None:
                self._tiers.take(record)
        if stored.version != self._newest.get(stored.registration_id, 0) + 1:
            self._add(index, "the validation of a registration doesn't follow the one before")
        self._newest[stored.registration_id] = stored.version
        if stored.version > rules.FIRST:
            self.said_again.append(stored.registration_id)
        # The column repeats what is sealed, or that was found already.
        self._due_us[stored.registration_id] = stored.due_us
        heapq.heappush(self._coming, (stored.due_us, stored.registration_id, stored.version))

    def _compare_shown(self, index: int, detail: record_pb2.AccessDetail) -> None:
        if detail.validation_read != self._newest.get(detail.subjects[0], 0):
            self._add(index, "the answer showed another validation than the newest one")

    def _compare(self, index: int, time: record_pb2.ReviewTimeRecord) -> None:
        """Hold what a time names against what had fallen due and stood, behind the time before."""
        expected = [each for each in sorted(self._reviewed.returned) if self._fell_due(each)]
        most = len(expected) + overdue.MOST
        last = max(self._place, (time.due_us, overdue.END))
        while self._coming and self._coming[0][0] <= time.due_us and len(expected) < most:
            due_us, registration_id, version = heapq.heappop(self._coming)
            stands = self._newest[registration_id] == version and self._history.is_confirmed(registration_id)
            if stands and (due_us, registration_id) > self._place:
                expected.append(registration_id)
                if len(expected) == most:
                    last = due_us, registration_id
        if list(time.overdue_validation_ids) != expected or overdue.place(time) != last:
            self._add(index, "a time for reviews doesn't name the registrations that had to be looked at again")
        self._place = last

    def due_us(self, registration_id: bytes) -> int:
        """When a registration has to be looked at again after the last entry; 0: that isn't known."""
        return self._due_us.get(registration_id, 0)

    def _fell_due(self, registration_id: bytes) -> bool:
        """Whether a registration had to be looked at again by what the time before has looked at already."""
        due_us = self._due_us.get(registration_id)
        return due_us is not None and (due_us, registration_id) <= self._place


def _open(sealer: Sealer, wrapped: bytes | None, stored: store.StoredValidation) -> record_pb2.ValidationRecord:
    """Open a validation.

    Raises:
        errors.Internal: it isn't what stands beside it, or its key is gone.
    """
    try:
        key = sealer.open_data_key(stored.registration_id, wrapped or b"")
    except SealBroken:
        raise errors.Internal from None
    return store.opened(key, stored)
