"""How the seven units differ: their share, the first digit of their CNICs, and who holds prisoners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EX_FATA: Final = ("BAJ", "KHY", "KRM", "MHD", "NWZ", "OKZ", "SWZ", "UWZ")
"""Districts of Khyber Pakhtunkhwa whose people have CNICs that begin with 2."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of Pakistan.

    Attributes:
        code: ISO 3166-2 code.
        share: its share of the orders, in percent; the small units get more than their population's.
        first_digit: first digit of the CNICs that are first registered there.
        prisons_agency_id: the example prisons department, where there is one.
    """

    code: str
    share: int
    first_digit: int
    prisons_agency_id: str = ""


UNITS: Final = (
    Unit("PK-PB", 50, 3, "punjab-prisons"),
    Unit("PK-SD", 20, 4),
    Unit("PK-KP", 14, 1),
    Unit("PK-BA", 5, 5),
    Unit("PK-IS", 4, 6),
    Unit("PK-JK", 4, 8),
    Unit("PK-GB", 3, 7),
)
"""The units."""
EX_FATA_DIGIT: Final = 2
"""First digit of the CNICs of what is now a part of Khyber Pakhtunkhwa."""
