"""What is decided once is decided once: a second decision has a reason, and nobody in its batch pays for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
from google.protobuf.message import Message

from nsor_server import errors
from nsor_server.calls import Agency, Outcome
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.storage.keyring import Keyring
from tests.agencies import NADRA, NPB, PUNJAB_POLICE, SINDH_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.registration import test_amend as amend
from tests.registration import test_closure as closures
from tests.registration import test_corrections as corrections
from tests.registration import test_custody as custody
from tests.registration import test_identity_changes as identity
from tests.registration import test_photos as photos
from tests.registration import test_proposals as proposals
from tests.services import Services, review_times

Decision: TypeAlias = Callable[[], Message]
Prepared: TypeAlias = tuple[Agency, Decision]


@pytest.fixture
def meet(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has a time for reviews come now."""
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)

    def once() -> None:
        with review_times(services, keyring) as times:
            assert times.look()

    return once


def amendment(services: Services, _meet: Callable[[], None]) -> Prepared:
    created = amend.released(services)
    found = proposals.proposed(services, created, NPB)
    return PUNJAB_POLICE, lambda: proposals.refusal(services, created, found)


def correction(services: Services, meet: Callable[[], None]) -> Prepared:
    created = amend.released(services)
    corrections.asked(services, registration_id=created.registration_id)
    meet()
    (met,) = corrections.listed(services, created)
    return PUNJAB_POLICE, lambda: corrections.decision(created, met.correction_id, corrections.AGREES)


def identity_change(services: Services, _meet: Callable[[], None]) -> Prepared:
    created, handle = identity.verified(services)
    services.ask(call_of(NADRA), identity.report(handle, "Zafar Anders"))
    return PUNJAB_POLICE, lambda: identity.decision(services, created)


def closure(services: Services, _meet: Callable[[], None]) -> Prepared:
    created = amend.released(services)
    found = closures.proposed(services, created)
    return NPB, lambda: closures.confirming(created, found)


def release(services: Services, _meet: Callable[[], None]) -> Prepared:
    created = custody.held(services)
    custody.expected(services, created)
    return SINDH_POLICE, lambda: custody.acceptance(services, created)


def photo(services: Services, _meet: Callable[[], None]) -> Prepared:
    created = amend.released(services)
    found = services.ask(call_of(PUNJAB_POLICE), photos.addition(created)).response.photo_id
    return PUNJAB_POLICE, lambda: photos.confirmation(created, found)


_ALL = (amendment, correction, identity_change, closure, release, photo)


@pytest.mark.parametrize("prepare", _ALL, ids=lambda each: each.__name__)
def test_a_second_decision_has_a_reason_and_no_neighbour_pays_for_it(
    services: Services, owner: Owner, meet: Callable[[], None], prepare: Callable[..., Prepared]
) -> None:
    agency, decide = prepare(services, meet)
    neighbour = amend.amendment(services, amend.released(services), nationality="AF")
    first, second, other = services.at_once(
        (call_of(agency), decide()), (call_of(agency), decide()), (call_of(PUNJAB_POLICE), neighbour), together=True
    )
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.WrongState | errors.EtagMismatch | errors.NoRecord)
    assert isinstance(other, Outcome)
    with pytest.raises((errors.WrongState, errors.EtagMismatch, errors.NoRecord)):
        services.ask(call_of(agency), decide())
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("prepare", "change"),
    [
        (amendment, "DELETE FROM registration_amendment_decision"),
        (correction, "DELETE FROM correction_decision"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_decision_that_was_taken_away_is_not_made_again(
    services: Services,
    owner: Owner,
    meet: Callable[[], None],
    caplog: pytest.LogCaptureFixture,
    *,
    prepare: Callable[..., Prepared],
    change: str,
) -> None:
    # Whoever owns the database deletes a decision: the ledger has its record, and a second one isn't written over it.
    agency, decide = prepare(services, meet)
    services.ask(call_of(agency), decide())
    owner.does(change)
    neighbour = amend.amendment(services, amend.released(services), nationality="AF")
    again, other = services.at_once((call_of(agency), decide()), (call_of(PUNJAB_POLICE), neighbour), together=True)
    assert isinstance(again, errors.Internal)
    assert isinstance(other, Outcome)
    assert "ALERT ROW_CONTRADICTED" in caplog.text
    assert owner.findings() != []
