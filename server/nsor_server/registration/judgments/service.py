"""Judgments on the wire: recorded, confirmed and shown; and what a confirmation of a conviction takes from them.

Nothing that the recorder sees depends on the register: the answer is made of the request, the judgment has two rows of
its own, and what it changes of registrations stands behind it in the entry, whose one hash is of the same size for any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nsor.v1 import notification_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.policy.deadlines import SECOND_OFFICER
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import claims, states
from nsor_server.registration import store as registrations
from nsor_server.registration.closure.dead import Dead
from nsor_server.registration.judgments import record as records
from nsor_server.registration.judgments import rules, store
from nsor_server.registration.judgments.unmatched import UnmatchedJudgments
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.record import court_number
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class Judgments:
    """Records, confirms and shows judgments."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                registration_pb2.RecordJudgmentRequest,
                registration_pb2.RecordJudgmentResponse,
                self.record_judgment,
                self._recorded_again,
                _recording_charge,
            ),
            Unary(
                registration_pb2.ConfirmJudgmentRequest,
                registration_pb2.ConfirmJudgmentResponse,
                self.confirm_judgment,
                self._confirmed_again,
                _confirmation_charge,
            ),
            Unary(
                registration_pb2.ProposeUnsealingRequest,
                registration_pb2.ProposeUnsealingResponse,
                self.propose_unsealing,
            ),
            Unary(
                registration_pb2.ConfirmUnsealingRequest,
                registration_pb2.ConfirmUnsealingResponse,
                self.confirm_unsealing,
                lambda call, request, conn: (store.seen(self._to_unseal(call, request, conn)),),
            ),
            Unary(
                registration_pb2.GetJudgmentRequest,
                registration_pb2.GetJudgmentResponse,
                self.get_judgment,
                charge=lambda request: Charge(request.judgment_id),
            ),
            *UnmatchedJudgments(self._sealer).handlers(),
        )

    def record_judgment(
        self, call: Call, request: registration_pb2.RecordJudgmentRequest, conn: Connection
    ) -> Outcome[registration_pb2.RecordJudgmentResponse]:
        """Take a judgment, and change every confirmed conviction that it is about in the same commit.

        Raises:
            errors.Denied: OUTSIDE_JURISDICTION.
        """
        rules.check_may_record(call.agency, call.officer, request)
        deadlines = policy_of(call).deadlines
        confirmation = rules.confirmation_deadline(deadlines, call.agency, call.now())
        record = records.from_request(request, call, confirmation)
        answer = registration_pb2.RecordJudgmentResponse()
        appeal = rules.appeal_deadline(deadlines, request)
        if appeal is not None:
            answer.appeal_deadline.CopyFrom(appeal[0].message())
            answer.late = appeal[1]
        if confirmation is not None:
            answer.confirmation_deadline.CopyFrom(confirmation.message())
        detail = record_pb2.AccessDetail(outcome="VALIDATED", case_reference=records.trial_reference(record))
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), detail)
        record.create_time_us = to_us(call.now())
        answer.judgment_id = text(record.judgment_id)
        answer.state = registration_pb2.JudgmentState.ValueType(record.state)
        detail.outcome = "RECORDED"
        detail.subjects.append(record.judgment_id)
        written = store.first_version(self._sealer, self._blind_index, record)
        changed, refs, seen = self._changed(call, conn, record)
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            (*written.rows, *changed, *_recorded_events(call, record)),
            (written.ref, *refs),
            seen,
        )

    def confirm_judgment(
        self, call: Call, request: registration_pb2.ConfirmJudgmentRequest, conn: Connection
    ) -> Outcome[registration_pb2.ConfirmJudgmentResponse]:
        """Have a registry stand by a judgment that a prosecution recorded.

        Raises:
            errors.NoRecord: it isn't there, isn't this court's, or has another number.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it is confirmed, or a compromised key has recorded it.
        """
        if request.validate_only:
            return Outcome(registration_pb2.ConfirmJudgmentResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        record = self._recorded(call, request, conn)
        following = records.confirmed(record, call)
        written = store.version_row(self._sealer, following)
        answer = registration_pb2.ConfirmJudgmentResponse(state=registration_pb2.JUDGMENT_STATE_CONFIRMED)
        detail = _detail("CONFIRMED", record)
        return Outcome(disclose(answer, call.purpose), detail, written.rows, (written.ref,), (store.seen(record),))

    def propose_unsealing(
        self, call: Call, request: registration_pb2.ProposeUnsealingRequest, conn: Connection
    ) -> Outcome[registration_pb2.ProposeUnsealingResponse]:
        """Propose to unseal what a judgment restores; nothing of the register is read.

        Raises:
            errors.NoRecord: there is no such judgment.
            errors.WrongState: it restores nothing, its registry doesn't stand by it, or it is proposed.
        """
        if request.validate_only:
            return Outcome(registration_pb2.ProposeUnsealingResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        record = self._shown(call, request.judgment_id, conn)
        rules.check_proposable(record, to_us(call.now()))
        until = policy_of(call).deadlines.due(SECOND_OFFICER, call.now())
        written = store.version_row(self._sealer, records.proposed(record, call, until))
        answer = registration_pb2.ProposeUnsealingResponse(state=registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED)
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        told = outbox.owed(notification_pb2.EVENT_KIND_UNSEALING_PROPOSED, npb, judgment_id=record.judgment_id)
        detail = _detail("PROPOSED", record)
        return Outcome(
            disclose(answer, call.purpose), detail, (*written.rows, *told), (written.ref,), (store.seen(record),)
        )

    def confirm_unsealing(
        self, call: Call, request: registration_pb2.ConfirmUnsealingRequest, conn: Connection
    ) -> Outcome[registration_pb2.ConfirmUnsealingResponse]:
        """Unseal what a judgment restores, in every registration that it is about.

        Raises:
            errors.NoRecord: there is no such judgment.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it isn't proposed, its time is over, or there is nothing to unseal.
        """
        if request.validate_only:
            return Outcome(registration_pb2.ConfirmUnsealingResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        record = self._to_unseal(call, request, conn)
        found, seen = store.of_case(conn, self._blind_index, record)
        changed, refs, told, ids = [], [], [], []
        dead = Dead(Claimants(conn, self._sealer, self._blind_index), to_us(call.now()))
        for row in found:
            before, key = registrations.open_keyed(self._sealer, row)
            moves = rules.unsealing(before, record)
            if not moves:
                continue
            following = dead.archived(states.next_version(before, moves))
            seen += claims.of_sealing(conn, self._blind_index, before, following)
            written = registrations.version_row(key, before, following, call.now())
            changed.append(written.row)
            refs.append(written.ref)
            if not following.HasField("archive"):
                told += _unsealed_events(call, before)
            ids.append(text(before.registration_id))
        if not ids:
            raise errors.WrongState
        own = store.version_row(self._sealer, records.unsealed(record, call))
        answer = registration_pb2.ConfirmUnsealingResponse(
            state=registration_pb2.JUDGMENT_STATE_UNSEALED, registration_ids=ids
        )
        return Outcome(
            disclose(answer, call.purpose),
            _detail("UNSEALED", record),
            (*own.rows, *changed, *told),
            (own.ref, *refs),
            (store.seen(record), *seen, *dead.seen()),
        )

    def get_judgment(
        self, call: Call, request: registration_pb2.GetJudgmentRequest, conn: Connection
    ) -> Outcome[registration_pb2.GetJudgmentResponse]:
        """Show a judgment as it was recorded, and nothing of whether it has met a conviction.

        Raises:
            errors.NoRecord: it isn't there, or isn't the caller's to see.
        """
        record = self._shown(call, request.judgment_id, conn)
        answer = registration_pb2.GetJudgmentResponse(
            judgment=records.to_message(record, to_npb=call.agency.kind == options_pb2.AGENCY_KIND_NPB)
        )
        detail = record_pb2.AccessDetail(
            outcome="FOUND",
            case_reference=records.trial_reference(record),
            subjects=[record.judgment_id],
            shown_version=record.version,
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
        )
        return Outcome(
            disclose(answer, call.purpose, rules.confirming(record, call.agency.kind)),
            detail,
            seen=(store.seen(record),),
        )

    def joined(
        self, conn: Connection, record: record_pb2.RegistrationRecord, confirmed: Iterable[record_pb2.Conviction]
    ) -> tuple[record_pb2.RegistrationRecord, list[Seen]]:
        """A record whose convictions a court confirms now, after the judgments there were, and that there are no more.

        The court doesn't see of it: its answer, its rows and its events are those of any confirmation.

        Args:
            conn: any.
            record: with the convictions confirmed.
            confirmed: these convictions.
        """
        keys = {rules.key_of_conviction(conviction) for conviction in confirmed}
        found, seen = store.of_trials(conn, self._sealer, self._blind_index, keys)
        return rules.joined(record, found), seen

    def _changed(
        self, call: Call, conn: Connection, judgment: record_pb2.JudgmentRecord
    ) -> tuple[list[Row], list[RecordRef], list[Seen]]:
        """The next versions of all registrations with a confirmed conviction that a judgment is about."""
        found, seen = store.of_case(conn, self._blind_index, judgment)
        written = []
        for row in found:
            record, key = registrations.open_keyed(self._sealer, row)
            if rules.about(record, judgment):
                following = rules.joined(record, [judgment])
                following.version += 1
                seen += claims.of_sealing(conn, self._blind_index, record, following)
                written.append(registrations.version_row(key, record, following, call.now()))
        return [each.row for each in written], [each.ref for each in written], seen

    def _shown(self, call: Call, judgment_id: str, conn: Connection) -> record_pb2.JudgmentRecord:
        record = store.head(conn, self._sealer, raw(judgment_id), call)
        of_court = call.agency.kind == options_pb2.AGENCY_KIND_COURT
        if record is None or (of_court and not rules.gave(call.agency, record.court_kind)):
            raise errors.NoRecord
        return record

    def _recorded(
        self, call: Call, request: registration_pb2.ConfirmJudgmentRequest, conn: Connection
    ) -> record_pb2.JudgmentRecord:
        """A judgment that a prosecution has recorded, as the registry's own record names it.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``confirm_judgment``.
        """
        record = self._shown(call, request.judgment_id, conn)
        if court_number(record.order_number) != court_number(request.order_number):
            raise errors.NoRecord
        decisions.check_acts(
            call,
            [decisions.Act(record.recorded_by_agency, record.recorded_by_key)],
            open_state=record.state == registration_pb2.JUDGMENT_STATE_RECORDED,
        )
        return record

    def _to_unseal(
        self, call: Call, request: registration_pb2.ConfirmUnsealingRequest, conn: Connection
    ) -> record_pb2.JudgmentRecord:
        """A judgment of which another officer has proposed to unseal what it restores.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``confirm_unsealing``.
        """
        record = self._shown(call, request.judgment_id, conn)
        decisions.check_acts(
            call,
            [decisions.Act("", record.unsealing_proposed_by_key)],
            open_state=rules.is_unsealable(record, to_us(call.now())),
        )
        return record

    def _recorded_again(
        self, call: Call, request: registration_pb2.RecordJudgmentRequest, _conn: Connection
    ) -> tuple[Seen, ...]:
        rules.check_may_record(call.agency, call.officer, request)
        return ()

    def _confirmed_again(
        self, call: Call, request: registration_pb2.ConfirmJudgmentRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (store.seen(self._recorded(call, request, conn)),)


def _recording_charge(request: registration_pb2.RecordJudgmentRequest) -> Charge:
    """A judgment costs by the trial that it names, whatever the register holds."""
    return Charge(rules.key_of_trial(request.trial))


def _confirmation_charge(request: registration_pb2.ConfirmJudgmentRequest) -> Charge:
    """Each judgment has buckets of its own, whether or not there is one of that id, for the numbers tried on it."""
    return Charge(court_number(request.order_number), bucket=request.judgment_id)


def _detail(outcome: str, record: record_pb2.JudgmentRecord) -> record_pb2.AccessDetail:
    return record_pb2.AccessDetail(
        outcome=outcome, case_reference=records.trial_reference(record), subjects=[record.judgment_id]
    )


def _unsealed_events(call: Call, record: record_pb2.RegistrationRecord) -> list[Row]:
    """Whoever was told of its confirmation is told that it stands again."""
    told = [
        *recipients.responsible_police(call.agencies, record.responsible_place),
        *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
        record.created_by_agency,
        *([record.custodian_agency] if record.custodian_agency else []),
    ]
    kind = notification_pb2.EVENT_KIND_REGISTRATION_UNSEALED
    return outbox.owed(kind, told, registration_id=record.registration_id)


def _recorded_events(call: Call, record: record_pb2.JudgmentRecord) -> list[Row]:
    """The registries that may confirm it are told of what a prosecution recorded; NPB of every judgment."""
    told = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
    if record.state == registration_pb2.JUDGMENT_STATE_RECORDED:
        told += recipients.courts_for(call.agencies, [(record.court_kind, record.trial.court_place)])
    return outbox.owed(notification_pb2.EVENT_KIND_JUDGMENT_RECORDED, told, judgment_id=record.judgment_id)
