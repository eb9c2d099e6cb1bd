"""Duties as the contract shows them."""

from __future__ import annotations

import datetime as dt
from typing import Final

from nsor.v1 import duties_pb2, types_pb2, validation_pb2
from nsor_server.formats.instants import from_us, instant, set_day, to_us
from nsor_server.formats.uuids import text
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.duties import Level, Step
from nsor_server.policy.loaded import Policy
from nsor_server.registration.duties import due_dates, states
from nsor_server.storage.v1 import record_pb2

_LEVELS: Final = {each: duties_pb2.DutyLevel.Value(f"DUTY_LEVEL_{each.value}") for each in Level}


def to_message(
    policy: Policy, record: record_pb2.RegistrationRecord, duty: record_pb2.Duty, now: dt.datetime
) -> duties_pb2.Duty:
    """A duty of a record as it stands at an instant."""
    state = duties_pb2.DutyState.ValueType(states.state(record, duty, to_us(now)))
    notice_id = duty.met_by or duty.notice_id
    movement_id = duty.met_by_movement or duty.movement_id
    message = duties_pb2.Duty(
        duty_id=text(duty.duty_id),
        kind=duties_pb2.DutyKind.ValueType(duty.kind),
        state=state,
        deadline=deadline(policy.deadlines, duty),
        notice_id=text(notice_id) if notice_id else "",
        waiver=duties_pb2.DutyWaiver.ValueType(duty.waiver),
        movement_id=text(movement_id) if movement_id else "",
        supervision_tier=validation_pb2.SupervisionTier.ValueType(duty.tier),
    )
    if states.is_open(record, duty):
        message.steps.extend(_step(step, duty.due_us) for step in policy.duties.of(duty.kind).steps)
        if duty.kind == states.VERIFICATION and not duty.tier and policy.duties.lacks(record.supervision_tier):
            message.tier_without_rule = validation_pb2.SupervisionTier.ValueType(record.supervision_tier)
    for each in duty.earlier:
        message.earlier.add(
            due_time=from_us(each.due_us),
            move_time=from_us(each.time_us),
            policy_version=max(each.policy.duties, each.policy.deadlines, each.policy.holidays),
            supervision_tier=validation_pb2.SupervisionTier.ValueType(each.tier),
        )
    if duty.HasField("met_day"):
        set_day(message.met_date, duty.met_day)
    return message


def deadline(deadlines: Deadlines, duty: record_pb2.Duty) -> types_pb2.Deadline:
    """A duty's deadline, which explains itself: it is due when it was counted to be."""
    from_us = due_dates.counted_from_us(duty)
    return deadlines.due(duty.rule, instant(from_us), duty.unit).message(due_us=duty.due_us)


def standing() -> list[duties_pb2.Duty]:
    """What everybody who was released owes without a date."""
    return [
        duties_pb2.Duty(kind=duties_pb2.DutyKind.ValueType(kind), state=duties_pb2.DUTY_STATE_STANDING)
        for kind in states.STANDING
    ]


def _step(step: Step, due_us: int) -> duties_pb2.DutyStep:
    return duties_pb2.DutyStep(
        kind=duties_pb2.DutyStepKind.ValueType(step.number),
        step_time=from_us(step.at_us(due_us)),
        levels=[_LEVELS[each] for each in step.to],
    )
