"""A register that ends or confirms proposals as it mustn't writes what `ledger verify` finds."""

from __future__ import annotations

import datetime as dt

import pytest

from nsor_server.calls import Officer
from tests import sides
from tests.agencies import NPB, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.registration.test_ended_proposals import Make, each_kind, refusing, withdrawing
from tests.registration.test_pending import later
from tests.services import Services

WRONG = {
    "closure_version": (
        "a proposal how a record ends wasn't withdrawn or refused as it may be",
        "how a record ends wasn't proposed and confirmed by two officers",
    ),
    "judgment_version": (
        "a judgment was confirmed or unsealed by who had recorded or proposed it",
        "the version of a judgment doesn't follow the one before",
    ),
    "sealed_reading": (
        "a proposal to read what is sealed wasn't withdrawn or refused as it may be",
        "a reading of what is sealed wasn't opened by a second officer",
    ),
}
"""Table -> what is said of an end, and of a confirmation."""


@pytest.fixture
def first(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


@pytest.fixture
def second(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


@pytest.fixture
def always_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsor_server.registration.proposals.rules.is_open", lambda **_: True)


@each_kind
@pytest.mark.usefixtures("always_open")
def test_what_was_confirmed_after_it_had_ended_is_found(
    services: Services, owner: Owner, first: Officer, second: Officer, make: Make
) -> None:
    proposed = make(services, first)
    services.ask(call_of(NPB, second), refusing(proposed))
    services.ask(call_of(NPB, second), proposed.confirming())
    assert WRONG[proposed.table][1] in owner.findings()


@each_kind
@pytest.mark.usefixtures("always_open")
@pytest.mark.parametrize("confirmed", [True, False])
def test_what_was_confirmed_or_ended_after_its_time_is_found(
    *, services: Services, owner: Owner, first: Officer, second: Officer, make: Make, confirmed: bool
) -> None:
    with pytest.MonkeyPatch.context() as then:
        later(then, -dt.timedelta(days=30))
        proposed = make(services, first)
    if confirmed:
        services.ask(call_of(NPB, second), proposed.confirming())
    else:
        services.ask(call_of(NPB, first), withdrawing(proposed))
    assert WRONG[proposed.table][confirmed] in owner.findings()


@each_kind
def test_a_refusal_by_who_had_proposed_it_is_found(
    services: Services, owner: Owner, first: Officer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed = make(services, first)
    sides.compare_nobody(monkeypatch)
    services.ask(call_of(NPB, first), refusing(proposed))
    assert owner.findings() == [WRONG[proposed.table][0]]


@each_kind
def test_a_withdrawal_by_another_officer_is_found(
    *,
    services: Services,
    owner: Owner,
    first: Officer,
    second: Officer,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proposed = make(services, first)
    with monkeypatch.context() as patched:
        sides.compare_nobody(patched)
        services.ask(call_of(NPB, second), withdrawing(proposed))
    assert owner.findings() == [WRONG[proposed.table][0]]
