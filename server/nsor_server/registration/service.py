"""RegistrationService on the wire: from a message to the rules and the store, and back. No SQL, no law."""

from __future__ import annotations

import uuid
from typing import Final

from google.protobuf.message import Message

from nsor.v1 import notification_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose
from nsor_server.directory import agencies
from nsor_server.ledger.naming import named
from nsor_server.notification import outbox
from nsor_server.policy.offences import OffenceTable
from nsor_server.registration import record as records
from nsor_server.registration import rules, store
from nsor_server.registration.dates import to_us
from nsor_server.rpc.calls import Call, Connection, Outcome
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_CREATED: Final = "CREATED"
_HELD: Final = "HELD"


class RegistrationService:
    """Enters, confirms and shows registrations."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, offences: OffenceTable) -> None:
        """``offences`` is the policy's table of registrable offences."""
        self._sealer = sealer
        self._blind_index = blind_index
        self._offences = offences

    def CreateRegistration(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Enter a conviction order. The answer is the same whether or not the person was known."""
        assert isinstance(request, registration_pb2.CreateRegistrationRequest)  # noqa: S101 - narrows the handler's type
        record = self._checked(call, request, conn)
        answer = registration_pb2.CreateRegistrationResponse(warnings=rules.warnings(request.person))
        detail = record_pb2.AccessDetail(
            outcome="VALIDATED",
            case_reference=records.case_reference(record.convictions[0].fir),
            named=named(request),
        )
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), detail)
        registration_id = uuid.uuid4()
        written = self._store(call, registration_id, record, conn)
        _tell_of_creation(conn, registration_id, record)
        answer.registration_id = str(registration_id)
        answer.etag = written.etag
        answer.state = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
        detail.outcome = _HELD if record.held else _CREATED
        detail.subjects.append(registration_id.bytes)
        return Outcome(disclose(answer, call.purpose), detail, (written.ref,))

    def ConfirmRegistration(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Confirm a registration from the court's own record."""
        assert isinstance(request, registration_pb2.ConfirmRegistrationRequest)  # noqa: S101 - narrows the handler's type
        registration_id = uuid.UUID(request.registration_id)
        store.lock(conn, registration_id)
        row = store.head(conn, registration_id, call.agency, call.officer)
        if row is None:
            raise errors.NoRecord
        record = store.open_version(self._sealer, row)
        if not rules.is_of_court(record, call.agency, call.officer, request.case_number):
            raise errors.NoRecord
        rules.check_confirmable(
            record,
            agency_id=call.agency.agency_id,
            officer_key=call.officer_key,
            etag_is_current=request.etag == store.etag(row.sealed),
        )
        record.version += 1
        record.state = registration_pb2.REGISTRATION_STATE_CONFIRMED
        record.confirmed_by_agency = call.agency.agency_id
        record.confirmed_by_key = call.officer_key
        written = store.insert_version(conn, store.data_key(self._sealer, row), record, store.now(conn))
        _tell_of_confirmation(conn, registration_id, record)
        answer = registration_pb2.ConfirmRegistrationResponse(
            registration_id=request.registration_id,
            etag=written.etag,
            state=registration_pb2.REGISTRATION_STATE_CONFIRMED,
        )
        detail = record_pb2.AccessDetail(
            outcome="CONFIRMED_HELD" if record.held else "CONFIRMED",
            named=named(request),
            case_reference=records.case_reference(record.convictions[0].fir),
            subjects=[registration_id.bytes],
        )
        return Outcome(disclose(answer, call.purpose), detail, (written.ref,))

    def GetRegistration(self, call: Call, request: Message, conn: Connection) -> Outcome:
        """Show a registration to an agency that has a part in it."""
        assert isinstance(request, registration_pb2.GetRegistrationRequest)  # noqa: S101 - narrows the handler's type
        row = store.head(conn, uuid.UUID(request.registration_id), call.agency, call.officer)
        if row is None:
            raise errors.NoRecord
        record = store.open_version(self._sealer, row)
        registration = records.to_message(record, store.etag(row.sealed))
        answer = registration_pb2.GetRegistrationResponse(registration=registration)
        detail = record_pb2.AccessDetail(
            outcome="FOUND",
            named=named(request),
            case_reference=records.case_reference(record.convictions[0].fir),
            subjects=[record.registration_id],
        )
        return Outcome(disclose(answer, call.purpose), detail)

    def _checked(
        self, call: Call, request: registration_pb2.CreateRegistrationRequest, conn: Connection
    ) -> record_pb2.RegistrationRecord:
        """The order as a record, after every rule that needs no register; only the directory is read."""
        rules.check_convicted(request.convictions)
        bases = rules.legal_bases(self._offences, request.convictions)
        places = [conviction.court_case.place_code for conviction in request.convictions]
        rules.check_within(places, call.agency, call.officer)
        if request.custody.state == types_pb2.CUSTODY_STATE_IN_CUSTODY:
            rules.check_custodian(agencies.find(conn, request.custody.prisons_agency_id))
        record = records.from_request(request)
        for conviction, of_counts in zip(record.convictions, bases, strict=True):
            for count, basis in zip(conviction.counts, of_counts, strict=True):
                count.legal_basis = basis
        return record

    def _store(
        self, call: Call, registration_id: uuid.UUID, record: record_pb2.RegistrationRecord, conn: Connection
    ) -> store.Written:
        """Complete the record, and store its identifiers, its key and its first version."""
        record.held = store.claim_identifiers(conn, self._blind_index, registration_id, store.identifiers(record))
        written_at = store.now(conn)
        record.registration_id = registration_id.bytes
        record.version = 1
        record.state = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
        record.responsible_place = rules.responsible_place(record.addresses)
        record.created_by_agency = call.agency.agency_id
        record.created_by_key = call.officer_key
        record.create_time_us = to_us(written_at)
        key, wrapped = self._sealer.new_data_key(registration_id.bytes)
        store.insert_key(conn, registration_id, wrapped)
        return store.insert_version(conn, key, record, written_at)


def _tell_of_creation(conn: Connection, registration_id: uuid.UUID, record: record_pb2.RegistrationRecord) -> None:
    """NPB hears of it, and the courts hear what awaits them; a held one is told of in the same words."""
    recipients = [
        *agencies.of_kind(conn, options_pb2.AGENCY_KIND_NPB),
        *agencies.courts_for(conn, records.court_places(record)),
    ]
    kind = notification_pb2.EVENT_KIND_REGISTRATION_CREATED
    outbox.publish(conn, kind, recipients, registration_id=registration_id)


def _tell_of_confirmation(conn: Connection, registration_id: uuid.UUID, record: record_pb2.RegistrationRecord) -> None:
    recipients = [
        *agencies.responsible_police(conn, record.responsible_place),
        *agencies.of_kind(conn, options_pb2.AGENCY_KIND_NPB),
        record.created_by_agency,
        *([record.custodian_agency] if record.custodian_agency else []),
    ]
    kind = notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED
    outbox.publish(conn, kind, recipients, registration_id=registration_id)
