"""What waits for a second officer of NPB: NPB alone is shown it, until it is confirmed, or can't be any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from nsor.v1 import closure_pb2, proposals_pb2, sealed_pb2, worklists_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from tests.agencies import AGENCIES, NPB, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import CONTRACT, call_of
from tests.orders import cnic, conviction, order
from tests.registration import test_closure as closures
from tests.registration import test_judgments as judgments
from tests.registration import test_sealed_reading as readings
from tests.services import Services

METHOD = "nsor.v1.RegistrationService/ListPendingDecisions"
CLOSURE = worklists_pb2.PENDING_DECISION_KIND_CLOSURE
UNSEALING = worklists_pb2.PENDING_DECISION_KIND_UNSEALING
READING = worklists_pb2.PENDING_DECISION_KIND_SEALED_READING
OUTDATED = proposals_pb2.PROPOSAL_STATE_OUTDATED
EXPIRED = proposals_pb2.PROPOSAL_STATE_EXPIRED

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


def ended(services: Services, officer: Officer | None = None) -> Sequence[worklists_pb2.PendingDecision]:
    return page(services, officer, ended=True).decisions


def later(monkeypatch: pytest.MonkeyPatch, by: dt.timedelta) -> None:
    at = dt.datetime.now(dt.UTC) + by
    monkeypatch.setattr("nsor_server.calls.Call.now", lambda _: at)


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
    assert (found[0].kind, found[0].reading_reason) == (READING, sealed_pb2.SEALED_READING_REASON_SAME_CASE)
    assert {(each.kind, each.decision_id, each.registration_id) for each in found} == {
        (READING, reading_id, readings.ABSENT),
        (CLOSURE, closure_id, created.registration_id),
        (UNSEALING, restored, ""),
    }
    assert {each.state for each in found} == {proposals_pb2.PROPOSAL_STATE_WAITING}
    assert {each.officer_number for each in found} == {first.officer_number}
    assert [each.own for each in found] == [False] * 3
    assert [each.own for each in pending(services, first)] == [True] * 3
    days = [(each.expire_time.ToDatetime() - each.propose_time.ToDatetime()).days for each in found]
    assert days == [0, 14, 14]
    (closure,) = (each for each in found if each.kind == CLOSURE)
    assert closure.closure_kind == closure_pb2.CLOSURE_KIND_ERASED
    assert closure.erasure_reason == closure_pb2.ERASURE_REASON_OTHER_PERSON
    services.ask(call_of(NPB, second), closures.confirming(created, closure_id))
    assert [each.kind for each in pending(services, second)] == [READING, UNSEALING]
    services.ask(call_of(NPB, second), readings.confirming(reading_id, readings.ABSENT))
    assert [each.kind for each in pending(services, second)] == [UNSEALING]
    services.ask(call_of(NPB, second), judgments.unsealing(restored))
    assert pending(services, second) == []
    assert owner.findings() == []


def test_what_was_proposed_besides_of_a_record_is_outdated(services: Services, owner: Owner) -> None:
    created = services.create(order())
    besides = closures.proposed(services, created, **ERASING)
    closure_id = closures.proposed(services, created, **ERASING)
    assert [each.kind for each in pending(services)] == [CLOSURE] * 2
    services.ask(call_of(NPB), closures.confirming(created, closure_id))
    assert [(each.decision_id, each.state) for each in pending(services)] == [(besides, OUTDATED)]
    assert owner.findings() == []


def test_what_a_record_has_changed_since_is_outdated(services: Services, owner: Owner) -> None:
    created = closures.confirmed(services)
    closures.proposed(services, created)
    services.judge(conviction(), "APPEAL_FILED")
    assert [each.state for each in pending(services)] == [OUTDATED]
    assert owner.findings() == []


def test_what_nobody_confirms_in_time_has_ended_by_itself(
    services: Services, first: Officer, second: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    closure_id = closures.proposed(services, created := closures.confirmed(services), first)
    reading_id = readings.proposed(services, first, readings.ABSENT)
    assert ended(services) == []
    later(monkeypatch, dt.timedelta(hours=3))
    assert [each.kind for each in pending(services)] == [CLOSURE]
    assert [(each.decision_id, each.state) for each in ended(services)] == [(reading_id, EXPIRED)]
    later(monkeypatch, dt.timedelta(days=16))
    services.refused(errors.WrongState, call_of(NPB, second), closures.confirming(created, closure_id))
    assert pending(services) == []
    assert [(each.kind, each.state) for each in ended(services)] == [(READING, EXPIRED), (CLOSURE, EXPIRED)]
    later(monkeypatch, dt.timedelta(days=60))
    assert ended(services) == []


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
