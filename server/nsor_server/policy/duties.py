"""What a registered person owes after release, by which deadline each duty is counted, and who hears of it when."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Annotated, Final, Self

import msgspec

from nsor.v1 import duties_pb2, errors_pb2, validation_pb2
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy import source
from nsor_server.policy.deadlines import KARACHI, Deadlines

KINDS: Final = {name.removeprefix("DUTY_KIND_"): number for name, number in duties_pb2.DutyKind.items() if number}
"""Name of a kind -> its number in the contract."""
TIERS: Final = {
    name.removeprefix("SUPERVISION_TIER_"): number
    for name, number in validation_pb2.SupervisionTier.items()
    if number > validation_pb2.SUPERVISION_TIER_STANDARD
}
"""Name of a supervision tier above the standard one -> its number in the contract."""
_TIERED: Final = duties_pb2.DUTY_KIND_PERIODIC_VERIFICATION
_FIRST_SECOND: Final = dt.time()
Days = Annotated[int, msgspec.Meta(ge=1, le=730)]
"""Days after the day on which a duty is due, or before it."""


class Level(Enum):
    """Who hears of a step: police by the place that is responsible, or NPB."""

    STATION = "STATION"
    DISTRICT = "DISTRICT"
    PROVINCE = "PROVINCE"
    NPB = "NPB"


class StepName(Enum):
    """What a step says."""

    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    ESCALATED = "ESCALATED"
    REFERRED = "REFERRED"


_STEPS: Final = {each: duties_pb2.DutyStepKind.Value(f"DUTY_STEP_KIND_{each.value}") for each in StepName}


class Step(source.Part, frozen=True):
    """A step of escalation.

    Attributes:
        code: what it says.
        days: after the day on which the duty is due; 1: as soon as it is overdue.
        to: who hears of it.
        before: so many days before that day.
    """

    code: StepName
    days: Days
    to: tuple[Level, ...]
    before: bool = False

    @property
    def number(self) -> int:
        """The number of its code in the contract."""
        return _STEPS[self.code]

    @property
    def after(self) -> int:
        """Days after the day on which the duty is due; below zero: before it."""
        return -self.days if self.before else self.days

    def at_us(self, due_us: int) -> int:
        """The instant of the step for a duty that is due at an instant, microseconds since 1970: a day's beginning."""
        return _first_us(due_us, self.after)


class DutyRow(source.Row, frozen=True):
    """A kind of duty.

    Attributes:
        kind: name of an nsor.v1.DutyKind.
        deadline: id of the rule by which it is counted.
        steps: by their days.
    """

    kind: str
    deadline: source.RuleId
    steps: tuple[Step, ...] = ()


class TierRow(source.Row, frozen=True):
    """A supervision tier by which the periodic verification is counted otherwise.

    Attributes:
        code: name of an nsor.v1.SupervisionTier above the standard one, which has the deadline of the duty.
        deadline: id of the rule by which it is counted.
    """

    code: str
    deadline: source.RuleId


class DutiesFile(source.Part, frozen=True):
    """The file. One of before there were tiers has none: the rule for everybody counts."""

    duty: tuple[DutyRow, ...]
    tier: tuple[TierRow, ...] = ()


class Duties:
    """The kinds of duty: each once, and all that the contract has; and the tiers that have a rule of their own."""

    __slots__ = ("_by_kind", "_by_tier")

    def __init__(self, file: DutiesFile, deadlines: Deadlines) -> None:
        """Take the rows.

        Raises:
            source.PolicyError: a kind is unknown, missing or twice, a tier unknown or twice, a deadline isn't there, or
                steps aren't in order.
        """
        self._by_kind: dict[int, DutyRow] = {}
        self._by_tier: dict[int, TierRow] = {}
        known = frozenset(deadlines.rule_ids())
        for tier in file.tier:
            of_tier = TIERS.get(tier.code)
            if of_tier is None or of_tier in self._by_tier:
                raise _wrong(f"{tier.code} is no supervision tier above the standard one, or stands here twice", "tier")
            if tier.deadline not in known:
                raise _wrong(f"{tier.code} is counted by {tier.deadline}, which deadlines doesn't have", "tier")
            self._by_tier[of_tier] = tier
        rows = file.duty
        for row in rows:
            number = KINDS.get(row.kind)
            if number is None or number in self._by_kind:
                raise _wrong(f"{row.kind} is no kind of duty, or stands here twice")
            if row.deadline not in known:
                raise _wrong(f"{row.kind} is counted by {row.deadline}, which deadlines doesn't have")
            if not _ascend(step.after for step in row.steps) or not _ascend(step.number for step in row.steps):
                raise _wrong(f"the steps of {row.kind} aren't in the order of their days, or of what they say")
            self._by_kind[number] = row
        missing = sorted(KINDS.keys() - {row.kind for row in rows})
        if missing:
            raise _wrong(f"{', '.join(missing)} is missing", reason=errors_pb2.FIELD_REASON_REQUIRED)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file of duties beside the packaged deadlines.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return cls(source.read(path or source.packaged("duties.toml"), DutiesFile), Deadlines.load())

    def of(self, kind: int) -> DutyRow:
        """The row of a kind, a number of nsor.v1.DutyKind."""
        return self._by_kind[kind]

    def rule(self, kind: int, tier: int) -> tuple[str, int]:
        """By which deadline a duty of a kind is counted, and by which tier that is; 0: it is that of everybody.

        Args:
            kind: number of nsor.v1.DutyKind.
            tier: of the record, a number of nsor.v1.SupervisionTier; 0: the standard one.
        """
        row = self._by_tier.get(tier) if kind == _TIERED else None
        return (self._by_kind[kind].deadline, 0) if row is None else (row.deadline, tier)

    def lacks(self, tier: int) -> bool:
        """Whether a tier is above the standard one, and has no rule of its own."""
        return tier in TIERS.values() and tier not in self._by_tier

    def rows(self) -> tuple[DutyRow, ...]:
        """Give every row."""
        return tuple(self._by_kind.values())


@functools.lru_cache(maxsize=1 << 14)
def _first_us(due_us: int, days: int) -> int:
    """The first instant of the day that is so many days after an instant: many duties are due on one day."""
    day = instant(due_us).astimezone(KARACHI).date() + dt.timedelta(days=days)
    return to_us(dt.datetime.combine(day, _FIRST_SECOND, KARACHI))


def _ascend(days: Iterable[int]) -> bool:
    return all(one < other for one, other in itertools.pairwise(days))


def _wrong(
    text: str,
    path: str = "duty",
    reason: errors_pb2.FieldReason.ValueType = errors_pb2.FIELD_REASON_ROWS_CONTRADICT,
) -> source.PolicyError:
    return source.PolicyError(f"duties: {text}", path=path, reason=reason)
