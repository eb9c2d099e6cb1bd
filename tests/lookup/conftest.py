"""A small register: agencies, officers, and synthetic people. Rows are written as the services write them."""

import hashlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from nsor.v1 import lookup_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server.access.facts import Agency, Officer
from nsor_server.lookup import store as lookups
from nsor_server.lookup.batch import Decider, LookUp
from nsor_server.lookup.service import LookupService
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_server.registration import store as registrations
from nsor_server.rpc.calls import Call
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

KNOWN = "3520212345671"
"""CNIC of a confirmed convict."""
UNKNOWN = "8120212345670"
"""CNIC of nobody: of AJK, and ending in 0."""
NOW_US = 1_800_000_000_000_000

AGENCIES = {
    "punjab-police": (options_pb2.AGENCY_KIND_POLICE, ("PK-PB",)),
    "sindh-police": (options_pb2.AGENCY_KIND_POLICE, ("PK-SD",)),
    "punjab-prosecution": (options_pb2.AGENCY_KIND_PROSECUTION, ("PK-PB",)),
    "sindh-prosecution": (options_pb2.AGENCY_KIND_PROSECUTION, ("PK-SD",)),
    "lahore-special-court": (options_pb2.AGENCY_KIND_COURT, ("PK-PB",)),
    "punjab-prisons": (options_pb2.AGENCY_KIND_PRISONS, ("PK-PB",)),
    "sindh-prisons": (options_pb2.AGENCY_KIND_PRISONS, ("PK-SD",)),
    "npb": (options_pb2.AGENCY_KIND_NPB, ("PK",)),
    "fia-immigration": (options_pb2.AGENCY_KIND_IMMIGRATION, ("PK",)),
}
PURPOSES = {
    options_pb2.AGENCY_KIND_POLICE: options_pb2.PURPOSE_INVESTIGATION,
    options_pb2.AGENCY_KIND_PROSECUTION: options_pb2.PURPOSE_PROSECUTION,
    options_pb2.AGENCY_KIND_COURT: options_pb2.PURPOSE_TRIAL,
    options_pb2.AGENCY_KIND_PRISONS: options_pb2.PURPOSE_CUSTODY,
    options_pb2.AGENCY_KIND_NPB: options_pb2.PURPOSE_REGISTER_OPERATION,
    options_pb2.AGENCY_KIND_IMMIGRATION: options_pb2.PURPOSE_BORDER_CONTROL,
}


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
    kind, jurisdiction = AGENCIES[agency_id]
    return Call(
        access_id=uuid.uuid4(),
        method=method,
        agency=Agency(agency_id, kind, jurisdiction, enabled=True),
        purpose=PURPOSES[kind] if purpose is None else purpose,
        officer=acting or officer(agency_id),
        nonce=os.urandom(32),
        request_hash=os.urandom(32),
        call_hash=os.urandom(32),
        certificate=os.urandom(32),
        trace_id=os.urandom(16),
        directory_version=0,
    )


def fir_key(station: str = "PK-PB/LHR/PS-001", serial: int = 679) -> types_pb2.FirKey:
    key = types_pb2.FirKey(police_station=station, year=2025, serial=serial)
    key.fir_date.year, key.fir_date.month, key.fir_date.day = 2025, 9, 2
    return key


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
        confirmed_by_agency="lahore-special-court",
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
                counts=[record_pb2.Count(offence_code="PPC-376", offence_day=20330, victim_class=1, sentence_kind=1)],
                appeal_state=1,
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

    def add(self, record: record_pb2.RegistrationRecord) -> record_pb2.RegistrationRecord:
        """Write a registration's first version."""
        registration_id = uuid.UUID(bytes=record.registration_id)
        key, wrapped = self.sealer.new_data_key(record.registration_id)
        with self.database.transaction() as conn:
            registrations.insert_key(conn, registration_id, wrapped)
            identifier = registrations.Identifier(registrations.IDENTIFIER_CNIC, "cnic", record.cnic)
            registrations.claim_identifiers(conn, self.blind_index, registration_id, [identifier])
            registrations.insert_version(conn, key, record, registrations.now(conn))
        return record

    def grant(
        self,
        cnics: Sequence[str] = (KNOWN,),
        *,
        uses: int = 1,
        acting: Officer | None = None,
        expires_in_us: int = 10**9,
    ) -> str:
        """Write a grant for Punjab's police; returns its id."""
        grant = record_pb2.GrantRecord(
            grant_id=uuid.uuid4().bytes,
            access_request_id=uuid.uuid4().bytes,
            agency="punjab-police",
            officer_key=(acting or officer("punjab-police")).key_id,
            fir=record_pb2.Fir(police_station="PK-PB/LHR/PS-001", year=2025, serial=7, day=20333),
            cnics=cnics,
            uses_per_subject=uses,
            expires_at_us=NOW_US + expires_in_us,
            expiry_rule="grant-expiry",
            create_time_us=NOW_US - 1,
        )
        with self.database.transaction() as conn:
            lookups.insert_grant(conn, self.sealer, grant)
        return str(uuid.UUID(bytes=grant.grant_id))

    def prepare(self, call: Call, basis: lookup_pb2.LookUpBasis, cnic: str = KNOWN, request_id: str = "") -> LookUp:
        """A look-up that is ready to be decided."""
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=request_id or str(uuid.uuid4()), purpose=call.purpose, cnic=cnic, basis=basis
        )
        return self.decider.prepare(call, request)

    def decide(self, *items: LookUp, now_us: int = NOW_US) -> list[object]:
        """Decide look-ups in one transaction, as the writer does."""
        with self.database.transaction() as conn:
            conn.execute("SELECT FROM ledger_head FOR UPDATE")
            return list(self.decider.decide(conn, items, now_us))


@pytest.fixture
def register(database: Database, sealer: Sealer, blind_index: BlindIndex) -> Register:
    with database.owner() as owner:
        for agency_id, (kind, jurisdiction) in AGENCIES.items():
            owner.execute(
                "INSERT INTO agency (agency_id, kind, name_en, name_ur, jurisdiction) VALUES (%s, %s, '-', '-', %s)",
                (agency_id, kind, list(jurisdiction)),
            )
    return Register(database, sealer, blind_index)


@pytest.fixture
def service(sealer: Sealer) -> LookupService:
    return LookupService(
        sealer,
        places=Places.load(),
        offences=OffenceTable.load(),
        deadlines=Deadlines.load(),
        grants=GrantPolicy.load(),
    )
