"""The place registry: the seven units of Pakistan, their districts and, where the data lists them, police stations.

The codes below a unit are the register's own: no national list of district or station codes is published. A station
is accepted by its form as long as its district's stations are not listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

import msgspec

from nsor_server.formats import place_code
from nsor_server.formats.errors import FormatError
from nsor_server.policy import source


class DistrictRow(source.Part, frozen=True):
    """A district: three letters, names, and its stations' codes when they are known."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
    en: source.Name
    ur: source.Name
    stations: tuple[Annotated[str, msgspec.Meta(pattern=r"^PS-[0-9]{3}\Z")], ...] = ()


class UnitRow(source.Row, frozen=True):
    """A province or territory: its ISO 3166-2 code, names and districts."""

    code: source.UnitCode
    en: source.Name
    ur: source.Name
    districts: tuple[DistrictRow, ...]


class PlacesFile(source.Part, frozen=True):
    """The file."""

    unit: tuple[UnitRow, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A unit or a district.

    Attributes:
        code: PK-PB or PK-PB/LHR.
        en: name in English.
        ur: name in Urdu.
    """

    code: str
    en: str
    ur: str


class Places:
    """The place registry."""

    __slots__ = ("_places", "_stations")

    def __init__(self, units: tuple[UnitRow, ...]) -> None:
        places: dict[str, Place] = {}
        stations: dict[str, frozenset[str]] = {}
        for unit in units:
            _add(places, Place(unit.code, unit.en, unit.ur), 1)
            for district in unit.districts:
                code = f"{unit.code}/{district.code}"
                _add(places, Place(code, district.en, district.ur), 2)
                stations[code] = frozenset(f"{code}/{station}" for station in district.stations)
        self._places: Mapping[str, Place] = MappingProxyType(places)
        self._stations: Mapping[str, frozenset[str]] = MappingProxyType(stations)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return cls(source.read(path or source.packaged("places.toml"), PlacesFile).unit)

    def exists(self, code: str) -> bool:
        """Tell whether a code names a place."""
        if code in self._places:
            return True
        district = self.district(code)
        if district is None:
            return False
        listed = self._stations[district]
        return code in listed if listed else _well_formed(code)

    def province(self, code: str) -> str:
        """Give the unit of a place: the first part of its code."""
        return code.split("/", 1)[0]

    def district(self, code: str) -> str | None:
        """Give the district of a place that is a district or a station in one, else nothing."""
        district = "/".join(code.split("/", 2)[:2])
        return district if district in self._stations else None

    def name(self, code: str) -> Place | None:
        """Give the names of a unit or a district, or those of a station's district."""
        return self._places.get(code) or self._places.get(self.district(code) or "")

    def units(self) -> tuple[str, ...]:
        """Give the codes of the seven units."""
        return tuple(code for code in self._places if "/" not in code)

    def districts(self, unit: str) -> tuple[str, ...]:
        """Give the codes of a unit's districts."""
        return tuple(code for code in self._stations if code.startswith(unit + "/"))


def _well_formed(code: str) -> bool:
    try:
        return place_code.normalise(code) == code
    except FormatError:
        return False


def _add(places: dict[str, Place], place: Place, parts: int) -> None:
    if not _well_formed(place.code) or place_code.parts(place.code) != parts:
        raise source.PolicyError(f"places: {place.code} isn't a code of its kind")
    if place.code in places:
        raise source.PolicyError(f"places: {place.code} stands twice")
    places[place.code] = place
