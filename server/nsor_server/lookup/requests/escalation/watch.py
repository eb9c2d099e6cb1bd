"""Watches access requests that nobody decides: tells of each step of escalation when it falls due, and once.

A prosecutor decides a request, and NPB whether it is shown juveniles' records: each silence has steps of its own.

Which step was told is a row of its own, so that the version that whoever decides has before him stays the newest one.
The thread, and the turns of several processes, are those of ``ledger/watching.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.directory import Directory
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.ledger.watching import Watching, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.lookup import fir_places
from nsor_server.lookup.requests import store as requests
from nsor_server.lookup.requests.escalation import rules, store
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/watch-access-requests"
"""As the entries are recorded."""
MOST: Final = 100
"""Requests of one entry."""
TURN: Final = 0x4E534F520000001F
"""Of several processes one works at a time: an advisory lock ("NSOR", 31)."""
_DISTRICT: Final = 2
_PROVINCE: Final = 1
"""Parts of the code of a place at that level."""


class SilenceWatch(Watching):
    """A thread that watches access requests."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        super().__init__("access-request-watch", "access requests", writer, tracing)
        self._database, self._directory, self._sealer = database, directory, Sealer(keyring)
        self._after = store.START

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Tell of what has fallen due."""
        return (self.look,)

    def look(self) -> bool:
        """Tell of the next steps that have fallen due; tells whether there may be more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be done now.
        """
        directory = self._directory.current
        now_us = to_us(directory.now())
        rows, refs, seen = list[Row](), list[RecordRef](), list[Seen]()
        with self._database.transaction() as conn:
            if not has_turn(conn, TURN):
                return False
            found = store.due(conn, now_us, self._after, most=MOST)
            more = len(found) == MOST
            # What cannot be read or written keeps nobody behind it waiting: it is tried again in the next round.
            self._after = found[-1].place if more else store.START
            for each in found:
                try:
                    record = self._opened(each)
                except errors.Internal:
                    continue  # there is an alert
                step = rules.fallen_due(record, each.told, now_us)
                for kind in rules.announced(record, each.told, step):
                    hear = hearing(directory.agencies, kind, record)
                    rows += outbox.owed(kind, hear, access_request_id=record.access_request_id)
                rows += (store.told_row(record.access_request_id, step), store.next_row(record, step))
                version = Seen(requests.REQUEST_HEADS, (record.access_request_id,), record.version)
                seen += (version, each.seen)
            detail = record_pb2.AccessDetail(outcome="ACCESS_REQUESTS_WATCHED")
            made = Outcome(empty_pb2.Empty(), detail, rows, refs, seen)
            self._begin(METHOD, made, len(found) / MOST)()
        return more

    def _opened(self, found: store.Due) -> record_pb2.AccessRequestRecord:
        """The newest version of a request that has a step at that instant.

        Raises:
            errors.Internal: it hasn't, or isn't what was sealed. Told of it would leave the row as it is.
        """
        if found.columns is None:
            raise contradicted(store.WATCH_TABLE, "a row of %s names an access request that isn't there")
        record = requests.open_request(self._sealer, found.request_id, found.columns, found.sealed)
        if rules.next_us(record, found.told) != found.place.due_us:
            raise contradicted(store.WATCH_TABLE, "a row of %s has a step that its access request doesn't have")
        return record


def hearing(
    agencies: recipients.Agencies,
    kind: notification_pb2.EventKind.ValueType,
    record: record_pb2.AccessRequestRecord,
) -> list[str]:
    """Who hears of a step: the district's prosecution, who asks, the province's prosecution, NPB."""
    district = fir_places.district(record.fir.police_station)
    of_district = recipients.prosecution_at(agencies, district, _DISTRICT)
    of_province = recipients.prosecution_at(agencies, district, _PROVINCE)
    npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
    return {
        rules.REMINDER: of_district,
        rules.OVERDUE: [*of_district, record.agency],
        rules.PROVINCE: of_province,
        rules.NPB: [*of_province, *npb],
        rules.JUVENILES_OVERDUE: [*npb, *of_district, record.agency],
        rules.JUVENILES_ESCALATED: [*npb, *of_province],
    }[kind]
