"""Whether one of the register's tables is there yet: before its migration it isn't."""

from typing import Any

import psycopg


def exists(conn: psycopg.Connection[Any], name: str) -> bool:
    """Whether the register has the table; any role may ask."""
    ((there,),) = conn.execute("SELECT pg_catalog.to_regclass(%s) IS NOT NULL", (f"public.{name}",)).fetchall()
    return bool(there)
