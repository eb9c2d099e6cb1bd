"""Changes that NADRA reports by a handle, and what the record's owner decides on them. No SQL, no law."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from nsor.v1 import identity_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.formats.instants import to_day, to_us
from nsor_server.formats.uuids import raw
from nsor_server.registration import record as records
from nsor_server.registration import rules as registration_rules
from nsor_server.registration import shown, states
from nsor_server.registration import store as registrations
from nsor_server.registration.amendments import identifiers
from nsor_server.registration.identity import changes, events, store
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class IdentityChanges:
    """Takes reports and decisions."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                identity_pb2.ReportIdentityChangeRequest,
                identity_pb2.ReportIdentityChangeResponse,
                self.report_identity_change,
                self._reported_again,
            ),
            Unary(
                identity_pb2.DecideIdentityChangeRequest,
                identity_pb2.DecideIdentityChangeResponse,
                self.decide_identity_change,
                self._decided_again,
            ),
        )

    def report_identity_change(
        self, call: Call, request: identity_pb2.ReportIdentityChangeRequest, conn: Connection
    ) -> Outcome[identity_pb2.ReportIdentityChangeResponse]:
        """Take what NADRA reports. The record has it as a report, and stays as it is otherwise.

        Raises:
            errors.NoRecord: nobody was verified by the handle, or the record isn't shown any more.
            errors.InvalidFields: DATE_ORDER.
            errors.WrongState: there are too many reports.
        """
        if request.validate_only:
            return Outcome(identity_pb2.ReportIdentityChangeResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        found, verification = self._verified(call, request.handle, conn)
        record, now = found.record, call.now()
        changes.check_reportable(record, verification, request)
        following = states.next_version(record)
        following.identity_changes.add(
            change_id=uuid.uuid4().bytes,
            item_id=found.item.item_id,
            kind=request.kind,
            names=map(records.name_record, request.names),
            document_number=request.document_number,
            death_day=to_day(request.death_date) if request.HasField("death_date") else None,
            reference_number=request.reference_number,
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
            time_us=to_us(now),
            state=changes.REPORTED,
        )
        written = registrations.version_row(found.key, record, following, now)
        answer = identity_pb2.ReportIdentityChangeResponse(state=identity_pb2.IDENTITY_CHANGE_STATE_REPORTED)
        detail = record_pb2.AccessDetail(
            outcome="CHANGE_REPORTED", subjects=[record.registration_id, found.item.item_id]
        )
        told = events.to_owner(call, record, notification_pb2.EVENT_KIND_IDENTITY_CHANGE_REPORTED)
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            (written.row, *told),
            (written.ref,),
            (registrations.seen(found.row),),
        )

    def decide_identity_change(
        self, call: Call, request: identity_pb2.DecideIdentityChangeRequest, conn: Connection
    ) -> Outcome[identity_pb2.DecideIdentityChangeResponse]:
        """Accept or dispute what NADRA has reported. Another number is claimed as an amended one is.

        Raises:
            errors.NoRecord: the record isn't the caller's, or has no such change.
            errors.Denied: SECOND_PERSON_REQUIRED: the officer has reported it himself.
            errors.EtagMismatch: the owner has seen another version.
            errors.WrongState: it is decided, or accepts what a compromised key has reported.
        """
        if request.validate_only:
            return Outcome(identity_pb2.DecideIdentityChangeResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record, change = self._reported(call, request, conn)
        now = call.now()
        decision = record_pb2.IdentityChange(
            state=request.decision,
            dispute=request.dispute,
            decided_by_agency=call.agency.agency_id,
            decided_by_key=call.officer_key,
            decided_time_us=to_us(now),
        )
        following = changes.decided(states.next_version(record), change.change_id, decision)
        key = registrations.data_key(self._sealer, row)
        written = registrations.version_row(key, record, following, now)
        claim = identifiers.claimed(conn, self._blind_index, key, record, following)
        answer = identity_pb2.DecideIdentityChangeResponse(etag=written.etag, state=request.decision)
        convictions = shown.to_agency(record, call.agency, call.officer)
        detail = record_pb2.AccessDetail(
            outcome="CHANGE_DECIDED",
            case_reference=records.case_reference(convictions[0].fir) if convictions else "",
            subjects=[record.registration_id],
        )
        told = events.to_all(call, record, notification_pb2.EVENT_KIND_IDENTITY_CHANGE_DECIDED)
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            (written.row, *claim.rows, *told),
            (written.ref, *claim.refs),
            (registrations.seen(row), *claim.seen),
        )

    def _verified(
        self, call: Call, handle: str, conn: Connection
    ) -> tuple[store.HandedOut, record_pb2.IdentityVerification]:
        """An item of the caller's agency by which somebody was verified, who is shown still.

        Raises:
            errors.NoRecord: there is none.
        """
        found = store.by_handle(conn, self._sealer, raw(handle), call)
        verification = changes.verified_by(found.record, found.item.item_id) if found else None
        if found is None or verification is None:
            raise errors.NoRecord
        return found, verification

    def _reported(
        self, call: Call, request: identity_pb2.DecideIdentityChangeRequest, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord, record_pb2.IdentityChange]:
        """A record of the caller's, and the change that is decided.

        Raises:
            errors.NoRecord, errors.Denied, errors.EtagMismatch, errors.WrongState: as ``decide_identity_change``.
        """
        row, record = self._owned(call, request.registration_id, conn)
        change = changes.reported(record, raw(request.change_id))
        if change is None:
            raise errors.NoRecord
        decisions.check_acts(
            call,
            [decisions.Act(change.agency, change.officer_key)],
            etag_is_current=request.etag == registrations.etag(row.sealed),
            open_state=change.state == changes.REPORTED,
            grants=request.decision == changes.ACCEPTED,
        )
        return row, record, change

    def _owned(
        self, call: Call, registration_id: str, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord]:
        found = registrations.head(conn, self._sealer, raw(registration_id), call)
        if found is None or not registration_rules.is_owner(found[1], call.agency, call.officer):
            raise errors.NoRecord
        return found

    def _reported_again(
        self, call: Call, request: identity_pb2.ReportIdentityChangeRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (registrations.seen(self._verified(call, request.handle, conn)[0].row),)

    def _decided_again(
        self, call: Call, request: identity_pb2.DecideIdentityChangeRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (registrations.seen(self._reported(call, request, conn)[0]),)
