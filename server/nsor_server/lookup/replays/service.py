"""Replays of tripwires on the wire: one officer of NPB proposes, another one approves, both read. No SQL, no policy."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Sequence

from nsor.v1 import errors_pb2, notification_pb2, options_pb2, replays_pb2, tripwires_pb2
from nsor_server import errors
from nsor_server.access import decisions, lists
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Row
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import set_us, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.lookup.replays import rules, store
from nsor_server.policy import documents, source
from nsor_server.policy.deadlines import SECOND_OFFICER
from nsor_server.policy.loaded import policy_of
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

DOCUMENT = "tripwires"
"""Name of the document that thresholds are."""


class Replays:
    """Takes and shows replays; it computes none."""

    def __init__(self, sealer: Sealer, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register of before."""
        self._sealer, self._durable = sealer, durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(replays_pb2.ProposeTripwireReplayRequest, replays_pb2.ProposeTripwireReplayResponse, self.propose),
            Unary(
                replays_pb2.ApproveTripwireReplayRequest,
                replays_pb2.ApproveTripwireReplayResponse,
                self.approve,
                lambda call, request, conn: (store.seen(self._proposed(call, request, conn)),),
            ),
            Unary(
                replays_pb2.GetTripwireReplayRequest,
                replays_pb2.GetTripwireReplayResponse,
                self.get,
                charge=lambda request: Charge(request.replay_id),
            ),
            Unary(replays_pb2.ListTripwireReplaysRequest, replays_pb2.ListTripwireReplaysResponse, self.list),
        )

    def propose(
        self, call: Call, request: replays_pb2.ProposeTripwireReplayRequest, _conn: Connection
    ) -> Outcome[replays_pb2.ProposeTripwireReplayResponse]:
        """Take thresholds and a time, which another officer may approve.

        Raises:
            errors.InvalidFields: POLICY_NOT_VALID, DATE_ORDER, DATE_FUTURE.
        """
        now = call.now()
        start_us, end_us = (each.ToMicroseconds() for each in (request.start_time, request.end_time))
        rules.check_period(start_us, end_us, to_us(now))
        content = _thresholds(request.toml)
        answer = replays_pb2.ProposeTripwireReplayResponse()
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        due = policy_of(call).deadlines.due(SECOND_OFFICER, now)
        record = record_pb2.TripwireReplayRecord(
            replay_id=uuid.uuid4().bytes,
            version=rules.PROPOSED,
            content=content,
            start_us=start_us,
            end_us=end_us,
            proposed_by_key=call.officer_key,
            propose_time_us=to_us(now),
            expire_time_us=to_us(due.due),
        )
        row, ref = store.row(self._sealer, record)
        answer.replay_id, answer.digest = text(record.replay_id), digest(record)
        answer.confirm_deadline.CopyFrom(due.message())
        return Outcome(
            disclose(answer, call.purpose),
            record_pb2.AccessDetail(outcome="REPLAY_PROPOSED", subjects=[record.replay_id]),
            (row, *_told(call)),
            (ref,),
            (store.unused(record.replay_id),),
        )

    def approve(
        self, call: Call, request: replays_pb2.ApproveTripwireReplayRequest, conn: Connection
    ) -> Outcome[replays_pb2.ApproveTripwireReplayResponse]:
        """Approve a replay, so that it is computed.

        Raises:
            errors.NoRecord: there is none.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.EtagMismatch: of other thresholds.
            errors.WrongState: it is approved, or its time is over.
        """
        answer = replays_pb2.ApproveTripwireReplayResponse()
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        head = self._proposed(call, request, conn)
        approved = record_pb2.TripwireReplayRecord()
        approved.CopyFrom(head)
        approved.version, approved.approved_by_key = rules.APPROVED, call.officer_key
        row, ref = store.row(self._sealer, approved)
        answer.state = replays_pb2.TRIPWIRE_REPLAY_STATE_APPROVED
        return Outcome(
            disclose(answer, call.purpose),
            record_pb2.AccessDetail(outcome="REPLAY_APPROVED", subjects=[head.replay_id]),
            (row, *_told(call)),
            (ref,),
            (store.seen(head),),
        )

    def get(
        self, call: Call, request: replays_pb2.GetTripwireReplayRequest, conn: Connection
    ) -> Outcome[replays_pb2.GetTripwireReplayResponse]:
        """Show a replay, with what it found.

        Raises:
            errors.NoRecord: there is none.
        """
        head = self._found(call, conn, request.replay_id)
        answer = replays_pb2.GetTripwireReplayResponse(replay=_replay(call, head), content=head.content)
        if head.HasField("result"):
            answer.result.CopyFrom(_result(head.result))
        detail = record_pb2.AccessDetail(
            outcome="REPLAY_SHOWN",
            subjects=[head.replay_id],
            rests_on=store.digest([(head.replay_id, head.version)]),
        )
        return Outcome(disclose(answer, call.purpose), detail, seen=(store.seen(head),))

    def list(
        self, call: Call, request: replays_pb2.ListTripwireReplaysRequest, conn: Connection
    ) -> Outcome[replays_pb2.ListTripwireReplaysResponse]:
        """List replays, the newest in front.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
        """
        size = request.page_size or rules.DEFAULT_PAGE
        after = lists.place(self._sealer, call, request.page_token) or b""
        durable = self._durable()
        page = store.page(conn, self._sealer, after=after, most=size + 1)
        lists.require_durable(page.size, durable)
        answer = replays_pb2.ListTripwireReplaysResponse(items=[_replay(call, each) for each in page.found[:size]])
        if len(page.found) > size:
            answer.next_page_token = lists.token(self._sealer, call, page.found[size - 1].replay_id)
        listed = record_pb2.ListedReplays(
            before=page.size,
            after=after,
            most=size + 1,
            found=store.digest([(each.replay_id, each.version) for each in page.found]),
        )
        return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="LISTED", listed_replays=listed))

    def _proposed(
        self, call: Call, request: replays_pb2.ApproveTripwireReplayRequest, conn: Connection
    ) -> record_pb2.TripwireReplayRecord:
        """A replay that another officer has proposed.

        Raises:
            errors.NoRecord, errors.Denied, errors.EtagMismatch, errors.WrongState: as ``approve``.
        """
        head = self._found(call, conn, request.replay_id)
        decisions.check_acts(
            call,
            [decisions.Act("", head.proposed_by_key)],
            etag_is_current=hmac.compare_digest(request.digest, digest(head)),
            open_state=rules.is_open(head, to_us(call.now())),
        )
        return head

    def _found(self, call: Call, conn: Connection, replay_id: str) -> record_pb2.TripwireReplayRecord:
        found = store.one(conn, self._sealer, raw(replay_id), call)
        if found is None:
            raise errors.NoRecord
        return found


def digest(record: record_pb2.TripwireReplayRecord) -> bytes:
    """What the thresholds of a replay are known by, 32 bytes."""
    return documents.digest(DOCUMENT, record.content)


def _thresholds(toml: bytes) -> bytes:
    """Thresholds in the form in which they are kept.

    Raises:
        errors.InvalidFields: POLICY_NOT_VALID.
    """
    try:
        return documents.canonical(documents.parse(DOCUMENT, toml))
    except source.PolicyError as error:
        place = f"toml.{error.path}" if error.path else "toml"
        violation = errors.Violation(place, error.reason)
        raise errors.InvalidFields(errors_pb2.ERROR_REASON_POLICY_NOT_VALID, violations=(violation,)) from None


def _told(call: Call) -> list[Row]:
    """NPB hears of each step, so that no two officers have one computed unseen by the others."""
    npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
    return outbox.owed(notification_pb2.EVENT_KIND_TRIPWIRE_REPLAYS_CHANGED, npb)


def _replay(call: Call, record: record_pb2.TripwireReplayRecord) -> replays_pb2.TripwireReplay:
    def number(key: bytes) -> str:
        return decisions.holder(call, call.agency.agency_id, key).officer_number if key else ""

    made = replays_pb2.TripwireReplay(
        replay_id=text(record.replay_id),
        state=replays_pb2.TripwireReplayState.ValueType(record.version),
        digest=digest(record),
        proposed_by=number(record.proposed_by_key),
        approved_by=number(record.approved_by_key),
    )
    set_us(made.start_time, record.start_us)
    set_us(made.end_time, record.end_us)
    set_us(made.propose_time, record.propose_time_us)
    set_us(made.expire_time, record.expire_time_us)
    return made


def _result(found: record_pb2.ReplayedTripwires) -> replays_pb2.ReplayResult:
    made = replays_pb2.ReplayResult(
        accesses=found.accesses,
        counts=[
            replays_pb2.ReplayedCount(
                kind=tripwires_pb2.TripwireKind.ValueType(each.kind), agency_id=each.agency, findings=each.findings
            )
            for each in found.counts
        ],
    )
    for each in found.findings:
        one = made.findings.add(
            kind=tripwires_pb2.TripwireKind.ValueType(each.kind),
            agency_id=each.agency,
            officer_number=each.officer_number,
            count=each.count,
            access_ids=[text(access_id) for access_id in each.access_ids],
        )
        set_us(one.trip_time, each.tripped_us)
    return made
