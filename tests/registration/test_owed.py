"""What a record's owner finds in his worklist: what he has to look at again, and what he has to decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from nsor.v1 import notification_pb2, worklists_pb2
from nsor_server.registration.duties import untold
from nsor_server.registration.worklists import pages as pages_of_lists
from tests.agencies import LAHORE_COURT, PUNJAB_POLICE, PUNJAB_PRISONS, PUNJAB_PROSECUTION, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_worklists_set_back import LISTED
from tests.calls import call_of
from tests.orders import Created
from tests.registration.test_closure import RESTORED, close
from tests.registration.test_corrections import asked, confirmed, decision, listed, meet
from tests.registration.test_custody import happens, held
from tests.registration.test_identity import rename
from tests.registration.test_pending import later
from tests.registration.test_proposals import acceptance, proposed, refusal, withdrawal
from tests.registration.test_validation import after, saying
from tests.registration.test_worklists import ask, found, work
from tests.services import Services

__all__ = ["after", "meet"]

REVALIDATION = worklists_pb2.WORK_KIND_REVALIDATION
CORRECTION = worklists_pb2.WORK_KIND_CORRECTION
AMENDMENT = worklists_pb2.WORK_KIND_AMENDMENT
WAIT = notification_pb2.EVENT_KIND_AMENDMENTS_WAIT


def kinds(services: Services, created: Created, agency: object = PUNJAB_POLICE) -> list[int]:
    """What an agency has to do with a record."""
    items = work(services, agency)  # type: ignore[arg-type]  # an agency
    return [each.kind for each in items if each.registration_id == created.registration_id]


def test_an_owner_finds_what_he_has_to_look_at_again_until_he_has(
    services: Services, after: Callable[[int], None], owner: Owner
) -> None:
    created = confirmed(services)
    after(360)
    assert found(services, PUNJAB_POLICE) == []
    after(370)
    (item,) = work(services, PUNJAB_POLICE, kind=REVALIDATION)
    assert (item.registration_id, item.kind) == (created.registration_id, REVALIDATION)
    assert item.deadline.rule_id == "re-verification"
    assert list(item.person.initials)
    narrower = officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    assert found(services, PUNJAB_POLICE, narrower) == found(services, SINDH_POLICE) == []
    assert kinds(services, created, LAHORE_COURT) == kinds(services, created, PUNJAB_PROSECUTION) == []
    services.ask(call_of(PUNJAB_POLICE), saying(services, created))
    assert found(services, PUNJAB_POLICE) == []
    after(371)
    assert found(services, PUNJAB_POLICE) == []
    assert owner.findings() == []


def test_an_owner_finds_corrections_until_all_are_decided(
    services: Services, meet: Callable[[], None], owner: Owner
) -> None:
    created = confirmed(services)
    for _ in range(2):
        asked(services, registration_id=created.registration_id)
        meet()
    (item,) = work(services, PUNJAB_POLICE, kind=CORRECTION)
    assert (item.registration_id, item.HasField("deadline")) == (created.registration_id, False)
    for each in listed(services, created):
        assert kinds(services, created) == [CORRECTION]
        services.ask(call_of(PUNJAB_POLICE), decision(created, each.correction_id))
    assert found(services, PUNJAB_POLICE) == []
    assert owner.findings() == []


def test_a_new_owner_finds_what_was_left_and_the_old_one_does_not(
    services: Services, after: Callable[[int], None], owner: Owner
) -> None:
    # The prosecution owns it until he is released, and the police of the place from then on.
    created = held(services)
    asked(services, registration_id=created.registration_id)
    after(370)
    assert set(kinds(services, created, PUNJAB_PROSECUTION)) >= {REVALIDATION, CORRECTION}
    assert kinds(services, created) == []
    happens(services, created, "RELEASED", by=PUNJAB_PRISONS)
    assert not {REVALIDATION, CORRECTION} & set(kinds(services, created, PUNJAB_PROSECUTION))
    after(371)
    assert set(kinds(services, created)) >= {REVALIDATION, CORRECTION}
    assert not {REVALIDATION, CORRECTION} & set(kinds(services, created, PUNJAB_PROSECUTION))
    assert owner.findings() == []


def test_of_an_archived_record_nobody_finds_anything(
    services: Services, after: Callable[[int], None], owner: Owner
) -> None:
    created = confirmed(services)
    after(370)
    close(services, created)
    assert found(services, PUNJAB_POLICE) == []
    close(services, created, kind=RESTORED)
    after(371)
    assert kinds(services, created) == [REVALIDATION]
    assert owner.findings() == []


def test_what_was_hidden_from_an_owner_is_found(services: Services, after: Callable[[int], None], owner: Owner) -> None:
    created = confirmed(services)
    after(370)
    with owner.without("registration_work", f"kind = {REVALIDATION}"):
        assert kinds(services, created) == []
    assert owner.findings() == [LISTED]


@pytest.mark.parametrize("change", ["since_us = since_us - 1", "place = 'PK-PB/MUL'"])
def test_a_changed_row_is_found(services: Services, after: Callable[[int], None], owner: Owner, change: str) -> None:
    confirmed(services)
    after(370)
    owner.does(f"UPDATE registration_work SET {change} WHERE kind = {REVALIDATION}")  # noqa: S608 - constants
    assert owner.findings()


@pytest.mark.parametrize("most", [400, 2])
def test_no_page_says_by_an_item_too_few_that_a_record_is_archived(  # nor sealed, nor another's
    services: Services, after: Callable[[int], None], owner: Owner, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(pages_of_lists, "MOST_READ", most)
    every = [confirmed(services) for _ in range(5)]
    after(370)
    in_order = found(services, PUNJAB_POLICE, kind=REVALIDATION)
    assert len(in_order) == len(every)
    for at in (0, 2, 3):
        close(services, next(each for each in every if each.registration_id == in_order[at]))
    officer, pages, token = officer_of(PUNJAB_POLICE), list[list[str]](), ""
    while not pages or token:
        answer = ask(services, PUNJAB_POLICE, officer, kind=REVALIDATION, page_size=1, page_token=token).response
        pages.append([each.registration_id for each in answer.items])
        token = answer.next_page_token
    assert [each for page in pages for each in page] == [in_order[1], in_order[4]]
    if most > len(every):
        assert pages == [[in_order[1]], [in_order[4]]]
    assert owner.findings() == []
    # Further on it is told again as well.
    with owner.without("registration_work", f"registration_id = '{in_order[4]}'"):
        ask(services, PUNJAB_POLICE, officer, kind=REVALIDATION, page_size=1)
    assert owner.findings() == ([LISTED] if most > len(every) else [])


def test_an_owner_finds_proposed_amendments_until_all_are_decided(services: Services, owner: Owner) -> None:
    # What the agency of the officer proposes itself waits for a second one of it.
    created = confirmed(services)
    assert AMENDMENT not in kinds(services, created)
    of_prosecution, of_police, of_court = (
        proposed(services, created, agency) for agency in (PUNJAB_PROSECUTION, PUNJAB_POLICE, LAHORE_COURT)
    )
    for request in (
        withdrawal(services, created, of_prosecution),
        refusal(services, created, of_court),
        acceptance(services, created, of_police),
    ):
        (item,) = work(services, PUNJAB_POLICE, kind=AMENDMENT)
        assert (item.registration_id, item.HasField("deadline")) == (created.registration_id, False)
        assert found(services, PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/MUL")) == []
        assert kinds(services, created, PUNJAB_PROSECUTION) == kinds(services, created, LAHORE_COURT) == []
        by = PUNJAB_PROSECUTION if request.amendment_id == of_prosecution else PUNJAB_POLICE
        services.ask(call_of(by), request)
    assert found(services, PUNJAB_POLICE, kind=AMENDMENT) == []
    assert owner.findings() == []


def test_a_new_owner_is_told_of_proposed_amendments_once_and_finds_them(
    services: Services, after: Callable[[int], None], owner: Owner
) -> None:
    # Whoever proposed them told the owner of that day.
    created = held(services)
    proposed(services, created, PUNJAB_PRISONS)
    assert AMENDMENT in kinds(services, created, PUNJAB_PROSECUTION)
    after(1)
    assert services.owed(WAIT) == []
    happens(services, created, "RELEASED", by=PUNJAB_PRISONS)
    assert AMENDMENT not in {*kinds(services, created), *kinds(services, created, PUNJAB_PROSECUTION)}
    after(2)
    assert AMENDMENT in kinds(services, created)
    assert AMENDMENT not in kinds(services, created, PUNJAB_PROSECUTION)
    assert services.owed(WAIT) == [PUNJAB_POLICE.agency_id]
    rename(services, created, "Zafar Testi Khan")  # another version
    after(3)
    assert services.owed(WAIT) == [PUNJAB_POLICE.agency_id]
    assert owner.findings() == [untold.PROBLEM]  # no scheduler runs here


def test_amendments_that_nobody_can_decide_any_more_are_in_no_list(
    services: Services, monkeypatch: pytest.MonkeyPatch, owner: Owner
) -> None:
    created = confirmed(services)
    proposed(services, created, PUNJAB_PROSECUTION)
    later(monkeypatch, dt.timedelta(days=365))
    assert AMENDMENT not in kinds(services, created)
    proposed(services, created, LAHORE_COURT)
    assert AMENDMENT in kinds(services, created)
    assert owner.findings() == []


def test_amendments_of_an_archived_record_are_in_no_list_until_it_stands_again(
    services: Services, after: Callable[[int], None], owner: Owner
) -> None:
    created = confirmed(services)
    proposed(services, created, PUNJAB_PROSECUTION)
    close(services, created)
    after(1)
    assert found(services, PUNJAB_POLICE) == []
    close(services, created, kind=RESTORED)
    after(2)
    assert AMENDMENT in kinds(services, created)
    assert owner.findings() == []


def test_a_proposed_amendment_that_was_hidden_from_an_owner_is_found(services: Services, owner: Owner) -> None:
    created = confirmed(services)
    proposed(services, created, PUNJAB_PROSECUTION)
    with owner.without("registration_work", f"kind = {AMENDMENT}"):
        assert AMENDMENT not in kinds(services, created)
    assert owner.findings() == [LISTED]


def test_a_row_of_proposed_amendments_that_was_changed_is_found(services: Services, owner: Owner) -> None:
    proposed(services, confirmed(services), PUNJAB_PROSECUTION)
    owner.does(f"UPDATE registration_work SET since_us = since_us - 1 WHERE kind = {AMENDMENT}")  # noqa: S608 - a constant
    assert owner.findings()
