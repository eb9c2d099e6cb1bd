"""The offence table: which sections make a conviction registrable, when, and on which of the Act's two definitions.

Anti-Rape (Investigation and Trial) Act 2021, s.2(1)(h) lists sections whoever the victim was; the explanation of
s.24(1) takes the scheduled offences, which need a woman or a child as the victim (s.2(1)(g), (k)). Some scheduled
sections count only when connected with a principal one: in the same conviction, or because a principal one was
attempted, abetted or conspired at. The date of the offence decides whether a section was law.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Literal, Self

from nsor.v1 import errors_pb2, types_pb2
from nsor_server.policy import source

Schedule = Literal["I", "II"]
_UNDERLYING: Final = "underlying_offence_code"
_SCHEDULED_VICTIMS: Final = frozenset({types_pb2.VICTIM_CLASS_WOMAN, types_pb2.VICTIM_CLASS_CHILD})


class S24Only(Enum):
    """What happens to a count that only s.24's explanation covers: the Act's two definitions differ."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_REVIEW = "accepted-with-review"
    REFUSED = "refused"


class OffenceRow(source.Row, frozen=True):
    """A section.

    Attributes:
        code: code of the contract, such as PPC-376.
        title: short title.
        s2h: listed in s.2(1)(h).
        principal_in: Schedules in which it stands by itself.
        connected_in: Schedules in which it counts only with a principal offence of the same Schedule.
        valid_from: first day on which it was law; absent when it was law before any case of the register.
        valid_to: last day on which it was law.
        superseded_by: the section that took its place.
        inchoate: an attempt, abetment or conspiracy: a count names the section that it was of.
    """

    code: source.OffenceCode
    title: str
    s2h: bool = False
    principal_in: tuple[Schedule, ...] = ()
    connected_in: tuple[Schedule, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    superseded_by: source.OffenceCode | None = None
    inchoate: bool = False

    @property
    def connected_only(self) -> bool:
        """Whether it counts only with a principal offence."""
        return bool(self.connected_in) and not self.s2h and not self.principal_in

    def law_on(self, day: dt.date) -> bool:
        """Tell whether it was law on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class PolicyRow(source.Row, frozen=True):
    """The switch for counts that only s.24's explanation covers."""

    s24_only: S24Only


class OffencesFile(source.Part, frozen=True):
    """The file."""

    policy: PolicyRow
    offence: tuple[OffenceRow, ...]


@dataclass(frozen=True, slots=True)
class CountFacts:
    """What the law asks of a count.

    Attributes:
        code: code of the offence table.
        offence_date: day of the offence.
        victim_class: the victim's class.
        underlying: code of the section that was attempted, abetted or conspired at, or empty.
    """

    code: str
    offence_date: dt.date
    victim_class: types_pb2.VictimClass.ValueType
    underlying: str = ""


class NotRegistrable(Exception):
    """A count that the register can't take.

    Attributes:
        index: its place among the counts.
        field: the field of the count that is wrong.
        rule: the rule that it breaks.
    """

    def __init__(
        self,
        index: int,
        field: str = "offence_code",
        rule: errors_pb2.FieldReason.ValueType = errors_pb2.FIELD_REASON_OFFENCE_UNKNOWN,
    ) -> None:
        """Only place, field and rule become the message."""
        self.index = index
        self.field = field
        self.rule = rule
        super().__init__(f"counts[{index}].{field}: {errors_pb2.FieldReason.Name(rule)}")


@dataclass(frozen=True, slots=True)
class _Law:
    """The law of a count's day.

    Attributes:
        row: its section.
        principal_in: Schedules in which the count is a principal offence: its section is one, or was attempted, abetted
            or conspired at.
    """

    row: OffenceRow
    principal_in: frozenset[Schedule]


class OffenceTable:
    """The offence table.

    Attributes:
        s24_only: the switch for counts that only s.24's explanation covers.
    """

    __slots__ = ("_rows", "s24_only")

    def __init__(self, rows: Sequence[OffenceRow], s24_only: S24Only = S24Only.ACCEPTED) -> None:
        self.s24_only = s24_only
        self._rows: dict[str, tuple[OffenceRow, ...]] = {}
        for row in rows:
            if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
                raise source.PolicyError(f"offences: {row.code} ends before it begins")
            self._rows[row.code] = (*self._rows.get(row.code, ()), row)
        for row in rows:
            if row.superseded_by is not None and row.superseded_by not in self._rows:
                raise source.PolicyError(f"offences: {row.code} is superseded by a code that isn't there")

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        file = source.read(path or source.packaged("offences.toml"), OffencesFile)
        return cls(file.offence, file.policy.s24_only)

    def known(self, code: str) -> bool:
        """Tell whether a code stands in the table, registrable or not."""
        return code in self._rows

    def of(self, code: str) -> tuple[OffenceRow, ...]:
        """Give the rows of a section, none for one that isn't known."""
        return self._rows.get(code, ())

    def rows(self) -> tuple[OffenceRow, ...]:
        """Give every row."""
        return tuple(row for rows in self._rows.values() for row in rows)

    def legal_bases(
        self, counts: Sequence[CountFacts], judgment_date: dt.date
    ) -> tuple[types_pb2.LegalBasis.ValueType, ...]:
        """Give why each count of one conviction is registrable, in the counts' order.

        Raises:
            NotRegistrable: the first count that isn't: no law on its day, an offence after the judgment, on neither
                definition, without its principal offence, of another section without being an attempt, abetment or
                conspiracy, or switched off.
        """
        return tuple(_or_raise(each) for each in self.judged(counts, judgment_date))

    def judged(
        self, counts: Sequence[CountFacts], judgment_date: dt.date
    ) -> tuple[types_pb2.LegalBasis.ValueType | NotRegistrable, ...]:
        """Give for each count of one conviction why it is registrable, or why it isn't, in the counts' order."""
        laws = [self._law(index, count, judgment_date) for index, count in enumerate(counts)]
        principals = frozenset(
            schedule for law in laws if not isinstance(law, NotRegistrable) for schedule in law.principal_in
        )
        return tuple(
            law if isinstance(law, NotRegistrable) else self._basis(index, law, principals)
            for index, law in enumerate(laws)
        )

    def needs_review(self, bases: Sequence[types_pb2.LegalBasis.ValueType]) -> bool:
        """Tell whether the policy asks for a review, since only s.24's explanation covers a count."""
        return self.s24_only is S24Only.ACCEPTED_WITH_REVIEW and types_pb2.LEGAL_BASIS_S24_EXPLANATION in bases

    def _law(self, index: int, count: CountFacts, judgment_date: dt.date) -> _Law | NotRegistrable:
        row = self._law_on(count.code, count.offence_date)
        if row is None or count.offence_date > judgment_date:
            return NotRegistrable(index)
        principal_in = frozenset(row.principal_in)
        if count.underlying:
            if not row.inchoate:
                return NotRegistrable(index, _UNDERLYING, errors_pb2.FIELD_REASON_ONLY_WITH_ATTEMPT)
            underlying = self._law_on(count.underlying, count.offence_date)
            if underlying is None:
                return NotRegistrable(index, _UNDERLYING)
            principal_in |= frozenset(row.connected_in).intersection(underlying.principal_in)
        return _Law(row, principal_in if count.victim_class in _SCHEDULED_VICTIMS else frozenset())

    def _law_on(self, code: str, day: dt.date) -> OffenceRow | None:
        return next((row for row in self.of(code) if row.law_on(day)), None)

    def _basis(
        self, index: int, law: _Law, principals: frozenset[Schedule]
    ) -> types_pb2.LegalBasis.ValueType | NotRegistrable:
        if law.row.s2h:
            return types_pb2.LEGAL_BASIS_BOTH if law.principal_in else types_pb2.LEGAL_BASIS_S2H
        if self.s24_only is not S24Only.REFUSED:
            if law.principal_in:
                return types_pb2.LEGAL_BASIS_S24_EXPLANATION
            if principals.intersection(law.row.connected_in):
                return types_pb2.LEGAL_BASIS_CONNECTED
        return NotRegistrable(index)


def _or_raise(found: types_pb2.LegalBasis.ValueType | NotRegistrable) -> types_pb2.LegalBasis.ValueType:
    if isinstance(found, NotRegistrable):
        raise found
    return found
