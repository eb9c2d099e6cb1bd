"""The kinds of notice: which deadline each has, and its two forms, the contract's and the sealed one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from nsor.v1 import notices_pb2, types_pb2
from nsor_server.formats.instants import from_day, to_date, to_day
from nsor_server.formats.notices import HOME
from nsor_server.formats.uuids import raw
from nsor_server.notification import rules
from nsor_server.policy.deadlines import (
    ADDRESS_CHANGE_NOTICE,
    CONTACT_CHANGE_NOTICE,
    EXTRA_ADDRESS,
    FOREIGN_TRAVEL_LEAD,
    HOME_TRAVEL_LEAD,
    NAME_CHANGE_NOTICE,
    RETURN_NOTICE,
    Deadlines,
    Due,
)
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

Request: TypeAlias = notices_pb2.CreateNoticeRequest
ADDRESS: Final = notices_pb2.NOTICE_KIND_ADDRESS
NAME: Final = notices_pb2.NOTICE_KIND_NAME
CONTACT: Final = notices_pb2.NOTICE_KIND_CONTACT
TRAVEL: Final = notices_pb2.NOTICE_KIND_TRAVEL
RETURN: Final = notices_pb2.NOTICE_KIND_TRAVEL_RETURN
PERIODIC: Final = notices_pb2.NOTICE_KIND_PERIODIC
NO_FIXED_ABODE: Final = notices_pb2.NOTICE_KIND_NO_FIXED_ABODE
HOME_VISIT: Final = notices_pb2.NOTICE_KIND_HOME_VISIT
_DEADLINES: Final[Mapping[int, str]] = {
    NAME: NAME_CHANGE_NOTICE,
    CONTACT: CONTACT_CHANGE_NOTICE,
    RETURN: RETURN_NOTICE,
    NO_FIXED_ABODE: ADDRESS_CHANGE_NOTICE,
}
"""Those that follow from the kind alone. What is counted from what the register knows isn't here: it is a duty's."""


def kind_of(request: Request) -> notices_pb2.NoticeKind.ValueType:
    """The kind of a checked request."""
    name = request.WhichOneof("notice") or "unspecified"  # that something didn't happen
    return notices_pb2.NoticeKind.Value(f"NOTICE_KIND_{name.upper()}")


def due(deadlines: Deadlines, notice: record_pb2.NoticeRecord) -> Due | None:
    """When a notice was due by a policy, counted from its day; None: it has no deadline of its own.

    That something didn't happen has none, whatever was expected.
    """
    rule = "" if notice.timing == notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN else _deadline_rule(notice)
    if not rule:
        return None
    province = notice.receiving_station.split("/", 1)[0]
    return deadlines.due(rule, rules.start(to_date(from_day(notice.event_day))), province)


def is_late(notice: record_pb2.NoticeRecord, due: Due | None) -> bool:
    """Whether a notice was received after the day on which it was due."""
    return due is not None and rules.is_late(to_date(from_day(notice.received_day)), due.due)


def is_abroad(travel: record_pb2.Travel) -> bool:
    """Whether a leg of a journey leads abroad."""
    return any(leg.country != HOME for leg in travel.legs)


def earlier_id(request: Request) -> bytes:
    """The notice that a request supersedes, 16 bytes, or empty."""
    return raw(request.supersedes_notice_id) if request.supersedes_notice_id else b""


def crosses_border(notice: record_pb2.NoticeRecord) -> bool:
    """Whether a notice is of a journey over the border of Pakistan: such a one FIA Immigration is told, and shown."""
    if notice.kind == TRAVEL:
        return is_abroad(notice.travel)
    return notice.kind == RETURN and bool(notice.border_crossing)


def home_address(request: Request) -> types_pb2.Address | None:
    """The address that a notice tells; without a fixed abode the place alone. None: it tells none."""
    if request.HasField("address"):
        return request.address
    if request.HasField("no_fixed_abode"):
        return types_pb2.Address(
            kind=types_pb2.ADDRESS_KIND_CURRENT,
            place_code=request.no_fixed_abode.place_code,
            no_fixed_abode=True,
        )
    return None


def told(request: Request) -> record_pb2.NoticeRecord:
    """What a request tells, as it is stored; the caller adds who took it and what it found of the record."""
    notice = record_pb2.NoticeRecord(
        registration_id=raw(request.registration_id),
        kind=kind_of(request),
        event_day=to_day(request.event_date),
        received_day=to_day(request.received_date),
        receiving_station=request.receiving_station,
        timing=request.timing,
        names=map(registrations.name_record, request.name.names),
        mobiles=request.contact.mobile_numbers,
        email_addresses=request.contact.email_addresses,
        ended_mobiles=request.contact.ended_mobile_numbers,
        ended_email_addresses=request.contact.ended_email_addresses,
        border_crossing=request.travel_return.border_crossing,
        photo_id=raw(request.periodic.photo_id) if request.HasField("periodic") else b"",
        home_visit=request.home_visit.result,
        supersedes=earlier_id(request),
    )
    address = home_address(request)
    if address is not None:
        notice.address.CopyFrom(registrations.address_record(address))
    if request.HasField("travel"):
        notice.travel.CopyFrom(_travel(request.travel))
    return notice


def _deadline_rule(notice: record_pb2.NoticeRecord) -> str:
    """The id of the rule by which a notice is due; empty: by none."""
    if notice.kind == ADDRESS:
        is_extra = notice.address.kind == types_pb2.ADDRESS_KIND_EXTRA
        return EXTRA_ADDRESS if is_extra else ADDRESS_CHANGE_NOTICE
    if notice.kind == TRAVEL:
        return FOREIGN_TRAVEL_LEAD if is_abroad(notice.travel) else HOME_TRAVEL_LEAD
    return _DEADLINES.get(notice.kind, "")


def _travel(travel: notices_pb2.TravelNotice) -> record_pb2.Travel:
    return record_pb2.Travel(
        legs=[
            record_pb2.TravelLeg(
                country=leg.country,
                place_code=leg.place_code,
                departure_day=to_day(leg.departure_date),
                arrival_day=to_day(leg.arrival_date),
                mode=leg.mode,
                border_crossing=leg.border_crossing,
                carrier_code=leg.carrier_code,
            )
            for leg in travel.legs
        ],
        purpose=travel.purpose,
        document=registrations.document_record(travel.document) if travel.HasField("document") else None,
        return_day=to_day(travel.return_date) if travel.HasField("return_date") else None,
    )
