"""Answers with amendments along the ledger: each rests on all that were proposed, and on every decision on them.

Whoever owns the database can hide a proposal, or the decision on one, while a call is answered, and put it back: then
an owner never hears of what waits for him, or accepts what is refused.
"""

from __future__ import annotations

import bisect
from itertools import islice
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.registration.amendments import rules, store
from nsor_server.storage.v1 import record_pb2

_WRITTEN: Final = f"""
SELECT r.index, r.row_id, uuid_send(a.registration_id), (extract(epoch FROM a.created_at) * 1000000)::bigint
FROM ledger_record AS r
LEFT JOIN registration_amendment AS a ON r.table_name = '{store.TABLE}' AND a.amendment_id = {UUID_OF_RECORD}
WHERE r.table_name IN ('{store.TABLE}', '{store.DECISION}')
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
"""Proposals, with their registrations, and decisions, without."""
_LIST: Final = "nsor.v1.RegistrationService/ListAmendments"
_GET: Final = "nsor.v1.RegistrationService/GetAmendment"


class ListedAmendments:
    """The amendments at each entry, as the columns beside their seals say them: ``stored.py`` compares these."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._add = add
        self._rows = Rows(conn, "amendments and decisions", _WRITTEN, add)
        self.concerns = Concerns((self._rows,), frozenset({_LIST, _GET}))
        self._of: dict[bytes, list[tuple[int, bytes]]] = {}
        self._decided: set[bytes] = set()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Take what the next entry wrote, or compare what it answered; all come in their order."""
        for amendment_id, registration_id, created_us in self._rows.take(index):
            if registration_id is None:
                self._decided.add(amendment_id)
            else:
                bisect.insort(self._of.setdefault(registration_id, []), (-created_us, amendment_id))
        if detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED or leaf.method not in {_LIST, _GET}:
            return
        read = detail.subjects[1:] if leaf.method == _GET else self._listed(detail.subjects[0])
        if detail.rests_on != rests_on.digest((each, each in self._decided) for each in read):
            self._add(index, "an answer with amendments didn't rest on all that were proposed and decided")

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _listed(self, registration_id: bytes) -> list[bytes]:
        """Those that a list reads, as ``proposals.py`` does: what waits, and then the newest."""
        newest = [amendment_id for _, amendment_id in self._of.get(registration_id, ())]
        waiting = list(islice((each for each in newest if each not in self._decided), rules.MOST_LISTED))
        return [*waiting, *(each for each in newest[: rules.MOST_LISTED] if each not in waiting)]
