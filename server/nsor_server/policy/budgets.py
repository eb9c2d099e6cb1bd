"""How many look-ups an officer and his agency may make: the size of their token buckets, and what a look-up costs.

The price follows from the purpose and from what the request names. What was found plays no part: nobody learns from
what is left whether somebody is in the register.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self, TypeVar

import msgspec

from nsor.v1 import options_pb2
from nsor_server.policy import source

_MOST = 10**6
"""Of every value: what is left of a bucket is counted in fractions that must fit eight bytes."""
_Positive = Annotated[int, msgspec.Meta(ge=1, le=_MOST)]
_N = TypeVar("_N", bound=int)


class Bucket(source.Part, frozen=True):
    """A token bucket.

    Attributes:
        capacity: tokens when it is full.
        refill_per_hour: tokens that it gets back in an hour.
    """

    capacity: _Positive
    refill_per_hour: _Positive


class Budget(source.Row, frozen=True):
    """The budget of a kind of agency for a purpose.

    Attributes:
        kind: name of nsor.v1.AgencyKind without its prefix.
        purpose: name of nsor.v1.Purpose without its prefix.
        look_up: tokens that a look-up costs, refused or not.
        further_case: tokens that it costs besides when it names an FIR, grant, ticket or case that the officer hasn't
            named on that day in Asia/Karachi and that isn't his first one of the day. His agency pays it too, unless
            another of its officers has named that case on that day.
        officer: bucket of each officer.
        agency: bucket of all officers of an agency together.
    """

    kind: str
    purpose: str
    look_up: _Positive
    further_case: Annotated[int, msgspec.Meta(ge=0, le=_MOST)]
    officer: Bucket
    agency: Bucket

    def __post_init__(self) -> None:
        """Refuse what an officer could never pay, and what lets one officer empty his agency's bucket.

        A look-up never costs the agency more than the officer. So with a smaller bucket that isn't filled faster, an
        officer who tries cases out is stopped while his colleagues go on.
        """
        source.Row.__post_init__(self)
        if self.look_up + self.further_case > self.officer.capacity:
            raise ValueError("a look-up costs more than an officer's full bucket")
        if self.officer.capacity >= self.agency.capacity or self.officer.refill_per_hour > self.agency.refill_per_hour:
            raise ValueError("an officer's bucket must be smaller than his agency's, and not be filled faster")


class BudgetsFile(source.Part, frozen=True):
    """The file."""

    budget: tuple[Budget, ...]


class Budgets:
    """The budgets in force."""

    __slots__ = ("_budgets",)

    def __init__(self, file: BudgetsFile) -> None:
        self._budgets: dict[tuple[int, int], Budget] = {}
        for row in file.budget:
            key = (
                _number(options_pb2.AgencyKind.items(), "AGENCY_KIND_" + row.kind),
                _number(options_pb2.Purpose.items(), "PURPOSE_" + row.purpose),
            )
            if key in self._budgets:
                raise source.PolicyError(f"budgets: {row.kind} has two budgets for {row.purpose}")
            self._budgets[key] = row

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return cls(source.read(path or source.packaged("budgets.toml"), BudgetsFile))

    def rows(self) -> tuple[Budget, ...]:
        """Every budget."""
        return tuple(self._budgets.values())

    def of(self, kind: int, purpose: int) -> Budget | None:
        """The budget of a kind of agency for a purpose; without one nothing is looked up."""
        return self._budgets.get((kind, purpose))


def _number(items: Iterable[tuple[str, _N]], name: str) -> _N:
    for known, number in items:
        if known == name and number:
            return number
    raise source.PolicyError(f"budgets: the contract has no {name}")
