"""What was asked for, or fell due, while a record didn't stand is told at the next fixed time after it does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nsor.v1 import corrections_pb2, notification_pb2
from nsor_server.registration import returned
from tests.agencies import PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.orders import cnic, order
from tests.registration.test_closure import RESTORED, close
from tests.registration.test_corrections import REQUESTED, asked, confirmed, decision, listed, meet
from tests.registration.test_custody import expected, held
from tests.registration.test_validation import NOT_NAMED, OVERDUE, after
from tests.services import Services

__all__ = ["after", "meet"]

NOT_ACCEPTED = notification_pb2.EVENT_KIND_RELEASE_NOT_ACCEPTED
RELEASE_OVERDUE = notification_pb2.EVENT_KIND_RELEASE_OVERDUE
NOT_MET = "a time for reviews doesn't name the registrations that corrections were asked for"


def test_what_was_asked_for_before_the_courts_confirmation_is_decided(
    services: Services, meet: Callable[[], None], owner: Owner
) -> None:
    confirmed(services)  # before the first confirmation no time comes
    created = services.create(order(number := cnic()))
    for fields in ({"cnic": number}, {"registration_id": created.registration_id}, {"cnic": cnic()}):
        asked(services, **fields)
    meet()
    assert services.owed(REQUESTED) == []
    services.confirm(created)
    meet()
    assert services.owed(REQUESTED) == ["npb", "punjab-police"]
    one, other = listed(services, created)
    for each in (one, other):
        services.ask(call_of(PUNJAB_POLICE), decision(created, each.correction_id))
    states = {each.state for each in listed(services, created)}
    assert states == {corrections_pb2.CORRECTION_STATE_ACCEPTED}
    meet()
    assert len(listed(services, created)) == 2
    assert owner.findings() == []


def test_a_correction_meets_a_record_once_also_when_it_stands_again(
    services: Services, meet: Callable[[], None], owner: Owner
) -> None:
    created = confirmed(services, number := cnic())
    meet()
    asked(services, cnic=number)
    meet()
    close(services, created)
    asked(services, cnic=number)
    meet()
    close(services, created, kind=RESTORED)
    meet()
    assert len(listed(services, created)) == 2
    meet()
    assert len(listed(services, created)) == 2
    assert owner.findings() == []


def test_what_fell_due_in_the_archive_is_told_when_it_is_out(
    services: Services, after: Callable[[int], None], owner: Owner
) -> None:
    created = held(services)
    expected(services, created)
    close(services, created)
    for days in (1, 370):
        after(days)
    assert services.owed(OVERDUE) == services.owed(NOT_ACCEPTED) == services.owed(RELEASE_OVERDUE) == []
    close(services, created, kind=RESTORED)
    for days in (371, 372):
        after(days)
        assert services.owed(OVERDUE) == ["npb", "punjab-prosecution"]
        assert services.owed(NOT_ACCEPTED) == services.owed(RELEASE_OVERDUE) != []
    assert owner.findings() == []


def test_a_time_looks_at_so_many_and_the_next_goes_on_behind_them(
    services: Services, meet: Callable[[], None], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A court confirms hundreds by one signature: no commit is as long as that.
    monkeypatch.setattr(returned, "MOST", 2)
    waiting = [services.create() for _ in range(3)]
    for each in waiting:
        asked(services, registration_id=each.registration_id)
    confirmed(services)
    meet()
    for each in waiting:
        services.confirm(each)
    for told in (2, 3, 3):
        meet()
        assert services.owed(REQUESTED).count("npb") == told
    assert owner.findings() == []


@pytest.mark.parametrize("hidden", ["correction_request", "ledger_record"])
def test_whoever_was_hidden_when_he_came_to_stand_is_found(
    services: Services, meet: Callable[[], None], owner: Owner, hidden: str
) -> None:
    created = services.create()
    asked(services, registration_id=created.registration_id)
    confirmed(services)
    meet()
    services.confirm(created)
    of_it = f"row_id = uuid_send('{created.key}') AND version = 2" if hidden == "ledger_record" else "true"
    with owner.without(hidden, of_it):
        meet()
    assert services.owed(REQUESTED) == []
    assert NOT_MET in owner.findings()


def test_what_fell_due_and_was_hidden_when_it_was_out_is_found(
    services: Services, after: Callable[[int], None], owner: Owner
) -> None:
    created = held(services)
    close(services, created)
    after(370)
    close(services, created, kind=RESTORED)
    with owner.without("registration_validation", "true"):
        after(371)
    assert services.owed(OVERDUE) == []
    assert NOT_NAMED in owner.findings()
