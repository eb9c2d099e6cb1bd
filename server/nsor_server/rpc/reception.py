"""Receiving a request and having its answer taken, each for a bounded time.

A caller may send headers and no message, or not read its answer. Nobody waits for it, but its call holds a place within
its agency's limits and some memory, so after a while it is given up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from nsor_server.calls import Call
from nsor_server.rpc.transport import Channel

KNOWN_SECONDS = 5.0
UNKNOWN_SECONDS = 1.0
DELIVERY_SECONDS = 20.0
"""An answer that isn't taken for so long is given up."""
LOOK_SECONDS = 0.25


class Reception:
    """Waits for the messages of calls and for their answers to be taken, without a thread for each."""

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

    def deliver(self, channel: Channel, over: Callable[[], None]) -> None:
        """Have ``over`` called when the answer of a call is taken, or given up."""
        key = id(channel)

        def ended() -> None:
            self._waiting.pop(key, None)
            over()

        self._waiting[key] = time.monotonic() + DELIVERY_SECONDS, channel
        channel.when_over(ended)

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
