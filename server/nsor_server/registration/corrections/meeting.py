"""Corrections meet registrations at the fixed times for reviews: the station that took one can't see whether."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Agency, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.registration import claims
from nsor_server.registration import rules as owners
from nsor_server.registration import store as registrations
from nsor_server.registration.corrections import rules, store
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


@dataclass(slots=True)
class Meeting:
    """What is written of corrections at a time, besides the time itself.

    Attributes:
        rows: versions of records that are disputed from now on, and events.
        refs: what the ledger holds these versions to.
        seen: what all of it rests on.
    """

    rows: list[Row] = field(default_factory=list)
    refs: list[RecordRef] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


class Meetings:
    """Looks for the registrations that corrections are about."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index

    def due(
        self,
        conn: Connection,
        record: record_pb2.ReviewTimeRecord,
        *,
        after_us: int,
        agencies: Mapping[str, Agency],
        now: dt.datetime,
    ) -> Meeting:
        """Add to the record of a time what was asked for since the one before and met a registration.

        Args:
            conn: any.
            record: of the time; its number and instant are set.
            after_us: instant of the time before, microseconds since 1970.
            agencies: by id.
            now: when a version is written.

        Raises:
            errors.Internal: a row isn't what its seal says.
        """
        meeting = Meeting()
        asked, unchanged = store.asked(conn, self._sealer, after_us=after_us, until_us=record.due_us)
        meeting.seen.append(unchanged)
        contested: dict[bytes, set[int]] = {}
        for request in asked:
            for registration_id in self._about(conn, request, meeting):
                record.corrections.add(
                    correction_id=uuid.uuid4().bytes,
                    correction_request_id=request.correction_request_id,
                    registration_id=registration_id,
                )
                about = contested.setdefault(registration_id, set())
                if request.contests_refusal:
                    about.add(request.particular)
        npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
        for registration_id, particulars in contested.items():
            self._dispute(conn, registration_id, particulars, now, meeting)
            row = registrations.newest(conn, registration_id)
            if row is not None:
                told = [*npb, *owners.owners(registrations.open_version(self._sealer, row), agencies)]
                kind = notification_pb2.EVENT_KIND_CORRECTION_REQUESTED
                meeting.rows += outbox.owed(kind, told, registration_id=registration_id)
        return meeting

    def _about(self, conn: Connection, request: record_pb2.CorrectionRequestRecord, meeting: Meeting) -> list[bytes]:
        """Ids of the registrations that a request meets, in order."""
        ids = [request.registration_id]
        if request.cnic:
            # Counted before they are read: one that is confirmed in between is found or was not counted.
            identifier = claims.Identifier(claims.IDENTIFIER_CNIC, "cnic", request.cnic)
            meeting.seen += [seen for _, seen in claims.holders(conn, self._blind_index, [identifier])]
            ids = store.claiming(conn, self._blind_index, request.cnic)
        met = []
        for registration_id in ids:
            row = registrations.newest(conn, registration_id)
            if row is None:
                continue  # there never was one, or its key is destroyed: its versions are still counted
            meeting.seen.append(registrations.seen(row))
            if rules.is_met(registrations.open_version(self._sealer, row)):
                met.append(registration_id)
        return met

    def _dispute(
        self, conn: Connection, registration_id: bytes, contested: set[int], now: dt.datetime, meeting: Meeting
    ) -> None:
        row = registrations.newest(conn, registration_id) if contested else None
        if row is None:
            return
        record, key = registrations.open_keyed(self._sealer, row)
        refused, undecided = store.refused(conn, self._sealer, key, registration_id)
        meeting.seen += undecided
        following = rules.disputed(record, contested, refused)
        if following is not None:
            written = registrations.version_row(key, following, now)
            meeting.rows.append(written.row)
            meeting.refs.append(written.ref)
