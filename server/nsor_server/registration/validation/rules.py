"""By when a record has to be looked at again. Pure; how often, policy says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from nsor.v1 import validation_pb2
from nsor_server.calls import Call
from nsor_server.formats.instants import from_us, instant, to_us
from nsor_server.policy.deadlines import (
    RE_VERIFICATION,
    RE_VERIFICATION_ENHANCED,
    RE_VERIFICATION_INTENSIVE,
    Deadlines,
)
from nsor_server.storage.v1 import record_pb2

STANDARD: Final = int(validation_pb2.SUPERVISION_TIER_STANDARD)
FIRST: Final = 1
"""Number of the validation that a registration's first confirmation is."""
_RULES: Final[Mapping[int, str]] = {
    validation_pb2.SUPERVISION_TIER_STANDARD: RE_VERIFICATION,
    validation_pb2.SUPERVISION_TIER_ENHANCED: RE_VERIFICATION_ENHANCED,
    validation_pb2.SUPERVISION_TIER_INTENSIVE: RE_VERIFICATION_INTENSIVE,
}
"""The deadline of each supervision tier."""


def first(deadlines: Deadlines, call: Call, registration_id: bytes, now: dt.datetime) -> record_pb2.ValidationRecord:
    """The validation of a registration that a court confirms for the first time."""
    record = record_pb2.ValidationRecord(
        registration_id=registration_id, version=FIRST, tier=validation_pb2.SUPERVISION_TIER_STANDARD
    )
    return _counted(deadlines, call, record, now)


def again(
    deadlines: Deadlines, call: Call, before: record_pb2.ValidationRecord, tier: int, now: dt.datetime
) -> record_pb2.ValidationRecord:
    """The next validation, from now on. ``tier``: a number of nsor.v1.SupervisionTier; 0: as it was."""
    record = record_pb2.ValidationRecord(
        registration_id=before.registration_id, version=before.version + 1, tier=tier or before.tier
    )
    return _counted(deadlines, call, record, now)


def message(deadlines: Deadlines, record: record_pb2.ValidationRecord, now: dt.datetime) -> validation_pb2.Validation:
    """A validation as the contract shows it: its deadline is the one that was counted then."""
    due = deadlines.due(record.rule, instant(record.time_us))
    return validation_pb2.Validation(
        tier=validation_pb2.SupervisionTier.ValueType(record.tier),
        validate_time=from_us(record.time_us),
        deadline=due.message(due_us=record.due_us),
        overdue=record.due_us < to_us(now),
    )


def _counted(
    deadlines: Deadlines, call: Call, record: record_pb2.ValidationRecord, now: dt.datetime
) -> record_pb2.ValidationRecord:
    due = deadlines.due(_RULES[record.tier], now)
    record.time_us, record.due_us, record.rule = to_us(now), to_us(due.due), due.rule_id
    record.agency, record.officer_key = call.agency.agency_id, call.officer_key
    return record
