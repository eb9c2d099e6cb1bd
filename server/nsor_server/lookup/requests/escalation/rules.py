"""Who hears of an access request that nobody decides, and when. Pure: neither grpc nor psycopg.

A step follows from the request and the time alone, and so does what its event shows. The times are policy, and stand in
the sealed request from its first version on: another policy moves nobody's deadline.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from nsor.v1 import access_requests_pb2, notification_pb2
from nsor_server.formats.instants import to_us
from nsor_server.policy.deadlines import ACCESS_NPB, ACCESS_PROVINCE, ACCESS_REMINDER, PROSECUTOR_FORWARDING, Deadlines
from nsor_server.storage.v1 import record_pb2

REMINDER: Final = notification_pb2.EVENT_KIND_ACCESS_REQUEST_DUE_SOON
OVERDUE: Final = notification_pb2.EVENT_KIND_ACCESS_REQUEST_OVERDUE
PROVINCE: Final = notification_pb2.EVENT_KIND_ACCESS_REQUEST_ESCALATED
NPB: Final = notification_pb2.EVENT_KIND_ACCESS_REQUEST_REFERRED
_STEPS: Final = (
    (REMINDER, ACCESS_REMINDER),
    (OVERDUE, PROSECUTOR_FORWARDING),
    (PROVINCE, ACCESS_PROVINCE),
    (NPB, ACCESS_NPB),
)
"""What is told, and by which rule it falls due."""


def steps(deadlines: Deadlines, start: dt.datetime) -> list[record_pb2.SilenceStep]:
    """The steps of a request that reaches the prosecutor at an instant, in the order in which they fall due."""
    made = [
        record_pb2.SilenceStep(kind=kind, rule=rule, due_us=to_us(deadlines.due(rule, start).due))
        for kind, rule in _STEPS
    ]
    return sorted(made, key=lambda step: step.due_us)


def waits(record: record_pb2.AccessRequestRecord) -> bool:
    """Whether nobody has decided a request."""
    return record.state == access_requests_pb2.ACCESS_REQUEST_STATE_PENDING


def next_us(record: record_pb2.AccessRequestRecord, told: int) -> int | None:
    """When the next step of a request falls due, microseconds since 1970; None: there is none.

    Args:
        record: the newest version.
        told: how many steps were told.
    """
    return record.steps[told].due_us if waits(record) and told < len(record.steps) else None


def fallen_due(record: record_pb2.AccessRequestRecord, told: int, now_us: int) -> int:
    """How many steps have fallen due, those that were told too."""
    return max(told, sum(step.due_us <= now_us for step in record.steps)) if waits(record) else told


def announced(
    record: record_pb2.AccessRequestRecord, told: int, due: int
) -> Sequence[notification_pb2.EventKind.ValueType]:
    """What is told: each step since the last one that was, also after a stop; nobody is reminded of what is over."""
    kinds = [notification_pb2.EventKind.ValueType(step.kind) for step in record.steps[told:due]]
    return kinds if kinds == [REMINDER] else [kind for kind in kinds if kind != REMINDER]
