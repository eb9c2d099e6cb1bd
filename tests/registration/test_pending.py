"""What waits for a second officer of NPB: NPB alone is shown it, until it is confirmed, or can't be any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from nsor.v1 import closure_pb2, worklists_pb2
from nsor_server.calls import Officer
from tests.agencies import AGENCIES, NPB, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import CONTRACT, Services, call_of
from tests.orders import cnic, conviction, order
from tests.registration import test_closure as closures
from tests.registration import test_judgments as judgments
from tests.registration import test_sealed_reading as readings

METHOD = "nsor.v1.RegistrationService/ListPendingDecisions"
CLOSURE = worklists_pb2.PENDING_DECISION_KIND_CLOSURE
UNSEALING = worklists_pb2.PENDING_DECISION_KIND_UNSEALING
READING = worklists_pb2.PENDING_DECISION_KIND_SEALED_READING

ERASING: Mapping[str, Any] = {
    "kind": closure_pb2.CLOSURE_KIND_ERASED,
    "erasure_reason": closure_pb2.ERASURE_REASON_OTHER_PERSON,
}


@pytest.fixture
def first(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


@pytest.fixture
def second(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


def page(
    services: Services, officer: Officer | None = None, **fields: Any
) -> worklists_pb2.ListPendingDecisionsResponse:
    request = worklists_pb2.ListPendingDecisionsRequest(**fields)
    response: worklists_pb2.ListPendingDecisionsResponse = services.ask(call_of(NPB, officer), request).response
    return response


def pending(services: Services, officer: Officer | None = None) -> Sequence[worklists_pb2.PendingDecision]:
    return page(services, officer).decisions


def test_each_kind_is_shown_to_the_second_officer_until_he_has_confirmed_it(
    services: Services, first: Officer, second: Officer, owner: Owner
) -> None:
    created = services.create(order())
    closure_id = closures.proposed(services, created, first, **ERASING)
    reading_id = readings.proposed(services, first, readings.ABSENT)
    judgments.confirmed(services, cnic())
    judgments.by_registry(services, judgments.judgment("SET_ASIDE"))
    restored = judgments.by_registry(services, judgments.judgment("RESTORED")).response.judgment_id
    services.ask(call_of(NPB, first), judgments.proposing(restored))
    found = pending(services, second)
    assert [(each.kind, each.decision_id, each.registration_id) for each in found] == [
        (CLOSURE, closure_id, created.registration_id),
        (READING, reading_id, readings.ABSENT),
        (UNSEALING, restored, ""),
    ]
    assert {each.officer_number for each in found} == {first.officer_number}
    assert [each.own for each in found] == [False] * 3
    assert [each.own for each in pending(services, first)] == [True] * 3
    assert [each.HasField("expire_time") for each in found] == [False, True, False]
    assert found[0].closure_kind == closure_pb2.CLOSURE_KIND_ERASED
    services.ask(call_of(NPB, second), closures.confirming(created, closure_id))
    assert [each.kind for each in pending(services, second)] == [READING, UNSEALING]
    services.ask(call_of(NPB, second), readings.confirming(reading_id, readings.ABSENT))
    assert [each.kind for each in pending(services, second)] == [UNSEALING]
    services.ask(call_of(NPB, second), judgments.unsealing(restored))
    assert pending(services, second) == []
    assert owner.findings() == []


def test_what_was_proposed_besides_of_a_record_is_shown_no_more(services: Services, owner: Owner) -> None:
    created = services.create(order())
    closures.proposed(services, created, **ERASING)
    closure_id = closures.proposed(services, created, **ERASING)
    assert [each.kind for each in pending(services)] == [CLOSURE] * 2
    services.ask(call_of(NPB), closures.confirming(created, closure_id))
    assert pending(services) == []
    assert owner.findings() == []


def test_what_can_not_be_confirmed_any_more_is_shown_to_nobody(
    services: Services, first: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = closures.confirmed(services)
    closures.proposed(services, created)
    services.judge(conviction(), "APPEAL_FILED")
    readings.proposed(services, first, readings.ABSENT)
    assert [each.kind for each in pending(services)] == [READING]
    late = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    monkeypatch.setattr("nsor_server.calls.Call.now", lambda _: late)
    assert pending(services) == []


def test_pages_go_on_where_the_one_before_ended(services: Services, first: Officer, owner: Owner) -> None:
    expected = [readings.proposed(services, first, readings.ABSENT) for _ in range(3)]
    found, token = [], ""
    for _ in range(3):
        answer = page(services, first, page_size=1, page_token=token)
        found += [each.decision_id for each in answer.decisions]
        token = answer.next_page_token
    assert (found, token) == (expected, "")
    assert owner.findings() == []


def test_npb_alone_is_shown_it() -> None:
    allowed = CONTRACT.methods[METHOD].allow
    assert [each.agency_id for each in AGENCIES if each.kind in allowed] == [NPB.agency_id]
