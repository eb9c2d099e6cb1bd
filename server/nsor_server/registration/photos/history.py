"""Photos and decisions on them along the ledger, and whether each answer that showed one rested on all of them.

Whoever owns the database can hide a decision, or a photo, while a call is answered, and put it back afterwards: then a
photo that was rejected as another person's is shown once more. The sealed rows, and the entries that wrote them, say
how many there were.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import registration_pb2
from nsor_server import errors
from nsor_server.access.enrolled import Enrolled
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.registration import rules as owners
from nsor_server.registration.history import History
from nsor_server.registration.photos import store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import DataKey, SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_PHOTOS: Final = f"""
SELECT r.index, k.wrapped, uuid_send(p.photo_id), uuid_send(p.registration_id), p.created_at, p.sealed
FROM ledger_record AS r
JOIN registration_photo AS p ON p.photo_id = {UUID_OF_RECORD} AND r.version = {store.ONCE}
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_DECISIONS: Final = f"""
SELECT r.index, k.wrapped, uuid_send(p.registration_id), uuid_send(d.photo_id), d.version, d.sealed
FROM ledger_record AS r
JOIN registration_photo_decision AS d ON d.photo_id = {UUID_OF_RECORD} AND d.version = r.version
LEFT JOIN registration_photo AS p USING (photo_id)
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name = '{store.DECISION}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_PICTURE: Final = "SELECT picture FROM registration_photo WHERE photo_id = %s"
"""Read one by one: as many as rows are read at a time would fill the memory."""
_CONFIRMED: Final = registration_pb2.PHOTO_STATE_CONFIRMED
_LIST: Final = "nsor.v1.RegistrationService/ListPhotos"
_GET: Final = "nsor.v1.RegistrationService/GetPhoto"


class _Added(NamedTuple):
    """A photo as it is stored."""

    photo_id: bytes
    registration_id: bytes
    created_at: dt.datetime
    sealed: bytes


class _Decided(NamedTuple):
    """A decision as it is stored; of a photo that isn't there it has no registration."""

    registration_id: bytes | None
    photo_id: bytes
    version: int
    sealed: bytes


@dataclass(slots=True)
class _Photo:
    """A photo, and how many decisions there were on it so far."""

    record: record_pb2.PhotoRecord
    decisions: int = 0


class Photos:
    """The photos at each entry; on the way every seal is opened and compared with what stands beside it."""

    def __init__(self, conn: Connection, keyring: Keyring, history: History, enrolled: Enrolled, add: Add) -> None:
        """The history must be at the entry already."""
        self._history, self._erased = history, history.erased
        self._conn, self._add, self._enrolled, self._sealer = conn, add, enrolled, Sealer(keyring)
        self._added = Rows(conn, "photos", _PHOTOS, add)
        self._decided = Rows(conn, "photo decisions", _DECISIONS, add)
        self.rows = (self._decided,)
        """Entries that have some of these decide on photos."""
        self.decided: list[record_pb2.PhotoDecisionRecord] = []
        """The decisions that the last entry wrote."""
        self.concerns = Concerns((self._added, self._decided), frozenset({_LIST, _GET}), also_next=True)
        self._photos: dict[bytes, _Photo] = {}
        self._of: dict[bytes, list[_Photo]] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry; all come in their order."""
        self.decided = []
        for wrapped, *columns in self._added.take(index):
            self._add_photo(index, wrapped, _Added(*columns))
        for wrapped, *columns in self._decided.take(index):
            self._decide(index, wrapped, _Decided(*columns))
        if detail is not None and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED and leaf.method in {_LIST, _GET}:
            self._compare(index, leaf, detail)

    def finish(self) -> None:
        """Report what is left."""
        self._added.finish()
        self._decided.finish()

    def _add_photo(self, index: int, wrapped: bytes | None, row: _Added) -> None:
        if not wrapped and row.registration_id in self._erased:
            return
        record = opened(self._add, index, store.TABLE, lambda: self._open(wrapped, row))
        if record is not None:
            photo = self._photos[record.photo_id] = _Photo(record)
            self._of.setdefault(record.registration_id, []).append(photo)

    def _decide(self, index: int, wrapped: bytes | None, row: _Decided) -> None:
        if not wrapped and row.registration_id in self._erased:
            return
        record = opened(self._add, index, store.DECISION, lambda: self._open_decision(wrapped, row))
        if record is not None:
            self.decided.append(record)
        photo = self._photos.get(row.photo_id)
        if photo is None:
            return
        photo.decisions += 1
        if row.version != photo.decisions:
            self._add(index, "the decision on a photo doesn't follow the one before")
        if record is None:
            return
        if not self._is_by_the_owner(record):
            self._add(index, "a photo was decided by an officer of another agency or place than the record's owner")
        if record.state != _CONFIRMED:
            return
        added = self._enrolled.holder(photo.record.agency, photo.record.officer_key)
        if self._enrolled.holder(record.agency, record.officer_key).is_same(added) or row.version != store.ONCE:
            self._add(index, "a photo was confirmed by the officer who had added it, or after it was decided")

    def _is_by_the_owner(self, decision: record_pb2.PhotoDecisionRecord) -> bool:
        registration_id = decision.registration_id
        record = self._history.version(registration_id, self._history.newest(registration_id))
        agency, officer = self._enrolled.agency(decision.agency), self._enrolled.officer(decision.officer_key)
        return record is None or (agency is not None and owners.is_owner(record, agency, officer))

    def _compare(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """Hold what an answer read against what there was: whatever is hidden makes one of the two numbers less."""
        if leaf.method == _GET:
            there = [self._photos[each] for each in detail.subjects[1:] if each in self._photos]
        else:
            there = self._of.get(detail.subjects[0], [])
        read = detail.photos_read
        if (read.photos, read.decisions) != (len(there), sum(each.decisions for each in there)):
            self._add(index, "an answer with photos didn't rest on all photos and decisions that there were")

    def _open(self, wrapped: bytes | None, row: _Added) -> record_pb2.PhotoRecord:
        key = self._key(row.registration_id, wrapped)
        record = store.opened(key, row.registration_id, store.StoredPhoto(*row, 0, None)).record
        ((picture,),) = self._conn.execute(_PICTURE, (uuid.UUID(bytes=row.photo_id),)).fetchall() or [(b"",)]
        store.open_picture(key, record, picture)
        return record

    def _open_decision(self, wrapped: bytes | None, row: _Decided) -> record_pb2.PhotoDecisionRecord:
        key = self._key(row.registration_id or b"", wrapped)
        try:
            sealed = key.open(store.DECISION, row.photo_id, row.version, row.sealed)
            record = record_pb2.PhotoDecisionRecord.FromString(sealed)
        except (SealBroken, DecodeError):
            raise errors.Internal from None
        if (record.registration_id, record.photo_id, record.version) != row[:-1]:
            raise errors.Internal
        return record

    def _key(self, registration_id: bytes, wrapped: bytes | None) -> DataKey:
        try:
            return self._sealer.open_data_key(registration_id, wrapped or b"")
        except SealBroken:
            raise errors.Internal from None
