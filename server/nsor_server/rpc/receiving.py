"""Receiving a request, for a bounded time and size.

grpc starts a handler when a call's headers are there. A caller that sends headers and no message would hold a thread
for as long as it likes, so every method is taken as one with a stream of requests, whose first message is waited for
here, under a watch. grpc is never let refuse a message of its own accord either, for then it would stand in no record.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import grpc

from nsor.v1 import errors_pb2
from nsor_server import errors

KNOWN_SECONDS = 5.0
UNKNOWN_SECONDS = 1.0
CROWDED_SECONDS = 0.5
"""How long a request is waited for while many are: a caller that means it sends headers and request together."""
WATCH_SECONDS = 0.25

_log = logging.getLogger(__name__)


class CallerGone(Exception):
    """The caller went away, or sent no request in time; nobody hears an answer."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    since: float
    deadline: float
    context: grpc.ServicerContext


class Receiver:
    """Takes the request of a call.

    Args:
        most_bytes: largest request.
        crowd: calls that may wait for their requests before patience ends: a part of the threads, so that several
            agencies that send headers only don't take all of them either.
    """

    def __init__(self, most_bytes: int, *, crowd: int) -> None:
        self._most_bytes = most_bytes
        self._crowd = crowd
        self._waiting: dict[int, _Waiting] = {}
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._cancel_late, name="receive-watch", daemon=True)
        self._watch.start()

    def receive(self, requests: Iterator[bytes], context: grpc.ServicerContext, seconds: float) -> bytes:
        """The one request of a call.

        Raises:
            CallerGone: it didn't come.
            InvalidFields: the caller said that there is none.
        """
        number = next(self._numbers)
        now = time.monotonic()
        self._waiting[number] = _Waiting(now, now + seconds, context)
        try:
            request = next(requests)
        except StopIteration:
            raise errors.InvalidFields(errors_pb2.ERROR_REASON_MALFORMED_REQUEST) from None
        except grpc.RpcError:
            raise CallerGone from None
        finally:
            del self._waiting[number]
        return request

    def check_size(self, request: bytes) -> None:
        """See that a request isn't too large.

        Raises:
            Exhausted: it is.
        """
        if len(request) > self._most_bytes:
            raise errors.Exhausted(errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE)

    def close(self) -> None:
        """Stop the watch."""
        self._stop.set()
        self._watch.join(timeout=2 * WATCH_SECONDS + 1)

    def _cancel_late(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            now = time.monotonic()
            there = list(self._waiting.values())
            crowded = len(there) > self._crowd
            for waiting in there:
                if waiting.deadline <= now or (crowded and waiting.since + CROWDED_SECONDS <= now):
                    waiting.context.cancel()
