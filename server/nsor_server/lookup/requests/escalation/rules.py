"""Who hears of an access request that nobody decides, and when. Pure: neither grpc nor psycopg.

The prosecutor decides a request; where it asks for juveniles' records, NPB decides that part, before or after. Each has
steps of his own, in one order: a step of what is decided when it falls due is passed over.

A step follows from the request and the time alone, and so does what its event shows. The times are policy, and stand in
the sealed request from its first version on: another policy moves nobody's deadline.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from nsor.v1 import access_requests_pb2, notification_pb2
from nsor_server.formats.instants import to_us
from nsor_server.policy.deadlines import (
    ACCESS_NPB,
    ACCESS_PROVINCE,
    ACCESS_REMINDER,
    JUVENILE_ACCESS,
    JUVENILE_ESCALATION,
    PROSECUTOR_FORWARDING,
    Deadlines,
)
from nsor_server.storage.v1 import record_pb2

REMINDER: Final = notification_pb2.EVENT_KIND_ACCESS_REQUEST_DUE_SOON
OVERDUE: Final = notification_pb2.EVENT_KIND_ACCESS_REQUEST_OVERDUE
PROVINCE: Final = notification_pb2.EVENT_KIND_ACCESS_REQUEST_ESCALATED
NPB: Final = notification_pb2.EVENT_KIND_ACCESS_REQUEST_REFERRED
JUVENILES_OVERDUE: Final = notification_pb2.EVENT_KIND_JUVENILE_ACCESS_OVERDUE
JUVENILES_ESCALATED: Final = notification_pb2.EVENT_KIND_JUVENILE_ACCESS_ESCALATED
_STEPS: Final = (
    (REMINDER, ACCESS_REMINDER),
    (OVERDUE, PROSECUTOR_FORWARDING),
    (PROVINCE, ACCESS_PROVINCE),
    (NPB, ACCESS_NPB),
)
"""What is told while the prosecutor doesn't decide, and by which rule it falls due."""
_OF_JUVENILES: Final = ((JUVENILES_OVERDUE, JUVENILE_ACCESS), (JUVENILES_ESCALATED, JUVENILE_ESCALATION))
"""What is told while NPB doesn't decide of juveniles' records, likewise."""
KINDS: Final = tuple(kind for kind, _ in (*_STEPS, *_OF_JUVENILES))
"""The kinds of events that tell of steps."""
_NPBS: Final = frozenset(kind for kind, _ in _OF_JUVENILES)


def steps(deadlines: Deadlines, start: dt.datetime, *, juveniles: bool) -> list[record_pb2.SilenceStep]:
    """The steps of a request that is made at an instant, in the order in which they fall due.

    Args:
        deadlines: the policy.
        start: when it reaches the prosecutor and NPB.
        juveniles: whether it asks for juveniles' records.
    """
    made = [
        record_pb2.SilenceStep(kind=kind, rule=rule, due_us=to_us(deadlines.due(rule, start).due))
        for kind, rule in (*_STEPS, *(_OF_JUVENILES if juveniles else ()))
    ]
    return sorted(made, key=lambda step: step.due_us)


def waits(record: record_pb2.AccessRequestRecord) -> bool:
    """Whether somebody has to decide of a request: its prosecutor, or NPB of juveniles' records."""
    return _waits_for_prosecutor(record) or waits_for_npb(record)


def waits_for_npb(record: record_pb2.AccessRequestRecord) -> bool:
    """Whether NPB has to decide of juveniles' records on a request: until it does, unless the request was returned."""
    is_asked = record.juvenile_decision == access_requests_pb2.JUVENILE_DECISION_PENDING
    return is_asked and record.state != access_requests_pb2.ACCESS_REQUEST_STATE_RETURNED


def _waits_for_prosecutor(record: record_pb2.AccessRequestRecord) -> bool:
    return record.state == access_requests_pb2.ACCESS_REQUEST_STATE_PENDING


def next_us(record: record_pb2.AccessRequestRecord, told: int) -> int | None:
    """When the next step of a request falls due, microseconds since 1970; None: there is none.

    Also one of what is decided, while the other part waits: a decision knows nothing of what was told, and leaves the
    index as it is.

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
    """What is told: each step since the last one that was, also after a stop, of what still waits.

    Nobody is reminded of what is over.
    """
    kinds = [notification_pb2.EventKind.ValueType(step.kind) for step in record.steps[told:due]]
    of_prosecutor = [kind for kind in kinds if kind not in _NPBS] if _waits_for_prosecutor(record) else []
    if of_prosecutor != [REMINDER]:
        of_prosecutor = [kind for kind in of_prosecutor if kind != REMINDER]
    of_npb = [kind for kind in kinds if kind in _NPBS] if waits_for_npb(record) else []
    return [*of_prosecutor, *of_npb]
