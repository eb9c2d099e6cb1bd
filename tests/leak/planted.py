"""The values that are planted, one in every field that could name a person or lead to one. Nobody real."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from certs.focal_persons import own_number
from nsor.v1 import access_requests_pb2, grants_pb2, notices_pb2, registration_pb2, types_pb2
from nsor_server.storage.v1 import record_pb2
from nsor_synthetic.dates import to_date
from tests.leak.scanner import Canary

STATION, OTHER_STATION = "PK-PB/LHR/PS-017", "PK-PB/RWP/PS-005"
OFFENDER_CNIC, SUSPECT_CNIC, HELD_CNIC, WRONG_CNIC = "3520298765431", "3520287654327", "3520276543213", "3520265432109"
NAME, NAME_UR = "Qwaxmir Zuvelthan", "ژوقطاغ ظڑحاصث"
FATHER, FATHER_UR = "Brixtaq Zuvelthan", "پژاظغ ظڑحاصث"
ALIAS = "Vyqzorp"
SUSPECT, SUSPECT_FATHER, SUSPECT_BY_NAME = "Jaxuqel Thrabzoni", "Okvexim Thrabzoni", "Yabqolk"
PASSPORT, MOBILE = "QZ7391846", "+923998765432"
SERIAL, YEAR = 73951, 2021
CASE, SECOND_FIR = "Sessions Case No. 48213/2022", 64807
HOUSE, STREET, LOCALITY = "PLOT 7-31/Z", "LANE 84-9Q", "MAUZA 93-17X"
NEW_HOUSE, NEW_STREET = "FLAT 55-18/K", "PHASE 62-7V"
FIR_COPY, APPLICATION = "FC-66713-Q/2019", "APP-55129-X/2018"
PRISONER = "PN-31957-Q/2017"
OFFICER = "BELT-44719731"
OWN_NUMBER = own_number("npb", OFFICER)
"""The number of his own CNIC, which is given with his key: a keyed hash of it is kept, and nothing that is sealed."""


def canaries() -> list[Canary]:
    """All of them, but for what an officer's own number is: that stands in the directory by design."""
    return [
        Canary("name", NAME),
        Canary("name in Urdu", NAME_UR),
        Canary("father", FATHER),
        Canary("father in Urdu", FATHER_UR),
        Canary("alias", ALIAS),
        Canary("CNIC", OFFENDER_CNIC),
        Canary("passport", PASSPORT),
        Canary("mobile", MOBILE.removeprefix("+92")),
        Canary("FIR, as a reference", f"{SERIAL}/{YEAR}"),
        Canary("FIR, as a record", record_pb2.Fir(year=YEAR, serial=SERIAL).SerializeToString()),
        Canary("case number", CASE),
        Canary("house", HOUSE),
        Canary("street", STREET),
        Canary("locality", LOCALITY),
        Canary("new house", NEW_HOUSE),
        Canary("new street", NEW_STREET),
        Canary("suspect", SUSPECT),
        Canary("suspect's father", SUSPECT_FATHER),
        Canary("suspect's by-name", SUSPECT_BY_NAME),
        Canary("suspect's CNIC", SUSPECT_CNIC),
        Canary("suspect's FIR", f"{SECOND_FIR}/{YEAR}"),
        Canary("copy of the FIR", FIR_COPY),
        Canary("application", APPLICATION),
        Canary("prisoner's number", PRISONER),
        Canary("CNIC of whom nothing was stored", WRONG_CNIC, stored=False),
        Canary("officer's own CNIC", OWN_NUMBER, stored=False),
    ]


def order(cnic: str = OFFENDER_CNIC) -> registration_pb2.CreateRegistrationRequest:
    """A conviction order with a canary in every field."""
    official = types_pb2.NAME_KIND_OFFICIAL
    son = types_pb2.RELATION_SON_OF
    return registration_pb2.CreateRegistrationRequest(
        request_id=str(uuid.uuid4()),
        person=types_pb2.Person(
            names=[
                types_pb2.PersonName(kind=official, name=NAME, relative_name=FATHER, relation=son),
                types_pb2.PersonName(kind=official, name=NAME_UR, relative_name=FATHER_UR, relation=son),
                types_pb2.PersonName(kind=types_pb2.NAME_KIND_ALIAS, name=ALIAS),
            ],
            cnic=cnic,
            sex=types_pb2.SEX_MALE,
            birth_date=to_date(dt.date(1984, 5, 17)),
            birth_date_precision=types_pb2.DATE_PRECISION_DAY,
            nationality="PK",
            travel_documents=[document()],
            mobile_numbers=[MOBILE],
        ),
        convictions=[
            types_pb2.Conviction(
                court_case=court_case(),
                verdict=types_pb2.VERDICT_CONVICTED,
                judgment_date=to_date(dt.date(2023, 6, 15)),
                fir=fir(SERIAL),
                counts=[
                    types_pb2.Count(
                        offence_code="PPC-376",
                        offence_date=to_date(dt.date(YEAR, 8, 30)),
                        victim_class=types_pb2.VICTIM_CLASS_WOMAN,
                        sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT,
                        months=240,
                    )
                ],
            )
        ],
        addresses=[address(STATION, house_number=HOUSE, street_number=STREET, locality_code=LOCALITY)],
        custody=types_pb2.Custody(state=types_pb2.CUSTODY_STATE_RELEASED),
    )


def document() -> types_pb2.TravelDocument:
    return types_pb2.TravelDocument(number=PASSPORT, country="PK")


def court_case() -> types_pb2.CourtCase:
    return types_pb2.CourtCase(court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/LHR", case_number=CASE)


def fir(serial: int) -> types_pb2.FirKey:
    return types_pb2.FirKey(police_station=STATION, year=YEAR, serial=serial, fir_date=to_date(dt.date(YEAR, 9, 2)))


def address(place: str, **numbers: Any) -> types_pb2.Address:
    return types_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code=place, **numbers)


def notice(registration_id: str) -> notices_pb2.CreateNoticeRequest:
    return notices_pb2.CreateNoticeRequest(
        registration_id=registration_id,
        address=address(OTHER_STATION, house_number=NEW_HOUSE, street_number=NEW_STREET),
        event_date=to_date(dt.date(2025, 3, 1)),
        received_date=to_date(dt.date(2025, 3, 4)),
        receiving_station=STATION,
        timing=notices_pb2.NOTICE_TIMING_HAPPENED,
    )


def access_request() -> access_requests_pb2.CreateAccessRequestRequest:
    """The offender and one who is no offender, as suspects of a new FIR."""
    named = types_pb2.SearchedName(
        name=SUSPECT,
        relative_name=SUSPECT_FATHER,
        relation=types_pb2.RELATION_SON_OF,
        by_names=[SUSPECT_BY_NAME],
    )
    return access_requests_pb2.CreateAccessRequestRequest(
        request_id=str(uuid.uuid4()),
        fir=fir(SECOND_FIR),
        suspects=[
            grants_pb2.Suspect(cnic=OFFENDER_CNIC, name=types_pb2.SearchedName(name=NAME)),
            grants_pb2.Suspect(cnic=SUSPECT_CNIC, name=named),
        ],
        annexure_a=access_requests_pb2.AnnexureA(
            officer_grade=17,
            posting=STATION,
            offence_codes=["PPC-376"],
            stage=access_requests_pb2.INVESTIGATION_STAGE_ARREST_MADE,
            ground=access_requests_pb2.ACCESS_GROUND_PREVIOUS_CONVICTION,
            fir_copy_number=FIR_COPY,
            application_number=APPLICATION,
            application_date=to_date(dt.date(YEAR, 9, 5)),
        ),
    )
