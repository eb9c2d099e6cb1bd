"""Conviction orders, judgments about them, and courts' confirmations: requests that everything accepts."""

import itertools
import random
import uuid
from dataclasses import dataclass
from typing import Any, Final

from google.type import date_pb2

from nsor.v1 import grants_pb2, registration_pb2, types_pb2
from nsor_server.calls import Outcome

_numbers = itertools.count(1)


def day(year: int, month: int, of_month: int) -> date_pb2.Date:
    return date_pb2.Date(year=year, month=month, day=of_month)


JUDGMENT_DATE: Final = day(2023, 5, 4)
"""Of every conviction and every confirmation that says nothing else."""


def cnic() -> str:
    """A synthetic CNIC that no other order has."""
    return f"35201{next(_numbers):07d}1"


def nobody(dice: random.Random) -> str:
    """A CNIC that no order has, of a form that is accepted: its family number, the middle seven digits, isn't empty."""
    return f"8{dice.randrange(10**4):04d}{dice.randrange(1, 10**7):07d}{dice.randrange(10)}"


def order(cnic_: str | None = None, **fields: Any) -> registration_pb2.CreateRegistrationRequest:
    """A conviction order that everything accepts: a man of Lahore, convicted there, at home in Lahore."""
    person = types_pb2.Person(
        names=[types_pb2.PersonName(kind=types_pb2.NAME_KIND_OFFICIAL, name="Zafar Testi")],
        cnic=cnic() if cnic_ is None else cnic_,
        sex=types_pb2.SEX_MALE,
        birth_date=day(1985, 1, 1),
        birth_date_precision=types_pb2.DATE_PRECISION_YEAR,
        nationality="PK",
    )
    return registration_pb2.CreateRegistrationRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "person": person,
            "convictions": [conviction()],
            "addresses": [current_address("PK-PB/LHR/PS-001")],
            "custody": types_pb2.Custody(state=types_pb2.CUSTODY_STATE_RELEASED),
            **fields,
        }
    )


def conviction(place: str = "PK-PB/LHR", case_number: str = "Sessions Case No. 123/2022") -> types_pb2.Conviction:
    return types_pb2.Conviction(
        court_case=types_pb2.CourtCase(
            court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code=place, case_number=case_number
        ),
        verdict=types_pb2.VERDICT_CONVICTED,
        judgment_date=JUDGMENT_DATE,
        fir=types_pb2.FirKey(police_station="PK-PB/LHR/PS-001", year=2021, serial=679, fir_date=day(2021, 9, 2)),
        counts=[
            types_pb2.Count(
                offence_code="PPC-376",
                offence_date=day(2021, 9, 1),
                victim_class=types_pb2.VICTIM_CLASS_WOMAN,
                sentence_kind=types_pb2.SENTENCE_KIND_IMPRISONMENT,
                months=120,
            )
        ],
    )


def judgment(
    kind: str, about: types_pb2.Conviction | None = None, **fields: Any
) -> registration_pb2.RecordJudgmentRequest:
    """A judgment of the High Court about a conviction, or that of `conviction()`; ``kind`` is a JudgmentKind's."""
    convicted = about or conviction()
    case = convicted.court_case
    return registration_pb2.RecordJudgmentRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "trial": registration_pb2.TrialJudgment(
                court_kind=case.court_kind,
                place_code=case.place_code,
                case_number=case.case_number,
                judgment_date=convicted.judgment_date,
            ),
            "kind": registration_pb2.JudgmentKind.Value(f"JUDGMENT_KIND_{kind}"),
            "court_kind": types_pb2.COURT_KIND_HIGH_COURT,
            "order_number": "Crl. Appeal No. 456/2023",
            "order_date": day(2024, 2, 1),
            **fields,
        }
    )


def current_address(place: str) -> types_pb2.Address:
    return types_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code=place, house_number="12")


@dataclass(frozen=True, slots=True)
class Created:
    """An order that was entered."""

    registration_id: str
    etag: str
    outcome: Outcome[Any]

    @property
    def key(self) -> uuid.UUID:
        return uuid.UUID(self.registration_id)


def confirmation(created: Created, **fields: Any) -> registration_pb2.ConfirmRegistrationRequest:
    return registration_pb2.ConfirmRegistrationRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "etag": created.etag,
            "case_number": "Sessions Case No. 123/2022",
            "judgment_date": JUDGMENT_DATE,
            **fields,
        }
    )


def suspects(*cnics: str) -> list[grants_pb2.Suspect]:
    """Persons as a ticket or a court case names them, by CNIC."""
    return [grants_pb2.Suspect(cnic=cnic) for cnic in cnics]
