"""Which steps of escalation have fallen due, in PostgreSQL: by the index of the next ones, and never all duties."""

from __future__ import annotations

from typing import Final

from nsor_server.registration import store as registrations
from nsor_server.registration.worklists import rules
from nsor_server.storage import arrays
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask


def due(conn: Connection, until_us: int, *, most: int) -> tuple[list[registrations.StoredVersion], bool]:
    """The newest versions of whoever has a duty of which a step has fallen due, and whether there may be more.

    Args:
        conn: any.
        until_us: up to this instant, microseconds since 1970.
        most: how many steps are read, the first ones in front.
    """
    found = ask(conn, _DUE, arrays.integer(until_us), arrays.integer(most))
    versions = {each.registration_id: each for each in (registrations.StoredVersion(*row) for row in found)}
    return list(versions.values()), len(found) == most


_DUE: Final = Statement(
    b"duty steps due",
    f"""
SELECT {registrations.COLUMNS}
FROM (
    SELECT registration_id, since_us, subject_id FROM registration_work
    WHERE kind = {rules.DUTY_STEP} AND since_us <= $1::bigint
    ORDER BY since_us, subject_id
    LIMIT $2::bigint
) AS w
CROSS JOIN LATERAL (
    SELECT * FROM registration_version AS x WHERE x.registration_id = w.registration_id
    ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k ON k.registration_id = v.registration_id
ORDER BY w.since_us, w.subject_id
""".encode(),  # noqa: S608 - constants
)
