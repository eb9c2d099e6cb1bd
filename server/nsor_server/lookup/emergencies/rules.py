"""Who may open an emergency look-up, read by it and review it. Pure: neither grpc nor psycopg, and no key.

All of it depends on officers and on what they have opened before. What the register holds of persons plays no part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from nsor.v1 import emergencies_pb2, errors_pb2
from nsor_server import errors
from nsor_server.access.decisions import Person
from nsor_server.calls import Officer
from nsor_server.storage.v1 import record_pb2

DEFAULT_PAGE: Final = 50
"""Emergency look-ups of a page whose size isn't said."""
UNJUSTIFIED: Final = frozenset(emergencies_pb2.EmergencyFinding.values()) - {
    emergencies_pb2.EMERGENCY_FINDING_UNSPECIFIED,
    emergencies_pb2.EMERGENCY_FINDING_JUSTIFIED,
}
"""Findings that end an emergency look-up: numbers of nsor.v1.EmergencyFinding."""


class Waiting(NamedTuple):
    """An emergency look-up that NPB hasn't reviewed.

    Attributes:
        opener: who has opened it.
        review_due_us: by when it was to be reviewed, microseconds since 1970.
    """

    opener: Person
    review_due_us: int


def check_role(officer: Officer | None, least_grade: int) -> None:
    """See that an officer has a role that opens emergency look-ups: deciding, and of a grade.

    Raises:
        Denied: EMERGENCY_ROLE_NEEDED.
    """
    if officer is None or officer.system or not officer.decides or officer.grade < least_grade:
        raise errors.Denied(errors_pb2.ERROR_REASON_EMERGENCY_ROLE_NEEDED)


def check_reviewed(waiting: Iterable[Waiting], officer: Person, now_us: int) -> None:
    """See that NPB has reviewed what was opened before.

    Args:
        waiting: of the officer's agency.
        officer: who opens another one.
        now_us: now, microseconds since 1970.

    Raises:
        Denied: as ``blocked_by`` says.
    """
    reason = blocked_by(waiting, officer, now_us)
    if reason is not None:
        raise errors.Denied(reason)


def blocked_by(waiting: Iterable[Waiting], officer: Person, now_us: int) -> errors_pb2.ErrorReason.ValueType | None:
    """Why an officer may open no other one: EMERGENCY_UNREVIEWED before EMERGENCY_REVIEWS_OVERDUE; None: he may."""
    reason = None
    for each in waiting:
        if each.opener.is_same(officer):
            return errors_pb2.ERROR_REASON_EMERGENCY_UNREVIEWED
        if each.review_due_us <= now_us:
            reason = errors_pb2.ERROR_REASON_EMERGENCY_REVIEWS_OVERDUE
    return reason


def check_reading(record: record_pb2.EmergencyRecord, opener: Person, officer: Person, subject: str) -> None:
    """See that an emergency look-up is this officer's, and for whom he asks.

    Args:
        record: the look-up.
        opener: who has opened it.
        officer: who reads.
        subject: whom his request names, in its one written form.

    Raises:
        NoRecord: it isn't, or was opened with a key that turned out to be compromised.
    """
    if record.agency != officer.agency_id or record.subject != subject or opener.compromised:
        raise errors.NoRecord
    if not opener.is_same(officer):
        raise errors.NoRecord


def check_runs(record: record_pb2.EmergencyRecord, finding: int, now_us: int) -> None:
    """See that an emergency look-up isn't over: by its time, or since NPB has found that it isn't justified.

    Raises:
        Denied: EMERGENCY_OVER.
    """
    if now_us >= record.expires_at_us or finding in UNJUSTIFIED:
        raise errors.Denied(errors_pb2.ERROR_REASON_EMERGENCY_OVER)
