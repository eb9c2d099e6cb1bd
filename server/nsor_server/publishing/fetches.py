"""Fetches of the log, counted before they are answered: nobody has a tile of which there is no count.

Those of one moment are one row for each certificate, and one commit. The role that adds them can neither read nor
change them, and the database gives the hour. What is refused is counted too, at most a second later, so that a flood of
it makes no commit for each. The server makes an entry of each hour that is over (``hours``).
"""

from __future__ import annotations

import enum
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Final, NamedTuple

import psycopg

from nsor_server.alerts import Alert, alert
from nsor_server.storage.pool import Connection

REFUSED_SECONDS: Final = 1.0
"""Longest that a count of what was refused waits in memory."""
_INSERT: Final = """
INSERT INTO tile_fetch (agency_id, serial, checkpoints, tiles, bundles, refused)
SELECT * FROM unnest(%s::text[], %s::text[], %s::int[], %s::int[], %s::int[], %s::int[])
"""


class What(enum.Enum):
    """What was asked for."""

    CHECKPOINT = enum.auto()
    TILE = enum.auto()
    BUNDLE = enum.auto()
    REFUSED = enum.auto()
    """Anything, and it wasn't given."""


class Who(NamedTuple):
    """For whom it counts.

    Attributes:
        agency_id: of an agency that the register knows; empty: the certificate names none.
        serial: of a certificate that the register knows; empty: it is none.
    """

    agency_id: str
    serial: str


NOBODY: Final = Who("", "")


class NotCounted(Exception):
    """The count couldn't be stored: nothing may be answered."""


class _Batch:
    """What is stored by one commit."""

    def __init__(self) -> None:
        self.counts: defaultdict[Who, Counter[What]] = defaultdict(Counter)
        self.stored: bool | None = None
        """None: not yet; False: it couldn't be."""


class Fetches:
    """Counts; threads share it."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        """Prepare; ``connect`` gives a connection of the publisher's role."""
        self._connect = connect
        self._connection: Connection | None = None
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._batch = _Batch()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fetches", daemon=True)

    def start(self) -> None:
        """Begin to store what is refused."""
        self._thread.start()

    def stop(self) -> None:
        """Store what is left, and end."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._store_refused()
        if self._connection is not None:
            self._connection.close()

    def count(self, who: Who, what: What) -> None:
        """Count something that is about to be answered; returns when that is durable.

        Raises:
            NotCounted: it couldn't be stored.
        """
        batch = self._add(who, what)
        with self._turn:  # whoever waits for it finds his count stored with others
            if batch.stored is None:
                self._store()
        if not batch.stored:
            raise NotCounted

    def refused(self, who: Who) -> None:
        """Count something that isn't given, soon; never waits for the database."""
        self._add(who, What.REFUSED)

    def _add(self, who: Who, what: What) -> _Batch:
        with self._lock:
            self._batch.counts[who][what] += 1
            return self._batch

    def _run(self) -> None:
        while not self._stopped.wait(REFUSED_SECONDS):
            self._store_refused()

    def _store_refused(self) -> None:
        with self._turn:
            if self._batch.counts:
                self._store()

    def _store(self) -> None:
        """Store what there is; whoever calls has the turn."""
        with self._lock:
            batch, self._batch = self._batch, _Batch()
        try:
            self._insert(batch)
            batch.stored = True
        except psycopg.Error as error:
            batch.stored = False
            self._forget_connection()
            alert(Alert.DATABASE_UNSOUND, "fetches of the log can't be counted (%s)", type(error).__name__)
            with self._lock:  # these weren't given, but they were asked for
                for who, counts in batch.counts.items():
                    self._batch.counts[who][What.REFUSED] += counts.total()

    def _insert(self, batch: _Batch) -> None:
        if self._connection is None:
            self._connection = self._connect()
        whose = list(batch.counts)
        self._connection.execute(
            _INSERT,
            (
                [who.agency_id for who in whose],
                [who.serial for who in whose],
                *([batch.counts[who][what] for who in whose] for what in What),
            ),
        )
        self._connection.commit()

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
