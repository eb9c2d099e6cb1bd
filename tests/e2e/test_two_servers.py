"""Two server processes number and deliver events of one database; each is killed once, and no number is two events."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsor.v1 import notification_pb2
from tests.e2e.crashes import PAUSE_SECONDS
from tests.operating import operated
from tests.polling import until
from tests.soak.deployment import BUREAU, SERVING, Deployment, beside, running
from tests.soak.load import Kind, Load, well
from tests.soak.subscriber import Subscriber

SECONDS = 120.0
ANSWERS = 8
"""Records that are entered by each process's own callers before and after a kill: each is an event."""
FOLLOWERS_OF_EACH = 2
COMMITS = {"NSOR_COMMIT_TIMEOUT_SECONDS": "1"}
CREATED = notification_pb2.EVENT_KIND_REGISTRATION_CREATED


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    with running(tmp_path_factory.mktemp("two-servers"), COMMITS, prepared=prepared) as deployment:
        deployment.last_event(BUREAU)
        yield deployment


@pytest.fixture(scope="module")
def second(first: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with beside(first, tmp_path_factory.mktemp("second-server"), COMMITS) as deployment:
        yield deployment


def test_two_processes_never_give_one_number_to_two_events(first: Deployment, second: Deployment) -> None:
    before = numbered(first)
    start = len(before)
    with contextlib.ExitStack() as stack:
        followers = [
            stack.enter_context(Subscriber(each.client(BUREAU), after=start))
            for each in (first, second)
            for _ in range(FOLLOWERS_OF_EACH)
        ]
        loads = [
            stack.enter_context(Load(each, threads=2, kinds=(Kind.CREATE,), pause_seconds=PAUSE_SECONDS))
            for each in (first, second)
        ]
        for killed, left in ((second, loads[0]), (first, loads[1])):
            for load in loads:
                load.wait_for(ANSWERS, well)
            killed.register.kill()
            left.wait_for(ANSWERS, well)  # the other one goes on by itself
            killed.register.start()
            until(lambda killed=killed: killed.health() == SERVING, seconds=SECONDS)  # type: ignore[misc]  # bound here
        for load in loads:
            load.wait_for(ANSWERS, well)
            load.stop()
            assert load.faults == []
        owed = numbered(first)
        for follower in followers:
            follower.through(len(owed))
    for follower in followers:
        assert follower.sequences == list(range(start + 1, len(owed) + 1))
        assert [event.event_id for event in follower.seen] == owed[start:]
    told = [[event.SerializeToString(deterministic=True) for event in follower.seen] for follower in followers]
    assert all(each == told[0] for each in told)
    entered = [attempt.message.registration_id for load in loads for attempt in load.attempts if well(attempt)]
    heard = [event.registration_id for event in followers[0].seen if event.kind == CREATED]
    assert len(entered) >= 4 * ANSWERS
    assert set(entered) <= set(heard)
    assert len(heard) == len(set(heard))
    assert operated(first.register.environment, "ledger", "verify").returncode == 0


def numbered(deployment: Deployment) -> list[str]:
    """The ids of the bureau's events, in the order of their numbers, once none waits."""
    deployment.last_event(BUREAU)
    with deployment.owner() as owner:
        query = "SELECT sequence, event_id::text FROM agency_event WHERE agency_id = %s ORDER BY sequence"
        found = owner.execute(query, (BUREAU,)).fetchall()
    assert [sequence for sequence, _ in found] == list(range(1, len(found) + 1))
    return [event_id for _, event_id in found]
