"""The corrections' part of RegistrationService: taken at any station, listed for the owner, and decided by him."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence

from nsor.v1 import corrections_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions, rows
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import from_us, set_day, to_day, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.ledger import rests_on
from nsor_server.registration import record as records
from nsor_server.registration import rules as owners
from nsor_server.registration import shown
from nsor_server.registration import store as registrations
from nsor_server.registration.corrections import rules, store
from nsor_server.registration.worklists import owed
from nsor_server.registration.worklists import rows as works
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2


class Corrections:
    """Takes, lists and decides corrections."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                corrections_pb2.RequestCorrectionRequest,
                corrections_pb2.RequestCorrectionResponse,
                self.request_correction,
                self._requested_again,
                charge=lambda request: Charge(request.cnic or request.registration_id),
            ),
            Unary(
                corrections_pb2.ListCorrectionsRequest,
                corrections_pb2.ListCorrectionsResponse,
                self.list_corrections,
                charge=lambda request: Charge(request.registration_id),
            ),
            Unary(
                corrections_pb2.DecideCorrectionRequest,
                corrections_pb2.DecideCorrectionResponse,
                self.decide_correction,
                self._decided_again,
            ),
        )

    def request_correction(
        self, call: Call, request: corrections_pb2.RequestCorrectionRequest, _conn: Connection
    ) -> Outcome[corrections_pb2.RequestCorrectionResponse]:
        """Take what a person says is wrong. The register isn't asked whether there is such a record.

        Raises:
            errors.Denied: OUTSIDE_JURISDICTION.
        """
        rows.require_within(call.agency, call.officer, [request.receiving_station])
        if request.validate_only:
            answer = corrections_pb2.RequestCorrectionResponse()
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        record = record_pb2.CorrectionRequestRecord(
            correction_request_id=uuid.uuid4().bytes,
            cnic=request.cnic,
            registration_id=raw(request.registration_id) if request.registration_id else b"",
            particular=request.particular,
            support=request.support,
            application_number=request.application_number,
            receiving_station=request.receiving_station,
            received_day=to_day(request.received_date),
            contests_refusal=request.contests_refusal,
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
        )
        row, ref = store.request_row(self._sealer, record)
        answer = corrections_pb2.RequestCorrectionResponse(request_number=text(record.correction_request_id))
        detail = record_pb2.AccessDetail(outcome="CORRECTION_REQUESTED", subjects=[record.correction_request_id])
        return Outcome(disclose(answer, call.purpose), detail, (row,), (ref,))

    def list_corrections(
        self, call: Call, request: corrections_pb2.ListCorrectionsRequest, conn: Connection
    ) -> Outcome[corrections_pb2.ListCorrectionsResponse]:
        """List the corrections of a registration for its owner and NPB, the newest first.

        Raises:
            errors.NoRecord: there is none, or the caller is neither.
        """
        row, record = self._head(call, request.registration_id, conn)
        if call.agency.kind != options_pb2.AGENCY_KIND_NPB:
            _require_owner(call, record)
        key = registrations.data_key(self._sealer, row)
        # Counted before they are read: one that met the record in between is found or was not counted.
        known = store.count(conn, row.registration_id)
        found = store.of_registration(conn, self._sealer, key, row.registration_id, rules.MOST)
        answer = corrections_pb2.ListCorrectionsResponse(corrections=map(_message, found))
        detail = _detail(call, "CORRECTIONS_LISTED", record, *(each.correction_id for each in found))
        detail.classes_shown.extend(classes_shown(answer.DESCRIPTOR, call.purpose))
        detail.shown_version = record.version
        detail.rests_on = rests_on.digest(itertools.chain.from_iterable(each.rests_on for each in found))
        seen = (registrations.seen(row), known, *(each.seen for each in found))
        return Outcome(disclose(answer, call.purpose), detail, seen=seen)

    def decide_correction(
        self, call: Call, request: corrections_pb2.DecideCorrectionRequest, conn: Connection
    ) -> Outcome[corrections_pb2.DecideCorrectionResponse]:
        """Accept or refuse a correction; what is accepted is disputed no more.

        Raises:
            errors.NoRecord: there is none, or the caller isn't the record's owner.
            errors.Denied: SECOND_PERSON_REQUIRED: the officer has taken it himself.
            errors.WrongState: it is decided, or accepts what a compromised key has taken.
        """
        if request.validate_only:
            answer = corrections_pb2.DecideCorrectionResponse()
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record, key, correction = self._taken(call, request, conn)
        decision = record_pb2.CorrectionDecisionRecord(
            correction_id=correction.correction_id,
            registration_id=row.registration_id,
            refusal=request.refusal,
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
            time_us=to_us(call.now()),
        )
        decided, ref = store.decision_row(key, decision)
        others, unchanged = self._others(conn, key, row.registration_id, correction)
        of, open_us = owed.owner(record), [to_us(each.met_at) for each in others]
        added, refs = [decided, works.of_itself(owed.corrections(row.registration_id, of, open_us))], [ref]
        following = None if request.refusal else rules.settled(record, correction.request.particular)
        if following is not None:
            written = registrations.version_row(key, record, following, call.now())
            added.append(written.row)
            refs.append(written.ref)
        added += outbox.owed(
            notification_pb2.EVENT_KIND_CORRECTION_DECIDED,
            recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
            registration_id=row.registration_id,
        )
        answer = corrections_pb2.DecideCorrectionResponse(state=_state(decision))
        outcome = "CORRECTION_REFUSED" if request.refusal else "CORRECTION_ACCEPTED"
        detail = _detail(call, outcome, record, correction.correction_id)
        seen = (registrations.seen(row), *unchanged)
        return Outcome(disclose(answer, call.purpose), detail, added, refs, seen)

    def _others(
        self, conn: Connection, key: DataKey, registration_id: bytes, decided: store.Correction
    ) -> tuple[list[store.Correction], list[Seen]]:
        """The other open corrections of a registration, and that they and the decided one are all."""
        found, seen = store.undecided(conn, self._sealer, key, registration_id)
        return [each for each in found if each.correction_id != decided.correction_id], [*seen, decided.seen]

    def _taken(
        self, call: Call, request: corrections_pb2.DecideCorrectionRequest, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord, DataKey, store.Correction]:
        """A record of the caller's, and the correction that is decided.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``decide_correction``.
        """
        row, record = self._head(call, request.registration_id, conn)
        _require_owner(call, record)
        key = registrations.data_key(self._sealer, row)
        correction = store.one(conn, self._sealer, key, row.registration_id, raw(request.correction_id))
        call.looks_at(record_pb2.LOOKED_AT_KIND_CORRECTION, raw(request.correction_id), int(correction is not None))
        if correction is None:
            raise errors.NoRecord
        decisions.check_acts(
            call,
            [decisions.Act(correction.request.agency, correction.request.officer_key)],
            open_state=correction.decision is None,
            grants=not request.refusal,
        )
        return row, record, key, correction

    def _head(
        self, call: Call, registration_id: str, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord]:
        found = registrations.head(conn, self._sealer, raw(registration_id), call)
        if found is None:
            raise errors.NoRecord
        return found

    def _requested_again(
        self, call: Call, request: corrections_pb2.RequestCorrectionRequest, _conn: Connection
    ) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.receiving_station])
        return ()

    def _decided_again(
        self, call: Call, request: corrections_pb2.DecideCorrectionRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (registrations.seen(self._taken(call, request, conn)[0]),)


def _require_owner(call: Call, record: record_pb2.RegistrationRecord) -> None:
    if not owners.is_owner(record, call.agency, call.officer):
        raise errors.NoRecord


def _detail(
    call: Call, outcome: str, record: record_pb2.RegistrationRecord, *corrections: bytes
) -> record_pb2.AccessDetail:
    """What the entry says. Its case is one that the caller is shown: lists of accesses name it."""
    convictions = shown.to_agency(record, call.agency, call.officer)
    return record_pb2.AccessDetail(
        outcome=outcome,
        case_reference=records.case_reference(convictions[0].fir) if convictions else "",
        subjects=[record.registration_id, *corrections],
    )


def _state(
    decision: record_pb2.CorrectionDecisionRecord | None,
) -> corrections_pb2.CorrectionState.ValueType:
    if decision is None:
        return corrections_pb2.CORRECTION_STATE_OPEN
    return corrections_pb2.CORRECTION_STATE_REFUSED if decision.refusal else corrections_pb2.CORRECTION_STATE_ACCEPTED


def _message(correction: store.Correction) -> corrections_pb2.Correction:
    request, decision = correction.request, correction.decision
    message = corrections_pb2.Correction(
        correction_id=text(correction.correction_id),
        state=_state(decision),
        particular=corrections_pb2.CorrectionParticular.ValueType(request.particular),
        support=corrections_pb2.CorrectionSupport.ValueType(request.support),
        application_number=request.application_number,
        receiving_station=request.receiving_station,
        contests_refusal=request.contests_refusal,
        refusal=corrections_pb2.CorrectionRefusal.ValueType(decision.refusal if decision else 0),
        create_time=from_us(to_us(correction.met_at)),
    )
    set_day(message.received_date, request.received_day)
    return message
