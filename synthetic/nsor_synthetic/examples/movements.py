"""Example requests of movements over the border."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf import timestamp_pb2
from google.protobuf.message import Message

from nsor.v1 import movements_pb2, notices_pb2, types_pb2
from nsor_synthetic.examples import parts


def movements(ids: parts.Ids) -> Iterator[Message]:
    """One by each kind of document."""
    yield movements_pb2.ReportMovementRequest(
        request_id=ids.uuid("departure"),
        identity_number="3520212345671",
        direction=movements_pb2.MOVEMENT_DIRECTION_DEPARTURE,
        border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
        movement_time=timestamp_pb2.Timestamp(seconds=1_771_570_800),
        country="SA",
        carrier_code="PK",
    )
    document = types_pb2.TravelDocument(number="ZZ0000001", country="PK", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
    yield movements_pb2.ReportMovementRequest(
        request_id=ids.uuid("arrival"),
        shown_document=document,
        direction=movements_pb2.MOVEMENT_DIRECTION_ARRIVAL,
        border_crossing=notices_pb2.BORDER_CROSSING_WAGAH,
        movement_time=timestamp_pb2.Timestamp(seconds=1_771_657_200),
        country="IN",
    )
