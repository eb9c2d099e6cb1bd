"""How far agencies are behind with acknowledging their events, coarse enough that no single event shows.

For metrics, which tell no small number: fewer than ten unacknowledged events are none, and how long they wait is said
of the tenth, in whole days.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from nsor_server.storage.pool import Connection

LEAST: Final = 10
"""Fewer events than this are told as none."""
CLASSES: Final = (10_000, 1_000, 100, LEAST)
_BEHIND: Final = f"""
SELECT a.agency_id, last.sequence - acknowledged.through,
    coalesce((SELECT floor(extract(epoch FROM clock_timestamp() - e.event_time) / 86400)::bigint FROM agency_event AS e
        WHERE e.agency_id = a.agency_id AND e.sequence = acknowledged.through + {LEAST}), 0)
FROM agency AS a
CROSS JOIN LATERAL (
    SELECT coalesce(max(through_sequence), 0) AS through FROM event_acknowledgement WHERE agency_id = a.agency_id
) AS acknowledged
CROSS JOIN LATERAL (
    SELECT coalesce(max(sequence), 0) AS sequence FROM agency_event WHERE agency_id = a.agency_id
) AS last
"""  # noqa: S608 - a constant


class Behind(NamedTuple):
    """An agency's unacknowledged events.

    Attributes:
        at_least: so many, of `CLASSES`; 0: fewer than `LEAST`.
        days: for which the tenth of them has waited, whole; 0 where there is none.
    """

    at_least: int
    days: int


def of_agencies(conn: Connection) -> Mapping[str, Behind]:
    """How far each agency is behind on its own line of events."""
    return {
        agency_id: Behind(next((each for each in CLASSES if count >= each), 0), max(0, days))
        for agency_id, count, days in conn.execute(_BEHIND.encode())
    }
