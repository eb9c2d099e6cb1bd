"""Agencies of the tests, and officers of theirs."""

import itertools
import os
from dataclasses import replace

from nsor.v1 import options_pb2, types_pb2
from nsor_server.calls import Agency, FocalPerson, Officer

_numbers = itertools.count(1)


def _agency(agency_id: str, kind: str, *jurisdiction: str) -> Agency:
    number = options_pb2.AgencyKind.Value(f"AGENCY_KIND_{kind}")
    kinds = (types_pb2.COURT_KIND_SPECIAL_COURT,) if kind == "COURT" else ()
    return Agency(agency_id, number, jurisdiction, enabled=True, name_en=agency_id, name_ur="ادارہ", court_kinds=kinds)


PUNJAB_PROSECUTION = _agency("punjab-prosecution", "PROSECUTION", "PK-PB")
SINDH_PROSECUTION = _agency("sindh-prosecution", "PROSECUTION", "PK-SD")
LAHORE_COURT = _agency("lahore-special-court", "COURT", "PK-PB")
LAHORE_HIGH_COURT = replace(
    _agency("lahore-high-court", "COURT", "PK-PB"), court_kinds=(types_pb2.COURT_KIND_HIGH_COURT,)
)
KARACHI_COURT = _agency("karachi-special-court", "COURT", "PK-SD")
PUNJAB_POLICE = _agency("punjab-police", "POLICE", "PK-PB")
SINDH_POLICE = _agency("sindh-police", "POLICE", "PK-SD")
PUNJAB_PRISONS = _agency("punjab-prisons", "PRISONS", "PK-PB")
SINDH_PRISONS = _agency("sindh-prisons", "PRISONS", "PK-SD")
NADRA = _agency("nadra", "NADRA", "PK")
FIA_IMMIGRATION = _agency("fia-immigration", "IMMIGRATION", "PK")
NPB = _agency("npb", "NPB", "PK")
SPECIAL_COMMITTEE = _agency("special-committee", "SPECIAL_COMMITTEE", "PK")
AGENCIES = (
    PUNJAB_PROSECUTION,
    SINDH_PROSECUTION,
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    KARACHI_COURT,
    PUNJAB_POLICE,
    SINDH_POLICE,
    PUNJAB_PRISONS,
    SINDH_PRISONS,
    NADRA,
    FIA_IMMIGRATION,
    NPB,
    SPECIAL_COMMITTEE,
)


def officer_of(agency: Agency, *jurisdiction: str, key_id: bytes | None = None) -> Officer:
    return Officer(
        key_id=key_id or os.urandom(32),
        agency_id=agency.agency_id,
        officer_number=f"A-{next(_numbers)}",
        public_key=os.urandom(32),
        jurisdiction=jurisdiction,
        grade=17,
        decides=True,
    )


def focal_person_of(agency: Agency, number: str = "FOCAL-1") -> FocalPerson:
    return FocalPerson(os.urandom(32), agency.agency_id, number, os.urandom(32), os.urandom(32))


def narrowed(agency: Agency, *jurisdiction: str) -> Agency:
    return replace(agency, jurisdiction=jurisdiction)
