"""Consumers of events as tests enrol and follow them."""

import os
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import consumers_pb2, directory_pb2, notification_pb2
from nsor_server.calls import Agency, Call, Officer, Outcome
from nsor_server.rpc.handlers import Streamed
from tests.agencies import PUNJAB_POLICE
from tests.calls import call_of
from tests.services import Services


def system(services: Services, agency: Agency = PUNJAB_POLICE, number: str = "SYSTEM-1") -> Officer:
    """A system of an agency, with a live key."""
    key = Ed25519PrivateKey.generate()
    proof = b"nsor-enrol-v1\0" + agency.agency_id.encode() + b"\0" + number.encode()
    request = directory_pb2.EnrolOfficerRequest(
        request_id=str(uuid.uuid4()),
        officer_number=number,
        public_key=key.public_key().public_bytes_raw(),
        proof_of_possession=key.sign(proof),
        kind=directory_pb2.KEY_KIND_SYSTEM,
    )
    answer = services.ask(call_of(agency), request).response.officer
    return Officer(
        answer.officer_key_id, agency.agency_id, answer.officer_number, os.urandom(32), (), grade=0, system=True
    )


def enrolment(
    number: str = "SYSTEM-1", places: Sequence[str] = (), kinds: Sequence[Any] = ()
) -> consumers_pb2.EnrolConsumerRequest:
    return consumers_pb2.EnrolConsumerRequest(request_id=str(uuid.uuid4()), consumer=number, places=places, kinds=kinds)


def disabling(number: str = "SYSTEM-1") -> consumers_pb2.DisableConsumerRequest:
    return consumers_pb2.DisableConsumerRequest(request_id=str(uuid.uuid4()), consumer=number)


def enrolled(
    services: Services,
    agency: Agency = PUNJAB_POLICE,
    number: str = "SYSTEM-1",
    places: Sequence[str] = (),
    kinds: Sequence[Any] = (),
) -> Officer:
    """A consumer that is enrolled; gives its system."""
    found = system(services, agency, number)
    services.ask(call_of(agency), enrolment(number, places, kinds))
    return found


def listed(services: Services, agency: Agency = PUNJAB_POLICE) -> Sequence[consumers_pb2.Consumer]:
    answer = services.ask(call_of(agency), consumers_pb2.ListConsumersRequest()).response
    assert isinstance(answer, consumers_pb2.ListConsumersResponse)
    return answer.consumers


def messages(
    services: Services,
    follower: Officer | None = None,
    after: int = 0,
    after_event_id: str = "",
    agency: Agency = PUNJAB_POLICE,
) -> Iterator[tuple[Call, Outcome[Any]]]:
    """What a stream sends until there is nothing yet: of a consumer's system, or without one of the agency."""
    call = call_of(agency, follower)
    request = notification_pb2.SubscribeEventsRequest(
        after_sequence=after, consumer=follower.officer_number if follower else "", after_event_id=after_event_id
    )
    services.admit(call, request)
    stream = call.route.handler
    assert isinstance(stream, Streamed)
    with services.database.reading() as conn:
        cursor = stream.start(call, request, conn)
        while step := stream.after(call, cursor, conn):
            yield call, step.outcome
            assert step.cursor > cursor
            cursor = step.cursor


def heard(services: Services, follower: Officer | None = None, after: int = 0) -> list[notification_pb2.Event]:
    """The events that a stream tells."""
    return [event for _, outcome in messages(services, follower, after) for event in outcome.response.events]
