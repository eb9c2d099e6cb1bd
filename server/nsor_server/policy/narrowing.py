"""Narrows access below the contract: a province that hasn't adopted the Act, a purpose switched off. It never widens.

It can only take away: the gate asks the contract first, and this package's answer is ANDed to that.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

from nsor.v1 import options_pb2
from nsor_server.calls import Agency
from nsor_server.policy import source

ALWAYS_ON: Final = frozenset({"OVERSIGHT", "SELF_REVIEW", "DIRECTORY"})
"""Purposes that no policy takes away: nobody who oversees is shut out, and what was switched off can be switched on."""


_ALWAYS_ON: Final = frozenset(options_pb2.Purpose.Value(f"PURPOSE_{name}") for name in ALWAYS_ON)


class ProvinceRow(source.Row, frozen=True):
    """Whether the Act applies in a unit. Azad Kashmir and Gilgit-Baltistan have legislatures of their own."""

    code: source.UnitCode
    adopted: bool


class SwitchedOffRow(source.Row, frozen=True):
    """A purpose that is switched off; for everybody, unless kinds of agency, units or agencies are named.

    Attributes:
        purpose: name of nsor.v1.Purpose without its prefix.
        kinds: names of nsor.v1.AgencyKind without their prefix.
        provinces: units; an agency belongs to one when a place of its jurisdiction lies there.
        agencies: agency ids.
    """

    purpose: str
    kinds: tuple[str, ...] = ()
    provinces: tuple[source.UnitCode, ...] = ()
    agencies: tuple[source.AgencyId, ...] = ()


class NarrowingFile(source.Part, frozen=True):
    """The file."""

    province: tuple[ProvinceRow, ...] = ()
    switched_off: tuple[SwitchedOffRow, ...] = ()


class Narrowing:
    """The narrowing in force."""

    __slots__ = ("_not_adopted", "_switched_off")

    def __init__(self, file: NarrowingFile) -> None:
        """Raises source.PolicyError for a name that the contract lacks, or a purpose that stays on."""
        for number, row in enumerate(file.switched_off):
            if row.purpose in ALWAYS_ON:
                raise source.PolicyError(
                    f"narrowing: {row.purpose} can't be switched off: without it nobody oversees or takes it back",
                    path=f"switched_off[{number}].purpose",
                )
        self._not_adopted = frozenset(row.code for row in file.province if not row.adopted)
        self._switched_off = tuple((_purpose(row.purpose), _kinds(row.kinds), row) for row in file.switched_off)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return cls(source.read(path or source.packaged("narrowing.toml"), NarrowingFile))

    def allows(self, agency: Agency, purpose: options_pb2.Purpose.ValueType) -> bool:
        """Tell whether policy leaves the purpose to the agency. An agency of the whole country belongs to no unit."""
        if purpose in _ALWAYS_ON:
            return True
        units = frozenset(place.split("/", 1)[0] for place in agency.jurisdiction)
        if units and units <= self._not_adopted:
            return False
        return not any(
            off == purpose
            and (not kinds or agency.kind in kinds)
            and (not row.provinces or not units.isdisjoint(row.provinces))
            and (not row.agencies or agency.agency_id in row.agencies)
            for off, kinds, row in self._switched_off
        )


def _purpose(name: str) -> int:
    return _number(options_pb2.Purpose.items(), "PURPOSE_" + name)


def _kinds(names: tuple[str, ...]) -> frozenset[int]:
    return frozenset(_number(options_pb2.AgencyKind.items(), "AGENCY_KIND_" + name) for name in names)


def _number(items: Iterable[tuple[str, int]], name: str) -> int:
    for known, number in items:
        if known == name and number:
            return number
    raise source.PolicyError(f"narrowing: the contract has no {name}")
