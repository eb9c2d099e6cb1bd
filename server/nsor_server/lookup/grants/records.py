"""Grants of each kind between the contract and what is sealed. Translates; decides nothing."""

from __future__ import annotations

import datetime as dt
import uuid

from nsor.v1 import grants_pb2, options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call
from nsor_server.formats.instants import from_us, to_us
from nsor_server.lookup.grants import subjects
from nsor_server.lookup.grants.rules import Part
from nsor_server.policy.deadlines import Due
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2


def new_grant(
    record: record_pb2.AccessRequestRecord,
    call: Call,
    *,
    grant_id: uuid.UUID,
    part: Part,
    expiry: Due,
    case_blinds: bytes,
) -> record_pb2.GrantRecord:
    """The grant of a part of an access request: bound to its agency, its officer, its FIR and its suspects.

    ``expiry`` is the end that policy sets; the part may end earlier.
    """
    named = [record.suspects[number - 1] for number in part.suspects]
    return record_pb2.GrantRecord(
        grant_id=grant_id.bytes,
        access_request_id=record.access_request_id,
        agency=record.agency,
        officer_key=record.officer_key,
        fir=record.fir,
        named=map(subjects.identifier, named),
        subjects=subjects.written(named),
        suspects=part.suspects,
        classes=part.classes,
        juvenile=part.juveniles,
        uses_per_subject=part.uses_per_subject,
        expires_at_us=part.expires_us,
        expiry_rule=expiry.rule_id,
        create_time_us=to_us(expiry.start),
        case_blinds=case_blinds,
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        opened_by_key=call.officer_key,
        opened_by_agency=call.agency.agency_id,
        places=[record.place],
    )


def new_ticket(
    request: grants_pb2.OpenTicketRequest, call: Call, *, grant_id: uuid.UUID, uses_per_subject: int, expiry: Due
) -> record_pb2.GrantRecord:
    """A ticket: bound to the officer whom it names, and to the persons."""
    persons = subjects.stored(request.persons)
    return record_pb2.GrantRecord(
        grant_id=grant_id.bytes,
        agency=call.agency.agency_id,
        officer_key=request.officer_key_id,
        named=map(subjects.identifier, persons),
        subjects=subjects.written(persons),
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
    request: grants_pb2.OpenCourtCaseRequest, call: Call, *, grant_id: uuid.UUID, uses_per_subject: int, expiry: Due
) -> record_pb2.GrantRecord:
    """An opened court case: bound to the court, to the case's place, and to the persons."""
    persons = subjects.stored(request.persons)
    return record_pb2.GrantRecord(
        grant_id=grant_id.bytes,
        agency=call.agency.agency_id,
        named=map(subjects.identifier, persons),
        subjects=subjects.written(persons),
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


def grant_message(
    grant: record_pb2.GrantRecord, expiry: Due, ended_at: dt.datetime | None = None, *, juveniles: bool = False
) -> grants_pb2.Grant:
    """A grant as the contract shows it.

    Args:
        grant: opened.
        expiry: the rule of its end.
        ended_at: since when it counts no more.
        juveniles: whether it shows juveniles' records.
    """
    return grants_pb2.Grant(
        grant_id=str(uuid.UUID(bytes=grant.grant_id)),
        uses_per_subject=grant.uses_per_subject,
        expiry=expiry.message(due_us=grant.expires_at_us),
        withdraw_time=None if ended_at is None else from_us(to_us(ended_at)),
        suspects=grant.suspects,
        classes=[options_pb2.FieldClass.ValueType(each) for each in grant.classes],
        juvenile_records=juveniles,
    )


def open_grant_message(
    grant: record_pb2.GrantRecord, message: grants_pb2.Grant, used: int, holder: bytes
) -> grants_pb2.OpenGrant:
    """A grant in the list of its agency: nobody who is named in it, and no case."""
    return grants_pb2.OpenGrant(
        grant=message,
        opened_by_key_id=grant.opened_by_key,
        agency_id=grant.agency,
        officer_key_id=holder,
        work=grants_pb2.TicketWork.ValueType(grant.work),
        persons=len(grant.named),
        uses_left=len(grant.named) * grant.uses_per_subject - used,
    )
