"""The owner of the database hides an access from a list, or shows an older ledger, and puts everything back."""

import uuid
from dataclasses import replace

import pytest

from nsor.v1 import oversight_pb2, registration_pb2
from nsor_server import errors
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.attack.test_set_back import confirmed, is_shown
from tests.calls import call_of
from tests.orders import cnic, order
from tests.registration.test_imports import findings as entered
from tests.registration.test_imports import request as import_request
from tests.services import Services

OFFICER = officer_of(NPB)
FINDINGS = "the findings that were listed aren't those of the import"
LISTED = "the accesses that were listed aren't those of the ledger"


def listed(services: Services, **fields: object) -> oversight_pb2.ListAccessesResponse:
    request = oversight_pb2.ListAccessesRequest(**fields)  # type: ignore[arg-type]
    response: oversight_pb2.ListAccessesResponse = services.ask(call_of(NPB, OFFICER), request).response
    return response


@pytest.fixture
def index(services: Services) -> int:
    """Of the first of three look-ups at the border."""
    number = cnic()
    confirmed(services, number)
    assert [is_shown(services, number) for _ in range(3)] == [True] * 3
    return listed(services, agency_id=FIA_IMMIGRATION.agency_id).accesses[-1].index


def test_an_access_that_was_hidden_from_a_list_is_found(services: Services, owner: Owner, index: int) -> None:
    with owner.without("ledger_entry", f"index = {index}"):
        assert index not in [each.index for each in listed(services).accesses]
    assert index in [each.index for each in listed(services).accesses]
    assert owner.findings() == [LISTED]


def test_a_list_whose_end_was_hidden_is_found(services: Services, owner: Owner, index: int) -> None:
    # The page is as long as it was asked for: that there is another one is what was hidden.
    fields = {"agency_id": FIA_IMMIGRATION.agency_id, "page_size": 2}
    assert listed(services, **fields).next_page_token
    with owner.without("ledger_entry", f"index = {index}"):
        assert not listed(services, **fields).next_page_token
    assert owner.findings() == [LISTED]


def test_no_list_is_of_a_ledger_that_was_shorter(
    services: Services, owner: Owner, index: int, caplog: pytest.LogCaptureFixture
) -> None:
    # What the server itself has committed is in every list that it gives.
    with (
        owner.changing("UPDATE ledger_head SET size = size - 3", "UPDATE ledger_head SET size = size + 3"),
        pytest.raises(errors.Internal),
    ):
        listed(services)
    assert "ledger_head contradicts the ledger" in caplog.text
    assert index in [each.index for each in listed(services).accesses]
    assert owner.findings() == []


@pytest.mark.usefixtures("index")
def test_the_lists_of_an_honest_register_are_no_finding(services: Services, owner: Owner) -> None:
    first = listed(services, page_size=2)
    assert listed(services, page_size=2, page_token=first.next_page_token).accesses
    at, to = first.accesses[1].access_time, first.accesses[0].access_time
    of_one = first.accesses[0].access_id
    for fields in (
        {"agency_id": FIA_IMMIGRATION.agency_id},
        {"agency_id": "nobody"},
        {"outcome": oversight_pb2.ACCESS_OUTCOME_REFUSED},
        {"access_id": of_one},
        {"start_time": at},
        {"end_time": to},
        {"start_time": at, "end_time": to, "outcome": oversight_pb2.ACCESS_OUTCOME_ALLOWED},
    ):
        listed(services, **fields)
    is_shown(services, cnic())
    assert owner.findings() == []


@pytest.mark.parametrize("where", ["block = 0", "block = 1", "block = 0 AND version = 2"])
def test_findings_that_were_hidden_or_set_back_are_found(services: Services, owner: Owner, where: str) -> None:
    # A block, the one that follows it, or its newest version.
    import_id = str(uuid.uuid4())
    for first in (1, 3, 26):
        entered(services, import_request(order(), import_id=import_id, first=first))
    wanted = registration_pb2.ListImportFindingsRequest(import_id=import_id)
    shown = services.ask(call_of(PUNJAB_PROSECUTION), wanted).response
    assert owner.findings() == []
    with owner.without("import_block", where):
        page = services.run(call := call_of(PUNJAB_PROSECUTION), wanted).outcome
    assert page is not None
    assert page.response != shown
    call.outcome = replace(page, seen=())
    services.writer.submit(call)
    assert owner.findings() == [FINDINGS]
