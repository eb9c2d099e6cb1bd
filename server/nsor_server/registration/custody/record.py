"""Custody between its two forms: the contract's messages and the sealed record. Nothing is decided here."""

from __future__ import annotations

from nsor.v1 import custody_pb2, types_pb2
from nsor_server.calls import Call
from nsor_server.formats.instants import set_day, set_us, to_day, to_us
from nsor_server.registration import record as records
from nsor_server.registration.custody import rules
from nsor_server.storage.v1 import record_pb2


def from_request(call: Call, request: custody_pb2.RecordCustodyEventRequest) -> record_pb2.CustodyEvent:
    """A checked event, as it is stored."""
    return record_pb2.CustodyEvent(
        kind=request.kind,
        day=to_day(request.event_date),
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        time_us=to_us(call.now()),
        prisons_agency=request.prisons_agency_id,
        expected_day=to_day(request.expected_date) if request.HasField("expected_date") else None,
        address=records.address_record(request.address) if request.HasField("address") else None,
        taken_back_kind=request.taken_back_kind,
    )


def decision(call: Call, kind: custody_pb2.CustodyEventKind.ValueType, refusal: int = 0) -> record_pb2.CustodyEvent:
    """What the police of the address after release decide, today, as it is stored."""
    return record_pb2.CustodyEvent(
        kind=kind,
        day=rules.days(rules.day_of(call.now())),
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        time_us=to_us(call.now()),
        refusal=refusal,
    )


def to_message(record: record_pb2.RegistrationRecord, etag: str) -> custody_pb2.GetCustodyResponse:
    """An offender's custody as the contract writes it; what the purpose may see is copied from it by disclosure."""
    answer = custody_pb2.GetCustodyResponse(
        etag=etag,
        person=types_pb2.Person(
            cnic=record.cnic,
            no_cnic_reason=record.no_cnic_reason,  # type: ignore[arg-type]  # stored numbers are the enum's
            sex=record.sex,  # type: ignore[arg-type]  # stored numbers are the enum's
            birth_date_precision=record.birth_precision,  # type: ignore[arg-type]  # stored numbers are the enum's
        ),
        custody=types_pb2.Custody(
            state=record.custody_state,  # type: ignore[arg-type]  # stored numbers are the enum's
            prisons_agency_id=record.custodian_agency,
        ),
        receiving_agency_id=record.receiving_agency,
    )
    set_day(answer.person.birth_date, record.birth_day)
    records.fill_names(answer.person, record)
    if record.HasField("expected_release"):
        _fill_release(answer.expected_release, record.expected_release)
    for event in record.custody_events:
        _fill_event(answer.events.add(), event)
    return answer


def _fill_release(release: custody_pb2.ExpectedRelease, stored: record_pb2.ExpectedRelease) -> None:
    set_day(release.release_date, stored.day)
    release.has_address = stored.HasField("address")
    release.accepted = stored.accepted
    if release.has_address:
        records.fill_address(release.address, stored.address)


def _fill_event(event: custody_pb2.CustodyEvent, stored: record_pb2.CustodyEvent) -> None:
    event.kind = stored.kind  # type: ignore[assignment]  # stored numbers are the enum's
    set_day(event.event_date, stored.day)
    event.agency_id = stored.agency
    set_us(event.record_time, stored.time_us)
    event.prisons_agency_id = stored.prisons_agency
    if stored.HasField("expected_day"):
        set_day(event.expected_date, stored.expected_day)
    event.refusal = stored.refusal  # type: ignore[assignment]  # stored numbers are the enum's
    event.version, event.taken_back_version = stored.version, stored.taken_back_version
