"""What is shown of emergency look-ups, as the contract has it. Translates; decides nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from nsor.v1 import emergencies_pb2, types_pb2
from nsor_server.formats.instants import from_us, to_us
from nsor_server.formats.uuids import text
from nsor_server.lookup.emergencies.store import Stored
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2


def person(record: record_pb2.RegistrationRecord) -> emergencies_pb2.PersonInEmergency:
    """A registered person, all his registrations as one."""
    whole = registrations.to_message(record, record.convictions)
    shown = emergencies_pb2.PersonInEmergency(
        registration_id=whole.registration_id,
        person=whole.person,
        marks=whole.marks,
        appeal_states=[each.appeal_state for each in whole.convictions],
        heightened_handling=whole.heightened_handling,
    )
    last = next((each for each in reversed(whole.addresses) if each.kind == types_pb2.ADDRESS_KIND_CURRENT), None)
    if last is not None:
        shown.last_address.CopyFrom(last)
    return shown


def whole(
    stored: Stored, readings: Iterable[dt.datetime], review_deadline: types_pb2.Deadline
) -> emergencies_pb2.GetEmergencyLookUpResponse:
    """An emergency look-up with the number of whom it was for, and when it was read."""
    shown = emergencies_pb2.GetEmergencyLookUpResponse(
        emergency_look_up=item(stored, review_deadline), reading_times=(from_us(to_us(each)) for each in readings)
    )
    kind, *parts = stored.record.subject.split(" ")
    if kind == "cnic":
        (shown.cnic,) = parts
    else:
        document = shown.travel_document
        document.country, document.number = parts[:2]
        document.kind = types_pb2.TravelDocumentKind.ValueType(int(parts[2]))
    return shown


def item(stored: Stored, review_deadline: types_pb2.Deadline) -> emergencies_pb2.EmergencyLookUp:
    """An emergency look-up in a list: not whom it was for."""
    record = stored.record
    return emergencies_pb2.EmergencyLookUp(
        emergency_id=text(record.emergency_id),
        agency_id=record.agency,
        officer_number=record.officer_number,
        harm=emergencies_pb2.ImminentHarm.ValueType(record.harm),
        station=record.station,
        open_time=from_us(record.open_time_us),
        review_deadline=review_deadline,
        finding=emergencies_pb2.EmergencyFinding.ValueType(stored.finding),
        review_time=from_us(to_us(stored.reviewed_at)) if stored.reviewed_at else None,
    )
