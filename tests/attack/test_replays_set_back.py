"""The owner of the database changes what a replay reads, or what is shown of one, and puts everything back.

No row shows it afterwards; `ledger verify` tells them again. The honest register is accused of nothing.
"""

import uuid

import pytest

from nsor.v1 import replays_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from tests.agencies import FIA_IMMIGRATION, NPB
from tests.attack.conftest import Owner
from tests.budgets import unlimited
from tests.calls import call_of
from tests.lookup.test_replays import (
    COMPUTED,
    PROPOSED,
    agreed,
    approval,
    approval_of_none,
    ask,
    at_the_counter,
    compute,
    enrolled,
    get,
    listed,
    now,
    proposal,
)
from tests.lookup.test_watched import pair, watch
from tests.orders import cnic
from tests.services import Services

NOT_SO = "a replay of tripwires isn't what its entry says, or wasn't approved by a second officer in time"
OTHERS = "a replay of tripwires didn't find what it had to, or found something else"
SHOWN = "a replay of tripwires was shown that wasn't the newest"
LISTED = "the replays that were listed aren't those that there were"


@pytest.fixture
def two(services: Services) -> tuple[Officer, Officer]:
    services.policy = unlimited()
    return pair(services)


def test_no_call_of_an_honest_register_is_a_finding(
    services: Services, owner: Owner, two: tuple[Officer, Officer]
) -> None:
    decoy = cnic()
    watch(services, two, decoy)
    at_the_counter(services, enrolled(services, FIA_IMMIGRATION), decoy, *(cnic() for _ in range(4)))
    replay_id = agreed(services, two)
    waiting = ask(services, two[0], proposal(now=now(services))).response
    get(services, two[0], replay_id)
    compute(services)
    assert get(services, two[1], replay_id).result.findings
    services.refused(errors.Denied, call_of(NPB, two[0]), approval(waiting))
    services.refused(errors.NoRecord, call_of(NPB, two[0]), approval_of_none())
    services.refused(
        errors.NoRecord, call_of(NPB, two[0]), replays_pb2.GetTripwireReplayRequest(replay_id=str(uuid.uuid4()))
    )
    listed(services, two[0], page_size=1)
    assert owner.findings() == []


def test_an_access_that_was_hidden_from_a_replay_is_found(
    services: Services, owner: Owner, two: tuple[Officer, Officer]
) -> None:
    decoy = cnic()
    watch(services, two, decoy)
    at_the_counter(services, enrolled(services, FIA_IMMIGRATION), decoy)
    agreed(services, two)
    with owner.without("watched_number", "version > 1"):
        assert not compute(services)[0].findings
    assert owner.findings() == [OTHERS]


def test_a_replay_that_one_officer_has_agreed_to_is_found(
    services: Services, owner: Owner, two: tuple[Officer, Officer]
) -> None:
    # The approval of another replay doesn't open in the place of this one's: what is left is to take the proposal away.
    proposed = ask(services, two[0], proposal(now=now(services))).response
    ask(services, two[1], approval(proposed))
    owner.does(f"DELETE FROM tripwire_replay WHERE version = 1 AND replay_id = '{proposed.replay_id}'")  # noqa: S608 - an id
    assert NOT_SO in owner.findings()


def test_a_result_that_was_hidden_is_found(services: Services, owner: Owner, two: tuple[Officer, Officer]) -> None:
    replay_id = agreed(services, two)
    compute(services)
    with owner.without("tripwire_replay", "version = 3"):
        assert get(services, two[0], replay_id).replay.state != COMPUTED
    assert owner.findings() == [SHOWN]


def test_what_was_hidden_from_the_list_is_found(services: Services, owner: Owner, two: tuple[Officer, Officer]) -> None:
    hidden = agreed(services, two)
    shown = ask(services, two[0], proposal(now=now(services))).response.replay_id
    with owner.without("tripwire_replay", f"replay_id = '{hidden}'"):
        assert [(each.replay_id, each.state) for each in listed(services, two[1])] == [(shown, PROPOSED)]
    assert owner.findings() == [LISTED]
