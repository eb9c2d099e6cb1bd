"""Answers with notices along the ledger: each rests on all that were given, and on every decision on them.

Whoever owns the database can hide a notice, or what became of it, while a call is answered, and put it back: then a
station never hears of what waits, or FIA Immigration goes by a journey that was withdrawn.
"""

from __future__ import annotations

import bisect
from typing import Final, Protocol

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.notification import store
from nsor_server.notification.notices import reading
from nsor_server.storage.v1 import record_pb2

_WRITTEN: Final = f"""
SELECT r.index, r.row_id, r.version, uuid_send(n.registration_id), (extract(epoch FROM n.created_at) * 1000000)::bigint
FROM ledger_record AS r
LEFT JOIN notice AS n ON r.table_name = '{store.TABLE}' AND n.notice_id = {UUID_OF_RECORD}
WHERE r.table_name IN ('{store.TABLE}', '{store.DECISION}')
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
"""Notices, with their registrations, and decisions, without."""
_LIST: Final = "nsor.v1.NotificationService/ListNotices"
_GET: Final = "nsor.v1.NotificationService/GetNotice"


class Versions(Protocol):
    """What is asked of the history of registrations."""

    def version(self, registration_id: bytes, version: int, /) -> record_pb2.RegistrationRecord | None:
        """A version, opened."""


class ListedNotices:
    """The notices at each entry, as the columns beside their seals say them: ``stored.py`` compares these."""

    def __init__(self, conn: Connection, history: Versions, add: Add) -> None:
        self._add, self._history = add, history
        self._rows = Rows(conn, "notices and decisions", _WRITTEN, add)
        self.concerns = Concerns((self._rows,), frozenset({_LIST, _GET}))
        self._of: dict[bytes, list[tuple[int, bytes]]] = {}
        self._decided: dict[bytes, int] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Take what the next entry wrote, or compare what it answered; all come in their order."""
        for notice_id, version, registration_id, created_us in self._rows.take(index):
            if registration_id is None:
                self._decided[notice_id] = version
            else:
                bisect.insort(self._of.setdefault(registration_id, []), (-created_us, notice_id))
        if detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED or leaf.method not in {_LIST, _GET}:
            return
        read = detail.subjects[1:] if leaf.method == _GET else self._listed(detail)
        if detail.rests_on != rests_on.digest((each, self._decided.get(each, 0)) for each in read):
            self._add(index, "an answer with notices didn't rest on all that were given and decided")

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _listed(self, detail: record_pb2.AccessDetail) -> list[bytes]:
        """Those that a list reads, as ``reading.py`` does: what waits by the version that it read, and the newest."""
        record = self._history.version(detail.subjects[0], detail.shown_version)
        waiting = {each.notice_id for each in record.waiting_notices} if record is not None else set()
        there = [notice_id for _, notice_id in self._of.get(detail.subjects[0], ())]
        return [each for nth, each in enumerate(there) if nth < reading.MOST_LISTED or each in waiting]
