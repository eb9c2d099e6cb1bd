"""The RPCs of notices on the wire: from the message to the rules and the store, and back. No SQL, no law."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from nsor.v1 import errors_pb2, notices_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.formats.instants import from_day, to_date
from nsor_server.formats.uuids import raw, text
from nsor_server.notification import rules, store
from nsor_server.notification.notices import effects, events, kinds
from nsor_server.policy.deadlines import EXPECTED_CHANGE, PERIODIC_PHOTO
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2


class Notices:
    """Takes notices."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                notices_pb2.CreateNoticeRequest,
                notices_pb2.CreateNoticeResponse,
                self.create_notice,
                self._noticed_again,
            ),
        )

    def create_notice(
        self, call: Call, request: notices_pb2.CreateNoticeRequest, conn: Connection
    ) -> Outcome[notices_pb2.CreateNoticeResponse]:
        """Take a notice; the responsible police may.

        Raises:
            errors.Denied: OUTSIDE_JURISDICTION: the station isn't the officer's.
            errors.NoRecord: there is none, or it isn't the caller's; or no photo of it that isn't rejected has that id.
            errors.InvalidFields: DATE_TOO_FAR; and of his own record DATE_ORDER, TOO_LONG, OUT_OF_RANGE.
        """
        rows.require_within(call.agency, call.officer, [request.receiving_station])
        answer = _due(call, request)
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        found = registrations.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        row, record = found
        key, written_at = registrations.data_key(self._sealer, row), call.now()
        photo_seen = _photo(call, request, conn, key, row.registration_id)
        address = kinds.home_address(request)
        move = (
            rules.move(policy_of(call).places, record.responsible_place, address, request.timing)
            if address is not None
            else rules.Move(record.responsible_place, transfer_needed=False)
        )
        notice = kinds.told(request)
        notice.notice_id = uuid.uuid4().bytes
        notice.agency, notice.officer_key = call.agency.agency_id, call.officer_key
        notice.late, notice.deadline_rule = answer.late, answer.deadline.rule_id
        notice.version, notice.at_home = record.version + 1, move.at_home
        notice.place_before, notice.place_after = record.responsible_place, move.responsible_place
        effects.check_day(record, notice)
        following = effects.after(record, notice)
        effects.check_room(following)
        written = registrations.version_row(key, following, written_at)
        notice_row, notice_ref = store.notice_row(key, notice, written_at)
        answer.notice_id, answer.etag = text(notice.notice_id), written.etag
        answer.responsible_place, answer.transfer_needed = move.responsible_place, move.transfer_needed
        detail = record_pb2.AccessDetail(
            outcome="NOTICED_LATE" if answer.late else "NOTICED",
            case_reference=registrations.case_reference(record.convictions[0].fir),
            subjects=[record.registration_id, notice.notice_id],
        )
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            (written.row, notice_row, *events.of_notice(call.agencies, record, notice, move)),
            (written.ref, notice_ref),
            (registrations.seen(row), *photo_seen),
        )

    def _noticed_again(
        self, call: Call, request: notices_pb2.CreateNoticeRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.receiving_station])
        found = registrations.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        return (registrations.seen(found[0]),)


def _due(call: Call, request: notices_pb2.CreateNoticeRequest) -> notices_pb2.CreateNoticeResponse:
    """By when a notice was due, and whether it came late: by what the request says alone.

    Raises:
        errors.InvalidFields: DATE_TOO_FAR.
    """
    deadlines, received = policy_of(call).deadlines, to_date(request.received_date)
    if request.timing == notices_pb2.NOTICE_TIMING_EXPECTED:
        last = deadlines.due(EXPECTED_CHANGE, rules.start(received)).due
        rules.check_expected(to_date(request.event_date), last)
    rule = kinds.deadline_rule(request)
    if not rule:
        return notices_pb2.CreateNoticeResponse()
    unit = policy_of(call).places.province(request.receiving_station)
    due = deadlines.due(rule, rules.start(to_date(request.event_date)), unit)
    return notices_pb2.CreateNoticeResponse(deadline=due.message(), late=rules.is_late(received, due.due))


def _photo(
    call: Call, request: notices_pb2.CreateNoticeRequest, conn: Connection, key: DataKey, registration_id: bytes
) -> tuple[Seen, ...]:
    """See that a periodic notice names a photo of its registration that isn't rejected, and was taken not long before.

    Raises:
        errors.NoRecord: there is none of that id, or it is rejected.
        errors.InvalidFields: OUT_OF_RANGE: it is too old.
    """
    if not request.HasField("periodic"):
        return ()
    photo_id = raw(request.periodic.photo_id)
    photo = registrations.photo(conn, key, registration_id, photo_id)
    if photo is None:
        call.looks_at(record_pb2.LOOKED_AT_KIND_PHOTO, photo_id, 0)
        raise errors.NoRecord
    call.looks_at(record_pb2.LOOKED_AT_KIND_PHOTO_DECISION, photo_id, photo.decision)
    if photo.state == registration_pb2.PHOTO_STATE_REJECTED:
        raise errors.NoRecord
    taken = rules.start(to_date(from_day(photo.record.taken_day)))
    if rules.is_late(to_date(request.event_date), policy_of(call).deadlines.due(PERIODIC_PHOTO, taken).due):
        old = errors.Violation("periodic.photo_id", errors_pb2.FIELD_REASON_OUT_OF_RANGE)
        raise errors.InvalidFields(violations=(old,))
    return (photo.seen,)
