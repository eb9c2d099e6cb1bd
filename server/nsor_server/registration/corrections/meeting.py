"""Corrections meet registrations at the fixed times for reviews: the station that took one can't see whether.

One meets what stands then, and whatever comes to stand later: what a person has asked for before his court has
confirmed the record, or while it was sealed, is decided all the same. Each meets a registration once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Agency, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.registration import claims
from nsor_server.registration import rules as owners
from nsor_server.registration import store as registrations
from nsor_server.registration.corrections import rules, store
from nsor_server.registration.returned import Returned
from nsor_server.registration.worklists import owed
from nsor_server.registration.worklists import rows as works
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
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

    def add(self, other: Meeting) -> None:
        """Take over what another one has."""
        self.rows += other.rows
        self.refs += other.refs
        self.seen += other.seen


class Meetings:
    """Looks for the registrations that corrections are about."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index
        self._older: dict[bytes | str, list[record_pb2.CorrectionRequestRecord]] = {}
        self._older_to_us = 0

    def due(
        self,
        conn: Connection,
        record: record_pb2.ReviewTimeRecord,
        *,
        after_us: int,
        returned: Returned,
        moved: Iterable[bytes],
        agencies: Mapping[str, Agency],
        now: dt.datetime,
    ) -> Meeting:
        """Add to the record of a time what was asked for since the one before and met a registration.

        Args:
            conn: any.
            record: of the time; its number and instant are set, and whom it archives: these are met by nothing.
            after_us: instant of the time before, microseconds since 1970.
            returned: what has come to stand: it is met by what was asked for before, too.
            moved: registrations that may have another owner than the one who was told.
            agencies: by id.
            now: when a version is written.
        """
        meeting = Meeting()
        asked, unchanged = store.asked(conn, self._sealer, after_us=after_us, until_us=record.due_us)
        meeting.seen.append(unchanged)
        contested: dict[bytes, set[int]] = {}
        gone = frozenset(record.archived_ids)
        met = [(request, each) for request in asked for each in self._about(conn, request, meeting) if each not in gone]
        for request, registration_id in (*met, *self._met_later(conn, returned, after_us, meeting)):
            record.corrections.add(
                correction_id=uuid.uuid4().bytes,
                correction_request_id=request.correction_request_id,
                registration_id=registration_id,
            )
            about = contested.setdefault(registration_id, set())
            if request.contests_refusal:
                about.add(request.particular)
        for told in readable(
            contested.items(), lambda each: self._told(conn, record, each, agencies=agencies, now=now)
        ):
            meeting.add(told)
        others = sorted(set(moved).difference(contested, gone))
        for left in readable(others, lambda each: self._left(conn, each)):
            meeting.add(left)
        return meeting

    def _about(self, conn: Connection, request: record_pb2.CorrectionRequestRecord, meeting: Meeting) -> list[bytes]:
        """Ids of the registrations that a request meets, in order."""
        ids = [request.registration_id]
        if request.cnic:
            # Counted before they are read: one that is confirmed in between is found or was not counted.
            identifier = claims.Identifier(claims.IDENTIFIER_CNIC, "cnic", request.cnic)
            meeting.seen += [seen for _, seen in claims.holders(conn, self._blind_index, [identifier])]
            ids = store.claiming(conn, self._blind_index, request.cnic)
        # None: there never was one, or its key is destroyed: its versions are still counted.
        rows = [row for each in ids if (row := registrations.newest(conn, each)) is not None]
        meeting.seen += map(registrations.seen, rows)
        found = readable(rows, lambda row: (row.registration_id, registrations.open_version(self._sealer, row)))
        return [registration_id for registration_id, record in found if rules.is_met(record)]

    def _met_later(
        self, conn: Connection, returned: Returned, after_us: int, meeting: Meeting
    ) -> list[tuple[record_pb2.CorrectionRequestRecord, bytes]]:
        """What was asked for before the time before, and meets now a registration that has come to stand, each once."""
        self._read_older(conn, after_us)
        found = []
        for registration_id, (row, record) in sorted(returned.standing.items()):
            about = {one.correction_request_id: one for key in rules.keys(record) for one in self._older.get(key, ())}
            known = store.met(conn, registration_id) if about else set()
            new = [(one, registration_id) for request_id, one in sorted(about.items()) if request_id not in known]
            if new:
                meeting.seen.append(registrations.seen(row))
                found += new
        return found

    def _read_older(self, conn: Connection, until_us: int) -> None:
        """Read what was asked for up to the time before; it was counted then, and no more comes."""
        asked, _ = store.asked(conn, self._sealer, after_us=self._older_to_us, until_us=until_us)
        for request in asked:
            self._older.setdefault(request.registration_id or request.cnic, []).append(request)
        self._older_to_us = max(self._older_to_us, until_us)

    def _told(
        self,
        conn: Connection,
        time: record_pb2.ReviewTimeRecord,
        met: tuple[bytes, set[int]],
        *,
        agencies: Mapping[str, Agency],
        now: dt.datetime,
    ) -> Meeting:
        """Tell the owner and NPB that a registration was met, and dispute it if a refusal was contested.

        Raises:
            errors.Internal: a row isn't what its seal says.
        """
        (registration_id, contested), told = met, Meeting()
        row = registrations.newest(conn, registration_id)
        if row is None:
            return told
        record, key = registrations.open_keyed(self._sealer, row)
        if contested:
            refused, undecided = store.refused(conn, self._sealer, key, registration_id)
            told.seen += undecided
            following = rules.disputed(record, contested, refused)
            if following is not None:
                written = registrations.version_row(key, record, following, now)
                told.rows.append(written.row)
                told.refs.append(written.ref)
        recipient_ids = [*recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB), *owners.owners(record, agencies)]
        found, unchanged = store.undecided(conn, self._sealer, key, registration_id)
        told.seen += unchanged
        open_us = [*(to_us(each.met_at) for each in found), time.due_us]
        told.rows.append(works.of_itself(owed.corrections(registration_id, owed.owner(record), open_us)))
        kind = notification_pb2.EVENT_KIND_CORRECTION_REQUESTED
        told.rows += outbox.owed(kind, recipient_ids, registration_id=registration_id)
        return told

    def _left(self, conn: Connection, registration_id: bytes) -> Meeting:
        """Have whoever owns a registration now find what waits for its owner.

        Raises:
            errors.Internal: as ``_told``.
        """
        left = Meeting()
        row = registrations.newest(conn, registration_id)
        if row is None:
            return left
        record, key = registrations.open_keyed(self._sealer, row)
        if rules.is_met(record):
            found, unchanged = store.undecided(conn, self._sealer, key, registration_id)
            left.seen += [registrations.seen(row), *unchanged]
            open_us = [to_us(each.met_at) for each in found]
            left.rows.append(works.of_itself(owed.corrections(registration_id, owed.owner(record), open_us)))
        return left
