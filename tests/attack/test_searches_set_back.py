"""The owner of the database changes what a search reads, has it made, and puts everything back."""

from typing import Any

import pytest

from nsor_server import errors
from tests.agencies import NPB
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup.search.conftest import OPENER, Searching, named, suspect, written
from tests.lookup.search.conftest import searching as searching  # noqa: PLC0414 - a fixture
from tests.lookup.test_withdrawal import withdrawal
from tests.orders import conviction

RAFIQ = ("Muhammad Rafiq", "Lal Din", 1980)
HIDDEN = "a search didn't show a registration that it had found and had to show, in its newest version"
SHOWN = "a search showed a registration that it couldn't show"
OF_CASE = "the records of the case that a search read aren't those that there were"


def test_a_candidate_who_was_hidden_from_a_search_is_found(searching: Searching, owner: Owner) -> None:
    rafiq, _ = searching.confirmed(named(*RAFIQ), named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    with owner.without("registration_claim", f"registration_id = '{rafiq.key}'"):
        assert len(searching.shown(basis)) == 1
    assert owner.findings() == [HIDDEN]


def test_a_record_that_was_hidden_from_its_case_is_found(searching: Searching, owner: Owner) -> None:
    rafiq, _ = searching.confirmed(named(*RAFIQ), named(*RAFIQ))
    name = written("Muhammad Rafiq", "Lal Din")
    for table in ("registration_case", "registration_claim"):
        with owner.without(table, f"registration_id = '{rafiq.key}'"):
            assert len(searching.shown(searching.fir(), name=name)) == 1
    assert owner.findings() == [OF_CASE] * 2


def test_a_version_of_before_is_found(searching: Searching, owner: Owner) -> None:
    # What was set aside is shown as it was; and what is put before a search by another table's columns opens nowhere.
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis, name = searching.ticket(suspect(*RAFIQ)), written("Muhammad Rafiq", "Lal Din")
    searching.services.judge(conviction(), "SET_ASIDE")
    newest = f"registration_id = '{rafiq.key}' AND version > 2"
    with owner.without("registration_version", newest):
        assert searching.shown(basis) == searching.shown(searching.fir(), name=name) == [rafiq.key]
    assert owner.findings() == [SHOWN, OF_CASE, SHOWN]


def test_a_withdrawal_that_was_hidden_from_a_search_is_found(searching: Searching, owner: Owner) -> None:
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    searching.services.ask(call_of(NPB, OPENER), withdrawal(basis.ticket_id))
    with owner.without("access_grant_withdrawal", "true"):
        assert searching.shown(basis) == [rafiq.key]
    assert owner.findings() == ["a search rests on a grant, ticket or court case that counted no more"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registration_claim SET cnic_held = true",
        "UPDATE registration_version SET responsible_place = 'PK-SD/KHI/PS-001' WHERE version = 2",
        "UPDATE registration_version AS v SET sealed = o.sealed FROM registration_version AS o WHERE o.version = 1",
    ],
)
def test_a_record_that_contradicts_its_seal_is_shown_to_nobody(searching: Searching, owner: Owner, change: str) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    owner.does(change)
    by_name: dict[str, Any] = {"name": written("Muhammad Rafiq", "Lal Din")}
    for asked, fields in ((basis, {}), (searching.fir(), by_name)):
        with pytest.raises(errors.Internal):
            searching.outcome(asked, **fields)
