"""Receiving a request, for a bounded time.

A caller may send headers and no message. Nobody waits for it, but its call holds a place within its agency's limits and
some memory, so after a while it is given up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from nsor_server.calls import Call
from nsor_server.rpc.transport import Channel

KNOWN_SECONDS = 5.0
UNKNOWN_SECONDS = 1.0
LOOK_SECONDS = 0.25


class Reception:
    """Waits for the messages of calls, without a thread for each."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[float, Channel]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._give_up_late, name="reception", daemon=True)
        self._thread.start()

    def receive(self, call: Call, received: Callable[[Call, bytes | None], None]) -> None:
        """Have ``received`` hear the call's message, in grpc's thread; None if it doesn't come in time."""
        until = time.monotonic() + (KNOWN_SECONDS if call.accepted else UNKNOWN_SECONDS)
        key = id(call)
        self._waiting[key] = until, call.channel

        def hear(data: bytes | None) -> None:
            self._waiting.pop(key, None)
            received(call, data)

        call.channel.receive(hear)

    def close(self) -> None:
        """Stop giving calls up."""
        self._stop.set()
        self._thread.join(timeout=LOOK_SECONDS + 1)

    def _give_up_late(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self._look(time.monotonic())

    def _look(self, now: float) -> None:
        """Give up whoever is late. A method of its own: while the thread waits, it holds no call."""
        for key, (until, channel) in list(self._waiting.items()):
            # Meanwhile its message may have come, and even its answer have gone.
            if until <= now and key in self._waiting:
                channel.cancel()  # grpc ends the waiting, and `hear` hears None
