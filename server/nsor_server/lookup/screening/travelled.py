"""What became of manifests that are over: how many passengers were screened, and how many movements were reported.

Whoever invents a flight to try documents out has passengers who never travel. A movement says by itself neither which
flight it was of nor who has crossed: movements are counted by crossing and time, those of other flights among them, so
that a manifest without any is one of which nothing else was reported there either. What that means says who asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final, NamedTuple

from nsor_server.storage.pool import Connection

_OVER: Final = """
SELECT uuid_send(m.manifest_id), m.agency_id, m.border_crossing, m.direction, m.scheduled_at, m.closes_at, m.persons,
    (
        SELECT coalesce(sum(newest.screened), 0) FROM (
            SELECT DISTINCT ON (b.block) b.screened FROM manifest_block AS b
            WHERE b.manifest_id = m.manifest_id ORDER BY b.block, b.version DESC
        ) AS newest
    ),
    (
        SELECT count(*) FROM movement_key AS k
        WHERE k.border_crossing = m.border_crossing
            AND k.created_at BETWEEN m.scheduled_at - %(before)s::interval AND m.closes_at + %(behind)s::interval
    )
FROM manifest AS m
WHERE m.closes_at > %(after)s AND m.closes_at <= %(until)s
ORDER BY m.closes_at, m.manifest_id
LIMIT %(most)s
"""


class Over(NamedTuple):
    """A manifest that is over.

    Attributes:
        manifest_id: 16 bytes.
        agency_id: who has declared it.
        border_crossing: where, a number of nsor.v1.BorderCrossing.
        direction: which way, a number of nsor.v1.MovementDirection.
        scheduled_at: for when it was declared.
        closes_at: when it was over.
        persons: for how many it was declared.
        screened: how many rows were screened.
        movements: how many movements over that crossing were reported around its time.
    """

    manifest_id: bytes
    agency_id: str
    border_crossing: int
    direction: int
    scheduled_at: dt.datetime
    closes_at: dt.datetime
    persons: int
    screened: int
    movements: int


def over(
    conn: Connection,
    after: dt.datetime,
    until: dt.datetime,
    *,
    before: dt.timedelta,
    behind: dt.timedelta,
    most: int,
) -> Iterator[Over]:
    """The manifests that were over behind one instant and until another, the oldest first.

    Args:
        conn: any.
        after: exclusive.
        until: inclusive; so long ago that movements of then were reported, and that their keys are there still.
        before: how long before a manifest's time its movements may be reported.
        behind: how long behind its end.
        most: so many at most.
    """
    parameters = {"after": after, "until": until, "before": before, "behind": behind, "most": most}
    for *columns, screened, movements in conn.execute(_OVER, parameters, binary=True):
        manifest_id, agency_id, border_crossing, direction, scheduled_at, closes_at, persons = columns
        of = manifest_id, agency_id, border_crossing, direction, scheduled_at, closes_at, persons
        yield Over(*of, int(screened), int(movements))
