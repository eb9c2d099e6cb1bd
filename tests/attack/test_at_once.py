"""Two calls about one record in one batch, or one after the other: each hears of the other, and all is proved."""

from __future__ import annotations

import pytest

from nsor_server import errors
from nsor_server.storage.keyring import Keyring
from tests.agencies import (
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    officer_of,
)
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.orders import confirmation
from tests.registration import test_amend as amend
from tests.registration import test_closure as closures
from tests.registration import test_custody as custody
from tests.registration import test_ended_proposals as ended_proposals
from tests.registration import test_erasure as erasures
from tests.registration import test_photos as photos
from tests.registration import test_proposals as proposals
from tests.registration.test_held import CASES
from tests.registration.test_judgments import judgment
from tests.registration.test_review_decisions import DISTINCT, IN_ERROR, MERGE, Pair, pair
from tests.registration.test_reviews import clock, times
from tests.services import Services

__all__ = ["clock", "pair", "times"]

pytestmark = pytest.mark.parametrize("together", [True, False])


def test_a_merge_is_confirmed_once(pair: Pair, owner: Owner, *, together: bool) -> None:
    pair.services.ask(call_of(NPB), pair.proposing(MERGE))
    calls = [(call_of(NPB), pair.confirming(MERGE)) for _ in range(2)]
    ended = pair.services.at_once(*calls, together=together)
    assert sum(isinstance(each, Exception) for each in ended) == 1
    assert owner.findings() == []


@pytest.mark.parametrize("decision", [MERGE, DISTINCT, IN_ERROR])
def test_the_end_of_a_review_and_a_set_aside(pair: Pair, owner: Owner, decision: int, *, together: bool) -> None:
    services = pair.services
    services.ask(call_of(NPB), pair.proposing(decision, *([] if decision == MERGE else [pair.second])))
    set_aside = judgment("SET_ASIDE", case_number=CASES[0], cnics=[pair.number])
    services.at_once(
        (call_of(NPB), pair.confirming(decision)), (call_of(LAHORE_HIGH_COURT), set_aside), together=together
    )
    services.hidden(pair.first.registration_id, PUNJAB_POLICE)
    assert owner.findings() == []


@pytest.mark.parametrize("reverse", [True, False])
def test_an_amendment_and_a_seal(services: Services, owner: Owner, *, together: bool, reverse: bool) -> None:
    created = amend.released(services)
    calls = [
        (call_of(PUNJAB_POLICE), amend.amendment(services, created, nationality="AF")),
        (call_of(LAHORE_HIGH_COURT), judgment("SET_ASIDE")),
    ]
    services.at_once(*(reversed(calls) if reverse else calls), together=together)
    services.hidden(created.registration_id, PUNJAB_POLICE)
    assert owner.findings() == []


@pytest.mark.parametrize("reverse", [True, False])
def test_an_erasure_and_a_confirmation(
    services: Services, owner: Owner, keyring: Keyring, *, together: bool, reverse: bool
) -> None:
    # What a court has confirmed is never erased: whichever comes first, the other one is refused.
    created = services.create()
    closure_id = closures.proposed(services, created, **erasures.REASON)
    calls = [
        (call_of(NPB), closures.confirming(created, closure_id)),
        (call_of(LAHORE_COURT), confirmation(created)),
    ]
    ended = services.at_once(*(reversed(calls) if reverse else calls), together=together)
    assert sum(isinstance(each, Exception) for each in ended) == 1
    assert len(erasures.destroy(services, keyring)) == (0 if reverse else 1)
    assert owner.findings() == []


@pytest.mark.parametrize("reverse", [True, False])
def test_an_erasure_and_whatever_is_added(
    services: Services, owner: Owner, keyring: Keyring, *, together: bool, reverse: bool
) -> None:
    # A row that nobody can open any more, and that nobody has decided to destroy, would be a finding for ever.
    created = services.create()
    closure_id = closures.proposed(services, created, **erasures.REASON)
    calls = [
        (call_of(NPB), closures.confirming(created, closure_id)),
        (call_of(NPB), proposals.proposal(created, nationality="AF")),
        (call_of(PUNJAB_PROSECUTION), photos.addition(created)),
        (call_of(PUNJAB_PROSECUTION), amend.amendment(services, created, nationality="AF")),
    ]
    services.at_once(*(reversed(calls) if reverse else calls), together=together)
    erasures.destroy(services, keyring)
    assert owner.findings() == []


@pytest.mark.parametrize("make", ended_proposals.KINDS)
@pytest.mark.parametrize("reverse", [True, False])
def test_a_proposal_is_confirmed_or_refused_or_withdrawn(
    services: Services, owner: Owner, make: ended_proposals.Make, *, together: bool, reverse: bool
) -> None:
    first, second = (services.enrolled(officer_of(NPB)) for _ in range(2))
    proposed = make(services, first)
    calls = [
        (call_of(NPB, second), proposed.confirming()),
        (call_of(NPB, second), ended_proposals.refusing(proposed)),
        (call_of(NPB, first), ended_proposals.withdrawing(proposed)),
    ]
    ended = services.at_once(*(reversed(calls) if reverse else calls), together=together)
    assert [isinstance(each, errors.WrongState) for each in ended] == [False, True, True]
    assert owner.findings() == []


def test_a_custody_event_is_recorded_once(services: Services, owner: Owner, *, together: bool) -> None:
    created = custody.held(services)
    calls = [(call_of(PUNJAB_PRISONS), custody.event(services, created, "RELEASED")) for _ in range(2)]
    ended = services.at_once(*calls, together=together)
    assert sum(isinstance(each, Exception) for each in ended) == 1
    assert owner.findings() == []
