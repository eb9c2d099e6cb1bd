"""Whom an event is owed to: agencies by what they are for, of the directory that a call was gated by.

Disabled agencies are named too. What is owed to one waits for it, so that responsibility never falls in a gap; while it
is disabled it can't call and sees nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nsor.v1 import options_pb2
from nsor_server.access.facts import contains
from nsor_server.calls import Agency

Agencies = Mapping[str, Agency]


def responsible_police(agencies: Agencies, place_code: str) -> list[str]:
    """Ids of the police whose jurisdiction contains the place: a province's and, where there is one, a district's."""
    return _within(agencies, options_pb2.AGENCY_KIND_POLICE, [place_code])


def prosecution_for(agencies: Agencies, district: str) -> list[str]:
    """Ids of the prosecutions whose jurisdiction contains the district."""
    return _within(agencies, options_pb2.AGENCY_KIND_PROSECUTION, [district])


def courts_for(agencies: Agencies, courts: Iterable[tuple[int, str]]) -> list[str]:
    """Ids of the courts that are of one of these kinds and whose jurisdiction contains its place."""
    wanted = set(courts)
    return sorted(
        agency.agency_id
        for agency in agencies.values()
        if agency.court_kinds
        for kind, place in wanted
        if kind in agency.court_kinds and contains(agency.jurisdiction, place)
    )


def of_kind(agencies: Agencies, kind: options_pb2.AgencyKind.ValueType) -> list[str]:
    """Ids of all agencies of a kind, in order."""
    return sorted(agency.agency_id for agency in agencies.values() if agency.kind == kind)


def _within(agencies: Agencies, kind: options_pb2.AgencyKind.ValueType, places: list[str]) -> list[str]:
    return sorted(
        agency.agency_id
        for agency in agencies.values()
        if agency.kind == kind and any(contains(agency.jurisdiction, place) for place in places)
    )
