"""A ledger with a few entries, written as the front door writes them."""

import hashlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2, receipt_pb2
from nsor_server.access.facts import Agency
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.oversight.service import OversightService
from nsor_server.rpc.calls import Call
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2

KINDS = {
    "punjab-police": (options_pb2.AGENCY_KIND_POLICE, options_pb2.PURPOSE_SELF_REVIEW),
    "sindh-police": (options_pb2.AGENCY_KIND_POLICE, options_pb2.PURPOSE_SELF_REVIEW),
    "npb": (options_pb2.AGENCY_KIND_NPB, options_pb2.PURPOSE_REGISTER_OPERATION),
    "special-committee": (options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE, options_pb2.PURPOSE_OVERSIGHT),
}


def make_call(agency_id: str, purpose: options_pb2.Purpose.ValueType | None = None) -> Call:
    kind, listing = KINDS[agency_id]
    return Call(
        access_id=uuid.uuid4(),
        method="nsor.v1.OversightService/ListAccesses",
        agency=Agency(agency_id, kind, ("PK",), enabled=True),
        purpose=listing if purpose is None else purpose,
        officer=None,
        nonce=os.urandom(32),
        request_hash=os.urandom(32),
        call_hash=os.urandom(32),
        certificate=os.urandom(32),
        trace_id=os.urandom(16),
        directory_version=0,
    )


@dataclass(slots=True)
class Written:
    """A ledger, and what was written into it."""

    database: Database
    ledger: Ledger
    service: OversightService

    def append(
        self,
        agency: str,
        outcome: leaf_pb2.Outcome.ValueType = leaf_pb2.OUTCOME_ALLOWED,
        count: int = 1,
        purpose: options_pb2.Purpose.ValueType = options_pb2.PURPOSE_INVESTIGATION,
    ) -> Sequence[receipt_pb2.Receipt]:
        """Write entries of an agency in one commit."""
        entries = [
            Entry(
                access_id=uuid.uuid4(),
                agency=agency,
                method="nsor.v1.LookupService/LookUpRegistration",
                purpose=purpose,
                outcome=outcome,
                trace_id=os.urandom(16),
                call_hash=os.urandom(32),
                answer_hash=hashlib.sha256(os.urandom(32)).digest(),
                detail=record_pb2.AccessDetail(
                    outcome="FOUND", officer_number="LHR-1024", case_reference="PK-PB/LHR/PS-001 679/2025"
                ).SerializeToString(),
            )
            for _ in range(count)
        ]
        with self.database.transaction() as conn:
            return self.ledger.append(conn, entries).receipts


@pytest.fixture
def written(database: Database, keyring: Keyring) -> Written:
    return Written(database, Ledger(keyring, "test.example/ledger"), OversightService(keyring))
