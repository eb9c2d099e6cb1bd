"""PostgreSQL ends in mid-load, by kill -9 or by its disk. What an agency was told is durable all the same."""

import time

from tests.e2e.crashes import ANSWERS, DEADLINE_SECONDS, PAUSE_SECONDS, all_promises_are_kept, deployment
from tests.polling import until
from tests.soak import damage
from tests.soak.deployment import NOT_SERVING, SERVING, Deployment
from tests.soak.load import Load

AT_ONCE_SECONDS = 20.0
"""Nobody waits for a database that is known to be away: a connection of the pool would be waited for longer."""

__all__ = ["deployment"]


# PostgreSQL dies with all its processes. The server outlives it: it answers nothing, says so and keeps nobody
# waiting, until it has brought PostgreSQL back itself.
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
