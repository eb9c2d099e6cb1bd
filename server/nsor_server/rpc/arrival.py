"""A call as it arrives: what is known of it before anything is decided, and for the record of a refusal."""

from __future__ import annotations

import os
import time

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Call, new_access_id
from nsor_server.rpc.methods import Method
from nsor_server.rpc.transport import Channel
from nsor_server.tracing.spans import Tracing

NONCE = "nsor-nonce-bin"
OFFICER = "nsor-officer-bin"
DECISION = "nsor-decision-bin"
SECOND_DECISION = "nsor-second-decision-bin"
TRACEPARENT = "traceparent"
RECEIPT = "nsor-receipt-bin"
STATUS_DETAILS = "grpc-status-details-bin"
NONCE_BYTES = 32
_ONCE = frozenset({NONCE, OFFICER, DECISION, SECOND_DECISION})
"""Of two of these the hash of the call, or its officer, would be whichever a library reads."""
_READ = _ONCE | {TRACEPARENT}


def arrive(method: Method, channel: Channel, tracing: Tracing) -> Call:
    """Take down a call. Of the client's deadline and the server's own limit of the work the shorter one counts."""
    metadata, repeated = _read(channel)
    nonce = metadata.get(NONCE)
    has_nonce = isinstance(nonce, bytes) and len(nonce) == NONCE_BYTES
    traceparent = metadata.get(TRACEPARENT)
    moment = time.monotonic()
    call = Call(
        method.name,
        tracing.call(method.name, traceparent if isinstance(traceparent, str) else None, is_stream=method.is_stream),
        channel.certificate(),
        nonce if has_nonce and isinstance(nonce, bytes) else os.urandom(NONCE_BYTES),
        has_nonce,
        _bytes(metadata.get(OFFICER)),
        _bytes(metadata.get(DECISION)),
        _bytes(metadata.get(SECOND_DECISION)),
        moment,
        moment + min(channel.seconds_left(), method.max_seconds),
        new_access_id(),
        route=method,
        channel=channel,
    )
    if repeated:
        call.error = errors.InvalidFields(errors_pb2.ERROR_REASON_METADATA_REPEATED)
    return call


def _read(channel: Channel) -> tuple[dict[str, str | bytes], bool]:
    """The metadata that counts, without what came twice, and whether that was something that counts once."""
    found: dict[str, str | bytes] = {}
    twice = set()
    for key, value in channel.metadata():
        if key in _READ:
            if key in found:
                twice.add(key)
            found[key] = value
    for key in twice:
        del found[key]
    return found, not twice.isdisjoint(_ONCE)


def _bytes(value: str | bytes | None) -> bytes | None:
    return value if isinstance(value, bytes) else None
