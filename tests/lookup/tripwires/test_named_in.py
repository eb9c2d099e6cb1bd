"""Watched numbers that no look-up names: in what is entered, asked for, screened, or read by its id."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nsor.v1 import tripwires_pb2, types_pb2, watched_pb2
from nsor_server.lookup.tripwires import candidates, named_in
from nsor_server.verification.tripwires import OTHERS
from tests.access.requests import declaration
from tests.agencies import FIA_IMMIGRATION, LAHORE_COURT, LAHORE_HIGH_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.directory.test_own_number import enrolled, officer
from tests.lookup.test_access_requests import AccessRequests, application
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_screening import asked, by_cnic, convict
from tests.lookup.test_tickets import case_of, ticket_for
from tests.lookup.test_watched import DECOY, PROTECTED, ask, entry, pair, watch
from tests.lookup.test_watched_unseen import at_the_border
from tests.lookup.tripwires.conftest import Wires
from tests.orders import cnic, order
from tests.registration.test_amend import amendment
from tests.registration.test_imports import findings as imported
from tests.registration.test_imports import request as importing
from tests.registration.test_judgments import judgment
from tests.registration.test_proposals import amended_by_two, numbered
from tests.registration.test_review_decisions import MERGE, Pair
from tests.registration.test_review_decisions import pair as two_records  # noqa: F401 - a fixture
from tests.registration.test_reviews import clock as clock  # noqa: PLC0414 - a fixture
from tests.registration.test_reviews import times as times  # noqa: PLC0414 - a fixture
from tests.services import Services

DECOY_FOUND = tripwires_pb2.TRIPWIRE_KIND_DECOY
ENTERED = tripwires_pb2.TRIPWIRE_KIND_DECOY_ENTERED
OWN = tripwires_pb2.TRIPWIRE_KIND_OWN_NUMBER
PROTECTED_FOUND = tripwires_pb2.TRIPWIRE_KIND_PROTECTED_PERSON


def kinds(wires: Wires) -> list[tuple[int, str]]:
    """What the next time finds: kinds with their agencies."""
    return sorted((each.kind, each.agency) for each in wires.look())


def test_a_decoy_that_is_imported_is_found_and_only_what_is_entered_after_it(
    services: Services, wires: Wires, owner: Owner
) -> None:
    # One row of a message, and of each row whatever number it has.
    before, after = cnic(), cnic()
    watch(services, pair(services), cnic())
    imported(services, importing(order(before)))
    for number in (before, after):
        watch(services, pair(services), number)
    imported(services, importing(order(), order(after), order()))
    imported(services, importing(order()))
    assert kinds(wires) == [(ENTERED, "punjab-prosecution")]
    assert owner.findings() == []


def test_a_decoy_that_an_amendment_brings_is_found_once(services: Services, wires: Wires, owner: Owner) -> None:
    # Whoever amends something else of the record later has entered no number.
    number = cnic()
    watch(services, pair(services), number)
    created = services.confirmed(order())
    amended_by_two(services, created, **numbered(number))
    assert kinds(wires) == [(ENTERED, "punjab-police")]
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, email_addresses=["ali@example.pk"]))
    assert kinds(wires) == []
    assert owner.findings() == []


def test_a_judgment_about_a_decoy_is_found(services: Services, wires: Wires, owner: Owner) -> None:
    number = cnic()
    watch(services, pair(services), number)
    services.ask(call_of(LAHORE_HIGH_COURT), judgment("SET_ASIDE", cnics=[cnic(), number]))
    assert kinds(wires) == [(ENTERED, "lahore-high-court")]
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("watched", "found"), [(DECOY, DECOY_FOUND), (PROTECTED, PROTECTED_FOUND)], ids=["decoy", "protected person"]
)
def test_whoever_asks_for_access_to_a_watched_person_is_found(
    services: Services,
    requests: AccessRequests,
    wires: Wires,
    owner: Owner,
    *,
    watched: watched_pb2.WatchedKind.ValueType,
    found: int,
) -> None:
    # An access request, a ticket and a court case name their persons in what is sealed, and nowhere else.
    number, npb = cnic(), pair(services)
    watch(services, npb, number, watched)
    asking = application()
    asking.suspects[1].cnic = number
    requests.create(asking)
    services.ask(call_of(LAHORE_COURT), case_of([number]))
    services.ask(call_of(NPB, npb[0]), ticket_for(npb[1], [number]))
    assert kinds(wires) == [(found, each) for each in ("lahore-special-court", "npb", "punjab-police")]
    assert owner.findings() == []


def test_whoever_asks_for_access_to_himself_is_found_and_nobody_else(
    services: Services, requests: AccessRequests, wires: Wires, owner: Owner
) -> None:
    own = cnic()
    enrolled(services, "LHR-1", own)
    asking = application()
    asking.suspects[0].cnic = own
    requests.create(asking)
    assert kinds(wires) == []
    asking = application()
    asking.suspects[0].cnic = own
    requests.create(asking, officer(services, PUNJAB_POLICE, "LHR-1"))
    assert kinds(wires) == [(OWN, "punjab-police")]
    assert owner.findings() == []


def test_whoever_reads_the_record_of_a_protected_person_or_his_own_by_its_id_is_found(
    services: Services, wires: Wires, owner: Owner
) -> None:
    own, number = cnic(), cnic()
    created = [services.confirmed(order(each)) for each in (own, number, cnic())]
    watch(services, pair(services), number, PROTECTED)
    enrolled(services, "LHR-1", own, agency=PUNJAB_PROSECUTION)
    himself = officer(services, PUNJAB_PROSECUTION, "LHR-1")
    wires.look()
    for each in created:
        services.get(each.registration_id, PUNJAB_PROSECUTION, himself)
    assert kinds(wires) == [(OWN, "punjab-prosecution"), (PROTECTED_FOUND, "punjab-prosecution")]
    services.get(created[0].registration_id, PUNJAB_PROSECUTION)
    assert kinds(wires) == []
    assert owner.findings() == []


def test_whoever_reads_a_record_by_its_id_has_not_looked_for_a_decoy(services: Services, wires: Wires) -> None:
    # It was entered with the number of one: that was found. The court that gets the order can't know.
    number = cnic()
    watch(services, pair(services), number)
    created = services.create(order(number))
    assert kinds(wires) == [(ENTERED, "punjab-prosecution")]
    services.get(created.registration_id, PUNJAB_PROSECUTION)
    assert kinds(wires) == []


def test_a_passenger_who_is_found_is_compared(services: Services, wires: Wires, owner: Owner) -> None:
    number, other = cnic(), cnic()
    for each in (number, other):
        convict(services, each)
    watch(services, pair(services), number, PROTECTED)
    wires.look()
    manifest = services.ask(call_of(FIA_IMMIGRATION), declaration(persons=9)).response.manifest_id
    asked(services, manifest, by_cnic(1, other), by_cnic(2, cnic()))
    assert kinds(wires) == []
    asked(services, manifest, by_cnic(3, number))
    assert kinds(wires) == [(PROTECTED_FOUND, "fia-immigration")]
    assert owner.findings() == []


def test_a_person_is_found_by_the_numbers_of_all_his_records(
    services: Services,
    wires: Wires,
    owner: Owner,
    two_records: Pair,  # noqa: F811 - a fixture
) -> None:
    # Looked up by the number that both have: the passport of the record that was confirmed later is protected.
    passport = types_pb2.TravelDocument(number="AB7654321", country="PK", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
    amended_by_two(services, two_records.second, travel_documents=[passport])
    two_records.decide(MERGE)
    npb = pair(services)
    watched_id = ask(services, npb[0], entry("", kind=PROTECTED, travel_document=passport)).response.watched_id
    ask(services, npb[1], entry("", watched_id, PROTECTED, travel_document=passport))
    wires.look()
    at_the_border(services, two_records.number)
    assert kinds(wires) == [(PROTECTED_FOUND, "fia-immigration")]
    assert owner.findings() == []


HIDING: dict[str, tuple[object, str, Callable[..., object]]] = {
    "what an import has entered": (named_in, "decoys", lambda *_: named_in.Entered(frozenset(), frozenset())),
    "whom a request names": (named_in, "numbers", lambda *_: {}),
    "who was shown": (candidates, "numbers", lambda *_: {}),
}


@pytest.mark.parametrize("hidden", HIDING)
def test_what_a_time_has_left_out_is_found(
    services: Services,
    requests: AccessRequests,
    wires: Wires,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    *,
    hidden: str,
) -> None:
    decoy, number = cnic(), cnic()
    created = services.confirmed(order(number))
    watch(services, pair(services), decoy)
    watch(services, pair(services), number, PROTECTED)
    imported(services, importing(order(decoy)))
    asking = application()
    asking.suspects[0].cnic = number
    requests.create(asking)
    services.get(created.registration_id, PUNJAB_PROSECUTION)
    with monkeypatch.context() as patched:
        patched.setattr(*HIDING[hidden])
        assert len(wires.look()) < 3
    assert OTHERS in owner.findings()
