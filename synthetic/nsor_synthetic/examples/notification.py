"""Example requests of notices, duties, transfers and events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import arrivals_pb2, duties_pb2, notices_pb2, notification_pb2, transfers_pb2, types_pb2
from nsor_synthetic.examples import parts
from nsor_synthetic.examples.movements import movements


def notification(ids: parts.Ids) -> Iterator[Message]:
    """Of notices, events, transfers and duties."""
    yield from _notices(ids)
    yield from _decided_notices(ids)
    yield from _read_notices(ids)
    yield from movements(ids)
    yield notification_pb2.SubscribeEventsRequest(
        after_sequence=3, consumer="SYSTEM-1", after_event_id=ids.uuid("event")
    )
    yield notification_pb2.AcknowledgeEventsRequest(through_sequence=3, consumer="SYSTEM-1")
    yield from _transfers(ids)
    yield from _duties(ids)
    yield from _at_the_counter(ids)


def _at_the_counter(ids: parts.Ids) -> Iterator[Message]:
    yield arrivals_pb2.FindRegistrantRequest(cnic="3520212345671")
    document = types_pb2.TravelDocument(
        number="AB1234567",
        country="PK",
        kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT,
        expiry_date=date_pb2.Date(year=2031, month=5, day=4),
    )
    yield arrivals_pb2.FindRegistrantRequest(travel_document=document)
    yield arrivals_pb2.CreateArrivalNoticeRequest(
        request_id=ids.uuid("arrival"),
        cnic="3520212345671",
        receiving_station="PK-PB/LHR/PS-001",
        home_place="PK-PB/LHR/PS-001",
        event_date=date_pb2.Date(year=2024, month=3, day=1),
        received_date=date_pb2.Date(year=2024, month=3, day=2),
    )
    yield arrivals_pb2.GetArrivalNoticeRequest(arrival_id=ids.uuid("arrival-id"))
    yield arrivals_pb2.ListArrivalNoticesRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above


def _notice(ids: parts.Ids, **kind: Any) -> notices_pb2.CreateNoticeRequest:
    return notices_pb2.CreateNoticeRequest(
        request_id=ids.uuid("notice"),
        registration_id=ids.uuid("registration"),
        event_date=date_pb2.Date(year=2024, month=3, day=1),
        received_date=date_pb2.Date(year=2024, month=3, day=4),
        receiving_station=parts.STATION,
        timing=notices_pb2.NOTICE_TIMING_HAPPENED,
        **kind,
    )


def _notices(ids: parts.Ids) -> Iterator[Message]:
    """One of each kind."""
    yield _notice(ids, address=parts.address(), supersedes_notice_id=ids.uuid("notice-id"))
    yield _notice(ids, name=notices_pb2.NameNotice(names=[parts.person_name("Nasreen Khan", "Muhammad Akram")]))
    yield _notice(
        ids,
        contact=notices_pb2.ContactNotice(
            mobile_numbers=["+923990000002"],
            email_addresses=["nasreen@example.pk"],
            ended_mobile_numbers=["+923990000001"],
            ended_email_addresses=["akhtar@example.pk"],
        ),
    )
    yield _notice(
        ids,
        travel=notices_pb2.TravelNotice(
            legs=[
                notices_pb2.TravelLeg(
                    country="PK",
                    place_code=parts.STATION,
                    departure_date=date_pb2.Date(year=2024, month=3, day=1),
                    arrival_date=date_pb2.Date(year=2024, month=3, day=2),
                    mode=notices_pb2.TRAVEL_MODE_AIR,
                    border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
                    carrier_code="PK",
                ),
                notices_pb2.TravelLeg(
                    country="SA",
                    departure_date=date_pb2.Date(year=2024, month=3, day=2),
                    arrival_date=date_pb2.Date(year=2024, month=3, day=2),
                    mode=notices_pb2.TRAVEL_MODE_AIR,
                    border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
                    carrier_code="PK",
                ),
            ],
            purpose=notices_pb2.TRAVEL_PURPOSE_PILGRIMAGE,
            document=parts.travel_document(),
            return_date=date_pb2.Date(year=2024, month=3, day=20),
        ),
    )
    yield _notice(
        ids, travel_return=notices_pb2.ReturnNotice(border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT)
    )
    yield _notice(ids, periodic=notices_pb2.PeriodicNotice(photo_id=ids.uuid("photo")))
    yield _notice(ids, no_fixed_abode=notices_pb2.NoFixedAbodeNotice(place_code="PK-PB/LHR"))
    yield _notice(ids, home_visit=notices_pb2.HomeVisitNotice(result=notices_pb2.HOME_VISIT_RESULT_MET))


def _decided_notices(ids: parts.Ids) -> Iterator[Message]:
    yield notices_pb2.WithdrawNoticeRequest(
        request_id=ids.uuid("withdraw-notice"),
        registration_id=ids.uuid("registration"),
        notice_id=ids.uuid("notice-id"),
        reason=notices_pb2.NOTICE_WITHDRAWAL_MISTAKE,
    )
    yield notices_pb2.DecideNoticeRequest(
        request_id=ids.uuid("decide-notice"),
        registration_id=ids.uuid("registration"),
        notice_id=ids.uuid("notice-id"),
        decision=notices_pb2.NOTICE_STATE_REFUSED,
        refusal=notices_pb2.NOTICE_REFUSAL_NOT_SO,
    )


def _read_notices(ids: parts.Ids) -> Iterator[Message]:
    yield notices_pb2.GetNoticeRequest(registration_id=ids.uuid("registration"), notice_id=ids.uuid("notice-id"))
    yield notices_pb2.ListNoticesRequest(registration_id=ids.uuid("registration"))


def _duties(ids: parts.Ids) -> Iterator[Message]:
    registration, duty = ids.uuid("registration"), ids.uuid("duty")
    yield duties_pb2.GetDutyRequest(registration_id=registration, duty_id=duty)
    yield duties_pb2.ListDutiesRequest(overdue=True, page_size=50, page_token="17")  # noqa: S106 - as above
    yield duties_pb2.WaiveDutyRequest(
        request_id=ids.uuid("waive"),
        registration_id=registration,
        etag="0123456789abcdef",
        duty_id=duty,
        reason=duties_pb2.DUTY_WAIVER_ILLNESS,
    )


def _transfers(ids: parts.Ids) -> Iterator[Message]:
    registration = ids.uuid("registration")
    yield transfers_pb2.DecideTransferRequest(
        request_id=ids.uuid("decide-transfer"),
        registration_id=registration,
        etag="0123456789abcdef",
        decision=transfers_pb2.TRANSFER_DECISION_REFUSE,
        refusal=transfers_pb2.TRANSFER_REFUSAL_NOT_FOUND_THERE,
    )
    yield transfers_pb2.ResolveTransferRequest(
        request_id=ids.uuid("resolve-transfer"),
        registration_id=registration,
        etag="0123456789abcdef",
        resolution=transfers_pb2.TRANSFER_RESOLUTION_ASSIGN,
    )
    yield transfers_pb2.GetTransferRequest(registration_id=registration)
    yield transfers_pb2.ListTransfersRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above
