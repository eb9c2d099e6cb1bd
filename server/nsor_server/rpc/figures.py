"""Metrics that are read from the database: by a thread, each at its own times, and never because somebody asks.

What can't be read is not shown, so that nobody takes an old figure for today's; what is an age goes on growing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg

from nsor_server.rpc.metrics import Metrics, Values
from nsor_server.storage.pool import Connection, Database

LOOK_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Figure:
    """What is read.

    Attributes:
        names: of the metrics that it gives.
        every_seconds: how often.
        read: gives the values of each metric, in the order of the names.
        grows: whether it is seconds since something, which go by while nobody can read.
    """

    names: Sequence[str]
    every_seconds: float
    read: Callable[[Connection], Sequence[Values]]
    grows: bool = False
    _values: Sequence[Values] | None = field(default=None, init=False)
    _read_at: float = field(default=-float("inf"), init=False)

    def is_due(self, now: float) -> bool:
        """Whether it is time to read it."""
        return now - self._read_at >= self.every_seconds

    def renew(self, conn: Connection, now: float) -> None:
        """Read it; raises psycopg.Error."""
        self._values = self.read(conn)
        self._read_at = now

    def forget(self) -> None:
        """It couldn't be read: nothing is shown of it, unless it is an age."""
        if not self.grows:
            self._values = None

    def shown(self, at: int) -> Values:
        """The values of a metric now."""
        values = self._values
        if values is None:
            return {}
        if not self.grows:
            return values[at]
        since = time.monotonic() - self._read_at
        return {labels: value + since for labels, value in values[at].items()}


class Figures:
    """The thread."""

    def __init__(self, database: Database, metrics: Metrics, figures: Sequence[Figure]) -> None:
        self._database = database
        self._figures = figures
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="figures", daemon=True)
        for figure in figures:
            for at, name in enumerate(figure.names):
                metrics.watch(name, lambda figure=figure, at=at: figure.shown(at))  # type: ignore[misc]  # bound at once

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self._thread.join(LOOK_SECONDS)

    def look(self) -> None:
        """Read what it is time for."""
        now = time.monotonic()
        due = [figure for figure in self._figures if figure.is_due(now)]
        for figure in due:
            try:
                with self._database.transaction() as conn:
                    figure.renew(conn, now)
            except psycopg.Error as error:
                figure.forget()
                _log.warning("%s can't be read (%s); trying again", figure.names[0], type(error).__name__)

    def _run(self) -> None:
        while True:
            self.look()
            if self._stopped.wait(LOOK_SECONDS):
                return
