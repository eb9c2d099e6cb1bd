"""NotificationService on the wire, but for its stream: from a message to the rules and the store, and back."""

from __future__ import annotations

import uuid

from google.protobuf.message import Message

from nsor.v1 import errors_pb2, notification_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose
from nsor_server.directory import agencies
from nsor_server.ledger.naming import named
from nsor_server.notification import events, outbox, rules, store
from nsor_server.policy.deadlines import Deadlines, Due
from nsor_server.policy.places import Places
from nsor_server.registration import record as records
from nsor_server.registration import rules as registration_rules
from nsor_server.registration import store as registrations
from nsor_server.registration.dates import from_us, to_date, to_day, to_us
from nsor_server.rpc.calls import Call, Connection, Outcome
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class NotificationService:
    """Takes notices and acknowledgements."""

    def __init__(self, sealer: Sealer, places: Places, deadlines: Deadlines) -> None:
        """``places`` and ``deadlines`` are the policy's."""
        self._sealer = sealer
        self._places = places
        self._deadlines = deadlines

    def CreateNotice(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Take a notice of a change of address; the responsible police may."""
        assert isinstance(request, notification_pb2.CreateNoticeRequest)  # noqa: S101 - narrows the handler's type
        registration_rules.check_within([request.receiving_station], call.agency, call.officer)
        due = self._deadlines.due(rules.DEADLINE_RULE, rules.start(to_date(request.event_date)))
        answer = notification_pb2.CreateNoticeResponse(
            deadline=_deadline(due), late=rules.is_late(to_date(request.received_date), due.due)
        )
        if request.validate_only:
            detail = record_pb2.AccessDetail(outcome="VALIDATED")
            return Outcome(disclose(answer, call.purpose), detail)
        registration_id = uuid.UUID(request.registration_id)
        registrations.lock(conn, registration_id)
        row = registrations.head(conn, registration_id, call.agency)
        if row is None:
            raise errors.NoRecord
        record = registrations.open_version(self._sealer, row)
        move = rules.move(self._places, record.responsible_place, request.address, request.timing)
        notice = _notice(call, request, late=answer.late)
        record.version += 1
        record.responsible_place = move.responsible_place
        rules.add_address(record, notice.address, notice.event_day)
        key, written_at = registrations.data_key(self._sealer, row), registrations.now(conn)
        written = registrations.insert_version(conn, key, record, written_at)
        notice_ref = store.insert(conn, key, notice, written_at)
        recipients = [
            *agencies.responsible_police(conn, row.responsible_place),
            *agencies.responsible_police(conn, request.address.place_code),
            *agencies.of_kind(conn, options_pb2.AGENCY_KIND_NPB),
            record.created_by_agency,
        ]
        notice_id = uuid.UUID(bytes=notice.notice_id)
        outbox.publish(conn, move.event, recipients, registration_id=registration_id, notice_id=notice_id)
        answer.notice_id = str(notice_id)
        answer.etag = written.etag
        answer.responsible_place = move.responsible_place
        answer.transfer_needed = move.transfer_needed
        detail = record_pb2.AccessDetail(
            outcome="NOTICED_LATE" if answer.late else "NOTICED",
            named=named(request),
            case_reference=records.case_reference(record.convictions[0].fir),
            subjects=[registration_id.bytes, notice.notice_id],
        )
        return Outcome(disclose(answer, call.purpose), detail, (written.ref, notice_ref))

    def AcknowledgeEvents(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Acknowledge the caller's events up to a sequence; less than before changes nothing."""
        assert isinstance(request, notification_pb2.AcknowledgeEventsRequest)  # noqa: S101 - narrows the handler's type
        through, agency_id = request.through_sequence, call.agency.agency_id
        if through > events.last(conn, agency_id):
            beyond = errors.Violation("through_sequence", errors_pb2.FIELD_REASON_OUT_OF_RANGE)
            raise errors.InvalidFields(violations=(beyond,))
        before = events.acknowledged(conn, agency_id)
        if through > before:
            events.acknowledge(conn, agency_id, through)
        answer = notification_pb2.AcknowledgeEventsResponse(acknowledged_sequence=max(through, before))
        return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="ACKNOWLEDGED"))


def _notice(call: Call, request: notification_pb2.CreateNoticeRequest, *, late: bool) -> record_pb2.NoticeRecord:
    return record_pb2.NoticeRecord(
        notice_id=uuid.uuid4().bytes,
        registration_id=uuid.UUID(request.registration_id).bytes,
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        address=records.address_record(request.address),
        event_day=to_day(request.event_date),
        received_day=to_day(request.received_date),
        receiving_station=request.receiving_station,
        timing=request.timing,
        late=late,
        deadline_rule=rules.DEADLINE_RULE,
    )


def _deadline(due: Due) -> types_pb2.Deadline:
    return types_pb2.Deadline(
        rule_id=due.rule_id,
        citation=due.citation,
        verified=due.verified,
        start_time=from_us(to_us(due.start)),
        due_time=from_us(to_us(due.due)),
        calendar=due.calendar,
    )
