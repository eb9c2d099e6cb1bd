"""An agency that follows its events in a thread, over whatever happens to the register."""

from __future__ import annotations

import queue
import threading
from typing import Self

from nsor.client import Client
from nsor.errors import NsorError
from nsor.v1 import notification_pb2

SECONDS = 60.0
"""Longest wait for an event, for the register's return, and for the end."""
QUIET_SECONDS = 1.0
"""A stream is opened anew when nothing has come for so long, so that the thread sees when it isn't needed any more."""


class Subscriber:
    """Follows from a cursor until it is left. Use it as a context; ``through`` takes what still comes.

    Attributes:
        seen: what was taken, in the order in which it came.
        reconnected: set when the stream was broken and is opened again.
    """

    def __init__(self, client: Client, *, after: int = 0) -> None:
        """``after`` 0: after the last acknowledged one."""
        self.seen: list[notification_pb2.Event] = []
        self.reconnected = threading.Event()
        self._client = client
        self._after = after
        self._left = threading.Event()
        self._failure: Exception | None = None
        self._came: queue.SimpleQueue[notification_pb2.Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join(timeout=SECONDS)
        if self._thread.is_alive():
            raise TimeoutError("the stream doesn't end")
        if self._failure is not None:
            raise self._failure

    def next(self) -> notification_pb2.Event:
        """Take the next event."""
        event = self._came.get(timeout=SECONDS)
        if event is None:
            raise self._failure or EOFError("the stream has ended")
        self.seen.append(event)
        return event

    def next_registration(self) -> str:
        """Take events until one is about a registration; gives its id."""
        while not (registration_id := self.next().registration_id):
            pass
        return registration_id

    def through(self, sequence: int) -> None:
        """Take events until the one with this number, which must come; 0: there is none."""
        while (self.seen[-1].sequence if self.seen else 0) < sequence:
            self.next()

    @property
    def registrations(self) -> list[str]:
        """What the taken events are about; those that tell of a fixed time are about nobody."""
        return [event.registration_id for event in self.seen if event.registration_id]

    @property
    def sequences(self) -> list[int]:
        """The numbers of the taken events."""
        return [event.sequence for event in self.seen]

    def _follow(self) -> None:
        try:
            while not self._left.is_set():
                stream = self._client.events(
                    after_sequence=self._after,
                    quiet_seconds=QUIET_SECONDS,
                    give_up_seconds=SECONDS,
                    on_reconnect=lambda _: self.reconnected.set(),
                )
                for event in stream:
                    self._after = event.sequence
                    self._came.put(event)
        except NsorError as failure:
            self._failure = failure
        finally:
            self._came.put(None)
