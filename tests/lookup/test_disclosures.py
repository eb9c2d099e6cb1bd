"""The owner of a record learns who was shown it: after a time, at once in an emergency, and never what NPB keeps."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest

from nsor.v1 import disclosures_pb2, errors_pb2, grants_pb2, options_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.lookup.disclosures import listing, rules
from nsor_server.lookup.recalls.told import Disclosure
from nsor_server.policy.budgets import Bucket
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.agencies import LAHORE_HIGH_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.budgets import with_budgets
from tests.calls import call_of
from tests.lookup.conftest import make_call
from tests.lookup.search.conftest import OPENER, WORKER, Searching, named, suspect
from tests.lookup.test_emergencies import Clock, opening, reading
from tests.lookup.test_emergencies import clock as clock  # noqa: PLC0414 - a fixture
from tests.lookup.test_tickets import Basis, look_up, ticket_for
from tests.notification.test_counter import with_number
from tests.orders import Created, cnic, conviction, judgment
from tests.services import Services

EMERGENCY = ("sindh-police", "EMERGENCY")
GOT = ("npb", "REGISTER_OPERATION")


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running


@pytest.fixture
def number() -> str:
    return cnic()


@pytest.fixture
def created(services: Services, number: str) -> Created:
    """A record that the police of Lahore own."""
    return with_number(services, number)


def told(services: Services, created: Created, agency: Agency = PUNJAB_POLICE, size: int = 0) -> list[tuple[str, str]]:
    """Agencies and purposes, the newest in front."""
    acting = officer_of(agency)
    request = disclosures_pb2.ListDisclosuresRequest(registration_id=created.registration_id, page_size=size)
    found: list[tuple[str, str]] = []
    while True:
        page = services.ask(call_of(agency, acting), request).response
        for each in page.disclosures:
            found.append((each.agency_id, options_pb2.Purpose.Name(each.purpose).removeprefix("PURPOSE_")))
            assert options_pb2.FIELD_CLASS_IDENTITY in each.classes
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def in_emergency(services: Services, number: str) -> None:
    officer = services.enrolled(officer_of(SINDH_POLICE))
    request = opening(number, station="PK-SD/KHI/PS-001")
    emergency_id = services.ask(call_of(SINDH_POLICE, officer), request).response.emergency_id
    services.ask(call_of(SINDH_POLICE, officer), reading(emergency_id, number))


def test_the_owner_learns_of_an_emergency_at_once_and_of_others_later(
    services: Services, created: Created, number: str, clock: Clock
) -> None:
    services.get(created.registration_id, NPB)
    assert told(services, created) == []
    in_emergency(services, number)
    assert told(services, created) == [EMERGENCY]
    clock.ahead = dt.timedelta(days=31)
    assert told(services, created) == [EMERGENCY, GOT]


def test_who_does_not_own_it_hears_no_record(services: Services, created: Created) -> None:
    request = disclosures_pb2.ListDisclosuresRequest(registration_id=created.registration_id)
    for agency in (PUNJAB_PROSECUTION, SINDH_POLICE):
        services.refused(errors.NoRecord, call_of(agency), request)
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/MUL")), request)
    services.refused(errors.Denied, call_of(NPB), request)


def test_who_asks_beside_a_set_aside_hears_no_record(services: Services, created: Created) -> None:
    # It was read before: that the record stands still, and is his, is asked under the head's lock.
    request = disclosures_pb2.ListDisclosuresRequest(registration_id=created.registration_id)
    _, refused = services.at_once(
        (call_of(LAHORE_HIGH_COURT), judgment("SET_ASIDE", conviction())),
        (call_of(PUNJAB_POLICE), request),
        together=False,
    )
    assert isinstance(refused, errors.NoRecord)


def test_nobody_learns_that_npb_reviews_an_access(
    services: Services, created: Created, number: str, clock: Clock
) -> None:
    # It may be the owner's own officer whose look-up is reviewed.
    opener, worker = (services.enrolled(officer_of(NPB)) for _ in range(2))
    for work in (grants_pb2.TICKET_WORK_ACCESS_REVIEW, grants_pb2.TICKET_WORK_CORRECTION):
        request = ticket_for(worker, (number,))
        request.work = work
        grant = services.ask(call_of(NPB, opener), request).response.grant
        assert look_up(services, make_call("npb", acting=worker), Basis(ticket_id=grant.grant_id), number) == "FOUND"
    clock.ahead = dt.timedelta(days=31)
    assert told(services, created) == [GOT]


def test_nobody_learns_that_npb_searches_for_the_review_of_an_access(services: Services, clock: Clock) -> None:
    searching = Searching(services)
    for each in (OPENER, WORKER):
        services.enrolled(each)
    (created,) = searching.confirmed(named("Muhammad Rafiq", "Lal Din"))
    for work in (grants_pb2.TICKET_WORK_ACCESS_REVIEW, grants_pb2.TICKET_WORK_CORRECTION):
        basis = searching.ticket(suspect("Muhammad Rafiq", "Lal Din", 1980), work=work)
        assert len(searching.search(basis).candidates) == 1
    clock.ahead = dt.timedelta(days=31)
    assert told(services, created) == [GOT]


@pytest.mark.parametrize("method", ["GetSealedRegistration", "GetReview"])
def test_nobody_learns_what_npb_keeps_to_itself(method: str) -> None:
    purpose = int(options_pb2.PURPOSE_REGISTER_OPERATION)
    full = f"nsor.v1.RegistrationService/{method}"
    disclosure = Disclosure(1, bytes(16), 1, "npb", full, purpose, "NPB-1", "", b"", 1, frozenset({2}))
    assert not rules.is_told(disclosure, 2, of_review=False)
    assert rules.is_told(replace(disclosure, method="nsor.v1.RegistrationService/GetRegistration"), 2, of_review=False)


def test_pages_go_on_through_the_ledger(
    services: Services, created: Created, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", 2)
    monkeypatch.setattr(listing, "WINDOWS", 2)
    for _ in range(5):
        services.get(created.registration_id, NPB)
    clock.ahead = dt.timedelta(days=31)
    assert told(services, created, size=2) == [GOT] * 5


def test_an_access_that_was_hidden_from_the_owner_is_found(
    services: Services, created: Created, number: str, owner: Owner
) -> None:
    in_emergency(services, number)
    assert told(services, created) == [EMERGENCY]
    assert owner.findings() == []
    ((index, label),) = owner.conn.execute(
        "SELECT index, named FROM ledger_entry WHERE agency = 'sindh-police' ORDER BY index DESC LIMIT 1"
    ).fetchall()
    with owner.changing(
        f"UPDATE ledger_entry SET named = gen_random_uuid() WHERE index = {index}",  # noqa: S608 - a number
        f"UPDATE ledger_entry SET named = '{label}' WHERE index = {index}",  # noqa: S608 - likewise
    ):
        assert told(services, created) == []
    assert owner.findings() == ["who was shown a record was listed otherwise than the entries say"]


def test_the_lists_of_an_officer_are_bounded_by_a_budget(services: Services, created: Created, number: str) -> None:
    # Whom his record was shown to tells when others look: who asks every minute watches an investigation.
    services.policy = with_budgets(
        call=1,
        first_named=2,
        officer=Bucket(capacity=4, refill_per_hour=1),
        agency=Bucket(capacity=50, refill_per_hour=1),
    )
    request = disclosures_pb2.ListDisclosuresRequest(registration_id=created.registration_id)
    acting = officer_of(PUNJAB_POLICE)
    for _ in range(2):
        services.ask(call_of(PUNJAB_POLICE, acting), request)
    with pytest.raises(errors.Exhausted) as refusal:
        services.ask(call_of(PUNJAB_POLICE, acting), request)
    assert refusal.value.reason == errors_pb2.ERROR_REASON_BUDGET_EMPTY
    services.policy = None
    in_emergency(services, number)
    assert told(services, created) == [EMERGENCY]
