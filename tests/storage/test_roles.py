"""The server's rights are read from PostgreSQL's own catalogue, so that no later migration widens them unseen."""

import psycopg
import pytest

from nsor_server.storage import deciding
from nsor_server.storage.embedded import CONSOLE, OWNER, PUBLISHER, SERVER, SERVING
from nsor_server.storage.pool import Database

CHANGED_IN_PLACE = {
    "access_request_watch": {"UPDATE"},
    "access_request_work": {"UPDATE"},
    "arrival_key": {"DELETE"},
    "budget": {"UPDATE", "DELETE"},
    "identity_queue": {"UPDATE"},
    "ledger_head": {"UPDATE"},
    "manifest_key": {"DELETE"},
    "movement_key": {"DELETE"},
    "outbox": {"DELETE"},
    "registration_work": {"UPDATE"},
    "write_probe": {"UPDATE"},
}
"""Tables that are no history -> what the server may do to their rows besides adding some."""

TABLES = """
SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner),
       array(SELECT p FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN']) p
             WHERE has_table_privilege(%(role)s, c.oid, p)),
       has_any_column_privilege(%(role)s, c.oid, 'UPDATE')
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""


def test_the_server_can_only_add_to_histories(database: Database) -> None:
    with database.owner() as owner:
        tables = owner.execute(TABLES, {"role": SERVER}).fetchall()
    assert {"agency", "officer", "idempotency", "migration"} <= {name for name, *_ in tables}
    for name, _kind, owner_name, privileges, some_column in tables:
        allowed = CHANGED_IN_PLACE.get(name, set())
        assert set(privileges) <= allowed, name
        assert not some_column or "UPDATE" in allowed, name
        assert owner_name == OWNER, name


LOG = {"ledger_checkpoint", "ledger_head", "ledger_record_deciding", "ledger_tile"}
"""Of the ledger what proves what decides; of its records no others: by their ids entries would be known to be of one
record."""
PUBLISHED = LOG | {"ledger_cosignature", "migration"}
"""What whoever publishes the log reads besides what decides and two columns of the entries."""


def test_whoever_publishes_reads_the_log_and_what_decides_and_adds_counts(database: Database) -> None:
    # No table with a seal, no label, no budget, no event; and of what it adds, not even that.
    query = """
        SELECT c.relname, a.attname, p
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
               unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND has_column_privilege(%(role)s, c.oid, a.attnum, p)
    """
    with database.owner() as owner:
        columns = {tuple(row) for row in owner.execute(query, {"role": PUBLISHER})}
        whole = owner.execute(TABLES, {"role": PUBLISHER}).fetchall()
    entry = {("ledger_entry", "index", "SELECT"), ("ledger_entry", "leaf", "SELECT")}
    assert {each for each in columns if each[0] == "ledger_entry"} == entry
    added = {each for each in columns if each[2] != "SELECT"}
    given = ("agency_id", "serial", "checkpoints", "tiles", "bundles", "refused")
    assert added == {("tile_fetch", name, "INSERT") for name in given}
    assert {name for name, *_ in columns - entry - added} == PUBLISHED | deciding.TABLES.keys()
    assert not any(privileges for _, _, _, privileges, _ in whole)


def test_the_console_reads_no_table_that_can_name_anybody_and_writes_none(database: Database) -> None:
    query = """
        SELECT c.relname, array(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
                                 WHERE has_table_privilege(%(role)s, c.oid, p)),
               array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                      AND NOT a.attisdropped AND has_column_privilege(%(role)s, c.oid, a.attnum, 'SELECT'))
          FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    """
    with database.owner() as owner:
        found = {name: (rights, columns) for name, rights, columns in owner.execute(query, {"role": CONSOLE})}
    whole = {name for name, (rights, _) in found.items() if rights}
    assert whole == LOG | deciding.TABLES.keys()
    assert all(rights == ["SELECT"] for rights, _ in found.values() if rights)
    in_part = {name: columns for name, (rights, columns) in found.items() if columns and not rights}
    assert in_part == {
        # By `named` and `case_label` two look-ups of one person would be known to be of one.
        "ledger_entry": ["index", "access_id", "officer", "outcome", "leaf"],
    }


@pytest.mark.parametrize("role", SERVING)
def test_the_roles_own_nothing_and_make_nothing(database: Database, role: str) -> None:
    query = """
        SELECT (SELECT count(*) FROM pg_class WHERE relowner = r.oid)
             + (SELECT count(*) FROM pg_proc WHERE proowner = r.oid)
             + (SELECT count(*) FROM pg_auth_members WHERE member = r.oid),
               has_schema_privilege(r.oid, 'public', 'CREATE'),
               has_database_privilege(r.oid, current_database(), 'CREATE'),
               has_database_privilege(r.oid, current_database(), 'TEMPORARY'),
               rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
          FROM pg_roles r WHERE rolname = %s
    """
    with database.owner() as owner:
        assert owner.execute(query, (role,)).fetchone() == (0, False, False, False, False)


@pytest.mark.parametrize("role", SERVING)
def test_nobody_is_told_by_postgres_how_often_a_table_was_read(database: Database, role: str) -> None:
    # A look-up that finds somebody reads his key, and one that doesn't reads none: whoever looks at the counts before
    # and after a look-up in a quiet hour knows what it has found.
    assert database.url_owner is not None
    with psycopg.connect(database.url_owner, user=role) as connection:
        for view in (b"pg_stat_all_tables", b"pg_statio_all_indexes", b"pg_stat_database", b"pg_stat_io"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(b"TABLE " + view)
            connection.rollback()
        assert connection.execute("SELECT count(*) FROM pg_stat_activity").fetchone() != (0,)
    # What was read in one database is told in each.
    for other in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(database.url_owner, user=role, dbname=other)


def test_one_function_runs_with_the_owners_rights_and_only_for_the_server(database: Database) -> None:
    # SECURITY DEFINER lends the server what the grants keep from it: partitions of the ledger, and nothing else.
    query = """
        SELECT proname, proconfig, (SELECT array_agg(pg_get_userbyid(grantee) ORDER BY 1) FROM aclexplode(proacl))
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
    """
    with database.owner() as owner:
        found = owner.execute(query).fetchall()
    # A caller's search path would let it put another table under a name that the function uses.
    assert found == [("ledger_extend", ["search_path=pg_catalog, public, pg_temp"], sorted([OWNER, SERVER]))]


@pytest.mark.parametrize(
    "statement", [b"UPDATE officer SET grade = 9", b"DELETE FROM officer", b"TRUNCATE officer", b"DROP TABLE officer"]
)
def test_postgres_refuses_the_server_a_change_of_history(database: Database, statement: bytes) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction() as connection:
        connection.execute(statement)
