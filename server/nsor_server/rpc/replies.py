"""Replies from another thread than the handler's: whoever waits for a commit needs no thread to wait in.

grpc's threaded server has a behaviour that may return before its call is answered (``experimental_non_blocking``), and
answers it with two batches of operations and a wait between them. The one batch with which it answers other unary
calls is its own private function; it is used here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from grpc import _server

Begin = Callable[[Iterator[bytes], grpc.ServicerContext], None]
"""Takes a call and returns; the call is answered by ``reply``, once, from whatever thread."""


def handler(begin: Begin) -> grpc.RpcMethodHandler[Any, Any]:
    """The handler of a unary call that is answered later."""

    def serve(requests: Iterator[bytes], context: grpc.ServicerContext, _send: object) -> None:
        begin(requests, context)

    # Read by grpc's server (_stream_response_in_pool): the call stays open when the behaviour returns.
    serve.experimental_non_blocking = True  # type: ignore[attr-defined]
    return grpc.stream_stream_rpc_method_handler(serve)


def reply(context: grpc.ServicerContext, message: bytes) -> None:
    """Send the message with the status and the trailing metadata that were set; nothing if the caller is gone."""
    call: Any = context
    _server._status(call._rpc_event, call._state, message)  # noqa: SLF001 - see above
