"""Access requests and grants of each kind between the contract and what is sealed. Translates; decides nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from nsor.v1 import lookup_pb2, options_pb2, types_pb2
from nsor_server.access import rows
from nsor_server.calls import Call
from nsor_server.formats.instants import from_day, from_us, to_day, to_us
from nsor_server.policy.deadlines import Due
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2


def new_request(
    request: lookup_pb2.CreateAccessRequestRequest, call: Call, *, request_id: uuid.UUID, deadline: Due
) -> record_pb2.AccessRequestRecord:
    """The first version of an access request."""
    form = request.annexure_a
    return record_pb2.AccessRequestRecord(
        access_request_id=request_id.bytes,
        version=1,
        state=lookup_pb2.ACCESS_REQUEST_STATE_PENDING,
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        officer_number=call.officer.officer_number if call.officer else "",
        fir=record_pb2.Fir(
            police_station=request.fir.police_station,
            year=request.fir.year,
            serial=request.fir.serial,
            day=to_day(request.fir.fir_date),
        ),
        suspects=[
            record_pb2.Suspect(
                cnic=suspect.cnic,
                name=record_pb2.Name(
                    kind=suspect.name.kind,
                    name=suspect.name.name,
                    relative_name=suspect.name.relative_name,
                    relation=suspect.name.relation,
                ),
            )
            for suspect in request.suspects
        ],
        officer_grade=form.officer_grade,
        posting=form.posting,
        offence_codes=form.offence_codes,
        stage=form.stage,
        ground=form.ground,
        fir_copy_number=form.fir_copy_number,
        application_number=form.application_number,
        application_day=to_day(form.application_date),
        create_time_us=to_us(deadline.start),
        decision_due_us=to_us(deadline.due),
        decision_rule=deadline.rule_id,
        offence_table_version=policy_of(call).offence_table_version,
    )


def decided(
    record: record_pb2.AccessRequestRecord,
    call: Call,
    state: lookup_pb2.AccessRequestState.ValueType,
    *,
    grant_id: bytes = b"",
    reasons: Iterable[int] = (),
) -> record_pb2.AccessRequestRecord:
    """The next version of an access request: decided by the caller."""
    following = record_pb2.AccessRequestRecord()
    following.CopyFrom(record)
    following.version = record.version + 1
    following.state = state
    following.decided_by_agency = call.agency.agency_id
    following.decided_by_key = call.officer_key
    following.grant_id = grant_id
    following.return_reasons.extend(reasons)
    return following


def new_grant(
    record: record_pb2.AccessRequestRecord,
    call: Call,
    *,
    grant_id: uuid.UUID,
    uses_per_subject: int,
    expiry: Due,
    district: str,
    case_blinds: bytes,
) -> record_pb2.GrantRecord:
    """The grant of an access request: bound to its agency, its officer, its FIR and its suspects."""
    return record_pb2.GrantRecord(
        grant_id=grant_id.bytes,
        access_request_id=record.access_request_id,
        agency=record.agency,
        officer_key=record.officer_key,
        fir=record.fir,
        cnics=[suspect.cnic for suspect in record.suspects],
        uses_per_subject=uses_per_subject,
        expires_at_us=to_us(expiry.due),
        expiry_rule=expiry.rule_id,
        create_time_us=to_us(expiry.start),
        case_blinds=case_blinds,
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        opened_by_key=call.officer_key,
        opened_by_agency=call.agency.agency_id,
        places=[district],
    )


def new_ticket(
    request: lookup_pb2.OpenTicketRequest, call: Call, *, grant_id: uuid.UUID, uses_per_subject: int, expiry: Due
) -> record_pb2.GrantRecord:
    """A ticket: bound to the officer whom it names, and to the persons."""
    return record_pb2.GrantRecord(
        grant_id=grant_id.bytes,
        agency=call.agency.agency_id,
        officer_key=request.officer_key_id,
        cnics=request.cnics,
        uses_per_subject=uses_per_subject,
        expires_at_us=to_us(expiry.due),
        expiry_rule=expiry.rule_id,
        create_time_us=to_us(expiry.start),
        purpose=options_pb2.PURPOSE_REGISTER_OPERATION,
        work=request.work,
        opened_by_key=call.officer_key,
        opened_by_agency=call.agency.agency_id,
        places=rows.acts_at(call.agency, call.officer),
    )


def new_court_case(
    request: lookup_pb2.OpenCourtCaseRequest, call: Call, *, grant_id: uuid.UUID, uses_per_subject: int, expiry: Due
) -> record_pb2.GrantRecord:
    """An opened court case: bound to the court, to the case's place, and to the persons."""
    return record_pb2.GrantRecord(
        grant_id=grant_id.bytes,
        agency=call.agency.agency_id,
        cnics=request.cnics,
        uses_per_subject=uses_per_subject,
        expires_at_us=to_us(expiry.due),
        expiry_rule=expiry.rule_id,
        create_time_us=to_us(expiry.start),
        purpose=options_pb2.PURPOSE_TRIAL,
        court_case=record_pb2.CourtCase(
            court_kind=request.court_case.court_kind,
            court_place=request.court_case.place_code,
            case_number=request.court_case.case_number,
        ),
        opened_by_key=call.officer_key,
        opened_by_agency=call.agency.agency_id,
        places=[request.court_case.place_code],
    )


def case_of(grant: record_pb2.GrantRecord) -> str:
    """The case of a grant as its blind index is made of it; empty for a ticket, which has none."""
    if grant.purpose == options_pb2.PURPOSE_INVESTIGATION:
        return registrations.fir_case(registrations.case_reference(grant.fir))
    if grant.purpose == options_pb2.PURPOSE_TRIAL:
        return registrations.court_case(case_reference(grant))
    return ""


def case_reference(grant: record_pb2.GrantRecord) -> str:
    """The case of a grant, as the ledger's detail names it: an FIR, a court's case, or the ticket's id."""
    if grant.purpose == options_pb2.PURPOSE_INVESTIGATION:
        return registrations.case_reference(grant.fir)
    if grant.purpose == options_pb2.PURPOSE_TRIAL:
        return registrations.court_reference(grant.court_case.court_place, grant.court_case.case_number)
    return str(uuid.UUID(bytes=grant.grant_id))


def request_message(
    record: record_pb2.AccessRequestRecord, *, etag: str, deadline: Due, grant: lookup_pb2.Grant | None
) -> lookup_pb2.AccessRequest:
    """An access request as the contract shows it."""
    return lookup_pb2.AccessRequest(
        access_request_id=str(uuid.UUID(bytes=record.access_request_id)),
        etag=etag,
        state=lookup_pb2.AccessRequestState.ValueType(record.state),
        agency_id=record.agency,
        officer_number=record.officer_number,
        fir=types_pb2.FirKey(
            police_station=record.fir.police_station,
            year=record.fir.year,
            serial=record.fir.serial,
            fir_date=from_day(record.fir.day),
        ),
        suspects=[_suspect(suspect) for suspect in record.suspects],
        annexure_a=lookup_pb2.AnnexureA(
            officer_grade=record.officer_grade,
            posting=record.posting,
            offence_codes=record.offence_codes,
            stage=lookup_pb2.InvestigationStage.ValueType(record.stage),
            ground=lookup_pb2.AccessGround.ValueType(record.ground),
            fir_copy_number=record.fir_copy_number,
            application_number=record.application_number,
            application_date=from_day(record.application_day),
        ),
        decision_deadline=deadline.message(due_us=record.decision_due_us),
        grant=grant,
        return_reasons=[lookup_pb2.ReturnReason.ValueType(reason) for reason in record.return_reasons],
        create_time=from_us(record.create_time_us),
    )


def grant_message(grant: record_pb2.GrantRecord, expiry: Due, ended_at: dt.datetime | None = None) -> lookup_pb2.Grant:
    """A grant as the contract shows it; ``ended_at``: since when it counts no more."""
    return lookup_pb2.Grant(
        grant_id=str(uuid.UUID(bytes=grant.grant_id)),
        uses_per_subject=grant.uses_per_subject,
        expiry=expiry.message(due_us=grant.expires_at_us),
        withdraw_time=None if ended_at is None else from_us(to_us(ended_at)),
    )


def open_grant_message(grant: record_pb2.GrantRecord, message: lookup_pb2.Grant, used: int) -> lookup_pb2.OpenGrant:
    """A grant in the list of its agency: nobody who is named in it, and no case."""
    return lookup_pb2.OpenGrant(
        grant=message,
        opened_by_key_id=grant.opened_by_key,
        agency_id=grant.agency,
        officer_key_id=grant.officer_key,
        work=lookup_pb2.TicketWork.ValueType(grant.work),
        persons=len(grant.cnics),
        uses_left=len(grant.cnics) * grant.uses_per_subject - used,
    )


def _suspect(suspect: record_pb2.Suspect) -> lookup_pb2.Suspect:
    return lookup_pb2.Suspect(
        cnic=suspect.cnic,
        name=types_pb2.PersonName(
            kind=types_pb2.NameKind.ValueType(suspect.name.kind),
            name=suspect.name.name,
            relative_name=suspect.name.relative_name,
            relation=types_pb2.Relation.ValueType(suspect.name.relation),
        ),
    )
