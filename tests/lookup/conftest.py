"""A small register: agencies, officers, and synthetic people. Rows are written as the services write them."""

import hashlib
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from nsor.v1 import grants_pb2, lookup_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Call, Officer, Outcome, Refusal, Row
from nsor_server.errors import ApiError
from nsor_server.formats.instants import instant
from nsor_server.ledger.append import LOCK
from nsor_server.ledger.entry import StaleRead
from nsor_server.lookup.batch import Decider
from nsor_server.lookup.grants import records, subjects
from nsor_server.lookup.grants import store as lookups
from nsor_server.lookup.look_up import LookUp
from nsor_server.registration import cases, claims
from nsor_server.registration import store as registrations
from nsor_server.storage import changes
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import BEGIN, COMMIT, Session
from nsor_server.storage.v1 import record_pb2
from tests.agencies import AGENCIES as ALL_AGENCIES
from tests.calls import CONTRACT, POLICY, call_of
from tests.services import Services

Decided: TypeAlias = Outcome[Any] | ApiError

KNOWN = "3520212345671"
"""CNIC of a confirmed convict."""
UNKNOWN = "8120212345670"
"""CNIC of nobody: of AJK, and ending in 0."""
NOW_US = 1_800_000_000_000_000

AGENCIES = {agency.agency_id: agency for agency in ALL_AGENCIES}
DIRECTORY = DirectorySnapshot(1, AGENCIES, {}, {}, POLICY)


def officer(agency_id: str, number: int = 1, jurisdiction: tuple[str, ...] = ()) -> Officer:
    public_key = hashlib.sha256(f"{agency_id}/{number}".encode()).digest()
    return Officer(hashlib.sha256(public_key).digest(), agency_id, f"A-{number}", public_key, jurisdiction, 17)


def make_call(
    agency_id: str,
    purpose: options_pb2.Purpose.ValueType | None = None,
    *,
    acting: Officer | None = None,
    method: str = "nsor.v1.LookupService/LookUpRegistration",
) -> Call:
    """A call past the gate, with the purpose and the rows that the contract gives the agency."""
    agency = AGENCIES[agency_id]
    allowed = CONTRACT.methods[method].allow[agency.kind]
    call = call_of(agency, acting or officer(agency_id))
    call.method, call.rows = method, allowed.rows
    call.purpose = next(iter(allowed.purposes)) if purpose is None else purpose
    call.directory = DIRECTORY
    return call


def fir_key(station: str = "PK-PB/LHR/PS-001", serial: int = 679) -> types_pb2.FirKey:
    key = types_pb2.FirKey(police_station=station, year=2025, serial=serial)
    key.fir_date.year, key.fir_date.month, key.fir_date.day = 2025, 9, 2
    return key


def naming(*cnics: str, persons: Sequence[record_pb2.Suspect] = ()) -> dict[str, Any]:
    """The fields of a grant, ticket or court case that name these persons."""
    persons = persons or [record_pb2.Suspect(cnic=cnic) for cnic in cnics]
    return {"named": map(subjects.identifier, persons), "subjects": subjects.written(persons)}


def conviction_record(cnic: str = KNOWN) -> record_pb2.RegistrationRecord:
    """A confirmed registration of a synthetic person."""
    return record_pb2.RegistrationRecord(
        registration_id=uuid.uuid4().bytes,
        version=1,
        state=registration_pb2.REGISTRATION_STATE_CONFIRMED,
        responsible_place="PK-PB/LHR/PS-001",
        custodian_agency="punjab-prisons",
        custody_state=types_pb2.CUSTODY_STATE_IN_CUSTODY,
        created_by_agency="punjab-prosecution",
        create_time_us=NOW_US,
        names=[
            record_pb2.Name(kind=1, name="Test Aslam", relative_name="Test Rasool", relation=1),
            record_pb2.Name(kind=1, name="آزمائشی اسلم", relative_name="آزمائشی رسول", relation=1),
        ],
        cnic=cnic,
        sex=types_pb2.SEX_MALE,
        birth_day=5000,
        birth_precision=1,
        nationality="PK",
        documents=[record_pb2.Document(number="AB1234567", country="PK", expiry_day=21000)],
        mobiles=["+923001234567"],
        convictions=[
            record_pb2.Conviction(
                court_kind=1,
                court_place="PK-PB/LHR",
                case_number="Sessions Case No. 123/2025",
                judgment_day=20400,
                fir=record_pb2.Fir(police_station="PK-PB/LHR/PS-001", year=2025, serial=679, day=20333),
                counts=[
                    record_pb2.Count(
                        offence_code="PPC-376",
                        offence_day=20330,
                        victim_class=1,
                        sentence_kind=1,
                        legal_basis=types_pb2.LEGAL_BASIS_BOTH,
                        stands=True,
                    )
                ],
                appeal_state=1,
                conviction_id=uuid.uuid4().bytes,
                state=types_pb2.CONVICTION_STATE_CONFIRMED,
                confirmed_by_agency="lahore-special-court",
            )
        ],
        addresses=[record_pb2.Address(kind=2, place_code="PK-PB/LHR/PS-001", house_number="12-B", since_day=15000)],
    )


@dataclass(slots=True)
class Register:
    """What the tests act on."""

    database: Database
    sealer: Sealer
    blind_index: BlindIndex
    decider: Decider = field(init=False)

    def __post_init__(self) -> None:
        self.decider = Decider(self.sealer, self.blind_index)

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows in one transaction, as the ledger's writer does."""
        with self.database.writer() as conn:
            session = Session(conn)
            session.run(BEGIN, *changes.added(rows), COMMIT)
            session.close()

    def add(
        self,
        record: record_pb2.RegistrationRecord,
        *,
        held: bool = False,
        held_by: Collection[int] = (),
        claimed: bool = False,
    ) -> record_pb2.RegistrationRecord:
        """Write a registration's first version, and its claim when it is confirmed.

        Args:
            record: of the registration.
            held: an earlier one had all of its identifiers.
            held_by: an earlier one had those of these kinds.
            claimed: it was confirmed, whatever became of it.
        """
        key, wrapped = self.sealer.new_data_key(record.registration_id)
        rows = [
            registrations.key_row(record.registration_id, wrapped),
            registrations.version_row(key, None, record, instant(NOW_US)).row,
        ]
        if claimed or record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED:
            known = [one for one in claims.identifiers(record) if held or one.kind in held_by]
            rows += claims.claimed(self.blind_index, key, record, known).rows
        self.write(rows)
        return record

    def add_version(self, record: record_pb2.RegistrationRecord) -> None:
        """Write another version of the only registration."""
        with self.database.reading() as conn:
            ((wrapped,),) = conn.execute("SELECT wrapped FROM registration_key").fetchall()
        key = self.sealer.open_data_key(record.registration_id, wrapped)
        self.write([registrations.version_row(key, None, record, instant(NOW_US)).row])

    def grant(
        self,
        cnics: Sequence[str] = (KNOWN,),
        *,
        uses: int = 1,
        acting: Officer | None = None,
        expires_in_us: int = 10**15,
        serial: int = 7,
        persons: Sequence[record_pb2.Suspect] = (),
        classes: Sequence[int] = (),
    ) -> str:
        """Write a grant for Punjab's police; returns its id."""
        fir = record_pb2.Fir(police_station="PK-PB/LHR/PS-001", year=2025, serial=serial, day=20333)
        grant = record_pb2.GrantRecord(
            grant_id=uuid.uuid4().bytes,
            access_request_id=uuid.uuid4().bytes,
            agency="punjab-police",
            officer_key=(acting or officer("punjab-police")).key_id,
            fir=fir,
            **naming(*cnics, persons=persons),
            classes=classes,
            uses_per_subject=uses,
            expires_at_us=NOW_US + expires_in_us,
            expiry_rule="grant-expiry",
            create_time_us=NOW_US - 1,
            purpose=options_pb2.PURPOSE_INVESTIGATION,
            opened_by_key=officer("punjab-prosecution", 99).key_id,
            opened_by_agency="punjab-prosecution",
        )
        return self.write_grant(grant)

    def ticket(self, cnics: Sequence[str] = (KNOWN,), *, uses: int = 3, acting: Officer | None = None) -> str:
        """Write a ticket for an officer of NPB; returns its id."""
        return self.write_grant(
            record_pb2.GrantRecord(
                grant_id=uuid.uuid4().bytes,
                agency="npb",
                officer_key=(acting or officer("npb")).key_id,
                **naming(*cnics),
                uses_per_subject=uses,
                expires_at_us=NOW_US + 10**15,
                expiry_rule="ticket-expiry",
                create_time_us=NOW_US - 1,
                purpose=options_pb2.PURPOSE_REGISTER_OPERATION,
                work=grants_pb2.TICKET_WORK_CORRECTION,
                opened_by_key=officer("npb", 99).key_id,
                opened_by_agency="npb",
            )
        )

    def court_case(
        self,
        cnics: Sequence[str] = (KNOWN,),
        *,
        uses: int = 10,
        place: str = "PK-PB/LHR",
        number: str = "Sessions Case No. 9/2026",
    ) -> str:
        """Write a case that the court of Lahore has opened; returns its id."""
        return self.write_grant(
            record_pb2.GrantRecord(
                grant_id=uuid.uuid4().bytes,
                agency="lahore-special-court",
                **naming(*cnics),
                uses_per_subject=uses,
                expires_at_us=NOW_US + 10**15,
                expiry_rule="court-case-expiry",
                create_time_us=NOW_US - 1,
                purpose=options_pb2.PURPOSE_TRIAL,
                court_case=record_pb2.CourtCase(
                    court_kind=types_pb2.COURT_KIND_SPECIAL_COURT,
                    court_place=place,
                    case_number=number,
                ),
                opened_by_key=officer("lahore-special-court").key_id,
                opened_by_agency="lahore-special-court",
            )
        )

    def write_grant(self, grant: record_pb2.GrantRecord) -> str:
        """Write a grant, ticket or opened case; returns its id."""
        case = records.case_of(grant)
        grant.case_blinds = cases.case_blinds(self.blind_index, case) if case else b""
        self.write([lookups.grant_row(self.sealer, grant)[0]])
        return str(uuid.UUID(bytes=grant.grant_id))

    def prepare(
        self,
        call: Call,
        basis: lookup_pb2.LookUpBasis,
        subject: str | types_pb2.TravelDocument = KNOWN,
        request_id: str = "",
    ) -> LookUp:
        """A look-up that is ready to be decided; ``subject``: a CNIC, a document or a candidate's id."""
        return self.decider.prepare(call, request_of(call, basis, subject, request_id))

    def decide(self, *items: LookUp, now_us: int = NOW_US) -> list[Decided]:
        """Decide look-ups in one transaction, as the writer does: read under the head's lock, then write.

        What was refused before is read, too, as where it runs again.
        """
        whole = [item._replace(wanted=item.wanted._replace(reads_nobody=False)) for item in items]
        with self.database.writer() as conn:
            session = Session(conn)
            _, _, *results = session.run(BEGIN, LOCK, *self.decider.reads(whole))
            decided = [read(each) for each in self.decider.decide(whole, results, now_us)]
            session.run(*changes.added(added(decided)), COMMIT)
            session.close()
        return [told(each) for each in decided]


def added(decided: Sequence[Outcome[Any] | Refusal]) -> list[Row]:
    """The rows of all."""
    return [row for each in decided for row in each.rows]


def read(decided: Outcome[Any] | Refusal | StaleRead) -> Outcome[Any] | Refusal:
    """What was decided of a look-up whose person was read."""
    assert not isinstance(decided, StaleRead), "nobody was read for what isn't refused"
    return decided


def told(decided: Outcome[Any] | Refusal) -> Decided:
    """What the caller is told: an answer, or an error."""
    return decided.error if isinstance(decided, Refusal) else decided


def request_of(
    call: Call, basis: lookup_pb2.LookUpBasis, subject: str | types_pb2.TravelDocument = KNOWN, request_id: str = ""
) -> lookup_pb2.LookUpRegistrationRequest:
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=request_id or str(uuid.uuid4()), purpose=call.purpose, basis=basis
    )
    if isinstance(subject, str) and len(subject) == len(KNOWN):
        request.cnic = subject
    elif isinstance(subject, str):
        request.candidate_id = subject
    else:
        request.document.CopyFrom(subject)
    return request


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running


@pytest.fixture
def register(database: Database, sealer: Sealer, blind_index: BlindIndex) -> Register:
    return Register(database, sealer, blind_index)
