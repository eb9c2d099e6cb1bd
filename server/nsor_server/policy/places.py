"""The place registry: the seven units of Pakistan, their districts and, where the data lists them, police stations.

The codes below a unit are the register's own: no national list of district or station codes is published. A station
is accepted by its form as long as its district's stations are not listed: NPB supplies lists as it does any policy. A
code outlives its district, since papers of its days go on naming it.
"""

from __future__ import annotations

import datetime as dt
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
    """A district: three letters and names.

    Attributes:
        stations: its police stations and Levies posts, when they are known.
        valid_from: first day on which it was a district; absent when it was one before any case of the register.
        valid_to: last day on which it was one.
        citation: where the row comes from; empty: as its unit's.
        verified: whether somebody has read that; absent: as its unit's.
    """

    code: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
    en: source.Name
    ur: source.Name
    stations: tuple[Annotated[str, msgspec.Meta(pattern=r"^(?:PS|LV)-[0-9]{3}\Z")], ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    citation: str = ""
    verified: bool | None = None

    def was_one_on(self, day: dt.date) -> bool:
        """Tell whether it was a district on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class UnitRow(source.Row, frozen=True):
    """A province or territory: its ISO 3166-2 code, names and districts; whether it has Levies posts."""

    code: source.UnitCode
    en: source.Name
    ur: source.Name
    districts: tuple[DistrictRow, ...]
    levies: bool = False


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

    __slots__ = ("_districts", "_levies", "_places", "_stations")

    def __init__(self, units: tuple[UnitRow, ...]) -> None:
        places: dict[str, Place] = {}
        stations: dict[str, frozenset[str]] = {}
        districts: dict[str, DistrictRow] = {}
        for unit in units:
            _add(places, Place(unit.code, unit.en, unit.ur), 1)
            for district in unit.districts:
                code = f"{unit.code}/{district.code}"
                _add(places, Place(code, district.en, district.ur), 2)
                if district.valid_from and district.valid_to and district.valid_to < district.valid_from:
                    raise source.PolicyError(f"places: {code} ends before it begins")
                districts[code] = district
                stations[code] = frozenset(f"{code}/{station}" for station in district.stations)
        self._places: Mapping[str, Place] = MappingProxyType(places)
        self._stations: Mapping[str, frozenset[str]] = MappingProxyType(stations)
        self._districts: Mapping[str, DistrictRow] = MappingProxyType(districts)
        self._levies = frozenset(unit.code for unit in units if unit.levies)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: the data can't be used.
        """
        return cls(source.read(path or source.packaged("places.toml"), PlacesFile).unit)

    def exists(self, code: str) -> bool:
        """Tell whether a code names a place, of today or of before."""
        if code in self._places:
            return True
        district = self.district(code)
        if district is None:
            return False
        listed = self._stations[district]
        if listed:
            return code in listed
        return _well_formed(code) and (not place_code.is_levies_post(code) or self.province(code) in self._levies)

    def existed(self, code: str, day: dt.date) -> bool:
        """Tell whether the district of a place was one on a day. A unit always existed."""
        row = self._districts.get(self.district(code) or "")
        return row is None or row.was_one_on(day)

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

    def districts(self, unit: str, day: dt.date | None = None) -> tuple[str, ...]:
        """Give the codes of a unit's districts: all, or those of a day."""
        return tuple(
            code
            for code, row in self._districts.items()
            if code.startswith(unit + "/") and (day is None or row.was_one_on(day))
        )


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
