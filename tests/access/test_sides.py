"""One human never stands on both sides: each method that compares does, by the contract, for each of its acts."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message

from nsor.v1 import (
    access_requests_pb2,
    directory_pb2,
    errors_pb2,
    grants_pb2,
    options_pb2,
    proposals_pb2,
    registration_pb2,
)
from nsor_server import errors
from nsor_server.access import decisions, watched
from nsor_server.calls import Agency, Officer, Outcome
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.policy.tripwires import TripwirePolicy
from nsor_server.rpc.handlers import Parted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.access.begun import SIDES, Begun, Matter, Side
from tests.agencies import AGENCIES, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, focal_person_of, officer_of
from tests.calls import CONTRACT, call_of
from tests.directory import test_policies
from tests.directory.test_officers import enrolment
from tests.lookup.test_tickets import ticket_for
from tests.lookup.test_withdrawal import disable
from tests.registration import test_ended_proposals
from tests.services import Services

AGENCY = {each.agency_id: each for each in AGENCIES}
OWN_ACTS = (
    proposals_pb2.WithdrawProposalRequest,
    directory_pb2.WithdrawPolicyProposalRequest,
    directory_pb2.DisableOwnKeyRequest,
)
NAMING = (
    grants_pb2.OpenTicketRequest,
    directory_pb2.EnrolOfficerRequest,
    access_requests_pb2.PassAccessRequestRequest,
)
IN_PARTS = (registration_pb2.ConfirmRegistrationsRequest,)
"""Each part is a call of another method: ``tests/rpc/test_parts.py``."""
every_side = pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
of_one_agency = pytest.mark.parametrize(
    "side",
    [each for each in SIDES.values() if each.first is each.second],
    ids=[n for n, s in SIDES.items() if s.first is s.second],
)
of_keys = pytest.mark.parametrize(
    "side",
    [each for each in SIDES.values() if not each.by_number],
    ids=[n for n, s in SIDES.items() if not s.by_number],
)


@pytest.fixture
def services(database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    # Whenever a test looks a time for reviews has come, and it is day: by night fewer accesses are unusual.
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    monkeypatch.setattr(TripwirePolicy, "is_night", lambda _policy, _hour: False)
    with Services(database, keyring) as running:
        yield running


def somebody(services: Services, agency: Agency, own: frozenset[bytes] = frozenset()) -> Officer:
    """An officer with an own number, a new one if none is given."""
    return services.enrolled(replace(officer_of(agency), own=own or human()))


def human() -> frozenset[bytes]:
    return frozenset({os.urandom(32)})


def refused(services: Services, second: Officer, request: Message) -> str:
    """The reason of a refusal; empty: it is no refusal."""
    try:
        services.ask(call_of(AGENCY[second.agency_id], second), request)
    except errors.ApiError as refusal:
        return errors_pb2.ErrorReason.Name(refusal.reason).removeprefix("ERROR_REASON_")
    return ""


def decide(services: Services, second: Officer, begun: Begun) -> Message:
    """Have what was begun decided; gives the request."""
    request = begun.decisions[0]()
    assert refused(services, second, request) == ""
    return request


def test_these_are_the_methods_of_the_contract_that_compare() -> None:
    # A new method without a row fails here.
    compared = {rule.request_class for rule in CONTRACT.methods.values() if rule.decides.compares}
    decided = {each for side in SIDES.values() for each in side.decides}
    assert compared == decided | {*OWN_ACTS, *NAMING, *IN_PARTS}


def test_who_decides_on_acts_was_enrolled_to_decide() -> None:
    # Of such a rule a key that decides nothing is refused: tests/rpc/test_keys.py.
    of_acts = {rule.officer for rule in CONTRACT.methods.values() if rule.decides.acts_of}
    assert of_acts == {options_pb2.OFFICER_RULE_DECISION}


@every_side
def test_one_human_is_one_in_whichever_agency(services: Services, side: Side) -> None:
    own = human()
    first, second = somebody(services, side.first, own), somebody(services, side.second, own)
    begun = side.begin(services, first)
    tried = [each() for each in begun.decisions]
    assert {refused(services, second, request) for request in tried} <= {"SECOND_PERSON_REQUIRED"}
    ended = [each() for each in [begun.end] if each is not None]
    assert {type(each) for each in (*tried, *ended)} == set(side.decides)
    for request in ended:
        assert refused(services, second, request) == ""
    if not ended:
        decide(services, somebody(services, side.second), begun)


@of_keys
def test_one_key_is_one_human(services: Services, side: Side) -> None:
    first = services.enrolled(officer_of(side.first))
    begun = side.begin(services, first)
    second = first if side.first is side.second else replace(officer_of(side.second), key_id=first.key_id)
    for request in begun.decisions:
        assert refused(services, second, request()) == "SECOND_PERSON_REQUIRED"


@of_one_agency
def test_an_officer_with_a_later_key_is_the_same(services: Services, side: Side) -> None:
    first = services.enrolled(officer_of(side.first))
    begun = side.begin(services, first)
    disable(services, first, directory_pb2.DISABLE_REASON_REPLACED)
    again = services.enrolled(replace(officer_of(side.second), officer_number=first.officer_number))
    for request in begun.decisions:
        assert refused(services, again, request()) == "SECOND_PERSON_REQUIRED"


@every_side
def test_what_a_compromised_key_has_done_is_only_refused(services: Services, side: Side) -> None:
    # Otherwise a thief's application is granted after the theft is known.
    first, second = somebody(services, side.first), somebody(services, side.second)
    begun = side.begin(services, first)
    disable(services, first, directory_pb2.DISABLE_REASON_KEY_COMPROMISED)
    if begun.grant:
        assert refused(services, second, begun.grant()) == side.compromised
    for each in (begun.refuse, begun.end):
        if each:
            assert refused(services, second, each()) == ""


@every_side
def test_of_two_who_decide_at_once_one_does(services: Services, side: Side) -> None:
    begun = side.begin(services, somebody(services, side.first))
    twice = begun.decisions[0] if begun.decisions else begun.end
    assert twice is not None
    both = [(call_of(side.second, somebody(services, side.second)), twice()) for _ in range(2)]
    ended = services.at_once(*both, together=True)
    done = [each for each in ended if isinstance(each, Outcome)]
    others = {type(each) for each in ended} - {Outcome}
    if begun.decisions:
        assert (len(done), others <= {errors.WrongState, errors.EtagMismatch, errors.NoRecord}) == (1, True)
    else:
        assert len(done) == 2  # withdrawing a grant twice changes nothing


@every_side
def test_a_decision_that_is_sent_again_is_compared_again(services: Services, side: Side) -> None:
    own = human()
    begun = side.begin(services, somebody(services, side.first, own))
    second = somebody(services, side.second)
    if not begun.decisions:
        return
    request = decide(services, second, begun)
    assert refused(services, second, request) == ""
    # It has come out since that he is who had begun it.
    assert refused(services, replace(second, own=own), request) == "SECOND_PERSON_REQUIRED"


@every_side
@pytest.mark.parametrize("again", [False, True])
def test_a_handler_that_forgets_to_compare_decides_nothing(
    services: Services, side: Side, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    # As if its line were removed. Neither the first time nor when a decision is sent again.
    begun = side.begin(services, somebody(services, side.first))
    second = somebody(services, side.second)
    requests = [each() for each in (begun.grant, begun.refuse, begun.end) if each]
    if again:
        requests = requests[:1]
        assert refused(services, second, requests[0]) == ""
    before = services.rows()
    monkeypatch.setattr(decisions, "check_acts", lambda *_, **__: None)
    for request in requests:
        with pytest.raises(RuntimeError, match="without a comparison"):
            services.ask(call_of(side.second, second), request)
    assert services.rows() == before


def test_the_successor_has_not_granted_what_he_gets(services: Services) -> None:
    own = human()
    matter = Matter(services)
    prosecutor = somebody(services, PUNJAB_PROSECUTION, own)
    services.ask(call_of(PUNJAB_PROSECUTION, prosecutor), matter.approval())
    successor, head = somebody(services, PUNJAB_POLICE, own), somebody(services, PUNJAB_POLICE)
    assert refused(services, head, matter.passing(successor)) == "SECOND_PERSON_REQUIRED"
    assert refused(services, head, matter.passing()) == ""


def test_nobody_names_his_own_human(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    own = human()
    head, himself = somebody(services, PUNJAB_POLICE, own), somebody(services, PUNJAB_POLICE, own)
    matter = Matter(services)
    assert refused(services, head, matter.passing(himself)) == "SECOND_PERSON_REQUIRED"
    opener, worker = somebody(services, NPB, own), somebody(services, NPB, own)
    assert refused(services, opener, ticket_for(worker)) == "SECOND_PERSON_REQUIRED"
    assert refused(services, opener, ticket_for(somebody(services, NPB))) == ""
    assert refused(services, head, matter.passing(somebody(services, PUNJAB_POLICE))) == ""
    # And a handler that forgets it decides nothing.
    monkeypatch.setattr(decisions, "check_named", lambda *_: None)
    with pytest.raises(RuntimeError):
        services.ask(call_of(NPB, opener), ticket_for(worker))
    with pytest.raises(RuntimeError):
        services.ask(call_of(PUNJAB_POLICE, head), Matter(services).passing(himself))
    with pytest.raises(RuntimeError):
        services.ask(call_of(PUNJAB_POLICE), enrolment(Ed25519PrivateKey.generate()))


def test_no_focal_person_enrols_his_own_human(services: Services) -> None:
    request = enrolment(Ed25519PrivateKey.generate())
    (own,) = (value for _, value in watched.own_values(services.blind_index, request.own_number))
    focal = replace(focal_person_of(PUNJAB_POLICE), own=own)
    with pytest.raises(errors.Denied) as refusal:
        services.ask(call_of(PUNJAB_POLICE, None, focal), request)
    assert refusal.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    number = replace(focal_person_of(PUNJAB_POLICE), number=request.officer_number)
    with pytest.raises(errors.Denied):
        services.ask(call_of(PUNJAB_POLICE, None, number), request)
    services.ask(call_of(PUNJAB_POLICE), request)


def test_what_is_an_officers_own_is_ended_by_him_alone(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    own = human()
    first, himself, another = (somebody(services, NPB, each) for each in (own, own, human()))
    policy = services.ask(call_of(NPB, first), test_policies.proposal()).response.proposal.proposal_id

    def withdrawals() -> list[Message]:
        proposed = test_ended_proposals.closure(services, first)
        return [
            test_ended_proposals.withdrawing(proposed),
            directory_pb2.WithdrawPolicyProposalRequest(request_id=str(uuid.uuid4()), proposal_id=policy),
        ]

    for request in withdrawals():
        assert refused(services, another, request) == "NO_RECORD"
        assert refused(services, himself, request) == ""
    own_key = directory_pb2.DisableOwnKeyRequest(
        request_id=str(uuid.uuid4()), reason=directory_pb2.DISABLE_REASON_LEFT_POST
    )
    requests = [*withdrawals(), own_key]
    assert [type(each) for each in requests] == list(OWN_ACTS)
    monkeypatch.setattr(decisions, "check_own_act", lambda *_: None)
    for request in requests:
        with pytest.raises(RuntimeError):
            services.ask(call_of(NPB, first), request)


def test_what_is_decided_in_parts_is_compared_part_by_part(services: Services) -> None:
    handlers = [each.handler for each in services.methods.values() if isinstance(each.handler, Parted)]
    compared = [each for each in handlers if each.request in IN_PARTS]
    assert len(compared) == len(IN_PARTS)
    assert {each.part for each in compared} <= {each for side in SIDES.values() for each in side.decides}
