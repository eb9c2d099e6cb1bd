"""The owner of the database has rows that decide away, or changed, for as long as one call takes.

Which keys and proposals there are is what was proved before, and never what a call's own statements find.
"""

import contextlib
from collections.abc import Iterator

import pytest

from nsor.v1 import directory_pb2, errors_pb2
from nsor_server import errors
from nsor_server.directory import limits
from tests.agencies import NPB, focal_person_of, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.directory import test_policies as policies
from tests.directory.test_enrolment import by, disabling_of, key_id, new_key
from tests.directory.test_officers import enrolment
from tests.services import Services

ONE, TWO = focal_person_of(NPB), focal_person_of(NPB, "FOCAL-2")


@contextlib.contextmanager
def meanwhile(services: Services, owner: Owner, change: str, back: str) -> Iterator[None]:
    """Something is changed between two looks of the server at what decides: while nothing is new, it has a minute."""
    services.directory.reload()
    owner.does(change)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services.directory, "reload", lambda _=None: services.directory.current)
        yield
    owner.does(back)


@contextlib.contextmanager
def without(services: Services, owner: Owner, table: str) -> Iterator[None]:
    """The rows of a table are gone meanwhile."""
    owner.does(f"CREATE TEMP TABLE kept_rows AS SELECT * FROM {table}")  # noqa: S608 - constants
    with meanwhile(services, owner, f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept_rows"):  # noqa: S608 - constants
        yield
    owner.does("DROP TABLE kept_rows")


def test_a_withdrawn_proposal_is_adopted_by_nobody(services: Services, owner: Owner) -> None:
    # Two officers of NPB have seen that it is withdrawn.
    services.enrolled(policies.FIRST)
    services.enrolled(policies.SECOND)
    found = policies.propose(services, policies.grants(9))
    policies.withdraw(services, found)
    with without(services, owner, "policy_proposal_withdrawal"):
        services.refused(errors.WrongState, call_of(NPB, policies.SECOND), policies.adoption(found))
    assert owner.findings() == []


def test_an_adopted_proposal_is_withdrawn_by_nobody(services: Services, owner: Owner) -> None:
    # What is in force can't be said to have been taken back before.
    services.enrolled(policies.FIRST)
    services.enrolled(policies.SECOND)
    found = policies.propose(services, policies.grants(9))
    policies.adopt(services, found)
    with without(services, owner, "policy_version"), pytest.raises(errors.WrongState):
        policies.withdraw(services, found)


def test_one_focal_person_does_not_disable_all_who_decide(services: Services, owner: Owner) -> None:
    # Beyond a few in a day it takes a second one, whatever the table of disabled keys says.
    deciders = [services.enrolled(officer_of(NPB)) for _ in range(limits.DECIDERS_ALONE_A_DAY + 1)]
    for each in deciders[:-1]:
        services.ask(by(NPB, ONE), disabling_of(each))
    with without(services, owner, "officer_disabled"):
        services.refused(errors.Denied, by(NPB, ONE), disabling_of(deciders[-1]))


def test_one_focal_person_replaces_no_deciders_key(services: Services, owner: Owner) -> None:
    # Whether a key decides was recorded when it was enrolled.
    old = new_key()
    first = enrolment(old, NPB)
    first.decides = True
    services.ask(by(NPB, ONE, TWO), first)
    second = enrolment(new_key(), NPB)
    second.replaced_key_id = key_id(old)
    with meanwhile(services, owner, "UPDATE officer SET decides = false", "UPDATE officer SET decides = true"):
        refusal = services.refused(errors.Denied, by(NPB, ONE), second)
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_FOCAL_PERSON_REQUIRED


def test_a_number_never_has_two_live_keys(services: Services, owner: Owner) -> None:
    # They would be two persons to nobody, and a key too many to an operator who disables one.
    services.ask(by(NPB, ONE, TWO), enrolment(new_key(), NPB, "LHR-1204"))
    second = enrolment(new_key(), NPB, "LHR-1204")
    with meanwhile(
        services, owner, "UPDATE officer SET officer_number = 'X-1'", "UPDATE officer SET officer_number = 'LHR-1204'"
    ):
        services.refused(errors.InvalidFields, by(NPB, ONE, TWO), second)


def test_proposals_are_counted_that_were_made(services: Services, owner: Owner) -> None:
    # Nobody proposes more than he may.
    services.enrolled(policies.FIRST)
    for uses in range(3, 3 + limits.OPEN_OF_OFFICER):
        policies.propose(services, policies.grants(uses))
    with without(services, owner, "policy_proposal"):
        services.refused(errors.Exhausted, call_of(NPB, policies.FIRST), policies.proposal(policies.grants(9)))


def test_an_agency_is_shown_the_keys_that_it_has(services: Services, owner: Owner) -> None:
    # A key that was enrolled behind its back stands in the list, and who was disabled is shown as disabled.
    known = services.enrolled(officer_of(NPB))
    services.ask(by(NPB, ONE), disabling_of(known))
    request = directory_pb2.ListOfficersRequest()
    before = services.ask(call_of(NPB), request).response
    assert [each.HasField("disable_time") for each in before.officers] == [True]
    with without(services, owner, "officer_disabled"):
        assert services.ask(call_of(NPB), request).response == before
    with meanwhile(
        services, owner, "UPDATE officer SET agency_id = 'sindh-police'", "UPDATE officer SET agency_id = 'npb'"
    ):
        assert services.ask(call_of(NPB), request).response == before
