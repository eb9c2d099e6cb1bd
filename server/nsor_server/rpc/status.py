"""Errors on the wire: google.rpc.Status with a reason for machines, texts for people, and no value of anything.

At most ten violations are listed, then counted, and the whole has at most 4 KiB, since metadata beyond 8 KiB is
dropped at random on its way.
"""

from __future__ import annotations

import math
from typing import Protocol

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from nsor.v1 import errors_pb2
from nsor_server.errors import ApiError, Violation

DOMAIN = "nsor.gov.pk"
MAX_BYTES = 4096
MAX_VIOLATIONS = 10
MAX_PATH = 120

_REASON_PREFIX = "ERROR_REASON_"
_FIELD_PREFIX = "FIELD_REASON_"
CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


class Texts(Protocol):
    """What people are told, in English and in Urdu."""

    def error(self, reason: errors_pb2.ErrorReason.ValueType) -> tuple[str, str]:
        """Texts of why a call was refused."""
        ...

    def field(self, reason: errors_pb2.FieldReason.ValueType) -> tuple[str, str]:
        """Texts of a rule of a field."""
        ...


def reason_name(error: ApiError) -> str:
    """The reason as machines read it: its name without the prefix."""
    return errors_pb2.ErrorReason.Name(error.reason).removeprefix(_REASON_PREFIX)


def told(error: ApiError | None) -> tuple[str, str]:
    """What a span says of an answer: the name of gRPC's code, and the reason, which is empty where it is none."""
    return ("OK", "") if error is None else (CODES[error.code].name, reason_name(error))


def status(error: ApiError, texts: Texts, access_id: str) -> status_pb2.Status:
    """The status of an error.

    Args:
        error: the error.
        texts: what people are told.
        access_id: what the caller gives the operator when asking.
    """
    violations = error.violations[:MAX_VIOLATIONS]
    while True:
        made = _status(error, violations, texts, access_id)
        if made.ByteSize() <= MAX_BYTES or not violations:
            return made
        violations = violations[:-1]


def _status(error: ApiError, violations: tuple[Violation, ...], texts: Texts, access_id: str) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(reason=reason_name(error), domain=DOMAIN, metadata={"access_id": access_id})
    more = len(error.violations) - len(violations)
    if more:
        info.metadata["more_violations"] = str(more)
    details: list[Message] = [info]
    if violations:
        details.append(_bad_request(violations, texts))
    english, urdu = texts.error(error.reason)
    details.append(error_details_pb2.LocalizedMessage(locale="en", message=english))
    details.append(error_details_pb2.LocalizedMessage(locale="ur", message=urdu))
    if error.retry_after_seconds is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(math.ceil(error.retry_after_seconds * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return status_pb2.Status(code=error.code, message=english, details=map(_packed, details))


def _bad_request(violations: tuple[Violation, ...], texts: Texts) -> error_details_pb2.BadRequest:
    return error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(
                field=violation.field[:MAX_PATH],
                description=texts.field(violation.reason)[0],
                reason=errors_pb2.FieldReason.Name(violation.reason).removeprefix(_FIELD_PREFIX),
                localized_message=error_details_pb2.LocalizedMessage(
                    locale="ur", message=texts.field(violation.reason)[1]
                ),
            )
            for violation in violations
        ]
    )


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
