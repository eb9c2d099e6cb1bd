"""Notices, events and acknowledgements as they are stored, compared with their seals and the ledger."""

from __future__ import annotations

import bisect
from typing import Final

from nsor.counting import counted as in_words
from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.events import consumers, cursors, hearers, outbox
from nsor_server.ledger.stored import Add, Concerns, Connection, RecordedTable, Stored, opened, read, recorded_index
from nsor_server.notification import store
from nsor_server.registration import facts as registrations
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_NOTICES: Final = f"""
SELECT {recorded_index(store.TABLE, "n.notice_id", "1")}, k.wrapped,
    uuid_send(n.notice_id), uuid_send(n.registration_id), n.agency_id, n.created_at, n.sealed
FROM notice AS n LEFT JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants
_DECISIONS: Final = f"""
SELECT {recorded_index(store.DECISION, "d.notice_id", "d.version")}, k.wrapped,
    uuid_send(n.notice_id), uuid_send(n.registration_id), n.agency_id, n.created_at, n.sealed, d.version, d.sealed
FROM notice_decision AS d
JOIN notice AS n USING (notice_id)
LEFT JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants
_STRAY: Final = """
SELECT count(*) FROM notice_decision AS d WHERE NOT EXISTS (SELECT FROM notice AS n WHERE n.notice_id = d.notice_id)
"""

_EVENTS: Final = """(
    SELECT event_id, recipient, kind, registration_id, notice_id, access_request_id, about_agency, judgment_id,
        grant_id, registration_ids, unusual_access_ids, places, created_at
    FROM outbox
    UNION ALL
    SELECT event_id, agency_id, kind, registration_id, notice_id, access_request_id, about_agency, judgment_id,
        grant_id, registration_ids, unusual_access_ids, places, event_time
    FROM agency_event
)"""
"""Events that wait, and those that were numbered: each is in one of both."""
_RECORD: Final = "table_name = 'agency_event' AND row_id = uuid_send(event_id) AND version = 1"
_OUT_OF_ORDER: Final = f"""
SELECT coalesce(index, -1), agency_id, sequence
FROM (
    SELECT r.index, agency_id, sequence, row_number() OVER (PARTITION BY agency_id ORDER BY r.index, r.ordinal) AS nth,
        (r.index, r.ordinal) IS NOT DISTINCT FROM (record_index, record_ordinal) AS is_placed
    FROM agency_event LEFT JOIN ledger_record AS r ON {_RECORD}
) AS numbered
WHERE sequence IS DISTINCT FROM nth OR NOT is_placed
ORDER BY 1
LIMIT 1000
""".encode()  # noqa: S608 - constants
_OVERTAKEN: Final = f"""
SELECT r.index, recipient
FROM outbox JOIN ledger_record AS r ON {_RECORD}
WHERE (r.index, r.ordinal) < (
    SELECT r.index, r.ordinal FROM agency_event JOIN ledger_record AS r ON {_RECORD}
    WHERE agency_id = recipient ORDER BY sequence DESC LIMIT 1
)
LIMIT 1000
""".encode()  # noqa: S608 - constants
_HEARD: Final = f"""
WITH consumers AS (
    SELECT c.consumer_id, c.agency_id, c.places, c.kinds, began.index AS began, ended.index AS ended
    FROM event_consumer AS c
    {consumers.BOUNDS}
), owed AS (
    SELECT c.consumer_id, e.agency_id, e.agency_sequence, e.index,
        row_number() OVER (PARTITION BY c.consumer_id ORDER BY e.agency_sequence) AS nth
    FROM consumers AS c JOIN (
        SELECT agency_id, sequence AS agency_sequence, kind, places, r.index
        FROM agency_event JOIN ledger_record AS r ON {_RECORD}
    ) AS e USING (agency_id)
    WHERE {consumers.hears("c", "e")}
)
SELECT coalesce(owed.index, -1), coalesce(owed.agency_id, told.agency_id), agency_sequence
FROM owed FULL JOIN consumer_event AS told USING (consumer_id, agency_sequence)
WHERE told.sequence IS DISTINCT FROM owed.nth OR told.agency_id IS DISTINCT FROM owed.agency_id
ORDER BY 1
LIMIT 1000
""".encode()  # noqa: S608 - constants
"""What consumers were given otherwise than it follows from their filters and the ledger's order."""
_NOT_CONCERNED: Final = f"""
SELECT coalesce(r.index, -1), e.agency_id
FROM (
    SELECT agency_id, event_id, kind, registration_id, notice_id, access_request_id, judgment_id, grant_id,
        registration_ids
    FROM agency_event
    UNION ALL
    SELECT recipient, event_id, kind, registration_id, notice_id, access_request_id, judgment_id, grant_id,
        registration_ids
    FROM outbox
) AS e LEFT JOIN ledger_record AS r ON {_RECORD}
WHERE ({hearers.concerned_sql("e", "agency_id")}) IS NOT TRUE
LIMIT 1000
""".encode()  # noqa: S608 - constants


class _Told:
    """The events that streams have told, compared with those that are stored."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._conn, self._add = conn, add
        self._ends: dict[cursors.Line, list[tuple[int, int]]] = {}
        self.concerns = Concerns(told=("events",))

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        if detail is None or not detail.HasField("events"):
            return
        told = detail.events
        line, after = cursors.Line(leaf.agency, told.consumer_id), told.first - 1
        stored = cursors.read_after(self._conn, line, after, told.last - after)
        owed = cursors.told(line, after, stored)
        if (owed.first, owed.last, owed.sha256) != (told.first, told.last, told.sha256):
            self._add(index, "the events that were told aren't those that the agency was owed")
        self._end(index, line, told)

    def _end(self, index: int, line: cursors.Line, told: record_pb2.ToldEvents) -> None:
        """See that a message behind which there was said to be none went as far as others of the numbering before."""
        ends = self._ends.setdefault(line, [(-1, 0)])
        if told.HasField("entries"):
            _, known = ends[bisect.bisect_left(ends, (told.entries, 0)) - 1]
            if told.last < known:
                self._add(
                    index, "a stream was told that there were no more events, and later ones had been told before"
                )
        if told.last > ends[-1][1]:
            ends.append((index, told.last))

    def finish(self) -> None:
        """Nothing is left."""


def _compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    sealer = Sealer(keyring)
    erased = registrations.erased_ids(conn, sealer)
    for index, wrapped, *row in read(conn, "notices", _NOTICES):
        stored = store.StoredNotice(*(*row, 0, None))
        if wrapped or stored.registration_id not in erased:
            opened(add, index, store.TABLE, lambda: _open(sealer, wrapped, stored))  # noqa: B023
    for index, wrapped, *row in read(conn, "notice decisions", _DECISIONS):
        stored = store.StoredNotice(*row)
        if wrapped or stored.registration_id not in erased:
            opened(add, index, store.DECISION, lambda: _open(sealer, wrapped, stored))  # noqa: B023
    counted = conn.execute(_STRAY.encode()).fetchone()
    if counted is not None and counted[0]:
        add(-1, f"{store.DECISION} has {in_words(counted[0], 'rows')} of notices that aren't there")
    for index, agency_id, sequence in conn.execute(_OUT_OF_ORDER):
        add(index, f"event {sequence} of {agency_id} isn't numbered as the entries owed it")
    for index, agency_id in conn.execute(_OVERTAKEN):
        add(index, f"an event of {agency_id} waits, and later ones were delivered")
    for index, agency_id, sequence in conn.execute(_HEARD):
        add(index, f"event {sequence} of {agency_id} isn't numbered for its consumers as they are enrolled")
    for index, agency_id in conn.execute(_NOT_CONCERNED):
        add(index, f"an event of {agency_id} is of a kind that isn't its agency's to hear")


def _open(sealer: Sealer, wrapped: bytes | None, row: store.StoredNotice) -> store.Notice:
    """Open a notice of whatever registration its row names.

    Raises:
        errors.Internal: it isn't what its seal says.
    """
    try:
        key = sealer.open_data_key(row.registration_id, wrapped or b"")
    except SealBroken:
        raise errors.Internal from None
    return store.opened(key, row.registration_id, row)


STORED: Final = Stored(
    (
        RecordedTable(store.TABLE, "notice_id"),
        RecordedTable(store.DECISION, "notice_id", "version"),
        RecordedTable.unsealed(outbox.TABLE, _EVENTS),
        RecordedTable.unsealed(cursors.TABLE),
        RecordedTable.unsealed(cursors.OF_CONSUMERS),
    ),
    _compare,
    _Told,
)
"""For verification."""
