"""Each kind of unusual access, out of calls as they are made."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from google.type import date_pb2

from nsor.v1 import lookup_pb2, movements_pb2, notices_pb2, search_pb2, tripwires_pb2, types_pb2, watched_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from nsor_server.lookup.screening import travelled as screening
from nsor_server.lookup.tripwires import reading, times
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.tripwires import OTHERS
from tests.access.requests import declaration, movement
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.budgets import unlimited
from tests.calls import call_of
from tests.lookup.conftest import KNOWN, UNKNOWN, fir_key, make_call, officer, request_of
from tests.lookup.test_access_requests import AccessRequests, application
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_list_access_requests import etag_of
from tests.lookup.test_screening import Later, asked, by_cnic
from tests.lookup.test_screening import later as later  # noqa: PLC0414 - a fixture
from tests.lookup.test_tickets import ticket_for
from tests.lookup.test_watched import end, pair, watch
from tests.lookup.tripwires.conftest import OFFICERS, Wires, looked_up
from tests.orders import cnic, order
from tests.services import Services

CERTIFICATE = tripwires_pb2.TRIPWIRE_KIND_NEW_CERTIFICATE
DISTRICTS = tripwires_pb2.TRIPWIRE_KIND_OUT_OF_DISTRICT
MANY = tripwires_pb2.TRIPWIRE_KIND_MANY_SUBJECTS
TRAVELLED = tripwires_pb2.TRIPWIRE_KIND_NOT_TRAVELLED
OFFICE, ELSEWHERE = os.urandom(32), os.urandom(32)
ASIF = officer("punjab-police")


def kinds(wires: Wires) -> list[int]:
    return [each.kind for each in wires.look()]


def granted(requests: AccessRequests, fir: types_pb2.FirKey | None = None) -> str:
    """A grant that an officer has asked for at his office."""
    call, request = call_of(PUNJAB_POLICE, ASIF), application()
    call.certificate = OFFICE
    if fir is not None:
        request.fir.CopyFrom(fir)
    for suspect in request.suspects:
        suspect.name.name, suspect.birth_year = "Imran Khalid Mahmood", 1980
    request_id = str(requests.services.ask(call, request).response.access_request_id)
    return str(requests.approve(request_id, etag_of(requests, request_id)).response.grant.grant_id)


def used(services: Services, grant_id: str, certificate: bytes, number: str = KNOWN, request_id: str = "") -> None:
    call = make_call("punjab-police", acting=ASIF)
    call.certificate = certificate
    request = request_of(call, lookup_pb2.LookUpBasis(grant_id=grant_id), number, request_id)
    call.request_id = uuid.UUID(request.request_id).bytes
    services.ask(call, request)


def in_vain(services: Services, who: Officer) -> None:
    """A look-up on a grant that isn't there."""
    call = make_call("punjab-police", acting=who)
    with pytest.raises(errors.Denied):
        services.ask(call, request_of(call, lookup_pb2.LookUpBasis(grant_id=str(uuid.uuid4())), cnic()))


def test_a_grant_that_is_used_elsewhere_than_it_was_asked_for_is_unusual(
    services: Services, requests: AccessRequests, wires: Wires, owner: Owner
) -> None:
    grant_id = granted(requests)
    used(services, grant_id, OFFICE)
    assert kinds(wires) == []
    used(services, grant_id, ELSEWHERE, UNKNOWN)
    assert kinds(wires) == [CERTIFICATE]
    assert owner.findings() == []


def test_uses_of_a_grant_are_read_once_whatever_is_read_at_a_time(
    services: Services, requests: AccessRequests, wires: Wires, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a grant with hundreds of uses each of them would be opened again for every two hundred accesses.
    learned, learn = list[bytes](), reading.Reader._learn

    def noted(reader: reading.Reader, conn: Connection, grants_of: Sequence[bytes], known: Any) -> None:
        learned.extend(grants_of)
        learn(reader, conn, grants_of, known)

    monkeypatch.setattr(reading, "AT_A_TIME", 1)
    monkeypatch.setattr(reading.Reader, "_learn", noted)
    grant_id, request_id = granted(requests), str(uuid.uuid4())
    used(services, grant_id, OFFICE, request_id=request_id)
    used(services, grant_id, ELSEWHERE, UNKNOWN)
    used(services, grant_id, OFFICE, request_id=request_id)
    assert kinds(wires) == [CERTIFICATE]
    assert learned == [uuid.UUID(grant_id).bytes]
    assert owner.findings() == []


def test_a_grant_that_is_used_elsewhere_the_first_time_is_unusual(
    services: Services, requests: AccessRequests, wires: Wires, owner: Owner
) -> None:
    used(services, granted(requests), ELSEWHERE)
    assert kinds(wires) == [CERTIFICATE]
    assert owner.findings() == []


def test_the_first_use_of_a_ticket_is_not_unusual_whatever_comes_after_it(
    services: Services, wires: Wires, owner: Owner
) -> None:
    # His first certificate is his, though he has used another one since, and it again, before it is looked.
    opener, worker = (services.enrolled(officer("npb", number)) for number in (1, 2))
    numbers = KNOWN, UNKNOWN, cnic()
    opened = services.ask(call_of(NPB, opener), ticket_for(worker, numbers)).response
    calls = [make_call("npb", acting=worker) for _ in numbers]
    for call, certificate, number in zip(calls, (OFFICE, ELSEWHERE, OFFICE), numbers, strict=True):
        call.certificate = certificate
        request = request_of(call, lookup_pb2.LookUpBasis(ticket_id=opened.grant.grant_id), number)
        call.request_id = uuid.UUID(request.request_id).bytes
        services.ask(call, request)
    (found,) = wires.look()
    assert (found.kind, [each.access_id for each in found.unusual]) == (CERTIFICATE, [calls[1].access_id])
    assert owner.findings() == []


def test_an_answer_that_is_shown_again_elsewhere_is_unusual(
    services: Services, requests: AccessRequests, wires: Wires, owner: Owner
) -> None:
    # Whoever has stolen a key sends what its officer has sent before: it shows the same, and uses nothing up.
    grant_id, request_id = granted(requests), str(uuid.uuid4())
    used(services, grant_id, OFFICE, request_id=request_id)
    used(services, grant_id, OFFICE, request_id=request_id)
    assert kinds(wires) == []
    used(services, grant_id, ELSEWHERE, request_id=request_id)
    assert kinds(wires) == [CERTIFICATE]
    assert services.one("SELECT count(*) FROM look_up") == 1
    assert owner.findings() == []


def test_a_search_by_a_grant_from_elsewhere_is_unusual(
    services: Services, requests: AccessRequests, wires: Wires, owner: Owner
) -> None:
    grant_id = granted(requests)
    while services.names.work():
        pass
    for certificate, found in ((OFFICE, []), (ELSEWHERE, [CERTIFICATE]), (OFFICE, [])):
        call = call_of(PUNJAB_POLICE, ASIF)
        call.certificate = certificate
        basis = search_pb2.SearchBasis(grant_id=grant_id)
        services.ask(call, search_pb2.SearchRegistrationsRequest(basis=basis, subject=1))
        assert kinds(wires) == found
    assert owner.findings() == []


def test_an_earlier_use_that_somebody_has_changed_keeps_nobody_from_being_found(
    services: Services, requests: AccessRequests, wires: Wires, owner: Owner
) -> None:
    grant_id = granted(requests)
    used(services, grant_id, OFFICE)
    assert kinds(wires) == []
    owner.does(
        "UPDATE ledger_detail SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)"
        " WHERE index = (SELECT e.index FROM look_up JOIN ledger_entry AS e USING (access_id))"
    )
    used(services, grant_id, ELSEWHERE, UNKNOWN)
    assert kinds(wires) == [CERTIFICATE]


def test_cases_of_many_districts_are_unusual(
    services: Services, requests: AccessRequests, wires: Wires, owner: Owner
) -> None:
    stations = ["PK-PB/LHR/PS-001", "PK-PB/FSD/PS-001", "PK-PB/MUL/PS-001", "PK-PB/RWP/PS-001"]
    for station in stations[:-1]:
        used(services, granted(requests, fir_key(station)), OFFICE)
    assert kinds(wires) == []
    used(services, granted(requests, fir_key(stations[-1])), OFFICE)
    assert kinds(wires) == [DISTRICTS]
    assert owner.findings() == []


def test_whoever_names_many_persons_is_unusual(services: Services, wires: Wires, owner: Owner) -> None:
    services.policy = unlimited()
    for _ in range(149):
        looked_up(services, cnic())
    assert kinds(wires) == []
    looked_up(services, cnic())
    assert kinds(wires) == [MANY]
    assert owner.findings() == []


def test_a_number_that_was_tried_in_vain_counts(services: Services, wires: Wires) -> None:
    # The call was refused, and says whom it was about all the same.
    for _ in range(15):
        in_vain(services, OFFICERS[PUNJAB_POLICE])
    (one,) = wires.look()
    assert (one.kind, one.count) == (tripwires_pb2.TRIPWIRE_KIND_REPEATED_REFUSALS, 15)


AT = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
"""For when flights were declared that are over, and whose movements were reported."""
WAGAH = notices_pb2.BORDER_CROSSING_WAGAH
DEPARTURE, ARRIVAL = movements_pb2.MOVEMENT_DIRECTION_DEPARTURE, movements_pb2.MOVEMENT_DIRECTION_ARRIVAL


def flown(services: Services, number: int, persons: int, **fields: Any) -> tuple[str, list[str]]:
    """A flight of then with so many passengers who were screened: its manifest, and their numbers."""
    passengers = [cnic() for _ in range(persons)]
    request = declaration(number=number, persons=persons, **fields)
    request.scheduled_time.FromDatetime(AT)
    manifest = str(services.ask(call_of(FIA_IMMIGRATION), request).response.manifest_id)
    asked(services, manifest, *(by_cnic(nth, each) for nth, each in enumerate(passengers, 1)))
    return manifest, passengers


def crossed(services: Services, numbers: Iterable[str], days: int = 0, **fields: Any) -> None:
    """Movements of then; or some days before."""
    for number in numbers:
        request = movement()
        request.MergeFrom(movements_pb2.ReportMovementRequest(identity_number=number, **fields))
        request.movement_time.FromDatetime(AT - dt.timedelta(days=days))
        services.ask(call_of(FIA_IMMIGRATION), request)


def then(owner: Owner) -> None:
    """What was reported just now was reported then."""
    owner.does("UPDATE movement_key SET created_at = created_at - interval '2 days'")


def manifests(found: Iterable[record_pb2.UnusualAccessRecord]) -> dict[str, int]:
    assert all((each.kind, each.agency) == (TRAVELLED, "fia-immigration") for each in found)
    return {str(uuid.UUID(bytes=each.manifest_id)): each.count for each in found}


def test_a_manifest_whose_people_do_not_travel_is_unusual_whoever_else_does(
    services: Services, wires: Wires, owner: Owner, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests = list[int]()
    monkeypatch.setattr(times, "_rest", lambda: rests.append(1))
    monkeypatch.setattr(screening, "_RESTS_AFTER", 100)
    later(days=-2)
    travelled, passengers = flown(services, 301, 6)
    invented, _ = flown(services, 302, 6)
    one_travels, others = flown(services, 303, 6)
    back, returned = flown(services, 304, 6, direction=ARRIVAL)
    long_ago, old = flown(services, 305, 6)
    elsewhere, from_wagah = flown(services, 306, 6)
    flown(services, 307, 6, border_crossing=WAGAH)
    nobody_screened = declaration(number=308, persons=6)
    nobody_screened.scheduled_time.FromDatetime(AT)
    services.ask(call_of(FIA_IMMIGRATION), nobody_screened)
    later(days=0)
    crossed(services, passengers[:2])  # a fifth of six
    crossed(services, others[:1] * 3)  # one, however often
    crossed(services, returned[:2], direction=DEPARTURE)
    crossed(services, old[:2], days=4)
    crossed(services, from_wagah[:2], border_crossing=WAGAH)
    then(owner)
    found = manifests(wires.look())
    assert travelled not in found
    assert {invented, one_travels, back, long_ago, elsewhere} <= found.keys()
    assert (len(found), set(found.values())) == (6, {6})
    # Nine movements over one crossing are opened and compared with six manifests, then with five: 119.
    assert len(rests) == 1
    assert wires.look() == []
    # Two at a time are looked at by whoever verifies, and are found to be the same.
    monkeypatch.setattr(screening, "PASSENGERS_AT_ONCE", 12)
    assert [each for each in owner.findings() if "tripwire" in each] == []


@pytest.mark.parametrize(
    ("screened", "parts"),
    [
        ([], []),
        ([6, 6, 6], [[6, 6], [6]]),
        ([6, 7, 5], [[6], [7, 5]]),
        ([50], [[50]]),
        ([1, 50, 1], [[1], [50], [1]]),
    ],
)
def test_manifests_are_held_in_memory_a_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch, screened: list[int], parts: list[list[int]]
) -> None:
    monkeypatch.setattr(screening, "PASSENGERS_AT_ONCE", 12)
    hour = dt.timedelta(hours=1)
    of_wagah = [
        screening.Over(bytes(16), "fia", WAGAH, DEPARTURE, AT, AT + nth * hour, each)
        for nth, each in enumerate(screened)
    ]
    elsewhere = [each._replace(border_crossing=WAGAH + 1) for each in of_wagah]
    given = [one for each in zip(elsewhere, of_wagah, strict=True) for one in each]
    found = [[each.screened for each in part] for part in screening.in_parts(given)]
    assert found == [*parts, *parts]
    assert all(len({each.border_crossing for each in part}) == 1 for part in screening.in_parts(given))


def test_small_manifests_of_a_port_count_together(services: Services, wires: Wires, owner: Owner, later: Later) -> None:
    # Else whoever has five documents to try declares two flights.
    later(days=-2)
    small = [flown(services, number, 2)[0] for number in (301, 302, 303)]
    _, passengers = flown(services, 304, 3)
    flown(services, 305, 3, border_crossing=WAGAH)
    later(days=0)
    crossed(services, passengers[:1])
    then(owner)
    found = manifests(wires.look())
    assert list(found.values()) == [6]
    assert found.keys() <= set(small)
    assert [each for each in owner.findings() if "tripwire" in each] == []


def test_dates_that_are_tried_for_a_document_of_a_manifest_count_as_refusals(
    services: Services, wires: Wires, owner: Owner
) -> None:
    number, officer_there = cnic(), officer_of(FIA_IMMIGRATION)
    manifest = services.ask(call_of(FIA_IMMIGRATION, officer_there), declaration(persons=50)).response.manifest_id
    dates = [date_pb2.Date(year=1985, month=6, day=day) for day in range(1, 18)]
    rows = [by_cnic(nth, number, date) for nth, date in enumerate(dates, 1)]
    again = [by_cnic(nth, number, dates[0]) for nth in range(20, 40)]  # the same one twice tries nothing
    asked(services, manifest, *rows[:-1], *again, call=call_of(FIA_IMMIGRATION, officer_there))
    assert wires.look() == []
    asked(services, manifest, rows[-1], call=call_of(FIA_IMMIGRATION, officer_there))
    (one,) = wires.look()
    refusals = tripwires_pb2.TRIPWIRE_KIND_REPEATED_REFUSALS
    assert (one.kind, one.count, one.officer_number) == (refusals, 15, officer_there.officer_number)
    assert owner.findings() == []


@pytest.mark.parametrize(("hidden", "found"), [("movement_key", 1), ("manifest_block", 0)])
def test_what_was_hidden_while_it_was_looked_who_has_travelled_is_found(
    services: Services, wires: Wires, owner: Owner, later: Later, *, hidden: str, found: int
) -> None:
    later(days=-2)
    _, passengers = flown(services, 301, 6)
    later(days=0)
    if found:
        crossed(services, passengers)
        then(owner)
    with owner.without(hidden, "true"):
        assert len(wires.look()) == found
    assert OTHERS in owner.findings()


def test_who_has_two_keys_is_one_officer(services: Services, wires: Wires) -> None:
    first = OFFICERS[PUNJAB_POLICE]
    second = replace(first, key_id=os.urandom(32))
    for who in [first, second] * 8:
        in_vain(services, who)
    assert len(wires.look()) == 1


@pytest.mark.parametrize(
    ("watched", "found"),
    [
        (watched_pb2.WATCHED_KIND_DECOY, tripwires_pb2.TRIPWIRE_KIND_DECOY),
        (watched_pb2.WATCHED_KIND_PROTECTED_PERSON, tripwires_pb2.TRIPWIRE_KIND_PROTECTED_PERSON),
    ],
    ids=["decoy", "protected person"],
)
def test_a_number_that_npb_watches_is_found_and_no_more_when_it_has_ended(
    services: Services, wires: Wires, owner: Owner, *, watched: int, found: int
) -> None:
    number, npb = cnic(), pair(services)
    watched_id = watch(services, npb, number, watched)
    assert kinds(wires) == []
    looked_up(services, number)
    assert kinds(wires) == [found]
    # Refused, or in an emergency: whoever names it is found.
    call = make_call("punjab-police", acting=OFFICERS[PUNJAB_POLICE])
    with pytest.raises(errors.Denied):
        services.ask(call, request_of(call, lookup_pb2.LookUpBasis(grant_id=str(uuid.uuid4())), number))
    assert kinds(wires) == [found]
    for each in npb:
        end(services, each, watched_id)
    looked_up(services, number)
    assert kinds(wires) == []
    assert owner.findings() == []


def test_a_registration_with_a_decoys_number_is_found(services: Services, wires: Wires, owner: Owner) -> None:
    number = cnic()
    watch(services, pair(services), number)
    services.create(order(number))
    (one,) = wires.look()
    assert (one.kind, one.agency) == (tripwires_pb2.TRIPWIRE_KIND_DECOY_ENTERED, PUNJAB_PROSECUTION.agency_id)
    assert owner.findings() == []


def test_whoever_enters_a_number_that_is_watched_is_not_found_by_it(services: Services, wires: Wires) -> None:
    # The officers of NPB name it as well; that is no access.
    number, npb = cnic(), pair(services)
    watch(services, npb, number)
    watch(services, npb, number, watched_pb2.WATCHED_KIND_PROTECTED_PERSON)
    assert kinds(wires) == []
