"""Whoever holds a lock that calls wait for turns health NOT_SERVING and is named; when he lets go it comes back."""

import contextlib
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from nsor.v1 import directory_pb2
from nsor_server.events import deliverer
from nsor_server.ledger.guard import CommitGuard
from nsor_server.storage import waits
from nsor_server.storage.embedded import OWNER, EmbeddedPostgres
from tests.orders import order
from tests.polling import until
from tests.ports import free_address
from tests.rpc.callers import Caller, Serve, Serving
from tests.rpc.test_broken_database import SECONDS
from tests.rpc.test_check import looked_at
from tests.rpc.test_lifecycle import LIST, NOT_SERVING, SERVING, health
from tests.rpc.test_replays import CREATE

pytestmark = pytest.mark.usefixtures("search_index")


@pytest.fixture
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The register looks eight times as often whether it can write: else a test waits for that again and again."""
    monkeypatch.setattr("nsor_server.app.EVERY_SECONDS", 0.25)


def lists(caller: Caller) -> grpc.StatusCode:
    return caller.call(LIST, directory_pb2.ListAgenciesRequest()).code


@contextlib.contextmanager
def held(conn: psycopg.Connection, statement: str) -> Iterator[str]:
    """What a session holds until the block ends; gives how an alert names it."""
    with contextlib.closing(conn):
        conn.execute("SET idle_in_transaction_session_timeout = 0")
        conn.execute(statement.encode())
        row = conn.execute("SELECT current_user").fetchone()
        assert row is not None
        yield f"process {conn.info.backend_pid} (role {row[0]})"


@pytest.mark.usefixtures("_often")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT FROM ledger_head FOR UPDATE", "holds rows"),
        ("LOCK TABLE ledger_head", "locks the table ledger_head"),
        ("LOCK TABLE ledger_entry", "locks the table ledger_entry"),
        ("LOCK TABLE look_up", "locks the table look_up"),
        ("LOCK TABLE budget IN EXCLUSIVE MODE", "locks the table budget"),
        ("LOCK TABLE agency_event IN SHARE MODE", "locks the table agency_event"),
        ("LOCK TABLE write_probe", "locks the table write_probe"),
    ],
)
def test_a_lock_that_calls_would_wait_for_turns_health_off_and_its_holder_is_named(
    serving: Serving, statement: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    # Without any call, too: who asks for health hears of it before anybody waits.
    caller = serving.caller("npb")
    assert health(caller) == SERVING
    with held(serving.database.owner(), statement) as holder:
        until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
        assert lists(caller) is grpc.StatusCode.UNAVAILABLE
        assert holder.endswith(f"(role {OWNER})")
        alert = f"ALERT DATABASE_UNSOUND: nothing is answered: a transaction of {holder} {said}"
        assert alert in caplog.text
    until(lambda: health(caller) == SERVING, seconds=SECONDS)
    assert lists(caller) is grpc.StatusCode.OK


def test_a_call_that_has_waited_in_vain_has_it_looked_at_at_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # Between two probes, too.
    monkeypatch.setattr("nsor_server.app.EVERY_SECONDS", 3600.0)
    with serve() as serving:
        caller = serving.caller("npb")
        assert lists(caller) is grpc.StatusCode.OK
        with held(serving.database.owner(), "LOCK TABLE ledger_entry IN SHARE MODE"):
            assert lists(caller) is grpc.StatusCode.UNAVAILABLE
            until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
        until(lambda: health(caller) == SERVING, seconds=SECONDS)


def test_rows_that_a_call_has_waited_for_keep_health_off_until_they_are_free(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # They are seen only while a call waits; none waits any more, since none is taken, and still they aren't free.
    probes: list[str | None] = []
    probe = CommitGuard._probe

    def counted(guard: CommitGuard, *, deep: bool) -> str | None:
        probes.append(probe(guard, deep=deep))
        return probes[-1]

    monkeypatch.setattr(CommitGuard, "_probe", counted)
    caller = serving.caller("punjab-prosecution", officer=True)
    with held(serving.database.owner(), "SELECT FROM agency FOR UPDATE") as holder:
        assert caller.call(CREATE, order()).code is grpc.StatusCode.UNAVAILABLE
        until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
        seen = len(probes)
        until(lambda: len(probes) > seen + 5, seconds=SECONDS)
        assert None not in probes[seen:]
        assert lists(caller) is grpc.StatusCode.UNAVAILABLE
        assert f"a transaction of {holder} holds rows that calls wait for" in caplog.text
    until(lambda: health(caller) == SERVING, seconds=SECONDS)
    assert caller.call(CREATE, order()).code is grpc.StatusCode.OK


def test_events_that_nobody_delivers_turn_health_off_after_a_while_and_check_says_why(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    # Calls go on: what they owe is in the outbox. But whoever follows the events hears nothing.
    with serve(metrics_listen=free_address(), events_patience_seconds=1.0) as serving:
        caller = serving.caller("punjab-prosecution", officer=True)
        assert "nsor_events_behind_seconds 0.0" in metrics(serving)
        with held(serving.database.owner(), f"SELECT pg_advisory_lock({deliverer.TURN})") as holder:
            until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
            assert caller.call(CREATE, order()).code is grpc.StatusCode.OK
            assert "nsor_ledger_healthy 1.0" in metrics(serving)
            assert "nsor_events_behind_seconds 0.0" not in metrics(serving)
            until(lambda: "ALERT EVENTS_BEHIND: " in caplog.text, seconds=SECONDS)
            assert f"{holder} has the deliverers' lock" in caplog.text
            late = f"to be delivered: {holder} has the deliverers' lock"
            until(lambda: late in looked_at(serving.settings)[1], seconds=SECONDS)
        until(lambda: health(caller) == SERVING, seconds=SECONDS)
        until(lambda: "nsor_events_behind_seconds 0.0" in metrics(serving), seconds=SECONDS)
        assert "none has waited for long" in looked_at(serving.settings)[1]


def metrics(serving: Serving) -> str:
    with urllib.request.urlopen(f"http://{serving.settings.metrics_listen}/metrics", timeout=30) as answer:
        return str(answer.read().decode())


_IN_TURNS = """
DO $$ BEGIN LOOP PERFORM FROM public.ledger_head FOR UPDATE; PERFORM pg_sleep(0.8); COMMIT; END LOOP; END $$
"""


def test_whoever_takes_the_heads_lock_in_turns_turns_health_off_as_well(
    serving: Serving, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # None of his transactions stays, or lasts until a wait ends in vain; the waiting adds up.
    for name, seconds in (("LONG_SECONDS", 0.5), ("PATIENCE_SECONDS", 1.2), ("LATE_SECONDS", 6.0)):
        monkeypatch.setattr(waits, name, seconds)
    caller = serving.caller("npb")
    database = str(conninfo_to_dict(serving.database.url_server)["dbname"])

    def is_off() -> bool:
        lists(caller)
        return bool(health(caller) == NOT_SERVING)

    with psycopg.connect(postgres.conninfo(OWNER, database), autocommit=True) as owner, ThreadPoolExecutor(1) as pool:
        turns = pool.submit(owner.execute, _IN_TURNS)
        try:
            until(is_off, seconds=SECONDS)
        finally:
            owner.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            turns.result(SECONDS)
    assert "nothing is answered: the ledger's head is locked again and again" in caplog.text
    until(lambda: health(caller) == SERVING, seconds=SECONDS)
    assert lists(caller) is grpc.StatusCode.OK
