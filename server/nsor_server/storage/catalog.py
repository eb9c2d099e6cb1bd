"""The catalog of the register's own schema, as text: what the migrations make, and nothing else.

A view, a policy, a trigger or a changed function hides or changes rows without touching one, and a right that was
given lets somebody in. So whatever stands in PostgreSQL's catalog about the schema `public`, about the roles of the
server and of the process that publishes the log, and about what reaches into every query (operators, casts, event
triggers, settings of roles) is written as lines, and compared with `catalog.txt`, which `make catalog` makes from the
migrations in an empty database. A line that is missing or too many is a difference.

What PostgreSQL brings itself isn't listed, since it differs by version; of that, whatever was changed after initdb is a
difference. Whoever looks uses PostgreSQL's own names alone (`_PATH`). A superuser who exchanges the programs, or writes
to the pages of the catalog past PostgreSQL, isn't seen.

Names of owners differ between installations: whoever owns the table `migration` is written as OWNER, and has every
right. The partitions of the ledger are as many as it has grown to: their number is written as N.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import psycopg

from nsor_server.config import OperatorError
from nsor_server.storage import migrate
from nsor_server.storage.embedded import SERVING

Connection = psycopg.Connection[Any]

EXPECTED: Final = Path(__file__).parent / "catalog.txt"
SHOWN: Final = 5
"""Differences that an error names."""
_MADE_BY_HAND: Final = 16384
"""The first object id that initdb doesn't use: what has a greater one was made later."""
_PATH: Final = "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)"
"""No operator of another schema is meant by any expression here: one of `public` that fits its arguments better than
PostgreSQL's own would come before it, and could hide itself."""
_PARTITION: Final = re.compile(r"\b(ledger_(?:entry|detail|checkpoint|shown))_([0-9]+)")
_BOUND: Final = re.compile(r"FOR VALUES FROM \('([0-9]+)'\) TO \('([0-9]+)'\)")
_STEP: Final = 1 << 22

# $1 are the roles of the processes that serve. Every name is qualified: what is looked for could stand before.
_RIGHTS: Final = """
(SELECT coalesce(pg_catalog.string_agg(right_of, ' ' ORDER BY right_of), '')
   FROM (SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(grantee) END
                || '=' || privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END AS right_of
           FROM pg_catalog.aclexplode(coalesce({acl}, pg_catalog.acldefault('{kind}', {owner})))
          WHERE grantee <> {owner}) AS rights)
"""
_OWNER: Final = """
CASE WHEN {owner} = (SELECT relowner FROM pg_catalog.pg_class
                      WHERE relname = 'migration' AND relnamespace = 'public'::pg_catalog.regnamespace)
     THEN 'OWNER' ELSE pg_catalog.pg_get_userbyid({owner}) END
"""


def _rights(acl: str, owner: str, kind: str) -> str:
    return _RIGHTS.format(acl=acl, owner=owner, kind=kind)


def _owner(owner: str) -> str:
    return _OWNER.format(owner=owner)


_QUERIES: Final = (
    # Tables, views, sequences, indexes.
    f"""
SELECT 'relation', c.relname, c.relkind, c.relpersistence, 'rls ' || c.relrowsecurity || ' ' || c.relforcerowsecurity,
       {_owner("c.relowner")}, coalesce(pg_catalog.array_to_string(c.reloptions, ' '), ''),
       coalesce((SELECT pg_catalog.string_agg(p.relname, ' ' ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits AS i
                   JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid), ''),
       coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), ''),
       CASE WHEN c.relkind IN ('i', 'I') THEN '' ELSE {_rights("c.relacl", "c.relowner", "r")} END,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) ELSE '' END
  FROM pg_catalog.pg_class AS c WHERE c.relnamespace = 'public'::pg_catalog.regnamespace
""",  # noqa: S608 - constants
    f"""
SELECT 'column', c.relname, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attnotnull THEN 'NOT NULL' ELSE '' END, a.attidentity, a.attgenerated, a.attcollation::text,
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       CASE WHEN a.attacl IS NULL THEN '' ELSE {_rights("a.attacl", "c.relowner", "c")} END
  FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'public'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
       AND a.attnum > 0 AND NOT a.attisdropped
""",  # noqa: S608 - constants
    """
SELECT 'constraint', c.relname, n.conname, n.contype, n.condeferrable, n.condeferred, n.convalidated,
       pg_catalog.pg_get_constraintdef(n.oid)
  FROM pg_catalog.pg_constraint AS n LEFT JOIN pg_catalog.pg_class AS c ON c.oid = n.conrelid
 WHERE n.connamespace = 'public'::pg_catalog.regnamespace AND n.contype <> 'n'
""",
    """
SELECT 'index', c.relname, i.indisunique, i.indisvalid, i.indisready, i.indislive, pg_catalog.pg_get_indexdef(c.oid)
  FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
 WHERE c.relnamespace = 'public'::pg_catalog.regnamespace
""",
    # Those of foreign keys have names that hold object ids.
    """
SELECT 'trigger', c.relname, CASE WHEN t.tgisinternal THEN '' ELSE t.tgname END, t.tgenabled,
       t.tgfoid::pg_catalog.regproc::text, pg_catalog.count(*),
       CASE WHEN t.tgisinternal THEN '' ELSE pg_catalog.min(pg_catalog.pg_get_triggerdef(t.oid)) END
  FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'public'::pg_catalog.regnamespace
 GROUP BY c.relname, t.tgisinternal, CASE WHEN t.tgisinternal THEN '' ELSE t.tgname END, t.tgenabled, t.tgfoid
""",
    """
SELECT 'rule', c.relname, r.rulename, r.ev_enabled, pg_catalog.pg_get_ruledef(r.oid)
  FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
 WHERE c.relnamespace = 'public'::pg_catalog.regnamespace
""",
    """
SELECT 'policy', c.relname, p.polname, p.polcmd, p.polpermissive, pg_catalog.array_to_string(p.polroles, ' '),
       pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
  FROM pg_catalog.pg_policy AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
""",
    f"""
SELECT 'function', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
       pg_catalog.pg_get_function_result(p.oid), l.lanname, p.prokind, p.prosecdef, p.proleakproof, p.provolatile,
       {_owner("p.proowner")}, coalesce(pg_catalog.array_to_string(p.proconfig, '; '), ''),
       {_rights("p.proacl", "p.proowner", "f")}, p.probin,
       pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p.prosrc, 'UTF8')), 'hex'), p.prosrc
  FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
 WHERE p.pronamespace = 'public'::pg_catalog.regnamespace
""",  # noqa: S608 - constants
    # What could be meant by an expression of ours; an exact match comes before PostgreSQL's own.
    """
SELECT 'operator', oprname, oprleft::pg_catalog.regtype::text, oprright::pg_catalog.regtype::text,
       oprcode::pg_catalog.regproc::text
  FROM pg_catalog.pg_operator WHERE oprnamespace = 'public'::pg_catalog.regnamespace
""",
    """
SELECT 'type', t.typname, t.typtype, pg_catalog.format_type(t.typbasetype, t.typtypmod)
  FROM pg_catalog.pg_type AS t
 WHERE t.typnamespace = 'public'::pg_catalog.regnamespace AND t.typrelid = 0 AND t.typcategory <> 'A'
""",
    """
SELECT 'operator class', opcname FROM pg_catalog.pg_opclass
 WHERE opcnamespace = 'public'::pg_catalog.regnamespace
""",
    "SELECT 'collation', collname FROM pg_catalog.pg_collation WHERE collnamespace = 'public'::pg_catalog.regnamespace",
    """
SELECT 'cast', castsource::pg_catalog.regtype::text, casttarget::pg_catalog.regtype::text, castcontext
  FROM pg_catalog.pg_cast WHERE oid >= $2
""",
    # A table's large values are kept in pg_toast: nothing else is made there.
    """
SELECT 'made in ' || n.nspname, what, name FROM (
    SELECT 'function' AS what, proname AS name, oid, pronamespace AS namespace FROM pg_catalog.pg_proc
    UNION ALL SELECT 'operator', oprname, oid, oprnamespace FROM pg_catalog.pg_operator
    UNION ALL SELECT 'operator class', opcname, oid, opcnamespace FROM pg_catalog.pg_opclass
    UNION ALL SELECT 'relation', relname, oid, relnamespace FROM pg_catalog.pg_class
     WHERE relnamespace <> 'pg_toast'::pg_catalog.regnamespace OR relkind NOT IN ('t', 'i')
) AS made JOIN pg_catalog.pg_namespace AS n ON n.oid = namespace
 WHERE made.oid >= $2 AND n.oid < $2 AND n.nspname <> 'public'
""",
    # What initdb makes at its very beginning has xmin 1, and what it makes later is older than template0: whatever is
    # changed becomes younger. PostgreSQL finds its internal functions by their number, whatever stands there of them;
    # one that is none any more may be put in its place.
    """
SELECT 'changed in pg_catalog', what, name FROM (
    SELECT 'operator' AS what, oid::pg_catalog.regoperator::text AS name FROM pg_catalog.pg_operator
     WHERE oid < $2 AND xmin <> '1'
    UNION ALL SELECT 'cast', castsource::pg_catalog.regtype || ' to ' || casttarget::pg_catalog.regtype
      FROM pg_catalog.pg_cast WHERE oid < $2 AND xmin <> '1'
    UNION ALL SELECT 'aggregate', aggfnoid::pg_catalog.regprocedure::text
      FROM pg_catalog.pg_aggregate WHERE aggfnoid::oid < $2 AND xmin <> '1'
    UNION ALL SELECT 'operator class', opcname FROM pg_catalog.pg_opclass WHERE oid < $2 AND xmin <> '1'
    UNION ALL SELECT 'operator of a class', amopopr::pg_catalog.regoperator::text
      FROM pg_catalog.pg_amop WHERE oid < $2 AND xmin <> '1'
    UNION ALL SELECT 'function of a class', amproc::pg_catalog.regprocedure::text
      FROM pg_catalog.pg_amproc WHERE oid < $2 AND xmin <> '1'
    UNION ALL SELECT what, name FROM (
        SELECT 'function' AS what, p.oid::pg_catalog.regprocedure::text AS name, p.oid, p.xmin
          FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
         WHERE l.lanname <> 'internal'
        UNION ALL SELECT 'view', ev_class::pg_catalog.regclass::text, oid, xmin FROM pg_catalog.pg_rewrite
        UNION ALL SELECT 'type', oid::pg_catalog.regtype::text, oid, xmin FROM pg_catalog.pg_type
         WHERE typrelid = 0
    ) AS later
     WHERE oid < $2 AND xmin::text::bigint >= (
         SELECT xmin::text::bigint FROM pg_catalog.pg_database WHERE datname = 'template0')
) AS changed
""",
    f"""
SELECT 'schema', nspname, {_rights("nspacl", "nspowner", "n")}
  FROM pg_catalog.pg_namespace
 WHERE (nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema')
    OR (oid >= $2 AND nspname !~ '^pg_(toast_)?temp_[0-9]+$')
""",  # noqa: S608 - constants
    "SELECT 'event trigger', evtname, evtevent, evtenabled FROM pg_catalog.pg_event_trigger",
    "SELECT 'extension', extname FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'",
    "SELECT 'publication', pubname FROM pg_catalog.pg_publication",
    "SELECT 'foreign server', srvname FROM pg_catalog.pg_foreign_server",
    """
SELECT 'language', lanname, lanplcallfoid::pg_catalog.regproc::text, laninline::pg_catalog.regproc::text,
       lanvalidator::pg_catalog.regproc::text
  FROM pg_catalog.pg_language
""",
    """
SELECT 'default rights', pg_catalog.pg_get_userbyid(defaclrole), defaclobjtype,
       pg_catalog.array_to_string(defaclacl, ' ')
  FROM pg_catalog.pg_default_acl
""",
    """
SELECT 'role', rolname, 'superuser ' || rolsuper, 'createrole ' || rolcreaterole, 'createdb ' || rolcreatedb,
       'replication ' || rolreplication, 'bypassrls ' || rolbypassrls,
       'create ' || pg_catalog.has_database_privilege(oid, pg_catalog.current_database(), 'CREATE')
  FROM pg_catalog.pg_roles WHERE rolname IN ($1)
""",
    """
SELECT 'member', m.rolname, 'of', g.rolname
  FROM pg_catalog.pg_auth_members AS a JOIN pg_catalog.pg_roles AS m ON m.oid = a.member
  JOIN pg_catalog.pg_roles AS g ON g.oid = a.roleid WHERE m.rolname IN ($1)
""",
    # What counts in this session, wherever it comes from: the whole server's settings too.
    """
SELECT 'in effect', name, pg_catalog.current_setting(name)
  FROM pg_catalog.unnest(ARRAY['session_replication_role', 'transform_null_equals', 'zero_damaged_pages']) AS name
""",
    # What a session begins with, wherever it comes from; those of the log say nothing of what is read.
    """
SELECT 'setting', coalesce(d.datname, ''), coalesce(r.rolname, ''), setting
  FROM pg_catalog.pg_db_role_setting AS s LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole, pg_catalog.unnest(s.setconfig) AS setting
 WHERE (s.setdatabase = 0 OR d.datname = pg_catalog.current_database()) AND (s.setrole = 0 OR r.rolname IN ($1))
       AND setting NOT LIKE 'log\\_%'
""",
)


class SchemaChanged(OperatorError):
    """The catalog isn't what the migrations make: nothing is served from it."""


def describe(conn: Connection) -> list[str]:
    """The catalog as lines, each once, in order.

    Args:
        conn: of any role.
    """
    lines: set[str] = set()
    roles = ", ".join(f"'{each}'" for each in SERVING)
    with conn.transaction(force_rollback=True):  # so that the path is again what it was
        conn.execute(_PATH)
        for query in _QUERIES:
            # Not a parameter where there is none: PostgreSQL wants each to be used.
            text = query.replace("$2", str(_MADE_BY_HAND)).replace("$1", roles)
            lines.update(_line(row) for row in conn.execute(text.encode()).fetchall())
    return sorted(lines)


def differences(conn: Connection) -> list[str]:
    """What the catalog has too much or lacks, as sentences; none: it is what the migrations make."""
    expected = set(_read())
    found = set(describe(conn))
    return [f"unexpected: {line}" for line in sorted(found - expected)] + [
        f"missing: {line}" for line in sorted(expected - found)
    ]


def check(conn: Connection) -> None:
    """See that the catalog is what the migrations make.

    Raises:
        SchemaChanged: it isn't; names the first differences.
    """
    found = differences(conn)
    if found:
        shown = "; ".join(_short(each) for each in found[:SHOWN])
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise SchemaChanged(f"the schema isn't what the migrations make: {shown}{more}. `nsor-server check` lists all")


def text_of(lines: Iterable[str]) -> str:
    """The text of `catalog.txt`."""
    return f"# What the migrations make, by `make catalog`. {digest()}\n" + "".join(f"{line}\n" for line in lines)


def digest() -> str:
    """Of the migrations and of this module: what the text is made from."""
    files = [each.sql for each in migrate.load()] + [Path(__file__).read_bytes()]
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in files)).hexdigest()


def is_stale() -> bool:
    """Whether a migration has changed since the text was made."""
    return not EXPECTED.exists() or digest() not in EXPECTED.read_text(encoding="utf-8").split("\n", 1)[0]


def _read() -> list[str]:
    return [line for line in EXPECTED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def _line(row: Iterable[object]) -> str:
    """A row as one line; the partitions of the ledger all alike, if each holds the entries of its number."""
    fields = ["" if each is None else each.decode() if isinstance(each, bytes) else str(each) for each in row]
    text = " | ".join(" ".join(field.split()) for field in fields)
    number = _PARTITION.search(text)
    if number is not None:
        start = int(number[2]) * _STEP
        own = f"FOR VALUES FROM ('{start}') TO ('{start + _STEP}')"
        text = _PARTITION.sub(lambda match: f"{match[1]}_N" if match[2] == number[2] else match[0], text)
        text = text.replace(own, "ITS ENTRIES")
    return text


def _short(line: str) -> str:
    return line if len(line) <= 120 else line[:117] + "..."
