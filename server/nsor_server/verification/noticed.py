"""Notices along the ledger: each version that a notice wrote is what the notice makes of the one before.

Whoever holds the keys for a while could seal a notice that moves a person to another station than it says, or a version
with another name than was told. Told again in the ledger's order, the notices say what the record must say.
"""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import notices_pb2, types_pb2
from nsor_server.ledger.stored import Add, Concerns, Connection
from nsor_server.notification import store
from nsor_server.notification.notices import effects
from nsor_server.registration.history import History
from nsor_server.registration.identity import rules as identity
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_CREATE: Final = "nsor.v1.NotificationService/CreateNotice"
_WRITTEN: Final = """
SELECT k.wrapped, uuid_send(n.registration_id), uuid_send(n.notice_id), n.sealed
FROM ledger_record AS r
JOIN notice AS n ON n.notice_id = encode(r.row_id, 'hex')::uuid
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.index = %s AND r.table_name = 'notice'
"""


class Noticed:
    """The versions that notices wrote. The history must be at the entry already."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, add: Add) -> None:
        self._conn, self._history, self._add = conn, history, add
        self._sealer = Sealer(keyring)
        self.concerns = Concerns(methods=frozenset({_CREATE}))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        for record in self._history.changed:
            before = self._history.version(record.registration_id, record.version - 1)
            notice = self._written(index)
            if before is None or notice is None:
                continue
            if not _is_by(leaf, detail, notice) or notice.version != record.version:
                self._add(index, "a notice names another officer or version than the one who took it, and wrote")
            if not _says_where(before, notice):
                self._add(index, "a notice moved a person to another place than it tells")
            if not _is_made_of(before, notice, record):
                self._add(index, "a version isn't what its notice makes of the one before")

    def finish(self) -> None:
        """Nothing is left to report."""

    def _written(self, index: int) -> record_pb2.NoticeRecord | None:
        """The notice that an entry wrote. That it doesn't open was found already."""
        found = self._conn.execute(_WRITTEN.encode(), (index,)).fetchone()
        if found is None:
            return None
        wrapped, registration_id, notice_id, sealed = found
        try:
            key = self._sealer.open_data_key(registration_id, wrapped or b"")
            return record_pb2.NoticeRecord.FromString(key.open(store.TABLE, notice_id, 1, sealed))
        except (SealBroken, DecodeError):
            return None


def _is_by(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None, notice: record_pb2.NoticeRecord) -> bool:
    """Whether a notice names who took it; of an entry whose detail is gone its agency alone is known."""
    return notice.agency == leaf.agency and (detail is None or notice.officer_key == detail.officer_key)


def _says_where(before: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord) -> bool:
    """Whether who is responsible by a notice follows from it: who was before, or the police of where the person lives.

    Nobody is at home in a place whose police aren't responsible, nor before it has happened.
    """
    moves = (
        notice.HasField("address")
        and notice.address.kind == types_pb2.ADDRESS_KIND_CURRENT
        and notice.timing == notices_pb2.NOTICE_TIMING_HAPPENED
    )
    if notice.place_before != before.responsible_place:
        return False
    if notice.place_after != notice.place_before and not (moves and notice.place_after == notice.address.place_code):
        return False
    return moves or not notice.at_home


def _is_made_of(
    before: record_pb2.RegistrationRecord, notice: record_pb2.NoticeRecord, record: record_pb2.RegistrationRecord
) -> bool:
    made = effects.after(before, notice)
    made.update_time_us = record.update_time_us
    identity.settle(made)
    return made == record
