"""Access requests between the contract and what is sealed. Translates; decides nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from google.protobuf import timestamp_pb2

from nsor.v1 import access_requests_pb2, grants_pb2, types_pb2
from nsor_server.calls import Call, Officer
from nsor_server.formats.instants import from_day, from_us, to_day, to_us
from nsor_server.lookup.grants import subjects
from nsor_server.lookup.requests import rules
from nsor_server.policy.deadlines import Due
from nsor_server.policy.loaded import policy_of
from nsor_server.storage.v1 import record_pb2


def new_request(
    request: access_requests_pb2.CreateAccessRequestRequest,
    call: Call,
    *,
    request_id: uuid.UUID,
    deadline: Due,
    juvenile_deadline: Due,
    officer_label: bytes,
    fir_label: bytes,
    place: str,
    steps: Iterable[record_pb2.SilenceStep],
) -> record_pb2.AccessRequestRecord:
    """The first version of an access request.

    The labels are as ``work`` makes them, ``place`` as ``fir_places``, ``steps`` as ``escalation``.
    """
    form, juveniles = request.annexure_a, request.juvenile_records
    return record_pb2.AccessRequestRecord(
        access_request_id=request_id.bytes,
        version=1,
        state=access_requests_pb2.ACCESS_REQUEST_STATE_PENDING,
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        officer_number=call.officer.officer_number if call.officer else "",
        fir=record_pb2.Fir(
            police_station=request.fir.police_station,
            year=request.fir.year,
            serial=request.fir.serial,
            day=to_day(request.fir.fir_date),
        ),
        suspects=subjects.stored(request.suspects),
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
        officer_label=officer_label,
        fir_label=fir_label,
        place=place,
        steps=steps,
        juvenile_decision=access_requests_pb2.JUVENILE_DECISION_PENDING if juveniles else 0,
        juvenile_due_us=to_us(juvenile_deadline.due) if juveniles else 0,
        juvenile_rule=juvenile_deadline.rule_id if juveniles else "",
    )


def decided(
    record: record_pb2.AccessRequestRecord,
    call: Call,
    state: access_requests_pb2.AccessRequestState.ValueType,
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
    following.decide_time_us = to_us(call.now())
    following.grant_id = grant_id
    following.return_reasons.extend(reasons)
    return following


def decided_of_juveniles(
    record: record_pb2.AccessRequestRecord, call: Call, decision: access_requests_pb2.JuvenileDecision.ValueType
) -> record_pb2.AccessRequestRecord:
    """The next version of an access request: NPB has decided of juveniles' records."""
    following = record_pb2.AccessRequestRecord()
    following.CopyFrom(record)
    following.version = record.version + 1
    following.juvenile_decision, following.juvenile_decided_by_key = decision, call.officer_key
    return following


def passed(
    record: record_pb2.AccessRequestRecord, call: Call, officer: Officer, officer_label: bytes
) -> record_pb2.AccessRequestRecord:
    """The next version of an access request: of another officer of the same agency."""
    following = record_pb2.AccessRequestRecord()
    following.CopyFrom(record)
    following.version = record.version + 1
    following.asked_by_number = record.asked_by_number or record.officer_number
    following.asked_by_key = record.asked_by_key or record.officer_key
    following.officer_key, following.officer_number = officer.key_id, officer.officer_number
    following.officer_label = officer_label
    following.passed_by_key = call.officer_key
    return following


def request_message(
    record: record_pb2.AccessRequestRecord,
    *,
    etag: str,
    deadline: Due,
    juvenile_deadline: Due | None,
    grant: grants_pb2.Grant | None,
    now_us: int,
) -> access_requests_pb2.AccessRequest:
    """An access request as the contract shows it."""
    left = rules.time_left(record, now_us)
    return access_requests_pb2.AccessRequest(
        access_request_id=str(uuid.UUID(bytes=record.access_request_id)),
        etag=etag,
        state=access_requests_pb2.AccessRequestState.ValueType(record.state),
        agency_id=record.agency,
        officer_number=record.officer_number,
        fir=_fir(record.fir),
        suspects=[subjects.message(suspect) for suspect in record.suspects],
        annexure_a=access_requests_pb2.AnnexureA(
            officer_grade=record.officer_grade,
            posting=record.posting,
            offence_codes=record.offence_codes,
            stage=access_requests_pb2.InvestigationStage.ValueType(record.stage),
            ground=access_requests_pb2.AccessGround.ValueType(record.ground),
            fir_copy_number=record.fir_copy_number,
            application_number=record.application_number,
            application_date=from_day(record.application_day),
        ),
        decision_deadline=deadline.message(due_us=record.decision_due_us),
        grant=grant,
        return_reasons=[access_requests_pb2.ReturnReason.ValueType(reason) for reason in record.return_reasons],
        create_time=from_us(record.create_time_us),
        minutes_left=left.minutes,
        decide_time=_decided_at(record),
        late=left.late,
        asked_by_officer_number=record.asked_by_number,
        repeated_access_request_id=_repeated(record),
        juvenile_records=bool(record.juvenile_decision),
        juvenile_decision=access_requests_pb2.JuvenileDecision.ValueType(record.juvenile_decision),
        juvenile_deadline=juvenile_deadline.message(due_us=record.juvenile_due_us) if juvenile_deadline else None,
        juvenile_late=rules.late_of_juveniles(record, now_us),
    )


def item_message(
    record: record_pb2.AccessRequestRecord, *, deadline: Due, juvenile_deadline: Due | None, own: bool, now_us: int
) -> access_requests_pb2.AccessRequestItem:
    """An access request in a list: none of its suspects, only how many there are."""
    left = rules.time_left(record, now_us)
    return access_requests_pb2.AccessRequestItem(
        access_request_id=str(uuid.UUID(bytes=record.access_request_id)),
        state=access_requests_pb2.AccessRequestState.ValueType(record.state),
        agency_id=record.agency,
        officer_number=record.officer_number,
        own=own,
        fir=_fir(record.fir),
        suspects=len(record.suspects),
        decision_deadline=deadline.message(due_us=record.decision_due_us),
        minutes_left=left.minutes,
        late=left.late,
        create_time=from_us(record.create_time_us),
        decide_time=_decided_at(record),
        grant_id=str(uuid.UUID(bytes=record.grant_id)) if record.grant_id else "",
        repeated_access_request_id=_repeated(record),
        juvenile_decision=access_requests_pb2.JuvenileDecision.ValueType(record.juvenile_decision),
        juvenile_deadline=juvenile_deadline.message(due_us=record.juvenile_due_us) if juvenile_deadline else None,
        juvenile_late=rules.late_of_juveniles(record, now_us),
    )


def _fir(fir: record_pb2.Fir) -> types_pb2.FirKey:
    return types_pb2.FirKey(
        police_station=fir.police_station, year=fir.year, serial=fir.serial, fir_date=from_day(fir.day)
    )


def _repeated(record: record_pb2.AccessRequestRecord) -> str:
    return str(uuid.UUID(bytes=record.repeats)) if record.repeats else ""


def _decided_at(record: record_pb2.AccessRequestRecord) -> timestamp_pb2.Timestamp | None:
    return from_us(record.decide_time_us) if record.decide_time_us else None
