"""Steps of escalation of access requests in PostgreSQL: which fall due next, by an index, and which were told."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.lookup.requests.escalation import rules
from nsor_server.storage import arrays
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

WATCH_TABLE: Final = "access_request_watch"
WATCH: Final = Table(
    WATCH_TABLE, (("access_request_id", "uuid"), ("next_step_us", "bigint")), key=("access_request_id",)
)
STEPS: Final = Table(
    "access_request_step",
    (("access_request_id", "uuid"), ("step", "smallint")),
    row_id="access_request_id",
    version="step",
    written_at="told_at",
)
_TOLD: Final = Versions(
    "access request step",
    ("uuid",),
    "coalesce((SELECT max(step) FROM access_request_step WHERE access_request_id = q.k1), 0)",
)
"""The last step that was told of an access request; 0: none was."""


class Place(NamedTuple):
    """Where a request stands in the index: when its next step falls due, and its id."""

    due_us: int
    access_request_id: bytes


class Due(NamedTuple):
    """A request of which a step has fallen due, as the rows have it.

    Attributes:
        place: in the index.
        told: the last step that was told.
        columns: of that version, as ``store.open_request`` compares them; None: there is none.
        sealed: that version.
    """

    place: Place
    told: int
    columns: tuple[Any, ...] | None
    sealed: bytes

    @property
    def request_id(self) -> uuid.UUID:
        """Its id."""
        return uuid.UUID(bytes=self.place.access_request_id)

    @property
    def seen(self) -> Seen:
        """That this step was the last one that was told."""
        return Seen(_TOLD, (self.place.access_request_id,), self.told)


START: Final = Place(-(1 << 63), bytes(16))
"""Before every step."""


def rows_of(record: record_pb2.AccessRequestRecord) -> Iterable[Row]:
    """The row that goes with a version: with the first one, and with one that decides. Others leave it as it is."""
    if record.version == 1 or not rules.waits(record):
        yield next_row(record, 0)


def next_row(record: record_pb2.AccessRequestRecord, told: int) -> Row:
    """The row that says when the next step falls due."""
    return Row(WATCH, (record.access_request_id, rules.next_us(record, told)))


def told_row(request_id: bytes, step: int) -> Row:
    """The row that says that all steps up to this one were told."""
    return Row(STEPS, (request_id, step))


def due(conn: Connection, until_us: int, after: Place, *, most: int) -> list[Due]:
    """The requests of which a step has fallen due, the first ones in front.

    Args:
        conn: any.
        until_us: up to this instant, microseconds since 1970.
        after: the place from which to go on.
        most: how many are read.
    """
    bounds = arrays.integer(until_us), arrays.integer(most)
    found = ask(conn, _DUE, *bounds, arrays.integer(after.due_us), after.access_request_id)
    return [
        Due(Place(due_us, request_id), told, None if columns[0] is None else tuple(columns), sealed)
        for due_us, request_id, told, *columns, sealed in found
    ]


_DUE: Final = Statement(
    b"access request steps due",
    b"""
SELECT w.next_step_us, uuid_send(w.access_request_id),
    coalesce((SELECT max(step) FROM access_request_step AS s WHERE s.access_request_id = w.access_request_id), 0),
    v.version, v.state, v.agency_id, v.place, v.sealed
FROM (
    SELECT * FROM access_request_watch
    WHERE next_step_us <= $1::bigint AND (next_step_us, access_request_id) > ($3::bigint, $4::uuid)
    ORDER BY next_step_us, access_request_id
    LIMIT $2::bigint
) AS w
LEFT JOIN LATERAL (
    SELECT * FROM access_request_version AS x WHERE x.access_request_id = w.access_request_id
    ORDER BY version DESC LIMIT 1
) AS v ON true
ORDER BY w.next_step_us, w.access_request_id
""",
)
