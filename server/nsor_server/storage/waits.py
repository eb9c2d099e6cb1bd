"""For how long this process has waited for the lock of the ledger's head of late, whoever held it.

Who holds it is `locks`' business. Whoever takes it in turns, each time in a new transaction or as another process, is
nobody who stays; but the waiting adds up. Honest processes hold it for milliseconds, many of them too.

While this process is paused (stopped, or its machine sleeps) nobody keeps it from the lock: that time is no wait. It
shows in that nobody has looked for longer than a process that runs lets pass between two looks.
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
LOOK_SECONDS: Final = 0.25
"""How often ``look`` is called."""
RUNS_SECONDS: Final = 0.5
"""Most that counts between two looks: what is longer was a pause. Less than is a long wait."""


class Waits:
    """What the writer and the probes of one process have waited. Threads share it."""

    def __init__(self) -> None:
        """Nobody has waited."""
        self._lock = threading.Lock()
        self._ended: list[tuple[float, float]] = []
        self._begun: dict[int, float] = {}
        self._looked = time.monotonic()
        self._ran = 0.0

    def look(self) -> None:
        """See that this process runs; some thread of it that waits for nothing calls this every `LOOK_SECONDS`."""
        with self._lock:
            self._running()

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """What the block takes is a wait, however it ends, but for the time that this process is paused."""
        with self._lock:
            self._begun[threading.get_ident()] = self._running()
        try:
            yield
        finally:
            with self._lock:
                seconds = self._running() - self._begun.pop(threading.get_ident())
                if seconds >= LONG_SECONDS:
                    self._ended.append((self._looked, seconds))

    @property
    def too_long(self) -> bool:
        """Whether the long waits of late, with those that are under way, come to more than calls can wait."""
        with self._lock:
            ran, now = self._running(), self._looked
            self._ended = [(ended, seconds) for ended, seconds in self._ended if now - ended < LATE_SECONDS]
            under_way = [ran - begun for begun in self._begun.values() if ran - begun >= LONG_SECONDS]
            return sum(seconds for _, seconds in self._ended) + sum(under_way) >= PATIENCE_SECONDS

    def _running(self) -> float:
        """For how many seconds this process has run since it began to measure; each question is a look as well."""
        now = time.monotonic()
        self._ran += min(now - self._looked, RUNS_SECONDS)
        self._looked = now
        return self._ran
