"""The list of agencies, and which of them a place concerns."""

import pytest

from nsor.v1 import directory_pb2, errors_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.events import recipients
from nsor_server.storage.keyring import Keyring
from tests import deciding
from tests.agencies import AGENCIES, NPB
from tests.calls import call_of, violations
from tests.services import Services


def listed(services: Services, page_size: int, token: str = "") -> directory_pb2.ListAgenciesResponse:
    request = directory_pb2.ListAgenciesRequest(page_size=page_size, page_token=token)
    answer = services.ask(call_of(NPB), request).response
    assert isinstance(answer, directory_pb2.ListAgenciesResponse)
    return answer


@pytest.mark.parametrize("page_size", [0, 1, 3, 9, 10, 11])
def test_pages_hold_every_agency_once_in_order(services: Services, page_size: int) -> None:
    found: list[str] = []
    token = ""
    while True:
        page = listed(services, page_size, token)
        assert len(page.agencies) <= (page_size or 100)
        found += [agency.agency_id for agency in page.agencies]
        token = page.next_page_token
        if not token:
            break
    assert found == sorted(agency.agency_id for agency in AGENCIES)


def test_a_token_stays_good_while_agencies_are_added(services: Services, keyring: Keyring) -> None:
    first = listed(services, 2)
    with services.database.owner() as owner:
        owner.execute("INSERT INTO agency VALUES ('aaa-first', 1, 'A', 'الف', '{PK}')")
        deciding.record(owner, keyring)
    second = listed(services, 2, first.next_page_token)
    expected = sorted(agency.agency_id for agency in AGENCIES)[:4]
    assert [agency.agency_id for page in (first, second) for agency in page.agencies] == expected


@pytest.mark.parametrize("token", ["0" * 32, "bnBi", "npb"])
def test_a_token_of_no_page_is_refused(services: Services, token: str) -> None:
    request = directory_pb2.ListAgenciesRequest(page_token=token)
    refusal = services.refused(errors.InvalidFields, call_of(NPB), request)
    assert violations(refusal) == [("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)]


def test_a_negative_page_size_is_refused(services: Services) -> None:
    request = directory_pb2.ListAgenciesRequest(page_size=-1)
    services.refused(errors.InvalidFields, call_of(NPB), request)


def test_an_agency_is_shown_whole(services: Services) -> None:
    (shown,) = [agency for agency in listed(services, 0).agencies if agency.agency_id == NPB.agency_id]
    assert (shown.kind, list(shown.jurisdiction), shown.enabled) == (options_pb2.AGENCY_KIND_NPB, ["PK"], True)
    assert (shown.name_en, shown.name_ur) == (NPB.name_en, NPB.name_ur)


def test_a_court_is_shown_with_its_kinds(services: Services) -> None:
    shown = {agency.agency_id: tuple(agency.court_kinds) for agency in listed(services, 0).agencies}
    assert shown == {agency.agency_id: agency.court_kinds for agency in AGENCIES}
    assert len(set(shown.values())) > 2


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO agency VALUES ('aaa-first', 1, 'A', 'الف', '{PK}')",
        "UPDATE agency SET jurisdiction = '{PK}' WHERE agency_id = 'lahore-special-court'",
        "INSERT INTO agency_state VALUES ('sindh-police', 1, false)",
    ],
)
def test_an_agency_that_no_entry_has_made_so_is_not_shown_so(services: Services, statement: str) -> None:
    # Whoever owns the database changes the table for one call: what is shown is what the ledger proves.
    before = listed(services, 0)
    with services.database.owner() as owner:
        owner.execute(statement.encode())
    services.directory.reload()
    assert listed(services, 0) == before


def test_a_place_concerns_whoevers_jurisdiction_contains_it(services: Services, keyring: Keyring) -> None:
    with services.database.owner() as owner:
        owner.execute("INSERT INTO agency VALUES ('lahore-police', 1, 'L', 'ل', '{PK-PB/LHR}')")
        owner.execute("INSERT INTO agency_state VALUES ('lahore-police', 1, false)")
        deciding.record(owner, keyring)
    known = services.directory.reload().agencies
    # A disabled agency is owed its events too: they wait for it.
    assert recipients.responsible_police(known, "PK-PB/LHR/PS-001") == ["lahore-police", "punjab-police"]
    assert recipients.responsible_police(known, "PK-PB/LH") == ["punjab-police"]
    assert recipients.responsible_police(known, "PK-GB/GIL") == []
    assert recipients.prosecution_for(known, "PK-SD/KHI") == ["sindh-prosecution"]
    special, high = types_pb2.COURT_KIND_SPECIAL_COURT, types_pb2.COURT_KIND_HIGH_COURT
    assert recipients.courts_for(known, [(special, "PK-SD/KHI"), (special, "PK-PB/LHR")]) == [
        "karachi-special-court",
        "lahore-special-court",
    ]
    # A court that hears appeals isn't told what awaits a trial court of its province.
    assert recipients.courts_for(known, [(high, "PK-PB/LHR")]) == ["lahore-high-court"]
    assert recipients.of_kind(known, options_pb2.AGENCY_KIND_NPB) == ["npb"]
