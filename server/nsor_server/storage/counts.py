"""PostgreSQL's own counts of what was read: any role may ask for them, unless the superuser takes that away.

They tell of each table how often it was read: of a look-up that was alone, whether it has found somebody. So nobody who
serves, publishes or shows pages may ask. What is told of sessions, locks and one's own transaction stays.
"""

from __future__ import annotations

from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

_TOLD: Final = r"""
pronamespace = 'pg_catalog'::regnamespace AND proname LIKE 'pg\_stat\_get\_%'
            AND proname NOT LIKE 'pg\_stat\_get\_xact\_%' AND proname NOT IN (
                'pg_stat_get_activity', 'pg_stat_get_progress_info',
                'pg_stat_get_wal_senders', 'pg_stat_get_wal_receiver'
            )
"""
"""Which functions of PostgreSQL tell what was read."""
_WHO: Final = f"""
SELECT rolname FROM pg_catalog.pg_roles
WHERE (rolname IN ('nsor_server', 'nsor_console', 'nsor_publisher') OR rolname = current_user) AND EXISTS (
    SELECT FROM pg_catalog.pg_proc WHERE {_TOLD} AND has_function_privilege(rolname, oid, 'EXECUTE')
)
ORDER BY 1
"""  # noqa: S608 - constants
HIDE: Final = f"""
DO $$
DECLARE
    told regprocedure;
BEGIN
    FOR told IN
        SELECT oid FROM pg_catalog.pg_proc
        WHERE {_TOLD} AND has_function_privilege('public', oid, 'EXECUTE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', told);
    END LOOP;
END
$$
"""  # noqa: S608 - constants
"""Once for each database, by its superuser; a second time it does nothing. The runbook has it too."""


def hide(superuser: Connection[TupleRow]) -> None:
    """Let nobody but the superuser ask for the counts of the database to which this connection leads."""
    superuser.execute(HIDE.encode())


def told(conn: Connection[TupleRow]) -> str:
    """What is wrong where PostgreSQL tells roles of ours what was read in this database; empty: it tells none."""
    roles = [str(role) for (role,) in conn.execute(_WHO.encode())]
    if not roles:
        return ""
    return (
        f"PostgreSQL tells {', '.join(roles)} how often each table was read, and so whether a look-up found somebody: "
        "have its superuser take that away, as the runbook says (The pages in a browser)"
    )
