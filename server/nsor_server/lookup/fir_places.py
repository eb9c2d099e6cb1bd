"""Where an FIR lies, as the tables of access requests and grants say it: its district, and a keyed hash of its station.

An officer who is enrolled at a station sees what is of it, and no more. Whoever has the database learns the district,
and which rows are of one station, but not which station: there a month has often one such FIR. A grant has its uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from nsor_server.access import rows
from nsor_server.calls import Agency, Officer
from nsor_server.formats import place_code
from nsor_server.storage.blind_index import BlindIndex

_USE: Final = "request"
_STATION: Final = 3
"""Parts of a station's code."""


def district(station: str) -> str:
    """The code of a station's district."""
    return station.rpartition("/")[0]


def written(blind_index: BlindIndex, station: str) -> str:
    """What stands in a table for a station, as a place within its district."""
    label = blind_index.lasting(_USE, f"station of an FIR\0{station}".encode())
    return f"{district(station)}/{label.hex()}"


def caller(blind_index: BlindIndex, agency: Agency, officer: Officer | None) -> tuple[Agency, Officer | None]:
    """A caller as he is compared with what is written: he acts at a station's hash where he acts at the station."""
    return (
        replace(agency, jurisdiction=_with_written(blind_index, agency.jurisdiction)),
        officer and replace(officer, jurisdiction=_with_written(blind_index, officer.jurisdiction)),
    )


def parameters(blind_index: BlindIndex, agency: Agency, officer: Officer | None) -> tuple[bytes, bytes, bytes, bytes]:
    """As ``rows.parameters``, for places that are written."""
    return rows.parameters(*caller(blind_index, agency, officer))


def _with_written(blind_index: BlindIndex, places: Iterable[str]) -> tuple[str, ...]:
    stations = (written(blind_index, each) for each in places if place_code.parts(each) == _STATION)
    return (*places, *stations)
