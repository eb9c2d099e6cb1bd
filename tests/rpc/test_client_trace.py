"""One trace from an agency's program to the commit: its own span, the client's, the register's, and the batch's."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler

import nsor
from nsor.v1 import oversight_pb2
from nsor_server.storage.keyring import Keyring
from nsor_server.tracing import store
from tests.rpc.callers import Serve

METHOD = "nsor.v1.OversightService/GetCheckpoint"


@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF], ids=["sampled", "not sampled"])
def test_a_program_s_span_the_client_s_the_register_s_and_the_commit_s_are_one_trace(
    serve: Serve, keyring: Keyring, tmp_path: Path, sampler: Sampler
) -> None:
    # Whatever the program samples, the register records: its flags switch nothing off.
    kept = InMemorySpanExporter()
    provider = TracerProvider(sampler=sampler)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with serve(trace_store=True) as serving:
        key, certificate = serving.files_of("punjab-police")
        with (
            nsor.Client(
                serving.address,
                certificate=certificate,
                key=key,
                ca=serving.certificates / "ca.pem",
                ledger_key=keyring.verifier_key(serving.settings.ledger_origin),
                state_dir=tmp_path / "police",
                tracer_provider=provider,
            ) as client,
            provider.get_tracer("program").start_as_current_span("work") as work,
        ):
            answer = client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest())
    trace = f"{work.get_span_context().trace_id:032x}"
    assert answer.trace_id == trace
    of_trace = {span.name: span for span in store.read(serving.settings.state_dir) if span.trace == trace}
    served, commit = of_trace[METHOD], of_trace["ledger.commit"]
    assert served.attributes["nsor.access_id"] == answer.access_id
    assert commit.parent == served.span
    sent = kept.get_finished_spans()
    if sampler is ALWAYS_OFF:
        assert not sent
        return
    of_client = sent[0]
    assert of_client.context is not None
    assert served.parent == f"{of_client.context.span_id:016x}"
    assert of_client.parent == work.get_span_context()
    assert dict(of_client.attributes or {})["nsor.access_id"] == answer.access_id
