"""What several example requests have: ids by a seed, a name, an address, a conviction."""

from __future__ import annotations

import hashlib
import uuid
from typing import Final

from google.type import date_pb2

from nsor.v1 import types_pb2
from nsor_synthetic.orders import NAMESPACE

STATION: Final = "PK-PB/LHR/PS-001"
CASE_NUMBER: Final = "Sessions Case No. 123/2023"
JUDGED: Final = date_pb2.Date(year=2023, month=6, day=15)


class Ids:
    """Ids and bytes that a seed decides."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def uuid(self, use: str) -> str:
        """An id for a use."""
        return str(uuid.uuid5(NAMESPACE, f"{self._seed}/{use}"))

    def octets(self, use: str, size: int) -> bytes:
        """So many bytes for a use."""
        return hashlib.shake_256(f"{self._seed}/{use}".encode()).digest(size)


def person_name(name: str, relative: str) -> types_pb2.PersonName:
    """An official name, of a daughter."""
    return types_pb2.PersonName(
        kind=types_pb2.NAME_KIND_OFFICIAL,
        name=name,
        relative_name=relative,
        relation=types_pb2.RELATION_DAUGHTER_OF,
    )


def searched_name(name: str, relative: str, *by_names: str) -> types_pb2.SearchedName:
    """What a daughter is called who is searched for."""
    return types_pb2.SearchedName(
        name=name, relative_name=relative, relation=types_pb2.RELATION_DAUGHTER_OF, by_names=by_names
    )


def travel_document() -> types_pb2.TravelDocument:
    """A passport."""
    return types_pb2.TravelDocument(
        number="ZZ0000001",
        country="PK",
        expiry_date=date_pb2.Date(year=2031, month=1, day=31),
        kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT,
    )


def address() -> types_pb2.Address:
    """A current address."""
    return types_pb2.Address(
        kind=types_pb2.ADDRESS_KIND_CURRENT,
        place_code=STATION,
        locality_code="UC-12",
        street_number="7",
        house_number="14/B",
        postal_code="54000",
        since_date=date_pb2.Date(year=2020, month=2, day=29),
    )


def fir() -> types_pb2.FirKey:
    """A First Information Report."""
    return types_pb2.FirKey(
        police_station=STATION, year=2022, serial=679, fir_date=date_pb2.Date(year=2022, month=9, day=2)
    )


def court_case() -> types_pb2.CourtCase:
    """A special court's case."""
    return types_pb2.CourtCase(
        court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/LHR", case_number=CASE_NUMBER
    )


def conviction() -> types_pb2.Conviction:
    """A conviction of two counts."""
    return types_pb2.Conviction(
        court_case=court_case(),
        verdict=types_pb2.VERDICT_CONVICTED,
        judgment_date=JUDGED,
        fir=fir(),
        counts=[
            types_pb2.Count(
                offence_code="PPC-376",
                offence_date=date_pb2.Date(year=2022, month=8, day=30),
                victim_class=types_pb2.VICTIM_CLASS_WOMAN,
                sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT,
                months=240,
            ),
            types_pb2.Count(
                offence_code="PPC-511",
                offence_date=date_pb2.Date(year=2022, month=8, day=30),
                victim_class=types_pb2.VICTIM_CLASS_WOMAN,
                sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT,
                months=60,
                underlying_offence_code="PPC-376",
            ),
        ],
        appeal_state=types_pb2.APPEAL_STATE_NONE,
    )
