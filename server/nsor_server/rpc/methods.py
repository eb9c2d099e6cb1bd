"""Which handler serves which method. Every method of the contract has one, or the server does not start.

Each is registered as one that takes a stream of requests and gets bytes, so that nothing is parsed, and no thread
waits for a message, outside the front door. A method that doesn't exist has a handler as well.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from nsor_server import errors
from nsor_server.access.contract import Contract, ContractError, MethodRule
from nsor_server.rpc import replies
from nsor_server.rpc.arrival import Arrival
from nsor_server.rpc.calls import Handler, StreamHandler
from nsor_server.rpc.frontdoor import FrontDoor
from nsor_server.rpc.health import CHECK, WATCH, Health
from nsor_server.rpc.runner import Answer, Answered, Runner
from nsor_server.rpc.streams import Streams
from nsor_server.tracing.spans import OTHER_METHOD

GROUPED = "nsor.v1.LookupService/LookUpRegistration"
"""The method that is decided in the group commit."""

Unary = Callable[[Iterator[bytes], grpc.ServicerContext], bytes]
Stream = Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]


class Methods(grpc.GenericRpcHandler):
    """Finds the handler of a call.

    Args:
        contract: the methods there are.
        handlers: unary ones by full name.
        streams: streaming ones by full name.
    """

    def __init__(
        self,
        contract: Contract,
        handlers: Mapping[str, Handler],
        stream_handlers: Mapping[str, StreamHandler],
        *,
        door: FrontDoor,
        runner: Runner,
        streams: Streams,
        health: Health,
        stream_pool: ThreadPoolExecutor,
    ) -> None:
        self._door = door
        self._runner = runner
        self._pool = stream_pool
        self._found: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for name, rule in contract.methods.items():
            if rule.streaming:
                serve = functools.partial(streams.serve, rule, _there(stream_handlers, name))
                self._found[f"/{name}"] = self._stream(serve)
            elif name == GROUPED:
                self._found[f"/{name}"] = replies.handler(
                    functools.partial(self._door.grouped, name, functools.partial(self._look_up, rule))
                )
            else:
                work = functools.partial(self._transact, rule, _there(handlers, name))
                self._found[f"/{name}"] = self._unary(name, work)
        self._found[f"/{CHECK}"] = grpc.stream_unary_rpc_method_handler(health.check)
        self._found[f"/{WATCH}"] = self._stream(health.watch)
        self._other = self._unary(OTHER_METHOD, _unknown)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of a method; never None, for grpc would answer by itself and nobody would know."""
        return self._found.get(handler_call_details.method, self._other)

    def _unary(self, name: str, work: Callable[[Arrival], Answer]) -> grpc.RpcMethodHandler[Any, Any]:
        behaviour: Unary = functools.partial(self._door.unary, name, work)
        return grpc.stream_unary_rpc_method_handler(behaviour)

    def _stream(self, behaviour: Stream) -> grpc.RpcMethodHandler[Any, Any]:
        def serve(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            return behaviour(requests, context)

        # Read by grpc's server (_select_thread_pool_for_behavior): this handler's threads are not the unary calls'.
        serve.experimental_thread_pool = self._pool  # type: ignore[attr-defined]
        return grpc.stream_stream_rpc_method_handler(serve)

    def _transact(self, rule: MethodRule, handler: Handler, arrival: Arrival) -> Answer:
        admitted = self._door.admitted(arrival, rule)
        return self._runner.transact(admitted, handler, _deadline(arrival, rule))

    def _look_up(self, rule: MethodRule, arrival: Arrival, answered: Answered) -> None:
        admitted = self._door.admitted(arrival, rule)
        left = _deadline(arrival, rule) - time.monotonic()
        if left <= 0:
            raise errors.DeadlineExceeded
        self._runner.look_up(admitted, left, answered)


def _deadline(arrival: Arrival, rule: MethodRule) -> float:
    """When the work must have ended: the server's own limit, or the caller's if that is shorter."""
    return min(arrival.deadline, arrival.moment + rule.deadline_ms / 1000)


def _unknown(arrival: Arrival) -> Answer:  # noqa: ARG001 - what is done with every method, and here it is nothing
    raise errors.UnknownMethod


def _there(handlers: Mapping[str, Any], name: str) -> Any:
    handler = handlers.get(name)
    if handler is None:
        raise ContractError(f"{name} has no handler")
    return handler
