"""Nobody learns by a look-up that a number is watched, and no dump joins what is watched with anything else."""

import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.v1 import lookup_pb2, options_pb2, types_pb2
from nsor_server.calls import Officer, Outcome
from tests.agencies import FIA_IMMIGRATION, PUNJAB_POLICE
from tests.calls import call_of
from tests.directory.test_officers import enrolment
from tests.lookup.test_watched import DECOY, PROTECTED, pair, watch
from tests.orders import cnic, order
from tests.services import Services

_TABLES = """
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
_WATCHED = "SELECT blind FROM watched_number UNION SELECT own_number FROM officer WHERE own_number IS NOT NULL"
_SHORT = 16
"""Bytes of the shortest keyed hash that is stored anywhere."""


@pytest.fixture
def two(services: Services) -> tuple[Officer, Officer]:
    return pair(services)


def at_the_border(services: Services, number: str) -> Outcome[Any]:
    basis = lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(country="PK", number="AB1234567"))
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()), purpose=options_pb2.PURPOSE_BORDER_CONTROL, basis=basis, cnic=number
    )
    return services.ask(call_of(FIA_IMMIGRATION), request)


def test_no_look_up_reads_what_is_watched(services: Services, two: tuple[Officer, Officer]) -> None:
    # So neither its answer nor its time can depend on it: with the table out of the server's reach all goes on.
    registered, decoy, unknown = cnic(), cnic(), cnic()
    services.confirmed(order(registered))
    for number, kind in ((registered, PROTECTED), (decoy, DECOY)):
        watch(services, two, number, kind)
    with services.database.owner() as owner:
        owner.execute("REVOKE SELECT ON watched_number FROM nsor_server")
        owner.commit()
    shown, hidden, absent = (at_the_border(services, number) for number in (registered, decoy, unknown))
    assert shown.response.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    assert (
        hidden.response
        == absent.response
        == lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)
    )
    assert [len(each.rows) for each in (hidden, absent)] == [len(shown.rows)] * 2


def test_a_dump_joins_what_is_watched_with_nothing(services: Services, two: tuple[Officer, Officer]) -> None:
    # The numbers of accesses and of the register stand in keyed hashes too: none may be the same one.
    number = cnic()
    services.confirmed(order(number))
    enrolled = enrolment(Ed25519PrivateKey.generate())
    enrolled.own_number = number
    services.ask(call_of(PUNJAB_POLICE), enrolled)
    for kind in (DECOY, PROTECTED):
        watch(services, two, number, kind)
    at_the_border(services, number)
    with services.database.owner() as owner:
        tables = [str(name) for (name,) in owner.execute(_TABLES) if name not in {"watched_number", "officer"}]
        values = {bytes(blind)[:_SHORT].hex() for (blind,) in owner.execute(_WATCHED)}
        assert len(values) == len(("decoy", "protected", "own"))
        for name in tables:
            for value in values:
                found = owner.execute(
                    f"SELECT count(*) FROM {name} AS t WHERE position(%s IN replace(t::text, '-', '')) > 0".encode(),  # noqa: S608 - of the catalog
                    (value,),
                ).fetchone()
                assert found == (0,), name
        assert owner.execute("SELECT count(*) FROM ledger_entry").fetchone() != (0,)
