"""Which case of an access is shown where accesses are listed. Pure."""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.access.contract import purposes_of
from nsor_server.calls import Agency, Officer
from nsor_server.formats import screens

OF_A_CASE: Final = purposes_of(options_pb2.FIELD_CLASS_CASE)
"""What isn't shown a case isn't listed with one: its caller never saw the FIR that the register noted of the access, or
its reference is a passport's or a prisoner's number, which names a person."""
_CNIC_DIGITS: Final = 13
_PLACE: Final = re.compile(r"PK-[A-Z]{2}(?:/[A-Z]{3}(?:/(?:PS|LV)-[0-9]{3})?)?(?= )")


def shown_case(agency: Agency, officer: Officer | None, purpose: int, reference: str) -> str:
    """What the list shows of an access's case: nothing to a system, which answers for nothing.

    Args:
        agency: the caller's.
        officer: who asks; None: a system that names no key.
        purpose: of the access.
        reference: the case of the access; an FIR and a court's case begin with their place.
    """
    if purpose not in OF_A_CASE or screens.digits(reference) >= _CNIC_DIGITS:
        return ""
    return reference if acts_there(agency, officer, place_of(reference)) else ""


def acts_there(agency: Agency, officer: Officer | None, place: str | None) -> bool:
    """Whether an officer acts where a case or a manifest is; None: it is nowhere. A system answers for nothing."""
    if officer is None or officer.system:
        return False
    return place is None or rows.within(agency, officer, [place])


def place_of(reference: str) -> str | None:
    """The place that the case of an access begins with, of an FIR or a court's case; None: it has none."""
    place = _PLACE.match(reference)
    return None if place is None else place[0]
