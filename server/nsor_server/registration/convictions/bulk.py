"""ConfirmRegistrations on the wire: one signed decision, each confirmation a call of ConfirmRegistration."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from google.protobuf.message import Message

from nsor.v1 import registration_pb2
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome
from nsor_server.errors import ApiError
from nsor_server.rpc.handlers import Parted
from nsor_server.storage.v1 import record_pb2

Request = registration_pb2.ConfirmRegistrationsRequest
Response = registration_pb2.ConfirmRegistrationsResponse
Part = registration_pb2.ConfirmRegistrationRequest


def handler() -> Parted[Request, Response]:
    """What the front door serves."""
    return Parted(Request, Response, Part, parts, joined)


def parts(request: Request) -> Sequence[Part]:
    """The confirmations, each with a request id that follows from the decision's and its place."""
    whole = uuid.UUID(request.request_id)
    return [
        Part(
            request_id=str(uuid.uuid5(whole, str(nth))),
            registration_id=each.registration_id,
            etag=each.etag,
            case_number=each.case_number,
            judgment_date=each.judgment_date if each.HasField("judgment_date") else None,
            court=each.court if each.HasField("court") else None,
        )
        for nth, each in enumerate(request.confirmations)
    ]


def joined(call: Call, request: Request, ended: Sequence[Message | ApiError]) -> Outcome[Response]:
    """A finding for each confirmation, in their order: no more than ConfirmRegistration says."""
    answer = Response()
    for confirmation, result in zip(request.confirmations, ended, strict=True):
        finding = answer.findings.add(registration_id=confirmation.registration_id)
        if isinstance(result, ApiError):
            finding.reason = result.reason
        elif isinstance(result, registration_pb2.ConfirmRegistrationResponse):
            finding.etag, finding.state = result.etag, result.state
    return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="CONFIRMATIONS_ENDED"))
