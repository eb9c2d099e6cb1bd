"""The owner of the database hides a correction, or what was decided on it, for one call, and puts it back."""

from collections.abc import Callable

import pytest

from nsor.v1 import corrections_pb2
from nsor_server.registration.corrections import rules
from tests.agencies import NPB, PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.orders import Created
from tests.registration.test_corrections import AGREES, asked, confirmed, decision, listed, listing, meet
from tests.services import Services

__all__ = ["meet"]

OPEN, REFUSED = corrections_pb2.CORRECTION_STATE_OPEN, corrections_pb2.CORRECTION_STATE_REFUSED
REST = "a list of corrections didn't rest on all that the registration had met, and on the decisions"


@pytest.fixture
def created(services: Services, meet: Callable[[], None]) -> Created:
    """A record that two corrections have met, the first of which its owner has refused."""
    created = confirmed(services)
    asked(services, registration_id=created.registration_id)
    meet()
    (one,) = listed(services, created)
    services.ask(call_of(PUNJAB_POLICE), decision(created, one.correction_id, AGREES))
    asked(services, registration_id=created.registration_id)
    meet()
    return created


def test_honest_lists_are_no_finding(
    services: Services, owner: Owner, created: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than a list reads: verification reads no more than the list did.
    monkeypatch.setattr(rules, "MOST", 1)
    (newest,) = services.ask(call_of(NPB), listing(created)).response.corrections
    services.ask(call_of(PUNJAB_POLICE), decision(created, newest.correction_id))
    assert len(listed(services, created)) == 1
    assert not listed(services, confirmed(services))
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("hidden", "states"),
    [
        ("correction_met WHERE review_time = 2", [REFUSED]),
        ("correction_met WHERE true", []),
        ("correction_decision WHERE true", [OPEN, OPEN]),
    ],
)
def test_what_was_hidden_from_a_list_is_found(
    services: Services, owner: Owner, created: Created, hidden: str, states: list[int]
) -> None:
    # The owner wouldn't hear that somebody says his record is wrong, or would decide it once more.
    with owner.without(*hidden.split(" WHERE ")):
        assert [each.state for each in listed(services, created)] == states
    assert owner.findings() == [REST]


@pytest.mark.parametrize("change", ["correction_request_id", "review_time"])
def test_a_correction_that_was_shown_as_another_is_found(
    services: Services, owner: Owner, created: Created, change: str
) -> None:
    owner.does("CREATE TEMP TABLE kept AS SELECT * FROM correction_met")
    owner.does(
        f"UPDATE correction_met SET {change} = (SELECT {change} FROM kept WHERE review_time = 2)"  # noqa: S608 - a test
        " WHERE review_time = 1"
    )
    listed(services, created)
    owner.does("DELETE FROM correction_met", "INSERT INTO correction_met SELECT * FROM kept")
    assert owner.findings() == [REST]
