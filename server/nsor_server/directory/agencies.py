"""Agencies in PostgreSQL: one by its id, and all of them in pages."""

from __future__ import annotations

from nsor_server.calls import Agency
from nsor_server.storage.pool import Connection

_ENABLED = """
coalesce((
    SELECT state.enabled FROM agency_state AS state
    WHERE state.agency_id = agency.agency_id ORDER BY state.version DESC LIMIT 1
), true)
"""
_COLUMNS = f"agency_id, kind, jurisdiction, {_ENABLED}, name_en, name_ur, court_kinds"


def find(conn: Connection, agency_id: str) -> Agency | None:
    """The agency of an id."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM agency WHERE agency_id = %s", (agency_id,)).fetchone()  # noqa: S608 - constants
    return None if row is None else _agency(*row)


def page(conn: Connection, *, after: str, limit: int) -> list[Agency]:
    """At most ``limit`` agencies whose ids follow ``after``, in order."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM agency WHERE agency_id > %s ORDER BY agency_id LIMIT %s",  # noqa: S608 - constants
        (after, limit),
    )
    return [_agency(*row) for row in rows]


def _agency(*columns: object) -> Agency:
    agency_id, kind, jurisdiction, enabled, name_en, name_ur, court_kinds = columns
    return Agency(
        agency_id=str(agency_id),
        kind=kind,  # type: ignore[arg-type]  # stored numbers are the enum's
        jurisdiction=tuple(jurisdiction),  # type: ignore[arg-type]  # rows are untyped
        enabled=bool(enabled),
        name_en=str(name_en),
        name_ur=str(name_ur),
        court_kinds=tuple(court_kinds),  # type: ignore[arg-type]  # rows are untyped; stored numbers are the enum's
    )
