"""Health (grpc.health.v1) through the same gate: any active agency may ask, and whoever may not is recorded.

It says NOT_SERVING while the ledger can't record, and while the server drains. An answer holds nothing of the
register, so it needs no nonce and leaves no entry.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Call
from nsor_server.rpc import transport
from nsor_server.rpc.methods import OTHER_SECONDS, STREAM_SECONDS, Method
from nsor_server.rpc.pipeline import Pipeline, share_of
from nsor_server.rpc.transport import Channel

CHECK = Method("grpc.health.v1.Health/Check", None, None, OTHER_SECONDS)
WATCH = Method("grpc.health.v1.Health/Watch", None, None, STREAM_SECONDS, is_stream=True)
WATCH_SECONDS = 1.0
IDLE_SECONDS = 900.0
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Health:
    """Answers health calls.

    Args:
        pipeline: what every call passes.
        services: full names of the services that may be asked about; "" is the server.
        healthy: whether accesses can be recorded.
    """

    def __init__(self, pipeline: Pipeline, services: frozenset[str], healthy: Callable[[], bool]) -> None:
        self._pipeline = pipeline
        self._services = services | {""}
        self._healthy = healthy
        self._draining = threading.Event()

    def drain(self) -> None:
        """Say NOT_SERVING from now on."""
        self._draining.set()

    def status(self) -> Any:
        """What is said now."""
        return SERVING if self._healthy() and not self._draining.is_set() else NOT_SERVING

    def is_serving(self) -> bool:
        """Whether SERVING is said now."""
        return bool(self.status() == SERVING)

    def methods(self) -> Mapping[str, transport.Accept]:
        """Who takes the calls of which method."""
        return {CHECK.name: self._accept_check, WATCH.name: self._accept_watch}

    def _accept_check(self, channel: Channel) -> None:
        def submit(call: Call) -> None:
            self._pipeline.pool.submit(share_of(call), functools.partial(self._serve, self._check, call))

        self._pipeline.begin(CHECK, channel, lambda call, data: self._later(submit, call, data))

    def _accept_watch(self, channel: Channel) -> None:
        def submit(call: Call) -> None:
            self._pipeline.stream_pool.submit(self._serve, self._watch, call)

        self._pipeline.begin(WATCH, channel, lambda call, data: self._later(submit, call, data))

    def _later(self, submit: Callable[[Call], None], call: Call, data: bytes | None) -> None:
        call.received(data or b"")
        if data is None:
            call.error = errors.InvalidFields(errors_pb2.ERROR_REASON_MALFORMED_REQUEST)
        submit(call)

    def _serve(self, serve: Callable[[Call], None], call: Call) -> None:
        try:
            self._enter(call)
            serve(call)
        except Exception as error:  # noqa: BLE001 - as for all calls: no exception reaches grpc
            self._pipeline.refuse(call, error)

    def _enter(self, call: Call) -> None:
        """See who asks, and what; raises ApiError."""
        if not call.accepted:
            self._pipeline.admission.identify_newest(call)
        if call.error is not None:
            raise call.error
        try:
            call.request = health_pb2.HealthCheckRequest.FromString(call.data)
        except DecodeError:
            raise errors.InvalidFields(errors_pb2.ERROR_REASON_MALFORMED_REQUEST) from None

    def _check(self, call: Call) -> None:
        if call.request.service not in self._services:
            raise errors.NoRecord
        call.answer = health_pb2.HealthCheckResponse(status=self.status()).SerializeToString()
        self._pipeline.answers.send(call, None)

    def _watch(self, call: Call) -> None:
        """Send the status now, and each change of it."""
        known = call.request.service in self._services
        sent: Any = None
        end = time.monotonic() + IDLE_SECONDS
        while call.channel.is_active() and time.monotonic() < end:
            call.moment = time.monotonic()
            self._pipeline.admission.identify(call)
            now = self.status() if known else SERVICE_UNKNOWN
            if now != sent:
                sent = now
                call.channel.send(health_pb2.HealthCheckResponse(status=now).SerializeToString())
            if self._draining.wait(WATCH_SECONDS) and sent == self.status():
                raise errors.Unavailable(errors_pb2.ERROR_REASON_SHUTTING_DOWN, retry_after_seconds=1.0)
        self._pipeline.answers.end_stream(call)
