"""Health (grpc.health.v1) through the same gate: any active agency may ask, and whoever may not is recorded.

It says NOT_SERVING while the ledger can't record, and while the server drains. An answer holds nothing of the
register, so it needs no nonce and leaves no entry.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.rpc.arrival import Arrival, arrive
from nsor_server.rpc.frontdoor import FrontDoor, parsed

CHECK = "grpc.health.v1.Health/Check"
WATCH = "grpc.health.v1.Health/Watch"
WATCH_SECONDS = 1.0
IDLE_SECONDS = 900.0
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Health:
    """Answers health calls.

    Args:
        door: the front door.
        services: full names of the services that may be asked about; "" is the server.
        healthy: whether accesses can be recorded.
    """

    def __init__(self, door: FrontDoor, services: frozenset[str], healthy: Callable[[], bool]) -> None:
        self._door = door
        self._services = services | {""}
        self._healthy = healthy
        self._draining = threading.Event()

    def drain(self) -> None:
        """Say NOT_SERVING from now on."""
        self._draining.set()

    def status(self) -> Any:
        """What is said now."""
        return SERVING if self._healthy() and not self._draining.is_set() else NOT_SERVING

    def check(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        """Answer Check."""
        arrival = arrive(CHECK, context, self._door.tracing)
        with contextlib.ExitStack() as held:
            try:
                self._door.enter(arrival, requests, context, held, stream=False)
                answer = self._answer(arrival)
                self._door.sign_off(arrival)
            except Exception as error:  # noqa: BLE001 - as for all calls: no exception reaches grpc
                self._door.refuse(arrival, error, context)
                return b""
        return answer

    def watch(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """Answer Watch: the status now, and each change of it."""
        arrival = arrive(WATCH, context, self._door.tracing)
        with contextlib.ExitStack() as held:
            held.callback(arrival.span.end, "CANCELLED", "CANCELLED")
            try:
                self._door.enter(arrival, requests, context, held, stream=True)
                yield from self._changes(arrival, context)
                self._door.sign_off(arrival)
            except Exception as error:  # noqa: BLE001 - as above
                self._door.refuse(arrival, error, context)

    def _answer(self, arrival: Arrival) -> bytes:
        if self._service(arrival) not in self._services:
            raise errors.NoRecord
        answer: bytes = health_pb2.HealthCheckResponse(status=self.status()).SerializeToString()
        return answer

    def _changes(self, arrival: Arrival, context: grpc.ServicerContext) -> Iterator[bytes]:
        known = self._service(arrival) in self._services
        told: Any = None
        end = time.monotonic() + IDLE_SECONDS
        while context.is_active() and time.monotonic() < end:
            self._door.admission.identify(arrival)
            now = self.status() if known else SERVICE_UNKNOWN
            if now != told:
                told = now
                yield health_pb2.HealthCheckResponse(status=now).SerializeToString()
            if self._draining.wait(WATCH_SECONDS) and told == self.status():
                raise errors.Unavailable(errors_pb2.ERROR_REASON_SHUTTING_DOWN, retry_after_seconds=1.0)

    def _service(self, arrival: Arrival) -> str:
        service: str = parsed(health_pb2.HealthCheckRequest, arrival.request).service
        return service
