"""Releases in PostgreSQL: those whose day may have come, found by the column beside the seal."""

from __future__ import annotations

from typing import Final

from nsor_server.formats.instants import instant
from nsor_server.registration import store as registrations
from nsor_server.registration.custody import rules
from nsor_server.storage import arrays
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask

_OF_DAYS: Final = Statement(
    b"releases of days",
    f"""
SELECT {registrations.COLUMNS}
FROM (
    SELECT DISTINCT registration_id FROM registration_version WHERE release_day BETWEEN $1::bigint AND $2::bigint
) AS r
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = r.registration_id ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k ON k.registration_id = r.registration_id
WHERE v.state = {registrations.CONFIRMED:d}
ORDER BY r.registration_id
""".encode(),  # noqa: S608 - constants
)


def between(conn: Connection, after_us: int, until_us: int) -> list[registrations.StoredVersion]:
    """The newest versions of confirmed registrations that have had a release of a day that begins or ends in between.

    Args:
        conn: any.
        after_us: an instant, microseconds since 1970.
        until_us: a later one.
    """
    first, last = (rules.days(rules.day_of(instant(us))) for us in (after_us, until_us))
    found = ask(conn, _OF_DAYS, arrays.integer(first - 1), arrays.integer(last))
    return [registrations.StoredVersion(*row) for row in found]
