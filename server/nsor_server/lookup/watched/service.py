"""Watched numbers on the wire: entered by two officers of NPB, ended by two, listed without the numbers. No SQL."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import notification_pb2, options_pb2, watched_pb2
from nsor_server import errors
from nsor_server.access import decisions, lists, watched
from nsor_server.access.disclosure import disclose
from nsor_server.access.watched import Kind, Number, State, Version
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import from_us, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.lookup.watched import rules, store
from nsor_server.policy.deadlines import SECOND_OFFICER, Due
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

OUTCOMES: Final = {
    State.PROPOSED: "WATCH_PROPOSED",
    State.WATCHED: "WATCHED",
    State.DIFFERS: "WATCH_DIFFERS",
    State.END_PROPOSED: "WATCH_END_PROPOSED",
    State.ENDED: "WATCH_ENDED",
}
"""What the detail of an entry says, by what it makes of a number."""


class WatchedNumbers:
    """Takes the numbers of decoys and protected persons, of which a keyed hash is kept."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register of before."""
        self._sealer, self._blind_index, self._durable = sealer, blind_index, durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                watched_pb2.EnterWatchedNumberRequest,
                watched_pb2.EnterWatchedNumberResponse,
                self.enter,
                lambda call, request, conn: self._again(call, request, conn, State.PROPOSED),
            ),
            Unary(
                watched_pb2.EndWatchedNumberRequest,
                watched_pb2.EndWatchedNumberResponse,
                self.end,
                lambda call, request, conn: self._again(call, request, conn, State.END_PROPOSED),
            ),
            Unary(watched_pb2.ListWatchedNumbersRequest, watched_pb2.ListWatchedNumbersResponse, self.list),
        )

    def enter(
        self, call: Call, request: watched_pb2.EnterWatchedNumberRequest, conn: Connection
    ) -> Outcome[watched_pb2.EnterWatchedNumberResponse]:
        """Take a number, or the second entry of one.

        Raises:
            errors.NoRecord: nobody has entered one of this id.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it doesn't wait for a second entry, or the key is gone under which the first was hashed.
        """
        answer = watched_pb2.EnterWatchedNumberResponse()
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        kind, number = Kind(request.kind), _number(request)
        if not request.watched_id:
            decisions.check_acts(call, (), open_state=True)
            due = _due(call)
            blind = watched.values(self._blind_index, kind, number)[0]
            watched_id = uuid.uuid4().bytes
            version = Version(
                watched_id, watched.FIRST_VERSION, kind, State.PROPOSED, *blind, call.officer_key, due.due
            )
            answer.watched_id, answer.state = text(watched_id), watched_pb2.WATCHED_STATE_PROPOSED
            answer.confirm_deadline.CopyFrom(due.message())
            return Outcome(
                disclose(answer, call.purpose),
                _detail(version),
                (watched.row(version), *_told(call)),
                seen=(store.unused(watched_id),),
            )
        head = self._found(call, conn, request.watched_id).head
        if head.state != State.PROPOSED:
            raise errors.WrongState
        # Under the key of the first entry, also after a rotation: it is of the same number, or of another one.
        blind_now = dict(watched.values(self._blind_index, kind, number)).get(head.key_id)
        if blind_now is None:
            raise errors.WrongState
        decisions.check_acts(call, [_act(head)], open_state=rules.is_waiting(head, State.PROPOSED, call.now()))
        state = rules.entered(same=hmac.compare_digest(blind_now, head.blind))
        following = _following(call, head, state)._replace(blind=blind_now)
        answer.watched_id, answer.state = request.watched_id, watched_pb2.WatchedState.ValueType(state)
        return Outcome(
            disclose(answer, call.purpose),
            _detail(following),
            (watched.row(following), *_told(call)),
            seen=(store.seen(head),),
        )

    def end(
        self, call: Call, request: watched_pb2.EndWatchedNumberRequest, conn: Connection
    ) -> Outcome[watched_pb2.EndWatchedNumberResponse]:
        """Propose that a number is watched no more, or agree to that.

        Raises:
            errors.NoRecord: nobody has entered one of this id.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it isn't watched.
        """
        answer = watched_pb2.EndWatchedNumberResponse()
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        head = self._found(call, conn, request.watched_id).head
        # What a compromised key has proposed is proposed anew: ending waits for nobody's key.
        proposed = rules.is_waiting(head, State.END_PROPOSED, call.now()) and head.decided_by not in call.compromised
        decisions.check_acts(call, [_act(head)] if proposed else (), open_state=rules.may_be_ended(head))
        following = _following(call, head, State.ENDED if proposed else State.END_PROPOSED)
        if not proposed:
            due = _due(call)
            following = following._replace(expires_at=due.due)
            answer.confirm_deadline.CopyFrom(due.message())
        answer.state = watched_pb2.WatchedState.ValueType(following.state)
        return Outcome(
            disclose(answer, call.purpose),
            _detail(following),
            (watched.row(following), *_told(call)),
            seen=(store.seen(head),),
        )

    def list(
        self, call: Call, request: watched_pb2.ListWatchedNumbersRequest, conn: Connection
    ) -> Outcome[watched_pb2.ListWatchedNumbersResponse]:
        """List what was entered, the newest in front.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
        """
        size = request.page_size or rules.DEFAULT_PAGE
        after = lists.place(self._sealer, call, request.page_token) or b""
        durable = self._durable()
        page = store.page(conn, after=after, most=size + 1)
        lists.require_durable(page.size, durable)
        answer = watched_pb2.ListWatchedNumbersResponse(items=[_item(call, each) for each in page.found[:size]])
        if len(page.found) > size:
            answer.next_page_token = lists.token(self._sealer, call, page.found[size - 1].first.watched_id)
        listed = record_pb2.ListedWatchedNumbers(
            before=page.size,
            after=after,
            most=size + 1,
            found=store.digest([(each.first.watched_id, each.head.version) for each in page.found]),
        )
        return Outcome(
            disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="LISTED", listed_watched_numbers=listed)
        )

    def _again(
        self,
        call: Call,
        request: watched_pb2.EnterWatchedNumberRequest | watched_pb2.EndWatchedNumberRequest,
        conn: Connection,
        proposed: State,
    ) -> Sequence[Seen]:
        """See that who has entered or ended a number is another human than who had proposed that."""
        stored = self._found(call, conn, request.watched_id) if request.watched_id else None
        acts = [_act(each) for each in stored.versions if each.state == proposed] if stored else ()
        decisions.check_acts(call, acts, open_state=True)
        return (store.seen(stored.head),) if stored else ()

    def _found(self, call: Call, conn: Connection, watched_id: str) -> store.Stored:
        found = store.one(conn, raw(watched_id), call)
        if found is None:
            raise errors.NoRecord
        return found


def _number(request: watched_pb2.EnterWatchedNumberRequest) -> Number:
    """The number that a checked request names; it is kept nowhere."""
    if request.cnic:
        identifier = registrations.of_cnic(request.cnic)
    else:
        document = request.travel_document
        identifier = registrations.of_document(document.country, document.number, document.kind)
    return Number(identifier.use, identifier.text)


def _due(call: Call) -> Due:
    """Until when a second officer may agree."""
    return policy_of(call).deadlines.due(SECOND_OFFICER, call.now())


def _act(version: Version) -> decisions.Act:
    return decisions.Act("", version.decided_by)


def _following(call: Call, head: Version, state: State) -> Version:
    """The next version, which waits for nobody."""
    return head._replace(version=head.version + 1, state=state, decided_by=call.officer_key, expires_at=None)


def _detail(version: Version) -> record_pb2.AccessDetail:
    return record_pb2.AccessDetail(outcome=OUTCOMES[State(version.state)], subjects=[version.watched_id])


def _told(call: Call) -> list[Row]:
    """NPB hears of each step, of which number isn't said: no officer has one watched, or ends that, unseen."""
    npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
    return outbox.owed(notification_pb2.EVENT_KIND_WATCHED_NUMBERS_CHANGED, npb)


def _item(call: Call, stored: store.Stored) -> watched_pb2.WatchedNumber:
    """What is shown of one; whoever has decided is an officer of the caller's own agency."""
    first, head = stored.first, stored.head
    item = watched_pb2.WatchedNumber(
        watched_id=text(first.watched_id),
        kind=watched_pb2.WatchedKind.ValueType(first.kind),
        state=watched_pb2.WatchedState.ValueType(head.state),
        entered_by=decisions.holder(call, call.agency.agency_id, first.decided_by).officer_number,
        enter_time=from_us(to_us(stored.entered_at)),
        decided_by=decisions.holder(call, call.agency.agency_id, head.decided_by).officer_number,
        decide_time=from_us(to_us(stored.decided_at)),
    )
    if head.expires_at is not None:
        item.expire_time.CopyFrom(from_us(to_us(head.expires_at)))
    return item
