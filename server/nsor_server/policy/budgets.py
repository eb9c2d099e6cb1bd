"""How many calls that cost an officer and his agency may make: the size of their token buckets, and what a call costs.

The price follows from the purpose and from what the request names. What was found plays no part: nobody learns from
what is left whether somebody is in the register.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Self, TypeVar

import msgspec

from nsor.v1 import lookup_pb2, notices_pb2, notification_pb2, options_pb2, registration_pb2
from nsor_server.policy import source

_MOST = 10**6
"""Of every value: what is left of a bucket is counted in fractions that must fit eight bytes."""
_Positive = Annotated[int, msgspec.Meta(ge=1, le=_MOST)]
_N = TypeVar("_N", bound=int)
_LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
_OF_PORTS: Final = frozenset({"nsor.v1.LookupService/DeclareManifest", "nsor.v1.NotificationService/ReportMovement"})
"""Methods with buckets for each border crossing."""


class Bucket(source.Part, frozen=True):
    """A token bucket.

    Attributes:
        capacity: tokens when it is full.
        refill_per_hour: tokens that it gets back in an hour.
    """

    capacity: _Positive
    refill_per_hour: _Positive


class Port(source.Part, frozen=True):
    """The buckets of one border crossing.

    Attributes:
        code: of nsor.v1.BorderCrossing, without its prefix.
        officer: bucket of each officer there.
        agency: bucket of all officers of an agency there.
    """

    code: str
    officer: Bucket
    agency: Bucket


class Budget(source.Row, frozen=True):
    """The budget of a kind of agency for a method and a purpose.

    Attributes:
        kind: name of nsor.v1.AgencyKind without its prefix.
        purpose: name of nsor.v1.Purpose without its prefix.
        call: tokens that a call costs, refused or not.
        first_named: tokens that it costs besides when it names what the officer hasn't named on that day in
            Asia/Karachi; what his colleagues have named plays no part, or the price would tell him.
        officer: bucket of each officer.
        agency: bucket of all officers of an agency together.
        method: full name of the method.
        ports: crossings with buckets of their own size, of a method that has buckets for each crossing; the others
            have those above.
        all_ports: bucket of an agency for all crossings together, from which each call is paid besides; None: there
            is none.
    """

    kind: str
    purpose: str
    call: _Positive
    first_named: Annotated[int, msgspec.Meta(ge=0, le=_MOST)]
    officer: Bucket
    agency: Bucket
    method: str = _LOOK_UP
    ports: tuple[Port, ...] = ()
    all_ports: Bucket | None = None

    def __post_init__(self) -> None:
        """Refuse what an officer could never pay, and what lets one officer empty his agency's bucket.

        A call costs the agency what it costs the officer. So with a smaller bucket that isn't filled faster, an
        officer who tries things out is stopped while his colleagues go on.
        """
        source.Row.__post_init__(self)
        for officer, agency in ((self.officer, self.agency), *((each.officer, each.agency) for each in self.ports)):
            if self.call + self.first_named > officer.capacity:
                raise ValueError("a call costs more than an officer's full bucket")
            if officer.capacity >= agency.capacity or officer.refill_per_hour > agency.refill_per_hour:
                raise ValueError("an officer's bucket must be smaller than his agency's, and not be filled faster")
        self._check_ports()

    def _check_ports(self) -> None:
        if (self.ports or self.all_ports) and self.method not in _OF_PORTS:
            raise ValueError("the method has no buckets for each border crossing")
        names = [f"BORDER_CROSSING_{each.code}" for each in self.ports]
        if not set(names) <= set(notices_pb2.BorderCrossing.keys()):
            raise ValueError("a crossing has a name that the contract doesn't know")
        if len(set(names)) < len(names):
            raise ValueError("a crossing has two budgets")
        largest = max(self.agency.capacity, *(each.agency.capacity for each in self.ports), 0)
        if self.all_ports is not None and self.all_ports.capacity < largest:
            raise ValueError("the bucket of all crossings is smaller than that of one")


class BudgetsFile(source.Part, frozen=True):
    """The file."""

    budget: tuple[Budget, ...]


class Budgets:
    """The budgets in force."""

    __slots__ = ("_budgets", "_of_ports")

    def __init__(self, file: BudgetsFile) -> None:
        self._budgets: dict[tuple[str, int, int], Budget] = {}
        for row in file.budget:
            key = (
                _method(row.method),
                _number(options_pb2.AgencyKind.items(), "AGENCY_KIND_" + row.kind),
                _number(options_pb2.Purpose.items(), "PURPOSE_" + row.purpose),
            )
            if key in self._budgets:
                raise source.PolicyError(f"budgets: {row.kind} has two budgets for {row.method} and {row.purpose}")
            self._budgets[key] = row
        self._of_ports = {
            (*key, str(int(notices_pb2.BorderCrossing.Value(f"BORDER_CROSSING_{port.code}")))): msgspec.structs.replace(
                row, officer=port.officer, agency=port.agency, ports=()
            )
            for key, row in self._budgets.items()
            for port in row.ports
        }

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

    def of(self, method: str, kind: int, purpose: int, bucket: str = "") -> Budget | None:
        """The budget of a kind of agency for a method and a purpose; without one no such call is answered.

        ``bucket``: what has buckets of its own, such as the number of a border crossing.
        """
        return self._of_ports.get((method, kind, purpose, bucket)) or self._budgets.get((method, kind, purpose))


def _method(name: str) -> str:
    service, _, method = name.rpartition("/")
    for file in (lookup_pb2.DESCRIPTOR, registration_pb2.DESCRIPTOR, notification_pb2.DESCRIPTOR):
        found = file.services_by_name.get(service.removeprefix(f"{file.package}."))
        if found is not None and method in found.methods_by_name and name == f"{found.full_name}/{method}":
            return name
    raise source.PolicyError(f"budgets: the contract has no method {name} that costs anything")


def _number(items: Iterable[tuple[str, _N]], name: str) -> _N:
    for known, number in items:
        if known == name and number:
            return number
    raise source.PolicyError(f"budgets: the contract has no {name}")
