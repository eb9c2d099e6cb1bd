"""A look-up as Jaeger shows it: by agency, by access id, in one trace with the agency's program; and all compared.

`make peers` builds Jaeger; without it these tests are left out, and pytest says so.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import nsor
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.tracing.attributes import ACCESS_ID, AGENCY, OUTCOME, RPC_METHOD, RPC_STATUS
from nsor_server.verification import spans
from nsor_server.verification.collectors import reading
from nsor_server.verification.collectors.fetch import Collector
from nsor_server.verification.report import Epochs, Report
from nsor_server.verification.spans import Cause
from tests.ledger.conftest import ORIGIN
from tests.ledger.test_commands import Operator
from tests.peers.go import program
from tests.polling import until
from tests.ports import free_port
from tests.rpc.callers import Serve, Serving
from tests.rpc.conftest import certificates, serve, settings
from tests.rpc.test_front_door import LOOK_UP, look_up

__all__ = ["certificates", "serve", "settings"]

SECONDS = 60.0
MINUTES_US = 120_000_000
AGENCY_ID = "fia-immigration"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

pytestmark = pytest.mark.skipif(
    not program("jaeger").exists(), reason="`make peers` hasn't been run, or not whole: it needs Go"
)


@dataclass(frozen=True)
class Jaeger:
    """It runs: where it takes spans over OTLP, and where it answers."""

    takes: str
    answers: str

    def traces(self, service: str, **tags: str) -> list[dict[str, Any]]:
        query: dict[str, str | int] = {"service": service, "tags": json.dumps(tags), "lookback": "1h", "limit": 100}
        found: list[dict[str, Any]] | None = Collector.parse(self.answers).json("/api/traces", query)["data"]
        return found or []

    def program(self, name: str) -> TracerProvider:
        """A program that sends its spans there."""
        provider = TracerProvider(resource=Resource.create({"service.name": name}))
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=self.takes, insecure=True)))
        return provider


@pytest.fixture
def jaeger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jaeger]:
    names = (
        "collector.otlp.grpc.host-port",
        "query.http-server.host-port",
        "collector.otlp.http.host-port",
        "collector.grpc-server.host-port",
        "collector.http-server.host-port",
        "query.grpc-server.host-port",
        "admin.http.host-port",
    )
    places = {name: f"127.0.0.1:{free_port()}" for name in names}
    arguments = [f"--{name}={place}" for name, place in places.items()]
    arguments += ["--collector.otlp.enabled=true", "--query.enable-tracing=false"]
    found = Jaeger(f"http://{places[names[0]]}", f"http://{places[names[1]]}")
    with subprocess.Popen(
        [program("jaeger"), *arguments],
        env={"SPAN_STORAGE_TYPE": "memory"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            until(lambda: _listens(places[names[0]]) and _listens(places[names[1]]), seconds=SECONDS)
            monkeypatch.setenv(ENDPOINT, found.takes)
            yield found
        finally:
            running.kill()  # it keeps nothing; otherwise it waits for its connections


def _listens(place: str) -> bool:
    host, port = place.split(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=SECONDS):
        return True
    return False


@contextlib.contextmanager
def client_of(serving: Serving, keyring: Keyring, folder: Path, provider: TracerProvider) -> Iterator[nsor.Client]:
    key, certificate = serving.files_of(AGENCY_ID)
    with nsor.Client(
        serving.address,
        certificate=certificate,
        key=key,
        ca=serving.certificates / "ca.pem",
        ledger_key=keyring.verifier_key(serving.settings.ledger_origin),
        state_dir=folder / "client",
        officer=nsor.OfficerKey(serving.enrol(AGENCY_ID)),
        tracer_provider=provider,
    ) as client:
        yield client


def test_a_look_up_is_found_in_one_trace_down_to_its_commit_and_spans_and_entries_are_compared(
    jaeger: Jaeger, serve: Serve, database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    provider = jaeger.program("border-post")
    # What a program says of an access in its own span, be it in the same trace, is believed of nobody but the register.
    claims = {ACCESS_ID: str(uuid.uuid4()), RPC_METHOD: LOOK_UP, RPC_STATUS: "OK"}
    with (
        serve({ENDPOINT: jaeger.takes}, trace_store=False) as serving,
        client_of(serving, keyring, tmp_path, provider) as client,
        provider.get_tracer("border-post").start_as_current_span("passenger", attributes=claims),
    ):
        answer = client.lookup.look_up_registration(look_up())
    # One more, whose span is sent nowhere.
    with serve(trace_store=False) as serving, client_of(serving, keyring, tmp_path, TracerProvider()) as client:
        client.lookup.look_up_registration(look_up())
    is_found(jaeger, answer)
    is_compared(jaeger, database, keyring, tmp_path)


def is_found(jaeger: Jaeger, answer: nsor.Answer[Any]) -> None:
    """By agency and by access id: the same trace, from the program's span to the commit's."""
    by_agency = until(lambda: jaeger.traces("nsor-server", **{AGENCY: AGENCY_ID, RPC_METHOD: LOOK_UP}), seconds=SECONDS)
    by_access = jaeger.traces("nsor-server", **{ACCESS_ID: answer.access_id})
    assert [each["traceID"] for each in by_agency] == [each["traceID"] for each in by_access] == [answer.trace_id]
    (trace,) = by_access
    services = {key: process["serviceName"] for key, process in trace["processes"].items()}
    chain, parent = [], None
    while found := [span for span in trace["spans"] if _parent(span) == parent]:
        (span,) = found
        chain.append((services[span["processID"]], span["operationName"], _tags(span).get("span.kind", "internal")))
        parent = span["spanID"]
    assert chain == [
        ("border-post", "passenger", "internal"),
        ("border-post", LOOK_UP, "client"),
        ("nsor-server", LOOK_UP, "server"),
        ("nsor-server", "ledger.commit", "internal"),
    ]
    served = next(span for span in trace["spans"] if _tags(span).get("span.kind") == "server")
    assert (_tags(served)[OUTCOME], _tags(served)[RPC_STATUS]) == ("ALLOWED", "OK")
    assert "3520212345671" not in json.dumps(trace)


def _tags(span: dict[str, Any]) -> dict[str, Any]:
    return {tag["key"]: tag["value"] for tag in span["tags"]}


def _parent(span: dict[str, Any]) -> str | None:
    return next((each["spanID"] for each in span["references"] if each["refType"] == "CHILD_OF"), None)


def is_compared(jaeger: Jaeger, database: Database, keyring: Keyring, folder: Path) -> None:
    """The entry without a span is counted by its cause, and a span of a call that never was is found."""
    # As if two minutes had passed: what is younger may be on its way.
    now = time.time_ns() // 1000
    result, report = _compared(jaeger, database, keyring, now)
    causes = {cause: count for cause, count in result.causes.items() if count}
    assert (result.matched, causes, report.findings) == (1, {Cause.UNKNOWN: 1}, [])
    (folder / "operator").mkdir()
    operator = Operator(database, keyring, folder / "operator")

    def said() -> str:
        _, output = operator.run("verify", "--spans-from", jaeger.answers)
        return output if "1 span has an entry; 1 entry of that time no span" in output else ""

    output = until(said, seconds=SECONDS)
    assert "no span: 1 of the last minute, perhaps on their way" in output
    assert f"spans of {jaeger.answers} go back to" in output
    # Somebody adds a span of a call that never was.
    stranger = str(uuid.uuid4())
    attributes = {ACCESS_ID: stranger, RPC_METHOD: LOOK_UP, RPC_STATUS: "OK"}
    with jaeger.program("nsor-server").get_tracer("forged").start_as_current_span(LOOK_UP, attributes=attributes):
        pass
    until(lambda: jaeger.traces("nsor-server", **{ACCESS_ID: stranger}), seconds=SECONDS)
    _, report = _compared(jaeger, database, keyring, now)
    problem = f"the call {stranger} was answered, by its span, and has no entry"
    assert [finding.problem for finding in report.findings] == [problem]


def _compared(jaeger: Jaeger, database: Database, keyring: Keyring, now: int) -> tuple[spans.Reconciled, Report]:
    report = Report()
    source = reading.source(Collector.parse(jaeger.answers), now - MINUTES_US, now + MINUTES_US)
    with database.transaction() as conn:
        return spans.compare(conn, source, keyring, Epochs.load(conn, ORIGIN), report), report
