"""Agencies by what they are for: whose police are responsible for a place, who prosecutes and which courts sit there.

Disabled agencies are named too. What is owed to one waits for it, so that responsibility never falls in a gap; while it
is disabled it can't call and sees nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from nsor.v1 import options_pb2
from nsor_server.access.facts import Agency
from nsor_server.rpc.calls import Connection

_COLUMNS = "agency_id, kind, jurisdiction, enabled, name_en, name_ur, court_kinds"


def responsible_police(conn: Connection, place_code: str) -> list[str]:
    """Ids of the police whose jurisdiction contains the place: a province's and, where there is one, a district's."""
    return _within(conn, options_pb2.AGENCY_KIND_POLICE, [place_code])


def prosecution_for(conn: Connection, district: str) -> list[str]:
    """Ids of the prosecutions whose jurisdiction contains the district."""
    return _within(conn, options_pb2.AGENCY_KIND_PROSECUTION, [district])


def courts_for(conn: Connection, places: Iterable[str]) -> list[str]:
    """Ids of the courts whose jurisdiction contains any of the places."""
    return _within(conn, options_pb2.AGENCY_KIND_COURT, list(places))


def of_kind(conn: Connection, kind: options_pb2.AgencyKind.ValueType) -> list[str]:
    """Ids of all agencies of a kind, in order."""
    rows = conn.execute("SELECT agency_id FROM agency WHERE kind = %s ORDER BY agency_id", (kind,))
    return [str(agency_id) for (agency_id,) in rows]


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


def _within(conn: Connection, kind: options_pb2.AgencyKind.ValueType, places: list[str]) -> list[str]:
    rows = conn.execute(
        """
        SELECT agency_id
        FROM agency
        WHERE kind = %s AND EXISTS (
            SELECT FROM unnest(jurisdiction) AS j, unnest(%s::text[]) AS place
            WHERE j IN ('PK', place) OR starts_with(place, j || '/')
        )
        ORDER BY agency_id
        """,
        (kind, places),
    )
    return [str(agency_id) for (agency_id,) in rows]


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
