"""Officers in PostgreSQL: enrolled once, disabled once, and neither ever taken back."""

from __future__ import annotations

import datetime as dt
from typing import Final

from nsor_server.calls import Officer, RecordRef, Row, Seen, Versions
from nsor_server.storage import deciding
from nsor_server.storage.pool import Connection

_ENROLLED: Final = Versions("officer", ("bytea",), "(SELECT count(*) FROM officer WHERE key_id = q.k1)")
"""How often a key was enrolled: 0 or 1."""
_DISABLED: Final = Versions(
    "disabled officer", ("bytea",), "(SELECT count(*) FROM officer_disabled WHERE key_id = q.k1)"
)
"""How often a key was disabled: 0 or 1."""


def is_known(conn: Connection, key_id: bytes) -> bool:
    """Tell whether any agency has, or ever had, that key."""
    return conn.execute("SELECT FROM officer WHERE key_id = %s", (key_id,)).fetchone() is not None


def enrolment(officer: Officer, access_id: bytes, enrolled_at: dt.datetime) -> tuple[Row, RecordRef, Seen]:
    """The row of an officer's key, what the ledger holds it to, and that nobody has that key yet."""
    row = Row(
        deciding.OFFICERS,
        (
            officer.key_id,
            officer.agency_id,
            officer.officer_number,
            officer.public_key,
            officer.jurisdiction,
            officer.grade,
            enrolled_at,
            access_id,
        ),
    )
    return row, deciding.TABLES["officer"].ref(row), Seen(_ENROLLED, (officer.key_id,), 0)


def changes(conn: Connection, agency_id: str) -> int:
    """How many keys the agency has enrolled and disabled within the last minute."""
    row = conn.execute(
        """
        SELECT (SELECT count(*) FROM officer WHERE agency_id = %(agency)s AND enrolled_at > now() - interval '1 minute')
            + (SELECT count(*) FROM officer_disabled
                WHERE agency_id = %(agency)s AND disabled_at > now() - interval '1 minute')
        """,
        {"agency": agency_id},
    ).fetchone()
    return 0 if row is None else int(row[0])


def is_of(conn: Connection, key_id: bytes, agency_id: str) -> bool:
    """Tell whether the key was enrolled by the agency."""
    row = conn.execute("SELECT FROM officer WHERE key_id = %s AND agency_id = %s", (key_id, agency_id)).fetchone()
    return row is not None


def disabling(key_id: bytes, agency_id: str, access_id: bytes, disabled_at: dt.datetime) -> tuple[Row, RecordRef, Seen]:
    """The row that disables a key, what the ledger holds it to, and that the key isn't disabled yet."""
    row = Row(deciding.DISABLED_OFFICERS, (key_id, agency_id, disabled_at, access_id))
    return row, deciding.TABLES["officer_disabled"].ref(row), Seen(_DISABLED, (key_id,), 0)


def disabled_at(conn: Connection, key_id: bytes) -> dt.datetime | None:
    """When a key was disabled; None: it isn't."""
    row = conn.execute("SELECT disabled_at FROM officer_disabled WHERE key_id = %s", (key_id,)).fetchone()
    return None if row is None else row[0]
