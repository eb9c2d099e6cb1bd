"""Custody on the wire: events are recorded, a release is accepted or refused, custody is shown. No SQL, no law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor.v1 import custody_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import classes_shown, disclose, shows
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.uuids import raw
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import record as records
from nsor_server.registration import shown, states, store
from nsor_server.registration.custody import record as custody
from nsor_server.registration.custody import releases, rules
from nsor_server.registration.duties import due_dates
from nsor_server.registration.duties import rules as duties
from nsor_server.registration.transfers import events as transfers
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_CONVICTIONS: Final = registration_pb2.Registration.DESCRIPTOR.fields_by_name["convictions"]


class _Recorded(NamedTuple):
    """An event, with what is written of it."""

    record: record_pb2.RegistrationRecord
    etag: str
    rows: Sequence[Row]
    ref: RecordRef
    seen: Seen


class CustodyService:
    """Records custody events, has the police of an address decide on a release, and shows custody."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                custody_pb2.RecordCustodyEventRequest,
                custody_pb2.RecordCustodyEventResponse,
                self.record_custody_event,
                self._shown_again,
            ),
            Unary(
                custody_pb2.AcceptReleaseRequest,
                custody_pb2.AcceptReleaseResponse,
                self.accept_release,
                self._decided_again,
            ),
            Unary(
                custody_pb2.RefuseReleaseRequest,
                custody_pb2.RefuseReleaseResponse,
                self.refuse_release,
                self._decided_again,
            ),
            Unary(
                custody_pb2.GetCustodyRequest,
                custody_pb2.GetCustodyResponse,
                self.get_custody,
                charge=lambda request: Charge(request.registration_id),
            ),
        )

    def record_custody_event(
        self, call: Call, request: custody_pb2.RecordCustodyEventRequest, conn: Connection
    ) -> Outcome[custody_pb2.RecordCustodyEventResponse]:
        """Record what has happened to an offender.

        Raises:
            errors.InvalidFields: as ``rules.check_request`` and ``rules.check_fits``.
            errors.NoRecord: he isn't in the caller's custody, on his way into it, or at large where the caller is
                responsible.
            errors.EtagMismatch: the caller has seen another version.
            errors.WrongState: it doesn't follow, or isn't the caller's to record.
        """
        rules.check_request(request, call.agencies, call.agency, rules.day_of(call.now()))
        if request.validate_only:
            return Outcome(custody_pb2.RecordCustodyEventResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        event = custody.from_request(call, request)
        row, record = self._head(call, request.registration_id, conn)
        recorded = self._recorded(call, request, event, row, record)
        state = types_pb2.CustodyState.ValueType(recorded.record.custody_state)
        if rules.is_expected_already(record, event):
            same = custody_pb2.RecordCustodyEventResponse(etag=request.etag, state=state, already_recorded=True)
            detail = _detail(call, "CUSTODY_RECORDED_ALREADY", record)
            return Outcome(disclose(same, call.purpose), detail, seen=(recorded.seen,))
        answer = custody_pb2.RecordCustodyEventResponse(etag=recorded.etag, state=state)
        detail = _detail(call, "CUSTODY_RECORDED", recorded.record)
        return Outcome(disclose(answer, call.purpose), detail, recorded.rows, (recorded.ref,), (recorded.seen,))

    def accept_release(
        self, call: Call, request: custody_pb2.AcceptReleaseRequest, conn: Connection
    ) -> Outcome[custody_pb2.AcceptReleaseResponse]:
        """Accept an offender for the police of the address after release.

        Raises:
            errors.NoRecord: he isn't expected, or nobody is where the caller may act.
            errors.Denied: SECOND_PERSON_REQUIRED: the officer has entered the address himself.
            errors.EtagMismatch: the caller has seen another version.
            errors.WrongState: he is accepted already, or a compromised key has entered the address.
        """
        if request.validate_only:
            return Outcome(custody_pb2.AcceptReleaseResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        accepted = custody.decision(call, custody_pb2.CUSTODY_EVENT_KIND_RELEASE_ACCEPTED)
        recorded = self._decided(call, request, accepted, conn)
        expected = rules.release_places(recorded.record)
        answer = custody_pb2.AcceptReleaseResponse(
            etag=recorded.etag,
            place_from_release=next(iter(expected), recorded.record.responsible_place),
            responsible_now=not expected,
        )
        detail = _detail(call, "RELEASE_ACCEPTED", recorded.record)
        return Outcome(disclose(answer, call.purpose), detail, recorded.rows, (recorded.ref,), (recorded.seen,))

    def refuse_release(
        self, call: Call, request: custody_pb2.RefuseReleaseRequest, conn: Connection
    ) -> Outcome[custody_pb2.RefuseReleaseResponse]:
        """Refuse an offender for the police of the address after release.

        Raises:
            errors.NoRecord, errors.Denied, errors.EtagMismatch, errors.WrongState: as ``accept_release``.
        """
        if request.validate_only:
            return Outcome(custody_pb2.RefuseReleaseResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        refused = custody.decision(call, custody_pb2.CUSTODY_EVENT_KIND_RELEASE_REFUSED, request.reason)
        recorded = self._decided(call, request, refused, conn)
        answer = custody_pb2.RefuseReleaseResponse(etag=recorded.etag)
        detail = _detail(call, "RELEASE_REFUSED", recorded.record)
        return Outcome(disclose(answer, call.purpose), detail, recorded.rows, (recorded.ref,), (recorded.seen,))

    def get_custody(
        self, call: Call, request: custody_pb2.GetCustodyRequest, conn: Connection
    ) -> Outcome[custody_pb2.GetCustodyResponse]:
        """Show an offender's custody to whoever has him, admits him or is to accept him.

        Raises:
            errors.NoRecord: he isn't the caller's to see.
        """
        row, record = self._head(call, request.registration_id, conn)
        answer = custody.to_message(record, store.etag(row.sealed))
        detail = _detail(call, "CUSTODY_SHOWN", record)
        detail.shown_version = record.version
        detail.classes_shown.extend(classes_shown(answer.DESCRIPTOR, call.purpose))
        return Outcome(disclose(answer, call.purpose), detail, seen=(store.seen(row),))

    def _entered(
        self, call: Call, request: custody_pb2.AcceptReleaseRequest | custody_pb2.RefuseReleaseRequest, conn: Connection
    ) -> tuple[store.StoredVersion, record_pb2.RegistrationRecord]:
        """A record, of which somebody else has entered the release; whether it waits is asked with the event.

        Raises:
            errors.NoRecord, errors.Denied, errors.EtagMismatch, errors.WrongState: as ``accept_release``.
        """
        row, record = self._head(call, request.registration_id, conn)
        decisions.check_acts(
            call,
            rules.release_entered(record),
            etag_is_current=request.etag == store.etag(row.sealed),
            open_state=True,
        )
        return row, record

    def _decided_again(
        self, call: Call, request: custody_pb2.AcceptReleaseRequest | custody_pb2.RefuseReleaseRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (store.seen(self._entered(call, request, conn)[0]),)

    def _decided(
        self,
        call: Call,
        request: custody_pb2.AcceptReleaseRequest | custody_pb2.RefuseReleaseRequest,
        event: record_pb2.CustodyEvent,
        conn: Connection,
    ) -> _Recorded:
        """A decision of the police on the release that somebody else has entered."""
        row, record = self._entered(call, request, conn)
        return self._recorded(call, request, event, row, record)

    def _recorded(
        self,
        call: Call,
        request: custody_pb2.RecordCustodyEventRequest
        | custody_pb2.AcceptReleaseRequest
        | custody_pb2.RefuseReleaseRequest,
        event: record_pb2.CustodyEvent,
        row: store.StoredVersion,
        record: record_pb2.RegistrationRecord,
    ) -> _Recorded:
        if request.etag != store.etag(row.sealed):
            raise errors.EtagMismatch
        following = rules.after(states.next_version(record), event)
        rules.check_fits(record, event, _told_convictions(call, record))
        duties.after_event(due_dates.Counting.by(policy_of(call)), following)
        written = store.version_row(store.data_key(self._sealer, row), record, following, call.now())
        rows = (written.row, *_events(call, record, following))
        return _Recorded(following, written.etag, rows, written.ref, store.seen(row))

    def _head(
        self, call: Call, registration_id: str, conn: Connection
    ) -> tuple[store.StoredVersion, record_pb2.RegistrationRecord]:
        found = store.head(conn, self._sealer, raw(registration_id), call)
        if found is None:
            raise errors.NoRecord
        return found

    def _shown_again(
        self,
        call: Call,
        request: custody_pb2.RecordCustodyEventRequest
        | custody_pb2.AcceptReleaseRequest
        | custody_pb2.RefuseReleaseRequest,
        conn: Connection,
    ) -> tuple[Seen, ...]:
        row, _ = self._head(call, request.registration_id, conn)
        return (store.seen(row),)


def _told_convictions(call: Call, record: record_pb2.RegistrationRecord) -> list[record_pb2.Conviction]:
    """The convictions that the caller's purpose is shown: a refusal mustn't tell of the others."""
    if not shows(_CONVICTIONS, call.purpose):
        return []
    return shown.for_purpose(record, shown.to_agency(record, call.agency, call.officer), call.purpose)


def _events(call: Call, before: record_pb2.RegistrationRecord, after: record_pb2.RegistrationRecord) -> list[Row]:
    """Whoever has a part in the custody, before or after, is told; NPB and who entered the record too."""
    told = [
        *releases.parts_in(call.agencies, before),
        *releases.parts_in(call.agencies, after),
        *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
        before.created_by_agency,
    ]
    kinds = rules.told(after, after.custody_events[-1])
    of_custody = [row for kind in kinds for row in outbox.owed(kind, told, registration_id=before.registration_id)]
    return [*of_custody, *transfers.of_version(call.agencies, before, after)]


def _detail(call: Call, outcome: str, record: record_pb2.RegistrationRecord) -> record_pb2.AccessDetail:
    """What the entry says. Its case is one that the caller is shown: lists of accesses name it."""
    convictions = shown.to_agency(record, call.agency, call.officer)
    return record_pb2.AccessDetail(
        outcome=outcome,
        case_reference=records.case_reference(convictions[0].fir) if convictions else "",
        subjects=[record.registration_id],
    )
