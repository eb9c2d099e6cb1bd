"""Example requests of manifests."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf import timestamp_pb2
from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import movements_pb2, notices_pb2, screening_pb2, types_pb2
from nsor_synthetic.examples import parts


def screening(ids: parts.Ids) -> Iterator[Message]:
    """A flight, and passengers with each kind of document."""
    yield screening_pb2.DeclareManifestRequest(
        request_id=ids.uuid("manifest"),
        border_crossing=notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
        direction=movements_pb2.MOVEMENT_DIRECTION_DEPARTURE,
        carrier_code="PK",
        number=301,
        scheduled_time=timestamp_pb2.Timestamp(seconds=1_771_570_800),
        persons=2,
    )
    born = date_pb2.Date(year=1985, month=6, day=7)
    document = types_pb2.TravelDocument(number="ZZ0000001", country="PK", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
    for row in (
        screening_pb2.ManifestRow(row=1, identity_number="3520212345671", birth_date=born),
        screening_pb2.ManifestRow(
            row=2,
            shown_document=document,
            birth_date=born,
            names=screening_pb2.PassengerNames(name="Test Rasool", relative_name="Test Aslam"),
        ),
    ):
        yield screening_pb2.ScreenManifestRequest(manifest_id=ids.uuid("manifest"), rows=[row])
