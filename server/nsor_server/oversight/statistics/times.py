"""Counts a month once after its end, in one entry, whatever there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor_server.access.directory import Directory
from nsor_server.calls import Call, Outcome
from nsor_server.errors import Internal
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import instants
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.tiles import TornTree
from nsor_server.ledger.watching import Watching, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.oversight.statistics import rules, store
from nsor_server.oversight.statistics.facts import Facts, Found, Measure
from nsor_server.oversight.statistics.rules import Month
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/statistics"
_MOST_SECONDS: Final = 6 * 3600.0
"""Longest that a month may take to be counted, in one transaction."""
PATIENCE: Final = dt.timedelta(minutes=5)
"""After a month's end: calls that began before it are recorded by then, and their events have numbers."""
AGAIN: Final = dt.timedelta(minutes=30)
"""After so long a month is tried again that couldn't be counted, since a row contradicts itself."""
_TURN: Final = 0x4E534F5200000400
"""Of several processes one works at a time: an advisory lock ("NSOR", 0x400)."""
_FIRST: Final = "SELECT leaf FROM ledger_entry WHERE index = 0"
_WAITS: Final = "SELECT EXISTS (SELECT FROM outbox WHERE created_at < %s)"


class _Stopped(Exception):
    """The server ends meanwhile."""


class StatisticsTimes(Watching):
    """A thread that counts months."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        super().__init__("statistics-times", "monthly tables", writer, tracing)
        self._database, self._directory, self._keyring = database, directory, keyring
        self._not_before = instant(0)

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Count the months that are over."""
        return (self.look,)

    def look(self) -> bool:
        """Count the next month if it is over; tells whether there may be more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        now = self._directory.current.now()
        if now < self._not_before:
            return False
        with self._database.transaction() as conn:
            if not has_turn(conn, _TURN, most_seconds=_MOST_SECONDS):
                return False
            month = next_month(conn)
            if month is None or now < month.next.start + PATIENCE:
                return False
            if conn.execute(_WAITS, (month.next.start,)).fetchone() != (False,):
                return False
            first, stop = extent(conn, month)
            try:
                content = counted(Facts(conn, self._keyring, self._go_on).of(first, stop))
            except _Stopped:
                return False
            except Internal:
                self._not_before = now + AGAIN
                raise
            made = Outcome(
                empty_pb2.Empty(),
                record_pb2.AccessDetail(outcome="MONTH_COUNTED"),
                [store.row(month, first, stop, content.SerializeToString(deterministic=True))],
                (),
                [store.not_counted(month)],
            )
            return self._begin(METHOD, made)()

    def _go_on(self) -> None:
        if self._stopped.wait(self._rest()):
            raise _Stopped


def next_month(conn: Connection) -> Month | None:
    """The month that is counted next: that of the first entry, if none was; None: there is no entry."""
    last = store.newest(conn)
    if last is not None:
        return last.next
    found = conn.execute(_FIRST, binary=True).fetchone()
    return None if found is None else Month.of(instant(leaves.decode(found[0]).time_us))


def extent(conn: Connection, month: Month) -> tuple[int, int]:
    """The index of a month's first entry, and that behind its last one.

    Raises:
        Internal: entries are missing.
    """
    try:
        return (
            instants.first_from(conn, to_us(month.start)),
            instants.first_from(conn, to_us(month.next.start)),
        )
    except (leaves.LeafError, TornTree):
        raise contradicted("ledger_entry") from None


def counted(found: dict[Measure, Found]) -> record_pb2.StatisticsRecord:
    """What is shown of the facts of a month."""
    return record_pb2.StatisticsRecord(
        tables=[
            record_pb2.StatisticsTable(
                measure=measure,
                shown=[
                    record_pb2.StatisticsShown(path=path, count=each.count, total=each.total)
                    for path, each in rules.shown(of.facts).items()
                ],
            )
            for measure, of in found.items()
        ]
    )
