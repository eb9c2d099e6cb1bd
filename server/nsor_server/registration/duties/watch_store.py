"""Which steps of escalation have fallen due, in PostgreSQL: by the index of the next ones, and never all duties."""

from __future__ import annotations

from typing import Final, NamedTuple

from nsor_server.registration import store as registrations
from nsor_server.registration.worklists import rules
from nsor_server.storage import arrays
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask


class Place(NamedTuple):
    """Where a step stands in the index: when it falls due, of which registration, and of which duty it is."""

    since_us: int
    registration_id: bytes
    duty_id: bytes


START: Final = Place(-(1 << 63), bytes(16), bytes(16))
"""Before every step."""


def due(
    conn: Connection, until_us: int, after: Place, *, most: int
) -> tuple[list[registrations.StoredVersion], Place | None]:
    """The newest versions of whoever has a duty of which a step has fallen due, and where to go on; None: at no more.

    Args:
        conn: any.
        until_us: up to this instant, microseconds since 1970.
        after: the place from which to go on.
        most: how many steps are read, the first ones in front.
    """
    bounds = arrays.integer(until_us), arrays.integer(most)
    found = ask(conn, _DUE, *bounds, arrays.integer(after.since_us), after.registration_id, after.duty_id)
    rows = (row[3:] for row in found if None not in {row[3], row[-1]})
    versions = {each.registration_id: each for each in (registrations.StoredVersion(*row) for row in rows)}
    return list(versions.values()), Place(*found[-1][:3]) if len(found) == most else None


def wait_seconds(conn: Connection) -> float:
    """For how many whole minutes, in seconds, the first step that has fallen due waits to be told; 0: none does.

    In minutes, since a step that a confirmation makes due is told within seconds: nobody sees by it that there is one.
    """
    ((waits,),) = conn.execute(_WAITS.encode()).fetchall()
    return max(0.0, float(waits or 0) // 60 * 60)


_WAITS: Final = f"""
SELECT extract(epoch FROM clock_timestamp()) - min(since_us) / 1000000.0
FROM registration_work WHERE kind = {rules.DUTY_STEP}
"""  # noqa: S608 - a constant
_DUE: Final = Statement(
    b"duty steps due",
    f"""
SELECT w.since_us, uuid_send(w.registration_id), uuid_send(w.subject_id), {registrations.COLUMNS}
FROM (
    SELECT registration_id, since_us, subject_id FROM registration_work
    WHERE kind = {rules.DUTY_STEP} AND since_us <= $1::bigint
        AND (since_us, registration_id, subject_id) > ($3::bigint, $4::uuid, $5::uuid)
    ORDER BY since_us, registration_id, subject_id
    LIMIT $2::bigint
) AS w
LEFT JOIN LATERAL (
    SELECT * FROM registration_version AS x WHERE x.registration_id = w.registration_id
    ORDER BY version DESC LIMIT 1
) AS v ON true
LEFT JOIN registration_key AS k ON k.registration_id = v.registration_id
ORDER BY w.since_us, w.registration_id, w.subject_id
""".encode(),  # noqa: S608 - constants
)
