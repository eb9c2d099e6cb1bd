"""Deadlines that explain themselves: each carries its rule, its source, whether that was read, and how it was counted.

Minutes and hours run to the exact instant. Days and years end at 23:59:59 in Asia/Karachi on their last day; where
``holidays`` says so of a rule, on the next day on which offices are open; a lead time, which is counted back from its
event, never does. The software never calls a late notice an offence: the Act has no section that does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

import msgspec

from nsor.v1 import errors_pb2, types_pb2
from nsor_server.formats.instants import from_us, set_date, to_us
from nsor_server.policy import source
from nsor_server.policy.holidays import COUNTRY, Holidays, Later

PROSECUTOR_FORWARDING: Final = "prosecutor-forwarding"
ACCESS_REMINDER: Final = "access-request-reminder"
ACCESS_PROVINCE: Final = "access-request-escalation-province"
ACCESS_NPB: Final = "access-request-escalation-npb"
GRANT_EXPIRY: Final = "grant-expiry"
JUVENILE_ACCESS: Final = "juvenile-access"
JUVENILE_ESCALATION: Final = "juvenile-access-escalation"
TICKET_EXPIRY: Final = "ticket-expiry"
COURT_CASE_EXPIRY: Final = "court-case-expiry"
APPEAL_WINDOW: Final = "appeal-window"
APPEAL_WINDOW_OTHER_COURTS: Final = "appeal-window-other-courts"
JUDGMENT_CONFIRMATION: Final = "judgment-confirmation"
CONVICTION_CONFIRMATION: Final = "conviction-confirmation"
ADDRESS_CHANGE_NOTICE: Final = "address-change-notice"
INITIAL_NOTICE: Final = "initial-notice"
NO_FIXED_ABODE_NOTICE: Final = "no-fixed-abode-notice"
EXPECTED_CHANGE: Final = "expected-change"
ENDED_JOURNEY_SHOWN: Final = "ended-journey-shown"
ARRIVAL_MATCHING: Final = "arrival-matching"
ARRIVAL_EXPIRY: Final = "arrival-expiry"
NAME_CHANGE_NOTICE: Final = "name-change-notice"
CONTACT_CHANGE_NOTICE: Final = "contact-change-notice"
EXTRA_ADDRESS: Final = "extra-address-threshold"
FOREIGN_TRAVEL_LEAD: Final = "foreign-travel-lead"
HOME_TRAVEL_LEAD: Final = "home-travel-lead"
RETURN_NOTICE: Final = "return-notice"
PERIODIC_PHOTO: Final = "periodic-photo"
PROPOSAL_EXPIRY: Final = "policy-proposal-expiry"
REGISTER_SEAL_PROPOSAL: Final = "register-seal-proposal"
SEALED_READING: Final = "sealed-reading-expiry"
SECOND_OFFICER: Final = "second-officer-expiry"
PROPOSED_AMENDMENT: Final = "proposed-amendment-expiry"
RE_VERIFICATION: Final = "re-verification"
RE_VERIFICATION_ENHANCED: Final = "re-verification-enhanced"
RE_VERIFICATION_INTENSIVE: Final = "re-verification-intensive"
REGISTRATION_TERM: Final = "registration-term"
REGISTRATION_TERM_JUVENILE: Final = "registration-term-juvenile"
IDENTITY_CHECK: Final = "identity-check"
BACKUP_EXPIRY: Final = "backup-expiry"
TRANSFER_ACCEPTANCE: Final = "transfer-acceptance"
TRANSFER_PROVINCE: Final = "transfer-escalation-province"
TRANSFER_NPB: Final = "transfer-escalation-npb"
TRANSFER_RESOLUTION: Final = "transfer-resolution"
MOVEMENT_REPORT: Final = "movement-report"
MOVEMENT_EXPIRY: Final = "movement-expiry"
MOVEMENT_COMPARISON: Final = "movement-comparison"
TRAVEL_WINDOW: Final = "travel-window"
OPEN_JOURNEY: Final = "open-journey"
EMERGENCY_EXPIRY: Final = "emergency-expiry"
EMERGENCY_REVIEW: Final = "emergency-review"
DISCLOSURE_TOLD: Final = "disclosure-told"
RECALL_ACKNOWLEDGEMENT: Final = "recall-acknowledgement"
RECALL_ESCALATION: Final = "recall-escalation"
COUNTED: Final = (
    PROSECUTOR_FORWARDING,
    ACCESS_REMINDER,
    ACCESS_PROVINCE,
    ACCESS_NPB,
    JUVENILE_ACCESS,
    JUVENILE_ESCALATION,
    GRANT_EXPIRY,
    TICKET_EXPIRY,
    COURT_CASE_EXPIRY,
    APPEAL_WINDOW,
    APPEAL_WINDOW_OTHER_COURTS,
    JUDGMENT_CONFIRMATION,
    CONVICTION_CONFIRMATION,
    ADDRESS_CHANGE_NOTICE,
    INITIAL_NOTICE,
    NO_FIXED_ABODE_NOTICE,
    EXPECTED_CHANGE,
    ENDED_JOURNEY_SHOWN,
    ARRIVAL_MATCHING,
    ARRIVAL_EXPIRY,
    NAME_CHANGE_NOTICE,
    CONTACT_CHANGE_NOTICE,
    EXTRA_ADDRESS,
    FOREIGN_TRAVEL_LEAD,
    HOME_TRAVEL_LEAD,
    RETURN_NOTICE,
    PERIODIC_PHOTO,
    PROPOSAL_EXPIRY,
    REGISTER_SEAL_PROPOSAL,
    SEALED_READING,
    SECOND_OFFICER,
    PROPOSED_AMENDMENT,
    RE_VERIFICATION,
    RE_VERIFICATION_ENHANCED,
    RE_VERIFICATION_INTENSIVE,
    REGISTRATION_TERM,
    REGISTRATION_TERM_JUVENILE,
    IDENTITY_CHECK,
    BACKUP_EXPIRY,
    TRANSFER_ACCEPTANCE,
    TRANSFER_PROVINCE,
    TRANSFER_NPB,
    TRANSFER_RESOLUTION,
    MOVEMENT_REPORT,
    MOVEMENT_EXPIRY,
    MOVEMENT_COMPARISON,
    TRAVEL_WINDOW,
    OPEN_JOURNEY,
    EMERGENCY_EXPIRY,
    EMERGENCY_REVIEW,
    DISCLOSURE_TOLD,
    RECALL_ACKNOWLEDGEMENT,
    RECALL_ESCALATION,
)
"""Rules that the services count: a policy without one of them, or without a version of it for any day, isn't taken."""
KARACHI: Final = ZoneInfo("Asia/Karachi")
_END_OF_DAY: Final = dt.time(23, 59, 59)


class DeadlineRow(source.Row, frozen=True):
    """A rule; exactly one of minutes, hours, days and years.

    Attributes:
        id: id of the rule.
        start_event: the event that starts the time.
        before: the time is counted back from the event: a lead time.
        comparables: what other registers do, for whoever chooses.
        valid_from: first day in Asia/Karachi on which an event starts this version of the rule.
    """

    id: source.RuleId
    start_event: str
    hours: Annotated[int, msgspec.Meta(ge=1, le=8_760)] | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=3_660)] | None = None
    years: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    before: bool = False
    comparables: str = ""
    valid_from: dt.date = dt.date.min
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1_440)] | None = None

    def __post_init__(self) -> None:
        """Refuse a row without exactly one measure."""
        source.Row.__post_init__(self)
        if sum(measure is not None for measure in (self.minutes, self.hours, self.days, self.years)) != 1:
            raise ValueError("a deadline has exactly one of minutes, hours, days and years")

    @property
    def may_end_later(self) -> bool:
        """Whether it is a period that has a last day, on which offices may be closed."""
        return self.minutes is None and self.hours is None and not self.before

    @property
    def calendar(self) -> str:
        """The calendar used."""
        if self.minutes is not None:
            return "calendar-minutes"
        if self.hours is not None:
            return "calendar-hours"
        return "calendar-days" if self.days is not None else "calendar-years"


class DeadlinesFile(source.Part, frozen=True):
    """The file."""

    deadline: tuple[DeadlineRow, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline.

    Attributes:
        rule_id: id of the rule.
        citation: the rule's source.
        verified: whether somebody has read it, and by what it ends later if it does.
        start: the start event's instant.
        due: the end, in Asia/Karachi.
        calendar: calendar-minutes, calendar-hours, calendar-days or calendar-years.
        valid_from: the version of the rule: the first day on which an event starts it.
        later: why it ends later than counted; None: it doesn't.
    """

    rule_id: str
    citation: str
    verified: bool
    start: dt.datetime
    due: dt.datetime
    calendar: str
    valid_from: dt.date = dt.date.min
    later: Later | None = None

    def message(self, *, due_us: int | None = None) -> types_pb2.Deadline:
        """The deadline as the contract shows it.

        Args:
            due_us: the instant that was stored, in microseconds since 1970: policy that has changed since moves
                nobody's deadline.
        """
        counted_us = to_us(self.due)
        message = types_pb2.Deadline(
            rule_id=self.rule_id,
            citation=self.citation,
            verified=self.verified,
            start_time=from_us(to_us(self.start)),
            due_time=from_us(counted_us if due_us is None else due_us),
            calendar=self.calendar,
        )
        if self.valid_from != dt.date.min:
            set_date(message.rule_valid_from, self.valid_from)
        if self.later is not None and due_us in {None, counted_us}:
            message.later.citation = self.later.citation
            for closed in self.later.closed:
                set_date(message.later.closed_days.add(holiday=closed.code).date, closed.day)
        return message


class Deadlines:
    """The rules."""

    __slots__ = ("_holidays", "_rules")

    def __init__(self, rows: Sequence[DeadlineRow], holidays: Holidays) -> None:
        self._holidays = holidays
        self._rules: dict[str, list[DeadlineRow]] = {}
        for row in sorted(rows, key=lambda row: row.valid_from, reverse=True):
            versions = self._rules.setdefault(row.id, [])
            if any(version.valid_from == row.valid_from for version in versions):
                raise source.PolicyError(f"deadlines: {row.id} has two versions from the same day")
            versions.append(row)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file of deadlines beside the packaged holidays.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return cls(source.read(path or source.packaged("deadlines.toml"), DeadlinesFile).deadline, Holidays.load())

    def completed(self, rule_ids: Iterable[str]) -> Self:
        """Give these rules, and of those that they lack the ones that ship.

        A register's own document may be older than a rule that the services have come to count since.
        """
        lacking = frozenset(rule_ids) - self._rules.keys()
        if not lacking:
            return self
        shipped = source.read(source.packaged("deadlines.toml"), DeadlinesFile).deadline
        return type(self)((*self.rows(), *(row for row in shipped if row.id in lacking)), self._holidays)

    def require(self, rule_ids: Iterable[str]) -> None:
        """See that there is a version of each rule for any day.

        Raises:
            source.PolicyError: there isn't.
        """
        for rule_id in rule_ids:
            if not any(row.valid_from == dt.date.min for row in self._rules.get(rule_id, ())):
                raise source.PolicyError(
                    f"deadlines: {rule_id} is counted by the register, and has no row without valid_from",
                    path="deadline",
                    reason=errors_pb2.FIELD_REASON_REQUIRED,
                )

    def check_later(self) -> None:
        """See that each rule of ``ends_later`` is one whose time can end later: there is one, in days or years.

        A lead time can't: it is the least that lies between a notice and the event, and would become shorter. Section
        10 of the General Clauses Act, 1897, is about acts within a period whose last day is closed, and this has none.

        Raises:
            source.PolicyError: it isn't.
        """
        for rule_id in self._holidays.rules():
            rows = self._rules.get(rule_id, ())
            if any(row.may_end_later for row in rows):
                continue
            if not rows:
                why = "has no row in deadlines"
            elif any(row.before for row in rows):
                why = "is a lead time, which a closed day doesn't make shorter"
            else:
                why = "is in hours or minutes, which no closed day makes longer"
            raise source.PolicyError(f"holidays: ends_later: {rule_id} {why}", path="ends_later")

    def rows(self) -> tuple[DeadlineRow, ...]:
        """Give every row."""
        return tuple(row for versions in self._rules.values() for row in versions)

    def rule_ids(self) -> tuple[str, ...]:
        """Give the ids of the rules."""
        return tuple(sorted(self._rules))

    def due(self, rule_id: str, start: dt.datetime, unit: str = COUNTRY) -> Due:
        """Count a rule from an instant.

        Args:
            rule_id: the rule.
            start: the start event's instant, with its time zone.
            unit: the province whose offices may be closed, too; PK: only what is closed in the whole country counts.

        Raises:
            source.PolicyError: there is no such rule for that day.
        """
        local = start.astimezone(KARACHI)
        row = self.row(rule_id, local.date())
        if row is None:
            raise source.PolicyError(f"deadlines: no rule {rule_id} for that day")
        end, later = _end(row, local), None
        if row.may_end_later:
            later = self._holidays.later(rule_id, end.date(), unit)
        verified = row.verified
        if later is not None:
            end, verified = dt.datetime.combine(later.end, _END_OF_DAY, KARACHI), verified and later.verified
        return Due(row.id, row.citation, verified, start, end, row.calendar, row.valid_from, later)

    def days_before(self, rule_id: str, until: dt.datetime) -> dt.datetime:
        """The instant as many days before another one as a rule counts from that on: what began before it is over.

        Args:
            rule_id: the rule.
            until: an instant, with its time zone.

        Raises:
            source.PolicyError: there is no such rule for that day.
        """
        last = self.due(rule_id, until).due.date()
        return until - (last - until.astimezone(KARACHI).date())

    def whole_days(self, rule_id: str, since: dt.date = dt.date.min) -> int:
        """How many whole days a rule, which must be there, lasts at least on a day and on any later one."""
        start = dt.datetime(2026, 1, 1, tzinfo=KARACHI)
        rows = self._rules[rule_id]
        first = max((row.valid_from for row in rows if row.valid_from <= since), default=dt.date.min)
        return min((_end(row, start).date() - start.date()).days for row in rows if row.valid_from >= first)

    def row(self, rule_id: str, day: dt.date) -> DeadlineRow | None:
        """Give the version of a rule that counts what begins on a day in Asia/Karachi."""
        return next((row for row in self._rules.get(rule_id, ()) if row.valid_from <= day), None)


def _end(row: DeadlineRow, start: dt.datetime) -> dt.datetime:
    sign = -1 if row.before else 1
    if row.minutes is not None or row.hours is not None:
        measure = dt.timedelta(minutes=row.minutes or 0, hours=row.hours or 0)
        return (start.astimezone(dt.UTC) + sign * measure).astimezone(KARACHI)
    if row.days is not None:
        day = start.date() + sign * dt.timedelta(days=row.days)
    else:
        day = _same_day(start.date(), sign * (row.years or 0))
    return dt.datetime.combine(day, _END_OF_DAY, KARACHI)


def _same_day(day: dt.date, years: int) -> dt.date:
    """Give the same day of another year; 29 February becomes 28 February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
