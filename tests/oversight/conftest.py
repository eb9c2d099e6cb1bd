"""A ledger with a few entries, written as the front door writes them."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.message import Message

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2, receipt_pb2
from nsor_server.access.contract import Contract
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Agency, Call, Officer, new_access_id
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.oversight.service import OversightService
from nsor_server.rpc.handlers import Unary
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from tests.calls import POLICY
from tests.services import Services

KINDS = {
    "punjab-police": options_pb2.AGENCY_KIND_POLICE,
    "sindh-police": options_pb2.AGENCY_KIND_POLICE,
    "npb": options_pb2.AGENCY_KIND_NPB,
    "special-committee": options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE,
}
RULES = {rule.request_class: rule for rule in Contract.load().methods.values()}


def an_officer(agency_id: str, *jurisdiction: str) -> Officer:
    """An officer of an agency, for the whole of its jurisdiction or less."""
    return Officer(bytes(32), agency_id, "PB-1", bytes(32), jurisdiction, 17)


def make_call(agency_id: str, request: Message) -> Call:
    """A call past the gate, with the purpose and the rows that the contract gives the agency."""
    rule = RULES[type(request)]
    allowed = rule.allow[KINDS[agency_id]]
    (purpose,) = allowed.purposes
    return Call(
        method=rule.full_name,
        access_id=new_access_id(),
        agency=Agency(agency_id, KINDS[agency_id], ("PK",), enabled=True),
        accepted=True,
        request=request,
        purpose=purpose,
        rows=allowed.rows,
        directory=DirectorySnapshot(0, {}, {}, {}, POLICY, rows=dict.fromkeys(deciding.TABLES, ())),
    )


@dataclass(slots=True)
class Written:
    """A ledger, and what was written into it."""

    database: Database
    ledger: Ledger
    handlers: Mapping[type[Message], Unary[Any, Any]]
    service: OversightService

    def ask(self, agency_id: str, request: Message, officer: Officer | None = None) -> Any:
        """The answer to an agency: to its system, or to one of its officers."""
        handler = self.handlers[type(request)]
        call = make_call(agency_id, request)
        call.officer = officer
        with self.database.reading() as conn:
            return handler.run(call, request, conn).response

    def append(
        self,
        agency: str,
        outcome: leaf_pb2.Outcome.ValueType = leaf_pb2.OUTCOME_ALLOWED,
        count: int = 1,
        purpose: options_pb2.Purpose.ValueType = options_pb2.PURPOSE_INVESTIGATION,
        case: str = "PK-PB/LHR/PS-001 679/2025",
    ) -> Sequence[receipt_pb2.Receipt]:
        """Write entries of an agency in one commit."""
        entries = [
            Entry(
                access_id=new_access_id(),
                agency=agency,
                method="nsor.v1.LookupService/LookUpRegistration",
                purpose=purpose,
                outcome=outcome,
                trace_id=os.urandom(16),
                call_hash=os.urandom(32),
                answer_hash=hashlib.sha256(os.urandom(32)).digest(),
                detail=record_pb2.AccessDetail(
                    outcome="FOUND", officer_number="LHR-1024", case_reference=case
                ).SerializeToString(),
                case_reference=case,
            )
            for _ in range(count)
        ]
        with self.database.transaction() as conn:
            return self.ledger.append(conn, entries).receipts


@pytest.fixture
def written(database: Database, keyring: Keyring) -> Written:
    service = OversightService(keyring, lambda: 0)
    handlers = {handler.request: handler for handler in service.handlers() if isinstance(handler, Unary)}
    return Written(database, Ledger(keyring, "test.example/ledger"), handlers, service)


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running
