"""What LookupService stores, and look-ups compared with the ledger.

Grants are opened by grants/history.py, access requests by requests/listed.py.
A use of a grant that is gone would give it once more, so each look-up is held against its entry, both ways.
"""

from __future__ import annotations

from typing import Any, Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access import watched
from nsor_server.ledger.stored import (
    Add,
    Concerns,
    Connection,
    RecordedTable,
    Rows,
    Stored,
)
from nsor_server.lookup import returned, times
from nsor_server.lookup.emergencies.stored import TABLES as EMERGENCIES
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.recalls import store as recalls
from nsor_server.lookup.replays import store as replays
from nsor_server.lookup.requests import store as requests
from nsor_server.lookup.requests.escalation import store as escalation
from nsor_server.lookup.screening import stored as screening
from nsor_server.lookup.tripwires import store as tripwires
from nsor_server.storage.v1 import record_pb2

LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
SEARCH: Final = "nsor.v1.LookupService/SearchRegistrations"

_LOOK_UPS: Final = """
SELECT coalesce(entry.index, -1), made.agency_id, uuid_send(made.request_id), uuid_send(made.grant_id), made.subject,
    made.use, made.answered_us
FROM look_up AS made LEFT JOIN ledger_entry AS entry USING (access_id)
ORDER BY 1
"""


class _LookUps:
    """The look-ups that are stored, compared with the entries of those that were answered."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._add = add
        self._rows = Rows(conn, "look_up", _LOOK_UPS, add)
        self.concerns = Concerns((self._rows,), frozenset({LOOK_UP}))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        rows = self._rows.take(index)
        if detail is None:
            # What a row must say stood in the detail; that it is this agency's look-up stands in the leaf too.
            fits = not rows or (len(rows) == 1 and _is_answered(leaf) and rows[0][0] == leaf.agency)
        else:
            fits = rows == _made(leaf, detail)
        if not fits:
            self._add(index, "the look-up, or its use of a grant, isn't in look_up as the entry says")

    def finish(self) -> None:
        self._rows.finish()


def _is_answered(leaf: leaf_pb2.Leaf) -> bool:
    return leaf.method == LOOK_UP and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED


def _made(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> list[tuple[Any, ...]]:
    """The rows of look_up that an entry wrote: one, or none."""
    if not _is_answered(leaf) or not detail.request_id or detail.replay:
        return []
    use: tuple[Any, ...] = (None, None, None)
    if detail.grant_use:
        use = (detail.subjects[-1], detail.grant_position, detail.grant_use)
    return [(leaf.agency, detail.request_id, *use, leaf.time_us)]


STORED: Final = Stored(
    (
        RecordedTable(requests.REQUESTS, "access_request_id", "version", written_at="created_at"),
        RecordedTable(grants.GRANTS, "grant_id", written_at="created_at"),
        RecordedTable.unsealed(grants.WITHDRAWAL_ROWS),
        RecordedTable.unsealed(grants.HOLDER_ROWS),
        RecordedTable.unsealed(grants.JUVENILE_ROWS),
        RecordedTable.unsealed(escalation.STEPS),
        RecordedTable.unsealed(returned.RETURNS),
        RecordedTable.unsealed(times.TIMES),
        RecordedTable.unsealed(watched.ROWS),
        RecordedTable(replays.TABLE, "replay_id", "version", written_at="created_at"),
        *screening.TABLES,
        *EMERGENCIES,
        RecordedTable(tripwires.TABLE, "unusual_access_id"),
        RecordedTable.unsealed(tripwires.REVIEWS),
        RecordedTable.unsealed(tripwires.TIMES),
        RecordedTable(recalls.PASSES, "recall_pass_id"),
        RecordedTable(recalls.RECALLS, "recall_id"),
        RecordedTable(recalls.ACKNOWLEDGEMENTS, "recall_id"),
    ),
    screening.compare,
    _LookUps,
)
"""For verification."""
