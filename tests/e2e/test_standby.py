"""A synchronous standby that is lost: commits hang, nothing is answered, and all goes on once it is back."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.crashes import PAUSE_SECONDS
from tests.ledger.lost_standby import Standby
from tests.polling import until
from tests.soak import promises
from tests.soak.deployment import NOT_SERVING, SERVING, Deployment, running
from tests.soak.load import EXPECTED, Attempt, Kind, Load

COMMIT_SECONDS = 1.0
MARGIN_SECONDS = 30.0
"""For a busy machine; whoever waited for the standby itself would not be answered before it is back."""
DEADLINE_SECONDS = 60.0
ANSWERS = 5
"""Of each kind, before and after."""


class Episode(NamedTuple):
    """A time in which no commit comes through, by ``time.monotonic``."""

    start: float
    end: float

    def within(self, load: Load) -> list[Attempt]:
        """The calls that began and ended in it."""
        return [each for each in load.attempts if self.start < each.started and each.ended < self.end]


@pytest.fixture(scope="module")
def collector() -> Iterator[str]:
    """A collector of spans that takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, prepared: Path, collector: str) -> Iterator[Deployment]:
    settings = {
        "NSOR_COMMIT_TIMEOUT_SECONDS": f"{COMMIT_SECONDS}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        # Longer than a call's deadline and than a stop may take: whoever waited for the collector would be seen.
        "OTEL_EXPORTER_OTLP_TIMEOUT": "3600",
    }
    with running(tmp_path_factory.mktemp("standby"), settings, prepared=prepared) as deployment:
        yield deployment


# While no commit is known to be on both machines, no call is answered and no data leaves: each is told so soon, and
# health says it. Nobody has to do anything to the register once the standby is back.
def test_nothing_is_answered_while_the_standby_is_lost(deployment: Deployment) -> None:
    with deployment.standby() as standby, Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for_all_kinds(ANSWERS)
        start, size = lose(deployment, standby)
        until(lambda: deployment.health() == NOT_SERVING, seconds=COMMIT_SECONDS + MARGIN_SECONDS)
        load.wait_for_each_kind(1, lambda attempt: attempt.started > start)
        episode = Episode(start, time.monotonic())
        nobody_was_shown_more_than(deployment, size)
        standby.heal()
        load.wait_for_all_kinds(ANSWERS)
    nothing_was_answered(load, episode)
    late = [attempt for attempt in load.attempts if attempt.seconds > COMMIT_SECONDS + MARGIN_SECONDS]
    assert late == []
    it_is_well_again(deployment, load)


# A commit that hangs ends with success and a warning when its backend is cancelled or terminated: it is on one machine
# only. That is a failure like any other.
def test_a_cancelled_wait_for_the_standby_is_no_success(deployment: Deployment) -> None:
    with deployment.standby() as standby, Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for_all_kinds(ANSWERS)
        start, size = lose(deployment, standby)
        for function in ("pg_cancel_backend", "pg_terminate_backend") * 3:
            end_hanging_commits(standby, function)
        load.wait_for_each_kind(1, lambda attempt: attempt.started > start)
        episode = Episode(start, time.monotonic())
        nobody_was_shown_more_than(deployment, size)
        standby.heal()
        load.wait_for_all_kinds(ANSWERS)
    nothing_was_answered(load, episode)
    it_is_well_again(deployment, load)


# A collector that hangs costs spans. It slows neither a call nor the end of the server.
def test_a_collector_that_hangs_slows_nobody(deployment: Deployment) -> None:
    with Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for_all_kinds(10 * ANSWERS)
    assert {attempt.outcome for attempt in load.attempts} == set(EXPECTED.values())
    assert deployment.register.stop() == 0
    deployment.register.start()


def lose(deployment: Deployment, standby: Standby) -> tuple[float, int]:
    """Lose the standby; gives an instant from which on every commit hangs, and how many entries are committed."""
    standby.lose()
    standby.wait_for_a_hanging_commit()
    with deployment.owner() as owner:
        size = owner.execute("SELECT size FROM ledger_head").fetchall()[0][0]
    return time.monotonic(), int(size)


def end_hanging_commits(standby: Standby, function: str) -> None:
    """End the wait of those that hang now, as an administrator would who doesn't know better."""
    hanging = until(standby.waiting, seconds=DEADLINE_SECONDS)
    standby._admin.execute(f"SELECT {function}(pid) FROM unnest(%s::int[]) AS pid", (hanging,))  # noqa: S608 - constants


def nothing_was_answered(load: Load, episode: Episode) -> None:
    attempts = episode.within(load)
    assert {attempt.kind for attempt in attempts} == set(Kind)
    assert {attempt.outcome for attempt in attempts} == {"LEDGER_UNAVAILABLE"}


def nobody_was_shown_more_than(deployment: Deployment, size: int) -> None:
    """Calls that were on their way when the standby was lost count too."""
    for client in deployment.clients.values():
        assert max((leaf.index for leaf in client._connection.journal.leaves()), default=-1) < size


def it_is_well_again(deployment: Deployment, load: Load) -> None:
    """Health says so, and whatever had an unknown outcome is in the tree whole, or not at all."""
    until(lambda: deployment.health() == SERVING, seconds=DEADLINE_SECONDS)
    assert load.faults == []
    promises.check_repeats(deployment, load.attempts)
    assert promises.check(deployment, load.attempts) > 0
