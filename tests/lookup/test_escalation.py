"""Access requests that nobody decides: who hears of it and when, once, also after a stop; and who doesn't."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from nsor.v1 import notification_pb2
from nsor_server.events import recipients
from nsor_server.ledger.watching import has_turn
from nsor_server.lookup.requests.escalation import watch
from nsor_server.lookup.requests.escalation.watch import SilenceWatch
from nsor_server.storage.keyring import Keyring
from tests.agencies import PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import TRACING
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_list_access_requests import INCOMPLETE, Clock, asked, etag_of
from tests.lookup.test_list_access_requests import clock as clock  # noqa: PLC0414 - a fixture
from tests.services import Services

DISTRICT = "PK-PB/LHR"


def a_watch(services: Services, keyring: Keyring) -> SilenceWatch:
    services.directory.reload()
    return SilenceWatch(services.database, services.writer, services.directory, TRACING, keyring)


@pytest.fixture
def watching(services: Services, keyring: Keyring) -> Iterator[SilenceWatch]:
    made = a_watch(services, keyring)
    yield made
    made.stop()


def told(services: Services, kind: str) -> list[str]:
    return services.owed(notification_pb2.EventKind.Value(f"EVENT_KIND_ACCESS_REQUEST_{kind}"))


def size(services: Services) -> int:
    return int(services.one("SELECT size FROM ledger_head"))


def test_each_step_is_told_when_it_falls_due_and_once(
    services: Services, requests: AccessRequests, watching: SilenceWatch, clock: Clock
) -> None:
    asked(requests)
    for hours, kind, hear in (
        (36, "DUE_SOON", ["punjab-prosecution"]),
        (48, "OVERDUE", ["punjab-police", "punjab-prosecution"]),
        (60, "ESCALATED", ["punjab-prosecution"]),
        (72, "REFERRED", ["npb", "punjab-prosecution"]),
    ):
        clock.hours = hours - 0.1
        watching.look()
        assert told(services, kind) == []
        clock.hours = hours
        watching.look()
        watching.look()
        assert told(services, kind) == hear
    before = size(services)
    clock.hours = 1000
    watching.look()
    assert size(services) == before


@pytest.mark.parametrize("decision", ["approve", "return"])
def test_what_is_decided_is_told_to_nobody(
    services: Services, requests: AccessRequests, watching: SilenceWatch, clock: Clock, decision: str
) -> None:
    request_id = asked(requests)
    clock.hours = 49
    watching.look()
    if decision == "approve":
        requests.approve(request_id, etag_of(requests, request_id))
    else:
        requests.send_back(request_id, etag_of(requests, request_id), INCOMPLETE)
    clock.hours = 100
    watching.look()
    assert told(services, "OVERDUE") == ["punjab-police", "punjab-prosecution"]
    assert told(services, "ESCALATED") == told(services, "REFERRED") == []


def test_a_prosecutor_who_has_the_request_before_him_decides_it_after_a_step_was_told(
    requests: AccessRequests, watching: SilenceWatch, clock: Clock
) -> None:
    # A step is no new version: what he has read is what he decides.
    request_id = asked(requests)
    etag = etag_of(requests, request_id)
    clock.hours = 49
    watching.look()
    assert requests.approve(request_id, etag).response.grant.grant_id


def test_after_a_stop_all_is_told_that_was_missed_but_no_reminder_and_nothing_twice(
    services: Services, requests: AccessRequests, watching: SilenceWatch, keyring: Keyring, clock: Clock
) -> None:
    asked(requests)
    clock.hours = 80
    watching.look()
    assert told(services, "DUE_SOON") == []
    assert told(services, "OVERDUE") == ["punjab-police", "punjab-prosecution"]
    assert told(services, "REFERRED") == ["npb", "punjab-prosecution"]
    before, other = size(services), a_watch(services, keyring)
    assert not other.look()
    other.stop()
    assert size(services) == before


def test_nothing_due_writes_nothing(services: Services, requests: AccessRequests, watching: SilenceWatch) -> None:
    asked(requests)
    before = size(services)
    assert not watching.look()
    assert size(services) == before


def test_many_are_told_of_in_several_entries(
    services: Services,
    requests: AccessRequests,
    watching: SilenceWatch,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "MOST", 2)
    for _ in range(3):
        asked(requests)
    clock.hours = 49
    before = size(services)
    while watching.look():
        pass
    assert size(services) - before == 2
    assert len(told(services, "OVERDUE")) == 6


def test_of_two_processes_one_works_at_a_time(
    services: Services, requests: AccessRequests, watching: SilenceWatch, clock: Clock
) -> None:
    asked(requests)
    clock.hours = 49
    with services.database.transaction() as conn:
        assert has_turn(conn, watch.TURN)
        assert not watching.look()
    assert told(services, "OVERDUE") == []
    watching.look()
    assert told(services, "OVERDUE")


def test_a_decision_that_comes_while_a_step_is_told_wins(
    services: Services, requests: AccessRequests, watching: SilenceWatch, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The step was read before the decision, and is written behind it: it is stale, and told to nobody.
    request_id = asked(requests)
    etag = etag_of(requests, request_id)
    clock.hours = 49
    begin = watching._begin

    def deciding(*given: object) -> object:
        requests.approve(request_id, etag)
        return begin(*given)  # type: ignore[arg-type]  # what it is given

    monkeypatch.setattr(watching, "_begin", deciding)
    watching.look()
    monkeypatch.undo()
    watching.look()
    assert told(services, "OVERDUE") == []


@pytest.mark.parametrize("damage", ["next_step_us = 1", "access_request_id = gen_random_uuid()"])
def test_what_cannot_be_read_is_not_in_the_way_of_the_others(
    requests: AccessRequests, keyring: Keyring, clock: Clock, owner: Owner, damage: str
) -> None:
    services = requests.services
    watching = a_watch(services, keyring)
    broken, _ = asked(requests), asked(requests)
    owner.does(f"UPDATE access_request_watch SET {damage} WHERE access_request_id = '{broken}'")  # noqa: S608 - constants
    clock.hours = 49
    watching.look()
    assert told(services, "OVERDUE") == ["punjab-police", "punjab-prosecution"]
    watching.stop()
    assert any("access_request_watch differs from the access requests in " in each for each in owner.findings())


def test_the_provinces_prosecution_is_the_one_whose_jurisdiction_is_the_province() -> None:
    province = PUNJAB_PROSECUTION
    district = replace(province, agency_id="lahore-prosecution", jurisdiction=(DISTRICT,))
    both = {each.agency_id: each for each in (province, district)}
    assert recipients.prosecution_at(both, DISTRICT, 2) == ["lahore-prosecution"]
    assert recipients.prosecution_at(both, DISTRICT, 1) == ["punjab-prosecution"]
    alone = {"punjab-prosecution": province}
    assert recipients.prosecution_at(alone, DISTRICT, 2) == ["punjab-prosecution"]
    assert recipients.prosecution_at({"lahore-prosecution": district}, DISTRICT, 1) == ["lahore-prosecution"]


def test_an_honest_register_is_accused_of_nothing(
    requests: AccessRequests, watching: SilenceWatch, clock: Clock, owner: Owner
) -> None:
    clock.hours = -50
    asked(requests)
    late, decided = asked(requests), asked(requests)
    clock.hours = 0
    requests.approve(decided, etag_of(requests, decided))
    watching.look()
    requests.approve(late, etag_of(requests, late))
    watching.look()
    assert owner.findings() == []
