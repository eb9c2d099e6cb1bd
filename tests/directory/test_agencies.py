"""The list of agencies, and which of them a place concerns."""

import pytest

from nsor.v1 import directory_pb2, errors_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.directory import agencies
from nsor_server.directory.service import DirectoryService
from tests.calls import AGENCIES, LAHORE_COURT, NPB, Desk, call_of, violations

SERVICE = DirectoryService()
CALL = call_of(NPB, purpose=options_pb2.PURPOSE_DIRECTORY)


def listed(desk: Desk, page_size: int, token: str = "") -> directory_pb2.ListAgenciesResponse:
    request = directory_pb2.ListAgenciesRequest(page_size=page_size, page_token=token)
    answer = desk.ask(SERVICE.ListAgencies, CALL, request).response
    assert isinstance(answer, directory_pb2.ListAgenciesResponse)
    return answer


@pytest.mark.parametrize("page_size", [0, 1, 3, 7, 8, 9])
def test_pages_hold_every_agency_once_in_order(desk: Desk, page_size: int) -> None:
    found: list[str] = []
    token = ""
    while True:
        page = listed(desk, page_size, token)
        assert len(page.agencies) <= (page_size or 100)
        found += [agency.agency_id for agency in page.agencies]
        token = page.next_page_token
        if not token:
            break
    assert found == sorted(agency.agency_id for agency in AGENCIES)


def test_a_token_stays_good_while_agencies_are_added(desk: Desk) -> None:
    first = listed(desk, 2)
    with desk.database.owner() as owner:
        owner.execute("INSERT INTO agency VALUES ('aaa-first', 1, 'A', 'الف', '{PK}')")
    second = listed(desk, 2, first.next_page_token)
    expected = sorted(agency.agency_id for agency in AGENCIES)[:4]
    assert [agency.agency_id for page in (first, second) for agency in page.agencies] == expected


@pytest.mark.parametrize("token", ["0" * 32, "bnBi", "npb"])
def test_a_token_of_no_page_is_refused(desk: Desk, token: str) -> None:
    request = directory_pb2.ListAgenciesRequest(page_token=token)
    refusal = desk.refused(errors.InvalidFields, SERVICE.ListAgencies, CALL, request)
    assert violations(refusal) == [("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)]


def test_a_negative_page_size_is_refused(desk: Desk) -> None:
    request = directory_pb2.ListAgenciesRequest(page_size=-1)
    desk.refused(errors.InvalidFields, SERVICE.ListAgencies, CALL, request)


def test_an_agency_is_shown_whole(desk: Desk) -> None:
    (shown,) = [agency for agency in listed(desk, 0).agencies if agency.agency_id == NPB.agency_id]
    assert (shown.kind, list(shown.jurisdiction), shown.enabled) == (options_pb2.AGENCY_KIND_NPB, ["PK"], True)
    assert (shown.name_en, shown.name_ur) == (NPB.name_en, NPB.name_ur)


def test_a_court_is_shown_with_its_kinds(desk: Desk) -> None:
    kinds = [types_pb2.COURT_KIND_SESSIONS_COURT, types_pb2.COURT_KIND_HIGH_COURT]
    with desk.database.owner() as owner:
        owner.execute("UPDATE agency SET court_kinds = %s WHERE agency_id = %s", (kinds, LAHORE_COURT.agency_id))
    shown = {agency.agency_id: list(agency.court_kinds) for agency in listed(desk, 0).agencies}
    assert shown[LAHORE_COURT.agency_id] == kinds
    assert shown[NPB.agency_id] == []


def test_a_place_concerns_whoevers_jurisdiction_contains_it(desk: Desk) -> None:
    with desk.database.owner() as owner:
        owner.execute("INSERT INTO agency VALUES ('lahore-police', 1, 'L', 'ل', '{PK-PB/LHR}', false)")
    with desk.database.transaction() as conn:
        # A disabled agency is owed its events too: they wait for it.
        assert agencies.responsible_police(conn, "PK-PB/LHR/PS-001") == ["lahore-police", "punjab-police"]
        assert agencies.responsible_police(conn, "PK-PB/LH") == ["punjab-police"]
        assert agencies.responsible_police(conn, "PK-GB/GIL") == []
        assert agencies.prosecution_for(conn, "PK-SD/KHI") == ["sindh-prosecution"]
        assert agencies.courts_for(conn, ["PK-SD/KHI", "PK-PB/LHR"]) == [
            "karachi-special-court",
            "lahore-special-court",
        ]
        assert agencies.of_kind(conn, options_pb2.AGENCY_KIND_NPB) == ["npb"]
