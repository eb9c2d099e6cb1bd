"""Whom an event is owed to: agencies by what they are for, of the directory that a call was gated by.

Disabled agencies are named too. What is owed to one waits for it, so that responsibility never falls in a gap; while it
is disabled it can't call and sees nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

from nsor.v1 import options_pb2
from nsor_server.access.facts import contains
from nsor_server.calls import Agency

Agencies = Mapping[str, Agency]


class Found(str):
    """The id of an agency, with the place by which it was found: the event is of that place for it.

    It says no more than that the agency was told, so that a consumer's filter shows nobody where a record is. Whoever
    is told for another reason (NPB, who has entered a record) is a plain id, and the event is of no place. One agency
    that was found by two places is two of a set, so that none is lost; ``outbox.owed`` tells it once, of both.
    """

    __slots__ = ("place",)
    place: str

    @classmethod
    def at(cls, agency_id: str, place: str) -> Self:
        """An agency that was found by a place."""
        found = cls(agency_id)
        found.place = place
        return found

    def __eq__(self, other: object) -> bool:
        """Whether it is the same agency, found by the same place; a plain id is equal to it, whatever its place."""
        return super().__eq__(other) is True and (not isinstance(other, Found) or self.place == other.place)

    def __hash__(self) -> int:
        """That of the id."""
        return super().__hash__()


def responsible_police(agencies: Agencies, place_code: str) -> list[str]:
    """Ids of the police whose jurisdiction contains the place: a province's and, where there is one, a district's."""
    return _within(agencies, options_pb2.AGENCY_KIND_POLICE, place_code)


def police_at(agencies: Agencies, place_code: str, parts: int) -> list[str]:
    """Ids of the police at a level above a place: 3 is its station, 2 its district, 1 its province.

    Where that level has none of its own, of the next one above that has; where there is none above, of the one below.
    """
    return _at(agencies, responsible_police(agencies, place_code), place_code, parts)


def prosecution_at(agencies: Agencies, district: str, parts: int) -> list[str]:
    """Ids of the prosecutions at a level above a district, as ``police_at``: 2 is the district's, 1 the province's.

    A prosecution is the province's by its jurisdiction, which is the province.
    """
    return _at(agencies, prosecution_for(agencies, district), district, parts)


def _at(agencies: Agencies, within: Iterable[str], place_code: str, parts: int) -> list[str]:
    found = {each: _parts(agencies[each], place_code) for each in within}
    above = [level for level in found.values() if level <= parts]
    level = max(above) if above else min(found.values(), default=0)
    return [each for each, of in found.items() if of == level]


def _parts(agency: Agency, place_code: str) -> int:
    """How narrow the part of an agency's jurisdiction is that contains a place; 0: the whole country."""
    narrowest = max((each for each in agency.jurisdiction if contains((each,), place_code)), key=len)
    return 0 if narrowest == "PK" else narrowest.count("/") + 1


def prosecution_for(agencies: Agencies, district: str) -> list[str]:
    """Ids of the prosecutions whose jurisdiction contains the district."""
    return _within(agencies, options_pb2.AGENCY_KIND_PROSECUTION, district)


def courts_for(agencies: Agencies, courts: Iterable[tuple[int, str]]) -> list[str]:
    """Ids of the courts that are of one of these kinds and whose jurisdiction contains its place."""
    wanted = set(courts)
    return sorted(
        Found.at(agency.agency_id, place)
        for agency in agencies.values()
        if agency.court_kinds
        for kind, place in wanted
        if kind in agency.court_kinds and contains(agency.jurisdiction, place)
    )


def of_kind(agencies: Agencies, kind: options_pb2.AgencyKind.ValueType) -> list[str]:
    """Ids of all agencies of a kind, in order."""
    return sorted(agency.agency_id for agency in agencies.values() if agency.kind == kind)


def _within(agencies: Agencies, kind: options_pb2.AgencyKind.ValueType, place: str) -> list[str]:
    return sorted(
        Found.at(agency.agency_id, place)
        for agency in agencies.values()
        if agency.kind == kind and contains(agency.jurisdiction, place)
    )
