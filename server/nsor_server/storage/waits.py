"""For how long this process has waited for the lock of the ledger's head of late, whoever held it.

Who holds it is `locks`' business. Whoever takes it in turns, each time in a new transaction or as another process, is
nobody who stays; but the waiting adds up. Honest processes hold it for milliseconds, many of them too.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Final

LONG_SECONDS: Final = 1.0
"""A shorter wait counts for nothing: so does a busy machine."""
PATIENCE_SECONDS: Final = 3.0
"""Most that the long waits of late may come to."""
LATE_SECONDS: Final = 15.0
"""How long a wait is remembered: it takes as long until health returns."""


class Waits:
    """What the writer and the probes of one process have waited. Threads share it."""

    def __init__(self) -> None:
        """Nobody has waited."""
        self._lock = threading.Lock()
        self._ended: list[tuple[float, float]] = []
        self._begun: dict[int, float] = {}

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """What the block takes is a wait, however it ends."""
        begun = time.monotonic()
        with self._lock:
            self._begun[threading.get_ident()] = begun
        try:
            yield
        finally:
            now = time.monotonic()
            with self._lock:
                del self._begun[threading.get_ident()]
                if now - begun >= LONG_SECONDS:
                    self._ended.append((now, now - begun))

    @property
    def too_long(self) -> bool:
        """Whether the long waits of late, with those that are under way, come to more than calls can wait."""
        now = time.monotonic()
        with self._lock:
            self._ended = [(ended, seconds) for ended, seconds in self._ended if now - ended < LATE_SECONDS]
            under_way = [now - begun for begun in self._begun.values() if now - begun >= LONG_SECONDS]
            return sum(seconds for _, seconds in self._ended) + sum(under_way) >= PATIENCE_SECONDS
