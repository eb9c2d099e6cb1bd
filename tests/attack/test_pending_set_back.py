"""The owner of the database hides from NPB what waits for a second officer, and puts everything back."""

import pytest

from nsor.v1 import proposals_pb2, worklists_pb2
from nsor_server import errors
from tests.agencies import NPB, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.registration.test_closure import confirmed, proposed
from tests.registration.test_ended_proposals import reading, refusing
from tests.registration.test_pending import ended, pending
from tests.services import Services

LISTED = "the worklist isn't what there was to do"


def test_what_was_hidden_from_the_list_is_found(services: Services, owner: Owner) -> None:
    for _ in range(2):
        proposed(services, confirmed(services))
    hidden, shown = (each.decision_id for each in pending(services))
    with owner.without("registration_work", f"subject_id = '{hidden}'"):
        assert [each.decision_id for each in pending(services)] == [shown]
    assert owner.findings() == [LISTED]


def test_what_was_hidden_from_what_has_ended_is_found(services: Services, owner: Owner) -> None:
    first, second = (services.enrolled(officer_of(NPB)) for _ in range(2))
    for _ in range(2):
        services.ask(call_of(NPB, second), refusing(reading(services, first)))
    hidden, shown = (each.decision_id for each in ended(services))
    with owner.without("registration_work", f"subject_id = '{hidden}'"):
        assert [each.decision_id for each in ended(services)] == [shown]
    assert owner.findings() == [LISTED]


def test_a_row_that_the_register_does_not_say_is_refused_and_found(services: Services, owner: Owner) -> None:
    proposed(services, confirmed(services))
    owner.does("UPDATE registration_work SET since_us = since_us + 1 WHERE kind = 200")
    with pytest.raises(errors.Internal):
        services.run(call_of(NPB), worklists_pb2.ListPendingDecisionsRequest())
    assert owner.findings() == ["registration_work differs from the registrations in 1 row"]


def test_a_record_that_was_made_another_for_one_page_is_found(services: Services, owner: Owner) -> None:
    # As if the record had changed since its end was proposed: nobody confirms it any more.
    created = confirmed(services)
    proposed(services, created)
    newest = f"registration_id = '{created.registration_id}' AND version = 2"
    with owner.without("registration_version", newest):
        assert [each.state for each in pending(services)] == [proposals_pb2.PROPOSAL_STATE_OUTDATED]
    assert owner.findings() == ["what was listed as waiting for a second officer didn't rest on the newest versions"]
