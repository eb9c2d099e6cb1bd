"""Tells of emergency look-ups whose review is overdue: NPB, the Special Committee and the agency, once of each.

From then on nobody of the agency opens another one, whether or not this has told of it. It depends on what was opened
and reviewed, and on nothing that the register holds of persons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.access.directory import Directory
from nsor_server.calls import Call, Outcome, Row
from nsor_server.events import outbox, recipients
from nsor_server.ledger.watching import Watching, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.lookup.emergencies import store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/emergency-reviews-overdue"
MOST: Final = 100
"""Emergency look-ups of one entry."""
_TURN: Final = 0x4E534F5200000035
"""Of several processes one works at a time: an advisory lock ("NSOR", 0x35)."""


class EmergencyWatch(Watching):
    """A thread that watches what waits for its review."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        super().__init__("emergency-watch", "emergency look-ups", writer, tracing)
        self._database, self._directory, self._sealer = database, directory, Sealer(keyring)
        self._after = store.START

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Tell of reviews that have fallen overdue."""
        return (self.look,)

    def look(self) -> bool:
        """Tell of the next reviews that are overdue; tells whether there may be more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        snapshot = self._directory.current
        with self._database.transaction() as conn:
            if not has_turn(conn, _TURN):
                return False
            found, place = store.overdue(conn, self._sealer, snapshot.now(), self._after, most=MOST)
            # What cannot be read keeps nobody behind it waiting: it is tried again in the next round.
            self._after = place or store.START
            npb = recipients.of_kind(snapshot.agencies, options_pb2.AGENCY_KIND_NPB)
            committee = recipients.of_kind(snapshot.agencies, options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE)
            rows: list[Row] = []
            for record in found:
                rows.append(store.told_overdue(record))
                rows += outbox.owed(
                    notification_pb2.EVENT_KIND_EMERGENCY_REVIEW_OVERDUE,
                    [record.agency, *npb, *committee],
                    about_agency=record.agency,
                )
            detail = record_pb2.AccessDetail(outcome="EMERGENCIES_OVERDUE")
            seen = [each for record in found for each in store.still_overdue(record)]
            made = Outcome(empty_pb2.Empty(), detail, rows, (), seen)
            return self._begin(METHOD, made, len(found) / MOST)() and place is not None
