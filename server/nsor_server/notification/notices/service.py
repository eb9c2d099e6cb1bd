"""The RPCs of notices on the wire: from the message to the rules and the store, and back. No SQL, no law."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from nsor.v1 import errors_pb2, notices_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import decisions, rows
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.formats.instants import from_day, instant, to_date, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.notification import persons, rules, store
from nsor_server.notification.notices import duties, effects, events, kinds, states
from nsor_server.notification.notices.found import Ended, Found, decided, ended, find, one
from nsor_server.notification.persons import Others
from nsor_server.policy.deadlines import EXPECTED_CHANGE, PERIODIC_PHOTO
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class Notices:
    """Takes notices, and what becomes of them."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                notices_pb2.CreateNoticeRequest,
                notices_pb2.CreateNoticeResponse,
                self.create_notice,
                self._noticed_again,
            ),
            Unary(
                notices_pb2.WithdrawNoticeRequest,
                notices_pb2.WithdrawNoticeResponse,
                self.withdraw_notice,
                self._withdrawn_again,
            ),
            Unary(
                notices_pb2.DecideNoticeRequest,
                notices_pb2.DecideNoticeResponse,
                self.decide_notice,
                self._decided_again,
            ),
        )

    def create_notice(
        self, call: Call, request: notices_pb2.CreateNoticeRequest, conn: Connection
    ) -> Outcome[notices_pb2.CreateNoticeResponse]:
        """Take a notice; the responsible police may.

        Raises:
            errors.Denied: OUTSIDE_JURISDICTION: the station isn't the officer's.
            errors.NoRecord: there is none, or it isn't the caller's; or no notice to supersede, or no photo of it that
                isn't rejected, has that id.
            errors.InvalidFields: DATE_TOO_FAR; and of his own record DATE_ORDER, TOO_LONG, OUT_OF_RANGE.
            errors.WrongState: the notice can't be superseded by this one; TOO_MANY_NOTICES.
        """
        rows.require_within(call.agency, call.officer, [request.receiving_station])
        notice = kinds.told(request)
        answer = _due(call, request, notice)
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        of = find(self._sealer, call, request.registration_id, conn)
        written_at = call.now()
        photo_seen = _photo(call, request, conn, of)
        notice.notice_id, notice.create_time_us = uuid.uuid4().bytes, to_us(written_at)
        notice.agency, notice.officer_key = call.agency.agency_id, call.officer_key
        notice.late, notice.deadline_rule = answer.late, answer.deadline.rule_id
        base, earlier, ended = _superseding(call, conn, of, notice)
        move = _move(call, request, base)
        notice.version, notice.at_home = base.version + 1, move.at_home
        notice.place_before = base.responsible_place
        if move.at_home:
            province = policy_of(call).places.province(notice.address.place_code)
            notice.transfer_deadlines.extend(registrations.of_silence(policy_of(call).deadlines, written_at, province))
        effects.check_day(base, notice)
        following = effects.after(base, notice)
        effects.check_room(following)
        states.check_room(following)
        duties.meet(policy_of(call), following, notice)
        others = self._carried(call, conn, of, (notice, earlier, move), following)
        written = registrations.version_row(of.key, base, following, written_at)
        notice_row, notice_ref = store.notice_row(of.key, notice, written_at)
        answer.notice_id, answer.etag = text(notice.notice_id), written.etag
        answer.responsible_place = following.responsible_place
        answer.transfer_needed = move.at_home and registrations.has_open_transfer(following)
        return Outcome(
            disclose(answer, call.purpose),
            of.detail("NOTICED_LATE" if answer.late else "NOTICED", notice.notice_id),
            (
                *(written.row, notice_row, *ended.rows),
                *events.of_notice(call.agencies, of.record, notice, move),
                *registrations.transfer_events(call.agencies, of.record, following),
                *others.rows,
            ),
            (written.ref, notice_ref, *ended.refs, *others.refs),
            (of.seen, *photo_seen, *ended.seen, *others.seen),
        )

    def _carried(
        self,
        call: Call,
        conn: Connection,
        of: Found,
        told: tuple[record_pb2.NoticeRecord, record_pb2.NoticeRecord | None, rules.Move],
        following: record_pb2.RegistrationRecord,
    ) -> Others:
        """What a notice adds for the other registrations of the person.

        Args:
            call: of who takes it.
            conn: any.
            of: the registration of which it is taken.
            told: the notice; the one that it supersedes; what it means for responsibility.
            following: the next version of that registration.
        """
        notice, earlier, move = told
        found = persons.others(conn, self._sealer, self._blind_index, of.row.registration_id)
        for each in found.found:
            base = each.record if earlier is None else effects.without(each.record, earlier, notice.create_time_us)
            other = effects.after_other(base, notice)
            duties.meet(policy_of(call), other, notice)
            found.write(each, other, instant(notice.create_time_us), call.agencies, (of.record, following))
            found.rows += events.of_other(call.agencies, of.record, each.record, notice, move)
        return found

    def withdraw_notice(
        self, call: Call, request: notices_pb2.WithdrawNoticeRequest, conn: Connection
    ) -> Outcome[notices_pb2.WithdrawNoticeResponse]:
        """Withdraw a notice that the caller's agency took.

        Raises:
            errors.NoRecord: there is none, or another agency took it.
            errors.WrongState: it is decided, withdrawn or superseded.
        """
        if request.validate_only:
            return Outcome(notices_pb2.WithdrawNoticeResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        of = find(self._sealer, call, request.registration_id, conn)
        notice = one(call, conn, of, raw(request.notice_id))
        if notice.record.agency != call.agency.agency_id:
            raise errors.NoRecord
        by = record_pb2.NoticeDecisionRecord(state=states.WITHDRAWN, withdrawal=request.reason)
        others = persons.others(conn, self._sealer, self._blind_index, of.row.registration_id)
        etag, added = decided(call, of, notice, by, others)
        answer = notices_pb2.WithdrawNoticeResponse(state=states.WITHDRAWN, etag=etag)
        detail = of.detail("NOTICE_WITHDRAWN", notice.record.notice_id)
        return Outcome(disclose(answer, call.purpose), detail, added.rows, added.refs, added.seen)

    def decide_notice(
        self, call: Call, request: notices_pb2.DecideNoticeRequest, conn: Connection
    ) -> Outcome[notices_pb2.DecideNoticeResponse]:
        """Verify a notice, or refuse it; the responsible police may.

        Raises:
            errors.NoRecord: there is none, or it isn't the caller's.
            errors.Denied: SECOND_PERSON_REQUIRED: the officer has taken it himself.
            errors.WrongState: it is decided, withdrawn or superseded; or verifies what a compromised key has taken.
        """
        if request.validate_only:
            return Outcome(notices_pb2.DecideNoticeResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        of, notice = self._taken(call, request, conn)
        by = record_pb2.NoticeDecisionRecord(state=request.decision, refusal=request.refusal)
        others = persons.others(conn, self._sealer, self._blind_index, of.row.registration_id)
        etag, added = decided(call, of, notice, by, others)
        answer = notices_pb2.DecideNoticeResponse(state=request.decision, etag=etag)
        outcome = "NOTICE_VERIFIED" if request.decision == states.VERIFIED else "NOTICE_REFUSED"
        detail = of.detail(outcome, notice.record.notice_id)
        return Outcome(disclose(answer, call.purpose), detail, added.rows, added.refs, added.seen)

    def _noticed_again(
        self, call: Call, request: notices_pb2.CreateNoticeRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.receiving_station])
        return (find(self._sealer, call, request.registration_id, conn).seen,)

    def _withdrawn_again(
        self, call: Call, request: notices_pb2.WithdrawNoticeRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (find(self._sealer, call, request.registration_id, conn).seen,)

    def _taken(
        self, call: Call, request: notices_pb2.DecideNoticeRequest, conn: Connection
    ) -> tuple[Found, store.Notice]:
        """A registration of the caller's, and a notice that another officer has taken.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``decide_notice``.
        """
        of = find(self._sealer, call, request.registration_id, conn)
        notice = one(call, conn, of, raw(request.notice_id))
        decisions.check_acts(
            call,
            [decisions.Act(notice.record.agency, notice.record.officer_key)],
            open_state=states.follows(notice.state, request.decision),
            grants=request.decision == states.VERIFIED,
        )
        return of, notice

    def _decided_again(
        self, call: Call, request: notices_pb2.DecideNoticeRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (self._taken(call, request, conn)[0].seen,)


def _due(
    call: Call, request: notices_pb2.CreateNoticeRequest, notice: record_pb2.NoticeRecord
) -> notices_pb2.CreateNoticeResponse:
    """By when a notice was due, and whether it came late: by what the request says alone.

    Raises:
        errors.InvalidFields: DATE_TOO_FAR.
    """
    deadlines = policy_of(call).deadlines
    if request.timing == notices_pb2.NOTICE_TIMING_EXPECTED:
        last = deadlines.due(EXPECTED_CHANGE, rules.start(to_date(request.received_date))).due
        rules.check_expected(to_date(request.event_date), last)
    due = kinds.due(deadlines, notice)
    if due is None:
        return notices_pb2.CreateNoticeResponse()
    return notices_pb2.CreateNoticeResponse(deadline=due.message(), late=kinds.is_late(notice, due))


def _superseding(
    call: Call, conn: Connection, of: Found, notice: record_pb2.NoticeRecord
) -> tuple[record_pb2.RegistrationRecord, record_pb2.NoticeRecord | None, Ended]:
    """The record that a notice goes on from, the one that it supersedes, and what is added because it does.

    That something didn't happen is told of the kind that was expected.

    Raises:
        errors.NoRecord: there is no notice of that id.
        errors.WrongState: it can't be superseded, or not by this one.
    """
    if not notice.supersedes:
        return of.record, None, Ended()
    earlier = one(call, conn, of, notice.supersedes)
    if not states.supersedes(notice, earlier.record):
        raise errors.WrongState
    notice.kind = notice.kind or earlier.record.kind
    by = record_pb2.NoticeDecisionRecord(state=states.SUPERSEDED, superseded_by=notice.notice_id)
    base = effects.without(of.record, earlier.record, notice.create_time_us)
    return base, earlier.record, ended(call, of, earlier, by, notice)


def _move(call: Call, request: notices_pb2.CreateNoticeRequest, record: record_pb2.RegistrationRecord) -> rules.Move:
    """What a notice means for responsibility."""
    address = kinds.home_address(request)
    if address is None:
        return rules.Move()
    return rules.move(policy_of(call).places, record.responsible_place, address, request.timing)


def _photo(call: Call, request: notices_pb2.CreateNoticeRequest, conn: Connection, of: Found) -> tuple[Seen, ...]:
    """See that a periodic notice names a photo of its registration that isn't rejected, and was taken not long before.

    Raises:
        errors.NoRecord: there is none of that id, or it is rejected.
        errors.InvalidFields: OUT_OF_RANGE: it is too old.
    """
    if not request.HasField("periodic"):
        return ()
    photo_id = raw(request.periodic.photo_id)
    photo = registrations.photo(conn, of.key, of.row.registration_id, photo_id)
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
