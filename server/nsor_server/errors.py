"""Errors that are answered to the caller: one class per failure, with its gRPC code and its reason.

None of them carries a value of the request or of the register: a field's path and the rule it broke, no more.
Anything that isn't an ApiError is answered INTERNAL by the front door. Pure: neither grpc nor psycopg is imported here.
"""

from __future__ import annotations

import copyreg
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from google.rpc import code_pb2

from nsor.v1 import errors_pb2

Reason = errors_pb2.ErrorReason
FieldReason = errors_pb2.FieldReason


@dataclass(frozen=True, slots=True)
class Violation:
    """A field that broke a rule.

    Attributes:
        field: path of the field, such as ``suspects[2].cnic``; never a value.
        reason: the rule.
    """

    field: str
    reason: errors_pb2.FieldReason.ValueType


class ApiError(Exception):
    """An error that the caller is told."""

    code: ClassVar[int] = code_pb2.INTERNAL
    reason: errors_pb2.ErrorReason.ValueType = errors_pb2.ERROR_REASON_INTERNAL

    def __init__(
        self,
        reason: errors_pb2.ErrorReason.ValueType | None = None,
        *,
        violations: tuple[Violation, ...] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        """``reason`` narrows the class's own; ``retry_after_seconds`` becomes a RetryInfo."""
        if reason is not None:
            self.reason = reason
        self.violations = violations
        self.retry_after_seconds = retry_after_seconds
        super().__init__(errors_pb2.ErrorReason.Name(self.reason))

    def __reduce__(self) -> tuple[Any, ...]:
        """As another process, or a copy, makes it again: without the constructor, which takes no name of a reason."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # not in typeshed


class Unauthenticated(ApiError):
    """The certificate names no active agency."""

    code = code_pb2.UNAUTHENTICATED
    reason = errors_pb2.ERROR_REASON_CERTIFICATE_NOT_ACCEPTED


class Denied(ApiError):
    """Contract, certificate, officer, grant or request don't allow the call. Never depends on the register."""

    code = code_pb2.PERMISSION_DENIED
    reason = errors_pb2.ERROR_REASON_NOT_ALLOWED


class InvalidFields(ApiError):
    """One or more fields are wrong."""

    code = code_pb2.INVALID_ARGUMENT
    reason = errors_pb2.ERROR_REASON_INVALID_FIELDS


class NoRecord(ApiError):
    """There is no record that this call may see or change: absent, sealed and somebody else's are one answer."""

    code = code_pb2.NOT_FOUND
    reason = errors_pb2.ERROR_REASON_NO_RECORD


class WrongState(ApiError):
    """The caller may see the record, and its state doesn't allow the step."""

    code = code_pb2.FAILED_PRECONDITION
    reason = errors_pb2.ERROR_REASON_WRONG_STATE


class PolicyUnchanged(ApiError):
    """The document is in force or proposed already."""

    code = code_pb2.FAILED_PRECONDITION
    reason = errors_pb2.ERROR_REASON_POLICY_UNCHANGED


class EtagMismatch(ApiError):
    """The record has moved on."""

    code = code_pb2.ABORTED
    reason = errors_pb2.ERROR_REASON_ETAG_MISMATCH


FROM_THE_REGISTER: Final = (NoRecord, WrongState, EtagMismatch)
"""Refusals by what the register holds: a call hears them only when it was let in."""


class RequestIdReused(ApiError):
    """The request id was used before for another request."""

    code = code_pb2.ALREADY_EXISTS
    reason = errors_pb2.ERROR_REASON_REQUEST_ID_REUSED


class RepeatedTooLate(ApiError):
    """The request was answered too long ago to be answered again under its id."""

    code = code_pb2.FAILED_PRECONDITION
    reason = errors_pb2.ERROR_REASON_REPEATED_TOO_LATE


class Exhausted(ApiError):
    """Too many calls, or too large a message."""

    code = code_pb2.RESOURCE_EXHAUSTED
    reason = errors_pb2.ERROR_REASON_RATE_LIMITED


class UnknownMethod(ApiError):
    """The method doesn't exist."""

    code = code_pb2.UNIMPLEMENTED
    reason = errors_pb2.ERROR_REASON_UNKNOWN_METHOD


class DeadlineExceeded(ApiError):
    """The server ran out of the time it allows for the method."""

    code = code_pb2.DEADLINE_EXCEEDED
    reason = errors_pb2.ERROR_REASON_DEADLINE


class Unavailable(ApiError):
    """The register can't record accesses now, or is shutting down: it answers nothing."""

    code = code_pb2.UNAVAILABLE
    reason = errors_pb2.ERROR_REASON_LEDGER_UNAVAILABLE


class Internal(ApiError):
    """The server failed; the cause is in its log under the access id."""
