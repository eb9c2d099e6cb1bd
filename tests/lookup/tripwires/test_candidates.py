"""Whom a search has led to: no number is named, and what watches his numbers is found all the same."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace

import pytest

from nsor.v1 import lookup_pb2, options_pb2, tripwires_pb2, watched_pb2
from nsor_server.calls import Officer
from nsor_server.lookup.search.rules import BASIS
from nsor_server.lookup.tripwires.rules import MOST_NAMED
from nsor_server.storage.keyring import Keyring
from nsor_server.verification.tripwires import OTHERS
from tests.agencies import LAHORE_COURT, officer_of
from tests.attack.conftest import Owner
from tests.attack.test_replays_set_back import OTHERS as OTHER_REPLAY
from tests.budgets import unlimited
from tests.directory.test_own_number import enrolled
from tests.lookup import test_replays as replays
from tests.lookup.search.conftest import INVESTIGATOR, Basis, Searching, asking, named, suspect
from tests.lookup.search.conftest import searching as searching  # noqa: PLC0414 - a fixture
from tests.lookup.test_watched import end, pair, watch
from tests.lookup.tripwires.conftest import REFUSALS, Wires, refused
from tests.orders import Created, cnic
from tests.registration.test_closure import close
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_proposals import amended_by_two, numbered
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

WHO: dict[str | None, Officer] = {
    "court_case_id": officer_of(LAHORE_COURT),
    "grant_id": replace(INVESTIGATOR, officer_number="LHR-1"),
}
"""Who searches and looks up, by the field of what he does it on."""
CERTIFICATE = os.urandom(32)
RAFIQ = "Rafiq Ahmad", "Bashir Ahmad", 1980
NASREEN = "Nasreen Bibi", "Ghulam Rasool", 1975
PROTECTED = tripwires_pb2.TRIPWIRE_KIND_PROTECTED_PERSON
REPEATED = tripwires_pb2.TRIPWIRE_KIND_REPEATED_REFUSALS


def confirmed(searching: Searching, number: str, name: tuple[str, str, int] = RAFIQ) -> Created:
    order = named(*name)
    order.person.cnic = number
    (created,) = searching.confirmed(order)
    return created


def protect(services: Services, number: str) -> str:
    return watch(services, pair(services), number, watched_pb2.WATCHED_KIND_PROTECTED_PERSON)


def searched(searching: Searching, basis: Basis) -> str:
    """The candidate whom a search has found."""
    call = asking(basis, WHO[basis.WhichOneof("basis")])
    call.certificate = CERTIFICATE
    (one,) = searching.search(basis, call).candidates
    return str(one.candidate_id)


def look_up(services: Services, basis: Basis, candidate_id: str) -> None:
    """His record is looked up, and found."""
    kind = str(basis.WhichOneof("basis"))
    call = asking(basis, WHO[kind])
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=next(options_pb2.Purpose.ValueType(purpose) for purpose, field in BASIS.items() if field == kind),
        basis=lookup_pb2.LookUpBasis(**{kind: getattr(basis, kind)}),
        candidate_id=candidate_id,
    )
    call.certificate = CERTIFICATE
    call.request_id = uuid.UUID(request.request_id).bytes
    assert services.ask(call, request).response.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND


def erased(services: Services, keyring: Keyring, created: Created) -> None:
    close(services, created, **WITHDRAWN)
    decided(services, created)
    assert len(destroy(services, keyring)) == 1


def kinds(wires: Wires) -> list[int]:
    return [each.kind for each in wires.look()]


def test_whoever_searches_for_a_protected_person_and_looks_up_the_candidate_is_found_until_that_has_ended(
    services: Services, searching: Searching, wires: Wires, owner: Owner
) -> None:
    number, npb = cnic(), pair(services)
    confirmed(searching, number)
    watched_id = watch(services, npb, number, watched_pb2.WATCHED_KIND_PROTECTED_PERSON)
    basis = searching.case(suspect(*RAFIQ))
    assert kinds(wires) == []
    candidate = searched(searching, basis)
    assert kinds(wires) == [PROTECTED]
    look_up(services, basis, candidate)
    (one,) = wires.look()
    assert (one.kind, one.count, len(one.unusual)) == (PROTECTED, 1, 1)
    for each in npb:
        end(services, each, watched_id)
    look_up(services, basis, searched(searching, basis))
    assert kinds(wires) == []
    assert owner.findings() == []


def test_whoever_looks_himself_up_as_a_candidate_is_found_and_nobody_else(
    services: Services, searching: Searching, wires: Wires, owner: Owner
) -> None:
    number = cnic()
    confirmed(searching, number)
    enrolled(services, WHO["grant_id"].officer_number, number)
    court, grant = searching.case(suspect(*RAFIQ)), searching.grant(suspect(*RAFIQ))
    look_up(services, court, searched(searching, court))
    assert kinds(wires) == []
    candidate = searched(searching, grant)
    wires.look()
    look_up(services, grant, candidate)
    assert kinds(wires) == [tripwires_pb2.TRIPWIRE_KIND_OWN_NUMBER]
    assert owner.findings() == []


@pytest.mark.parametrize("then", [True, False], ids=["number of then", "later number"])
def test_the_numbers_count_that_he_had_when_he_was_shown(
    services: Services, searching: Searching, wires: Wires, owner: Owner, *, then: bool
) -> None:
    before, after = cnic(), cnic()
    created = confirmed(searching, before)
    protect(services, before if then else after)
    basis = searching.case(suspect(*RAFIQ))
    look_up(services, basis, searched(searching, basis))
    amended_by_two(services, created, **numbered(after))
    # Whoever reads the record by its id, to amend it, is found as well.
    assert set(kinds(wires)) == ({PROTECTED} if then else set())
    assert owner.findings() == []


CHANGED = "UPDATE registration_version SET state = state + 1"
CHANGED_BACK = "UPDATE registration_version SET state = state - 1"


@pytest.mark.parametrize("is_hidden", [True, False], ids=["hidden", "changed"])
def test_a_record_that_was_hidden_from_a_time_is_found_and_hides_nothing_else(
    services: Services, searching: Searching, wires: Wires, owner: Owner, *, is_hidden: bool
) -> None:
    number = cnic()
    confirmed(searching, number)
    protect(services, number)
    basis = searching.case(suspect(*RAFIQ))
    look_up(services, basis, searched(searching, basis))
    refused(services, REFUSALS)
    with owner.without("registration_key", "true") if is_hidden else owner.changing(CHANGED, CHANGED_BACK):
        assert kinds(wires) == [REPEATED]
    assert owner.findings() == [OTHERS]


@pytest.fixture
def forgetting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Details that an erasure has destroyed count for no time after them, as if they were of long ago."""
    monkeypatch.setattr("nsor_server.verification.tripwires._KEPT_US", 0)


@pytest.mark.usefixtures("forgetting")
@pytest.mark.parametrize("told", [True, False])
def test_what_was_found_of_somebody_who_was_erased_since_is_no_finding(
    services: Services, searching: Searching, wires: Wires, owner: Owner, *, told: bool
) -> None:
    number = cnic()
    created = confirmed(searching, number)
    protect(services, number)
    searched(searching, searching.case(suspect(*RAFIQ)))
    if told:
        assert kinds(wires) == [PROTECTED]
    erased(services, owner.keyring, created)
    # Whoever is erased before the time comes is found by nobody.
    assert kinds(wires) == []
    assert owner.findings() == []


@pytest.mark.usefixtures("forgetting")
def test_somebody_who_was_erased_makes_no_finding_of_so_many_that_not_all_are_named(
    services: Services, searching: Searching, wires: Wires, owner: Owner
) -> None:
    first, second = cnic(), cnic()
    created = confirmed(searching, first)
    confirmed(searching, second, NASREEN)
    protect(services, first)
    protect(services, second)
    services.policy = unlimited()
    searched(searching, searching.case(suspect(*RAFIQ)))
    basis = searching.case(suspect(*NASREEN))
    for _ in range(MOST_NAMED):
        searched(searching, basis)
    (one,) = [each for each in wires.look() if each.kind == PROTECTED]
    assert (one.count, len(one.unusual)) == (MOST_NAMED + 1, MOST_NAMED)
    erased(services, owner.keyring, created)
    assert owner.findings() == []


@pytest.mark.parametrize("is_erased", [True, False])
def test_a_replay_that_found_somebody_who_was_erased_since_is_no_finding(
    services: Services, searching: Searching, owner: Owner, monkeypatch: pytest.MonkeyPatch, *, is_erased: bool
) -> None:
    services.policy = unlimited()
    number, npb = cnic(), pair(services)
    created = confirmed(searching, number)
    watched_id = watch(services, npb, number)
    searched(searching, searching.case(suspect(*RAFIQ)))
    replays.agreed(services, npb, many=1000)
    (result,) = replays.compute(services)
    assert [each.kind for each in result.findings] == [tripwires_pb2.TRIPWIRE_KIND_DECOY]
    # Details that are destroyed with him lie further back than a replay has read.
    monkeypatch.setattr("nsor_server.verification.replays._DESTROYED", "SELECT %s > %s")
    if is_erased:
        erased(services, owner.keyring, created)
        assert owner.findings() == []
    else:
        with owner.without("watched_number", f"watched_id = '{watched_id}'"):
            assert OTHER_REPLAY in owner.findings()
