"""What a defective request is: the request, its one mistake, and the answer that it must get."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import Message

from nsor.v1 import errors_pb2


@dataclass(frozen=True, slots=True)
class Defect:
    """A request with a mistake.

    Attributes:
        title: what is wrong, without a value.
        request: the request.
        field: path of the field that the answer must name.
        reason: the rule that the answer must name; UNSPECIFIED when the error itself is the answer.
        error: why the call is refused.
    """

    title: str
    request: Message
    field: str
    reason: errors_pb2.FieldReason.ValueType
    error: errors_pb2.ErrorReason.ValueType = errors_pb2.ERROR_REASON_INVALID_FIELDS
