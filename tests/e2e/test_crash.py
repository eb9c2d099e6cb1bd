"""Kill -9 in mid-load. What an agency was told is durable, and nothing is half written."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.polling import until
from tests.soak import damage, promises
from tests.soak.deployment import NOT_SERVING, SERVING, Deployment, running
from tests.soak.load import ANSWERED, Kind, Load, call

DEADLINE_SECONDS = 60.0
AT_ONCE_SECONDS = 20.0
"""Nobody waits for a database that is known to be away: a connection of the pool would be waited for longer."""
PAUSE_SECONDS = 0.05
"""Of each of six threads after a call: with commits of 20 ms each crash still finds some in the middle."""
ANSWERS = 5
"""Of each kind, before and after each crash."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    settings = {"NSOR_COMMIT_TIMEOUT_SECONDS": "1"}
    with running(tmp_path_factory.mktemp("crash"), settings, prepared=prepared) as deployment:
        yield deployment


# An answer that an agency holds is in the ledger for good, also when the server dies the moment after it was given.
# PostgreSQL goes on without the server, and the next server takes it over.
def test_a_server_that_is_killed_has_answered_nothing_that_is_not_durable(deployment: Deployment) -> None:
    postmaster = deployment.postmaster
    with deployment.slow_commits(), Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        for _ in range(3):
            load.wait_for_all_kinds(ANSWERS)
            deployment.register.kill()
            deployment.register.start()
        load.wait_for_all_kinds(ANSWERS)
    assert deployment.postmaster == postmaster
    all_promises_are_kept(deployment, load)


# The same when PostgreSQL dies with all its processes. The server outlives it: it answers nothing, says so and
# keeps nobody waiting, until it has brought PostgreSQL back itself.
def test_a_postgresql_that_is_killed_takes_no_answer_with_it(deployment: Deployment) -> None:
    server = deployment.register.process
    with deployment.slow_commits(), Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for_all_kinds(ANSWERS)
        with damage.kept_down(deployment.register.state):
            damage.kill_postgres(deployment.postmaster)
            until(lambda: deployment.health() == NOT_SERVING, seconds=DEADLINE_SECONDS)
            from_ = time.monotonic()
            load.wait_for_each_kind(1, lambda attempt: attempt.started > from_)
            to = time.monotonic()
        load.wait_for_all_kinds(ANSWERS)
        for _ in range(3):
            damage.kill_postgres(deployment.postmaster)
            load.wait_for_all_kinds(1)
    while_down = [attempt for attempt in load.attempts if from_ < attempt.started and attempt.ended < to]
    assert {attempt.outcome for attempt in while_down} == {"LEDGER_UNAVAILABLE"}
    assert max(attempt.seconds for attempt in while_down) < AT_ONCE_SECONDS
    assert deployment.health() == SERVING
    assert server is not None
    assert deployment.register.process is server
    assert server.poll() is None
    all_promises_are_kept(deployment, load)


# Nobody needs to be in the middle of a commit for that.
def test_a_register_without_its_database_says_so(deployment: Deployment) -> None:
    with damage.kept_down(deployment.register.state):
        damage.kill_postgres(deployment.postmaster)
        assert call(deployment, Kind.HIT).outcome == "LEDGER_UNAVAILABLE"
        until(lambda: deployment.health() == NOT_SERVING, seconds=DEADLINE_SECONDS)
    deployment.register.operate("migrate")
    until(lambda: deployment.health() == SERVING, seconds=DEADLINE_SECONDS)
    assert call(deployment, Kind.HIT).outcome == ANSWERED


# One killed backend makes PostgreSQL throw everybody out and recover by itself; so does the server.
def test_the_server_recovers_by_itself_from_a_crash_of_postgresql(deployment: Deployment) -> None:
    with deployment.slow_commits(), Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for_all_kinds(ANSWERS)
        before = deployment.backends()
        damage.kill(min(before))
        load.wait_for_all_kinds(ANSWERS)
    assert not before & deployment.backends()
    until(lambda: deployment.health() == SERVING, seconds=DEADLINE_SECONDS)
    all_promises_are_kept(deployment, load)


# A write of the WAL that the disk refuses is a PANIC, as a failed fsync is: PostgreSQL ends itself. The server starts
# it again, and compares the end of the ledger with what was signed before it answers.
def test_a_postgresql_whose_disk_refuses_is_started_again(deployment: Deployment) -> None:
    server, postmaster = deployment.register.process, deployment.postmaster
    with Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for_all_kinds(1)
        damage.refuse_writes(postmaster)
        until(lambda: "ALERT DATABASE_STOPPED: " in deployment.register.log.read_text(), seconds=DEADLINE_SECONDS)
        load.wait_for_all_kinds(ANSWERS)
    assert deployment.postmaster != postmaster
    assert server is not None
    assert server.poll() is None
    all_promises_are_kept(deployment, load)


def all_promises_are_kept(deployment: Deployment, load: Load) -> None:
    assert load.faults == []
    promises.check_repeats(deployment, load.attempts)
    assert promises.check(deployment, load.attempts) >= ANSWERS * len(Kind)
