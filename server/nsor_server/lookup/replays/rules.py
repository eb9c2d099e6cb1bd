"""Who has a replay computed, of which time, and what is kept of what it found. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.lookup.tripwires.rules import Finding
from nsor_server.storage.v1 import record_pb2

PROPOSED: Final = 1
APPROVED: Final = 2
COMPUTED: Final = 3
"""Versions: each is another state."""
MOST_FINDINGS: Final = 100
"""Findings that are kept of one replay, the newest; all are counted."""
DEFAULT_PAGE: Final = 50


def check_period(start_us: int, end_us: int, now_us: int) -> None:
    """See that a replay is of a time that is over.

    Raises:
        errors.InvalidFields: DATE_ORDER, DATE_FUTURE.
    """
    if end_us <= start_us:
        raise _wrong("end_time", errors_pb2.FIELD_REASON_DATE_ORDER)
    if end_us > now_us:
        raise _wrong("end_time", errors_pb2.FIELD_REASON_DATE_FUTURE)


def is_open(head: record_pb2.TripwireReplayRecord, now_us: int) -> bool:
    """Whether a second officer may approve a replay now (microseconds since 1970)."""
    return head.version == PROPOSED and now_us <= head.expire_time_us


class Kept:
    """What is kept of findings while they come, in bounded memory."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str]] = Counter()
        self._newest: deque[Finding] = deque(maxlen=MOST_FINDINGS)
        self.accesses = 0
        """How many accesses were looked at."""

    def add(self, findings: Iterable[Finding]) -> None:
        """Take findings, in their order."""
        for each in findings:
            self._counts[each.kind, each.who[0]] += 1
            self._newest.append(each)

    def result(self, since: int, until: int, every_minutes: int) -> record_pb2.ReplayedTripwires:
        """All of it.

        Args:
            since: index of the first entry that was read.
            until: of the last one.
            every_minutes: between two of the fixed times.
        """
        return record_pb2.ReplayedTripwires(
            since=since,
            until=until,
            every_minutes=every_minutes,
            accesses=self.accesses,
            counts=[
                record_pb2.ReplayedCount(kind=kind, agency=agency, findings=count)
                for (kind, agency), count in sorted(self._counts.items())
            ],
            findings=[
                record_pb2.ReplayedFinding(
                    kind=each.kind,
                    agency=each.who[0],
                    officer_number=each.who[1],
                    tripped_us=each.tripped_us,
                    count=each.count,
                    access_ids=[ref.access_id for ref in each.unusual],
                )
                for each in self._newest
            ],
        )


def _wrong(field: str, reason: errors_pb2.FieldReason.ValueType) -> errors.InvalidFields:
    return errors.InvalidFields(violations=(errors.Violation(field, reason),))
