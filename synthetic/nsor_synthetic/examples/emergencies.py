"""Example requests of emergency look-ups, of disclosures, of watched numbers, and of unusual accesses."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message

from nsor.v1 import disclosures_pb2, emergencies_pb2, tripwires_pb2, watched_pb2
from nsor_synthetic.examples import parts


def emergencies(ids: parts.Ids) -> Iterator[Message]:
    """Of emergency look-ups: opened, read, reviewed and listed."""
    yield emergencies_pb2.OpenEmergencyLookUpRequest(
        request_id=ids.uuid("emergency"),
        cnic="8220312345670",
        harm=emergencies_pb2.IMMINENT_HARM_CHILD_TAKEN,
        station=parts.STATION,
    )
    yield emergencies_pb2.LookUpInEmergencyRequest(emergency_id=ids.uuid("emergency id"), cnic="8220312345670")
    yield emergencies_pb2.ReviewEmergencyLookUpRequest(
        request_id=ids.uuid("emergency review"),
        emergency_id=ids.uuid("emergency id"),
        finding=emergencies_pb2.EMERGENCY_FINDING_JUSTIFIED,
    )
    yield emergencies_pb2.GetEmergencyLookUpRequest(emergency_id=ids.uuid("emergency id"))
    yield emergencies_pb2.ListEmergencyLookUpsRequest(page_size=50, page_token="dG9rZW4", reviewed=True)  # noqa: S106 - a page token, no secret


def disclosures(ids: parts.Ids) -> Iterator[Message]:
    """Of who was shown a record."""
    yield disclosures_pb2.ListDisclosuresRequest(
        registration_id=ids.uuid("registration"),
        page_size=50,
        page_token="dG9rZW4",  # noqa: S106 - a page token, no secret
    )


def watched(ids: parts.Ids) -> Iterator[Message]:
    """Of numbers that are watched."""
    yield watched_pb2.EnterWatchedNumberRequest(
        request_id=ids.uuid("watched number"),
        watched_id=ids.uuid("watched id"),
        kind=watched_pb2.WATCHED_KIND_DECOY,
        cnic="8220312345670",
    )
    yield watched_pb2.EndWatchedNumberRequest(
        request_id=ids.uuid("watched number's end"), watched_id=ids.uuid("watched id")
    )
    yield watched_pb2.ListWatchedNumbersRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - a page token, no secret


def unusual_accesses(ids: parts.Ids) -> Iterator[Message]:
    """Of unusual accesses: listed and reviewed."""
    yield tripwires_pb2.ListUnusualAccessesRequest(page_size=50, page_token="dG9rZW4", reviewed=True)  # noqa: S106 - no secret
    yield tripwires_pb2.ReviewUnusualAccessRequest(
        request_id=ids.uuid("unusual access review"),
        validate_only=True,
        unusual_access_id=ids.uuid("unusual access"),
        finding=tripwires_pb2.UNUSUAL_ACCESS_FINDING_EXPLAINED,
    )
