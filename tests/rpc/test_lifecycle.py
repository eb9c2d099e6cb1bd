import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from nsor.v1 import directory_pb2, notification_pb2
from nsor_server import config
from nsor_server.access.contract import Contract
from nsor_server.events import waiter
from nsor_server.ledger.guard import CommitGuard
from nsor_server.storage.pool import Database
from tests.rpc.callers import Caller, Serve, Serving

pytestmark = pytest.mark.usefixtures("search_index")

CHECK = "grpc.health.v1.Health/Check"
WATCH = "grpc.health.v1.Health/Watch"
LIST = "nsor.v1.DirectoryService/ListAgencies"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def health(caller: Caller, service: str = "") -> int:
    answer = caller.call(CHECK, health_pb2.HealthCheckRequest(service=service), no_nonce=True)
    assert answer.code is grpc.StatusCode.OK, answer.reason
    status: int = health_pb2.HealthCheckResponse.FromString(answer.message).status
    return status


def test_any_active_agency_may_ask_for_health_without_a_nonce(serving: Serving) -> None:
    caller = serving.caller("special-committee")
    assert health(caller) == SERVING
    assert health(caller, "nsor.v1.LookupService") == SERVING
    assert caller.call(CHECK, health_pb2.HealthCheckRequest(service="other")).code is grpc.StatusCode.NOT_FOUND


def test_a_stop_does_not_wait_for_an_event(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiter, "_RETRY_SECONDS", 3600.0)  # longest that the listener waits for one
    before = set(threading.enumerate())
    with ExitStack() as running:
        running.enter_context(serve())
        (listener,) = (each for each in set(threading.enumerate()) - before if each.name == "nsor-events-listener")
        # In a thread, or the test would wait with it.
        ending = threading.Thread(target=running.pop_all().close, daemon=True)
        ending.start()
        ending.join(60)
        assert not listener.is_alive()


def test_monitoring_may_ask_for_health_and_for_nothing_else(serving: Serving) -> None:
    # Whoever steals the balancer's certificate has nothing.
    caller = serving.caller("monitoring")
    assert health(caller) == SERVING
    for name, rule in Contract.load().methods.items():
        if rule.streaming:
            continue
        answer = caller.call(name, rule.request_class())
        assert (answer.code, answer.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED"), name
        assert answer.proves_itself()
    with pytest.raises(grpc.RpcError) as refused:
        next(caller.stream(SUBSCRIBE, notification_pb2.SubscribeEventsRequest()))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_health_is_gated_and_a_refusal_is_recorded(serving: Serving) -> None:
    answer = serving.caller("revoked").call(CHECK, health_pb2.HealthCheckRequest(), no_nonce=True)
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_NOT_ACTIVE")
    assert (answer.leaf.method, answer.leaf.agency) == (CHECK, "punjab-police")


def test_health_says_not_serving_while_the_ledger_can_not_record(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = serving.caller("npb")
    watch = caller.stream(WATCH, health_pb2.HealthCheckRequest())
    assert health_pb2.HealthCheckResponse.FromString(next(watch)).status == SERVING
    monkeypatch.setattr(CommitGuard, "healthy", property(lambda _: False))
    assert health(caller) == NOT_SERVING
    assert health_pb2.HealthCheckResponse.FromString(next(watch)).status == NOT_SERVING
    watch.cancel()


def test_nothing_is_answered_that_can_not_be_recorded(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = serving.caller("npb")
    monkeypatch.setattr("nsor_server.ledger.guard.CommitGuard._watched_commit", _hangs)
    answer = caller.call(LIST, directory_pb2.ListAgenciesRequest())
    assert (answer.code, answer.message) == (grpc.StatusCode.UNAVAILABLE, b"")
    assert answer.reason == "LEDGER_UNAVAILABLE"
    # A refusal is an access as well.
    refused = serving.caller("revoked").call(LIST, directory_pb2.ListAgenciesRequest())
    assert refused.code is grpc.StatusCode.UNAVAILABLE


def _hangs(*_: object) -> None:
    from nsor_server.ledger.entry import LedgerUnavailable  # noqa: PLC0415 - raised here only

    raise LedgerUnavailable("as if it hung")


@contextmanager
def process(
    settings: config.Settings, certificates: Path, database: Database, drain_seconds: str = "4"
) -> Iterator[tuple[Any, Serving]]:
    """`nsor-server serve` as a process of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("NSOR_", "OTEL_"))}
    environ |= {
        "NSOR_STATE_DIR": str(settings.state_dir),
        "NSOR_LISTEN": settings.listen,
        "NSOR_DATABASE_URL": settings.database_url or "",
        "NSOR_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "NSOR_KEYS": settings.keys,
        "NSOR_SERVER_CERTIFICATE": str(settings.server_certificate),
        "NSOR_SERVER_KEY": str(settings.server_key),
        "NSOR_CLIENT_CA": str(settings.client_ca),
        "NSOR_DRAIN_SECONDS": drain_seconds,
    }
    program = Path(sys.executable).parent / "nsor-server"
    running = subprocess.Popen(
        [program, "serve"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        first = running.stdout.readline()
        match = re.search(r"serves on (\S+)", first)
        assert match is not None, running.stderr.read() if running.stderr else ""
        serving = Serving(match[1], certificates, database, settings, None)
        yield running, serving
        for channel in serving.channels:
            channel.close()
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate(timeout=20)


def test_sigterm_drains(settings: config.Settings, certificates: Path, database: Database) -> None:
    # Health first, then connections; running calls and streams end with a word, and the process with 0.
    with process(settings, certificates, database) as (running, serving):
        caller = serving.caller("punjab-police", system=True)
        assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
        stream = caller.stream(SUBSCRIBE, notification_pb2.SubscribeEventsRequest())
        watch = caller.stream(WATCH, health_pb2.HealthCheckRequest())
        assert health_pb2.HealthCheckResponse.FromString(next(watch)).status == SERVING
        running.send_signal(signal.SIGTERM)
        assert health_pb2.HealthCheckResponse.FromString(next(watch)).status == NOT_SERVING
        with pytest.raises(grpc.RpcError) as ended:
            list(stream)  # perhaps it has told by then that its replay ends
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        assert running.wait(timeout=15) == 0


def test_sighup_does_not_end_it(settings: config.Settings, certificates: Path, database: Database) -> None:
    # A terminal that closes sends it, and operators send it to have files read again.
    with process(settings, certificates, database) as (running, serving):
        caller = serving.caller("punjab-police")
        running.send_signal(signal.SIGHUP)
        assert health(caller) == SERVING
        assert caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
        assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == 0


def test_a_second_signal_ends_it_at_once(settings: config.Settings, certificates: Path, database: Database) -> None:
    with process(settings, certificates, database, drain_seconds="600") as (running, serving):
        caller = serving.caller("punjab-police", system=True)
        silent = threading.Event()

        def nothing() -> Iterator[bytes]:
            silent.wait(600)
            yield b""

        stub: Any = caller.channel.stream_unary(f"/{LIST}")
        stub.future(nothing(), metadata=caller.metadata(os.urandom(32)), timeout=600)
        health(caller)
        running.send_signal(signal.SIGTERM)
        assert any(line.startswith("Draining") for line in running.stderr)
        running.send_signal(signal.SIGTERM)
        # Whoever had waited for the call would have ended with 0.
        assert running.wait(timeout=60) == 130
        silent.set()
