"""Whoever is dead stands at no moment again: not when a withdrawal is undone, nor when a record is unsealed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nsor.v1 import closure_pb2, notification_pb2
from nsor_server import errors
from nsor_server.registration.closure import rules
from nsor_server.storage.v1 import record_pb2
from tests.agencies import LAHORE_COURT, NPB, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_set_back import is_shown
from tests.calls import call_of
from tests.orders import cnic, confirmation, conviction
from tests.registration.test_add_conviction import SECOND, further
from tests.registration.test_closure import ARCHIVED, CONFIRMED, NOBODY, RESTORED, close, confirmed, state
from tests.registration.test_closure import time as time  # noqa: PLC0414 - a fixture
from tests.registration.test_closure_of_person import person, states, told
from tests.registration.test_deaths import dies
from tests.registration.test_held import CASES, restore
from tests.registration.test_review_decisions import Pair, pair
from tests.registration.test_reviews import clock, times
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock", "pair", "person", "times"]

UNSEALED = notification_pb2.EVENT_KIND_REGISTRATION_UNSEALED


def test_a_dead_persons_record_is_archived_again_once_its_withdrawal_is_undone(
    services: Services, owner: Owner, time: Callable[[], None]
) -> None:
    # Of the certificate nothing else would have archived it again.
    created = confirmed(services, number := cnic())
    close(services, created)
    died = services.get(created.registration_id, NPB).archive
    close(services, created, **WITHDRAWN)
    close(services, created, kind=RESTORED)
    assert services.get(created.registration_id, NPB).archive == died
    assert not is_shown(services, number)
    close(services, created, kind=RESTORED)
    time()
    assert state(services, created) == CONFIRMED
    assert owner.findings() == []


def test_a_verified_death_that_no_look_has_met_yet_archives_it_then_too(services: Services, owner: Owner) -> None:
    created = dies(services)
    close(services, created, **WITHDRAWN)
    close(services, created, kind=RESTORED)
    archive = services.get(created.registration_id, NPB).archive
    assert archive.reason == closure_pb2.ARCHIVE_REASON_DECEASED
    assert archive.HasField("died_date")
    assert owner.findings() == []


def test_whoever_is_found_alive_in_another_record_stands_once_its_withdrawal_is_undone(
    person: Pair, owner: Owner
) -> None:
    services = person.services
    close(services, person.first)
    close(services, person.second, **WITHDRAWN)
    close(services, person.first, kind=RESTORED)
    close(services, person.second, kind=RESTORED)
    assert states(person) == (CONFIRMED, CONFIRMED)
    assert owner.findings() == []


def test_a_record_that_is_unsealed_after_its_person_died_is_archived_with_the_others(
    person: Pair, owner: Owner
) -> None:
    # Nobody but NPB hears of it: it stands for nobody. What undoes the death brings both back.
    services = person.services
    services.judge(conviction(case_number=CASES[1]), "SET_ASIDE")
    close(services, person.first)
    restore(services, CASES[1])
    assert states(person) == (ARCHIVED, ARCHIVED)
    assert not is_shown(services, person.number)
    assert told(services, UNSEALED, person.second) == ["None"]
    close(services, person.first, kind=RESTORED)
    assert states(person) == (CONFIRMED, CONFIRMED)
    assert owner.findings() == []


def test_a_record_that_is_unsealed_after_its_own_death_was_verified_is_archived(
    services: Services, owner: Owner
) -> None:
    created = dies(services, confirmed(services, number := cnic()))
    services.judge(conviction(), "SET_ASIDE")
    restore(services, conviction().court_case.case_number)
    assert state(services, created) == ARCHIVED
    assert not is_shown(services, number)
    assert owner.findings() == []


def test_what_waits_in_a_sealed_record_is_confirmed_by_no_court_once_its_person_has_died(
    person: Pair, owner: Owner
) -> None:
    # A conviction after a retrial would bring the record of a dead person back; its court can't tell it from absent.
    services = person.services
    services.add_conviction(person.second, further())
    etag = services.get(person.second.registration_id, NPB).etag
    services.judge(conviction(case_number=CASES[1]), "RETRIAL_ORDERED")
    close(services, person.first)
    call = call_of(LAHORE_COURT, officer_of(LAHORE_COURT))
    services.refused(errors.NoRecord, call, confirmation(person.second, etag=etag, case_number=SECOND))
    services.hidden(person.second.registration_id, NPB)
    assert not is_shown(services, person.number)
    assert owner.findings() == []


@pytest.mark.parametrize("died", [True, False])
def test_a_record_that_is_unsealed_otherwise_than_its_person_is_found(
    person: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch, *, died: bool
) -> None:
    services = person.services
    services.judge(conviction(case_number=CASES[1]), "SET_ASIDE")
    if died:
        close(services, person.first)
    made_up = record_pb2.Archive(reason=closure_pb2.ARCHIVE_REASON_DECEASED, died_day=20000, time_us=1)
    with monkeypatch.context() as patched:
        patched.setattr(rules, "death", lambda *_, **__: None if died else made_up)
        restore(services, CASES[1])
    assert states(person) == ((ARCHIVED, CONFIRMED) if died else (CONFIRMED, ARCHIVED))
    assert owner.findings() == [NOBODY]
