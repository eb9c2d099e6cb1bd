"""The owner of the database hides what is due, shows what was due before, or whoever has the keys makes a duty up."""

import pytest

from nsor.v1 import duties_pb2
from nsor_server import errors
from nsor_server.registration.reviews import ReviewTimes
from tests.agencies import NPB, PUNJAB_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_notice import notice
from tests.registration.test_duties import due, duties_of, released, waiver
from tests.registration.test_duty_watch import a_watch, told
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "times"]

UNTOLD = "a step of a duty fell due two days before a fixed time, and nobody was told of it"
LISTED = "the worklist isn't what there was to do"


def test_the_duties_of_an_honest_register_are_no_finding(services: Services, owner: Owner) -> None:
    # Released, told of where he lives, and waived; pages of police and of NPB, one after the other, and an empty one.
    one, other = released(services), released(services)
    services.ask(call_of(PUNJAB_POLICE), notice(one))
    duty = due(services, other, "PERIODIC_VERIFICATION")
    services.ask(call_of(PUNJAB_POLICE), waiver(services, other, duty.duty_id))
    for agency in (PUNJAB_POLICE, NPB):
        asked, officer = duties_pb2.ListDutiesRequest(page_size=1), officer_of(agency)
        asked.page_token = services.ask(call_of(agency, officer), asked).response.next_page_token
        assert services.ask(call_of(agency, officer), asked).response.items
    services.ask(call_of(PUNJAB_POLICE), duties_pb2.ListDutiesRequest(overdue=True))
    assert owner.findings() == []


def test_a_duty_that_was_hidden_from_the_list_is_found(services: Services, owner: Owner) -> None:
    created = released(services)
    with owner.without("registration_work", f"registration_id = '{created.registration_id}' AND part = 180"):
        found = services.ask(call_of(PUNJAB_POLICE), duties_pb2.ListDutiesRequest()).response
        assert not found.items
    assert owner.findings() == [LISTED]


@pytest.mark.parametrize("at", [(1, 4, 5), (1, 4, 5, 6, 7)])
def test_a_step_that_was_hidden_from_the_scheduler_is_found_once(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock, at: tuple[int, ...]
) -> None:
    # The fixed times say that the register was at work: whoever was down for long had nobody to tell.
    created, _ = released(services), released(services)
    hidden = f"registration_id = '{created.registration_id}' AND part = 181"
    watching = a_watch(services, owner.keyring)
    with owner.without("registration_work", hidden):
        watching.look()
        for days in at:
            clock.days = days
            assert times.look()
    assert len(told(services, "REFERRED")) == 4  # of the two duties of the other one
    watching.look()
    watching.stop()
    assert owner.findings() == [UNTOLD] * (7 in at)


def test_older_duties_that_were_shown_are_found(services: Services, owner: Owner) -> None:
    created = released(services)
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    newest = f"registration_id = '{created.registration_id}' AND version = 4"
    with owner.without("registration_version", newest):
        states = {each.kind: each.state for each in duties_of(services, created, PUNJAB_POLICE)}
        assert states[duties_pb2.DUTY_KIND_INITIAL_NOTICE] == duties_pb2.DUTY_STATE_OVERDUE
    assert owner.findings() == ["the answer showed another version than the newest one"]


@pytest.mark.parametrize("change", ["place = 'PK-SD/KHI'", "since_us = since_us + 1", "kind = 0"])
def test_nothing_is_due_that_the_register_does_not_say(services: Services, owner: Owner, change: str) -> None:
    released(services)
    owner.does(f"UPDATE registration_work SET {change} WHERE part = 180")  # noqa: S608 - constants
    if change != "kind = 0":
        with pytest.raises(errors.Internal):
            services.ask(call_of(NPB), duties_pb2.ListDutiesRequest())
    assert any("registration_work differs from the registrations in" in each for each in owner.findings())
