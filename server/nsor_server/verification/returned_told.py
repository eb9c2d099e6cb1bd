"""Who heard of the look-up's fixed times: every agency with a grant that counted, and whoever was given uses back.

Whoever owns the database could keep from an officer that somebody for whom he had asked has come to stand: the use is
his again, and nobody says so.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, TypeAlias

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import notification_pb2
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.lookup.grants.history import Grants
from nsor_server.lookup.times import METHOD, TIMES
from nsor_server.storage.v1 import record_pb2

_COMPARED: Final = int(notification_pb2.EVENT_KIND_LOOK_UPS_COMPARED)
_RETURNED: Final = int(notification_pb2.EVENT_KIND_LOOK_UP_RETURNED)
_TOLD: Final = f"""
SELECT r.index, e.kind, e.recipient, uuid_send(e.access_request_id), e.about_agency, uuid_send(e.grant_id)
FROM (
    SELECT event_id, kind, agency_id AS recipient, access_request_id, about_agency, grant_id FROM agency_event
    UNION ALL
    SELECT event_id, kind, recipient, access_request_id, about_agency, grant_id FROM outbox
) AS e
JOIN ledger_record AS r ON r.table_name = 'agency_event' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
WHERE e.kind IN ({_COMPARED}, {_RETURNED})
ORDER BY r.index
"""  # noqa: S608 - constants
_DUE: Final = f"""
SELECT r.index, (extract(epoch FROM t.due_at) * 1000000)::bigint, t.looked_to
FROM ledger_record AS r JOIN {TIMES.name} AS t ON t.look_up_time_id = {UUID_OF_RECORD}
WHERE r.table_name = '{TIMES.name}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
NOT_COMPARED: Final = "a fixed time of the look-up wasn't told every agency that had a grant which counted, or others"
NOT_RETURNED: Final = "uses were given back, and the agencies that have them weren't told, or others were"
_Event: TypeAlias = tuple[str, bytes | None, str | None, bytes | None]


class ToldOfReturns:
    """Compares the events of each time. The grants must be at the entry already."""

    def __init__(self, conn: Connection, grants: Grants, add: Add) -> None:
        self._grants, self._add = grants, add
        self._times = Rows(conn, "fixed times of the look-up and their events", _DUE, add)
        self._events = Rows(conn, "events of the look-up's fixed times", _TOLD, add)
        self.concerns = Concerns((self._times, self._events, grants.rows), frozenset({METHOD}))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry; all come in their order."""
        compared, told = set[str](), list[_Event]()
        for kind, *event in self._events.take(index):
            if kind == _COMPARED:
                compared.add(event[0])
            else:
                told.append((event[0], event[1], event[2], event[3]))
        times = self._times.take(index)
        self._compare_compared(index, leaf, compared, times[0] if times else None)
        if Counter(told) != Counter(self._returned()):
            self._add(index, NOT_RETURNED)

    def finish(self) -> None:
        """Report what is left."""
        self._times.finish()
        self._events.finish()

    def _compare_compared(self, index: int, leaf: leaf_pb2.Leaf, told: set[str], time: tuple[int, int] | None) -> None:
        """Who had to hear of a time: what was given, withdrawn or ended while it was made may count, and may not."""
        least, most = set[str](), set[str]()
        if time is not None:
            due_us, looked_to = time
            least = self._grants.agencies(looked_to + 1, index, max(leaf.time_us, due_us))
            most = self._grants.agencies(index, looked_to, due_us)
        if not least <= told <= most:
            self._add(index, NOT_COMPARED)

    def _returned(self) -> list[_Event]:
        """What had to be told of the uses that this entry has given back: once of each person of a grant."""
        grants = (self._grants.record(grant_id) for grant_id, _ in set(self._grants.returned.values()))
        return [
            (each.agency, each.access_request_id or None, each.opened_by_agency or None, each.grant_id)
            for each in grants
        ]
