"""The owner of the database hides what recalls rest on, or a recall, and puts everything back."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from nsor_server.lookup.recalls import rules
from tests.agencies import FIA_IMMIGRATION, NPB
from tests.attack.conftest import Owner
from tests.calls import Services, call_of
from tests.lookup.test_recalls import acknowledging, at_the_border, listed, looked_up, set_aside, tell, telling
from tests.orders import cnic, order

__all__ = ["tell", "telling"]

NOT_DUE = "recalls were written that weren't due, or not to everybody who was told"
OUT_OF_TURN = "recalls weren't written at their time, or don't go on where those before had ended"
NOT_TOLD = "agencies weren't told of their recalls, or of those that are overdue, as they had to be"
WRONG_LIST = "the recalls that were listed aren't those that there were"


@pytest.fixture
def shown(services: Services) -> list[bytes]:
    """Somebody who was shown to two agencies, and is set aside: the access ids."""
    number = cnic()
    services.confirmed(order(number))
    found = [looked_up(services, number), at_the_border(services, number)]
    set_aside(services)
    return found


@pytest.mark.usefixtures("shown")
def test_a_recall_that_was_hidden_from_a_list_is_found(
    services: Services, tell: Callable[[], int], owner: Owner
) -> None:
    tell()
    (recall,) = listed(services, FIA_IMMIGRATION)
    with owner.without("recall", f"recall_id = '{recall.recall_id}'"):
        assert listed(services, FIA_IMMIGRATION) == []
        assert len(listed(services, NPB)) == 1
    assert owner.findings() == [WRONG_LIST, WRONG_LIST]


@pytest.mark.usefixtures("shown")
def test_an_acknowledgement_that_was_hidden_from_a_list_is_found(
    services: Services, tell: Callable[[], int], owner: Owner
) -> None:
    tell()
    (recall,) = listed(services, FIA_IMMIGRATION)
    services.ask(call_of(FIA_IMMIGRATION), acknowledging(recall))
    assert owner.findings() == []
    with owner.without("recall_acknowledgement", "true"):
        assert len(listed(services, FIA_IMMIGRATION)) == 1
    assert owner.findings() == [WRONG_LIST]


def test_an_access_that_was_hidden_while_recalls_were_made_is_found(
    services: Services, tell: Callable[[], int], owner: Owner, shown: list[bytes]
) -> None:
    # Nobody would ever tell whoever was shown it.
    with owner.without("ledger_entry", f"access_id = '{uuid.UUID(bytes=shown[1])}'"):
        tell()
        assert listed(services, FIA_IMMIGRATION) == []
    assert owner.findings() == [NOT_DUE]


@pytest.mark.usefixtures("shown")
def test_an_order_that_was_hidden_while_recalls_were_made_is_found(
    services: Services, tell: Callable[[], int], owner: Owner
) -> None:
    with owner.without("recall_order", "true"):
        tell()
    assert listed(services, FIA_IMMIGRATION) == []
    assert owner.findings() == [NOT_DUE]


@pytest.mark.usefixtures("shown")
def test_a_recall_of_which_nobody_was_told_is_found(tell: Callable[[], int], owner: Owner) -> None:
    tell()
    owner.does("UPDATE outbox SET recipient = 'nadra' WHERE recipient = 'fia-immigration' AND kind = 360")
    assert NOT_TOLD in owner.findings()


@pytest.mark.usefixtures("shown")
def test_a_time_with_fewer_entries_than_it_must_have_is_found(
    tell: Callable[[], int], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server of his own could make them follow from what there is to tell.
    with monkeypatch.context() as patched:
        patched.setattr(rules, "ENTRIES", 1)
        assert (tell(), tell()) == (1, 1)
    assert owner.findings() == [OUT_OF_TURN]
