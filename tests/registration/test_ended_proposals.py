"""How proposals of NPB end that nobody confirms: withdrawn by their officer, refused by a second one, or late."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from google.protobuf.message import Message

from nsor.v1 import errors_pb2, notification_pb2, proposals_pb2, registration_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from nsor_server.registration.proposals import rules
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of, violations
from tests.orders import cnic
from tests.registration import test_closure as closures
from tests.registration import test_judgments as judgments
from tests.registration import test_sealed_reading as readings
from tests.registration.test_pending import ended, later, pending
from tests.services import Services, sealed_rows_are_listed

NOT_SHOWN = proposals_pb2.PROPOSAL_REFUSAL_NOT_SHOWN
WITHDRAWN = proposals_pb2.PROPOSAL_STATE_WITHDRAWN
REFUSED = proposals_pb2.PROPOSAL_STATE_REFUSED
TOLD = notification_pb2.EVENT_KIND_PROPOSAL_REFUSED


class Proposed(NamedTuple):
    """What an officer has proposed."""

    table: str
    names: dict[str, Any]
    confirming: Callable[[], Message]


def withdrawing(proposed: Proposed, **fields: Any) -> proposals_pb2.WithdrawProposalRequest:
    return proposals_pb2.WithdrawProposalRequest(request_id=str(uuid.uuid4()), **proposed.names, **fields)


def refusing(proposed: Proposed, **fields: Any) -> proposals_pb2.RefuseProposalRequest:
    return proposals_pb2.RefuseProposalRequest(
        request_id=str(uuid.uuid4()), **proposed.names, **{"reason": NOT_SHOWN, **fields}
    )


def restored(services: Services) -> str:
    """A judgment that restores what another one has taken."""
    judgments.confirmed(services, cnic())
    judgments.by_registry(services, judgments.judgment("SET_ASIDE"))
    return str(judgments.by_registry(services, judgments.judgment("RESTORED")).response.judgment_id)


def closure(services: Services, by: Officer) -> Proposed:
    created = closures.confirmed(services)
    closure_id = closures.proposed(services, created, by)
    return Proposed("closure_version", {"closure_id": closure_id}, lambda: closures.confirming(created, closure_id))


def unsealing(services: Services, by: Officer) -> Proposed:
    judgment_id = restored(services)
    services.ask(call_of(NPB, by), judgments.proposing(judgment_id))
    return Proposed("judgment_version", {"judgment_id": judgment_id}, lambda: judgments.unsealing(judgment_id))


def reading(services: Services, by: Officer) -> Proposed:
    reading_id = readings.proposed(services, by, readings.ABSENT)
    return Proposed(
        "sealed_reading",
        {"sealed_reading_id": reading_id},
        lambda: readings.confirming(reading_id, readings.ABSENT),
    )


KINDS = (closure, unsealing, reading)
Make = Callable[[Services, Officer], Proposed]
each_kind = pytest.mark.parametrize("make", KINDS)


@pytest.fixture
def first(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


@pytest.fixture
def second(services: Services) -> Officer:
    return services.enrolled(officer_of(NPB))


@each_kind
def test_whoever_proposed_it_withdraws_it_and_nobody_confirms_it_any_more(
    services: Services, owner: Owner, first: Officer, second: Officer, make: Make
) -> None:
    proposed = make(services, first)
    services.refused(errors.NoRecord, call_of(NPB, second), withdrawing(proposed))
    outcome = services.ask(call_of(NPB, first), withdrawing(proposed))
    assert outcome.response.state == WITHDRAWN
    assert sealed_rows_are_listed(services, outcome) == [proposed.table]
    services.refused(errors.WrongState, call_of(NPB, second), proposed.confirming())
    services.refused(errors.WrongState, call_of(NPB, first), withdrawing(proposed))
    services.refused(errors.WrongState, call_of(NPB, second), refusing(proposed))
    assert pending(services) == []
    (shown,) = ended(services, first)
    assert (shown.state, shown.refusal, shown.own, shown.HasField("end_time")) == (WITHDRAWN, 0, True, True)
    assert owner.findings() == []


@each_kind
def test_a_second_officer_refuses_it_and_the_first_one_is_shown_why(
    services: Services, owner: Owner, first: Officer, second: Officer, make: Make
) -> None:
    proposed = make(services, first)
    refusal = services.refused(errors.Denied, call_of(NPB, first), refusing(proposed))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    outcome = services.ask(call_of(NPB, second), refusing(proposed))
    assert outcome.response.state == REFUSED
    assert sealed_rows_are_listed(services, outcome) == [proposed.table]
    services.refused(errors.WrongState, call_of(NPB, second), proposed.confirming())
    services.refused(errors.WrongState, call_of(NPB, first), withdrawing(proposed))
    assert pending(services) == []
    (shown,) = ended(services, first)
    assert (shown.decision_id, shown.state, shown.refusal) == (*proposed.names.values(), REFUSED, NOT_SHOWN)
    assert owner.findings() == []


@each_kind
def test_npb_hears_once_that_one_was_refused_and_not_what_it_was_about(
    services: Services, first: Officer, second: Officer, make: Make
) -> None:
    # Whoever has proposed it knows where to look; no event says which record it is about, perhaps a sealed one.
    proposed = make(services, first)
    services.ask(call_of(NPB, second), refusing(proposed, validate_only=True))
    assert services.owed(TOLD) == []
    request = refusing(proposed)
    services.ask(call_of(NPB, second), request)
    services.run(call_of(NPB, second), request)
    assert services.owed(TOLD) == ["npb"]
    ids = "registration_id, notice_id, access_request_id, about_agency, judgment_id, grant_id, registration_ids"
    query = f"SELECT max(num_nonnulls({ids})) FROM outbox WHERE kind = %s"  # noqa: S608 - constants
    assert services.one(query, TOLD) == 0


def test_nobody_hears_of_what_its_own_officer_withdraws(services: Services, first: Officer) -> None:
    proposed = closure(services, first)
    before = services.owed()
    services.ask(call_of(NPB, first), withdrawing(proposed))
    assert services.owed() == before


@each_kind
def test_what_is_confirmed_is_neither_withdrawn_nor_refused(
    services: Services, owner: Owner, first: Officer, second: Officer, make: Make
) -> None:
    proposed = make(services, first)
    services.ask(call_of(NPB, second), proposed.confirming())
    services.refused(errors.WrongState, call_of(NPB, first), withdrawing(proposed))
    services.refused(errors.WrongState, call_of(NPB, second), refusing(proposed))
    assert (pending(services), ended(services)) == ([], [])
    assert owner.findings() == []


@each_kind
def test_when_its_time_is_over_nobody_decides_it(
    services: Services, first: Officer, second: Officer, monkeypatch: pytest.MonkeyPatch, make: Make
) -> None:
    proposed = make(services, first)
    later(monkeypatch, dt.timedelta(days=16))
    services.refused(errors.WrongState, call_of(NPB, second), proposed.confirming())
    services.refused(errors.WrongState, call_of(NPB, second), refusing(proposed))
    services.refused(errors.WrongState, call_of(NPB, first), withdrawing(proposed))


@each_kind
def test_a_request_sent_again_is_answered_as_before_and_no_second_time(
    services: Services, first: Officer, second: Officer, make: Make
) -> None:
    proposed = make(services, first)
    request = refusing(proposed)
    first_answer = services.run(call_of(NPB, second), request).answer
    rows = services.rows(proposed.table)
    assert services.run(call_of(NPB, second), request).answer == first_answer
    assert services.rows(proposed.table) == rows


def test_an_unsealing_that_was_refused_is_proposed_again_and_confirmed(
    services: Services, owner: Owner, first: Officer, second: Officer
) -> None:
    proposed = unsealing(services, first)
    (judgment_id,) = proposed.names.values()
    services.refused(errors.WrongState, call_of(NPB, second), judgments.proposing(judgment_id))
    services.ask(call_of(NPB, second), refusing(proposed))
    services.refused(errors.WrongState, call_of(NPB, second), proposed.confirming())
    services.ask(call_of(NPB, second), judgments.proposing(judgment_id))
    assert (len(pending(services)), ended(services)) == (1, [])
    answer = services.ask(call_of(NPB, first), proposed.confirming()).response
    assert answer.state == registration_pb2.JUDGMENT_STATE_UNSEALED
    assert owner.findings() == []


def test_an_unsealing_that_nobody_confirmed_in_time_is_proposed_again(
    services: Services, first: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (judgment_id,) = unsealing(services, first).names.values()
    later(monkeypatch, dt.timedelta(days=16))
    services.ask(call_of(NPB, first), judgments.proposing(judgment_id))
    assert len(pending(services)) == 1


def test_a_judgment_without_a_proposal_has_none_to_end(services: Services) -> None:
    never = Proposed("judgment_version", {"judgment_id": restored(services)}, Message)
    services.refused(errors.NoRecord, call_of(NPB), refusing(never))
    absent = Proposed("closure_version", {"closure_id": readings.ABSENT}, Message)
    services.refused(errors.NoRecord, call_of(NPB), refusing(absent))
    services.refused(errors.NoRecord, call_of(NPB), withdrawing(absent))


def test_a_request_names_one_proposal(services: Services) -> None:
    both: dict[str, Any] = {"closure_id": readings.ABSENT, "judgment_id": readings.ABSENT}
    none: dict[str, Any] = {}
    for names in (none, both):
        request = proposals_pb2.WithdrawProposalRequest(request_id=str(uuid.uuid4()), **names)
        refusal = services.refused(errors.InvalidFields, call_of(NPB), request)
        assert violations(refusal) == [("closure_id", errors_pb2.FIELD_REASON_EXACTLY_ONE)]


def test_a_rehearsal_reads_nothing(services: Services) -> None:
    absent = Proposed("closure_version", {"closure_id": readings.ABSENT}, Message)
    for request in (withdrawing(absent, validate_only=True), refusing(absent, validate_only=True)):
        assert services.ask(call_of(NPB), request).response.state == 0


def test_another_agency_ends_none(services: Services, first: Officer) -> None:
    proposed = closure(services, first)
    for request in (withdrawing(proposed), refusing(proposed)):
        services.refused(errors.Denied, call_of(PUNJAB_POLICE), request)


def test_what_was_refused_of_an_unsealing_stays_shown_when_it_is_proposed_again(
    services: Services, owner: Owner, first: Officer, second: Officer
) -> None:
    # Whoever confirms it then knows that a colleague found it wrong, and why.
    proposed = unsealing(services, first)
    (judgment_id,) = proposed.names.values()
    services.ask(call_of(NPB, second), refusing(proposed))
    services.ask(call_of(NPB, second), judgments.proposing(judgment_id))
    services.ask(call_of(NPB, second), withdrawing(proposed))
    services.ask(call_of(NPB, first), judgments.proposing(judgment_id))
    (shown,) = pending(services)
    assert (shown.refusal, shown.HasField("end_time")) == (0, False)
    assert [(each.state, each.refusal, each.officer_number) for each in shown.ended_proposals] == [
        (REFUSED, NOT_SHOWN, first.officer_number),
        (WITHDRAWN, 0, second.officer_number),
    ]
    assert all(each.HasField("end_time") for each in shown.ended_proposals)
    assert owner.findings() == []


def test_of_what_was_refused_the_last_twenty_are_kept() -> None:
    kept = record_pb2.JudgmentRecord().ended_unsealings
    for nth in range(25):
        rules.add_ended(kept, record_pb2.ProposalEnd(time_us=nth), b"")
    assert [each.end.time_us for each in kept] == list(range(5, 25))
