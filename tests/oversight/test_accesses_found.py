"""An agency finds its own accesses by officer, purpose and case, and nobody by what his list doesn't show."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from nsor.v1 import errors_pb2, options_pb2, oversight_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer
from nsor_server.ledger.labels import Labels
from nsor_server.oversight import rules
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.access.requests import application, fir
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, SPECIAL_COMMITTEE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.bench import accesses
from tests.calls import call_of, violations
from tests.lookup.test_emergencies import opened, review
from tests.orders import cnic
from tests.services import Services

Request = oversight_pb2.ListAccessesRequest
OPEN = "nsor.v1.LookupService/OpenEmergencyLookUp"


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running


def enrolled(services: Services, number: str = "PB-71") -> Officer:
    return services.enrolled(replace(officer_of(PUNJAB_POLICE), officer_number=number))


def found(services: Services, agency: Agency, officer: Officer | None = None, **asked: object) -> list[tuple[str, str]]:
    """Method and officer of what is listed, the newest first."""
    request, acting = Request(**asked), officer or officer_of(agency)  # type: ignore[arg-type]
    listed: list[tuple[str, str]] = []
    while True:
        page = services.ask(call_of(agency, acting), request).response
        listed += [(each.method.rpartition("/")[2], each.officer_number) for each in page.accesses]
        request.page_token = page.next_page_token
        if not request.page_token:
            return listed


def refused(services: Services, agency: Agency, officer: Officer | None = None, **asked: object) -> str:
    call = call_of(agency, officer)
    request = Request(**asked)  # type: ignore[arg-type]
    return errors_pb2.ErrorReason.Name(services.refused(errors.Denied, call, request).reason)


def test_an_officers_accesses_are_found_whatever_key_he_had(services: Services) -> None:
    one, other = enrolled(services), enrolled(services, "PB-72")
    review(services, opened(services, one, cnic()))
    opened(services, other, cnic())
    renewed = enrolled(services)
    opened(services, renewed, cnic())
    of_one = ("OpenEmergencyLookUp", one.officer_number)
    assert found(services, PUNJAB_POLICE, officer_number=one.officer_number) == [of_one, of_one]
    assert found(services, PUNJAB_POLICE, officer_number="PB-99999") == []
    # Another agency's officer of the same number is another one.
    assert found(services, SINDH_POLICE, officer_number=one.officer_number) == []
    of_police = found(services, NPB, agency_id="punjab-police", officer_number=one.officer_number)
    assert of_police == [of_one, of_one]


def test_npb_names_the_officers_agency(services: Services) -> None:
    refusal = services.refused(errors.InvalidFields, call_of(NPB), Request(officer_number="PB-1"))
    assert violations(refusal) == [("agency_id", errors_pb2.FIELD_REASON_REQUIRED)]


def test_accesses_for_a_purpose_are_found_page_by_page(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is left out may be all of a page: it says where the next one goes on.
    monkeypatch.setattr(rules, "MOST_READ", 3)
    officer = enrolled(services)
    opened(services, officer, cnic())
    for _ in range(7):
        found(services, PUNJAB_POLICE, officer, page_size=1)
    emergency = [("OpenEmergencyLookUp", officer.officer_number)]
    asked = officer.officer_number
    assert found(services, PUNJAB_POLICE, of_purpose=options_pb2.PURPOSE_EMERGENCY, officer_number=asked) == emergency
    assert found(services, PUNJAB_POLICE, of_purpose=options_pb2.PURPOSE_CUSTODY, officer_number=asked) == []
    assert found(services, PUNJAB_POLICE, of_purpose=options_pb2.PURPOSE_EMERGENCY) == emergency
    assert found(services, PUNJAB_POLICE, of_purpose=options_pb2.PURPOSE_CUSTODY) == []


def of_court(number: str) -> types_pb2.CourtCase:
    return types_pb2.CourtCase(
        court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/LHR", case_number=number
    )


def test_the_accesses_of_a_case_are_found_by_an_officer_of_its_place(services: Services) -> None:
    officer = officer_of(PUNJAB_POLICE)
    services.ask(call_of(PUNJAB_POLICE, officer), application())
    other = application()
    other.fir.police_station = "PK-PB/LHR/PS-002"
    services.ask(call_of(PUNJAB_POLICE, officer), other)
    asked = [("CreateAccessRequest", officer.officer_number)]
    assert found(services, PUNJAB_POLICE, fir=fir()) == asked
    assert found(services, PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/LHR"), fir=fir()) == asked
    assert found(services, PUNJAB_POLICE, court_case=of_court("Sessions Case No. 1/2026")) == []
    elsewhere = officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    assert refused(services, PUNJAB_POLICE, elsewhere, fir=fir()) == "ERROR_REASON_OUTSIDE_JURISDICTION"
    assert refused(services, SINDH_POLICE, fir=fir()) == "ERROR_REASON_OUTSIDE_JURISDICTION"


def test_a_case_is_found_for_no_system(services: Services) -> None:
    # A system's certificate alone would try every FIR out, and nobody would answer for it.
    system = replace(officer_of(PUNJAB_POLICE), system=True)
    assert refused(services, PUNJAB_POLICE, system, fir=fir()) == "ERROR_REASON_OFFICER_REQUIRED"
    call = call_of(PUNJAB_POLICE)
    call.officer = None
    assert services.refused(errors.Denied, call, Request(fir=fir())).reason == errors_pb2.ERROR_REASON_OFFICER_REQUIRED


def test_the_committee_finds_by_no_officer_and_no_case(services: Services) -> None:
    refusal = refused(services, SPECIAL_COMMITTEE, officer_number="PB-1", agency_id="punjab-police")
    assert refusal == refused(services, SPECIAL_COMMITTEE, fir=fir()) == "ERROR_REASON_NOT_ALLOWED"


def test_a_request_names_one_case(services: Services) -> None:
    request = Request(fir=fir(), court_case=of_court("Sessions Case No. 1/2026"))
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request)
    assert ("court_case", errors_pb2.FIELD_REASON_EXACTLY_ONE) in violations(refusal)


def test_a_page_token_holds_for_its_officer_and_purpose(services: Services) -> None:
    officer = enrolled(services)
    for _ in range(3):
        found(services, PUNJAB_POLICE, officer)
    asked = Request(page_size=1, of_purpose=options_pb2.PURPOSE_SELF_REVIEW)
    token = services.ask(call_of(PUNJAB_POLICE, officer), asked).response.next_page_token
    assert token
    other = Request(page_size=1, of_purpose=options_pb2.PURPOSE_EMERGENCY, page_token=token)
    services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE, officer), other)


def test_accesses_of_a_method_are_found(services: Services) -> None:
    officer = enrolled(services)
    opened(services, officer, cnic())
    found(services, PUNJAB_POLICE, officer)
    emergency = [("OpenEmergencyLookUp", officer.officer_number)]
    assert found(services, PUNJAB_POLICE, method=OPEN) == emergency
    assert found(services, PUNJAB_POLICE, method=OPEN, of_purpose=options_pb2.PURPOSE_EMERGENCY) == emergency
    assert found(services, PUNJAB_POLICE, method=OPEN, of_purpose=options_pb2.PURPOSE_CUSTODY) == []
    assert found(services, PUNJAB_POLICE, method=OPEN, officer_number="PB-99999") == []
    assert found(services, PUNJAB_POLICE, method="nsor.v1.LookupService/Nothing") == []
    assert found(services, SINDH_POLICE, method=OPEN) == []


def test_no_filter_walks_along_the_ledger(database: Database, keyring: Keyring, owner: Owner) -> None:
    # A ledger grows for ever: whatever is asked for, as many entries are read as a page may read, and no more. What is
    # rare stands at its very beginning here.
    entries, labels = 3 * rules.MOST_READ, Labels(keyring)
    accesses.fill(owner.conn, labels, entries)
    with database.reading() as conn:
        costs = {name: accesses.cost(conn, labels, wanted, entries) for name, wanted in accesses.filters(entries)}
    assert {name: each.walked for name, each in costs.items() if each.walked > rules.MOST_READ} == {}
    # Each has an index of its own, but for what is nearly everything.
    others = {name for name, each in costs.items() if not each.is_exact}
    assert {name for name in others if not name.startswith("outcome allowed")} == {"case"}


def test_an_access_that_was_hidden_from_its_officers_list_is_found(services: Services, owner: Owner) -> None:
    officer = enrolled(services)
    opened(services, officer, cnic())
    assert len(found(services, PUNJAB_POLICE, officer_number=officer.officer_number)) == 1
    assert found(services, PUNJAB_POLICE, fir=fir()) == []
    assert owner.findings() == []
    ((index, label),) = owner.conn.execute(
        "SELECT index, officer FROM ledger_entry WHERE agency = 'punjab-police' ORDER BY index LIMIT 1"
    ).fetchall()
    with owner.changing(
        f"UPDATE ledger_entry SET officer = gen_random_uuid() WHERE index = {index}",  # noqa: S608 - a number
        f"UPDATE ledger_entry SET officer = '{label}' WHERE index = {index}",  # noqa: S608 - likewise
    ):
        assert found(services, PUNJAB_POLICE, officer_number=officer.officer_number) == []
    assert owner.findings() == ["the accesses that were listed aren't those of the ledger"]
