"""Every attribute that a span may have, by OpenTelemetry's names where it has them (RPC conventions, v1.45)."""

from __future__ import annotations

from typing import Final

RPC_SYSTEM: Final = "rpc.system.name"
RPC_METHOD: Final = "rpc.method"
RPC_STATUS: Final = "rpc.status_code"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
ERROR_TYPE: Final = "error.type"
"""The code, of a call that failed by the server's fault; the class of the exception, of a pass that failed."""
AGENCY: Final = "nsor.agency"
PURPOSE: Final = "nsor.purpose"
OUTCOME: Final = "nsor.outcome"
"""ALLOWED, REFUSED or FAILED, as the leaf has it."""
REASON: Final = "nsor.reason"
"""The name of the `ErrorReason` that the caller was told."""
ACCESS_ID: Final = "nsor.access_id"
WAIT_SECONDS: Final = "nsor.wait_seconds"
GATE_SECONDS: Final = "nsor.gate_seconds"
QUEUE_SECONDS: Final = "nsor.queue_seconds"
COMMIT_SECONDS: Final = "nsor.commit_seconds"
BATCH_SIZE: Final = "nsor.batch_size"
LOCK_SECONDS: Final = "nsor.lock_seconds"
DECIDE_SECONDS: Final = "nsor.decide_seconds"
STORE_SECONDS: Final = "nsor.store_seconds"
EVENTS: Final = "nsor.events"
LOST_SPANS: Final = "nsor.lost_spans"
LOST_CAUSE: Final = "nsor.lost_cause"

ALLOWED: Final = frozenset(
    {
        RPC_SYSTEM, RPC_METHOD, RPC_STATUS, SERVER_ADDRESS, SERVER_PORT, ERROR_TYPE,
        AGENCY, PURPOSE, OUTCOME, REASON, ACCESS_ID, WAIT_SECONDS, GATE_SECONDS, QUEUE_SECONDS, COMMIT_SECONDS,
        BATCH_SIZE, LOCK_SECONDS, DECIDE_SECONDS, STORE_SECONDS, EVENTS, LOST_SPANS, LOST_CAUSE,
    }
)  # fmt: skip
"""Another one is a fault of the program, whatever its value."""

PHASES: Final = (WAIT_SECONDS, GATE_SECONDS, QUEUE_SECONDS, COMMIT_SECONDS)
"""Of a call, in their order: for a thread, for the gate, for the ledger's writer, and what the writer takes to lock the
head and to store the batch. What is missing, reading and deciding, is told of the batch alone, in steps."""
WAIT, GATE, QUEUE, COMMIT = range(4)
"""Places in `PHASES`."""

Value = str | int | bool | float
