"""What the database's tables and indexes take on disk."""

from __future__ import annotations

from collections import Counter

import psycopg

# TOAST and its index are counted with their table, each of the table's indexes for itself.
_SIZES = """
SELECT relation.relname, CASE relation.relkind WHEN 'i' THEN pg_relation_size(relation.oid)
    ELSE pg_table_size(relation.oid) END
FROM pg_class AS relation
WHERE relation.relnamespace = 'public'::regnamespace AND relation.relkind IN ('r', 'i', 'm')
"""


def sizes(url: str) -> Counter[str]:
    """Bytes by table and by index; ``WAL`` is what was written to the log ever since it began."""
    with psycopg.connect(url) as connection:
        found = Counter({name: int(size) for name, size in connection.execute(_SIZES)})
        row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')").fetchone()
    found["WAL"] = int(row[0]) if row else 0
    return found


def grown(before: Counter[str], after: Counter[str], calls: int) -> dict[str, float]:
    """Bytes per call of whatever grew, the largest first."""
    more = {name: (size - before[name]) / calls for name, size in after.items() if size > before[name]}
    return dict(sorted(more.items(), key=lambda item: -item[1]))
