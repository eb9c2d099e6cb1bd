"""Whom a grant, ticket or court case names: by a CNIC, by another document, or by name only."""

import uuid

import pytest

from nsor.v1 import grants_pb2, lookup_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.lookup.grants import store, subjects
from nsor_server.registration.facts import of_cnic, of_document
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from tests.lookup.conftest import KNOWN, Register, conviction_record, make_call
from tests.lookup.test_access_requests import AccessRequests, application
from tests.services import Services

NAME = types_pb2.SearchedName(
    name="Test Aslam",
    relative_name="Test Rasool",
    relation=types_pb2.RELATION_SON_OF,
    by_names=["Kala", "چھوٹا"],
)
PASSPORT = types_pb2.TravelDocument(country="PK", number="AB1234567")
SUSPECTS = [
    grants_pb2.Suspect(cnic=KNOWN, name=NAME),
    grants_pb2.Suspect(document=PASSPORT, name=NAME, birth_year=1984),
    grants_pb2.Suspect(name=NAME, birth_year=1983),
]


@pytest.fixture
def requests(services: Services) -> AccessRequests:
    return AccessRequests(services)


def test_a_grant_names_whom_the_request_names_in_its_order(requests: AccessRequests, sealer: Sealer) -> None:
    asked = application()
    del asked.suspects[:]
    asked.suspects.extend(SUSPECTS)
    created = requests.create(asked).response
    assert list(requests.get(created.access_request_id).suspects) == SUSPECTS
    granted = requests.approve(created.access_request_id, created.etag).response.grant
    with requests.services.database.reading() as conn:
        grant = store.grant(conn, sealer, uuid.UUID(granted.grant_id).bytes).record
    assert [subjects.message(each) for each in subjects.of(grant)] == SUSPECTS
    # A document without a kind is a passport.
    assert list(grant.named) == [f"cnic {KNOWN}", "passport PK AB1234567", ""]


def test_who_is_named_by_name_only_has_no_place_by_a_number() -> None:
    named = [subjects.identifier(each) for each in subjects.stored(SUSPECTS)]
    grant = record_pb2.GrantRecord(named=named)
    assert subjects.position(grant, of_cnic(KNOWN)) == 0
    assert subjects.position(grant, of_document("PK", "AB1234567", types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)) == 1
    # Neither by a request that names nobody, nor by the same number of another kind or country.
    card = types_pb2.TRAVEL_DOCUMENT_KIND_PROOF_OF_REGISTRATION
    for other in (None, of_document("PK", "AB1234567", card), of_document("AF", "AB1234567", 0), of_cnic("AB1234567")):
        assert subjects.position(grant, other) is None


def test_a_number_finds_nobody_in_a_grant_that_names_him_by_name_only(register: Register) -> None:
    # The register has his number; the FIR hasn't. What a number shows would follow from the register alone.
    register.add(conviction_record())
    person = record_pb2.Suspect(name=record_pb2.Name(kind=1, name="Test Aslam"), birth_year=1983)
    basis = lookup_pb2.LookUpBasis(grant_id=register.grant(persons=[person]))
    (refused,) = register.decide(register.prepare(make_call("punjab-police"), basis))
    assert isinstance(refused, errors.Denied)
    basis = lookup_pb2.LookUpBasis(grant_id=register.grant(serial=8))
    (shown,) = register.decide(register.prepare(make_call("punjab-police"), basis))
    assert isinstance(shown, Outcome)
