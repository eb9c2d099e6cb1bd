"""Whatever makes calls fail for everybody turns health NOT_SERVING by itself, and back when it is mended."""

import contextlib
import http.client
from collections.abc import Callable
from pathlib import Path

import grpc
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from nsor.v1 import directory_pb2
from nsor_server.config import OperatorError
from nsor_server.storage import migrate
from nsor_server.storage.catalog import SchemaChanged
from nsor_server.storage.embedded import OWNER, SERVER, SUPERUSER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.polling import until
from tests.ports import free_address
from tests.rpc.callers import Serve, Serving
from tests.rpc.conftest import database_url, fill
from tests.rpc.test_lifecycle import LIST, NOT_SERVING, SERVING, health

pytestmark = pytest.mark.usefixtures("search_index", "all_connections")

SECONDS = 120.0
"""Far more than it takes; nothing here depends on speed."""

Alter = Callable[..., None]


@pytest.fixture
def alter(postgres: EmbeddedPostgres, serving: Serving) -> Alter:
    """Sets something for every new connection to the register's database, or for those of a role only."""
    name = str(conninfo_to_dict(serving.database.url_server)["dbname"])

    def run(setting: str, *, on: bool) -> None:
        change = "SET {} " if on else "RESET {}"
        where = sql.SQL("ALTER ROLE {} IN DATABASE {} ").format(sql.Identifier(SERVER), sql.Identifier(name))
        key, _, value = setting.partition(" = ")
        statement = where + sql.SQL(change).format(sql.Identifier(key))
        if on:
            statement += sql.SQL("= {}").format(sql.Literal(value))
        with psycopg.connect(postgres.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
            superuser.execute(statement)

    return run


@pytest.mark.parametrize("setting", ["default_transaction_read_only = on", "synchronous_commit = off", "fsync"])
def test_health_tells_of_a_database_that_is_not_to_be_written_to(
    serving: Serving, alter: Alter, postgres: EmbeddedPostgres, setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    # No call is made: who asks for health hears it all the same.
    caller = serving.caller("npb")
    assert health(caller) == SERVING
    whole = setting == "fsync"
    system(postgres, "SET fsync = off") if whole else alter(setting, on=True)
    try:
        until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
        answer = caller.call(LIST, directory_pb2.ListAgenciesRequest())
        assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")
    finally:
        system(postgres, "RESET fsync") if whole else alter(setting, on=False)
    until(lambda: health(caller) == SERVING, seconds=SECONDS)
    answer = caller.call(LIST, directory_pb2.ListAgenciesRequest())
    assert answer.code is grpc.StatusCode.OK, answer.reason
    assert "ALERT DATABASE_UNSOUND: nothing is answered" in caplog.text


def system(postgres: EmbeddedPostgres, change: str) -> None:
    with psycopg.connect(postgres.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
        superuser.execute(f"ALTER SYSTEM {change}".encode())
        superuser.execute("SELECT pg_reload_conf()")


def test_health_tells_of_a_row_that_is_hidden_from_the_probe(serving: Serving) -> None:
    # An update of no row is no write.
    caller = serving.caller("npb")
    past(serving, "DELETE FROM write_probe")
    until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
    past(serving, "INSERT INTO write_probe DEFAULT VALUES")
    until(lambda: health(caller) == SERVING, seconds=SECONDS)


def test_health_tells_of_a_schema_that_was_changed_and_nothing_is_answered(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    caller = serving.caller("npb")
    assert health(caller) == SERVING
    past(serving, "GRANT UPDATE ON officer TO nsor_server")
    until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
    answer = caller.call(LIST, directory_pb2.ListAgenciesRequest())
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")
    assert (
        "ALERT SCHEMA_CHANGED: the schema isn't what the migrations make: unexpected: relation | officer" in caplog.text
    )
    past(serving, "REVOKE UPDATE ON officer FROM nsor_server")
    until(lambda: health(caller) == SERVING, seconds=SECONDS)


def test_a_register_does_not_start_on_another_schema(serve: Serve, database: Database) -> None:
    with database.owner() as owner:
        owner.execute("CREATE VIEW persons AS SELECT * FROM registration_version")
    with pytest.raises(SchemaChanged, match=r"unexpected: .*persons"), serve():
        pass


def test_a_copy_that_is_missing_turns_health_off_after_a_while(serve: Serve) -> None:
    with serve(copy_patience_seconds=1.0) as serving:
        caller = serving.caller("npb")
        assert health(caller) == SERVING
        away = serving.settings.checkpoint_file.rename(serving.settings.state_dir / "away")
        until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
        # It is health that tells; calls go on, since the database has the checkpoints.
        assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
        away.rename(serving.settings.checkpoint_file)
        until(lambda: health(caller) == SERVING, seconds=SECONDS)


def test_a_second_server_on_one_state_folder_is_refused(serve: Serve) -> None:
    # Two would write one outside copy, and one would stop the other's PostgreSQL.
    with serve(), pytest.raises(OperatorError, match="another nsor-server serves"), serve():
        pass
    with serve() as serving:
        assert health(serving.caller("npb")) == SERVING


def test_plain_http_says_that_it_lives_and_whether_it_serves(serve: Serve) -> None:
    with serve(metrics_listen=free_address(), copy_patience_seconds=1.0) as serving:
        assert asked(serving, "healthz") == (200, "alive\n")
        assert asked(serving, "readyz") == (200, "ready\n")
        assert asked(serving, "elsewhere")[0] == 404
        code, page = asked(serving, "metrics")
        assert code == 200
        assert "nsor_ledger_healthy 1.0" in page
        assert "nsor_outside_copy_behind_seconds 0.0" in page
        serving.settings.checkpoint_file.rename(serving.settings.state_dir / "away")
        until(lambda: asked(serving, "readyz") == (503, "not ready\n"), seconds=SECONDS)
        assert asked(serving, "healthz") == (200, "alive\n")
        assert "nsor_outside_copy_behind_seconds 0.0" not in asked(serving, "metrics")[1]


def asked(serving: Serving, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(str(serving.settings.metrics_listen), timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", f"/{path}")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_what_a_call_runs_into_is_looked_at_at_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Between two probes the first call that fails by the database's fault has it probed.
    monkeypatch.setattr("nsor_server.app.EVERY_SECONDS", 3600.0)
    with serve() as serving:
        caller = serving.caller("npb")
        assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
        past(serving, "REVOKE UPDATE ON ledger_head FROM nsor_server")
        assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is not grpc.StatusCode.OK
        until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
        past(serving, "GRANT UPDATE ON ledger_head TO nsor_server")
        until(lambda: health(caller) == SERVING, seconds=SECONDS)
    assert "InsufficientPrivilege" in caplog.text


def test_a_probe_that_does_not_end_is_no_sign_of_health(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # A host that is gone without a word lets a connection wait for minutes.
    monkeypatch.setattr("nsor_server.ledger.guard.OVERDUE_SECONDS", 1.0)
    with serve(commit_timeout_seconds=0.5) as serving, contextlib.closing(serving.database.owner()) as owner:
        caller = serving.caller("npb")
        owner.execute("LOCK TABLE write_probe")
        owner.execute("SET statement_timeout = 0")
        monkeypatch.setattr("nsor_server.ledger.guard.CommitGuard._bound", lambda _guard, conn: unbounded(conn))
        until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
        owner.rollback()
        until(lambda: health(caller) == SERVING, seconds=SECONDS)


def past(serving: Serving, statement: str) -> None:
    """Change the database past the register."""
    with serving.database.owner() as owner:
        owner.execute(statement.encode())


def unbounded(conn: psycopg.Connection) -> None:
    conn.execute("SET LOCAL lock_timeout = 0")
    conn.execute("SET LOCAL statement_timeout = 0")


def test_what_the_disk_has_lost_is_not_built_upon(
    serving: Serving, alter: Alter, caplog: pytest.LogCaptureFixture
) -> None:
    # After whatever stopped the database, the end of the ledger is compared with what was signed before it goes on.
    caller = serving.caller("npb")
    assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
    alter("default_transaction_read_only = on", on=True)
    until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
    past(serving, "UPDATE ledger_head SET size = size - 1")
    alter("default_transaction_read_only = on", on=False)
    until(lambda: "ALERT LEDGER_TORN" in caplog.text, seconds=SECONDS)
    assert health(caller) == NOT_SERVING
    past(serving, "UPDATE ledger_head SET size = size + 1")
    until(lambda: health(caller) == SERVING, seconds=SECONDS)


def test_a_primary_that_becomes_a_standby_is_left_alone_until_it_is_promoted(
    serve: Serve, certificates: Path, keyring: Keyring, tmp_path: Path
) -> None:
    # A failover leaves the old primary running as a standby, behind a URL that doesn't ask which it is.
    own = EmbeddedPostgres(tmp_path / "own")
    own.start()
    try:
        with psycopg.connect(own.conninfo(OWNER)) as owner:
            migrate.apply(owner, migrate.load())
        with Database(own.conninfo(SERVER), own.conninfo(OWNER), pool_size=1) as database:
            fill(database, certificates, keyring)
        urls = {
            "database_url": database_url(own.conninfo(SERVER)),
            "database_owner_url": database_url(own.conninfo(OWNER)),
        }
        with serve(**urls) as serving:
            caller = serving.caller("npb")
            assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
            own.stop()
            (own.data / "standby.signal").touch(mode=0o600)
            own.start()
            until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
            answer = caller.call(LIST, directory_pb2.ListAgenciesRequest())
            assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")
            with psycopg.connect(own.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
                superuser.execute("SELECT pg_promote()")
            until(lambda: health(caller) == SERVING, seconds=SECONDS)
            assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
    finally:
        own.stop()
