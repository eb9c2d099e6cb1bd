"""The owner of the database hides a notice, or what became of it, for one call, and puts it back."""

import pytest

from nsor_server.notification.notices import reading
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.notification.test_notice import notice, take
from tests.notification.test_notice_decisions import decide, withdraw
from tests.notification.test_notice_kinds import leg, named, names, of_kind, travel
from tests.notification.test_notices_shown import KINDS, listed, shown
from tests.orders import Created
from tests.services import Services

REST = "an answer with notices didn't rest on all that were given and decided"


@pytest.fixture
def confirmed(services: Services) -> Created:
    return services.confirmed()


def test_honest_answers_are_no_finding(
    services: Services, owner: Owner, confirmed: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [take(services, of_kind(confirmed, **each)).notice_id for each in KINDS]
    decide(services, confirmed, taken[1])
    withdraw(services, confirmed, taken[2])
    monkeypatch.setattr(reading, "MOST_LISTED", 2)
    for agency in (PUNJAB_POLICE, NPB):
        assert len(listed(services, confirmed, agency)) == 4  # the newest two, and two more that wait
        shown(services, confirmed, taken[0], agency)
    shown(services, confirmed, taken[2], FIA_IMMIGRATION)
    take(services, notice(confirmed))
    listed(services, confirmed)
    services.judge_all(confirmed, "SET_ASIDE")
    assert owner.findings() == []


def test_a_notice_that_was_hidden_from_its_list_is_found(services: Services, owner: Owner, confirmed: Created) -> None:
    one, other = (take(services, of_kind(confirmed, name=names(named(name)))).notice_id for name in ("Zafa", "Zafi"))
    with owner.without("notice", f"notice_id = '{one}'"):
        assert [each.notice_id for each in listed(services, confirmed)] == [other]
    assert owner.findings() == [REST]


def test_a_withdrawal_that_was_hidden_is_found(services: Services, owner: Owner, confirmed: Created) -> None:
    # FIA Immigration waits for somebody who doesn't travel.
    taken = take(services, of_kind(confirmed, travel=travel(leg()))).notice_id
    withdraw(services, confirmed, taken)
    with owner.without("notice_decision", "true"):
        shown(services, confirmed, taken, FIA_IMMIGRATION)
    assert owner.findings() == [REST]
