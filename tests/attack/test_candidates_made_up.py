"""Whoever has the server's keys makes the id of a candidate whom no search has shown: `ledger verify` says so."""

import os
import uuid

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import lookup_pb2, options_pb2
from nsor_server.formats.instants import to_us
from nsor_server.lookup.search import candidates
from nsor_server.lookup.search.candidates import Candidate
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.found_by import Found
from tests.attack.conftest import Owner
from tests.lookup.conftest import make_call, request_of
from tests.orders import conviction
from tests.services import Services

MADE_UP = "a look-up was of a candidate whom the search that it names hasn't shown to this officer"
SEARCH = "nsor.v1.LookupService/SearchRegistrations"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
HOUR_US = 3_600_000_000


def test_a_candidate_whom_no_search_has_shown_is_found(services: Services, owner: Owner) -> None:
    created = services.confirmed()
    call, fir = make_call("punjab-prosecution"), conviction().fir
    found = Candidate(uuid.UUID(created.registration_id).bytes, os.urandom(16), 0, to_us(call.now()))
    basis = f"{fir.police_station} {fir.serial}/{fir.year}"
    request = request_of(
        call, lookup_pb2.LookUpBasis(fir=fir), candidates.candidate_id(Sealer(owner.keyring), call, basis, found)
    )
    call.request_id = uuid.UUID(request.request_id).bytes
    assert services.ask(call, request).response.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    assert owner.findings() == [MADE_UP]


def entries(**changed: object) -> list[str]:
    """What is found of a look-up of somebody whom a search has shown before, but for what is changed of it."""
    shown, search_id, officer = os.urandom(16), os.urandom(16), b"o" * 32
    values = {"named": shown, "officer": officer, "position": 1, "time_us": 10 * HOUR_US, "case": "c", **changed}
    problems: list[str] = []
    found = Found(lambda _index, problem: problems.append(problem))
    search = leaf_pb2.Leaf(
        access_id=search_id,
        agency="punjab-police",
        method=SEARCH,
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        outcome=leaf_pb2.OUTCOME_ALLOWED,
        time_us=9 * HOUR_US,
    )
    told = record_pb2.AccessDetail(officer_key=officer, grant_position=1, case_reference="c")
    told.shown.add(registration_id=shown)
    found.entry(search, None if values.get("dropped") else told)
    look_up = leaf_pb2.Leaf()
    look_up.CopyFrom(search)
    look_up.method, look_up.time_us, look_up.access_id = LOOK_UP, values["time_us"], os.urandom(16)  # type: ignore[assignment]
    later = leaf_pb2.Leaf()
    later.CopyFrom(search)
    later.access_id, later.time_us = os.urandom(16), look_up.time_us
    found.entry(later, record_pb2.AccessDetail())
    detail = record_pb2.AccessDetail(
        named=f"registration {uuid.UUID(bytes=values['named'])}",  # type: ignore[arg-type]
        officer_key=values["officer"],  # type: ignore[arg-type]
        grant_position=values["position"],  # type: ignore[arg-type]
        case_reference=values["case"],  # type: ignore[arg-type]
        found_by=search_id,
    )
    found.compare(7, look_up, detail)
    return problems


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({}, []),
        ({"named": b"x" * 16}, [MADE_UP]),
        ({"officer": b"p" * 32}, [MADE_UP]),
        ({"position": 0}, [MADE_UP]),
        ({"case": "d"}, [MADE_UP]),
        ({"time_us": 35 * HOUR_US}, [MADE_UP]),
        ({"named": b"x" * 16, "dropped": True}, []),
    ],
)
def test_a_look_up_of_a_candidate_is_held_against_its_search(changed: dict[str, object], problems: list[str]) -> None:
    assert entries(**changed) == problems
