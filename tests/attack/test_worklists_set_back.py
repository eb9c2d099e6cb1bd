"""The owner of the database takes something out of a worklist, or puts it there, and puts everything back."""

import pytest

from nsor.v1 import worklists_pb2
from nsor_server import errors
from tests.agencies import KARACHI_COURT, LAHORE_COURT, PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.orders import Created
from tests.registration.test_worklists import found
from tests.services import Services

LISTED = "the worklist isn't what there was to do"
OPEN = "kind > 0"


@pytest.fixture
def waiting(services: Services) -> list[Created]:
    return [services.create() for _ in range(3)]


def test_the_worklists_of_an_honest_register_are_no_finding(services: Services, owner: Owner) -> None:
    # Pages of one officer and of all, first and later ones, before and after something was done, and empty ones.
    waiting = [services.create() for _ in range(3)]
    officer = officer_of(LAHORE_COURT, "PK-PB/LHR")
    asked = worklists_pb2.ListRegistrationsRequest(page_size=1)
    first = services.ask(call_of(LAHORE_COURT, officer), asked).response
    services.confirm(waiting[1])
    asked.page_token = first.next_page_token
    services.ask(call_of(LAHORE_COURT, officer), asked)
    assert found(services, LAHORE_COURT) == [waiting[0].registration_id, waiting[2].registration_id]
    for agency in (KARACHI_COURT, PUNJAB_PROSECUTION):
        found(services, agency)
    services.create()
    found(services, LAHORE_COURT)
    assert owner.findings() == []


def test_what_was_hidden_from_a_worklist_is_found(services: Services, owner: Owner, waiting: list[Created]) -> None:
    hidden = f"registration_id = '{waiting[1].registration_id}'"
    with owner.without("registration_work", hidden):
        assert waiting[1].registration_id not in found(services, LAHORE_COURT)
    assert owner.findings() == [LISTED]


@pytest.mark.usefixtures("waiting")
def test_a_worklist_whose_end_was_hidden_is_found(services: Services, owner: Owner) -> None:
    # The page is as long as it was asked for: that there is another one is what was hidden.
    with owner.without("registration_work", "since_us = (SELECT max(since_us) FROM registration_work)"):
        assert len(found(services, LAHORE_COURT, page_size=2)) == 2
    assert owner.findings() == [LISTED]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registration_work SET place = 'PK-SD/KHI'",
        "UPDATE registration_work SET since_us = since_us + 1",
        "UPDATE registration_work SET agency = 'sindh-prosecution'",
        "UPDATE registration_work SET kind = 2",
    ],
)
@pytest.mark.usefixtures("waiting")
def test_nothing_is_listed_that_the_register_does_not_say(services: Services, owner: Owner, change: str) -> None:
    # A row that was put before another court, or made another kind of work, contradicts the sealed version.
    owner.does(change)
    court = KARACHI_COURT if "KHI" in change else LAHORE_COURT
    with pytest.raises(errors.Internal):
        found(services, court)
    assert any(each == "registration_work differs from the registrations in 3 rows" for each in owner.findings())


@pytest.mark.parametrize("hidden", ["registration_version", "registration_key"])
@pytest.mark.usefixtures("waiting")
def test_a_work_whose_record_was_hidden_raises_the_alarm(
    services: Services, owner: Owner, caplog: pytest.LogCaptureFixture, hidden: str
) -> None:
    with owner.without(hidden, "true"), pytest.raises(errors.Internal):
        found(services, LAHORE_COURT)
    assert "ROW_CONTRADICTED" in caplog.text


@pytest.mark.usefixtures("waiting")
def test_no_worklist_is_of_a_register_of_before(services: Services, owner: Owner) -> None:
    with (
        owner.changing("UPDATE ledger_head SET size = size - 1", "UPDATE ledger_head SET size = size + 1"),
        pytest.raises(errors.Internal),
    ):
        services.run(call_of(LAHORE_COURT), worklists_pb2.ListRegistrationsRequest())
    assert owner.findings() == []
