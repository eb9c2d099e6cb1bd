"""Items along the ledger: each is of the newest version of somebody who waited; where none was given, nobody waited.

Whoever owns the database can put somebody into the queue whom nobody should be handed, or hide who waits, and put all
back afterwards. Who waited, and who was in whose hand, says the history.
"""

from __future__ import annotations

from typing import Final

from nsor.counting import counted
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened, read
from nsor_server.registration.history import History
from nsor_server.registration.identity import changes, rows, rules, store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_ITEMS: Final = f"""
SELECT r.index, {store.COLUMNS}
FROM ledger_record AS r
JOIN identity_item AS i ON i.item_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_QUEUE: Final = f"SELECT uuid_send(registration_id), waits FROM {rows.TABLE}"  # noqa: S608 - constants
_MARGIN_US: Final = 60_000_000
"""A call may have read before what was recorded at that time was committed, but no longer than its deadline allows."""


class HandedOut:
    """The items at each entry. The history must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, add: Add) -> None:
        self._conn, self._sealer, self._history, self._add = conn, Sealer(keyring), history, add
        self._rows = Rows(conn, "identity items", _ITEMS, add)
        self.concerns = Concerns((self._rows, *history.rows))
        self._items: dict[bytes, record_pb2.IdentityItemRecord] = {}
        self._of_holder: dict[bytes, int] = {}
        self._queue: dict[bytes, bool] = {}
        self._waiting: dict[bytes, int] = {}
        self._in_hand: dict[bytes, record_pb2.IdentityItemRecord] = {}
        self._decided: dict[bytes, int] = {}
        self._reported: dict[bytes, int] = {}
        self._accepted = set[tuple[bytes, bytes]]()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        for record in self._history.changed:
            self._version(index, leaf, record)
        for row in self._rows.take(index):
            stored = store.StoredItem(*row)
            item = opened(self._add, index, store.TABLE, lambda: store.opened(self._sealer, stored))  # noqa: B023
            if item is not None:
                self._item(index, item)

    def finish(self) -> None:
        """Report what is left, and compare the queue with who waits."""
        self._rows.finish()
        expected = dict(self._queue)
        differing = sum(expected.pop(one, None) is not waits for one, waits in read(self._conn, rows.TABLE, _QUEUE))
        if (differing or expected) and self._history.is_whole:
            self._add(
                -1, f"{rows.TABLE} differs from the registrations in {counted(differing + len(expected), 'rows')}"
            )

    def _version(self, index: int, leaf: leaf_pb2.Leaf, record: record_pb2.RegistrationRecord) -> None:
        registration_id = record.registration_id
        self._queue |= {one: waits for row in rows.of_version(record) for one, waits in [row.values]}
        if record.identity_waits:
            self._waiting.setdefault(registration_id, leaf.time_us)
        else:
            self._waiting.pop(registration_id, None)
        if record.identity_state != rules.state(record):
            self._add(index, "where the identity of a registration stands doesn't follow from what NADRA decided")
        known = self._decided.get(registration_id, 0)
        decided = record.identity_verifications
        if len(decided) < known or not all(self._is_of_item(registration_id, each) for each in decided[known:]):
            self._add(index, "a decision on an identity is gone, or is on what nobody was handed")
        self._decided[registration_id] = len(decided)
        self._changes(index, record)

    def _changes(self, index: int, record: record_pb2.RegistrationRecord) -> None:
        """Compare what was reported: nothing is gone, each names a verification, and what was accepted stands."""
        reported = record.identity_changes
        known = self._reported.get(record.registration_id, 0)
        verified = all(changes.verified_by(record, each.item_id) for each in reported[known:])
        if len(reported) < known or not verified:
            self._add(index, "what NADRA has reported is gone, or names no verification")
        self._reported[record.registration_id] = len(reported)
        for each in reported:
            key = record.registration_id, each.change_id
            if (each.kind, each.state) == (changes.NUMBER, changes.ACCEPTED) and key not in self._accepted:
                self._accepted.add(key)
                if record.cnic != each.document_number:
                    self._add(index, "an accepted number isn't that of the record")
        day = record.verified_death_day if record.HasField("verified_death_day") else None
        if day != changes.death_day(record):
            self._add(index, "a day of death isn't the one that the owner has accepted")

    def _is_of_item(self, registration_id: bytes, decision: record_pb2.IdentityVerification) -> bool:
        item = self._items.get(decision.item_id)
        return item is not None and (
            (item.registration_id, item.version, item.agency) == (registration_id, decision.version, decision.agency)
            and item.time_us <= decision.time_us <= item.lease_until_us
        )

    def _item(self, index: int, item: record_pb2.IdentityItemRecord) -> None:
        self._items[item.item_id] = item
        if item.number != self._of_holder.get(item.holder, 0) + 1:
            self._add(index, "an officer's item doesn't follow the one before")
        self._of_holder[item.holder] = item.number
        if not item.registration_id:
            if any(self._was_left_out(each, since, item.time_us) for each, since in self._waiting.items()):
                self._add(index, "nobody was handed out, and somebody waited")
            return
        waited = item.registration_id in self._waiting or item.registration_id in self._history.erased
        if not waited or item.version != self._history.newest(item.registration_id):
            self._add(index, "somebody was handed out who didn't wait, or another version than the newest")
        before = self._in_hand.get(item.registration_id)
        if before is not None and before.holder != item.holder and item.time_us <= before.lease_until_us:
            self._add(index, "somebody was handed out whom another officer had in hand")
        self._in_hand[item.registration_id] = item

    def _was_left_out(self, registration_id: bytes, since_us: int, asked_us: int) -> bool:
        item = self._in_hand.get(registration_id)
        free_us = max(since_us, item.lease_until_us if item else 0)
        return free_us + _MARGIN_US < asked_us
