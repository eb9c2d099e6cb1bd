"""Kill -9 in mid-load. What an agency was told is durable, and nothing is half written."""

from tests.e2e.crashes import ANSWERS, DEADLINE_SECONDS, PAUSE_SECONDS, all_promises_are_kept, deployment
from tests.polling import until
from tests.soak import damage
from tests.soak.deployment import NOT_SERVING, SERVING, Deployment
from tests.soak.load import ANSWERED, Kind, Load, call

__all__ = ["deployment"]


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
