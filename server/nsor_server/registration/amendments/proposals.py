"""Proposed amendments on the wire: whoever has a part in a record proposes, its owner decides. No SQL, no law."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from nsor.v1 import amendments_pb2, errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.amendments import SECOND_OFFICER
from nsor_server.formats.instants import set_us, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.ledger import rests_on
from nsor_server.policy.deadlines import PROPOSED_AMENDMENT
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import rules as owners
from nsor_server.registration import store as registrations
from nsor_server.registration.amendments import rules, store
from nsor_server.registration.amendments.record import of_request, to_message
from nsor_server.registration.amendments.service import Owned, detail, fitting, following, owned
from nsor_server.registration.worklists import owed
from nsor_server.registration.worklists import rows as works
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2

_Changing: TypeAlias = amendments_pb2.ProposeAmendmentRequest | amendments_pb2.WithdrawAmendmentRequest


class Proposals:
    """Proposes, accepts, refuses, withdraws and lists amendments."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                amendments_pb2.ProposeAmendmentRequest,
                amendments_pb2.ProposeAmendmentResponse,
                self.propose_amendment,
                self._shown_again,
            ),
            Unary(
                amendments_pb2.AcceptAmendmentRequest,
                amendments_pb2.AcceptAmendmentResponse,
                self.accept_amendment,
                self._decided_again,
            ),
            Unary(
                amendments_pb2.RefuseAmendmentRequest,
                amendments_pb2.RefuseAmendmentResponse,
                self.refuse_amendment,
                self._decided_again,
            ),
            Unary(
                amendments_pb2.WithdrawAmendmentRequest,
                amendments_pb2.WithdrawAmendmentResponse,
                self.withdraw_amendment,
                self._shown_again,
            ),
            Unary(
                amendments_pb2.GetAmendmentRequest,
                amendments_pb2.GetAmendmentResponse,
                self.get_amendment,
                charge=lambda request: Charge(request.registration_id),
            ),
            Unary(
                amendments_pb2.ListAmendmentsRequest,
                amendments_pb2.ListAmendmentsResponse,
                self.list_amendments,
                charge=lambda request: Charge(request.registration_id),
            ),
        )

    def propose_amendment(
        self, call: Call, request: amendments_pb2.ProposeAmendmentRequest, conn: Connection
    ) -> Outcome[amendments_pb2.ProposeAmendmentResponse]:
        """Propose an amendment. Whether it fits the record is the owner's to see: not all of it is shown to the others.

        Raises:
            errors.NoRecord: the caller has no part in a record of that id.
            errors.InvalidFields: the caller owns the record, and it doesn't fit: as ``rules.check_fits``.
            errors.WrongState: TOO_MANY_AMENDMENTS.
        """
        paths = request.update_mask.paths
        if request.validate_only:
            odd = rules.warnings(request.particulars, paths, None)
            answer = disclose(amendments_pb2.ProposeAmendmentResponse(warnings=odd), call.purpose)
            return Outcome(answer, record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record = self._head(call, request.registration_id, conn)
        key = registrations.data_key(self._sealer, row)
        waiting, known = store.undecided(conn, key, row.registration_id)
        now_us = to_us(call.now())
        if not rules.has_room(call.agency.agency_id, [each.record.agency for each in waiting if each.is_open(now_us)]):
            raise errors.WrongState(errors_pb2.ERROR_REASON_TOO_MANY_AMENDMENTS)
        proposed = record_pb2.AmendmentRecord(
            amendment_id=uuid.uuid4().bytes,
            registration_id=row.registration_id,
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
            paths=paths,
            particulars=of_request(request.particulars),
            expire_time_us=to_us(policy_of(call).deadlines.due(PROPOSED_AMENDMENT, call.now()).due),
        )
        added, ref = store.proposal_rows(key, proposed, call.now())
        own = record if owners.is_owner(record, call.agency, call.officer) else None
        if own is not None:
            fitting(call, own, proposed)
        odd = rules.warnings(request.particulars, paths, own)
        answer = amendments_pb2.ProposeAmendmentResponse(amendment_id=text(proposed.amendment_id), warnings=odd)
        return Outcome(
            disclose(answer, call.purpose),
            detail(call, "AMENDMENT_PROPOSED", record, proposed.amendment_id),
            (
                added,
                _work(record, [*(each.record for each in waiting), proposed], proposed.create_time_us),
                *_told_owner(call, record),
            ),
            (ref,),
            (registrations.seen(row), known, *(each.seen for each in waiting)),
        )

    def accept_amendment(
        self, call: Call, request: amendments_pb2.AcceptAmendmentRequest, conn: Connection
    ) -> Outcome[amendments_pb2.AcceptAmendmentResponse]:
        """Accept an amendment, which makes the record's next version.

        Raises:
            errors.NoRecord: there is none, or the record isn't the caller's.
            errors.Denied: SECOND_PERSON_REQUIRED: he has proposed it himself.
            errors.EtagMismatch: he has seen another version.
            errors.WrongState: it is decided, its time is over, a compromised key has proposed it, or it doesn't fit the
                record as it is now.
        """
        if request.validate_only:
            return Outcome(amendments_pb2.AcceptAmendmentResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        of, found = self._proposed(call, request, conn)
        try:
            written = following(call, of, request.etag, found.record, (conn, self._blind_index))
        except errors.InvalidFields:
            raise errors.WrongState from None
        state = amendments_pb2.AMENDMENT_STATE_ACCEPTED
        decision = _decision(call, found, state, version=of.record.version + 1)
        decided, ref = store.decision_rows(of.key, decision)
        left = _left(conn, of.key, of.record, decision)
        answer = amendments_pb2.AcceptAmendmentResponse(state=state, etag=written.etag)
        return Outcome(
            disclose(answer, call.purpose),
            detail(call, "AMENDMENT_ACCEPTED", of.record, found.record.amendment_id),
            (
                *written.rows,
                *(decided, left.row),
                *_told(notification_pb2.EVENT_KIND_AMENDMENT_ACCEPTED, found),
                *_told_npb(call, found),
            ),
            (*written.refs, ref),
            (*written.seen, found.seen, *left.seen),
        )

    def refuse_amendment(
        self, call: Call, request: amendments_pb2.RefuseAmendmentRequest, conn: Connection
    ) -> Outcome[amendments_pb2.RefuseAmendmentResponse]:
        """Refuse an amendment with a reason.

        Raises:
            errors.NoRecord: there is none, or the record isn't the caller's.
            errors.Denied: SECOND_PERSON_REQUIRED: he has proposed it himself, and withdraws it.
            errors.WrongState: it is decided, or its time is over.
        """
        if request.validate_only:
            return Outcome(amendments_pb2.RefuseAmendmentResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        of, found = self._proposed(call, request, conn)
        state = amendments_pb2.AMENDMENT_STATE_REFUSED
        decision = _decision(call, found, state, refusal=request.reason)
        decided, ref = store.decision_rows(of.key, decision)
        left = _left(conn, of.key, of.record, decision)
        return Outcome(
            disclose(amendments_pb2.RefuseAmendmentResponse(state=state), call.purpose),
            detail(call, "AMENDMENT_REFUSED", of.record, found.record.amendment_id),
            (decided, left.row, *_told(notification_pb2.EVENT_KIND_AMENDMENT_REFUSED, found)),
            (ref,),
            (registrations.seen(of.row), found.seen, *left.seen),
        )

    def withdraw_amendment(
        self, call: Call, request: amendments_pb2.WithdrawAmendmentRequest, conn: Connection
    ) -> Outcome[amendments_pb2.WithdrawAmendmentResponse]:
        """Withdraw an amendment that the caller's agency has proposed.

        Raises:
            errors.NoRecord: there is none, or another agency has proposed it.
            errors.WrongState: it is decided, or its time is over.
        """
        if request.validate_only:
            return Outcome(amendments_pb2.WithdrawAmendmentResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record = self._head(call, request.registration_id, conn)
        key = registrations.data_key(self._sealer, row)
        found = _one(call, conn, key, row.registration_id, raw(request.amendment_id))
        if found is None or not rules.may_withdraw(call.agency.agency_id, found.record.agency):
            raise errors.NoRecord
        if not found.is_open(to_us(call.now())):
            raise errors.WrongState
        state = amendments_pb2.AMENDMENT_STATE_WITHDRAWN
        decision = _decision(call, found, state)
        decided, ref = store.decision_rows(key, decision)
        left = _left(conn, key, record, decision)
        return Outcome(
            disclose(amendments_pb2.WithdrawAmendmentResponse(state=state), call.purpose),
            detail(call, "AMENDMENT_WITHDRAWN", record, found.record.amendment_id),
            (decided, left.row),
            (ref,),
            (registrations.seen(row), found.seen, *left.seen),
        )

    def list_amendments(
        self, call: Call, request: amendments_pb2.ListAmendmentsRequest, conn: Connection
    ) -> Outcome[amendments_pb2.ListAmendmentsResponse]:
        """List the amendments that the caller may see, the newest first: what waits first comes from all of them."""
        row, record = self._head(call, request.registration_id, conn)
        key = registrations.data_key(self._sealer, row)
        # Counted before they are read: one that is proposed in between is found or was not counted.
        counted = store.count(conn, row.registration_id)
        waiting = store.waiting(conn, key, row.registration_id, rules.MOST_LISTED)
        newest = store.newest(conn, key, row.registration_id, rules.MOST_LISTED)
        known = {each.record.amendment_id for each in waiting}
        found = [*waiting, *(each for each in newest if each.record.amendment_id not in known)]
        listed = [each for each in found if _is_listed(call, record, each)][: rules.MOST_LISTED]
        listed.sort(key=lambda each: (each.record.create_time_us, each.record.amendment_id), reverse=True)
        answer = amendments_pb2.ListAmendmentsResponse(amendments=[_message(call, record, each) for each in listed])
        entry = detail(call, "AMENDMENTS_LISTED", record, *(each.record.amendment_id for each in listed))
        _add_shown(entry, record, found, classes_shown(answer.DESCRIPTOR, call.purpose))
        seen = (registrations.seen(row), counted, *(each.seen for each in found))
        return Outcome(disclose(answer, call.purpose), entry, seen=seen)

    def get_amendment(
        self, call: Call, request: amendments_pb2.GetAmendmentRequest, conn: Connection
    ) -> Outcome[amendments_pb2.GetAmendmentResponse]:
        """Show an amendment. One that isn't the caller's to see is as absent as one that was never proposed."""
        row, record = self._head(call, request.registration_id, conn)
        key = registrations.data_key(self._sealer, row)
        found = _one(call, conn, key, row.registration_id, raw(request.amendment_id))
        if found is None or not _is_listed(call, record, found):
            raise errors.NoRecord
        answer = amendments_pb2.GetAmendmentResponse(
            amendment=_message(call, record, found),
            particulars=to_message(found.record.paths, found.record.particulars),
        )
        entry = detail(call, "AMENDMENT_SHOWN", record, found.record.amendment_id)
        _add_shown(entry, record, [found], classes_shown(answer.DESCRIPTOR, call.purpose))
        return Outcome(disclose(answer, call.purpose), entry, seen=(registrations.seen(row), found.seen))

    def _proposed(
        self,
        call: Call,
        request: amendments_pb2.AcceptAmendmentRequest | amendments_pb2.RefuseAmendmentRequest,
        conn: Connection,
    ) -> tuple[Owned, store.Amendment]:
        """A record of the caller's, and what another officer has proposed of it.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``accept_amendment``.
        """
        of = owned(self._sealer, call, request.registration_id, conn)
        found = _one(call, conn, of.key, of.row.registration_id, raw(request.amendment_id))
        if found is None:
            raise errors.NoRecord
        decisions.check_acts(
            call,
            [decisions.Act(found.record.agency, found.record.officer_key)],
            open_state=found.is_open(to_us(call.now())),
        )
        return of, found

    def _decided_again(
        self,
        call: Call,
        request: amendments_pb2.AcceptAmendmentRequest | amendments_pb2.RefuseAmendmentRequest,
        conn: Connection,
    ) -> tuple[Seen, ...]:
        of, found = self._proposed(call, request, conn)
        return (registrations.seen(of.row), found.seen)

    def _shown_again(self, call: Call, request: _Changing, conn: Connection) -> tuple[Seen, ...]:
        row, _ = self._head(call, request.registration_id, conn)
        return (registrations.seen(row),)

    def _head(
        self, call: Call, registration_id: str, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord]:
        found = registrations.head(conn, self._sealer, raw(registration_id), call)
        if found is None:
            raise errors.NoRecord
        return found


class _Left(NamedTuple):
    """What is left for the owner to decide.

    Attributes:
        row: that says so.
        seen: what it rests on.
    """

    row: Row
    seen: Sequence[Seen]


def _left(
    conn: Connection,
    key: DataKey,
    record: record_pb2.RegistrationRecord,
    decision: record_pb2.AmendmentDecisionRecord,
) -> _Left:
    """What is left to decide of a registration behind a decision."""
    waiting, counted = store.undecided(conn, key, record.registration_id)
    others = [each for each in waiting if each.record.amendment_id != decision.amendment_id]
    row = _work(record, [each.record for each in others], decision.time_us)
    return _Left(row, (counted, *(each.seen for each in others)))


def _work(record: record_pb2.RegistrationRecord, waiting: Sequence[record_pb2.AmendmentRecord], now_us: int) -> Row:
    """What the owner has to decide of a registration at an instant."""
    return works.of_itself(owed.amendments(record.registration_id, owed.owner(record), waiting, now_us))


def _add_shown(
    entry: record_pb2.AccessDetail,
    record: record_pb2.RegistrationRecord,
    read: Sequence[store.Amendment],
    classes: Sequence[int],
) -> None:
    """Say in an entry what its answer shows, and on what it rests: listed.py compares it with what there was."""
    entry.classes_shown.extend(classes)
    entry.shown_version = record.version
    entry.rests_on = rests_on.digest((each.record.amendment_id, each.seen.version) for each in read)


def _one(
    call: Call, conn: Connection, key: DataKey, registration_id: bytes, amendment_id: bytes
) -> store.Amendment | None:
    """An amendment of a registration; None: there is none of that id."""
    found = store.one(conn, key, registration_id, amendment_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_AMENDMENT, amendment_id, int(found is not None))
    return found


def _is_listed(call: Call, record: record_pb2.RegistrationRecord, each: store.Amendment) -> bool:
    owner, waits = owners.is_owner(record, call.agency, call.officer), each.is_open(to_us(call.now()))
    return rules.is_listed(call.agency.agency_id, each.record.agency, waits=waits, owner=owner)


def _decision(
    call: Call,
    found: store.Amendment,
    state: amendments_pb2.AmendmentState.ValueType,
    *,
    refusal: int = 0,
    version: int = 0,
) -> record_pb2.AmendmentDecisionRecord:
    return record_pb2.AmendmentDecisionRecord(
        amendment_id=found.record.amendment_id,
        registration_id=found.record.registration_id,
        state=state,
        refusal=refusal,
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        time_us=to_us(call.now()),
        version=version,
    )


def _message(call: Call, record: record_pb2.RegistrationRecord, each: store.Amendment) -> amendments_pb2.Amendment:
    now_us = to_us(call.now())
    message = amendments_pb2.Amendment(
        amendment_id=text(each.record.amendment_id),
        state=each.state(now_us),
        proposed_by_agency=each.record.agency,
        paths=each.record.paths,
        refusal=amendments_pb2.AmendmentRefusal.ValueType(each.decision.refusal),
        to_decide=each.is_open(now_us) and owners.is_owner(record, call.agency, call.officer),
        own=decisions.is_own(call, decisions.Act(each.record.agency, each.record.officer_key)),
    )
    set_us(message.expire_time, each.record.expire_time_us)
    set_us(message.create_time, each.record.create_time_us)
    return message


def _told_owner(call: Call, record: record_pb2.RegistrationRecord) -> list[Row]:
    """The owner alone is told that something awaits him."""
    told = owners.owners(record, call.agencies)
    return outbox.owed(notification_pb2.EVENT_KIND_AMENDMENT_PROPOSED, told, registration_id=record.registration_id)


def _told(kind: notification_pb2.EventKind.ValueType, found: store.Amendment) -> list[Row]:
    """The agency that proposed it hears what was decided, and no more."""
    return outbox.owed(kind, [found.record.agency], registration_id=found.record.registration_id)


def _told_npb(call: Call, found: store.Amendment) -> list[Row]:
    """NPB hears of what may take a person out of look-ups: by what was proposed, whatever it has changed."""
    if not SECOND_OFFICER & set(found.record.paths):
        return []
    told = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
    kind = notification_pb2.EVENT_KIND_IDENTIFIERS_AMENDED
    return outbox.owed(kind, told, registration_id=found.record.registration_id)
