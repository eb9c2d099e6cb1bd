"""Facts about certificates and places, as the directory knows them. Agencies and officers stand in ``calls``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


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
