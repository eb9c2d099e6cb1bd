"""NotificationService on the wire: from a message to the rules and the store, and back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from nsor.v1 import errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.events import cursors, outbox, recipients
from nsor_server.formats.instants import to_date, to_day
from nsor_server.formats.uuids import raw, text
from nsor_server.notification import rules, store
from nsor_server.notification.stream import EventStream
from nsor_server.policy.deadlines import ADDRESS_CHANGE_NOTICE, EXPECTED_CHANGE
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Streamed, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class NotificationService:
    """Takes notices and acknowledgements, and streams events."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        stream = EventStream()
        return (
            Unary(
                notification_pb2.CreateNoticeRequest,
                notification_pb2.CreateNoticeResponse,
                self.create_notice,
                self._noticed_again,
            ),
            Unary(
                notification_pb2.AcknowledgeEventsRequest,
                notification_pb2.AcknowledgeEventsResponse,
                self.acknowledge_events,
            ),
            Streamed(
                notification_pb2.SubscribeEventsRequest,
                notification_pb2.SubscribeEventsResponse,
                stream.start,
                stream.after,
            ),
        )

    def create_notice(
        self, call: Call, request: notification_pb2.CreateNoticeRequest, conn: Connection
    ) -> Outcome[notification_pb2.CreateNoticeResponse]:
        """Take a notice of a change of address; the responsible police may."""
        rows.require_within(call.agency, call.officer, [request.receiving_station])
        deadlines = policy_of(call).deadlines
        if request.timing == notification_pb2.NOTICE_TIMING_EXPECTED:
            last = deadlines.due(EXPECTED_CHANGE, rules.start(to_date(request.received_date))).due
            rules.check_expected(to_date(request.event_date), last)
        unit = policy_of(call).places.province(request.receiving_station)
        due = deadlines.due(ADDRESS_CHANGE_NOTICE, rules.start(to_date(request.event_date)), unit)
        answer = notification_pb2.CreateNoticeResponse(
            deadline=due.message(), late=rules.is_late(to_date(request.received_date), due.due)
        )
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        found = registrations.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        row, record = found
        move = rules.move(policy_of(call).places, record.responsible_place, request.address, request.timing)
        notice = _notice(call, request, late=answer.late)
        record.version += 1
        record.responsible_place = move.responsible_place
        rules.add_address(record, notice.address, notice.event_day)
        if move.at_home:
            registrations.at_home(record)
        key, written_at = registrations.data_key(self._sealer, row), call.now()
        written = registrations.version_row(key, record, written_at)
        notice_row, notice_ref = store.notice_row(key, notice, written_at)
        events = outbox.owed(
            move.event,
            [
                *recipients.responsible_police(call.agencies, row.responsible_place),
                *recipients.responsible_police(call.agencies, request.address.place_code),
                *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
                record.created_by_agency,
            ],
            registration_id=record.registration_id,
            notice_id=notice.notice_id,
        )
        answer.notice_id = text(notice.notice_id)
        answer.etag = written.etag
        answer.responsible_place = move.responsible_place
        answer.transfer_needed = move.transfer_needed
        detail = record_pb2.AccessDetail(
            outcome="NOTICED_LATE" if answer.late else "NOTICED",
            case_reference=registrations.case_reference(record.convictions[0].fir),
            subjects=[record.registration_id, notice.notice_id],
        )
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            (written.row, notice_row, *events),
            (written.ref, notice_ref),
            (registrations.seen(row),),
        )

    def _noticed_again(
        self, call: Call, request: notification_pb2.CreateNoticeRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.receiving_station])
        found = registrations.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        return (registrations.seen(found[0]),)

    def acknowledge_events(
        self, call: Call, request: notification_pb2.AcknowledgeEventsRequest, conn: Connection
    ) -> Outcome[notification_pb2.AcknowledgeEventsResponse]:
        """Acknowledge the caller's events up to a sequence; less than before changes nothing."""
        through, agency_id = request.through_sequence, call.agency.agency_id
        if through > cursors.last(conn, agency_id):
            beyond = errors.Violation("through_sequence", errors_pb2.FIELD_REASON_OUT_OF_RANGE)
            raise errors.InvalidFields(violations=(beyond,))
        before = cursors.acknowledged(conn, agency_id)
        answer = notification_pb2.AcknowledgeEventsResponse(acknowledged_sequence=max(through, before))
        detail = record_pb2.AccessDetail(outcome="ACKNOWLEDGED")
        if through <= before:
            return Outcome(disclose(answer, call.purpose), detail)
        row, seen = cursors.acknowledgement(agency_id, through, before)
        return Outcome(disclose(answer, call.purpose), detail, (row,), seen=(seen,))


def _notice(call: Call, request: notification_pb2.CreateNoticeRequest, *, late: bool) -> record_pb2.NoticeRecord:
    return record_pb2.NoticeRecord(
        notice_id=uuid.uuid4().bytes,
        registration_id=raw(request.registration_id),
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        address=registrations.address_record(request.address),
        event_day=to_day(request.event_date),
        received_day=to_day(request.received_date),
        receiving_station=request.receiving_station,
        timing=request.timing,
        late=late,
        deadline_rule=ADDRESS_CHANGE_NOTICE,
    )
