"""Officers in PostgreSQL: enrolled once, disabled once, and neither ever taken back."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from nsor_server.access.facts import Officer
from nsor_server.ledger.entry import RecordRef
from nsor_server.rpc.calls import Connection

TABLE: Final = "officer"
DISABLED: Final = "officer_disabled"
CONTENT: Final = """
convert_to(jsonb_build_array(
    encode(key_id, 'hex'), agency_id, officer_number, encode(public_key, 'hex'), jurisdiction, grade, access_id
)::text, 'UTF8')
"""
"""What the ledger holds a row to: whoever could put a key of his own beside an officer's name would act as him."""
DISABLED_CONTENT: Final = "convert_to(jsonb_build_array(encode(key_id, 'hex'), agency_id, access_id)::text, 'UTF8')"
_VERSION: Final = 1
"""Both are written once."""


def enrol(conn: Connection, officer: Officer, access_id: uuid.UUID) -> tuple[dt.datetime, RecordRef] | None:
    """Store an officer's key and give the instant and the row; None when any agency has, or ever had, that key."""
    row = conn.execute(
        f"""
        INSERT INTO officer (key_id, agency_id, officer_number, public_key, jurisdiction, grade, access_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (key_id) DO NOTHING
        RETURNING enrolled_at, sha256({CONTENT})
        """,  # noqa: S608 - constants
        (
            officer.key_id,
            officer.agency_id,
            officer.officer_number,
            officer.public_key,
            list(officer.jurisdiction),
            officer.grade,
            access_id,
        ),
    ).fetchone()
    if row is None:
        return None
    enrolled_at, content = row
    return enrolled_at, RecordRef(TABLE, officer.key_id, _VERSION, content)  # type: ignore[return-value, arg-type]  # rows are untyped


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
    return 0 if row is None else int(row[0])  # type: ignore[call-overload]  # rows are untyped


def is_of(conn: Connection, key_id: bytes, agency_id: str) -> bool:
    """Tell whether the key was enrolled by the agency."""
    row = conn.execute("SELECT FROM officer WHERE key_id = %s AND agency_id = %s", (key_id, agency_id)).fetchone()
    return row is not None


def disable(conn: Connection, key_id: bytes, agency_id: str, access_id: uuid.UUID) -> RecordRef | None:
    """Disable a key and give the row; None when it was disabled before."""
    row = conn.execute(
        f"""
        INSERT INTO officer_disabled (key_id, agency_id, access_id) VALUES (%s, %s, %s)
        ON CONFLICT (key_id) DO NOTHING
        RETURNING sha256({DISABLED_CONTENT})
        """,  # noqa: S608 - constants
        (key_id, agency_id, access_id),
    ).fetchone()
    return None if row is None else RecordRef(DISABLED, key_id, _VERSION, row[0])  # type: ignore[arg-type]  # rows are untyped


def disabled_at(conn: Connection, key_id: bytes) -> dt.datetime:
    """When a disabled key was disabled."""
    rows = conn.execute("SELECT disabled_at FROM officer_disabled WHERE key_id = %s", (key_id,)).fetchall()
    return rows[0][0]  # type: ignore[return-value]  # rows are untyped
