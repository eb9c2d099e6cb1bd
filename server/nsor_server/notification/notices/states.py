"""What may become of a notice, and which notice may supersede which. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from nsor.v1 import errors_pb2, notices_pb2
from nsor_server import errors
from nsor_server.notification.notices import kinds
from nsor_server.storage.v1 import record_pb2

State: TypeAlias = notices_pb2.NoticeState.ValueType
TAKEN: Final = notices_pb2.NOTICE_STATE_TAKEN
VERIFIED: Final = notices_pb2.NOTICE_STATE_VERIFIED
REFUSED: Final = notices_pb2.NOTICE_STATE_REFUSED
WITHDRAWN: Final = notices_pb2.NOTICE_STATE_WITHDRAWN
SUPERSEDED: Final = notices_pb2.NOTICE_STATE_SUPERSEDED
MOST_WAITING: Final = 100
"""Notices of a registration that wait to be verified: each version of it names them."""
_NEXT: Final[Mapping[int, frozenset[int]]] = {
    TAKEN: frozenset({VERIFIED, REFUSED, WITHDRAWN, SUPERSEDED}),
    VERIFIED: frozenset({SUPERSEDED}),
}
"""What a notice may become. What is refused, withdrawn or superseded stays so: it is told again."""
_HOMES: Final = frozenset({int(kinds.ADDRESS), int(kinds.NO_FIXED_ABODE)})
"""Kinds that tell where the person lives: one may correct the other."""


def follows(before: int, after: int) -> bool:
    """Whether a notice may become that."""
    return after in _NEXT.get(before, ())


def check(before: int, after: int) -> None:
    """See that a notice may become that.

    Raises:
        errors.WrongState: it is decided, withdrawn or superseded.
    """
    if not follows(before, after):
        raise errors.WrongState


def supersedes(notice: record_pb2.NoticeRecord, earlier: record_pb2.NoticeRecord) -> bool:
    """Whether a notice may supersede another one: one of its kind; that something didn't happen, what was expected."""
    if notice.timing == notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN:
        return earlier.timing == notices_pb2.NOTICE_TIMING_EXPECTED
    return notice.kind == earlier.kind or {notice.kind, earlier.kind} <= _HOMES


def check_room(record: record_pb2.RegistrationRecord) -> None:
    """See that a version names no more notices that wait than it may.

    Raises:
        errors.WrongState: TOO_MANY_NOTICES.
    """
    if len(record.waiting_notices) > MOST_WAITING:
        raise errors.WrongState(errors_pb2.ERROR_REASON_TOO_MANY_NOTICES)
