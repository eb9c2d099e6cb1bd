"""Each way in which the owner of the database hides rows, or lets somebody in, without touching a row."""

import re
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from nsor_server.ledger import partitions
from nsor_server.ledger.append import Ledger
from nsor_server.storage import catalog, expected
from nsor_server.storage.catalog import SchemaChanged
from nsor_server.storage.embedded import OWNER, SERVER, SUPERUSER, EmbeddedPostgres
from nsor_server.storage.pool import Database
from tests.ledger.conftest import ledger as ledger  # noqa: PLC0414 - a fixture of another folder
from tests.ledger.conftest import set_size
from tests.polling import until

CHANGES = {
    "a view in a schema named like the role": """
        CREATE SCHEMA nsor_server;
        CREATE VIEW nsor_server.registration_version AS SELECT * FROM public.registration_version WHERE false;
        GRANT USAGE ON SCHEMA nsor_server TO nsor_server;
        GRANT SELECT ON nsor_server.registration_version TO nsor_server""",
    "a policy": """
        CREATE POLICY hides ON registration_version USING (false);
        ALTER TABLE registration_version ENABLE ROW LEVEL SECURITY""",
    "row security alone": "ALTER TABLE registration_version ENABLE ROW LEVEL SECURITY",
    "a trigger": """
        CREATE FUNCTION swallows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER swallows BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION swallows()""",
    "a dropped constraint": "ALTER TABLE officer_disabled DROP CONSTRAINT officer_disabled_key_id_fkey",
    "a key that isn't unique": "ALTER TABLE look_up DROP CONSTRAINT look_up_pkey",
    "a constraint more": "ALTER TABLE outbox ADD CHECK (kind <> 1) NOT VALID",
    "a right": "GRANT UPDATE ON officer TO nsor_server",
    "a right on a column": "GRANT UPDATE (grade) ON officer TO nsor_server",
    "a right for everybody": "GRANT SELECT ON registration_version TO PUBLIC",
    "a right that was taken": "REVOKE INSERT ON ledger_entry FROM nsor_server",
    "rights for what comes": "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO nsor_server",
    "an operator": """
        CREATE FUNCTION never(text[], text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
        CREATE OPERATOR public.&& (FUNCTION = never, LEFTARG = text[], RIGHTARG = text[])""",
    "a function's text": """
        CREATE OR REPLACE FUNCTION ledger_extend(through bigint) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS 'BEGIN END'""",
    "a function's path": "ALTER FUNCTION ledger_extend RESET search_path",
    "a rule": "CREATE RULE hides AS ON INSERT TO officer_disabled DO INSTEAD NOTHING",
    "a default": "ALTER TABLE registration_version ALTER created_at SET DEFAULT 'epoch'",
    "a type": "ALTER TABLE officer ALTER grade TYPE integer",
    "a column": "ALTER TABLE officer ADD note text",
    "a column that may be empty": "ALTER TABLE officer ALTER grade DROP NOT NULL",
    "a dropped index": "DROP INDEX certificate_agency",
    "a table": "CREATE TABLE elsewhere (sealed bytea)",
    "a partition for all that comes": "CREATE TABLE ledger_entry_9 PARTITION OF ledger_entry DEFAULT",
    "a partition of other entries": """
        CREATE TABLE ledger_detail_7 PARTITION OF ledger_detail FOR VALUES FROM (100000000) TO (100000001)""",
    "a publication": "CREATE PUBLICATION leak FOR TABLE registration_version",
}
BY_SUPERUSER = {
    "a role that passes over policies": ("ALTER ROLE nsor_server BYPASSRLS", "ALTER ROLE nsor_server NOBYPASSRLS"),
    "a membership": ("GRANT nsor_owner TO nsor_server", "REVOKE nsor_owner FROM nsor_server"),
    "a setting": (
        "ALTER ROLE nsor_server SET transform_null_equals = on",
        "ALTER ROLE nsor_server RESET transform_null_equals",
    ),
    "a foreign key that isn't looked at": (
        "ALTER TABLE public.officer DISABLE TRIGGER ALL",
        "ALTER TABLE public.officer ENABLE TRIGGER ALL",
    ),
    "an event trigger": (
        """
        CREATE FUNCTION public.hears() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER hears ON ddl_command_end EXECUTE FUNCTION public.hears()""",
        "DROP EVENT TRIGGER hears",
    ),
    "a function of PostgreSQL's own": (
        """
        CREATE OR REPLACE FUNCTION pg_catalog.uuid_send(uuid) RETURNS bytea LANGUAGE sql IMMUTABLE
        AS $$ SELECT NULL::bytea $$""",
        """
        CREATE OR REPLACE FUNCTION pg_catalog.uuid_send(uuid) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT
        AS 'uuid_send'""",
    ),
    "the program of a function of PostgreSQL's own": (
        "UPDATE pg_catalog.pg_proc SET probin = '$libdir/other' WHERE oid = 'plpgsql_call_handler'::regproc",
        "UPDATE pg_catalog.pg_proc SET probin = '$libdir/plpgsql' WHERE oid = 'plpgsql_call_handler'::regproc",
    ),
    "what a language is run by": (
        """
        UPDATE pg_catalog.pg_language SET laninline = 'pg_catalog.plpgsql_validator'::regproc
        WHERE lanname = 'plpgsql'""",
        """
        UPDATE pg_catalog.pg_language SET laninline = 'pg_catalog.plpgsql_inline_handler'::regproc
        WHERE lanname = 'plpgsql'""",
    ),
    "an operator of PostgreSQL's own": (
        "UPDATE pg_catalog.pg_operator SET oprcode = 'pg_catalog.byteane' WHERE oid = '=(bytea,bytea)'::regoperator",
        "UPDATE pg_catalog.pg_operator SET oprcode = 'pg_catalog.byteaeq' WHERE oid = '=(bytea,bytea)'::regoperator",
    ),
    "a cast of PostgreSQL's own": (
        """
        UPDATE pg_catalog.pg_cast SET castcontext = 'i'
        WHERE castsource = 'integer'::regtype AND casttarget = 'smallint'::regtype""",
        "SELECT",
    ),
    "an aggregate of PostgreSQL's own": (
        "UPDATE pg_catalog.pg_aggregate SET agginitval = '1' WHERE aggfnoid = 'max(bigint)'::regprocedure",
        "SELECT",
    ),
    "a view of PostgreSQL's own": (
        """
        SET allow_system_table_mods = on;
        CREATE OR REPLACE VIEW pg_catalog.pg_settings AS SELECT * FROM pg_catalog.pg_show_all_settings() LIMIT 0""",
        "SELECT",
    ),
    "a function in information_schema": (
        "CREATE FUNCTION information_schema.f(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "DROP FUNCTION information_schema.f",
    ),
    "a view beside the large values": (
        "SET allow_system_table_mods = on; CREATE VIEW pg_toast.persons AS SELECT * FROM public.registration_version",
        "DROP VIEW pg_toast.persons",
    ),
    "a schema named like PostgreSQL's": (
        "SET allow_system_table_mods = on; CREATE SCHEMA pg_other",
        "DROP SCHEMA pg_other",
    ),
    "a cast": (
        """
        CREATE FUNCTION public.cast_it(text) RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';
        CREATE CAST (text AS uuid) WITH FUNCTION public.cast_it(text) AS IMPLICIT""",
        "DROP CAST (text AS uuid)",
    ),
}


def differences(database: Database) -> list[str]:
    with database.transaction() as connection:
        return catalog.differences(connection)


def test_what_the_migrations_make_is_what_is_expected(database: Database) -> None:
    assert differences(database) == []
    with database.transaction() as connection:
        catalog.check(connection)
    with database.owner() as owner:
        assert catalog.differences(owner) == []


def test_the_text_is_made_from_these_migrations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # `make lint` says so when a migration has changed since.
    assert not catalog.is_stale()
    assert expected.main(["--check"]) == 0
    old = tmp_path / "catalog.txt"
    old.write_text(re.sub(r"[0-9a-f]{64}", "0" * 64, catalog.EXPECTED.read_text(), count=1))
    monkeypatch.setattr(catalog, "EXPECTED", old)
    assert expected.main(["--check"]) == 1


def test_partitions_that_come_with_time_are_no_difference(database: Database, ledger: Ledger) -> None:
    set_size(database, ledger, partitions.WIDTH * 2 + 5)
    with database.transaction() as connection:
        partitions.extend(connection, partitions.WIDTH * 2 + 5)
    assert differences(database) == []
    # Old details are dropped, as the runbook says.
    with database.owner() as owner:
        owner.execute("DROP TABLE ledger_detail_0")
    assert differences(database) == []


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_the_owner_changes_is_seen_by_the_server_itself(database: Database, change: str) -> None:
    with database.owner() as owner:
        owner.execute(change.encode())
    with database.transaction() as connection, pytest.raises(SchemaChanged, match="isn't what the migrations make"):
        catalog.check(connection)


@pytest.mark.parametrize("change", BY_SUPERUSER.values(), ids=BY_SUPERUSER)
def test_whatever_a_superuser_changes_is_seen_too(
    database: Database, postgres: EmbeddedPostgres, change: tuple[str, str]
) -> None:
    name = str(conninfo_to_dict(database.url_server)["dbname"])
    with psycopg.connect(postgres.conninfo(SUPERUSER, name), autocommit=True) as superuser:
        superuser.execute(change[0].encode())
        try:
            assert differences(database) != []
        finally:
            superuser.execute(change[1].encode())


@pytest.mark.parametrize(
    ("setting", "value"), [("session_replication_role", "replica"), ("transform_null_equals", "on")]
)
def test_what_is_set_for_the_whole_server_is_seen(
    database: Database, postgres: EmbeddedPostgres, setting: str, value: str
) -> None:
    # Neither is of a role or a database. The first one switches off foreign keys.
    with psycopg.connect(postgres.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
        try:
            superuser.execute(f"ALTER SYSTEM SET {setting} = {value}".encode())
            superuser.execute("SELECT pg_reload_conf()")
            until(lambda: differences(database) != [], seconds=120)
        finally:
            superuser.execute(f"ALTER SYSTEM RESET {setting}".encode())
            superuser.execute("SELECT pg_reload_conf()")
        until(lambda: differences(database) == [], seconds=120)


def test_an_operator_does_not_blind_whoever_looks_for_it(database: Database) -> None:
    # One that fits the arguments better than PostgreSQL's own comes before it wherever a path has its schema. Its
    # function is in the session's own schema, and it hides operators and rules from whoever looks at the catalog.
    with database.owner() as owner:
        owner.execute(
            """
            CREATE FUNCTION pg_temp.same(oid, regnamespace) RETURNS boolean LANGUAGE sql AS $$
                SELECT $1 OPERATOR(pg_catalog.=) $2::oid
                    AND pg_catalog.current_query() !~ '^[[:space:]]*SELECT .(operator|rule).'
            $$;
            CREATE OPERATOR public.= (FUNCTION = pg_temp.same, LEFTARG = oid, RIGHTARG = regnamespace);
            CREATE RULE hides AS ON INSERT TO officer_disabled DO INSTEAD NOTHING
            """
        )
        owner.commit()
        found = differences(database)
    assert any("rule | officer_disabled" in each for each in found), found
    assert any(each.startswith("unexpected: operator | =") for each in found), found


def test_rights_that_a_dba_takes_away_are_no_difference(database: Database, postgres: EmbeddedPostgres) -> None:
    # As a DBA does who hardens a server; what its functions do has not changed.
    name = str(conninfo_to_dict(database.url_server)["dbname"])
    with psycopg.connect(postgres.conninfo(SUPERUSER, name), autocommit=True) as superuser:
        superuser.execute("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() FROM PUBLIC, pg_monitor")
    assert differences(database) == []


def test_names_mean_the_registers_own_tables(database: Database, postgres: EmbeddedPostgres) -> None:
    # The view comes first by PostgreSQL's usual path; ours is pinned, whatever role, database and options say.
    name = str(conninfo_to_dict(database.url_server)["dbname"])
    with database.owner() as owner:
        owner.execute(CHANGES["a view in a schema named like the role"].encode())
        owner.execute("INSERT INTO migration (number, name, sha256) VALUES (9999, 'x', '')")
        owner.execute("CREATE VIEW nsor_server.migration AS SELECT * FROM public.migration WHERE false")
        owner.execute("GRANT SELECT ON nsor_server.migration TO nsor_server")
    with psycopg.connect(postgres.conninfo(SERVER, name)) as usual:
        assert usual.execute("SELECT count(*) FROM migration").fetchone() == (0,), "the attack works without the pin"
    wanted = postgres.conninfo(SERVER, name) + " options='-c search_path=nsor_server,public'"
    with Database(wanted, postgres.conninfo(OWNER, name), pool_size=1) as pinned:
        for connect in (pinned.connect, pinned.writer):
            with connect() as connection:
                assert connection.execute("SELECT count(*) > 0 FROM migration").fetchone() == (True,)
        with pinned.reading() as connection:
            assert connection.execute("SELECT count(*) > 0 FROM migration").fetchone() == (True,)


def test_a_policy_that_hides_rows_is_an_error_to_the_server(database: Database) -> None:
    # Between two looks at the catalog nobody is answered "no record" about somebody who is hidden.
    with database.owner() as owner:
        owner.execute(CHANGES["a policy"].encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"), database.reading() as reading:
        reading.execute("SELECT count(*) FROM registration_version")
