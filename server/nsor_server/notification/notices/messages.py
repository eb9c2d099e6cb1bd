"""A notice as the contract shows it, from its sealed form; what the purpose may see is taken from it then. Pure."""

from __future__ import annotations

from nsor.v1 import notices_pb2, types_pb2
from nsor_server.formats.instants import set_day, set_us
from nsor_server.formats.uuids import text
from nsor_server.notification.notices import kinds
from nsor_server.notification.store import Notice
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2


def summary(notice: Notice, officer_number: str) -> notices_pb2.Notice:
    """A notice and where it stands.

    Args:
        notice: opened.
        officer_number: of who took it, if the caller may know it.
    """
    record, decision = notice.record, notice.decision
    message = notices_pb2.Notice(
        notice_id=text(record.notice_id),
        kind=notices_pb2.NoticeKind.ValueType(record.kind),
        timing=notices_pb2.NoticeTiming.ValueType(record.timing),
        receiving_station=record.receiving_station,
        taken_by_agency=record.agency,
        officer_number=officer_number,
        late=record.late,
        deadline_rule_id=record.deadline_rule,
        state=notice.state,
        refusal=notices_pb2.NoticeRefusal.ValueType(decision.refusal),
        withdrawal=notices_pb2.NoticeWithdrawal.ValueType(decision.withdrawal),
        supersedes_notice_id=text(record.supersedes) if record.supersedes else "",
        superseded_by_notice_id=text(decision.superseded_by) if decision.superseded_by else "",
    )
    set_day(message.event_date, record.event_day)
    set_day(message.received_date, record.received_day)
    set_us(message.create_time, record.create_time_us)
    if decision.version:
        set_us(message.decide_time, decision.time_us)
    return message


def whole(notice: Notice, person: types_pb2.Person, officer_number: str) -> notices_pb2.GetNoticeResponse:
    """A notice with what it tells, and who gave it."""
    record = notice.record
    message = notices_pb2.GetNoticeResponse(notice=summary(notice, officer_number), person=person)
    if record.kind == kinds.ADDRESS and record.HasField("address"):
        registrations.fill_address(message.address, record.address)
    elif record.kind == kinds.NO_FIXED_ABODE:
        message.no_fixed_abode.place_code = record.address.place_code
    elif record.kind == kinds.NAME:
        holder = types_pb2.Person()
        registrations.fill_names(holder, record_pb2.RegistrationRecord(names=record.names))
        message.name.names.extend(holder.names)
    elif record.kind == kinds.CONTACT:
        message.contact.mobile_numbers.extend(record.mobiles)
        message.contact.email_addresses.extend(record.email_addresses)
        message.contact.ended_mobile_numbers.extend(record.ended_mobiles)
        message.contact.ended_email_addresses.extend(record.ended_email_addresses)
    elif record.kind == kinds.TRAVEL and record.HasField("travel"):
        _fill_travel(message.travel, record.travel)
    elif record.kind == kinds.RETURN:
        message.travel_return.border_crossing = notices_pb2.BorderCrossing.ValueType(record.border_crossing)
    elif record.kind == kinds.PERIODIC:
        message.periodic.photo_id = text(record.photo_id)
    elif record.kind == kinds.HOME_VISIT:
        message.home_visit.result = notices_pb2.HomeVisitResult.ValueType(record.home_visit)
    return message


def _fill_travel(message: notices_pb2.TravelNotice, travel: record_pb2.Travel) -> None:
    message.purpose = notices_pb2.TravelPurpose.ValueType(travel.purpose)
    for leg in travel.legs:
        added = message.legs.add(
            country=leg.country,
            place_code=leg.place_code,
            mode=notices_pb2.TravelMode.ValueType(leg.mode),
            border_crossing=notices_pb2.BorderCrossing.ValueType(leg.border_crossing),
            carrier_code=leg.carrier_code,
        )
        set_day(added.departure_date, leg.departure_day)
        set_day(added.arrival_date, leg.arrival_day)
    if travel.HasField("document"):
        document = travel.document
        message.document.number, message.document.country = document.number, document.country
        message.document.kind = types_pb2.TravelDocumentKind.ValueType(document.kind)
        if document.HasField("expiry_day"):
            set_day(message.document.expiry_date, document.expiry_day)
    if travel.HasField("return_day"):
        set_day(message.return_date, travel.return_day)
