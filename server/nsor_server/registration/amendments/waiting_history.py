"""Proposed amendments that nobody had decided, along the ledger: what a record's owner had to do follows from them."""

from __future__ import annotations

from typing import Final, NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.registration.amendments import store
from nsor_server.registration.amendments.stored import open_stored
from nsor_server.registration.history import History
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_WRITTEN: Final = f"""
SELECT r.index, r.table_name, k.wrapped, uuid_send(a.amendment_id), uuid_send(a.registration_id), a.created_at,
    a.sealed, d.sealed
FROM ledger_record AS r
JOIN registration_amendment AS a ON a.amendment_id = {UUID_OF_RECORD}
LEFT JOIN registration_amendment_decision AS d USING (amendment_id)
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name IN ('{store.TABLE}', '{store.DECISION}')
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants


class Changed(NamedTuple):
    """A registration of which something was proposed or decided, and when: microseconds since 1970."""

    registration_id: bytes
    at_us: int


class WaitingAmendments:
    """What waited after each entry. That a row doesn't open is the finding of ``stored.py``."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, add: Add) -> None:
        self._sealer, self._history = Sealer(keyring), history
        self._written = Rows(conn, "amendments that wait", _WRITTEN, add)
        self.rows = (self._written,)
        """Entries that have some of these change what waits."""
        self.concerns = Concerns(self.rows, also_next=True)
        self._waiting: dict[bytes, dict[bytes, record_pb2.AmendmentRecord]] = {}
        self.changed: list[Changed] = []
        """What the last entry has changed."""

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Take what the next entry wrote; all come in their order."""
        self.changed = []
        for table, wrapped, *columns in self._written.take(index):
            row = store.StoredAmendment(*columns)
            if not wrapped and row.registration_id in self._history.erased:
                continue
            found = opened(_found_already, index, table, lambda: open_stored(self._sealer, wrapped, row))  # noqa: B023
            if found is not None:
                self._take(row.registration_id, found, is_proposal=table == store.TABLE)

    def waiting(self, registration_id: bytes) -> list[record_pb2.AmendmentRecord]:
        """The amendments of a registration that nobody had decided after the last entry, in time or not."""
        return list(self._waiting.get(registration_id, {}).values())

    def finish(self) -> None:
        """Report what is left."""
        self._written.finish()

    def _take(self, registration_id: bytes, found: store.Amendment, *, is_proposal: bool) -> None:
        waiting = self._waiting.setdefault(registration_id, {})
        if is_proposal:
            waiting[found.record.amendment_id] = found.record
            self.changed.append(Changed(registration_id, found.record.create_time_us))
        else:
            waiting.pop(found.record.amendment_id, None)
            self.changed.append(Changed(registration_id, found.decision.time_us))


def _found_already(_index: int, _problem: str) -> None:
    """Say nothing."""
