"""How a record ends, on the wire: NPB proposes, and another of its officers confirms."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from nsor.v1 import closure_pb2, notification_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_day, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.policy.deadlines import SECOND_OFFICER
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import claims, shown
from nsor_server.registration import record as records
from nsor_server.registration import store as registrations
from nsor_server.registration.closure import events, meetings, rules, store, together
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.worklists import rows as works
from nsor_server.registration.worklists import seconds
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2


class _End(NamedTuple):
    """What a decision makes of one record: its version with events, what the ledger holds that to, and what it saw."""

    rows: tuple[Row, ...]
    ref: RecordRef
    seen: list[Seen]


class Closures:
    """Proposes and confirms how a record ends."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                closure_pb2.ProposeClosureRequest,
                closure_pb2.ProposeClosureResponse,
                self.propose_closure,
                self._proposed_again,
            ),
            Unary(
                closure_pb2.ConfirmClosureRequest,
                closure_pb2.ConfirmClosureResponse,
                self.confirm_closure,
                self._confirmed_again,
            ),
        )

    def propose_closure(
        self, call: Call, request: closure_pb2.ProposeClosureRequest, conn: Connection
    ) -> Outcome[closure_pb2.ProposeClosureResponse]:
        """Propose how a record ends; nothing of it changes.

        Raises:
            errors.NoRecord: there is none.
            errors.EtagMismatch: the officer has seen another version.
            errors.WrongState: the record doesn't stand as the decision needs, or one that is to be erased is needed for
                what NPB decided of another one.
        """
        if request.validate_only:
            answer = closure_pb2.ProposeClosureResponse()
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record = self._head(call, request.registration_id, conn)
        if request.etag != registrations.etag(row.sealed):
            raise errors.EtagMismatch
        rules.check_proposable(record, request.kind)
        free = self._check_free(call, conn, request.kind, row)
        closure = record_pb2.ClosureRecord(
            closure_id=uuid.uuid4().bytes,
            version=rules.PROPOSED,
            registration_id=row.registration_id,
            kind=request.kind,
            died_day=to_day(request.died_date) if request.HasField("died_date") else 0,
            certificate_number=request.certificate_number,
            erasure_reason=request.erasure_reason,
            registration_version=row.version,
            proposed_by_key=call.officer_key,
            propose_time_us=to_us(call.now()),
            expire_time_us=to_us(policy_of(call).deadlines.due(SECOND_OFFICER, call.now()).due),
        )
        added, ref = store.row(self._sealer, closure)
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        kind = notification_pb2.EVENT_KIND_CLOSURE_PROPOSED
        answer = closure_pb2.ProposeClosureResponse(
            closure_id=text(closure.closure_id), state=closure_pb2.CLOSURE_STATE_PROPOSED
        )
        return Outcome(
            disclose(answer, call.purpose),
            _detail(call, "CLOSURE_PROPOSED", record, closure),
            (
                added,
                works.of_itself(seconds.of_closure(closure)),
                *outbox.owed(kind, npb, registration_id=row.registration_id),
            ),
            (ref,),
            (registrations.seen(row), *free),
        )

    def confirm_closure(
        self, call: Call, request: closure_pb2.ConfirmClosureRequest, conn: Connection
    ) -> Outcome[closure_pb2.ConfirmClosureResponse]:
        """Confirm what another officer has proposed; the record is archived, or no more, as are others of the person.

        Raises:
            errors.NoRecord: there is no such record, or no such decision about it.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.EtagMismatch: the record has changed since.
            errors.WrongState: it is confirmed, has ended, its time is over, the record stands otherwise, or one that is
                to be erased is needed for what NPB decided of another one.
            errors.Internal: another record of the person isn't what was sealed.
        """
        if request.validate_only:
            answer = closure_pb2.ConfirmClosureResponse()
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record, closure = self._proposed(call, request, conn)
        rules.check_proposable(record, closure.kind)
        free = self._check_free(call, conn, closure.kind, row)
        confirmed = record_pb2.ClosureRecord()
        confirmed.CopyFrom(closure)
        confirmed.version, confirmed.confirmed_by_key = rules.CONFIRMED, call.officer_key
        added, ref = store.row(self._sealer, confirmed)
        claimants = Claimants(conn, self._sealer, self._blind_index)
        now = call.now()  # of all the same: by it they come back together
        person = together.of(claimants, record, closure.kind, to_us(now))
        key = registrations.data_key(self._sealer, row)
        ends = [
            self._end(call, conn, closure, record, key, now=now, death=person.death),
            *(self._end(call, conn, closure, other.record, other.key, now=now) for other in person.others),
        ]
        answer = closure_pb2.ConfirmClosureResponse(state=closure_pb2.CLOSURE_STATE_CONFIRMED)
        return Outcome(
            disclose(answer, call.purpose),
            _detail(call, "CLOSURE_CONFIRMED", record, closure),
            (added, works.of_itself(seconds.of_closure(confirmed)), *(each for end in ends for each in end.rows)),
            (ref, *(end.ref for end in ends)),
            (
                *(registrations.seen(row), store.seen(closure), *free, *person.seen),
                *(each for end in ends for each in end.seen),
            ),
        )

    def _end(
        self,
        call: Call,
        conn: Connection,
        closure: record_pb2.ClosureRecord,
        record: record_pb2.RegistrationRecord,
        key: DataKey,
        *,
        now: dt.datetime,
        death: record_pb2.Archive | None = None,
    ) -> _End:
        """End a record by a decision, or take that back; ``death``: as ``rules.closed`` takes it."""
        following = rules.closed(record, closure, to_us(now), death)
        written = registrations.version_row(key, record, following, now)
        return _End(
            (written.row, *_told(call, closure, record, following)),
            written.ref,
            claims.of_sealing(conn, self._blind_index, record, following),
        )

    def _check_free(self, call: Call, conn: Connection, kind: int, row: registrations.StoredVersion) -> Sequence[Seen]:
        """See that a registration that is to be erased is free to go; gives what that rests on."""
        if kind != closure_pb2.CLOSURE_KIND_ERASED:
            return ()
        return meetings.check_free(conn, self._sealer, row.registration_id, to_us(call.now()))

    def _head(
        self, call: Call, registration_id: str, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord]:
        found = registrations.head(conn, self._sealer, raw(registration_id), call)
        if found is None:
            raise errors.NoRecord
        return found

    def _proposed(
        self, call: Call, request: closure_pb2.ConfirmClosureRequest, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord, record_pb2.ClosureRecord]:
        """A record, and what another officer has proposed of it.

        Raises:
            errors.NoRecord, errors.Denied, errors.EtagMismatch, errors.WrongState: as ``confirm_closure``.
        """
        row, record = self._head(call, request.registration_id, conn)
        closure = store.head(conn, self._sealer, raw(request.closure_id))
        version = closure.version if closure else 0
        call.looks_at(record_pb2.LOOKED_AT_KIND_CLOSURE, raw(request.closure_id), version)
        if closure is None or closure.registration_id != row.registration_id:
            raise errors.NoRecord
        decisions.check_acts(
            call,
            [decisions.Act("", closure.proposed_by_key)],
            etag_is_current=closure.version != rules.PROPOSED or closure.registration_version == record.version,
            open_state=rules.is_open(closure, to_us(call.now())),
        )
        return row, record, closure

    def _proposed_again(
        self, call: Call, request: closure_pb2.ProposeClosureRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        row, _ = self._head(call, request.registration_id, conn)
        return (registrations.seen(row),)

    def _confirmed_again(
        self, call: Call, request: closure_pb2.ConfirmClosureRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        row, _, _ = self._proposed(call, request, conn)
        return (registrations.seen(row),)


def _told(
    call: Call,
    closure: record_pb2.ClosureRecord,
    record: record_pb2.RegistrationRecord,
    following: record_pb2.RegistrationRecord,
) -> list[Row]:
    """What others hear; of an erasure nothing: whoever entered the record finds that there is none.

    Nor of what is brought back of a record that a judgment has sealed meanwhile.
    """
    kind = _EVENTS.get(closure.kind)
    if kind is None:
        return []
    if closure.kind == closure_pb2.CLOSURE_KIND_RESTORED:
        # Nothing is news of what a judgment has sealed meanwhile, nor of what stays archived, as its person is dead.
        stands_again = (record.state, following.state) == (
            registration_pb2.REGISTRATION_STATE_ARCHIVED,
            registrations.CONFIRMED,
        )
        return events.owed(kind, record, call.agencies) if stands_again else []
    # Whoever isn't shown what is archived has heard that it is, and hears nothing of what NPB does with it.
    return events.owed(kind, following, call.agencies) if record.state == registrations.CONFIRMED else []


_EVENTS: Final[Mapping[int, notification_pb2.EventKind.ValueType]] = {
    closure_pb2.CLOSURE_KIND_DECEASED: notification_pb2.EVENT_KIND_REGISTRATION_ARCHIVED,
    closure_pb2.CLOSURE_KIND_WITHDRAWN: notification_pb2.EVENT_KIND_REGISTRATION_ARCHIVED,
    closure_pb2.CLOSURE_KIND_RESTORED: notification_pb2.EVENT_KIND_REGISTRATION_RESTORED,
}


def _detail(
    call: Call, outcome: str, record: record_pb2.RegistrationRecord, closure: record_pb2.ClosureRecord
) -> record_pb2.AccessDetail:
    # The detail of an erasure's decision stays, and names no case.
    is_kept = closure.kind == closure_pb2.CLOSURE_KIND_ERASED
    convictions = [] if is_kept else shown.to_agency(record, call.agency, call.officer)
    return record_pb2.AccessDetail(
        outcome=outcome,
        case_reference=records.case_reference(convictions[0].fir) if convictions else "",
        subjects=[record.registration_id, closure.closure_id],
    )
