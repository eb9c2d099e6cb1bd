"""A desk where tests hand in calls: checked like at the front door, answered in a transaction on a real database."""

import datetime as dt
import hashlib
import itertools
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import psycopg
import pytest
from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.facts import Agency, Officer
from nsor_server.formats.checker import Checker
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_server.registration.service import RegistrationService
from nsor_server.rpc.calls import Call, Handler, Outcome
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer

TODAY = dt.date(2026, 3, 2)
PLACES = Places.load()
OFFENCES = OffenceTable.load()
_TABLES = (
    "registration_version",
    "registration_key",
    "registration_identifier",
    "notice",
    "outbox",
    "agency_event",
    "event_acknowledgement",
    "officer",
    "officer_disabled",
)
_numbers = itertools.count(1)

E = TypeVar("E", bound=errors.ApiError)


def _agency(agency_id: str, kind: str, *jurisdiction: str) -> Agency:
    number = options_pb2.AgencyKind.Value(f"AGENCY_KIND_{kind}")
    return Agency(agency_id, number, jurisdiction, enabled=True, name_en=agency_id, name_ur="ادارہ")


PUNJAB_PROSECUTION = _agency("punjab-prosecution", "PROSECUTION", "PK-PB")
SINDH_PROSECUTION = _agency("sindh-prosecution", "PROSECUTION", "PK-SD")
LAHORE_COURT = _agency("lahore-special-court", "COURT", "PK-PB")
KARACHI_COURT = _agency("karachi-special-court", "COURT", "PK-SD")
PUNJAB_POLICE = _agency("punjab-police", "POLICE", "PK-PB")
SINDH_POLICE = _agency("sindh-police", "POLICE", "PK-SD")
PUNJAB_PRISONS = _agency("punjab-prisons", "PRISONS", "PK-PB")
NPB = _agency("npb", "NPB", "PK")
AGENCIES = (
    PUNJAB_PROSECUTION,
    SINDH_PROSECUTION,
    LAHORE_COURT,
    KARACHI_COURT,
    PUNJAB_POLICE,
    SINDH_POLICE,
    PUNJAB_PRISONS,
    NPB,
)
PURPOSE = {
    options_pb2.AGENCY_KIND_PROSECUTION: options_pb2.PURPOSE_REGISTRATION,
    options_pb2.AGENCY_KIND_COURT: options_pb2.PURPOSE_REGISTRATION,
    options_pb2.AGENCY_KIND_POLICE: options_pb2.PURPOSE_NOTIFICATION,
    options_pb2.AGENCY_KIND_PRISONS: options_pb2.PURPOSE_CUSTODY,
    options_pb2.AGENCY_KIND_NPB: options_pb2.PURPOSE_REGISTER_OPERATION,
}


def officer_of(agency: Agency, *jurisdiction: str, key_id: bytes | None = None) -> Officer:
    return Officer(
        key_id=key_id or os.urandom(32),
        agency_id=agency.agency_id,
        officer_number=f"A-{next(_numbers)}",
        public_key=os.urandom(32),
        jurisdiction=jurisdiction,
        grade=17,
    )


def call_of(
    agency: Agency, officer: Officer | None = None, purpose: options_pb2.Purpose.ValueType | None = None
) -> Call:
    return Call(
        access_id=uuid.uuid4(),
        method="nsor.v1.Test/Test",
        agency=agency,
        purpose=PURPOSE[agency.kind] if purpose is None else purpose,
        officer=officer or officer_of(agency),
        nonce=bytes(32),
        request_hash=bytes(32),
        call_hash=bytes(32),
        certificate=bytes(32),
        trace_id=bytes(16),
        directory_version=0,
    )


def day(year: int, month: int, of_month: int) -> date_pb2.Date:
    return date_pb2.Date(year=year, month=month, day=of_month)


def cnic() -> str:
    """A synthetic CNIC that no other order has."""
    return f"35201{next(_numbers):07d}1"


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
        judgment_date=day(2023, 5, 4),
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


def current_address(place: str) -> types_pb2.Address:
    return types_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code=place, house_number="12")


@dataclass(frozen=True, slots=True)
class Created:
    """An order that was entered."""

    registration_id: str
    etag: str
    outcome: Outcome

    @property
    def key(self) -> uuid.UUID:
        return uuid.UUID(self.registration_id)


class Desk:
    """Hands calls to handlers as the front door does."""

    def __init__(self, database: Database, sealer: Sealer, blind_index: BlindIndex) -> None:
        self.database = database
        self.sealer = sealer
        self.registrations = RegistrationService(sealer, blind_index, OFFENCES)
        self._checker = Checker(PLACES, OFFENCES, today=lambda: TODAY)
        with database.owner() as owner, owner.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO agency (agency_id, kind, name_en, name_ur, jurisdiction) VALUES (%s, %s, %s, %s, %s)",
                [(a.agency_id, a.kind, a.name_en, a.name_ur, list(a.jurisdiction)) for a in AGENCIES],
            )

    def checked(self, request: Message) -> None:
        violations = self._checker.check(request)
        if violations:
            raise errors.InvalidFields(violations=tuple(violations))

    def ask(self, handler: Handler, call: Call, request: Message) -> Outcome:
        self.checked(request)
        with self.database.transaction() as conn:
            return handler(call, request, conn)

    def refused(self, error: type[E], handler: Handler, call: Call, request: Message) -> E:
        """The refusal of a call; nothing was written."""
        before = self.rows()
        with pytest.raises(error) as caught:
            self.ask(handler, call, request)
        assert type(caught.value) is error
        assert self.rows() == before
        return caught.value

    def create(
        self, request: registration_pb2.CreateRegistrationRequest | None = None, call: Call | None = None
    ) -> Created:
        outcome = self.ask(
            self.registrations.CreateRegistration, call or call_of(PUNJAB_PROSECUTION), request or order()
        )
        answer: Any = outcome.response
        return Created(answer.registration_id, answer.etag, outcome)

    def confirm(self, created: Created, call: Call | None = None, **fields: str) -> Outcome:
        request = confirmation(created, **fields)
        return self.ask(self.registrations.ConfirmRegistration, call or call_of(LAHORE_COURT), request)

    def get(
        self, registration_id: str, agency: Agency, officer: Officer | None = None
    ) -> registration_pb2.Registration:
        request = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        answer: Any = self.ask(self.registrations.GetRegistration, call_of(agency, officer), request).response
        registration: registration_pb2.Registration = answer.registration
        return registration

    def hidden(self, registration_id: str, agency: Agency, officer: Officer | None = None) -> None:
        """The agency hears NO_RECORD."""
        request = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        self.refused(errors.NoRecord, self.registrations.GetRegistration, call_of(agency, officer), request)

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        return {table: self.one(f"SELECT count(*) FROM {table}") for table in _TABLES}  # noqa: S608 - constants

    def one(self, query: str, *parameters: object) -> Any:
        """The one value of a query, as the owner."""
        with self.database.owner() as owner:
            return owner.execute(query, parameters).fetchall()[0][0]

    def owed(self, kind: int | None = None) -> list[str]:
        """Recipients in the outbox, in order."""
        with self.database.owner() as owner:
            query = "SELECT recipient FROM outbox WHERE coalesce(kind = %s, true) ORDER BY recipient"
            return [recipient for (recipient,) in owner.execute(query, (kind,))]

    def never_half_written(self, handler: Handler, call: Call, request: Message) -> int:
        """Let the handler fail before each of its statements in turn; gives how many there are."""
        self.checked(request)
        before = self.rows()
        for allowed in itertools.count():
            try:
                with self.database.transaction() as conn:
                    handler(call, request, _Failing(conn, allowed))  # type: ignore[arg-type]
                    conn.rollback()
                    return allowed
            except _Failure:
                assert self.rows() == before
        raise AssertionError


class _Failure(Exception):
    """The statement that was made to fail."""


class _Failing:
    """A connection that fails before a statement."""

    def __init__(self, conn: psycopg.Connection, allowed: int) -> None:
        self._conn = conn
        self._allowed = allowed

    def _count(self) -> None:
        if not self._allowed:
            raise _Failure
        self._allowed -= 1

    def execute(self, *arguments: Any) -> psycopg.Cursor:
        self._count()
        return self._conn.execute(*arguments)

    def cursor(self) -> psycopg.Cursor:
        self._count()
        return self._conn.cursor()


def confirmation(created: Created, **fields: Any) -> registration_pb2.ConfirmRegistrationRequest:
    return registration_pb2.ConfirmRegistrationRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "etag": created.etag,
            "case_number": "Sessions Case No. 123/2022",
            **fields,
        }
    )


def violations(error: errors.ApiError) -> list[tuple[str, int]]:
    return [(violation.field, violation.reason) for violation in error.violations]


def narrowed(agency: Agency, *jurisdiction: str) -> Agency:
    return replace(agency, jurisdiction=jurisdiction)


def sealed_rows_are_listed(desk: Desk, outcome: Outcome) -> Sequence[str]:
    """Every sealed row that the outcome names is stored with that hash; gives the tables."""
    for ref in outcome.records:
        row_id = uuid.UUID(bytes=ref.row_id)
        if ref.table == "notice":
            sealed = desk.one("SELECT sealed FROM notice WHERE notice_id = %s", row_id)
        else:
            query = "SELECT sealed FROM registration_version WHERE registration_id = %s AND version = %s"
            sealed = desk.one(query, row_id, ref.version)
        assert hashlib.sha256(sealed).digest() == ref.sha256
    return [ref.table for ref in outcome.records]
