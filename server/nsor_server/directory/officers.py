"""Officers in PostgreSQL: enrolled once, disabled once, and neither ever taken back."""

from __future__ import annotations

import datetime as dt
import uuid

from nsor_server.access.facts import Officer
from nsor_server.rpc.calls import Connection


def enrol(conn: Connection, officer: Officer, access_id: uuid.UUID) -> dt.datetime | None:
    """Store an officer's key and give the instant; None when any agency has, or ever had, that key."""
    row = conn.execute(
        """
        INSERT INTO officer (key_id, agency_id, officer_number, public_key, jurisdiction, grade, access_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (key_id) DO NOTHING
        RETURNING enrolled_at
        """,
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
    return None if row is None else row[0]  # type: ignore[return-value]  # rows are untyped


def is_of(conn: Connection, key_id: bytes, agency_id: str) -> bool:
    """Tell whether the key was enrolled by the agency."""
    row = conn.execute("SELECT FROM officer WHERE key_id = %s AND agency_id = %s", (key_id, agency_id)).fetchone()
    return row is not None


def disable(conn: Connection, key_id: bytes, agency_id: str, access_id: uuid.UUID) -> bool:
    """Disable a key; False when it was disabled before."""
    added = conn.execute(
        """
        INSERT INTO officer_disabled (key_id, agency_id, access_id) VALUES (%s, %s, %s)
        ON CONFLICT (key_id) DO NOTHING
        """,
        (key_id, agency_id, access_id),
    )
    return added.rowcount == 1


def disabled_at(conn: Connection, key_id: bytes) -> dt.datetime:
    """When a disabled key was disabled."""
    rows = conn.execute("SELECT disabled_at FROM officer_disabled WHERE key_id = %s", (key_id,)).fetchall()
    return rows[0][0]  # type: ignore[return-value]  # rows are untyped
