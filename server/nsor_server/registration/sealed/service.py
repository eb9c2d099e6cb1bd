"""Reading what is sealed, on the wire: proposed, confirmed, read. Each reading tells the Special Committee."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from nsor.v1 import notification_pb2, options_pb2, sealed_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Row, Seen, Shown
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.ledger import rests_on
from nsor_server.policy.deadlines import SEALED_READING, Due
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import record as records
from nsor_server.registration import store as registrations
from nsor_server.registration.judgments import store as judgments
from nsor_server.registration.sealed import rules, store
from nsor_server.registration.worklists import rows as works
from nsor_server.registration.worklists import seconds
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class SealedReadings:
    """Opens readings, and shows by them what is sealed."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(sealed_pb2.ProposeSealedReadingRequest, sealed_pb2.ProposeSealedReadingResponse, self.propose),
            Unary(
                sealed_pb2.ConfirmSealedReadingRequest,
                sealed_pb2.ConfirmSealedReadingResponse,
                self.confirm,
                self._confirmed_again,
            ),
            Unary(
                sealed_pb2.GetSealedRegistrationRequest,
                sealed_pb2.GetSealedRegistrationResponse,
                self.get,
                charge=lambda request: Charge(request.sealed_reading_id),
                shows=lambda _request: 1,
            ),
        )

    def propose(
        self, call: Call, request: sealed_pb2.ProposeSealedReadingRequest, _conn: Connection
    ) -> Outcome[sealed_pb2.ProposeSealedReadingResponse]:
        """Take a proposal; the register isn't asked whether there is such a registration."""
        answer = sealed_pb2.ProposeSealedReadingResponse()
        detail = record_pb2.AccessDetail(outcome="VALIDATED")
        if request.validate_only:
            return Outcome(answer, detail)
        due = _due(call)
        reading = record_pb2.SealedReadingRecord(
            sealed_reading_id=uuid.uuid4().bytes,
            version=rules.PROPOSED,
            registration_id=raw(request.registration_id),
            reason=request.reason,
            proposed_by_agency=call.agency.agency_id,
            proposed_by_key=call.officer_key,
            expire_time_us=to_us(due.due),
            propose_time_us=to_us(call.now()),
        )
        written, ref = store.row(self._sealer, reading)
        answer.sealed_reading_id = text(reading.sealed_reading_id)
        answer.deadline.CopyFrom(due.message())
        detail.outcome = "PROPOSED"
        detail.subjects.extend([reading.sealed_reading_id, reading.registration_id])
        rows = (written, works.of_itself(seconds.of_reading(reading)))
        return Outcome(disclose(answer, call.purpose), detail, rows, (ref,))

    def confirm(
        self, call: Call, request: sealed_pb2.ConfirmSealedReadingRequest, conn: Connection
    ) -> Outcome[sealed_pb2.ConfirmSealedReadingResponse]:
        """Open a reading for both officers; the registration isn't read.

        Raises:
            errors.NoRecord: there is no such reading, or it is of another registration.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it is confirmed already, has ended, or its time is over.
        """
        answer = sealed_pb2.ConfirmSealedReadingResponse()
        detail = record_pb2.AccessDetail(outcome="VALIDATED")
        if request.validate_only:
            return Outcome(answer, detail)
        reading, seen = self._proposed(call, request, conn)
        due = _due(call)
        reading.version = rules.OPENED
        reading.opened_by_key = call.officer_key
        reading.expire_time_us = to_us(due.due)
        written, ref = store.row(self._sealer, reading)
        answer.deadline.CopyFrom(due.message())
        detail.outcome = "OPENED"
        detail.subjects.extend([reading.sealed_reading_id, reading.registration_id])
        told = _told(call, notification_pb2.EVENT_KIND_SEALED_READING_OPENED)
        rows = (written, works.of_itself(seconds.of_reading(reading)), *told)
        return Outcome(disclose(answer, call.purpose), detail, rows, (ref,), (seen,))

    def get(
        self, call: Call, request: sealed_pb2.GetSealedRegistrationRequest, conn: Connection
    ) -> Outcome[sealed_pb2.GetSealedRegistrationResponse]:
        """Show a sealed registration to one of the two officers of an open reading.

        Raises:
            errors.NoRecord: there is no such reading, it isn't open, isn't his, or its registration isn't sealed.
        """
        reading, seen = self._newest(call, conn, request.sealed_reading_id)
        agency_id = reading.proposed_by_agency
        both = (
            decisions.holder(call, agency_id, reading.proposed_by_key),
            decisions.holder(call, agency_id, reading.opened_by_key),
        )
        rules.check_readable(reading, decisions.acting(call), both, to_us(call.now()))
        row = registrations.newest(conn, reading.registration_id)
        version = row.version if row else 0
        call.looks_at(record_pb2.LOOKED_AT_KIND_REGISTRATION_ITSELF, reading.registration_id, version)
        if row is None:
            raise errors.NoRecord
        record = registrations.open_version(self._sealer, row)
        if record.registration_id != reading.registration_id:
            raise errors.Internal
        if record.state != registrations.SEALED:
            raise errors.NoRecord
        found, unchanged = judgments.claiming(conn, self._blind_index, rules.court_cases(record))
        again = rules.entered_again(record, (registrations.open_version(self._sealer, each) for each in found))
        answer = sealed_pb2.GetSealedRegistrationResponse(registration=_message(record))
        answer.registration.entered_again_ids.extend(map(text, again))
        detail = record_pb2.AccessDetail(
            outcome="READ_SEALED",
            subjects=[record.registration_id, reading.sealed_reading_id],
            shown_version=record.version,
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            rests_on=rests_on.digest(
                (each.registration_id, each.version) for each in sorted(found) if each.registration_id in again
            ),
        )
        told = _told(call, notification_pb2.EVENT_KIND_SEALED_REGISTRATION_READ)
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            told,
            seen=(seen, registrations.seen(row), *unchanged),
            shown=[Shown(record.registration_id, record.version)],
        )

    def _proposed(
        self, call: Call, request: sealed_pb2.ConfirmSealedReadingRequest, conn: Connection
    ) -> tuple[record_pb2.SealedReadingRecord, Seen]:
        """A reading that another officer has proposed.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``confirm``.
        """
        reading, seen = self._newest(call, conn, request.sealed_reading_id)
        if reading.registration_id != raw(request.registration_id):
            raise errors.NoRecord
        decisions.check_acts(
            call,
            [decisions.Act(reading.proposed_by_agency, reading.proposed_by_key)],
            open_state=rules.is_open(reading, to_us(call.now())),
        )
        return reading, seen

    def _confirmed_again(
        self, call: Call, request: sealed_pb2.ConfirmSealedReadingRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (self._proposed(call, request, conn)[1],)

    def _newest(self, call: Call, conn: Connection, reading_id: str) -> tuple[record_pb2.SealedReadingRecord, Seen]:
        found = store.newest(conn, self._sealer, raw(reading_id))
        version = found[0].version if found else 0
        call.looks_at(record_pb2.LOOKED_AT_KIND_SEALED_READING, raw(reading_id), version)
        if found is None:
            raise errors.NoRecord
        return found


def _due(call: Call) -> Due:
    return policy_of(call).deadlines.due(SEALED_READING, call.now())


def _told(call: Call, kind: notification_pb2.EventKind.ValueType) -> list[Row]:
    """The Committee is told that NPB reads; which registration it is, it isn't."""
    committee = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE)
    return outbox.owed(kind, committee, about_agency=call.agency.agency_id)


def _message(record: record_pb2.RegistrationRecord) -> sealed_pb2.SealedRegistration:
    whole = records.to_message(record, record.convictions)
    shown = sealed_pb2.SealedRegistration(
        registration_id=whole.registration_id,
        person=whole.person,
        created_by_agency=whole.created_by_agency,
        confirmed_by_agency=whole.confirmed_by_agency,
        update_time=whole.update_time,
    )
    if whole.HasField("archive"):
        shown.archive.CopyFrom(whole.archive)
    for stored, conviction in zip(record.convictions, whole.convictions, strict=True):
        item = shown.convictions.add(conviction=conviction, judgment_ids=map(text, stored.judgment_ids))
        for position, count in enumerate(stored.counts, 1):
            if not count.stands:
                taken_by = text(count.taken_by_judgment) if count.taken_by_judgment else ""
                item.fallen.add(position=position, judgment_id=taken_by)
    return shown
