"""Transfers in PostgreSQL: those of which a time may be over, found by the column beside the seal."""

from __future__ import annotations

from typing import Final

from nsor_server.registration import store as registrations
from nsor_server.registration.transfers import rules
from nsor_server.storage import arrays
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask

_OF_DAYS: Final = Statement(
    b"transfers of days",
    f"""
SELECT {registrations.COLUMNS}
FROM (
    SELECT DISTINCT registration_id FROM registration_version
    WHERE transfer_last_day >= $1::bigint AND transfer_first_day <= $2::bigint
) AS r
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = r.registration_id ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k ON k.registration_id = r.registration_id
WHERE v.state = {registrations.CONFIRMED:d} AND v.transfer_last_day IS NOT NULL
ORDER BY r.registration_id
""".encode(),  # noqa: S608 - constants
)


def between(conn: Connection, after_us: int, until_us: int) -> list[registrations.StoredVersion]:
    """The newest versions of confirmed registrations that have an open transfer, and had one of which a time ends then.

    Args:
        conn: any.
        after_us: an instant, microseconds since 1970.
        until_us: a later one.
    """
    found = ask(conn, _OF_DAYS, arrays.integer(rules.day_of(after_us)), arrays.integer(rules.day_of(until_us)))
    return [registrations.StoredVersion(*row) for row in found]
