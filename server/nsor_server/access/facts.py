"""Facts about callers, as the directory knows them. Frozen: a call sees one state from start to end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from nsor.v1 import options_pb2, types_pb2


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency.

    Attributes:
        agency_id: id, as in its certificate's URI SAN.
        kind: kind of agency.
        jurisdiction: place codes; ``PK`` is the whole country, ``PK-PB`` a province, ``PK-PB/LHR`` a district.
        enabled: whether it may call.
        court_kinds: kinds of court, for agencies of kind COURT; empty for every other.
    """

    agency_id: str
    kind: options_pb2.AgencyKind.ValueType
    jurisdiction: tuple[str, ...]
    enabled: bool
    name_en: str = ""
    name_ur: str = ""
    court_kinds: tuple[types_pb2.CourtKind.ValueType, ...] = ()


@dataclass(frozen=True, slots=True)
class Officer:
    """An enrolled officer.

    Attributes:
        key_id: SHA-256 of the raw Ed25519 public key, 32 bytes. Two-person rules compare this, never a string.
        officer_number: personal or belt number within the agency.
        public_key: raw Ed25519 public key, 32 bytes.
        jurisdiction: where the officer may act; empty means the agency's whole jurisdiction.
        grade: BPS grade.
    """

    key_id: bytes
    agency_id: str
    officer_number: str
    public_key: bytes
    jurisdiction: tuple[str, ...]
    grade: int
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that the register has imported.

    Attributes:
        serial: lower-case hexadecimal serial.
        fingerprint: SHA-256 of the DER, 32 bytes.
        revoked: whether a revocation was imported.
    """

    serial: str
    agency_id: str
    fingerprint: bytes
    not_before: dt.datetime
    not_after: dt.datetime
    revoked: bool = False


def contains(jurisdiction: tuple[str, ...], place_code: str) -> bool:
    """Tell whether ``place_code`` lies within one of the places of ``jurisdiction``."""
    return any(place in ("PK", place_code) or place_code.startswith(place + "/") for place in jurisdiction)
