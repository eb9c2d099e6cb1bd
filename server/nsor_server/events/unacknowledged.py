"""How far agencies are behind with acknowledging their events, coarse enough that no single event shows.

For metrics, which tell no small number: fewer than ten unacknowledged events are none, and how long they wait is said
of the tenth, in whole days. Many an agency follows its events by consumers alone, each with a numbering of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from nsor_server.storage.pool import Connection

LEAST: Final = 10
"""Fewer events than this are told as none."""
CLASSES: Final = (10_000, 1_000, 100, LEAST)
_BEHIND: Final = f"""
SELECT line.agency_id, last.sequence - acknowledged.through,
    coalesce((SELECT floor(extract(epoch FROM clock_timestamp() - e.event_time) / 86400)::bigint FROM agency_event AS e
        WHERE e.agency_id = line.agency_id AND e.sequence = acknowledged.through + {LEAST}), 0)
FROM agency AS line
CROSS JOIN LATERAL (
    SELECT coalesce(max(through_sequence), 0) AS through FROM event_acknowledgement WHERE agency_id = line.agency_id
) AS acknowledged
CROSS JOIN LATERAL (
    SELECT coalesce(max(sequence), 0) AS sequence FROM agency_event WHERE agency_id = line.agency_id
) AS last
WHERE acknowledged.through > 0 OR NOT EXISTS (
    SELECT FROM event_consumer AS c WHERE c.agency_id = line.agency_id
        AND NOT EXISTS (SELECT FROM event_consumer_disabled AS d WHERE d.consumer_id = c.consumer_id)
)
UNION ALL
SELECT line.agency_id, last.sequence - acknowledged.through,
    coalesce((SELECT floor(extract(epoch FROM clock_timestamp() - e.event_time) / 86400)::bigint
        FROM consumer_event AS c
        JOIN agency_event AS e ON e.agency_id = c.agency_id AND e.sequence = c.agency_sequence
        WHERE c.consumer_id = line.consumer_id AND c.sequence = acknowledged.through + {LEAST}), 0)
FROM event_consumer AS line
CROSS JOIN LATERAL (
    SELECT coalesce(max(through_sequence), 0) AS through FROM consumer_acknowledgement
    WHERE consumer_id = line.consumer_id
) AS acknowledged
CROSS JOIN LATERAL (
    SELECT coalesce(max(sequence), 0) AS sequence FROM consumer_event WHERE consumer_id = line.consumer_id
) AS last
WHERE NOT EXISTS (SELECT FROM event_consumer_disabled AS d WHERE d.consumer_id = line.consumer_id)
"""  # noqa: S608 - a constant


class Behind(NamedTuple):
    """An agency's unacknowledged events, of the numbering that is furthest behind.

    Attributes:
        at_least: so many, of `CLASSES`; 0: fewer than `LEAST`.
        days: for which the tenth of a numbering's has waited, whole, the longest of them; 0 where there is none.
    """

    at_least: int
    days: int


def of_agencies(conn: Connection) -> Mapping[str, Behind]:
    """How far each agency is behind: on its own numbering of events, and on those of its consumers.

    Its own doesn't count where it has consumers and has never acknowledged it: then nobody there follows it.
    """
    found: dict[str, Behind] = {}
    for agency_id, count, days in conn.execute(_BEHIND.encode()):
        most = found.get(agency_id, Behind(0, 0))
        at_least = next((each for each in CLASSES if count >= each), 0)
        found[agency_id] = Behind(max(most.at_least, at_least), max(most.days, days))
    return found
